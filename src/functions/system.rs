//! Who, where and what: the version, the session's database, schemas and roles, the backend, types
//! of values (manual, 9.26).

use super::Implementation::{self, Scalar};
use super::text_cast::clip_name;
use super::{Ctx, Env, reg};
use crate::catalog::builtin;
use crate::error::{PgError, Result, code};
use crate::types::network::Inet;
use crate::types::{Array, Datum, Oid, int, oids};
use std::sync::Arc;

/// Clients read the server's version from the second word.
fn version(env: &dyn Env) -> Datum {
    let server = env.setting("server_version").unwrap_or_default();
    let (own, arch, os) = (env!("CARGO_PKG_VERSION"), std::env::consts::ARCH, std::env::consts::OS);
    let bits = usize::BITS;
    Datum::text(format!("PostgreSQL {server} (KalamDB {own}) on {arch}-{os}, {bits}-bit"))
}

fn name(text: &str) -> Datum {
    Datum::text(clip_name(text))
}

fn role_name(env: &dyn Env, oid: Oid) -> Option<&str> {
    env.catalog().role(oid).map(|role| role.name.as_str())
}

fn named_role(env: &dyn Env, oid: Oid) -> Result<Datum> {
    role_name(env, oid).map(name).ok_or_else(|| {
        PgError::new(code::UNDEFINED_OBJECT, format!("role with OID {oid} does not exist"))
    })
}

fn user_by_id(env: &dyn Env, oid: Oid) -> Datum {
    match role_name(env, oid) {
        Some(found) => name(found),
        None => Datum::text(format!("unknown (OID={oid})")),
    }
}

/// The search path without what is searched though not listed: `pg_catalog` and the session's
/// temporary schema.
fn listed_schemas(env: &dyn Env) -> Vec<Oid> {
    let setting = env.setting("search_path").unwrap_or_default();
    let temp = env.session().temp_schema();
    let listed = |schema: &Oid| match *schema {
        builtin::oid::PG_CATALOG => setting.contains("pg_catalog"),
        schema => Some(schema) != temp || setting.contains("pg_temp"),
    };
    env.search_path().iter().copied().filter(listed).collect()
}

fn schema_name(env: &dyn Env, oid: Oid) -> Option<Datum> {
    env.catalog().namespace(oid).map(|namespace| name(&namespace.name))
}

fn current_schema(env: &dyn Env) -> Datum {
    let first = listed_schemas(env).first().copied();
    first.and_then(|oid| schema_name(env, oid)).unwrap_or_default()
}

fn current_schemas(env: &dyn Env, with_implicit: bool) -> Datum {
    let schemas = if with_implicit { env.search_path().to_vec() } else { listed_schemas(env) };
    let names = schemas.into_iter().filter_map(|oid| schema_name(env, oid)).collect();
    Datum::Array(Arc::new(Array::from_elements(oids::NAME, names)))
}

fn current_database(env: &dyn Env) -> Datum {
    env.catalog().database(env.database()).map_or(Datum::Null, |database| name(&database.name))
}

/// `format_type(oid, typmod)`, which takes NULL for either.
fn format_type(env: &dyn Env, a: &[Datum]) -> Datum {
    let Datum::Oid(oid) = a[0] else {
        return Datum::Null;
    };
    let typmod = match a[1] {
        Datum::Int4(typmod) => Some(typmod),
        _ => None,
    };
    if oid == 0 {
        return Datum::text("-");
    }
    Datum::text(reg::format_type(env, oid, typmod).unwrap_or_else(|| "???".to_owned()))
}

fn collation_for(ctx: &Ctx<'_>) -> Result<Datum> {
    // The caller adds the collation that the call is under.
    let (type_oid, collation) = (ctx.arg_types[0], ctx.arg_types.get(1).copied().unwrap_or(0));
    match ctx.env.catalog().type_(type_oid).map_or(0, |t| t.collation) {
        _ if collation != 0 => Ok(Datum::text(reg::output(ctx.env, oids::REGCOLLATION, collation))),
        0 if type_oid == oids::UNKNOWN => Ok(Datum::Null),
        0 => {
            let shown = reg::output(ctx.env, oids::REGTYPE, type_oid);
            let message = format!("collations are not supported by type {shown}");
            Err(PgError::new(code::DATATYPE_MISMATCH, message))
        }
        _ => Ok(Datum::Null),
    }
}

/// The version of a collation's rules as the library has them; 42704 for an OID that names none.
fn collation_version(env: &dyn Env, collation: Oid) -> Result<Datum> {
    if env.catalog().collation(collation).is_none() {
        let message = format!("collation with OID {collation} does not exist");
        return Err(PgError::new(code::UNDEFINED_OBJECT, message));
    }
    let version = env.catalog().icu_version(collation)?;
    Ok(version.map_or(Datum::Null, Datum::text))
}

/// Bytes that PostgreSQL stores for the value: fixed by the type, or the value's and its header,
/// which is one byte up to 126.
fn column_size(ctx: &Ctx<'_>, value: &Datum) -> Result<Datum> {
    let length = match ctx.env.catalog().type_(ctx.arg_types[0]).map_or(-1, |t| t.len) {
        fixed @ 1.. => i64::from(fixed),
        _ => match value {
            Datum::Text(text) => with_header(text.len()),
            Datum::Bytea(bytes) => match ctx.arg_types[0] {
                oids::BYTEA | oids::BIT | oids::VARBIT => with_header(bytes.len()),
                oids::INET | oids::CIDR => with_header(Inet::of(value).stored_bytes().len()),
                _ => return Err(PgError::unsupported("pg_column_size of this type")),
            },
            _ => return Err(PgError::unsupported("pg_column_size of this type")),
        },
    };
    Ok(Datum::Int4(i32::try_from(length).expect("values are shorter than 2^31")))
}

fn with_header(length: usize) -> i64 {
    // A value just made has the four-byte header, whatever its length.
    length as i64 + 4
}

/// `age(xid)`: how far a row's `xmin` lies back. Here that is the low half of a commit's number, so
/// commits are counted, the next of them as PostgreSQL counts the next transaction.
fn xid_age(ctx: &Ctx<'_>, xid: u32) -> Datum {
    /// Those below are of no transaction; they are older than all.
    const FIRST_NORMAL_XID: u32 = 3;
    if xid < FIRST_NORMAL_XID {
        return Datum::Int4(i32::MAX);
    }
    let next = ctx.env.session().last_commit().wrapping_add(1) as u32;
    Datum::Int4(next.wrapping_sub(xid) as i32)
}

fn xact_id(ctx: &Ctx<'_>, assign: bool) -> Result<Datum> {
    let id = ctx.env.session().transaction_id(assign)?;
    Ok(match id {
        None => Datum::Null,
        Some(id) if ctx.result_type == oids::XID8 => int::xid8(id),
        Some(id) => i64::try_from(id).map_or(Datum::Null, Datum::Int8),
    })
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("pgsql_version", Scalar(|c, _| Ok(version(c.env)))),
    ("current_database", Scalar(|c, _| Ok(current_database(c.env)))),
    ("current_schema", Scalar(|c, _| Ok(current_schema(c.env)))),
    ("current_schemas", Scalar(|c, a| Ok(current_schemas(c.env, a[0].as_bool())))),
    ("current_user", Scalar(|c, _| named_role(c.env, c.env.current_role()))),
    ("session_user", Scalar(|c, _| named_role(c.env, c.env.session_role()))),
    ("pg_get_userbyid", Scalar(|c, a| Ok(user_by_id(c.env, a[0].as_oid())))),
    ("current_query", Scalar(|c, _| Ok(Datum::text(c.env.session().query_text())))),
    ("pg_backend_pid", Scalar(|c, _| Ok(Datum::Int4(c.env.session().backend_pid())))),
    ("pg_is_in_recovery", Scalar(|_, _| Ok(Datum::Bool(false)))),
    ("pg_jit_available", Scalar(|_, _| Ok(Datum::Bool(false)))),
    ("pg_trigger_depth", Scalar(|_, _| Ok(Datum::Int4(0)))),
    (
        "pg_postmaster_start_time",
        Scalar(|c, _| Ok(Datum::TimestampTz(c.env.session().server_start_time()))),
    ),
    (
        "pg_conf_load_time",
        Scalar(|c, _| Ok(Datum::TimestampTz(c.env.session().config_load_time()))),
    ),
    (
        "pg_my_temp_schema",
        Scalar(|c, _| Ok(Datum::Oid(c.env.session().temp_schema().unwrap_or(0)))),
    ),
    (
        "pg_is_other_temp_schema",
        Scalar(|c, a| {
            let oid = a[0].as_oid();
            let temporary =
                c.env.catalog().namespace(oid).is_some_and(|n| n.name.starts_with("pg_temp_"));
            Ok(Datum::Bool(temporary && c.env.session().temp_schema() != Some(oid)))
        }),
    ),
    ("pg_typeof", Scalar(|c, _| Ok(Datum::Oid(c.arg_types[0])))),
    ("format_type", Scalar(|c, a| Ok(format_type(c.env, a)))),
    ("pg_collation_actual_version", Scalar(|c, a| collation_version(c.env, a[0].as_oid()))),
    ("pg_collation_for", Scalar(|c, _| collation_for(c))),
    ("pg_column_size", Scalar(|c, a| column_size(c, &a[0]))),
    // Values are never compressed in place.
    ("pg_column_compression", Scalar(|_, _| Ok(Datum::Null))),
    ("xid8toxid", Scalar(|_, a| Ok(Datum::Oid(int::xid8_value(a[0].as_int8()) as u32)))),
    ("xid_age", Scalar(|c, a| Ok(xid_age(c, a[0].as_oid())))),
    ("pg_current_xact_id", Scalar(|c, _| xact_id(c, true))),
    ("pg_current_xact_id_if_assigned", Scalar(|c, _| xact_id(c, false))),
];

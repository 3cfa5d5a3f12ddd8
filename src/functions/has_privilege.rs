//! `has_table_privilege` and its kin, in all overloads: the role by name, by OID or the current one;
//! the object by name or OID; several privileges separated by commas, of which one is enough.

use super::Implementation::{self, Scalar};
use super::privileges::{self, Object, PUBLIC, Wanted, holds};
use super::{Ctx, Env, reg};
use crate::catalog::{RelationKind, builtin};
use crate::error::{PgError, Result, code};
use crate::types::{Datum, Oid, oids};

/// A kind of object: its privileges' names and letters, and how its objects are found.
struct Kind {
    privileges: &'static [(&'static str, char)],
    by_name: fn(&dyn Env, &str) -> Result<Oid>,
    object: fn(&dyn Env, Oid) -> Option<Object>,
}

const TABLE: Kind = Kind {
    privileges: &[
        ("SELECT", 'r'),
        ("INSERT", 'a'),
        ("UPDATE", 'w'),
        ("DELETE", 'd'),
        ("TRUNCATE", 'D'),
        ("REFERENCES", 'x'),
        ("TRIGGER", 't'),
    ],
    by_name: reg::relation,
    object: privileges::relation,
};

const COLUMN: Kind = Kind {
    privileges: &[("SELECT", 'r'), ("INSERT", 'a'), ("UPDATE", 'w'), ("REFERENCES", 'x')],
    by_name: reg::relation,
    object: privileges::relation,
};

const SEQUENCE: Kind = Kind {
    privileges: &[("USAGE", 'U'), ("SELECT", 'r'), ("UPDATE", 'w')],
    by_name: sequence_named,
    object: privileges::sequence,
};

const SCHEMA: Kind = Kind {
    privileges: &[("CREATE", 'C'), ("USAGE", 'U')],
    by_name: |env, name| {
        let found = env.catalog().namespace_named(name);
        found.map(|n| n.oid).ok_or_else(|| missing(code::INVALID_SCHEMA_NAME, "schema", name))
    },
    object: privileges::schema,
};

const DATABASE: Kind = Kind {
    privileges: &[("CREATE", 'C'), ("TEMPORARY", 'T'), ("TEMP", 'T'), ("CONNECT", 'c')],
    by_name: |env, name| {
        let found = env.catalog().database_named(name);
        found.map(|d| d.oid).ok_or_else(|| missing(code::INVALID_CATALOG_NAME, "database", name))
    },
    object: privileges::database,
};

const FUNCTION: Kind = Kind {
    privileges: &[("EXECUTE", 'X')],
    by_name: |env, name| reg::input(env, oids::REGPROCEDURE, name),
    object: privileges::function,
};

const LANGUAGE: Kind = Kind {
    privileges: &[("USAGE", 'U')],
    by_name: |_, name| {
        let known = LANGUAGES.iter().filter_map(|oid| builtin::language(*oid));
        let found = known.map(|l| (l.name, l.oid)).find(|(known, _)| *known == name);
        found.map(|(_, oid)| oid).ok_or_else(|| missing(code::UNDEFINED_OBJECT, "language", name))
    },
    object: privileges::language,
};

/// `internal`, `c`, `sql`, `plpgsql`.
const LANGUAGES: [Oid; 4] = [12, 13, 14, 13563];

const TYPE: Kind = Kind {
    privileges: &[("USAGE", 'U')],
    by_name: |env, name| reg::input(env, oids::REGTYPE, name),
    object: privileges::type_,
};

const TABLESPACE: Kind = Kind {
    privileges: &[("CREATE", 'C')],
    by_name: |_, name| match name {
        "pg_default" => Ok(builtin::oid::DEFAULT_TABLESPACE),
        "pg_global" => Ok(builtin::oid::GLOBAL_TABLESPACE),
        _ => Err(missing(code::UNDEFINED_OBJECT, "tablespace", name)),
    },
    object: privileges::tablespace,
};

/// There are no foreign servers.
const SERVER: Kind = Kind {
    privileges: &[("USAGE", 'U')],
    by_name: |_, name| Err(missing(code::UNDEFINED_OBJECT, "server", name)),
    object: |_, _| None,
};

const FOREIGN_DATA_WRAPPER: Kind = Kind {
    privileges: &[("USAGE", 'U')],
    by_name: |_, name| Err(missing(code::UNDEFINED_OBJECT, "foreign-data wrapper", name)),
    object: |_, _| None,
};

fn missing(state: crate::error::SqlState, what: &str, name: &str) -> PgError {
    PgError::new(state, format!("{what} \"{name}\" does not exist"))
}

fn sequence_named(env: &dyn Env, name: &str) -> Result<Oid> {
    let oid = reg::relation(env, name)?;
    match env.catalog().relation(oid) {
        Some(relation) if relation.kind == RelationKind::Sequence => Ok(oid),
        _ => {
            let message = format!("\"{name}\" is not a sequence");
            Err(PgError::new(code::WRONG_OBJECT_TYPE, message))
        }
    }
}

/// Reads `SELECT, INSERT WITH GRANT OPTION`.
fn wanted(kind: &Kind, text: &str) -> Result<Vec<Wanted>> {
    let one = |part: &str| {
        let name = part.trim().to_ascii_uppercase();
        let of_role = kind.privileges.iter().any(|(name, _)| *name == "MEMBER");
        let admin = name.strip_suffix(" WITH ADMIN OPTION").filter(|_| of_role);
        let (name, grant_option) = match name.strip_suffix(" WITH GRANT OPTION").or(admin) {
            Some(name) => (name, true),
            None => (name.as_str(), false),
        };
        let known = kind.privileges.iter().find(|(known, _)| *known == name);
        known.map(|&(_, letter)| Wanted { letter, grant_option }).ok_or_else(|| {
            let message = format!("unrecognized privilege type: \"{}\"", part.trim());
            PgError::new(code::INVALID_PARAMETER_VALUE, message)
        })
    };
    text.split(',').map(one).collect()
}

/// The role that an argument names; `public` is everyone.
fn role(env: &dyn Env, argument: &Datum) -> Result<Oid> {
    match argument {
        Datum::Oid(oid) => Ok(*oid),
        name if name.as_text() == "public" => Ok(PUBLIC),
        name => role_named(env, name.as_text()),
    }
}

fn role_named(env: &dyn Env, name: &str) -> Result<Oid> {
    let found = env.catalog().role_named(name).map(|r| r.oid);
    found.ok_or_else(|| missing(code::UNDEFINED_OBJECT, "role", name))
}

fn object_oid(env: &dyn Env, kind: &Kind, argument: &Datum) -> Result<Oid> {
    match argument {
        Datum::Oid(oid) => Ok(*oid),
        name => (kind.by_name)(env, name.as_text()),
    }
}

/// Splits off the role, which calls with `count` arguments leave out.
fn role_and_rest<'a>(ctx: &Ctx<'_>, a: &'a [Datum], count: usize) -> Result<(Oid, &'a [Datum])> {
    match a.len() == count {
        true => Ok((ctx.env.current_role(), a)),
        false => Ok((role(ctx.env, &a[0])?, &a[1..])),
    }
}

/// NULL where an OID names nothing: the object may have just been dropped.
fn has_privilege(ctx: &Ctx<'_>, a: &[Datum], kind: &Kind) -> Result<Datum> {
    let (role, rest) = role_and_rest(ctx, a, 2)?;
    let oid = object_oid(ctx.env, kind, &rest[0])?;
    let wanted = wanted(kind, rest[1].as_text())?;
    Ok(match (kind.object)(ctx.env, oid) {
        Some(object) => Datum::Bool(
            wanted.iter().any(|wanted| holds(ctx.env.catalog(), role, &object, *wanted)),
        ),
        None => Datum::Null,
    })
}

/// The table's privileges and the column's own decide. A column that does not exist is an error by
/// name, NULL by number.
fn has_column_privilege(ctx: &Ctx<'_>, a: &[Datum]) -> Result<Datum> {
    let (role, rest) = role_and_rest(ctx, a, 3)?;
    let oid = object_oid(ctx.env, &COLUMN, &rest[0])?;
    let Some(relation) = ctx.env.catalog().relation(oid) else {
        return Ok(Datum::Null);
    };
    let column = match &rest[1] {
        Datum::Int2(attno) => privileges::live_column(relation, *attno),
        name => Some(relation.column_by_name(name.as_text()).ok_or_else(|| {
            let column = name.as_text();
            let table = &relation.name;
            let message = format!("column \"{column}\" of relation \"{table}\" does not exist");
            PgError::new(code::UNDEFINED_COLUMN, message)
        })?),
    };
    let own = column.map(|column| privileges::column_object(relation, column));
    let object = privileges::relation(ctx.env, oid);
    let wanted = wanted(&COLUMN, rest[2].as_text())?;
    let held = object
        .into_iter()
        .chain(own)
        .any(|object| wanted.iter().any(|wanted| holds(ctx.env.catalog(), role, &object, *wanted)));
    Ok(if held || column.is_some() { Datum::Bool(held) } else { Datum::Null })
}

/// The privilege on the table, or on one of its columns.
fn has_any_column_privilege(ctx: &Ctx<'_>, a: &[Datum]) -> Result<Datum> {
    let (role, rest) = role_and_rest(ctx, a, 2)?;
    let oid = object_oid(ctx.env, &COLUMN, &rest[0])?;
    let wanted = wanted(&COLUMN, rest[1].as_text())?;
    let (Some(relation), Some(object)) =
        (ctx.env.catalog().relation(oid), privileges::relation(ctx.env, oid))
    else {
        return Ok(Datum::Null);
    };
    let columns = relation.live_columns().map(|c| privileges::column_object(relation, c));
    let held = std::iter::once(object)
        .chain(columns)
        .any(|object| wanted.iter().any(|wanted| holds(ctx.env.catalog(), role, &object, *wanted)));
    Ok(Datum::Bool(held))
}

/// `pg_has_role`: MEMBER asks for membership, USAGE for inherited privileges.
fn has_role(ctx: &Ctx<'_>, a: &[Datum]) -> Result<Datum> {
    const ROLE: Kind = Kind {
        privileges: &[("USAGE", 'U'), ("MEMBER", 'M')],
        by_name: role_named,
        object: |_, _| None,
    };
    let (role, rest) = role_and_rest(ctx, a, 2)?;
    let of = object_oid(ctx.env, &ROLE, &rest[0])?;
    let catalog = ctx.env.catalog();
    let superuser = catalog.role(role).is_some_and(|role| role.superuser);
    let held = wanted(&ROLE, rest[1].as_text())?.iter().any(|wanted| {
        superuser
            || (!wanted.grant_option
                && privileges::is_member(catalog, role, of, wanted.letter == 'U'))
            || (wanted.grant_option
                && catalog.role(role).is_some_and(|r| r.member_of.get(&of) == Some(&true)))
    });
    Ok(Datum::Bool(held))
}

macro_rules! overloads {
    ($($name:literal: $f:expr;)*) => {
        pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[$(
            (concat!($name, "_name"), Scalar($f)),
            (concat!($name, "_id"), Scalar($f)),
            (concat!($name, "_name_name"), Scalar($f)),
            (concat!($name, "_name_id"), Scalar($f)),
            (concat!($name, "_id_name"), Scalar($f)),
            (concat!($name, "_id_id"), Scalar($f)),
        )*];
    };
}

overloads! {
    "has_table_privilege": |c, a| has_privilege(c, a, &TABLE);
    "has_any_column_privilege": has_any_column_privilege;
    "has_sequence_privilege": |c, a| has_privilege(c, a, &SEQUENCE);
    "has_schema_privilege": |c, a| has_privilege(c, a, &SCHEMA);
    "has_database_privilege": |c, a| has_privilege(c, a, &DATABASE);
    "has_function_privilege": |c, a| has_privilege(c, a, &FUNCTION);
    "has_language_privilege": |c, a| has_privilege(c, a, &LANGUAGE);
    "has_type_privilege": |c, a| has_privilege(c, a, &TYPE);
    "has_tablespace_privilege": |c, a| has_privilege(c, a, &TABLESPACE);
    "has_server_privilege": |c, a| has_privilege(c, a, &SERVER);
    "has_foreign_data_wrapper_privilege": |c, a| has_privilege(c, a, &FOREIGN_DATA_WRAPPER);
    "pg_has_role": has_role;
}

pub(super) const COLUMN_FUNCTIONS: &[(&str, Implementation)] = &[
    ("has_column_privilege_name_name", Scalar(has_column_privilege)),
    ("has_column_privilege_name_attnum", Scalar(has_column_privilege)),
    ("has_column_privilege_id_name", Scalar(has_column_privilege)),
    ("has_column_privilege_id_attnum", Scalar(has_column_privilege)),
    ("has_column_privilege_name_name_name", Scalar(has_column_privilege)),
    ("has_column_privilege_name_name_attnum", Scalar(has_column_privilege)),
    ("has_column_privilege_name_id_name", Scalar(has_column_privilege)),
    ("has_column_privilege_name_id_attnum", Scalar(has_column_privilege)),
    ("has_column_privilege_id_name_name", Scalar(has_column_privilege)),
    ("has_column_privilege_id_name_attnum", Scalar(has_column_privilege)),
    ("has_column_privilege_id_id_name", Scalar(has_column_privilege)),
    ("has_column_privilege_id_id_attnum", Scalar(has_column_privilege)),
];

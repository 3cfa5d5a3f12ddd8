//! `pg_stat_get_backend_…`: sessions by their number in the list of all, from 1; and who may change a
//! setting (`has_parameter_privilege`).

use super::Implementation::{self, Scalar, Set};
use super::{Ctx, Rows};
use crate::catalog::pg_catalog::Activity;
use crate::error::{PgError, Result, code};
use crate::types::Datum;

/// What a session's entry says; NULL where there is no such session.
fn of_backend(ctx: &Ctx<'_>, number: &Datum, show: fn(&Activity) -> Datum) -> Datum {
    let at = usize::try_from(number.as_int4()).ok().and_then(|n| n.checked_sub(1));
    let sessions = ctx.env.catalog_host().activity();
    at.and_then(|at| sessions.get(at)).map_or(Datum::Null, show)
}

fn time(at: Option<i64>) -> Datum {
    at.map_or(Datum::Null, Datum::TimestampTz)
}

fn name(of: Option<&'static str>) -> Datum {
    of.map_or(Datum::Null, Datum::text)
}

/// The numbers of all sessions.
fn numbers(ctx: &Ctx<'_>) -> Rows {
    let count = i32::try_from(ctx.env.catalog_host().activity().len()).unwrap_or(i32::MAX);
    Box::new((1..=count).map(|number| Ok(vec![Datum::Int4(number)])))
}

/// Nothing is granted on settings: superusers may change those that only they may, and the role's
/// own privileges do not come into it. The last argument names the privileges wanted.
fn parameter_privilege(ctx: &Ctx<'_>, a: &[Datum]) -> Result<Datum> {
    let (role, wanted) = match a {
        [_, wanted] => (Some(ctx.env.current_role()), wanted),
        [role, _, wanted] => (role_of(ctx, role)?, wanted),
        _ => return Ok(Datum::Null),
    };
    for privilege in wanted.as_text().split(',') {
        let name = privilege.trim().to_ascii_uppercase();
        let name = name.strip_suffix(" WITH GRANT OPTION").unwrap_or(&name);
        if !["SET", "ALTER SYSTEM"].contains(&name) {
            let message = format!("unrecognized privilege type: \"{}\"", privilege.trim());
            return Err(PgError::new(code::INVALID_PARAMETER_VALUE, message));
        }
    }
    let superuser = role.and_then(|oid| ctx.env.catalog().role(oid)).is_some_and(|r| r.superuser);
    Ok(Datum::Bool(superuser))
}

/// `None`: PUBLIC.
fn role_of(ctx: &Ctx<'_>, role: &Datum) -> Result<Option<u32>> {
    match role {
        Datum::Oid(oid) => Ok(Some(*oid)),
        name if name.as_text() == "public" => Ok(None),
        name => {
            let found = ctx.env.catalog().role_named(name.as_text()).map(|role| role.oid);
            found.map(Some).ok_or_else(|| {
                let message = format!("role \"{}\" does not exist", name.as_text());
                PgError::new(code::UNDEFINED_OBJECT, message)
            })
        }
    }
}

macro_rules! backend {
    ($show:expr) => {
        Scalar(|c, a| Ok(of_backend(c, &a[0], $show)))
    };
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("pg_stat_get_backend_idset", Set(|c, _| Ok(numbers(c)))),
    ("pg_stat_get_backend_pid", backend!(|s| Datum::Int4(s.pid))),
    ("pg_stat_get_backend_dbid", backend!(|s| Datum::Oid(s.database))),
    ("pg_stat_get_backend_userid", backend!(|s| Datum::Oid(s.role))),
    ("pg_stat_get_backend_activity", backend!(|s| Datum::text(&*s.query))),
    ("pg_stat_get_backend_activity_start", backend!(|s| time(s.query_start))),
    ("pg_stat_get_backend_xact_start", backend!(|s| time(s.transaction_start))),
    ("pg_stat_get_backend_start", backend!(|s| time(Some(s.backend_start)))),
    ("pg_stat_get_backend_wait_event_type", backend!(|s| name(s.wait_event().0))),
    ("pg_stat_get_backend_wait_event", backend!(|s| name(s.wait_event().1))),
    ("pg_stat_get_backend_client_port", backend!(|s| Datum::Int4(s.client_port))),
    ("has_parameter_privilege_name", Scalar(parameter_privilege)),
    ("has_parameter_privilege_name_name", Scalar(parameter_privilege)),
    ("has_parameter_privilege_id_name", Scalar(parameter_privilege)),
];

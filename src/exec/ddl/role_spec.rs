//! Roles as statements name them: `alice`, `CURRENT_USER`, `SESSION_USER`, `PUBLIC`.

use super::DdlContext;
use crate::error::{PgError, Result, code};
use crate::types::Oid;
use pg_raw_parse::nodes::RoleSpec;
use pg_raw_parse::raw::RoleSpecType;

/// The role's OID, or 42704. `PUBLIC` is no role here.
pub(super) fn get(spec: &RoleSpec, cx: &DdlContext<'_>) -> Result<Oid> {
    match spec.roletype {
        RoleSpecType::ROLESPEC_CURRENT_ROLE | RoleSpecType::ROLESPEC_CURRENT_USER => {
            Ok(cx.env.current_role())
        }
        RoleSpecType::ROLESPEC_SESSION_USER => Ok(cx.env.session_role()),
        RoleSpecType::ROLESPEC_PUBLIC => Err(missing("public")),
        _ => named(spec.rolename().unwrap_or_default(), cx),
    }
}

/// The role of this name, or 42704.
pub(super) fn named(name: &str, cx: &DdlContext<'_>) -> Result<Oid> {
    cx.catalog().role_named(name).map(|r| r.oid).ok_or_else(|| missing(name))
}

fn missing(name: &str) -> PgError {
    PgError::new(code::UNDEFINED_OBJECT, format!("role \"{name}\" does not exist"))
}

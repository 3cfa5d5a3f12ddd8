//! Functions that give the rows of a relation of pg_catalog, over which PostgreSQL defines it as a
//! view: `pg_show_all_settings()` those of pg_settings, and so on.

use super::Implementation::{self, Set};
use super::{Ctx, Rows};
use crate::catalog::builtin::{self, oid};
use crate::catalog::pg_catalog::{self, Context};
use crate::error::{PgError, Result};

fn rows_of(ctx: &Ctx<'_>, name: &str) -> Result<Rows> {
    let env = ctx.env;
    let relation = builtin::system_relation_named(oid::PG_CATALOG, name);
    let relation = relation.ok_or_else(|| PgError::internal("no such system relation"))?;
    let cx = Context { catalog: env.catalog(), role: env.current_role(), host: env.catalog_host() };
    let rows = pg_catalog::read(relation.oid, None, &cx)?;
    Ok(Box::new(rows.into_iter().map(Ok)))
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("pg_cursor", Set(|c, _| rows_of(c, "pg_cursors"))),
    ("pg_lock_status", Set(|c, _| rows_of(c, "pg_locks"))),
    ("pg_prepared_statement", Set(|c, _| rows_of(c, "pg_prepared_statements"))),
    ("show_all_settings", Set(|c, _| rows_of(c, "pg_settings"))),
];

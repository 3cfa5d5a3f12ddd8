//! Functions that give the rows of a relation of pg_catalog, over which PostgreSQL defines it as a
//! view: `pg_show_all_settings()` those of pg_settings, and so on.

use super::Implementation::{self, Set};
use super::{Ctx, Rows};
use crate::catalog::builtin::{self, oid};
use crate::catalog::pg_catalog::{Columns, Context, scan};
use crate::error::{PgError, Result};

fn rows_of(ctx: &Ctx<'_>, name: &str) -> Result<Rows> {
    let env = ctx.env;
    let relation = builtin::system_relation_named(oid::PG_CATALOG, name);
    let relation = relation.ok_or_else(|| PgError::internal("no such system relation"))?;
    let cx = Context { catalog: env.catalog(), role: env.current_role(), host: env.catalog_host() };
    let mut found = scan(relation.oid, Columns::ALL, None, &cx)?;
    let mut rows = Vec::new();
    while let Some(row) = found.next(&cx) {
        rows.push(Ok(row));
    }
    Ok(Box::new(rows.into_iter()))
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("pg_cursor", Set(|c, _| rows_of(c, "pg_cursors"))),
    ("pg_lock_status", Set(|c, _| rows_of(c, "pg_locks"))),
    ("pg_prepared_statement", Set(|c, _| rows_of(c, "pg_prepared_statements"))),
    ("show_all_settings", Set(|c, _| rows_of(c, "pg_settings"))),
];

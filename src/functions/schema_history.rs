//! `schema_history(regclass)`: the versions that a table has had, oldest first.
//!
//! Callable by who may select from the table, or from one of its columns.

use super::Implementation::{self, Set};
use super::privileges::require_columns;
use super::{Ctx, Rows};
use crate::catalog::SchemaVersion;
use crate::error::{PgError, Result, code};
use crate::types::Datum;
use std::collections::BTreeSet;

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[("schema_history", Set(schema_history))];

fn schema_history(ctx: &Ctx<'_>, args: &[Datum]) -> Result<Rows> {
    let (catalog, table) = (ctx.env.catalog(), args[0].as_oid());
    if catalog.relation(table).is_none() {
        let message = format!("relation with OID {table} does not exist");
        return Err(PgError::new(code::UNDEFINED_TABLE, message));
    }
    require_columns(catalog, ctx.env.current_role(), table, 'r', &BTreeSet::new())?;
    let versions = catalog.history(table).to_vec();
    Ok(Box::new(versions.into_iter().map(|version| Ok(row(&version)))))
}

fn row(version: &SchemaVersion) -> Vec<Datum> {
    let number = |n: u32| Datum::Int4(i32::try_from(n).unwrap_or(i32::MAX));
    vec![
        number(version.version),
        Datum::TimestampTz(version.created_at_us),
        Datum::text(version.changes.as_str()),
        number(version.column_count),
    ]
}

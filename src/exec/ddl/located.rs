//! Error fields that say which table is at fault (`errtable`).

use super::DdlContext;
use crate::catalog::Relation;
use crate::error::PgError;

/// The error with the table's schema and name.
pub(super) fn located(error: PgError, table: &Relation, cx: &DdlContext<'_>) -> PgError {
    let error = error.table(table.name.as_str());
    match cx.catalog().namespace(table.namespace) {
        Some(namespace) => error.schema(namespace.name.as_str()),
        None => error,
    }
}

//! What a column that is given no value gets, where the binder has not said so: COPY, SET DEFAULT.

use crate::catalog::{Catalog, Column, Relation};
use crate::nodes::Expr;

/// A column's default: the next value of an identity column's sequence, DEFAULT's expression, or
/// NULL. A generated column is NULL until it is computed from the finished row.
pub(super) fn default_of(catalog: &Catalog, table: &Relation, column: &Column) -> Expr {
    if column.identity.is_some()
        && let Some(sequence) = catalog.identity_sequence(table.oid, column.attno)
    {
        return Expr::NextValue { sequence: sequence.oid, type_oid: column.type_oid };
    }
    match &column.default {
        Some(default) if !column.generated => default.clone(),
        None => catalog
            .default_by_type(column)
            .unwrap_or_else(|| Expr::constant(crate::types::Datum::Null, column.type_oid)),
        _ => Expr::constant(crate::types::Datum::Null, column.type_oid),
    }
}

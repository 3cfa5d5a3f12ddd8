//! Which expression gives each column its value: PostgreSQL's rewriter for INSERT and UPDATE.
//!
//! `DEFAULT` and columns that INSERT does not name get the column's default: its expression, the
//! next value of an identity column's sequence, or NULL. GENERATED ALWAYS columns take nothing else
//! (428C9), unless OVERRIDING says so.

use crate::catalog::{Catalog, Column, Identity, Relation};
use crate::error::{PgError, Result, code};
use crate::nodes::*;

/// A column's default.
pub(super) fn default_of(catalog: &Catalog, table: &Relation, column: &Column) -> Expr {
    if column.identity.is_some()
        && let Some(sequence) = catalog.identity_sequence(table.oid, column.attno)
    {
        return Expr::NextValue { sequence: sequence.oid, type_oid: column.type_oid };
    }
    match &column.default {
        // A generated column is computed from the finished row.
        Some(default) if !column.generated => default.clone(),
        _ => Expr::constant(crate::types::Datum::Null, column.type_oid),
    }
}

/// INSERT: position and expression of every live column. `query`'s VALUES lists lose their
/// `DEFAULT`s.
pub(super) fn insert_values(
    catalog: &Catalog,
    table: &Relation,
    query: &mut Query,
) -> Result<Vec<(usize, Expr)>> {
    let targets = query.targets.clone();
    let mut values = Vec::new();
    for column in table.live_columns() {
        let target = targets.iter().find(|t| t.resno == column.attno && !t.resjunk);
        let default = || default_of(catalog, table, column);
        let value = match target.map(|t| &t.expr) {
            None | Some(Expr::SetToDefault { .. }) => default(),
            Some(_) if overridden(query.overriding, column) => default(),
            Some(expr) => {
                if replace_in_values(query, expr, &default()) {
                    default()
                } else {
                    may_insert(query.overriding, column)?;
                    expr.clone()
                }
            }
        };
        values.push((column.attno as usize - 1, value));
    }
    Ok(values)
}

/// OVERRIDING USER VALUE: what the user gave for an identity column is ignored.
fn overridden(overriding: Overriding, column: &Column) -> bool {
    overriding == Overriding::User && column.identity.is_some()
}

/// Replaces `DEFAULT` in the column of a VALUES list that `expr` is; whether every row of it was.
fn replace_in_values(query: &mut Query, expr: &Expr, default: &Expr) -> bool {
    let Some((rel, attno)) = values_column(expr) else { return false };
    let Some(RangeEntry { source: RangeSource::Values { rows, .. }, .. }) =
        query.range_table.get_mut(rel as usize - 1)
    else {
        return false;
    };
    let Ok(at) = usize::try_from(attno - 1) else { return false };
    let mut all = !rows.is_empty();
    for row in rows {
        match row.get_mut(at) {
            Some(value) if matches!(value, Expr::SetToDefault { .. }) => *value = default.clone(),
            _ => all = false,
        }
    }
    all
}

/// The column that an assignment reads, through casts to the target's type.
fn values_column(expr: &Expr) -> Option<(RangeIndex, AttrNumber)> {
    match expr {
        Expr::Var(v) if v.level == 0 => Some((v.rel, v.attno)),
        _ => None,
    }
}

fn may_insert(overriding: Overriding, column: &Column) -> Result<()> {
    let refused = || {
        let message = format!("cannot insert a non-DEFAULT value into column \"{}\"", column.name);
        PgError::new(code::GENERATED_ALWAYS, message)
    };
    if column.generated {
        return Err(refused().detail(is_generated(column)));
    }
    match (column.identity, overriding) {
        (Some(Identity::Always), Overriding::None) => Err(refused()
            .detail(is_identity(column))
            .hint("Use OVERRIDING SYSTEM VALUE to override.")),
        _ => Ok(()),
    }
}

/// UPDATE and DO UPDATE: position and expression of every assigned column.
pub(super) fn update_values(
    catalog: &Catalog,
    table: &Relation,
    targets: &[TargetEntry],
) -> Result<Vec<(usize, Expr)>> {
    let assigned = targets.iter().filter(|t| !t.resjunk && t.resno > 0);
    let value = |target: &TargetEntry| {
        let column = table.column(target.resno);
        let expr = match &target.expr {
            Expr::SetToDefault { .. } => default_of(catalog, table, column),
            expr => may_update(column).map(|()| expr.clone())?,
        };
        Ok((target.resno as usize - 1, expr))
    };
    assigned.map(value).collect()
}

fn may_update(column: &Column) -> Result<()> {
    let detail = match column.identity {
        _ if column.generated => is_generated(column),
        Some(Identity::Always) => is_identity(column),
        _ => return Ok(()),
    };
    let message = format!("column \"{}\" can only be updated to DEFAULT", column.name);
    Err(PgError::new(code::GENERATED_ALWAYS, message).detail(detail))
}

fn is_generated(column: &Column) -> String {
    format!("Column \"{}\" is a generated column.", column.name)
}

fn is_identity(column: &Column) -> String {
    format!("Column \"{}\" is an identity column defined as GENERATED ALWAYS.", column.name)
}

//! Which views take INSERT, UPDATE and DELETE by themselves (manual, CREATE VIEW, "Updatable
//! Views"): those whose rows are rows of one table or of another such view.

use super::{Catalog, Relation, RelationKind, ViewInfo, builtin};
use crate::nodes::{AttrNumber, Expr, FromItem, RangeIndex, RangeSource, TargetEntry};
use crate::types::Oid;

/// Why rows of a view cannot be changed; `None` if they can (`view_query_is_auto_updatable`).
pub fn refusal(catalog: &Catalog, view: &ViewInfo) -> Option<&'static str> {
    let query = &view.query;
    Some(if !query.distinct.is_empty() {
        "Views containing DISTINCT are not automatically updatable."
    } else if !query.group_by.is_empty() || !query.grouping_sets.is_empty() {
        "Views containing GROUP BY are not automatically updatable."
    } else if query.having.is_some() {
        "Views containing HAVING are not automatically updatable."
    } else if query.set_operation.is_some() {
        "Views containing UNION, INTERSECT, or EXCEPT are not automatically updatable."
    } else if !query.ctes.is_empty() {
        "Views containing WITH are not automatically updatable."
    } else if query.limit.is_some() || query.offset.is_some() {
        "Views containing LIMIT or OFFSET are not automatically updatable."
    } else if query.has_aggregates {
        "Views that return aggregate functions are not automatically updatable."
    } else if query.has_window_functions {
        "Views that return window functions are not automatically updatable."
    } else if query.has_target_srfs {
        "Views that return set-returning functions are not automatically updatable."
    } else if !base(view).is_some_and(|(_, oid)| is_table_or_view(catalog, oid)) {
        "Views that do not select from a single table or view are not automatically updatable."
    } else {
        return None;
    })
}

fn is_table_or_view(catalog: &Catalog, oid: Oid) -> bool {
    let kind = catalog.relation(oid).map(|relation| relation.kind);
    matches!(kind, Some(RelationKind::Table | RelationKind::View))
}

/// The one table or view in FROM: range index and OID.
pub fn base(view: &ViewInfo) -> Option<(RangeIndex, Oid)> {
    let [FromItem::Range(rel)] = view.query.from.items.as_slice() else { return None };
    match view.query.range(*rel).source {
        RangeSource::Relation { oid } | RangeSource::Subquery { view: Some(oid), .. } => {
            Some((*rel, oid))
        }
        _ => None,
    }
}

/// The base's column that a view's column is, or why it is none (`view_col_is_auto_updatable`).
pub fn base_column(target: &TargetEntry, base: RangeIndex) -> Result<AttrNumber, &'static str> {
    match &target.expr {
        Expr::Var(var) if var.level == 0 && var.rel == base => match var.attno {
            1.. => Ok(var.attno),
            0 => Err("View columns that return whole-row references are not updatable."),
            _ => Err("View columns that refer to system columns are not updatable."),
        },
        _ => Err("View columns that are not columns of their base relation are not updatable."),
    }
}

/// Whether rows can be inserted into a relation and updated, through it where it is a view.
pub fn relation_is_updatable(catalog: &Catalog, relation: &Relation) -> bool {
    match (&relation.view, relation.kind) {
        (Some(view), _) => is_updatable(catalog, view),
        (None, RelationKind::View) => !builtin::updatable_columns(relation.oid).is_empty(),
        (None, kind) => kind == RelationKind::Table,
    }
}

/// Whether UPDATE may assign a relation's column.
pub fn is_assignable(catalog: &Catalog, relation: &Relation, attno: AttrNumber) -> bool {
    match (&relation.view, relation.kind) {
        (Some(view), _) => column_is_updatable(catalog, view, attno),
        (None, RelationKind::View) => builtin::updatable_columns(relation.oid).contains(&attno),
        (None, kind) => kind == RelationKind::Table && attno > 0,
    }
}

/// Whether rows can be inserted and updated through a view, and those of the views under it.
pub fn is_updatable(catalog: &Catalog, view: &ViewInfo) -> bool {
    let columns = view.query.output().enumerate();
    let attnos = columns.filter_map(|(at, _)| AttrNumber::try_from(at + 1).ok());
    attnos.into_iter().any(|attno| column_is_updatable(catalog, view, attno))
}

/// Whether a view's column is a column of a table in the end.
pub fn column_is_updatable(catalog: &Catalog, view: &ViewInfo, attno: AttrNumber) -> bool {
    let at = usize::try_from(attno).ok().and_then(|a| a.checked_sub(1));
    let Some(target) = at.and_then(|at| view.query.output().nth(at)) else { return false };
    let (None, Some((rel, oid))) = (refusal(catalog, view), base(view)) else { return false };
    let (Ok(attno), Some(relation)) = (base_column(target, rel), catalog.relation(oid)) else {
        return false;
    };
    match &relation.view {
        Some(inner) => {
            stacker::maybe_grow(64 << 10, 1 << 20, || column_is_updatable(catalog, inner, attno))
        }
        None => relation.kind == RelationKind::Table && !Catalog::is_system(oid),
    }
}

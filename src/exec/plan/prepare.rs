//! Before planning: columns of joins become the expressions they stand for.
//!
//! A merged USING column belongs to the join's own range table entry; what it is (a side's column,
//! or COALESCE of both in a full join) is written there. Equal expressions then compare equal, once
//! locations are gone, too.

use super::walk;
use crate::nodes::*;

/// Prepares a query and everything below it.
pub(super) fn prepare(query: &mut Query) {
    walk::strip_locations(query);
    flatten(query);
}

fn flatten(query: &mut Query) {
    stacker::maybe_grow(128 * 1024, 1024 * 1024, || {
        let joins: Vec<Option<Vec<Expr>>> = query.range_table.iter().map(join_columns).collect();
        if joins.iter().any(Option::is_some) {
            walk::deep_query_mut(query, 0, &mut |e, depth| replace(e, depth, &joins));
        }
        each_subquery(query, &mut flatten);
    });
}

fn join_columns(range: &RangeEntry) -> Option<Vec<Expr>> {
    match &range.source {
        RangeSource::Join { columns, .. } => Some(columns.clone()),
        _ => None,
    }
}

/// A column of a join of the query `depth` levels up; repeatedly, for joins of joins.
fn replace(expr: &mut Expr, depth: u32, joins: &[Option<Vec<Expr>>]) {
    while let Expr::Var(v) = expr
        && v.level == depth
        && let Some(Some(columns)) = joins.get((v.rel as usize).wrapping_sub(1))
    {
        let mut column = match usize::try_from(v.attno - 1) {
            Ok(at) if at < columns.len() => columns[at].clone(),
            _ => whole_row(columns),
        };
        walk::deep_mut(&mut column, 0, &mut |e, inner| {
            if let Some(level) = walk::level_mut(e)
                && *level >= inner
            {
                *level += depth;
            }
        });
        *expr = column;
    }
}

fn whole_row(columns: &[Expr]) -> Expr {
    Expr::Row(Box::new(RowExpr {
        args: columns.to_vec(),
        type_oid: crate::types::oids::RECORD,
        column_names: Vec::new(),
        form: CoercionForm::Implicit,
        location: -1,
    }))
}

/// Subqueries in FROM, in WITH and in expressions, one level below.
fn each_subquery(query: &mut Query, f: &mut dyn FnMut(&mut Query)) {
    for range in &mut query.range_table {
        if let RangeSource::Subquery { query, .. } = &mut range.source {
            f(query);
        }
    }
    query.ctes.iter_mut().for_each(|cte| f(&mut cte.query));
    walk::query_exprs_mut(query, &mut |e| links(e, f));
}

fn links(expr: &mut Expr, f: &mut dyn FnMut(&mut Query)) {
    walk::children_mut(expr, &mut |child| links(child, f));
    if let Expr::SubLink(link) = expr {
        f(&mut link.query);
    }
}

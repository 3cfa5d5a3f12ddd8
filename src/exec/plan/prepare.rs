//! Before planning: columns of joins, and whole rows of what has no row type, become the expressions
//! they stand for. Then what is simpler in another form takes that.
//!
//! A merged USING column belongs to the join's own range table entry; what it is (a side's column,
//! or COALESCE of both in a full join) is written there. Equal expressions then compare equal, once
//! locations are gone, too.

use super::told_apart::tell_apart;
use super::{absent_rows, averages, outer_to_inner, walk};
use crate::catalog::Catalog;
use crate::nodes::*;

/// Prepares a query and everything below it.
pub(super) fn prepare(query: &mut Query, catalog: &Catalog) {
    query.clear_locations();
    renew_defaults(query, catalog);
    mark_absent_rows(query, catalog);
    flatten(query);
    simplify(query, catalog);
}

/// What calls leave out is what the functions say now, not when a view or a body was made.
fn renew_defaults(query: &mut Query, catalog: &Catalog) {
    walk::deep_query_mut(query, 0, &mut |expr, _| {
        if let Expr::Func(call) = expr
            && call.notation.is_some()
            && let Some(function) = catalog.function(call.func)
        {
            function.renew_defaults(call);
        }
    });
}

fn mark_absent_rows(query: &mut Query, catalog: &Catalog) {
    stacker::maybe_grow(128 * 1024, 1024 * 1024, || {
        absent_rows::mark(query, catalog);
        each_subquery(query, &mut |query| mark_absent_rows(query, catalog));
    });
}

fn simplify(query: &mut Query, catalog: &Catalog) {
    stacker::maybe_grow(128 * 1024, 1024 * 1024, || {
        outer_to_inner::reduce(query);
        if query.has_aggregates {
            averages::share(query, catalog);
        }
        tell_apart(query);
        each_subquery(query, &mut |query| simplify(query, catalog));
    });
}

fn flatten(query: &mut Query) {
    stacker::maybe_grow(128 * 1024, 1024 * 1024, || {
        let rows: Vec<Option<Columns>> =
            (1..).zip(&query.range_table).map(|(rel, range)| columns(rel, range)).collect();
        if rows.iter().any(Option::is_some) {
            walk::deep_query_mut(query, 0, &mut |e, depth| replace(e, depth, &rows));
        }
        // Nothing refers to them any more; left there, they would count as columns that are read.
        for range in &mut query.range_table {
            if let RangeSource::Join { columns, .. } = &mut range.source {
                columns.clear();
            }
        }
        each_subquery(query, &mut flatten);
    });
}

/// What the columns of a range table entry are, where that is not the stored row's.
struct Columns {
    exprs: Vec<Expr>,
    names: Vec<String>,
    is_join: bool,
}

fn columns(rel: RangeIndex, range: &RangeEntry) -> Option<Columns> {
    let is_join = matches!(range.source, RangeSource::Join { .. });
    let exprs = match &range.source {
        RangeSource::Relation { .. } => return None,
        RangeSource::Join { columns, .. } => columns.clone(),
        other => super::lateral::column_vars(rel, other),
    };
    Some(Columns { exprs, names: range.columns.clone(), is_join })
}

/// A column of a join of the query `depth` levels up, or the row of an entry; repeatedly, for joins
/// of joins.
fn replace(expr: &mut Expr, depth: u32, entries: &[Option<Columns>]) {
    while let Expr::Var(v) = expr
        && v.level == depth
        && let Some(Some(columns)) = entries.get((v.rel as usize).wrapping_sub(1))
    {
        if v.attno < 0 {
            return;
        }
        let mut column = match usize::try_from(v.attno - 1) {
            Ok(at) if columns.is_join && at < columns.exprs.len() => columns.exprs[at].clone(),
            Ok(_) => return,
            Err(_) => whole_row(v.type_oid, columns),
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

fn whole_row(type_oid: crate::types::Oid, columns: &Columns) -> Expr {
    Expr::Row(Box::new(RowExpr {
        args: columns.exprs.clone(),
        type_oid,
        column_names: columns.names.clone(),
        form: CoercionForm::Implicit,
        location: -1,
    }))
}

/// Subqueries in FROM, in WITH and in expressions, one level below.
pub(super) fn each_subquery(query: &mut Query, f: &mut dyn FnMut(&mut Query)) {
    query.for_each_subquery_mut(f);
    query.for_each_expr_mut(&mut |e| links(e, f));
}

fn links(expr: &mut Expr, f: &mut dyn FnMut(&mut Query)) {
    expr.for_each_child_mut(&mut |child| links(child, f));
    if let Expr::SubLink(link) = expr {
        f(&mut link.query);
    }
}

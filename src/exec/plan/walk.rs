//! Walking bound trees through all levels of queries, and levels seen from elsewhere.

use crate::nodes::*;

/// Visits every expression below and including `expr`, subqueries' too. `f` gets the expression and
/// the number of queries between it and `expr`.
pub(in crate::exec) fn deep(expr: &Expr, depth: u32, f: &mut dyn FnMut(&Expr, u32)) {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
        f(expr, depth);
        expr.for_each_child(&mut |child| deep(child, depth, f));
        if let Expr::SubLink(link) = expr {
            deep_query(&link.query, depth + 1, f);
        }
    });
}

/// The same for a query; `depth` is that of its own expressions.
pub(super) fn deep_query(q: &Query, depth: u32, f: &mut dyn FnMut(&Expr, u32)) {
    q.for_each_expr(&mut |e| deep(e, depth, f));
    q.for_each_subquery(&mut |sub| deep_query(sub, depth + 1, f));
}

/// The same, to change; parents come before their children.
pub(super) fn deep_mut(expr: &mut Expr, depth: u32, f: &mut dyn FnMut(&mut Expr, u32)) {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
        f(expr, depth);
        expr.for_each_child_mut(&mut |child| deep_mut(child, depth, f));
        if let Expr::SubLink(link) = expr {
            deep_query_mut(&mut link.query, depth + 1, f);
        }
    });
}

pub(super) fn deep_query_mut(q: &mut Query, depth: u32, f: &mut dyn FnMut(&mut Expr, u32)) {
    q.for_each_expr_mut(&mut |e| deep_mut(e, depth, f));
    q.for_each_subquery_mut(&mut |sub| deep_query_mut(sub, depth + 1, f));
}

/// The level of an expression that can belong to an enclosing query.
pub(super) fn level_mut(expr: &mut Expr) -> Option<&mut u32> {
    match expr {
        Expr::Var(v) => Some(&mut v.level),
        Expr::Aggregate(a) => Some(&mut a.level),
        Expr::Grouping { level, .. } => Some(level),
        _ => None,
    }
}

pub(super) fn level(expr: &Expr) -> Option<u32> {
    match expr {
        Expr::Var(v) => Some(v.level),
        Expr::Aggregate(a) => Some(a.level),
        Expr::Grouping { level, .. } => Some(*level),
        _ => None,
    }
}

/// The expression as the query `levels` up sees it.
pub(super) fn raise(expr: &Expr, levels: u32) -> Expr {
    let mut raised = expr.clone();
    deep_mut(&mut raised, 0, &mut |e, depth| {
        if let Some(level) = level_mut(e)
            && *level >= depth + levels
        {
            *level -= levels;
        }
    });
    raised
}

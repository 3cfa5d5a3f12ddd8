//! Moving conditions on a subquery in FROM into its WHERE.

use super::quals;
use super::walk;
use crate::nodes::*;

/// Moves conditions on a subquery's output into its WHERE, where that changes nothing: no limit,
/// windows, grouping or set operation sees other rows by it. Gives the changed query and the
/// conditions that stay outside.
pub(super) fn push_into(
    query: &Query,
    rel: RangeIndex,
    conditions: &[Expr],
) -> (Option<Box<Query>>, Vec<Expr>) {
    let simple = query.limit.is_none()
        && query.offset.is_none()
        && query.windows.is_empty()
        && !query.has_window_functions
        && !query.has_aggregates
        && query.group_by.is_empty()
        && query.grouping_sets.is_empty()
        && query.having.is_none()
        && query.distinct.is_empty()
        && query.set_operation.is_none()
        && !query.has_target_srfs
        && query.row_marks.is_empty();
    if !simple || conditions.is_empty() {
        return (None, conditions.to_vec());
    }
    let targets: Vec<&Expr> = query.output().map(|t| &t.expr).collect();
    let (mut pushed, mut kept) = (Vec::new(), Vec::new());
    for condition in conditions {
        match rewritten(condition, rel, &targets) {
            Some(inner) => pushed.push(inner),
            None => kept.push(condition.clone()),
        }
    }
    if pushed.is_empty() {
        return (None, kept);
    }
    let mut query = Box::new(query.clone());
    query.from.filter.iter().for_each(|f| quals::conjuncts(f, &mut pushed));
    query.from.filter = Some(Expr::Bool(BoolOp::And, pushed));
    (Some(query), kept)
}

/// The condition as the subquery sees it: its columns are the subquery's expressions.
fn rewritten(condition: &Expr, rel: RangeIndex, targets: &[&Expr]) -> Option<Expr> {
    if quals::has_sub_link(condition) || quals::is_volatile(condition) {
        return None;
    }
    let mut possible = true;
    walk::deep(condition, 0, &mut |e, _| {
        if let Expr::Var(v) = e {
            let target = usize::try_from(v.attno - 1).ok().and_then(|n| targets.get(n));
            let usable = target.is_some_and(|t| !quals::is_volatile(t) && !quals::has_sub_link(t));
            possible &= v.level > 0 || v.rel == rel && usable;
        } else if walk::level(e).is_some() {
            possible = false;
        }
    });
    possible.then(|| substituted(condition, targets))
}

fn substituted(expr: &Expr, targets: &[&Expr]) -> Expr {
    if let Expr::Var(v) = expr {
        if v.level == 0 {
            return targets[usize::try_from(v.attno - 1).unwrap_or(0)].clone();
        }
        let mut lowered = v.clone();
        lowered.level += 1;
        return Expr::Var(lowered);
    }
    let mut copy = expr.clone();
    copy.for_each_child_mut(&mut |child| *child = substituted(child, targets));
    copy
}

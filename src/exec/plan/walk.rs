//! Walking bound trees.

use crate::nodes::*;

/// Calls `f` on each direct child expression; not into subqueries.
pub(super) fn children<'e>(expr: &'e Expr, f: &mut dyn FnMut(&'e Expr)) {
    match expr {
        Expr::Var(_)
        | Expr::Const(_)
        | Expr::Param(_)
        | Expr::CaseTest { .. }
        | Expr::SqlValue { .. }
        | Expr::SetToDefault { .. }
        | Expr::CurrentOf { .. }
        | Expr::NextValue { .. } => {}
        Expr::Func(c) | Expr::Distinct(c) | Expr::NullIf(c) => c.args.iter().for_each(f),
        Expr::ScalarArrayOp(s) => {
            f(&s.scalar);
            f(&s.array);
        }
        Expr::Bool(_, args) => args.iter().for_each(f),
        Expr::SubLink(s) => s.test.iter().for_each(f),
        Expr::Relabel(r) => f(&r.arg),
        Expr::CoerceViaIo(c) => f(&c.arg),
        Expr::CoerceToDomain(c) => f(&c.arg),
        Expr::ArrayCoerce(c) => {
            f(&c.arg);
            f(&c.element);
        }
        Expr::Case(c) => {
            c.arg.iter().for_each(&mut *f);
            for (when, then) in &c.whens {
                f(when);
                f(then);
            }
            f(&c.default);
        }
        Expr::Array(a) => a.elements.iter().for_each(f),
        Expr::Row(r) => r.args.iter().for_each(f),
        Expr::RowCompare(r) => r.left.iter().chain(&r.right).for_each(f),
        Expr::Coalesce(c) => c.args.iter().for_each(f),
        Expr::MinMax(m) => m.args.iter().for_each(f),
        Expr::Xml(x) => x.named.iter().map(|(_, e)| e).chain(&x.args).for_each(f),
        Expr::NullTest { arg, .. }
        | Expr::BooleanTest { arg, .. }
        | Expr::FieldSelect { arg, .. }
        | Expr::Collate { arg, .. } => f(arg),
        Expr::Subscript(s) => {
            f(&s.container);
            s.upper.iter().chain(&s.lower).flatten().for_each(&mut *f);
            s.assign.iter().for_each(f);
        }
        Expr::Aggregate(a) => {
            a.direct_args.iter().for_each(&mut *f);
            a.args.iter().for_each(|t| f(&t.expr));
            a.filter.iter().for_each(f);
        }
        Expr::Grouping { args, .. } => args.iter().for_each(f),
        Expr::Window(w) => w.args.iter().chain(&w.filter).for_each(f),
    }
}

/// The same, to change them.
pub(super) fn children_mut(expr: &mut Expr, f: &mut dyn FnMut(&mut Expr)) {
    match expr {
        Expr::Var(_)
        | Expr::Const(_)
        | Expr::Param(_)
        | Expr::CaseTest { .. }
        | Expr::SqlValue { .. }
        | Expr::SetToDefault { .. }
        | Expr::CurrentOf { .. }
        | Expr::NextValue { .. } => {}
        Expr::Func(c) | Expr::Distinct(c) | Expr::NullIf(c) => c.args.iter_mut().for_each(f),
        Expr::ScalarArrayOp(s) => {
            f(&mut s.scalar);
            f(&mut s.array);
        }
        Expr::Bool(_, args) => args.iter_mut().for_each(f),
        Expr::SubLink(s) => s.test.iter_mut().for_each(f),
        Expr::Relabel(r) => f(&mut r.arg),
        Expr::CoerceViaIo(c) => f(&mut c.arg),
        Expr::CoerceToDomain(c) => f(&mut c.arg),
        Expr::ArrayCoerce(c) => {
            f(&mut c.arg);
            f(&mut c.element);
        }
        Expr::Case(c) => {
            c.arg.iter_mut().for_each(&mut *f);
            for (when, then) in &mut c.whens {
                f(when);
                f(then);
            }
            f(&mut c.default);
        }
        Expr::Array(a) => a.elements.iter_mut().for_each(f),
        Expr::Row(r) => r.args.iter_mut().for_each(f),
        Expr::RowCompare(r) => r.left.iter_mut().chain(&mut r.right).for_each(f),
        Expr::Coalesce(c) => c.args.iter_mut().for_each(f),
        Expr::MinMax(m) => m.args.iter_mut().for_each(f),
        Expr::Xml(x) => x.named.iter_mut().map(|(_, e)| e).chain(&mut x.args).for_each(f),
        Expr::NullTest { arg, .. }
        | Expr::BooleanTest { arg, .. }
        | Expr::FieldSelect { arg, .. }
        | Expr::Collate { arg, .. } => f(arg),
        Expr::Subscript(s) => {
            f(&mut s.container);
            s.upper.iter_mut().chain(&mut s.lower).flatten().for_each(&mut *f);
            s.assign.iter_mut().for_each(f);
        }
        Expr::Aggregate(a) => {
            a.direct_args.iter_mut().for_each(&mut *f);
            a.args.iter_mut().for_each(|t| f(&mut t.expr));
            a.filter.iter_mut().for_each(f);
        }
        Expr::Grouping { args, .. } => args.iter_mut().for_each(f),
        Expr::Window(w) => w.args.iter_mut().chain(&mut w.filter).for_each(f),
    }
}

/// Calls `f` on every expression directly in a query, its FROM's subqueries aside.
pub(super) fn query_exprs<'q>(q: &'q Query, f: &mut dyn FnMut(&'q Expr)) {
    q.targets.iter().chain(&q.returning).for_each(|t| f(&t.expr));
    q.from.items.iter().for_each(|item| join_exprs(item, f));
    let single = [&q.from.filter, &q.having, &q.limit, &q.offset];
    single.into_iter().flatten().for_each(&mut *f);
    for window in &q.windows {
        for bound in [&window.start, &window.end] {
            if let FrameBound::Preceding(e) | FrameBound::Following(e) = bound {
                f(e);
            }
        }
    }
    for action in &q.merge {
        action.filter.iter().for_each(&mut *f);
        action.targets.iter().for_each(|t| f(&t.expr));
    }
    if let Some(update) = q.on_conflict.as_ref().and_then(|c| c.update.as_ref()) {
        update.targets.iter().for_each(|t| f(&t.expr));
        update.filter.iter().for_each(&mut *f);
    }
    q.policy_checks.iter().for_each(|check| f(&check.condition));
    for range in &q.range_table {
        range.security.iter().for_each(&mut *f);
        match &range.source {
            RangeSource::Join { columns, .. } => columns.iter().for_each(&mut *f),
            RangeSource::Function { functions, .. } => functions.iter().for_each(|c| f(&c.call)),
            RangeSource::Values { rows, .. } => rows.iter().flatten().for_each(&mut *f),
            _ => {}
        }
    }
}

fn join_exprs<'q>(item: &'q FromItem, f: &mut dyn FnMut(&'q Expr)) {
    if let FromItem::Join(join) = item {
        join_exprs(&join.left, f);
        join_exprs(&join.right, f);
        join.on.iter().for_each(f);
    }
}

/// The same, to change them.
pub(super) fn query_exprs_mut(q: &mut Query, f: &mut dyn FnMut(&mut Expr)) {
    q.targets.iter_mut().chain(&mut q.returning).for_each(|t| f(&mut t.expr));
    q.from.items.iter_mut().for_each(|item| join_exprs_mut(item, f));
    let single = [&mut q.from.filter, &mut q.having, &mut q.limit, &mut q.offset];
    single.into_iter().flatten().for_each(&mut *f);
    for window in &mut q.windows {
        for bound in [&mut window.start, &mut window.end] {
            if let FrameBound::Preceding(e) | FrameBound::Following(e) = bound {
                f(e);
            }
        }
    }
    for action in &mut q.merge {
        action.filter.iter_mut().for_each(&mut *f);
        action.targets.iter_mut().for_each(|t| f(&mut t.expr));
    }
    if let Some(update) = q.on_conflict.as_mut().and_then(|c| c.update.as_mut()) {
        update.targets.iter_mut().for_each(|t| f(&mut t.expr));
        update.filter.iter_mut().for_each(&mut *f);
    }
    q.policy_checks.iter_mut().for_each(|check| f(&mut check.condition));
    for range in &mut q.range_table {
        range.security.iter_mut().for_each(&mut *f);
        match &mut range.source {
            RangeSource::Join { columns, .. } => columns.iter_mut().for_each(&mut *f),
            RangeSource::Function { functions, .. } => {
                functions.iter_mut().for_each(|c| f(&mut c.call));
            }
            RangeSource::Values { rows, .. } => rows.iter_mut().flatten().for_each(&mut *f),
            _ => {}
        }
    }
}

fn join_exprs_mut(item: &mut FromItem, f: &mut dyn FnMut(&mut Expr)) {
    if let FromItem::Join(join) = item {
        join_exprs_mut(&mut join.left, f);
        join_exprs_mut(&mut join.right, f);
        join.on.iter_mut().for_each(f);
    }
}

/// A query's subqueries in FROM and WITH.
pub(super) fn subqueries(q: &Query) -> impl Iterator<Item = &Query> {
    let from = q.range_table.iter().filter_map(|range| match &range.source {
        RangeSource::Subquery { query, .. } => Some(&**query),
        _ => None,
    });
    from.chain(q.ctes.iter().map(|cte| &*cte.query))
}

pub(super) fn subqueries_mut(q: &mut Query) -> impl Iterator<Item = &mut Query> {
    let from = q.range_table.iter_mut().filter_map(|range| match &mut range.source {
        RangeSource::Subquery { query, .. } => Some(&mut **query),
        _ => None,
    });
    from.chain(q.ctes.iter_mut().map(|cte| &mut *cte.query))
}

/// Visits every expression below and including `expr`, subqueries' too. `f` gets the expression and
/// the number of queries between it and `expr`.
pub(super) fn deep(expr: &Expr, depth: u32, f: &mut dyn FnMut(&Expr, u32)) {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
        f(expr, depth);
        children(expr, &mut |child| deep(child, depth, f));
        if let Expr::SubLink(link) = expr {
            deep_query(&link.query, depth + 1, f);
        }
    });
}

/// The same for a query; `depth` is that of its own expressions.
pub(super) fn deep_query(q: &Query, depth: u32, f: &mut dyn FnMut(&Expr, u32)) {
    query_exprs(q, &mut |e| deep(e, depth, f));
    subqueries(q).for_each(|sub| deep_query(sub, depth + 1, f));
}

/// The same, to change; parents come before their children.
pub(super) fn deep_mut(expr: &mut Expr, depth: u32, f: &mut dyn FnMut(&mut Expr, u32)) {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
        f(expr, depth);
        children_mut(expr, &mut |child| deep_mut(child, depth, f));
        if let Expr::SubLink(link) = expr {
            deep_query_mut(&mut link.query, depth + 1, f);
        }
    });
}

pub(super) fn deep_query_mut(q: &mut Query, depth: u32, f: &mut dyn FnMut(&mut Expr, u32)) {
    query_exprs_mut(q, &mut |e| deep_mut(e, depth, f));
    subqueries_mut(q).for_each(|sub| deep_query_mut(sub, depth + 1, f));
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

//! `avg(x)` beside `sum(x)` is computed from it: the same values are added up once.

use super::quals::{self, Rels};
use super::walk;
use crate::catalog::{Catalog, builtin};
use crate::nodes::*;
use crate::types::{Oid, oids};

/// Replaces the averages of a query whose sums it has, too.
pub(super) fn share(query: &mut Query, catalog: &Catalog) {
    let mut aggregates = Vec::new();
    query.for_each_expr(&mut |e| {
        walk::deep(e, 0, &mut |e, depth| match e {
            Expr::Aggregate(a) if a.level == depth && depth == 0 => aggregates.push((**a).clone()),
            _ => {}
        });
    });
    let shared: Vec<(Expr, Expr)> = aggregates
        .iter()
        .filter_map(|average| {
            Some((average, quotient(average, &aggregates, &|arg| never_null(arg, query, catalog))?))
        })
        .map(|(average, quotient)| (Expr::Aggregate(Box::new(average.clone())), quotient))
        .collect();
    if shared.is_empty() {
        return;
    }
    query.for_each_expr_mut(&mut |e| {
        walk::deep_mut(e, 0, &mut |e, depth| {
            if let (0, Some((_, quotient))) = (depth, shared.iter().find(|(from, _)| from == e)) {
                *e = quotient.clone();
            }
        });
    });
}

/// The sum divided by the number of values, if this is an exact average whose sum is there.
fn quotient(
    average: &Aggregate,
    all: &[Aggregate],
    never_null: &dyn Fn(&Expr) -> bool,
) -> Option<Expr> {
    let [arg] = average.arg_types[..] else { return None };
    let is_exact = matches!(arg, oids::INT2 | oids::INT4 | oids::INT8 | oids::NUMERIC);
    let is_volatile = average.args.iter().any(|target| quals::is_volatile(&target.expr));
    let is_plain = average.distinct.is_empty() && average.order_by.is_empty() && !is_volatile;
    let average_of = builtin::proc_by_signature("avg", &[arg])?;
    if !is_exact || !is_plain || average.func != average_of.oid {
        return None;
    }
    let function = |name, arg_types: &[Oid]| {
        let proc = builtin::proc_by_signature(name, arg_types)?;
        Some(Aggregate { func: proc.oid, type_oid: proc.return_type, ..average.clone() })
    };
    let sum = function("sum", &[arg])?;
    let count = match average.args.iter().all(|target| never_null(&target.expr)) {
        // Other columns' values are as many.
        true => {
            let count = function("count", &[])?;
            Aggregate { arg_types: Vec::new(), args: Vec::new(), star: true, ..count }
        }
        false => function("count", &[oids::ANY])?,
    };
    if !all.contains(&sum) {
        return None;
    }
    call("numeric_div", vec![numeric(sum)?, numeric(count)?])
}

/// Whether an expression is a column of a table that has no NULLs, and of no outer join's side that may
/// be missing.
fn never_null(expr: &Expr, query: &Query, catalog: &Catalog) -> bool {
    let Expr::Var(Var { rel, attno: attno @ 1.., level: 0, .. }) = expr else { return false };
    let RangeSource::Relation { oid } = query.range(*rel).source else { return false };
    let mut certain = Rels::new();
    query.from.items.iter().for_each(|item| add_certain(item, &mut certain));
    let relation = catalog.relation(oid).filter(|_| !Catalog::is_system(oid));
    certain.contains(rel) && relation.is_some_and(|r| r.column(*attno).not_null)
}

/// Adds the entries of which every joined row has one.
fn add_certain(item: &FromItem, certain: &mut Rels) {
    match item {
        FromItem::Range(rel) => {
            certain.insert(*rel);
        }
        FromItem::Join(join) => {
            if matches!(join.kind, JoinKind::Inner | JoinKind::Left) {
                add_certain(&join.left, certain);
            }
            if matches!(join.kind, JoinKind::Inner | JoinKind::Right) {
                add_certain(&join.right, certain);
            }
        }
    }
}

fn numeric(aggregate: Aggregate) -> Option<Expr> {
    let from = aggregate.type_oid;
    let value = Expr::Aggregate(Box::new(aggregate));
    match from {
        oids::NUMERIC => Some(value),
        _ => call("numeric", vec![value]),
    }
}

fn call(name: &str, args: Vec<Expr>) -> Option<Expr> {
    let types: Vec<Oid> = args.iter().map(Expr::type_oid).collect();
    let proc = builtin::proc_by_signature(name, &types)?;
    Some(Expr::Func(Box::new(FuncCall {
        func: proc.oid,
        op: None,
        type_oid: proc.return_type,
        typmod: -1,
        retset: false,
        variadic: false,
        form: CoercionForm::Implicit,
        collation: 0,
        input_collation: 0,
        args,
        notation: None,
        location: -1,
    })))
}

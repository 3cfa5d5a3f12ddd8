//! Columns of a subquery in FROM that nobody reads are not computed (`remove_unused_subquery_outputs`): what
//! fails there does not fail, and the time is saved.
//!
//! Their places stay, with NULL in them. What has effects is computed nevertheless, and what rows are sorted,
//! grouped or told apart by.

use super::quals::is_volatile;
use super::walk;
use crate::nodes::*;
use crate::types::Datum;
use std::collections::BTreeSet;

/// The query without the columns that neither `needed` nor `conditions` on entry `rel` name; `None`: there
/// are none that cost anything.
pub(super) fn removed(
    query: &Query,
    rel: RangeIndex,
    needed: Option<&BTreeSet<AttrNumber>>,
    conditions: &[Expr],
) -> Option<Query> {
    if query.set_operation.is_some() || query.command != CommandType::Select {
        return None;
    }
    let mut read = needed.cloned().unwrap_or_default();
    for condition in conditions {
        walk::deep(condition, 0, &mut |e, depth| {
            if let Expr::Var(v) = e
                && (v.rel, v.level) == (rel, depth)
            {
                read.insert(v.attno);
            }
        });
    }
    let compares_all = !query.distinct.is_empty() && !query.distinct_on;
    let is_unused = |(target, attno): (&TargetEntry, AttrNumber)| {
        let expr = &target.expr;
        !read.contains(&attno)
            && !compares_all
            && target.sort_group_ref == 0
            && !matches!(expr, Expr::Var(_) | Expr::Const(_))
            && !expr.any(&mut |e| matches!(e, Expr::Func(call) if call.retset))
            && !is_volatile(expr)
    };
    let unused: Vec<bool> = query.output().zip(1..).map(is_unused).collect();
    if !unused.contains(&true) {
        return None;
    }
    let mut query = query.clone();
    let outputs = query.targets.iter_mut().filter(|target| !target.resjunk);
    for (target, _) in outputs.zip(unused).filter(|(_, unused)| *unused) {
        let (type_oid, typmod) = (target.expr.type_oid(), target.expr.typmod());
        let (collation, location) = (target.expr.collation(), -1);
        target.expr =
            Expr::Const(Const { value: Datum::Null, type_oid, typmod, collation, location });
    }
    Some(query)
}

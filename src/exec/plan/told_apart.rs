//! Equal calls over volatile functions that PostgreSQL makes one by one.
//!
//! Planning takes equal expressions for one, which is computed once. `SELECT sum(random()), sum(random())`
//! must give two values (`preprocess_aggref`, `ExecInitWindowAgg`), and so must two sets of a select
//! list. Locations are gone when this runs; each of these calls gets a location of its own, so that it
//! equals nothing but itself.

use super::quals::is_volatile;
use super::walk;
use crate::nodes::*;

/// Tells the volatile aggregates, window functions and sets of one query apart.
pub(super) fn tell_apart(query: &mut Query) {
    let mut number = 0;
    let mut next = || {
        number += 1;
        number
    };
    for target in &mut query.targets {
        if matches!(&target.expr, Expr::Func(call) if call.retset)
            && is_volatile(&target.expr)
            && let Expr::Func(call) = &mut target.expr
        {
            call.location = next();
        }
    }
    if !query.has_aggregates && !query.has_window_functions {
        return;
    }
    query.for_each_expr_mut(&mut |e| {
        walk::deep_mut(e, 0, &mut |e, depth| {
            let is_here = match e {
                Expr::Aggregate(aggregate) => aggregate.level == depth,
                Expr::Window(_) => depth == 0,
                _ => false,
            };
            if is_here && is_volatile(e) {
                match e {
                    Expr::Aggregate(aggregate) => aggregate.location = next(),
                    Expr::Window(window) => window.location = next(),
                    _ => {}
                }
            }
        });
    });
}

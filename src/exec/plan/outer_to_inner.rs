//! Outer joins whose rows without a partner the query throws away again are inner joins
//! (`reduce_outer_joins`): `a LEFT JOIN b ON … WHERE b.x = 1`. Inner joins can be put in any order.
//!
//! A condition throws a row away that has NULLs for all columns of `b` where it is *strict* in `b`: it
//! cannot be true when a column of `b` that it uses is NULL.

use super::quals::{self, Rels};
use super::units::item_rels;
use crate::catalog::builtin;
use crate::nodes::*;
use crate::types::Oid;

/// Reduces the outer joins of a query itself.
pub(super) fn reduce(query: &mut Query) {
    let mut strict = Rels::new();
    query.from.filter.iter().for_each(|filter| add_strict(filter, &mut strict));
    query.from.items.iter_mut().for_each(|item| reduce_item(item, &strict));
}

/// `strict`: entries that rows without a partner are thrown away of, above the item.
fn reduce_item(item: &mut FromItem, strict: &Rels) {
    let FromItem::Join(join) = item else { return };
    let needs_left = !item_rels(&join.left).is_disjoint(strict);
    let needs_right = !item_rels(&join.right).is_disjoint(strict);
    join.kind = match (join.kind, needs_left, needs_right) {
        (JoinKind::Left, _, true) | (JoinKind::Right, true, _) | (JoinKind::Full, true, true) => {
            JoinKind::Inner
        }
        (JoinKind::Full, true, false) => JoinKind::Left,
        (JoinKind::Full, false, true) => JoinKind::Right,
        (kind, ..) => kind,
    };
    let mut on = Rels::new();
    join.on.iter().for_each(|condition| add_strict(condition, &mut on));
    let both: Rels = on.union(strict).copied().collect();
    // A side whose rows all survive keeps those that fail the join's own condition.
    let (left, right) = match join.kind {
        JoinKind::Inner => (&both, &both),
        JoinKind::Left => (strict, &on),
        JoinKind::Right => (&on, strict),
        JoinKind::Full => (&Rels::new(), &Rels::new()),
    };
    reduce_item(&mut join.left, left);
    reduce_item(&mut join.right, right);
}

/// Adds the entries that a condition is strict in.
fn add_strict(condition: &Expr, strict: &mut Rels) {
    match condition {
        Expr::Bool(BoolOp::And, args) => args.iter().for_each(|arg| add_strict(arg, strict)),
        Expr::Bool(BoolOp::Or, args) => {
            let mut arms = args.iter().map(|arm| {
                let mut of_arm = Rels::new();
                add_strict(arm, &mut of_arm);
                of_arm
            });
            let first = arms.next().unwrap_or_default();
            strict.extend(arms.fold(first, |all, arm| all.intersection(&arm).copied().collect()));
        }
        Expr::ScalarArrayOp(s) if s.use_or && is_strict(s.func) => add_used(&s.scalar, strict),
        Expr::NullTest { arg, is_null: false, row: false, .. } => add_used(arg, strict),
        other => add_used(other, strict),
    }
}

/// Adds the entries whose NULLs make an expression NULL.
fn add_used(expr: &Expr, strict: &mut Rels) {
    match expr {
        Expr::Var(var) if var.level == 0 && var.attno != 0 && var.rel != SUBLINK_RANGE => {
            strict.insert(var.rel);
        }
        Expr::Relabel(relabel) => add_used(&relabel.arg, strict),
        Expr::Func(call) if is_strict(call.func) && !call.retset => {
            call.args.iter().for_each(|arg| add_used(arg, strict));
        }
        _ => {}
    }
}

fn is_strict(func: Oid) -> bool {
    builtin::proc(func).is_some_and(|proc| proc.strict)
}

/// A left join that is done after the inner joins it stands among: `(a LEFT JOIN b ON p) JOIN c ON q`
/// is `(a JOIN c ON q) LEFT JOIN b ON p` where `q` does not look at `b`.
pub(super) struct Delayed<'q> {
    pub join: &'q Join,
    /// Entries of its right side.
    pub rels: Rels,
}

impl Delayed<'_> {
    /// Whether a condition has to wait for the join.
    pub fn concerns(&self, condition: &Expr) -> bool {
        !quals::rels(condition).is_disjoint(&self.rels)
    }
}

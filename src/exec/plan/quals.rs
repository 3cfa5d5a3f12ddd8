//! What a condition refers to, and what it is good for.

use super::walk;
use crate::catalog::builtin;
use crate::exec::expr::Callee;
use crate::nodes::{BoolOp, Expr, FuncCall, RangeIndex, ScalarArrayOp, SubLinkKind};
use crate::types::{Datum, Oid, oids};
use std::collections::BTreeSet;

pub(super) type Rels = BTreeSet<RangeIndex>;

/// Splits a condition at its ANDs. What all arms of an OR require is taken out of it, so that
/// `(a = b AND x) OR (a = b AND y)` can join by `a = b`.
pub(super) fn conjuncts(expr: &Expr, out: &mut Vec<Expr>) {
    match expr {
        Expr::Bool(BoolOp::And, args) => args.iter().for_each(|arg| conjuncts(arg, out)),
        Expr::Bool(BoolOp::Or, arms) => factored(expr, arms, out),
        other => out.push(other.clone()),
    }
}

fn factored(whole: &Expr, arms: &[Expr], out: &mut Vec<Expr>) {
    let mut split: Vec<Vec<Expr>> = Vec::with_capacity(arms.len());
    for arm in arms {
        let mut own = Vec::new();
        conjuncts(arm, &mut own);
        split.push(own);
    }
    let Some((first, others)) = split.split_first() else { return out.push(whole.clone()) };
    let in_all = |e: &&Expr| others.iter().all(|arm| arm.contains(e));
    let common: Vec<Expr> = first.iter().filter(in_all).cloned().collect();
    if common.is_empty() {
        return out.push(whole.clone());
    }
    for arm in &mut split {
        arm.retain(|e| !common.contains(e));
    }
    // An arm that requires nothing more makes the rest of the OR true.
    if split.iter().all(|arm| !arm.is_empty()) {
        let arms = split.into_iter().map(|arm| Expr::Bool(BoolOp::And, arm)).collect();
        out.push(Expr::Bool(BoolOp::Or, arms));
    }
    out.extend(common);
}

/// What an OR over several entries requires of some of them alone, so that fewer of their rows are joined:
/// `(a = 1 AND b = 2) OR (a = 3 AND b = 4)` requires `a = 1 OR a = 3`.
pub(super) fn implied_on(condition: &Expr, some: &Rels) -> Option<Expr> {
    let Expr::Bool(BoolOp::Or, arms) = condition else { return None };
    let is_own = |e: &Expr| {
        let used = rels(e);
        !used.is_empty() && used.is_subset(some) && !is_volatile(e) && !has_sub_link(e)
    };
    let mut implied = Vec::with_capacity(arms.len());
    for arm in arms.iter().filter(|arm| !is_false(arm)) {
        let mut own = Vec::new();
        conjuncts(arm, &mut own);
        own.retain(is_own);
        if own.is_empty() {
            return None;
        }
        implied.push(combined(BoolOp::And, own)?);
    }
    combined(BoolOp::Or, implied)
}

/// Conditions as one; `None`: there are none.
fn combined(op: BoolOp, mut conditions: Vec<Expr>) -> Option<Expr> {
    match conditions.len() {
        0 | 1 => conditions.pop(),
        _ => Some(Expr::Bool(op, conditions)),
    }
}

fn is_false(expr: &Expr) -> bool {
    matches!(expr, Expr::Const(c) if matches!(c.value, Datum::Bool(false)))
}

/// The range table entries of this query that an expression refers to.
pub(super) fn rels(expr: &Expr) -> Rels {
    let mut rels = Rels::new();
    walk::deep(expr, 0, &mut |e, depth| match e {
        Expr::Var(v) if v.level == depth && v.rel != crate::nodes::SUBLINK_RANGE => {
            rels.insert(v.rel);
        }
        Expr::CurrentOf { rel, .. } if depth == 0 => {
            rels.insert(*rel);
        }
        _ => {}
    });
    rels
}

/// Whether an expression must not be moved or evaluated a different number of times.
pub(super) fn is_volatile(expr: &Expr) -> bool {
    let mut volatile = false;
    walk::deep(expr, 0, &mut |e, _| volatile |= is_volatile_node(e));
    volatile
}

pub(super) fn is_volatile_query(query: &crate::nodes::Query) -> bool {
    let mut volatile = false;
    walk::deep_query(query, 0, &mut |e, _| volatile |= is_volatile_node(e));
    volatile
}

fn is_volatile_node(expr: &Expr) -> bool {
    let volatile = |func: Oid| builtin::proc(func).is_none_or(|p| p.volatility == b'v');
    match expr {
        Expr::Func(c) | Expr::Distinct(c) | Expr::NullIf(c) => volatile(c.func),
        Expr::ScalarArrayOp(s) => volatile(s.func),
        Expr::NextValue { .. } => true,
        _ => false,
    }
}

/// Whether a condition is the same for all rows, and not known yet: it is tested once, before any row
/// is read.
pub(super) fn is_one_time(condition: &Expr) -> bool {
    !matches!(condition, Expr::Const(_))
        && rels(condition).is_empty()
        && !is_volatile(condition)
        && !has_sub_link(condition)
}

pub(super) fn has_sub_link(expr: &Expr) -> bool {
    let mut found = false;
    walk::deep(expr, 0, &mut |e, _| found |= matches!(e, Expr::SubLink(_)));
    found
}

/// A scalar subquery, EXISTS or ANY as a condition of its own, and whether it is negated.
pub(super) fn as_join_link(expr: &Expr) -> Option<(&crate::nodes::SubLink, bool)> {
    let (expr, negated) = match expr {
        Expr::Bool(BoolOp::Not, args) => (args.first()?, true),
        other => (other, false),
    };
    match expr {
        Expr::SubLink(link) if matches!(link.kind, SubLinkKind::Exists | SubLinkKind::Any) => {
            Some((link, negated))
        }
        _ => None,
    }
}

/// A comparison operator by its btree strategy's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Lt,
    Le,
    Eq,
    Ge,
    Gt,
}

impl Comparison {
    /// With its sides exchanged.
    pub fn flipped(self) -> Comparison {
        match self {
            Comparison::Lt => Comparison::Gt,
            Comparison::Le => Comparison::Ge,
            Comparison::Eq => Comparison::Eq,
            Comparison::Ge => Comparison::Le,
            Comparison::Gt => Comparison::Lt,
        }
    }

    /// What an operator compares, if it is one of the default btree operators.
    pub fn of(op: Oid) -> Option<Comparison> {
        match &*builtin::operator(op)?.name {
            "<" => Some(Comparison::Lt),
            "<=" => Some(Comparison::Le),
            "=" => Some(Comparison::Eq),
            ">=" => Some(Comparison::Ge),
            ">" => Some(Comparison::Gt),
            _ => None,
        }
    }
}

/// A binary comparison of bytes, or of values without a collation.
pub(super) fn as_comparison(expr: &Expr) -> Option<(Comparison, &Expr, &Expr)> {
    let (comparison, left, right, collation) = as_collated_comparison(expr)?;
    is_bytewise(collation).then_some((comparison, left, right))
}

/// A binary comparison, and the collation that it is under.
pub(super) fn as_collated_comparison(expr: &Expr) -> Option<(Comparison, &Expr, &Expr, Oid)> {
    let Expr::Func(call) = expr else { return None };
    let FuncCall { op: Some(op), args, input_collation, .. } = &**call else { return None };
    match args.as_slice() {
        [left, right] => Some((Comparison::of(*op)?, left, right, *input_collation)),
        _ => None,
    }
}

/// Whether a test is `= ANY (array)`, and the collation that it is under.
pub(super) fn as_membership(test: &ScalarArrayOp) -> Option<Oid> {
    let equal = test.use_or && Comparison::of(test.op) == Some(Comparison::Eq);
    equal.then_some(test.input_collation)
}

/// Whether a collation is known to be bytewise without asking the catalog: one that a user made may be,
/// too.
pub(super) fn is_bytewise(collation: Oid) -> bool {
    use builtin::{Collation, collation as found};
    collation == 0 || found(collation).is_some_and(Collation::is_bytewise)
}

/// The type whose keys two operands of `=` may be compared by; `None`: not by keys.
pub(super) fn key_type(left: Oid, right: Oid) -> Option<KeyType> {
    let (left, right) = (text_like(left), text_like(right));
    if left == right {
        return has_key(left).then_some(KeyType::Same(left));
    }
    const INTS: [Oid; 3] = [oids::INT2, oids::INT4, oids::INT8];
    if INTS.contains(&left) && INTS.contains(&right) {
        return Some(KeyType::Int8);
    }
    let floats = [oids::FLOAT4, oids::FLOAT8];
    (floats.contains(&left) && floats.contains(&right)).then_some(KeyType::Float8)
}

/// How join keys of two types are brought to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyType {
    Same(Oid),
    /// Both sides widened.
    Int8,
    Float8,
}

impl KeyType {
    pub fn type_oid(self) -> Oid {
        match self {
            KeyType::Same(oid) => oid,
            KeyType::Int8 => oids::INT8,
            KeyType::Float8 => oids::FLOAT8,
        }
    }

    /// The cast's function from a side's type, if it needs one.
    pub fn cast(self, from: Oid) -> Option<Callee> {
        let to = self.type_oid();
        if matches!(self, KeyType::Same(_)) || from == to {
            return None;
        }
        let cast = builtin::cast(from, to)?;
        Callee::resolve(cast.func, vec![from], to).ok()
    }
}

/// `varchar` and `name` compare as `text`.
fn text_like(type_oid: Oid) -> Oid {
    match type_oid {
        oids::VARCHAR | oids::NAME => oids::TEXT,
        other => other,
    }
}

/// Whether values of the type have an order.
pub(super) fn has_key(type_oid: Oid) -> bool {
    !matches!(type_oid, oids::JSON | oids::XML | oids::UNKNOWN | oids::POINT | oids::VOID)
}

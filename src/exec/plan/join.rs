//! Joins of two sides: by hash, by looking rows up, by comparing pairs; outer joins.

use super::access::Access;
use super::cost;
use super::from::From;
use super::planner::{Built, Planner};
use super::quals::{self, Comparison, Rels};
use super::units::{Units, item_rels, lateral_needs};
use crate::error::Result;
use crate::exec::Layout;
use crate::exec::expr::Program;
use crate::exec::op::{HashJoin, JoinType, KeyColumn, NestedLoop};
use crate::nodes::*;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Part of the pairs that a condition of no known form leaves.
const JOIN_CONDITION: f64 = 0.25;
/// Part of the pairs that an inequality leaves.
const JOIN_INEQUALITY: f64 = 1.0 / 3.0;

/// What joins two sides.
struct Keys {
    left: Vec<KeyColumn>,
    right: Vec<KeyColumn>,
    /// Part of the pairs that the keys and the further conditions leave.
    selectivity: f64,
    /// Part of the left rows that have a partner.
    matching: f64,
    /// The equalities.
    conditions: Vec<Expr>,
    /// Further conditions.
    rest: Vec<Expr>,
}

impl Planner {
    /// A left, right or full join. Conditions from above go below it where they only concern the
    /// side whose rows all survive.
    pub(super) fn outer_join(
        &mut self,
        from: &From<'_>,
        join: &Join,
        above: &[Expr],
    ) -> Result<Built> {
        let mut on = Vec::new();
        join.on.iter().for_each(|e| quals::conjuncts(e, &mut on));
        // A right join is a left join of the sides exchanged, where no side must see what is before it.
        let exchanged =
            join.kind == JoinKind::Right && lateral_needs(from.query, &join.left).is_empty();
        let (kind, left, right) = match exchanged {
            true => (JoinKind::Left, &join.right, &join.left),
            false => (join.kind, &join.left, &join.right),
        };
        let (left_rels, right_rels) = (item_rels(left), item_rels(right));
        let within = |rels: &Rels, e: &Expr| {
            let used = quals::rels(e);
            !used.is_empty() && used.is_subset(rels) && !quals::is_volatile(e)
        };
        let keeps = |side: JoinKind| kind == side;
        let (to_left, above): (Vec<Expr>, Vec<Expr>) =
            above.iter().cloned().partition(|e| keeps(JoinKind::Left) && within(&left_rels, e));
        let (to_right, above): (Vec<Expr>, Vec<Expr>) =
            above.into_iter().partition(|e| keeps(JoinKind::Right) && within(&right_rels, e));
        // A join condition on the nullable side alone restricts that side's rows.
        let (on_right, on): (Vec<Expr>, Vec<Expr>) =
            on.into_iter().partition(|e| keeps(JoinKind::Left) && within(&right_rels, e));
        let (on_left, on): (Vec<Expr>, Vec<Expr>) =
            on.into_iter().partition(|e| keeps(JoinKind::Right) && within(&left_rels, e));
        let left = self.side(from, left, &[to_left, on_left].concat())?;
        let kind = match kind {
            JoinKind::Inner => JoinType::Inner,
            JoinKind::Left => JoinType::Left,
            JoinKind::Right => JoinType::Right,
            JoinKind::Full => JoinType::Full,
        };
        let joined =
            self.outer_join_right(from, left, right, kind, &[to_right, on_right].concat(), &on)?;
        self.filter(joined, &above)
    }

    /// A left join whose left side has been planned, with others.
    pub(super) fn delayed_join(
        &mut self,
        from: &From<'_>,
        left: Built,
        join: &Join,
    ) -> Result<Built> {
        let mut on = Vec::new();
        join.on.iter().for_each(|e| quals::conjuncts(e, &mut on));
        let right_rels = item_rels(&join.right);
        let within = |e: &Expr| {
            let used = quals::rels(e);
            !used.is_empty() && used.is_subset(&right_rels) && !quals::is_volatile(e)
        };
        let (on_right, on): (Vec<Expr>, Vec<Expr>) = on.into_iter().partition(within);
        self.outer_join_right(from, left, &join.right, JoinType::Left, &on_right, &on)
    }

    /// The right side of an outer join: looked up by key where that is cheaper than reading it whole.
    fn outer_join_right(
        &mut self,
        from: &From<'_>,
        left: Built,
        item: &FromItem,
        kind: JoinType,
        conditions: &[Expr],
        on: &[Expr],
    ) -> Result<Built> {
        let all = [conditions, on].concat();
        if !lateral_needs(from.query, item).is_empty() {
            return self.lateral_join(from, left, item, kind, &all);
        }
        let around = std::mem::replace(&mut self.long, false);
        let right = self.side(from, item, conditions)?;
        let long = std::mem::replace(&mut self.long, around);
        let whole = right.cost + right.rows * cost::BUILD + left.rows * cost::PROBE;
        let reachable = |rels: &Rels| rels.iter().all(|rel| left.layout.contains_rel(*rel));
        let lookups = self.key_lookups(from, item, &all.iter().collect::<Vec<_>>());
        let usable = lookups.iter().filter(|l| !l.given.is_empty() && reachable(&l.given));
        let cheap = usable.into_iter().any(|l| left.rows * l.cost < whole);
        let left = match kind == JoinType::Left && cheap {
            true => match self.lookup_join(from, left, item, kind, &all)? {
                Ok(joined) => return Ok(joined),
                Err(left) => left,
            },
            false => left,
        };
        self.long |= long;
        self.join(left, right, kind, on)
    }

    /// One side of an outer join: any FROM item, with conditions on it.
    fn side(&mut self, from: &From<'_>, item: &FromItem, conditions: &[Expr]) -> Result<Built> {
        let mut units = Units::of(from.query, std::iter::once(item));
        units.conditions.extend_from_slice(conditions);
        Ok(self.plan_units(from, units, &[])?.0)
    }

    /// Runs a LATERAL item for each row of `left`.
    pub(super) fn lateral_join(
        &mut self,
        from: &From<'_>,
        left: Built,
        item: &FromItem,
        kind: JoinType,
        on: &[Expr],
    ) -> Result<Built> {
        let layout = left.layout.clone();
        let (right, captures, _) = self.capturing(|planner| {
            planner.level().layout = layout.clone();
            let around = planner.level().lateral.replace(layout);
            let right = planner.unit(from, item, &[], &[]).map(|(built, _)| built);
            planner.level().lateral = around;
            right
        })?;
        self.nested_loop(left, right, kind, on, captures)
    }

    /// Looks the rows of a relation up by key for each row of `left`; gives `left` back where no key
    /// can be used.
    pub(super) fn lookup_join(
        &mut self,
        from: &From<'_>,
        left: Built,
        item: &FromItem,
        kind: JoinType,
        conditions: &[Expr],
    ) -> Result<std::result::Result<Built, Built>> {
        let FromItem::Range(rel) = item else { return Ok(Err(left)) };
        let Some(relation) = self.relation_of(from.query, *rel) else { return Ok(Err(left)) };
        let security = &from.query.range(*rel).security;
        // Security conditions come first; with subqueries they are no conditions of a scan.
        if security.iter().any(quals::has_sub_link) {
            return Ok(Err(left));
        }
        let conditions = &[security, conditions].concat();
        let empty = BTreeSet::new();
        let access = Access {
            rel: *rel,
            relation: &relation,
            columns: from.needed.get(rel).unwrap_or(&empty),
            conditions,
            outer: Some(&left.layout),
            order: &[],
            only: from.query.range(*rel).only,
            with_deleted: from.query.range(*rel).with_deleted,
            sampled: false,
        };
        let (found, captures, _) = self.capturing(|planner| planner.access(&access))?;
        if !found.by_key || captures.is_empty() {
            return Ok(Err(left));
        }
        self.nested_loop(left, found.built, kind, &[], captures).map(Ok)
    }

    /// Joins two planned inputs: by hash where an equality connects them.
    pub(super) fn join(
        &mut self,
        left: Built,
        right: Built,
        kind: JoinType,
        on: &[Expr],
    ) -> Result<Built> {
        // Hash the smaller side.
        if kind == JoinType::Inner && right.rows > left.rows {
            return self.join_sides(right, left, kind, on, false);
        }
        self.join_sides(left, right, kind, on, false)
    }

    pub(super) fn join_sides(
        &mut self,
        left: Built,
        right: Built,
        kind: JoinType,
        on: &[Expr],
        null_aware: bool,
    ) -> Result<Built> {
        let keys = self.join_keys(&left, &right, on)?;
        if keys.left.is_empty() {
            return self.nested_loop(left, right, kind, on, Vec::new());
        }
        let both = Arc::new(left.layout.join(&right.layout));
        let conditions = Arc::new(self.compile_all(&keys.rest, &both)?);
        let rows = joined_rows(kind, left.rows, right.rows, keys.selectivity, keys.matching);
        let cost = left.cost
            + right.cost
            + right.rows * cost::BUILD
            + left.rows * cost::PROBE
            + rows * cost::OUTPUT;
        let semi = matches!(kind, JoinType::Semi | JoinType::Anti);
        self.long |= multiplies(&left, &right);
        let join = HashJoin {
            kind,
            left_width: left.layout.width(),
            right_width: right.layout.width(),
            left: left.node,
            right: right.node,
            left_keys: Arc::new(keys.left),
            right_keys: Arc::new(keys.right),
            conditions,
            null_aware,
        };
        let layout = if semi { left.layout } else { both };
        let hashed = self.condition_note("Hash Cond", &keys.conditions);
        let filter = self.condition_note("Join Filter", &keys.rest);
        Ok(Built::new(join, layout, rows, cost).noted(hashed).noted(filter))
    }

    /// The equalities among the conditions between two sides as keys of each, and what they leave.
    fn join_keys(&mut self, left: &Built, right: &Built, on: &[Expr]) -> Result<Keys> {
        let mut keys = Keys {
            left: Vec::new(),
            right: Vec::new(),
            selectivity: 1.0,
            matching: 1.0,
            conditions: Vec::new(),
            rest: Vec::new(),
        };
        for condition in on {
            let Some((l, r)) = self.key_sides(condition, &left.layout, &right.layout) else {
                keys.selectivity *= self.join_guess(condition);
                keys.matching *= 0.5;
                keys.rest.push(condition.clone());
                continue;
            };
            let (of_left, of_right) =
                (self.distinct_values(l, left.rows), self.distinct_values(r, right.rows));
            keys.selectivity /= of_left.max(of_right);
            keys.matching *= (of_right / of_left).min(1.0);
            let (l, r) = self.join_key(condition, (l, r), &left.layout, &right.layout)?;
            keys.left.push(l);
            keys.right.push(r);
            keys.conditions.push(condition.clone());
        }
        // Every row of the larger side has a partner at most, or the keys are not independent.
        let least = 1.0 / left.rows.max(right.rows).max(1.0);
        if keys.left.len() > 1 {
            keys.selectivity = keys.selectivity.max(least);
        }
        Ok(keys)
    }

    /// Part of the pairs that a condition which is no equality leaves.
    pub(super) fn join_guess(&self, condition: &Expr) -> f64 {
        match quals::as_comparison(condition) {
            Some((Comparison::Eq, ..)) => 0.01,
            Some(_) => JOIN_INEQUALITY,
            None => JOIN_CONDITION,
        }
    }

    /// The sides of an equality between two inputs whose keys can be compared.
    fn key_sides<'e>(
        &self,
        condition: &'e Expr,
        left: &Layout,
        right: &Layout,
    ) -> Option<(&'e Expr, &'e Expr)> {
        let (Comparison::Eq, a, b, _) = quals::as_collated_comparison(condition)? else {
            return None;
        };
        let on = |e: &Expr, layout: &Layout| {
            let rels = quals::rels(e);
            !rels.is_empty() && rels.iter().all(|rel| layout.contains_rel(*rel))
        };
        let (l, r) = match (on(a, left) && on(b, right), on(b, left) && on(a, right)) {
            (true, _) => (a, b),
            (_, true) => (b, a),
            _ => return None,
        };
        let keyed = quals::key_type(l.type_oid(), r.type_oid()).is_some();
        (keyed && !quals::is_volatile(condition)).then_some((l, r))
    }

    /// Both sides of an equality as key columns of one type.
    fn join_key(
        &mut self,
        condition: &Expr,
        (l, r): (&Expr, &Expr),
        left: &Arc<Layout>,
        right: &Arc<Layout>,
    ) -> Result<(KeyColumn, KeyColumn)> {
        let key_type = quals::key_type(l.type_oid(), r.type_oid()).expect("the sides are keyed");
        let collation = quals::as_collated_comparison(condition).map_or(0, |found| found.3);
        let compared = match key_type {
            quals::KeyType::Same(type_oid) if !self.cx.catalog.is_deterministic(collation) => {
                self.cx.catalog.comparison_type(type_oid, collation)?
            }
            other => other.type_oid(),
        };
        let mut key = |e: &Expr, layout: &Arc<Layout>| -> Result<KeyColumn> {
            let program = self.compile(e, layout)?;
            let program = match key_type.cast(e.type_oid()) {
                Some(callee) => Program::call(callee, program),
                None => program,
            };
            Ok(KeyColumn::ascending(program, compared))
        };
        Ok((key(l, left)?, key(r, right)?))
    }

    pub(super) fn nested_loop(
        &mut self,
        left: Built,
        right: Built,
        kind: JoinType,
        on: &[Expr],
        captures: Vec<(usize, Program)>,
    ) -> Result<Built> {
        let both = Arc::new(left.layout.join(&right.layout));
        let conditions = Arc::new(self.compile_all(on, &both)?);
        let selectivity = on.iter().map(|condition| self.join_guess(condition)).product();
        let rows = joined_rows(kind, left.rows, right.rows, selectivity, 0.5);
        let pairs = left.rows * right.rows * cost::PAIR;
        let cost = left.cost
            + rows * cost::OUTPUT
            + match captures.is_empty() {
                true => right.cost + pairs,
                false => left.rows * right.cost,
            };
        let semi = matches!(kind, JoinType::Semi | JoinType::Anti);
        // A lookup has as many rows as there are on the left.
        self.long |= captures.is_empty() && multiplies(&left, &right);
        let join = NestedLoop {
            kind,
            left_width: left.layout.width(),
            right_width: right.layout.width(),
            left: left.node,
            right: right.node,
            conditions,
            correlated: !captures.is_empty(),
            captures: Arc::new(captures),
        };
        let layout = if semi { left.layout } else { both };
        let filter = self.condition_note("Join Filter", on);
        Ok(Built::new(join, layout, rows, cost).noted(filter))
    }
}

/// Whether a join may have more rows than either side, though both be lists of values.
fn multiplies(left: &Built, right: &Built) -> bool {
    left.rows > 1.0 && right.rows > 1.0
}

/// Rows of a join, given which part of the pairs joins and which part of the left rows does.
fn joined_rows(kind: JoinType, left: f64, right: f64, selectivity: f64, matching: f64) -> f64 {
    let inner = left * right * selectivity;
    let rows = match kind {
        JoinType::Inner => inner,
        JoinType::Left => inner.max(left),
        JoinType::Right => inner.max(right),
        JoinType::Full => inner.max(left).max(right),
        JoinType::Semi => left * matching,
        JoinType::Anti => left * (1.0 - matching).max(0.1),
    };
    rows.max(1.0)
}

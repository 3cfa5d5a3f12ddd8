//! FROM and WHERE: relations, joins, and in which order.
//!
//! Inner joins and the FROM list are one set of *units* (a relation, or an outer join as a whole)
//! and one list of conditions. Conditions on one unit go down to it; the others join. Joining is
//! greedy: from the smallest unit on, always the unit that gives the fewest rows, connected ones
//! first, so that a cross product is made only where no condition avoids it. A unit whose key the
//! rows at hand can look up is joined by index, others by hash, those without an equality by nested
//! loop. EXISTS and IN become semijoins and antijoins (see [`super::sub_link`]).

use super::access::{Access, WantedOrder};
use super::planner::{Built, Planner};
use super::quals::{self, Comparison, Rels};
use super::walk;
use crate::error::{PgError, Result};
use crate::exec::Layout;
use crate::exec::expr::{Callee, Program};
use crate::exec::op::{
    Filter, FunctionScan, HashJoin, JoinType, KeyColumn, NestedLoop, NodeRef, OneRow, SetCall,
    Values,
};
use crate::exec::{KEY_ATTNO, SEQ_ATTNO};
use crate::nodes::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Columns needed of each range table entry.
pub(super) type Needed = BTreeMap<RangeIndex, BTreeSet<AttrNumber>>;

/// A set of FROM items being joined.
struct Units<'q> {
    items: Vec<Unit<'q>>,
    conditions: Vec<Expr>,
}

struct Unit<'q> {
    item: &'q FromItem,
    rels: Rels,
    /// Entries that it refers to laterally.
    needs: Rels,
}

/// The relations joined so far, and the conditions still to apply.
struct Joined {
    built: Built,
    rels: Rels,
}

/// What the FROM clause of a query is planned with.
pub(super) struct From<'q> {
    pub query: &'q Query,
    pub needed: Needed,
}

impl Planner {
    /// Plans FROM and WHERE. `order` is asked of a scan where there is one relation only; whether it
    /// is given is the second result.
    pub(super) fn plan_from(
        &mut self,
        query: &Query,
        order: &WantedOrder,
    ) -> Result<(Built, bool)> {
        let from = From { query, needed: needed_columns(query) };
        let mut conditions = Vec::new();
        query.from.filter.iter().for_each(|filter| quals::conjuncts(filter, &mut conditions));
        let never = conditions.iter().any(is_never_true);
        let mut units = Units { items: Vec::new(), conditions };
        query.from.items.iter().for_each(|item| flatten(query, item, &mut units));
        let (mut built, ordered) = self.plan_units(&from, units, order)?;
        if never {
            // The plan gave the layout; nothing of it needs to run.
            built.node = Arc::new(Values { rows: Arc::default() });
            (built.rows, built.base_rows) = (1.0, 1.0);
        }
        Ok((built, ordered))
    }

    fn plan_units(
        &mut self,
        from: &From<'_>,
        units: Units<'_>,
        order: &WantedOrder,
    ) -> Result<(Built, bool)> {
        match units.items.len() {
            0 => {
                let node: NodeRef = Arc::new(OneRow);
                let layout = Arc::new(Layout::default());
                let built = Built { node, layout, rows: 1.0, base_rows: 1.0 };
                Ok((self.filter(built, &units.conditions)?, false))
            }
            1 => self.single_unit(from, &units, order),
            _ => Ok((self.join_units(from, units)?, false)),
        }
    }

    fn single_unit(
        &mut self,
        from: &From<'_>,
        units: &Units<'_>,
        order: &WantedOrder,
    ) -> Result<(Built, bool)> {
        let (links, plain): (Vec<Expr>, Vec<Expr>) =
            units.conditions.iter().cloned().partition(|c| quals::as_join_link(c).is_some());
        let (built, ordered) = self.unit(from, units.items[0].item, &plain, order)?;
        Ok((self.join_links(built, &links)?, ordered))
    }

    /// A unit with the conditions that are on it alone.
    fn unit(
        &mut self,
        from: &From<'_>,
        item: &FromItem,
        conditions: &[Expr],
        order: &WantedOrder,
    ) -> Result<(Built, bool)> {
        match item {
            FromItem::Range(rel) => self.range(from, *rel, conditions, order),
            FromItem::Join(join) => Ok((self.outer_join(from, join, conditions)?, false)),
        }
    }

    fn range(
        &mut self,
        from: &From<'_>,
        rel: RangeIndex,
        conditions: &[Expr],
        order: &WantedOrder,
    ) -> Result<(Built, bool)> {
        let entry = from.query.range(rel);
        let empty = BTreeSet::new();
        if let Some(query) = super::lateral::as_subquery(entry) {
            let below = self.plan_below(&query)?;
            let built = relabelled(below, rel, &query);
            return Ok((self.filter(built, conditions)?, false));
        }
        match &entry.source {
            RangeSource::Relation { oid } => {
                let catalog = self.catalog();
                let relation = catalog.relation(*oid);
                let relation = relation.ok_or_else(|| PgError::internal("no such relation"))?;
                let columns = from.needed.get(&rel).unwrap_or(&empty);
                let access = Access { rel, relation, columns, conditions, outer: None, order };
                let found = self.access(&access)?;
                Ok((found.built, found.ordered))
            }
            RangeSource::Subquery { query, .. } => {
                let (pushed, kept) = push_into(query, rel, conditions);
                let below = self.plan_below(pushed.as_ref().unwrap_or(query))?;
                let built = relabelled(below, rel, query);
                Ok((self.filter(built, &kept)?, false))
            }
            RangeSource::Function { functions, ordinality } => {
                let built = self.function_scan(rel, functions, *ordinality)?;
                Ok((self.filter(built, conditions)?, false))
            }
            RangeSource::Values { rows, types } => {
                let layout = Arc::new(Layout::default());
                let mut compiled: Vec<Vec<Program>> = Vec::with_capacity(rows.len());
                for row in rows {
                    let row =
                        row.iter().map(|e| self.lateral_expr(e)).collect::<Result<Vec<_>>>()?;
                    compiled.push(self.compile_all(&row, &layout)?);
                }
                let rows = Arc::new(compiled);
                let count = rows.len() as f64;
                let node: NodeRef = Arc::new(Values { rows });
                let types: Vec<_> = types.iter().map(|t| t.0).collect();
                let layout = Arc::new(numbered(rel, &types));
                let built = Built { node, layout, rows: count, base_rows: count };
                Ok((self.filter(built, conditions)?, false))
            }
            RangeSource::Cte { name, level, types, .. } => {
                let built = self.cte_reference(rel, name, *level, types)?;
                Ok((self.filter(built, conditions)?, false))
            }
            RangeSource::Join { .. } => Err(PgError::internal("a join where a relation must be")),
        }
    }

    /// An expression of a LATERAL item: columns of the items before it become outer values.
    fn lateral_expr(&mut self, expr: &Expr) -> Result<Expr> {
        match self.level().lateral.clone() {
            Some(outer) => self.outer_columns(expr, &outer, None),
            None => Ok(expr.clone()),
        }
    }

    fn function_scan(
        &mut self,
        rel: RangeIndex,
        functions: &[RangeFunction],
        ordinality: bool,
    ) -> Result<Built> {
        let layout = Arc::new(Layout::default());
        let mut calls = Vec::with_capacity(functions.len());
        let mut types = Vec::new();
        for function in functions {
            types.extend(function.columns.iter().map(|c| c.1));
            let call = self.lateral_expr(&function.call)?;
            let mut call = self.set_call(&call, &layout)?;
            if let SetCall::Function { callee, .. } = &mut call {
                callee.columns = function.columns.clone();
            }
            calls.push((call, function.columns.len()));
        }
        if ordinality {
            types.push(crate::types::oids::INT8);
        }
        let node: NodeRef = Arc::new(FunctionScan { calls: Arc::new(calls), ordinality });
        let layout = Arc::new(numbered(rel, &types));
        Ok(Built { node, layout, rows: 100.0, base_rows: 100.0 })
    }

    /// An expression of FROM as something that gives rows.
    pub(super) fn set_call(&mut self, call: &Expr, layout: &Arc<Layout>) -> Result<SetCall> {
        if let Expr::Func(function) = call
            && (function.retset || function.type_oid == crate::types::oids::RECORD)
        {
            self.long = true;
            let types = function.args.iter().map(Expr::type_oid).collect();
            let mut callee = Callee::resolve(function.func, types, function.type_oid)?;
            callee.variadic = function.variadic;
            return Ok(SetCall::Function {
                callee,
                args: self.compile_all(&function.args, layout)?,
            });
        }
        Ok(SetCall::Value(self.compile(call, layout)?))
    }

    /// Adds a filter where there are conditions.
    pub(super) fn filter(&mut self, built: Built, conditions: &[Expr]) -> Result<Built> {
        if conditions.is_empty() {
            return Ok(built);
        }
        let (links, plain): (Vec<Expr>, Vec<Expr>) =
            conditions.iter().cloned().partition(|c| quals::as_join_link(c).is_some());
        let programs = Arc::new(self.compile_all(&plain, &built.layout)?);
        let rows = (built.rows * 0.3).max(1.0);
        let filtered = match plain.is_empty() {
            true => built,
            false => {
                let node: NodeRef = Arc::new(Filter { input: built.node, conditions: programs });
                Built { node, rows, ..built }
            }
        };
        self.join_links(filtered, &links)
    }

    /// A left, right or full join. Conditions from above go below it where they only concern the
    /// side whose rows all survive.
    fn outer_join(&mut self, from: &From<'_>, join: &Join, above: &[Expr]) -> Result<Built> {
        let mut on = Vec::new();
        join.on.iter().for_each(|e| quals::conjuncts(e, &mut on));
        let (left_rels, right_rels) = (item_rels(&join.left), item_rels(&join.right));
        let within = |rels: &Rels, e: &Expr| {
            let used = quals::rels(e);
            !used.is_empty() && used.is_subset(rels) && !quals::is_volatile(e)
        };
        let keeps = |side: JoinKind| join.kind == side;
        let (to_left, above): (Vec<Expr>, Vec<Expr>) =
            above.iter().cloned().partition(|e| keeps(JoinKind::Left) && within(&left_rels, e));
        let (to_right, above): (Vec<Expr>, Vec<Expr>) =
            above.into_iter().partition(|e| keeps(JoinKind::Right) && within(&right_rels, e));
        // A join condition on the nullable side alone restricts that side's rows.
        let (on_right, on): (Vec<Expr>, Vec<Expr>) =
            on.into_iter().partition(|e| keeps(JoinKind::Left) && within(&right_rels, e));
        let (on_left, on): (Vec<Expr>, Vec<Expr>) =
            on.into_iter().partition(|e| keeps(JoinKind::Right) && within(&left_rels, e));
        let left = self.side(from, &join.left, &[to_left, on_left].concat())?;
        let kind = match join.kind {
            JoinKind::Inner => JoinType::Inner,
            JoinKind::Left => JoinType::Left,
            JoinKind::Right => JoinType::Right,
            JoinKind::Full => JoinType::Full,
        };
        let side = Side { item: &join.right, conditions: [to_right, on_right].concat() };
        let joined = self.join_side(from, left, side, kind, on)?;
        self.filter(joined, &above)
    }

    /// One side of an outer join: any FROM item, with conditions on it.
    fn side(&mut self, from: &From<'_>, item: &FromItem, conditions: &[Expr]) -> Result<Built> {
        let mut units = Units { items: Vec::new(), conditions: conditions.to_vec() };
        flatten(from.query, item, &mut units);
        match units.items.len() {
            1 => Ok(self.single_unit(from, &units, &[])?.0),
            _ => self.join_units(from, units),
        }
    }

    fn join_units(&mut self, from: &From<'_>, units: Units<'_>) -> Result<Built> {
        let Units { items, conditions } = units;
        let mut pending: Vec<(Expr, Rels)> = Vec::new();
        let mut own: Vec<Vec<Expr>> = vec![Vec::new(); items.len()];
        for condition in conditions {
            let used = quals::rels(&condition);
            let unit = items.iter().position(|u| !used.is_empty() && used.is_subset(&u.rels));
            match unit {
                Some(n) if !quals::is_volatile(&condition) => own[n].push(condition),
                _ => pending.push((condition, used)),
            }
        }
        let mut waiting: Vec<Waiting<'_>> = Vec::new();
        for (unit, conditions) in items.into_iter().zip(own) {
            let rows = match unit.needs.is_empty() {
                true => self.estimate(from, unit.item, &conditions)?,
                false => 100.0,
            };
            waiting.push(Waiting { unit, conditions, rows });
        }
        let first = (0..waiting.len())
            .filter(|n| waiting[*n].unit.needs.is_empty())
            .min_by(|a, b| waiting[*a].rows.total_cmp(&waiting[*b].rows))
            .ok_or_else(|| PgError::internal("LATERAL items need each other"))?;
        let first = waiting.remove(first);
        let built = self.unit_with_links(from, first.unit.item, &first.conditions)?;
        let mut joined = Joined { built, rels: first.unit.rels };
        while !waiting.is_empty() {
            let next = choose(&joined, &waiting, &pending)?;
            let next = waiting.remove(next);
            let mut rels = joined.rels.clone();
            rels.extend(&next.unit.rels);
            let is_now = |p: &(Expr, Rels)| {
                p.1.is_subset(&rels) && quals::as_join_link(&p.0).is_none() && !p.1.is_empty()
            };
            let (now, later): (Vec<_>, Vec<_>) = pending.into_iter().partition(is_now);
            pending = later;
            let on = now.into_iter().map(|p| p.0).collect();
            let side = Side { item: next.unit.item, conditions: next.conditions };
            let built = self.join_side(from, joined.built, side, JoinType::Inner, on)?;
            joined = Joined { built, rels };
        }
        let rest: Vec<Expr> = pending.into_iter().map(|p| p.0).collect();
        self.filter(joined.built, &rest)
    }

    fn unit_with_links(
        &mut self,
        from: &From<'_>,
        item: &FromItem,
        conditions: &[Expr],
    ) -> Result<Built> {
        let (links, plain): (Vec<Expr>, Vec<Expr>) =
            conditions.iter().cloned().partition(|c| quals::as_join_link(c).is_some());
        let (built, _) = self.unit(from, item, &plain, &[])?;
        self.join_links(built, &links)
    }

    /// Rows of a unit, for the order of joins.
    fn estimate(&mut self, from: &From<'_>, item: &FromItem, conditions: &[Expr]) -> Result<f64> {
        let FromItem::Range(rel) = item else { return Ok(1000.0) };
        let RangeSource::Relation { oid } = from.query.range(*rel).source else {
            return Ok(200.0);
        };
        let catalog = self.catalog();
        let Some(relation) = catalog.relation(oid) else { return Ok(1000.0) };
        if crate::catalog::Catalog::is_system(oid) {
            return Ok(if conditions.is_empty() { 300.0 } else { 20.0 });
        }
        let rows = self.table_rows(relation);
        let factor: f64 = conditions
            .iter()
            .map(|c| match quals::as_comparison(c) {
                Some((Comparison::Eq, ..)) => 0.02,
                Some(_) => 0.33,
                None => 0.25,
            })
            .product();
        Ok((rows * factor).max(1.0))
    }

    /// Joins `left` with a FROM item.
    fn join_side(
        &mut self,
        from: &From<'_>,
        left: Built,
        side: Side<'_>,
        kind: JoinType,
        on: Vec<Expr>,
    ) -> Result<Built> {
        let left = match self.index_join(from, left, &side, kind, &on)? {
            Ok(joined) => return Ok(joined),
            Err(left) => left,
        };
        let lateral = !lateral_needs(from.query, side.item).is_empty();
        if lateral {
            self.level().layout = left.layout.clone();
            let layout = left.layout.clone();
            let (right, captures, _) = self.capturing(|planner| {
                planner.level().layout = layout.clone();
                let around = planner.level().lateral.replace(layout);
                let right = planner.unit_with_links(from, side.item, &[]);
                planner.level().lateral = around;
                right
            })?;
            let on = [on, side.conditions].concat();
            return self.nested_loop(left, right, kind, &on, captures);
        }
        let right = self.side(from, side.item, &side.conditions)?;
        self.join(left, right, kind, &on)
    }

    /// Joins by looking rows of the right relation up by key, where that is cheaper than reading it
    /// whole; else gives `left` back.
    fn index_join(
        &mut self,
        from: &From<'_>,
        left: Built,
        side: &Side<'_>,
        kind: JoinType,
        on: &[Expr],
    ) -> Result<std::result::Result<Built, Built>> {
        let FromItem::Range(rel) = side.item else { return Ok(Err(left)) };
        let RangeSource::Relation { oid } = from.query.range(*rel).source else {
            return Ok(Err(left));
        };
        let catalog = self.catalog();
        let Some(relation) = catalog.relation(oid) else { return Ok(Err(left)) };
        let system = crate::catalog::Catalog::is_system(oid);
        let usable = matches!(kind, JoinType::Inner | JoinType::Left) && !system;
        let has_links = side.conditions.iter().chain(on).any(quals::has_sub_link);
        if !usable || has_links || left.rows * 10.0 > self.table_rows(relation) {
            return Ok(Err(left));
        }
        let conditions = [side.conditions.clone(), on.to_vec()].concat();
        let empty = BTreeSet::new();
        let columns = from.needed.get(rel).unwrap_or(&empty);
        let access = Access {
            rel: *rel,
            relation,
            columns,
            conditions: &conditions,
            outer: Some(&left.layout),
            order: &[],
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
        let (mut left_keys, mut right_keys, mut rest) = (Vec::new(), Vec::new(), Vec::new());
        for condition in on {
            match self.join_key(condition, &left.layout, &right.layout)? {
                Some((l, r)) => {
                    left_keys.push(l);
                    right_keys.push(r);
                }
                None => rest.push(condition.clone()),
            }
        }
        if left_keys.is_empty() {
            return self.nested_loop(left, right, kind, on, Vec::new());
        }
        let both = Arc::new(left.layout.join(&right.layout));
        let conditions = Arc::new(self.compile_all(&rest, &both)?);
        let rows = match kind {
            JoinType::Inner => {
                left.rows * right.rows / left.base_rows.max(right.base_rows).max(1.0)
            }
            JoinType::Semi | JoinType::Anti => left.rows * 0.5,
            _ => left.rows.max(right.rows),
        };
        let semi = matches!(kind, JoinType::Semi | JoinType::Anti);
        let node: NodeRef = Arc::new(HashJoin {
            kind,
            left_width: left.layout.width(),
            right_width: right.layout.width(),
            left: left.node,
            right: right.node,
            left_keys: Arc::new(left_keys),
            right_keys: Arc::new(right_keys),
            conditions,
            null_aware,
        });
        let base_rows = left.base_rows.max(right.base_rows);
        let layout = if semi { left.layout } else { both };
        Ok(Built { node, layout, rows: rows.max(1.0), base_rows })
    }

    /// An equality between the two sides, as a key of each.
    fn join_key(
        &mut self,
        condition: &Expr,
        left: &Arc<Layout>,
        right: &Arc<Layout>,
    ) -> Result<Option<(KeyColumn, KeyColumn)>> {
        let Some((Comparison::Eq, a, b)) = quals::as_comparison(condition) else { return Ok(None) };
        if quals::is_volatile(condition) {
            return Ok(None);
        }
        let on = |e: &Expr, layout: &Layout| {
            let rels = quals::rels(e);
            !rels.is_empty() && rels.iter().all(|rel| layout.contains_rel(*rel))
        };
        let (l, r) = match (on(a, left) && on(b, right), on(b, left) && on(a, right)) {
            (true, _) => (a, b),
            (_, true) => (b, a),
            _ => return Ok(None),
        };
        let Some(key_type) = quals::key_type(l.type_oid(), r.type_oid()) else { return Ok(None) };
        let mut key = |e: &Expr, layout: &Arc<Layout>| -> Result<KeyColumn> {
            let program = self.compile(e, layout)?;
            let program = match key_type.cast(e.type_oid()) {
                Some(callee) => Program::call(callee, program),
                None => program,
            };
            Ok(KeyColumn::ascending(program, key_type.type_oid()))
        };
        Ok(Some((key(l, left)?, key(r, right)?)))
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
        let semi = matches!(kind, JoinType::Semi | JoinType::Anti);
        let rows = if semi { left.rows } else { left.rows * right.rows };
        let rows = if on.is_empty() { rows } else { rows * 0.3 };
        let base_rows = left.base_rows.max(right.base_rows);
        let node: NodeRef = Arc::new(NestedLoop {
            kind,
            left_width: left.layout.width(),
            right_width: right.layout.width(),
            left: left.node,
            right: right.node,
            conditions,
            correlated: !captures.is_empty(),
            captures: Arc::new(captures),
        });
        let layout = if semi { left.layout } else { both };
        Ok(Built { node, layout, rows: rows.max(1.0), base_rows })
    }
}

/// A condition that is false or NULL whatever the row.
fn is_never_true(condition: &Expr) -> bool {
    matches!(condition, Expr::Const(c) if c.value != crate::types::Datum::Bool(true))
}

/// The right side of a join to be made.
struct Side<'q> {
    item: &'q FromItem,
    /// On it alone.
    conditions: Vec<Expr>,
}

/// A unit not joined yet.
struct Waiting<'q> {
    unit: Unit<'q>,
    conditions: Vec<Expr>,
    rows: f64,
}

/// The unit to join next: one that a condition connects, else any, the smallest first.
fn choose(joined: &Joined, waiting: &[Waiting<'_>], pending: &[(Expr, Rels)]) -> Result<usize> {
    let connected = |w: &Waiting<'_>| {
        pending.iter().any(|(condition, used)| {
            let equality = matches!(quals::as_comparison(condition), Some((Comparison::Eq, ..)));
            equality
                && !used.is_disjoint(&joined.rels)
                && !used.is_disjoint(&w.unit.rels)
                && used.iter().all(|r| joined.rels.contains(r) || w.unit.rels.contains(r))
        })
    };
    (0..waiting.len())
        .filter(|n| waiting[*n].unit.needs.is_subset(&joined.rels))
        .min_by(|a, b| {
            let (a, b) = (&waiting[*a], &waiting[*b]);
            (!connected(a)).cmp(&!connected(b)).then(a.rows.total_cmp(&b.rows))
        })
        .ok_or_else(|| PgError::internal("LATERAL items need each other"))
}

/// Takes inner joins apart into units and conditions.
fn flatten<'q>(query: &Query, item: &'q FromItem, units: &mut Units<'q>) {
    match item {
        FromItem::Join(join) if join.kind == JoinKind::Inner => {
            flatten(query, &join.left, units);
            flatten(query, &join.right, units);
            join.on.iter().for_each(|on| quals::conjuncts(on, &mut units.conditions));
        }
        _ => {
            let (rels, needs) = (item_rels(item), lateral_needs(query, item));
            units.items.push(Unit { item, rels, needs });
        }
    }
}

fn item_rels(item: &FromItem) -> Rels {
    match item {
        FromItem::Range(rel) => Rels::from([*rel]),
        FromItem::Join(join) => {
            let mut rels = item_rels(&join.left);
            rels.extend(item_rels(&join.right));
            rels
        }
    }
}

/// Entries of the same query, outside the item, that its LATERAL parts refer to.
fn lateral_needs(query: &Query, item: &FromItem) -> Rels {
    let own = item_rels(item);
    let mut needs = Rels::new();
    let mut note = |e: &Expr, depth: u32| {
        if let Expr::Var(v) = e
            && v.level == depth
            && !own.contains(&v.rel)
            && v.rel != SUBLINK_RANGE
        {
            needs.insert(v.rel);
        }
    };
    for rel in &own {
        match &query.range(*rel).source {
            RangeSource::Subquery { query, .. } => walk::deep_query(query, 1, &mut note),
            RangeSource::Function { functions, .. } => {
                functions.iter().for_each(|f| walk::deep(&f.call, 0, &mut note));
            }
            RangeSource::Values { rows, .. } => {
                rows.iter().flatten().for_each(|e| walk::deep(e, 0, &mut note));
            }
            _ => {}
        }
    }
    needs
}

/// A layout of columns 1, 2, … with these types.
pub(super) fn numbered(rel: RangeIndex, types: &[crate::types::Oid]) -> Layout {
    let mut layout = Layout::relation(rel, types.len());
    let columns: Vec<_> = types.iter().copied().zip(1..).collect();
    layout.set_whole_row(rel, &columns);
    layout
}

/// A subquery's rows as columns of a range table entry.
pub(super) fn relabelled(below: Built, rel: RangeIndex, query: &Query) -> Built {
    let types: Vec<_> = query.output().map(|t| t.expr.type_oid()).collect();
    Built { layout: Arc::new(numbered(rel, &types)), ..below }
}

/// Moves conditions on a subquery's output into its WHERE, where that changes nothing: no limit,
/// windows, grouping or set operation sees other rows by it. Gives the changed query and the
/// conditions that stay outside.
fn push_into(
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
    walk::children_mut(&mut copy, &mut |child| *child = substituted(child, targets));
    copy
}

/// Columns of each range table entry that the query, or a subquery of it, refers to.
fn needed_columns(query: &Query) -> Needed {
    let mut needed = Needed::new();
    walk::deep_query(query, 0, &mut |e, depth| {
        if let Expr::Var(v) = e
            && v.level == depth
        {
            needed.entry(v.rel).or_default().insert(v.attno);
        }
    });
    for mark in &query.row_marks {
        needed.entry(mark.rel).or_default().extend([KEY_ATTNO, SEQ_ATTNO]);
    }
    let mut whole = Vec::new();
    for (rel, columns) in &mut needed {
        if columns.remove(&0) {
            whole.push(*rel);
        }
    }
    for rel in whole {
        let Some(entry) = query.range_table.get(rel as usize - 1) else { continue };
        let live = entry.columns.iter().zip(1..).filter(|(name, _)| !name.is_empty());
        needed.entry(rel).or_default().extend(live.map(|(_, attno)| attno));
    }
    needed
}

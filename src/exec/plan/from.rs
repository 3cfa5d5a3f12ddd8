//! FROM and WHERE: what each item of the range table reads.
//!
//! How items are joined is in [`super::units`] and [`super::join`]. EXISTS and IN become semijoins
//! and antijoins (see [`super::sub_link`]).

use super::access::{Access, WantedOrder};
use super::barrier::{self, Secured};
use super::cost;
use super::estimate::function_rows;
use super::inherit::has_family;
use super::planner::{Built, Planner};
use super::push_down::push_into;
use super::quals;
use super::units::Units;
use super::unused_outputs;
use super::walk;
use crate::catalog::Catalog;
use crate::error::{PgError, Result};
use crate::exec::Layout;
use crate::exec::expr::{Callee, Program};
use crate::exec::op::{Filter, FunctionScan, OneRow, OneTimeFilter, SetCall, Values};
use crate::exec::sql_function::SqlFunction;
use crate::exec::{KEY_ATTNO, SEQ_ATTNO};
use crate::nodes::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Columns needed of each range table entry.
pub(super) type Needed = BTreeMap<RangeIndex, BTreeSet<AttrNumber>>;

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
        let joined = self.join_memberships(query, order)?;
        let query = joined.as_ref().unwrap_or(query);
        if self.explained && joined.is_some() {
            self.level().query = Some(Arc::new(query.clone()));
        }
        let from = From { query, needed: needed_columns(query, &self.cx.catalog) };
        let mut conditions = Vec::new();
        query.from.filter.iter().for_each(|filter| quals::conjuncts(filter, &mut conditions));
        let never = conditions.iter().any(is_never_true);
        let mut units = Units::of(query, query.from.items.iter());
        let once: Vec<Expr> = conditions.extract_if(.., |c| quals::is_one_time(c)).collect();
        units.conditions.append(&mut conditions);
        let (built, ordered) = self.plan_units(&from, units, order)?;
        let mut built = self.one_time_filter(built, &once)?;
        if never {
            // The plan gave the layout; nothing of it needs to run.
            built = Built::new(Values { rows: Arc::default() }, built.layout, 0.0, cost::ROW);
        }
        Ok((built, ordered))
    }

    pub(super) fn plan_units(
        &mut self,
        from: &From<'_>,
        mut units: Units<'_>,
        order: &WantedOrder,
    ) -> Result<(Built, bool)> {
        let delayed = units.delay(from.query);
        if !delayed.is_empty() {
            let waiting = |c: &mut Expr| delayed.iter().any(|d| d.concerns(c));
            let mut waiting: Vec<Expr> = units.conditions.extract_if(.., waiting).collect();
            let (mut built, _) = self.plan_units(from, units, &[])?;
            for (n, next) in delayed.iter().enumerate() {
                built = self.delayed_join(from, built, next.join)?;
                let later = &delayed[n + 1..];
                let is_now = |c: &mut Expr| !later.iter().any(|d| d.concerns(c));
                let now: Vec<Expr> = waiting.extract_if(.., is_now).collect();
                built = self.filter(built, &now)?;
            }
            return Ok((built, false));
        }
        match units.items.len() {
            0 => {
                let built = Built::new(OneRow, Arc::new(Layout::default()), 1.0, cost::ROW);
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
        // What a join drops, a subquery need not be evaluated for.
        let (subqueries, plain): (Vec<Expr>, Vec<Expr>) = match links.is_empty() {
            true => (Vec::new(), plain),
            false => plain.into_iter().partition(quals::has_sub_link),
        };
        let (built, ordered) = self.unit(from, units.items[0].item, &plain, order)?;
        let joined = self.join_links(built, &links)?;
        Ok((self.filter(joined, &subqueries)?, ordered))
    }

    /// A unit with the conditions that are on it alone.
    pub(super) fn unit(
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
            let built = self.with_presence(from, rel, relabelled(below, rel, &query))?;
            return Ok((self.filter(built, conditions)?, false));
        }
        match &entry.source {
            RangeSource::Relation { oid } => {
                let catalog = self.catalog();
                let relation = catalog.relation(*oid);
                let relation = relation.ok_or_else(|| PgError::internal("no such relation"))?;
                let columns = from.needed.get(&rel).unwrap_or(&empty);
                let sampled = !matches!(from.query.from.items.as_slice(), [FromItem::Range(_)]);
                let secured = Secured::of(&entry.security, conditions, &catalog);
                let access = Access {
                    rel,
                    relation,
                    columns,
                    conditions: &secured.scanned,
                    outer: None,
                    order,
                    only: entry.only,
                    with_deleted: entry.with_deleted,
                    // The sample has rows that are not for everybody to see.
                    sampled: sampled && entry.security.is_empty(),
                };
                let found = self.access(&access)?;
                let built = self.filter(found.built, &secured.links)?;
                Ok((self.filter(built, &secured.leaky)?, found.ordered))
            }
            RangeSource::Subquery { query, view } => {
                let needed = from.needed.get(&rel);
                let removed = unused_outputs::removed(query, rel, needed, conditions);
                let query = removed.as_ref().unwrap_or(query);
                let catalog = self.catalog();
                let view = view.and_then(|oid| catalog.relation(oid));
                let (leaky, harmless) = match view.is_some_and(|view| view.is_security_barrier()) {
                    true => barrier::split(conditions, &catalog),
                    false => (Vec::new(), conditions.to_vec()),
                };
                let (pushed, kept) = push_into(query, rel, &harmless);
                let kept = [kept, leaky].concat();
                let below = self.plan_below(pushed.as_deref().unwrap_or(query))?;
                let built = self.with_presence(from, rel, relabelled(below, rel, query))?;
                Ok((self.filter(built, &kept)?, false))
            }
            RangeSource::Function { functions, ordinality } => {
                let built = self.function_scan(rel, functions, *ordinality)?;
                let built = self.with_presence(from, rel, built)?;
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
                let types: Vec<_> = types.iter().map(|t| t.0).collect();
                let layout = Arc::new(numbered(rel, &types));
                let built = Built::new(Values { rows }, layout, count, count * cost::ROW);
                let built = self.with_presence(from, rel, built)?;
                Ok((self.filter(built, conditions)?, false))
            }
            RangeSource::Cte { name, level, types, .. } => {
                let built = self.cte_reference(rel, name, *level, types)?;
                let built = self.with_presence(from, rel, built)?;
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
            match &mut call {
                SetCall::Function { callee, .. } => callee.columns = function.columns.clone(),
                SetCall::Sql { function: called, .. } => {
                    called.define(function.columns.iter().map(|c| c.1).collect());
                }
                SetCall::Value(_) => {}
            }
            calls.push((call, function.columns.len()));
        }
        if ordinality {
            types.push(crate::types::oids::INT8);
        }
        let scan = FunctionScan { calls: Arc::new(calls), ordinality };
        let layout = Arc::new(numbered(rel, &types));
        let rows = function_rows(functions);
        Ok(Built::new(scan, layout, rows, rows * cost::ROW))
    }

    /// An expression of FROM as something that gives rows.
    pub(super) fn set_call(&mut self, call: &Expr, layout: &Arc<Layout>) -> Result<SetCall> {
        if let Expr::Func(function) = call
            && (function.retset || function.type_oid == crate::types::oids::RECORD)
        {
            self.long = true;
            let types: Vec<crate::types::Oid> = function.args.iter().map(Expr::type_oid).collect();
            let catalog = self.catalog();
            if let Some(mut found) = SqlFunction::find(&catalog, function.func, types.clone()) {
                found.call_under(function.input_collation, &catalog)?;
                let args = self.compile_all(&function.args, layout)?;
                return Ok(SetCall::Sql { function: found, args });
            }
            let mut callee =
                Callee::of(function.func, catalog.proc(function.func), types, function.type_oid)?;
            callee.variadic = function.variadic;
            callee.work_under(function.input_collation, &catalog)?;
            return Ok(SetCall::Function {
                callee,
                args: self.compile_all(&function.args, layout)?,
            });
        }
        Ok(SetCall::Value(self.compile(call, layout)?))
    }

    /// Tests conditions that are the same for all rows.
    fn one_time_filter(&mut self, built: Built, conditions: &[Expr]) -> Result<Built> {
        if conditions.is_empty() {
            return Ok(built);
        }
        let programs = self.compile_all(conditions, &built.layout)?;
        let Built { node, layout, rows, cost } = built;
        let filter = OneTimeFilter { input: node, conditions: Arc::new(programs) };
        let note = self.condition_note("One-Time Filter", conditions);
        Ok(Built::new(filter, layout, rows, cost).noted(note))
    }

    /// Adds a filter where there are conditions.
    pub(super) fn filter(&mut self, built: Built, conditions: &[Expr]) -> Result<Built> {
        if conditions.is_empty() {
            return Ok(built);
        }
        let (links, plain): (Vec<Expr>, Vec<Expr>) =
            conditions.iter().cloned().partition(|c| quals::as_join_link(c).is_some());
        let programs = Arc::new(self.compile_all(&plain, &built.layout)?);
        let filtered = match plain.is_empty() {
            true => built,
            false => {
                let Built { node, layout, rows, cost } = built;
                let filter = Filter { input: node, conditions: programs };
                let note = self.condition_note("Filter", &plain);
                Built::new(filter, layout, rows * 0.3, cost).noted(note)
            }
        };
        self.join_links(filtered, &links)
    }
}

/// A condition that is false or NULL whatever the row.
fn is_never_true(condition: &Expr) -> bool {
    matches!(condition, Expr::Const(c) if c.value != crate::types::Datum::Bool(true))
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

/// Columns of each range table entry that the query, or a subquery of it, refers to.
fn needed_columns(query: &Query, catalog: &Catalog) -> Needed {
    let mut needed = Needed::new();
    walk::deep_query(query, 0, &mut |e, depth| {
        if let Expr::Var(v) = e
            && v.level == depth
        {
            needed.entry(v.rel).or_default().insert(v.attno);
        }
    });
    for mark in &query.row_marks {
        let needed = needed.entry(mark.rel).or_default();
        needed.extend([KEY_ATTNO, SEQ_ATTNO]);
        if has_family(query.range(mark.rel), catalog) {
            needed.insert(TABLE_OID_COLUMN);
        }
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

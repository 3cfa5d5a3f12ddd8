//! A SELECT, step by step in PostgreSQL's order: WITH, FROM and WHERE, GROUP BY, windows, the select
//! list's sets, DISTINCT, ORDER BY, LIMIT.
//!
//! Without DISTINCT the select list is computed after sorting: its volatile functions then run in the
//! result's order. Where it is more than columns it is computed for the rows that OFFSET skips, too, as it is
//! in PostgreSQL: a sequence goes on with them, and what fails for them fails.

use super::aggregate::target_of;
use super::cost;
use super::planner::{Built, Planner};
use super::quals::is_volatile;
use crate::catalog::{Catalog, builtin};
use crate::error::{PgError, Result};
use crate::exec::Layout;
use crate::exec::expr::Program;
use crate::exec::op::{
    Distinct, DistinctOn, KeyColumn, Limit, LockRows, NodeRef, Project, ProjectSet, SetCall, Sort,
    With,
};
use crate::nodes::*;
use crate::types::{Oid, oids};
use std::sync::Arc;

impl Planner {
    /// Plans a SELECT (or VALUES) in the level just pushed; its rows are the visible targets.
    pub(super) fn plan_select(&mut self, query: &Query) -> Result<Built> {
        if query.command != CommandType::Select {
            return Err(PgError::unsupported("a data-modifying statement in WITH"));
        }
        let stores = self.bind_ctes(query)?;
        let (rows, ordered) = match &query.set_operation {
            Some(tree) => (self.set_operation(query, tree)?, false),
            None => {
                let order = self.scan_order(query);
                self.plan_from(query, &order)?
            }
        };
        let grouped = self.group(query, rows)?;
        let windowed = self.windows(query, grouped)?;
        let sorts_by_volatile = query.order_by.iter().any(|item| {
            target_of(query, item.target_ref).is_ok_and(|target| is_volatile(&target.expr))
        });
        let built = match !query.distinct.is_empty() || sorts_by_volatile {
            true => self.finish_projected(query, windowed)?,
            false => {
                let with_sets = self.target_sets(query, windowed)?;
                self.finish(query, with_sets, ordered)?
            }
        };
        self.level().computed.clear();
        Ok(with(stores, built))
    }

    /// The order to ask of a single table's scan.
    fn scan_order(&self, query: &Query) -> Vec<(AttrNumber, bool, bool)> {
        let plain = !query.has_aggregates
            && query.group_by.is_empty()
            && query.grouping_sets.is_empty()
            && query.windows.is_empty()
            && query.distinct.is_empty()
            && !query.has_target_srfs;
        let [FromItem::Range(rel)] = query.from.items.as_slice() else { return Vec::new() };
        let column = |item: &SortGroup| match &target_of(query, item.target_ref).ok()?.expr {
            Expr::Var(v) if v.rel == *rel && v.level == 0 => {
                Some((v.attno, item.descending, item.nulls_first))
            }
            _ => None,
        };
        let columns: Option<Vec<_>> = query.order_by.iter().map(column).collect();
        if plain { columns.unwrap_or_default() } else { Vec::new() }
    }

    /// ORDER BY, row locks, then LIMIT and the select list.
    fn finish(&mut self, query: &Query, input: Built, ordered: bool) -> Result<Built> {
        let layout = input.layout.clone();
        let mut built = input;
        let keys: Vec<KeyColumn> = query
            .order_by
            .iter()
            .map(|item| self.sort_key(query, item, &layout))
            .collect::<Result<_>>()?;
        let keys = Arc::new(keys);
        if !keys.is_empty() && !ordered {
            built = self.sort(query, built, keys.clone())?;
        }
        built = self.lock_rows(query, built)?;
        let mut columns = self.compile_all(query.output().map(|t| &t.expr), &layout)?;
        if query.offset.is_none() || columns.iter().all(is_plain) {
            built = self.limit(query, built, keys)?;
            return Ok(self.giving(project(built, columns), query.output()));
        }
        if !query.with_ties {
            built = self.giving(project(built, columns), query.output());
            return self.limit(query, built, keys);
        }
        // WITH TIES needs beside them what rows are sorted by.
        let beside = keys.iter().zip(columns.len()..).map(|(key, at)| KeyColumn {
            value: Program::slot(at, key.value.type_oid()),
            ..key.clone()
        });
        let keys_beside = Arc::new(beside.collect());
        columns.extend(keys.iter().map(|key| key.value.clone()));
        built = self.limit(query, project(built, columns), keys_beside)?;
        let types = query.output().map(|t| self.stand_in(t.expr.type_oid()));
        let visible = types.enumerate().map(|(at, type_oid)| Program::slot(at, type_oid)).collect();
        Ok(self.giving(project(built, visible), query.output()))
    }

    /// The select list first: DISTINCT compares it, or its volatile functions' values are sorted by.
    fn finish_projected(&mut self, query: &Query, input: Built) -> Result<Built> {
        let input = self.target_sets(query, input)?;
        let layout = input.layout.clone();
        let columns = self.compile_all(query.targets.iter().map(|t| &t.expr), &layout)?;
        let mut built = self.giving(project(input, columns), query.targets.iter());
        let types: Vec<Oid> =
            query.targets.iter().map(|t| self.stand_in(t.expr.type_oid())).collect();
        let key = |item: &SortGroup| -> Result<KeyColumn> {
            let at = query.targets.iter().position(|t| t.sort_group_ref == item.target_ref);
            let at = at.ok_or_else(|| PgError::internal("a sort item names no target"))?;
            Ok(KeyColumn {
                value: Program::slot(at, types[at]),
                type_oid: self.sort_type(item, &query.targets[at].expr)?,
                descending: item.descending,
                nulls_first: item.nulls_first,
            })
        };
        let equal = |item: &SortGroup| -> Result<KeyColumn> {
            let at = query.targets.iter().position(|t| t.sort_group_ref == item.target_ref);
            let found = key(item)?;
            let type_oid = match at {
                Some(at) => self.equality_type(&query.targets[at].expr)?,
                None => found.type_oid,
            };
            Ok(KeyColumn { type_oid, ..found })
        };
        let order: Vec<KeyColumn> = query.order_by.iter().map(key).collect::<Result<_>>()?;
        let order = Arc::new(order);
        match (query.distinct.is_empty(), query.distinct_on) {
            (true, _) => {}
            (false, false) => {
                let keys: Vec<KeyColumn> =
                    query.distinct.iter().map(equal).collect::<Result<_>>()?;
                let cost = built.cost + built.rows * cost::AGGREGATE;
                let distinct = Distinct { input: built.node, keys: Arc::new(keys) };
                built = Built::new(distinct, built.layout, built.rows, cost);
            }
            (false, true) => {
                built = distinct_on(query, built, &key)?;
            }
        }
        if !order.is_empty() && !query.distinct_on {
            built = self.sort(query, built, order.clone())?;
        }
        built = self.limit(query, built, order)?;
        let visible = query.targets.iter().enumerate().filter(|(_, t)| !t.resjunk);
        let visible: Vec<Program> = visible.map(|(at, _)| Program::slot(at, types[at])).collect();
        match visible.len() == query.targets.len() {
            true => Ok(built),
            false => Ok(self.giving(project(built, visible), query.output())),
        }
    }

    fn sort(&mut self, query: &Query, built: Built, keys: Arc<Vec<KeyColumn>>) -> Result<Built> {
        let none = Arc::new(Layout::default());
        // Locking may skip rows, and DISTINCT ON is above the sort: no bound then.
        let bounded = !query.with_ties && query.row_marks.is_empty() && !query.distinct_on;
        let bound = match &query.limit {
            Some(limit) if bounded => {
                let limit = Arc::new(self.compile(limit, &none)?);
                let offset = query.offset.as_ref().map(|o| self.compile(o, &none)).transpose()?;
                Some((limit, offset.map(Arc::new)))
            }
            _ => None,
        };
        let Built { node, layout, rows, cost } = built;
        let sort = Sort { input: node, keys, bound };
        let note = self.sort_note(query, &query.order_by);
        Ok(Built::new(sort, layout, rows, cost + cost::sort(rows)).noted(note))
    }

    fn limit(&mut self, query: &Query, built: Built, keys: Arc<Vec<KeyColumn>>) -> Result<Built> {
        if query.limit.is_none() && query.offset.is_none() {
            return Ok(built);
        }
        let none = Arc::new(Layout::default());
        let limit = query.limit.as_ref().map(|e| self.compile(e, &none)).transpose()?;
        let offset = query.offset.as_ref().map(|e| self.compile(e, &none)).transpose()?;
        let rows = match limit.as_ref().and_then(Program::as_const) {
            Some(crate::types::Datum::Int8(n)) => built.rows.min(*n as f64),
            _ => built.rows,
        };
        let limit = Limit {
            input: built.node,
            limit: limit.map(Arc::new),
            offset: offset.map(Arc::new),
            ties: query.with_ties.then_some(keys),
        };
        Ok(Built::new(limit, built.layout, rows, built.cost))
    }

    fn lock_rows(&mut self, query: &Query, built: Built) -> Result<Built> {
        if query.row_marks.is_empty() {
            return Ok(built);
        }
        let lock = self.row_locks(query, &built)?;
        let Built { node, layout, rows, cost } = built;
        let locked = LockRows { input: node, locks: Arc::new(lock) };
        Ok(Built::new(locked, layout, rows, cost + rows * cost::SEARCH))
    }

    /// Runs the sets of a select list, innermost first; each becomes a column of the row.
    fn target_sets(&mut self, query: &Query, mut input: Built) -> Result<Built> {
        if !query.has_target_srfs {
            return Ok(input);
        }
        loop {
            let mut sets: Vec<Expr> = Vec::new();
            query.targets.iter().for_each(|t| innermost_sets(&t.expr, self, &mut sets));
            if sets.is_empty() {
                return Ok(input);
            }
            let layout = input.layout.clone();
            let rel = self.new_rel();
            let mut calls: Vec<(SetCall, Vec<Oid>)> = Vec::new();
            let mut extended = (*layout).clone();
            for (n, set) in (1..).zip(&sets) {
                let call = self.set_call(set, &layout)?;
                calls.push((call, row_types(set, &self.catalog())));
                let slot = extended.push(rel, n);
                self.level().computed.push((set.clone(), slot));
            }
            let rows = input.rows * 10.0;
            let cost = input.cost + rows * cost::ROW;
            let sets = ProjectSet { input: input.node, calls: Arc::new(calls) };
            input = Built::new(sets, Arc::new(extended), rows, cost);
        }
    }
}

/// Set-returning calls without further ones among their arguments, not computed yet.
fn innermost_sets(expr: &Expr, planner: &Planner, out: &mut Vec<Expr>) {
    use crate::exec::expr::Scope;
    if planner.computed(expr).is_some() || out.contains(expr) {
        return;
    }
    let before = out.len();
    let mut below = false;
    expr.for_each_child(&mut |child| {
        below |= contains_set(child, planner);
        innermost_sets(child, planner, out);
    });
    if matches!(expr, Expr::Func(call) if call.retset) && !below && out.len() == before {
        out.push(expr.clone());
    }
}

fn contains_set(expr: &Expr, planner: &Planner) -> bool {
    use crate::exec::expr::Scope;
    if planner.computed(expr).is_some() {
        return false;
    }
    let mut found = matches!(expr, Expr::Func(call) if call.retset);
    expr.for_each_child(&mut |child| found |= contains_set(child, planner));
    found
}

/// The columns' types of a function that returns rows: those of the row type it gives, or its OUT
/// columns.
fn row_types(call: &Expr, catalog: &Catalog) -> Vec<Oid> {
    let Expr::Func(call) = call else { return Vec::new() };
    if let Some(relation) = catalog.row_type_relation(call.type_oid) {
        return relation.live_columns().map(|column| column.type_oid).collect();
    }
    let Some(proc) = catalog.proc(call.func) else { return Vec::new() };
    let outs = proc.all_args.iter().flatten();
    outs.filter(|(_, mode)| !matches!(mode, builtin::ArgMode::In | builtin::ArgMode::Variadic))
        .map(|(type_oid, _)| match *type_oid {
            oids::ANYELEMENT => element(call, proc, catalog).unwrap_or(*type_oid),
            declared => declared,
        })
        .collect()
}

/// The element type of the array that a call is given as `anyarray`.
fn element(call: &FuncCall, proc: &builtin::Proc, catalog: &Catalog) -> Option<Oid> {
    let declared = proc.arg_types.iter().position(|declared| *declared == oids::ANYARRAY)?;
    catalog.element_of(call.args.get(declared)?.type_oid())
}

/// DISTINCT ON: the first of each group in ORDER BY's order, which begins with the group's columns.
fn distinct_on(
    query: &Query,
    built: Built,
    key: &dyn Fn(&SortGroup) -> Result<KeyColumn>,
) -> Result<Built> {
    let mut order: Vec<KeyColumn> = query.order_by.iter().map(key).collect::<Result<_>>()?;
    for item in &query.distinct {
        if !query.order_by.iter().any(|o| o.target_ref == item.target_ref) {
            order.push(key(item)?);
        }
    }
    let keys: Vec<KeyColumn> = query.distinct.iter().map(key).collect::<Result<_>>()?;
    let Built { node, layout, rows, cost } = built;
    let sort = Sort { input: node, keys: Arc::new(order), bound: None };
    let sorted = Built::new(sort, layout, rows, cost + cost::sort(rows));
    let first = DistinctOn { input: sorted.node, keys: Arc::new(keys) };
    Ok(Built::new(first, sorted.layout, rows, sorted.cost))
}

/// A column or a constant: computing it does nothing.
fn is_plain(column: &Program) -> bool {
    column.as_slot().is_some() || column.as_const().is_some()
}

fn project(built: Built, columns: Vec<Program>) -> Built {
    let width = columns.len();
    let identity = built.layout.width() == width
        && columns.iter().enumerate().all(|(n, c)| c.as_slot() == Some(n));
    let layout = Arc::new(Layout::relation(0, width));
    if identity {
        return Built { layout, ..built };
    }
    let project = Project { input: built.node, columns: Arc::new(columns) };
    Built::new(project, layout, built.rows, built.cost + built.rows * cost::ROW)
}

/// Starts WITH queries' stores around a plan.
pub(super) fn with(stores: Vec<(usize, NodeRef)>, body: Built) -> Built {
    if stores.is_empty() {
        return body;
    }
    let Built { node, layout, rows, cost } = body;
    let cost = cost + stores.iter().map(|(_, store)| store.estimate.cost).sum::<f64>();
    Built::new(With { queries: Arc::new(stores), body: node }, layout, rows, cost)
}

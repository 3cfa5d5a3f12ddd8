//! GROUP BY, aggregates, GROUPING, HAVING.
//!
//! After grouping a row holds the grouping columns and the aggregates' values; targets, HAVING and
//! ORDER BY are compiled over that row, the expressions it holds being found in
//! [`Level::computed`](super::planner::Level).

use super::cost;
use super::planner::{Built, Planner};
use super::quals;
use super::walk;
use crate::catalog::builtin;
use crate::error::{PgError, Result};
use crate::exec::Layout;
use crate::exec::expr::signature;
use crate::exec::op::{AggregateCall, AggregateNode, Filter, Grouping, KeyColumn, Maker};
use crate::exec::user_aggregate::UserAggregate;
use crate::functions;
use crate::nodes::*;
use crate::sql::bind::BindContext;
use crate::types::Oid;
use std::sync::Arc;

/// What has to be computed per group.
#[derive(Default)]
struct Wanted {
    aggregates: Vec<Aggregate>,
    groupings: Vec<Expr>,
    /// Columns that are neither grouped nor aggregated: they depend on a primary key that is.
    dependent: Vec<Var>,
}

impl Planner {
    /// Plans grouping over FROM's rows, if the query groups.
    pub(super) fn group(&mut self, query: &Query, input: Built) -> Result<Built> {
        let grouped = query.has_aggregates
            || !query.group_by.is_empty()
            || !query.grouping_sets.is_empty()
            || query.having.is_some();
        if !grouped {
            return Ok(input);
        }
        let keys: Vec<&TargetEntry> =
            query.group_by.iter().map(|g| target_of(query, g.target_ref)).collect::<Result<_>>()?;
        let key_exprs: Vec<Expr> = keys.iter().map(|t| t.expr.clone()).collect();
        let wanted = collect(query, &key_exprs);
        let layout = input.layout.clone();
        let mut key_columns = Vec::with_capacity(keys.len());
        for expr in &key_exprs {
            let value = self.compile(expr, &layout)?;
            key_columns.push(KeyColumn::ascending(value, self.equality_type(expr)?));
        }
        let sets = grouping_sets(query);
        let masks = wanted.groupings.iter().map(|g| masks(g, query, &sets)).collect();
        let dependent =
            wanted.dependent.iter().map(|v| self.compile(&Expr::Var(v.clone()), &layout));
        let dependent = dependent.collect::<Result<Vec<_>>>()?;
        let calls: Result<Vec<AggregateCall>> =
            wanted.aggregates.iter().map(|a| self.aggregate_call(a, &layout)).collect();
        let sets_count = sets.len() as f64;
        let groups = self.groups(&key_exprs, input.rows) * sets_count;
        let grouping = Grouping { keys: key_columns, sets, masks, dependent };
        let cost = input.cost + input.rows * cost::AGGREGATE * sets_count;
        let node = AggregateNode {
            input: input.node,
            grouping: Arc::new(grouping),
            calls: Arc::new(calls?),
        };
        let note = self.keys_note("Group Key", &key_exprs);
        let layout = self.grouped_layout(key_exprs, wanted);
        let built = Built::new(node, layout, groups, cost).noted(note);
        self.having(query, built)
    }

    /// Estimated groups of rows by these expressions.
    pub(super) fn groups(&mut self, keys: &[Expr], rows: f64) -> f64 {
        let all: f64 = keys.iter().map(|key| self.distinct_values(key, rows)).product();
        all.clamp(1.0, rows.max(1.0))
    }

    /// Declares what a grouped row holds.
    fn grouped_layout(&mut self, keys: Vec<Expr>, wanted: Wanted) -> Arc<Layout> {
        let rel = self.new_rel();
        let mut layout = Layout::default();
        let dependent = wanted.dependent.into_iter().map(Expr::Var);
        let aggregates = wanted.aggregates.into_iter().map(|a| Expr::Aggregate(Box::new(a)));
        let all = keys.into_iter().chain(dependent).chain(aggregates).chain(wanted.groupings);
        let mut computed = Vec::new();
        for (n, expr) in (1..).zip(all) {
            let slot = match &expr {
                Expr::Var(v) => layout.push(v.rel, v.attno),
                _ => layout.push(rel, n),
            };
            computed.push((expr, slot));
        }
        self.level().computed = computed;
        let layout = Arc::new(layout);
        self.level().layout = layout.clone();
        layout
    }

    fn having(&mut self, query: &Query, built: Built) -> Result<Built> {
        let Some(having) = &query.having else { return Ok(built) };
        let mut conditions = Vec::new();
        quals::conjuncts(having, &mut conditions);
        let conditions = Arc::new(self.compile_all(&conditions, &built.layout)?);
        let Built { node, layout, rows, cost } = built;
        Ok(Built::new(Filter { input: node, conditions }, layout, rows * 0.3, cost))
    }

    /// What makes an aggregate's states, and whether it skips NULLs.
    pub(super) fn implementation(
        &self,
        func: Oid,
        arg_types: &[Oid],
        result_type: Oid,
        collation: Oid,
    ) -> Result<(Maker, bool)> {
        let context = &self.cx;
        let catalog = &context.catalog;
        if let Some(info) = catalog.aggregate(func) {
            if !catalog.is_bytewise(collation) {
                let what = "a user's aggregate under a collation of ICU";
                return Err(PgError::unsupported(what));
            }
            let bind = BindContext { catalog, env: &*context.env };
            let found = UserAggregate::resolve(func, info, arg_types, result_type, &bind)?;
            let strict = found.is_strict();
            return Ok((Maker::User(Arc::new(found)), strict));
        }
        let signature = signature(func);
        let make = functions::aggregate(&signature)
            .ok_or_else(|| PgError::unsupported(format_args!("aggregate {signature}")))?;
        let transition = builtin::aggregate(func).map(|a| a.transition);
        let strict = transition.and_then(builtin::proc).is_some_and(|p| p.strict);
        Ok((Maker::BuiltIn(make), strict))
    }

    /// The types of an aggregate's arguments, as it compares them where that is what it does.
    pub(super) fn compared_types(
        &self,
        func: Oid,
        arg_types: &[Oid],
        collation: Oid,
    ) -> Result<Vec<Oid>> {
        let catalog = &self.cx.catalog;
        let compares = |name: &str| {
            matches!(
                name,
                "max" | "min" | "mode" | "rank" | "dense_rank" | "percent_rank" | "cume_dist"
            )
        };
        if catalog.is_bytewise(collation)
            || !builtin::proc(func).is_some_and(|proc| compares(&proc.name))
        {
            return Ok(arg_types.to_vec());
        }
        arg_types.iter().map(|type_oid| catalog.comparison_type(*type_oid, collation)).collect()
    }

    /// An aggregate's implementation and compiled arguments over rows of `layout`.
    pub(super) fn aggregate_call(
        &mut self,
        a: &Aggregate,
        layout: &Arc<Layout>,
    ) -> Result<AggregateCall> {
        let index_of = |target_ref: u32| {
            a.args
                .iter()
                .position(|t| t.sort_group_ref == target_ref)
                .ok_or_else(|| PgError::internal("an aggregate's ORDER BY names no argument"))
        };
        let mut order = Vec::new();
        for item in &a.order_by {
            let index = index_of(item.target_ref)?;
            let type_oid = self.sort_type(item, &a.args[index].expr)?;
            order.push((index, type_oid, item.descending, item.nulls_first));
        }
        let mut distinct = Vec::new();
        for item in &a.distinct {
            let index = index_of(item.target_ref)?;
            distinct.push((index, self.equality_type(&a.args[index].expr)?));
        }
        let (maker, strict) =
            self.implementation(a.func, &a.arg_types, a.type_oid, a.input_collation)?;
        let filter = a.filter.as_ref().map(|f| self.compile(f, layout)).transpose()?;
        Ok(AggregateCall {
            maker,
            func: a.func,
            arg_types: self.compared_types(a.func, &a.arg_types, a.input_collation)?,
            result_type: a.type_oid,
            output_type: self.stand_in(a.type_oid),
            strict,
            variadic: a.variadic,
            direct: self.compile_all(&a.direct_args, layout)?,
            args: self.compile_all(a.args.iter().map(|t| &t.expr), layout)?,
            arg_count: a.args.iter().filter(|t| !t.resjunk).count(),
            filter,
            distinct,
            order,
            hypothetical: a.kind == b'h',
        })
    }
}

pub(super) fn target_of(query: &Query, target_ref: u32) -> Result<&TargetEntry> {
    query
        .targets
        .iter()
        .find(|t| t.sort_group_ref == target_ref)
        .ok_or_else(|| PgError::internal("a sort or group item names no target"))
}

/// The sets as indexes into the group clause.
fn grouping_sets(query: &Query) -> Vec<Vec<usize>> {
    let index = |target_ref: &u32| query.group_by.iter().position(|g| g.target_ref == *target_ref);
    match query.grouping_sets.is_empty() {
        true => vec![(0..query.group_by.len()).collect()],
        false => query.grouping_sets.iter().map(|s| s.iter().filter_map(index).collect()).collect(),
    }
}

/// GROUPING's value in each set: a bit per argument, the last lowest, set where the argument is not
/// in the set.
fn masks(grouping: &Expr, query: &Query, sets: &[Vec<usize>]) -> Vec<i32> {
    let Expr::Grouping { group_refs, .. } = grouping else { return vec![0; sets.len()] };
    let index = |r: &u32| query.group_by.iter().position(|g| g.target_ref == *r);
    let bit = |set: &Vec<usize>, r: &u32| i32::from(index(r).is_none_or(|i| !set.contains(&i)));
    let mask = |set: &Vec<usize>| group_refs.iter().fold(0, |m, r| m << 1 | bit(set, r));
    sets.iter().map(mask).collect()
}

/// What the targets and HAVING need of a group.
fn collect(query: &Query, keys: &[Expr]) -> Wanted {
    let mut wanted = Wanted::default();
    let targets = query.targets.iter().map(|t| &t.expr);
    for expr in targets.chain(&query.having) {
        collect_from(expr, 0, keys, &mut wanted);
    }
    wanted
}

/// `depth`: how many queries down the expression is; the aggregates of this query have that level.
fn collect_from(expr: &Expr, depth: u32, keys: &[Expr], wanted: &mut Wanted) {
    if keys.contains(expr) && depth == 0 {
        return;
    }
    match expr {
        Expr::Aggregate(a) if a.level == depth => {
            if let Expr::Aggregate(raised) = walk::raise(expr, depth)
                && !wanted.aggregates.contains(&raised)
            {
                wanted.aggregates.push(*raised);
            }
            return;
        }
        Expr::Grouping { level, .. } if *level == depth => {
            let raised = walk::raise(expr, depth);
            if !wanted.groupings.contains(&raised) {
                wanted.groupings.push(raised);
            }
            return;
        }
        Expr::Var(v) if v.level == depth && v.rel != SUBLINK_RANGE => {
            let mut var = v.clone();
            var.level = 0;
            let grouped = keys.contains(&Expr::Var(var.clone()));
            if !grouped && !wanted.dependent.contains(&var) {
                wanted.dependent.push(var);
            }
            return;
        }
        _ => {}
    }
    expr.for_each_child(&mut |child| collect_from(child, depth, keys, wanted));
    if let Expr::SubLink(link) = expr {
        collect_from_query(&link.query, depth + 1, keys, wanted);
    }
}

fn collect_from_query(query: &Query, depth: u32, keys: &[Expr], wanted: &mut Wanted) {
    query.for_each_expr(&mut |e| collect_from(e, depth, keys, wanted));
    query.for_each_subquery(&mut |sub| collect_from_query(sub, depth + 1, keys, wanted));
}

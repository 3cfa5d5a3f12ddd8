//! Window functions: one operator per window clause that is used.

use super::aggregate::target_of;
use super::cost;
use super::planner::{Built, Planner};
use crate::catalog::builtin;
use crate::error::{PgError, Result};
use crate::exec::Layout;
use crate::exec::expr::{Callee, Program};
use crate::exec::op::{
    AggregateCall, Bound, Frame, KeyColumn, RangeSupport, WindowCall, WindowKind, WindowNode,
};
use crate::nodes::*;
use crate::types::{Oid, oids};
use std::sync::Arc;

impl Planner {
    /// Plans the query's window functions over its (grouped) rows.
    pub(super) fn windows(&mut self, query: &Query, mut input: Built) -> Result<Built> {
        let mut all: Vec<WindowFunc> = Vec::new();
        for target in &query.targets {
            collect(&target.expr, &mut all);
        }
        for (n, clause) in (0u32..).zip(&query.windows) {
            let calls: Vec<WindowFunc> = all.iter().filter(|w| w.window == n).cloned().collect();
            if !calls.is_empty() {
                input = self.window(query, clause, calls, input)?;
            }
        }
        Ok(input)
    }

    fn window(
        &mut self,
        query: &Query,
        clause: &WindowClause,
        calls: Vec<WindowFunc>,
        input: Built,
    ) -> Result<Built> {
        let layout = input.layout.clone();
        let partition = self.window_keys(query, &clause.partition_by, &layout)?;
        let order = self.window_keys(query, &clause.order_by, &layout)?;
        let frame = Arc::new(self.frame(query, clause, &layout)?);
        let compiled: Result<Vec<WindowCall>> =
            calls.iter().map(|call| self.window_call(call, &layout)).collect();
        let node = WindowNode {
            input: input.node,
            partition: Arc::new(partition),
            order: Arc::new(order),
            frame,
            calls: Arc::new(compiled?),
        };
        let mut extended = (*layout).clone();
        let rel = self.new_rel();
        for (n, call) in (1..).zip(calls) {
            let slot = extended.push(rel, n);
            self.level().computed.push((Expr::Window(Box::new(call)), slot));
        }
        let cost = input.cost + cost::sort(input.rows) + input.rows * cost::AGGREGATE;
        Ok(Built::new(node, Arc::new(extended), input.rows, cost))
    }

    fn window_keys(
        &mut self,
        query: &Query,
        items: &[SortGroup],
        layout: &Arc<Layout>,
    ) -> Result<Vec<KeyColumn>> {
        items.iter().map(|item| self.sort_key(query, item, layout)).collect()
    }

    /// A sort item over rows from which its target can be computed.
    pub(super) fn sort_key(
        &mut self,
        query: &Query,
        item: &SortGroup,
        layout: &Arc<Layout>,
    ) -> Result<KeyColumn> {
        let target = target_of(query, item.target_ref)?;
        Ok(KeyColumn {
            value: self.compile(&target.expr, layout)?,
            type_oid: self.sort_type(item, &target.expr)?,
            descending: item.descending,
            nulls_first: item.nulls_first,
        })
    }

    fn frame(
        &mut self,
        query: &Query,
        clause: &WindowClause,
        layout: &Arc<Layout>,
    ) -> Result<Frame> {
        let range = match (clause.in_range, clause.order_by.first()) {
            (Some(func), Some(item)) => {
                let target = target_of(query, item.target_ref)?;
                let offset = [&clause.start, &clause.end].into_iter().find_map(|b| match b {
                    FrameBound::Preceding(e) | FrameBound::Following(e) => Some(e.type_oid()),
                    _ => None,
                });
                let column = target.expr.type_oid();
                let types = vec![column, column, offset.unwrap_or(column), oids::BOOL, oids::BOOL];
                Some(RangeSupport {
                    column: self.compile(&target.expr, layout)?,
                    in_range: Callee::resolve(func, types, oids::BOOL)?,
                    descending: item.descending,
                    nulls_first: item.nulls_first,
                })
            }
            _ => None,
        };
        Ok(Frame {
            mode: clause.mode,
            start: self.bound(&clause.start)?,
            end: self.bound(&clause.end)?,
            exclusion: clause.exclusion,
            range,
        })
    }

    fn bound(&mut self, bound: &FrameBound) -> Result<Bound> {
        let none = Arc::new(Layout::default());
        Ok(match bound {
            FrameBound::UnboundedPreceding => Bound::UnboundedPreceding,
            FrameBound::Preceding(offset) => Bound::Preceding(self.compile(offset, &none)?),
            FrameBound::CurrentRow => Bound::CurrentRow,
            FrameBound::Following(offset) => Bound::Following(self.compile(offset, &none)?),
            FrameBound::UnboundedFollowing => Bound::UnboundedFollowing,
        })
    }

    fn window_call(&mut self, call: &WindowFunc, layout: &Arc<Layout>) -> Result<WindowCall> {
        let args = self.compile_all(&call.args, layout)?;
        if !call.is_aggregate {
            return Ok(WindowCall::Function { kind: kind(call)?, args });
        }
        let arg_types: Vec<Oid> = call.args.iter().map(Expr::type_oid).collect();
        let (maker, strict) =
            self.implementation(call.func, &arg_types, call.type_oid, call.input_collation)?;
        let filter: Option<Program> =
            call.filter.as_ref().map(|f| self.compile(f, layout)).transpose()?;
        Ok(WindowCall::Aggregate(Box::new(AggregateCall {
            maker,
            func: call.func,
            arg_types: self.compared_types(call.func, &arg_types, call.input_collation)?,
            result_type: call.type_oid,
            output_type: self.stand_in(call.type_oid),
            strict,
            variadic: false,
            direct: Vec::new(),
            arg_count: args.len(),
            args,
            filter,
            distinct: Vec::new(),
            order: Vec::new(),
            hypothetical: false,
        })))
    }
}

fn kind(call: &WindowFunc) -> Result<WindowKind> {
    let name = builtin::proc(call.func).map_or("", |p| &*p.name);
    Ok(match name {
        "row_number" => WindowKind::RowNumber,
        "rank" => WindowKind::Rank,
        "dense_rank" => WindowKind::DenseRank,
        "percent_rank" => WindowKind::PercentRank,
        "cume_dist" => WindowKind::CumeDist,
        "ntile" => WindowKind::Ntile,
        "lag" => WindowKind::Lag,
        "lead" => WindowKind::Lead,
        "first_value" => WindowKind::FirstValue,
        "last_value" => WindowKind::LastValue,
        "nth_value" => WindowKind::NthValue,
        other => return Err(PgError::unsupported(format_args!("window function {other}"))),
    })
}

fn collect(expr: &Expr, out: &mut Vec<WindowFunc>) {
    if let Expr::Window(call) = expr {
        if !out.contains(call) {
            out.push((**call).clone());
        }
        return;
    }
    expr.for_each_child(&mut |child| collect(child, out));
}

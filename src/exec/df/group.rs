//! GROUP BY as DataFusion's operators: aggregate each partition, exchange by group, merge.
//!
//! Groups are told apart by Arrow's equality where it is PostgreSQL's, else by the bytes of
//! [`types::key`](crate::types::key); the value to show is then that of any row of the group.
//!
//! Aggregates with DISTINCT are aggregates over the groups of their argument: where all have the same
//! argument, rows are first grouped by it too, and what remains is a plain aggregate.

use super::Lowered;
use super::aggregate::{self, Kind, is_mergeable, is_sum, native};
use super::columns::{Columns, Needed};
use super::common::computed_once;
use super::expr::{Typed, is_equal_as_arrow, key, only_if, value, with_scale};
use super::lowering::Lowering;
use super::runtime::partitions;
use crate::exec::expr::Program;
use crate::exec::op::{AggregateCall, Grouping, KeyColumn};
use crate::types::arrow::ColumnType;
use crate::types::collation::is_collated;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::AggregateUDF;
use datafusion::physical_expr::aggregate::{AggregateExprBuilder, AggregateFunctionExpr};
use datafusion::physical_expr::expressions::{Column, Literal};
use datafusion::physical_expr::{Partitioning, PhysicalExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode, PhysicalGroupBy};
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use std::sync::Arc;

/// What is aggregated, in the order of the output.
struct Plan {
    input: Lowered,
    /// What tells groups apart.
    keys: Vec<Arc<dyn PhysicalExpr>>,
    aggregates: Vec<Call>,
    filters: Vec<Option<Arc<dyn PhysicalExpr>>>,
    /// Where each column of the output is: a key or an aggregate.
    output: Vec<(Place, ColumnType)>,
}

/// An aggregate to be computed.
struct Call {
    function: Arc<AggregateUDF>,
    args: Vec<Arc<dyn PhysicalExpr>>,
    name: String,
}

#[derive(Clone, Copy)]
enum Place {
    Key(usize),
    Aggregate(usize),
}

/// Which columns of its input a grouping reads; `None`: the row operator does it.
pub(in crate::exec) fn grouping_reads(
    grouping: &Grouping,
    calls: &[AggregateCall],
    width: usize,
) -> Option<Needed> {
    let mut needed = Needed::none(width);
    grouping.keys.iter().try_for_each(|column| needed.read(&column.value))?;
    grouping.dependent.iter().try_for_each(|column| needed.read(column))?;
    let args = calls.iter().flat_map(|call| call.args.iter().chain(&call.filter));
    args.into_iter().try_for_each(|arg| needed.read(arg))?;
    Some(needed)
}

/// Lowers a grouping over lowered rows; `None`: the row operator does it.
pub(in crate::exec) fn grouped(
    input: Lowered,
    grouping: &Grouping,
    calls: &Arc<Vec<AggregateCall>>,
    cx: &Lowering<'_>,
) -> Option<Lowered> {
    let one_set = grouping.sets.len() == 1 && grouping.sets[0].len() == grouping.keys.len();
    (one_set && grouping.masks.is_empty()).then_some(())?;
    let (input, distinct) = match distinct_argument(calls) {
        Some(argument) if grouping.dependent.is_empty() => {
            (distinct_rows(input, grouping, argument, cx)?, true)
        }
        _ => (input, false),
    };
    let mut plan = Plan {
        input,
        keys: Vec::new(),
        aggregates: Vec::new(),
        filters: Vec::new(),
        output: Vec::new(),
    };
    match distinct {
        // The rows are the keys, then the argument.
        true => {
            for (slot, column) in grouping.keys.iter().enumerate() {
                let value = Program::slot(slot, column.type_oid);
                plan.key(&KeyColumn { value, ..column.clone() }, cx)?;
            }
            let argument = calls.first()?.args.first()?;
            let argument = Program::slot(grouping.keys.len(), argument.type_oid());
            for n in 0..calls.len() {
                plan.call(calls, n, std::slice::from_ref(&argument), None, cx)?;
            }
        }
        false => {
            grouping.keys.iter().try_for_each(|column| plan.key(column, cx))?;
            for column in &grouping.dependent {
                let argument = plan.value(column, cx)?;
                plan.any(argument, cx)?;
            }
            for (n, call) in calls.iter().enumerate() {
                call.distinct.is_empty().then_some(())?;
                plan.call(calls, n, &call.args, call.filter.as_ref(), cx)?;
            }
        }
    }
    plan.finish(cx)
}

/// The one argument of calls that are all of the DISTINCT values of it.
fn distinct_argument(calls: &[AggregateCall]) -> Option<&Program> {
    let argument = calls.first()?.args.first()?;
    let same = |call: &AggregateCall| {
        let slot = call.args.first().and_then(Program::as_slot);
        !call.distinct.is_empty()
            && !call.distinct.iter().any(|(_, type_oid)| is_collated(*type_oid))
            && call.args.len() == 1
            && call.filter.is_none()
            && (calls.len() == 1 || slot.is_some() && slot == argument.as_slot())
    };
    calls.iter().all(same).then_some(argument)
}

/// The distinct combinations of a grouping's keys and an argument.
fn distinct_rows(
    input: Lowered,
    grouping: &Grouping,
    argument: &Program,
    cx: &Lowering<'_>,
) -> Option<Lowered> {
    let mut keys = grouping.keys.clone();
    keys.push(KeyColumn::ascending(argument.clone(), argument.type_oid()));
    let sets = vec![(0..keys.len()).collect()];
    let grouping = Grouping { keys, sets, masks: Vec::new(), dependent: Vec::new() };
    cx.below_breaker(|| grouped(input, &grouping, &Arc::default(), cx))
}

/// Lowers DISTINCT over all columns of lowered rows.
pub(in crate::exec) fn distinct(
    input: Lowered,
    keys: &[KeyColumn],
    cx: &Lowering<'_>,
) -> Option<Lowered> {
    let of_slot = |slot| keys.iter().find(|key| key.value.as_slot() == Some(slot)).cloned();
    let keys: Vec<KeyColumn> = (0..input.columns.width()).map(of_slot).collect::<Option<_>>()?;
    // Without columns there would be no groups to tell apart.
    (!keys.is_empty()).then_some(())?;
    let sets = vec![(0..keys.len()).collect()];
    let grouping = Grouping { keys, sets, masks: Vec::new(), dependent: Vec::new() };
    grouped(input, &grouping, &Arc::default(), cx)
}

impl Plan {
    /// An expression over the input, which is read to its end before a group is given.
    fn value(&self, program: &Program, cx: &Lowering<'_>) -> Option<Typed> {
        cx.below_breaker(|| value(program, &self.input.columns, cx))
    }

    fn key(&mut self, column: &KeyColumn, cx: &Lowering<'_>) -> Option<()> {
        let argument = self.value(&column.value, cx)?;
        if is_equal_as_arrow(argument.ty) && !is_collated(column.type_oid) {
            self.output.push((Place::Key(self.keys.len()), argument.ty));
            self.keys.push(argument.expr);
            return Some(());
        }
        self.keys.push(key(std::slice::from_ref(column), false, &self.input.columns, cx)?);
        self.any(argument, cx)
    }

    /// The value of any row of the group.
    fn any(&mut self, argument: Typed, cx: &Lowering<'_>) -> Option<()> {
        let kind = Kind::Any(argument.ty);
        self.rows(kind, vec![argument.expr], None, cx)
    }

    /// A call of the plan's, over these arguments.
    fn call(
        &mut self,
        calls: &Arc<Vec<AggregateCall>>,
        n: usize,
        args: &[Program],
        filter: Option<&Program>,
        cx: &Lowering<'_>,
    ) -> Option<()> {
        let call = &calls[n];
        (!call.arg_types.iter().any(|type_oid| is_collated(*type_oid))).then_some(())?;
        let filter = match filter {
            Some(filter) => Some(self.value(filter, cx)?),
            None => None,
        };
        let mut args = self.arguments(call, args, cx)?;
        if let Some(filter) = &filter {
            // DataFusion evaluates arguments on all rows.
            let guarded = |arg: Typed| match arg.fallible {
                true => only_if(filter, arg),
                false => Some(arg),
            };
            args = args.into_iter().map(guarded).collect::<Option<_>>()?;
        }
        let filter = filter.map(|filter| filter.expr);
        if let Some(found) = native(call, &args, self.aggregates.len(), cx) {
            let args = args.into_iter().map(|arg| arg.expr).collect();
            return self.add(found.function, found.result, args, filter, cx.name());
        }
        is_mergeable(call, &cx.state()).then_some(())?;
        let types = args.iter().map(|arg| arg.ty).collect();
        let args = args.into_iter().map(|arg| arg.expr).collect();
        self.rows(Kind::Call(calls.clone(), n, types), args, filter, cx)
    }

    /// A call's arguments. Of a sum of numerics whose scale depends on the row, there are two.
    fn arguments(
        &self,
        call: &AggregateCall,
        args: &[Program],
        cx: &Lowering<'_>,
    ) -> Option<Vec<Typed>> {
        if let ([arg], true) = (args, is_sum(call))
            && let Some(pair) = cx.below_breaker(|| with_scale(arg, &self.input.columns, cx))
        {
            return Some(pair.into());
        }
        args.iter().map(|arg| self.value(arg, cx)).collect()
    }

    /// An aggregate on the row operators' states.
    fn rows(
        &mut self,
        kind: Kind,
        args: Vec<Arc<dyn PhysicalExpr>>,
        filter: Option<Arc<dyn PhysicalExpr>>,
        cx: &Lowering<'_>,
    ) -> Option<()> {
        let result = kind.result_type();
        let function = aggregate::udf(kind, self.aggregates.len(), cx.bindings());
        self.add(function, result, args, filter, cx.name())
    }

    /// Names of the keys: a column keeps its own, so that filters find it below.
    fn names(&self, cx: &Lowering<'_>) -> Vec<String> {
        let mut names: Vec<String> = Vec::with_capacity(self.keys.len());
        for key in &self.keys {
            let own = key.downcast_ref::<Column>().map(|column| column.name().to_owned());
            names.push(own.filter(|name| !names.contains(name)).unwrap_or_else(|| cx.name()));
        }
        names
    }

    fn add(
        &mut self,
        function: Arc<AggregateUDF>,
        result: ColumnType,
        mut args: Vec<Arc<dyn PhysicalExpr>>,
        filter: Option<Arc<dyn PhysicalExpr>>,
        name: String,
    ) -> Option<()> {
        // DataFusion wants an argument; count(*) does not look at it.
        if args.is_empty() {
            args.push(Arc::new(Literal::new(ScalarValue::Boolean(Some(true)))));
        }
        self.output.push((Place::Aggregate(self.aggregates.len()), result));
        self.aggregates.push(Call { function, args, name });
        self.filters.push(filter);
        Some(())
    }

    fn finish(mut self, cx: &Lowering<'_>) -> Option<Lowered> {
        // Rows without columns would have no length everywhere.
        (!self.output.is_empty()).then_some(())?;
        let names = self.names(cx);
        let args = self.aggregates.iter_mut().flat_map(|call| &mut call.args);
        let exprs = self.keys.iter_mut().chain(args).chain(self.filters.iter_mut().flatten());
        let input = computed_once(self.input.plan, exprs, cx).ok()?;
        let group_by = |keys: Vec<Arc<dyn PhysicalExpr>>| {
            PhysicalGroupBy::new_single(keys.into_iter().zip(names.clone()).collect())
        };
        let input_schema = input.schema();
        let aggregate = |call: Call| -> Option<Arc<AggregateFunctionExpr>> {
            let builder = AggregateExprBuilder::new(call.function, call.args);
            builder.schema(input_schema.clone()).alias(call.name).build().ok().map(Arc::new)
        };
        let aggregates: Vec<_> =
            self.aggregates.into_iter().map(aggregate).collect::<Option<_>>()?;
        let width = self.keys.len();
        let partial = AggregateExec::try_new(
            AggregateMode::Partial,
            group_by(self.keys),
            aggregates.clone(),
            self.filters.clone(),
            input,
            input_schema.clone(),
        );
        let partial: Arc<dyn ExecutionPlan> = Arc::new(partial.ok()?);
        let keys: Vec<Arc<dyn PhysicalExpr>> =
            (0..width).map(|n| Arc::new(Column::new(&names[n], n)) as _).collect();
        let (mode, exchanged): (_, Arc<dyn ExecutionPlan>) = match width {
            0 => (AggregateMode::Final, Arc::new(CoalescePartitionsExec::new(partial))),
            _ => {
                let by_group = Partitioning::Hash(keys.clone(), partitions());
                let exchange = RepartitionExec::try_new(partial, by_group).ok()?;
                (AggregateMode::FinalPartitioned, Arc::new(exchange))
            }
        };
        let filters = vec![None; self.filters.len()];
        let merged = AggregateExec::try_new(
            mode,
            group_by(keys),
            aggregates,
            filters,
            exchanged,
            input_schema,
        );
        let merged = merged.ok()?;
        let schema = merged.schema();
        let columns = self.output.iter().map(|(place, _)| {
            let at = match place {
                Place::Key(at) => *at,
                Place::Aggregate(at) => width + at,
            };
            let column = Column::new(schema.field(at).name(), at);
            (Arc::new(column) as Arc<dyn PhysicalExpr>, cx.name())
        });
        let plan = ProjectionExec::try_new(columns, Arc::new(merged)).ok()?;
        let types: Vec<ColumnType> = self.output.iter().map(|(_, ty)| *ty).collect();
        let columns = Columns::in_order(&types, plan.schema());
        Some(Lowered { plan: Arc::new(plan), columns })
    }
}

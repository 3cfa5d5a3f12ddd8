//! GROUP BY as DataFusion's operators: aggregate each partition, exchange by group, merge.

use super::aggregate::{Aggregate, Kind, is_mergeable};
use super::expr::{Lowering, key, value};
use super::runtime::partitions;
use super::{Lowered, schema};
use crate::exec::op::{AggregateCall, Grouping, KeyColumn};
use crate::types::{Oid, oids};
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
    types: Arc<Vec<Oid>>,
    input: Arc<dyn ExecutionPlan>,
    /// What tells groups apart.
    keys: Vec<Arc<dyn PhysicalExpr>>,
    aggregates: Vec<Arc<AggregateFunctionExpr>>,
    filters: Vec<Option<Arc<dyn PhysicalExpr>>>,
    /// Where each column of the output is: a key or an aggregate.
    output: Vec<(Place, Oid)>,
}

#[derive(Clone, Copy)]
enum Place {
    Key(usize),
    Aggregate(usize),
}

/// Lowers a grouping over lowered rows; `None`: the row operator does it.
pub(in crate::exec) fn grouped(
    input: Lowered,
    grouping: &Grouping,
    calls: &Arc<Vec<AggregateCall>>,
    cx: &Lowering,
) -> Option<Lowered> {
    let state = cx.state();
    let one_set = grouping.sets.len() == 1 && grouping.sets[0].len() == grouping.keys.len();
    if !one_set || !grouping.masks.is_empty() || !calls.iter().all(|c| is_mergeable(c, &state)) {
        return None;
    }
    let mut plan = Plan {
        types: Arc::new(input.types),
        input: input.plan,
        keys: Vec::new(),
        aggregates: Vec::new(),
        filters: Vec::new(),
        output: Vec::new(),
    };
    grouping.keys.iter().try_for_each(|column| plan.key(column, cx))?;
    for column in &grouping.dependent {
        let argument = value(column, &plan.types, cx)?;
        plan.aggregate(Kind::Any(column.type_oid()), vec![argument], None, cx)?;
    }
    for (n, call) in calls.iter().enumerate() {
        let args = call.args.iter().map(|arg| value(arg, &plan.types, cx));
        let filter = match &call.filter {
            Some(filter) => Some(value(filter, &plan.types, cx)?),
            None => None,
        };
        plan.aggregate(Kind::Call(calls.clone(), n), args.collect::<Option<_>>()?, filter, cx)?;
    }
    plan.finish()
}

/// Lowers DISTINCT over all columns of lowered rows.
pub(in crate::exec) fn distinct(
    input: Lowered,
    keys: &[KeyColumn],
    cx: &Lowering,
) -> Option<Lowered> {
    let of_slot = |slot| keys.iter().find(|key| key.value.as_slot() == Some(slot)).cloned();
    let keys: Vec<KeyColumn> = (0..input.types.len()).map(of_slot).collect::<Option<_>>()?;
    // Without columns there would be no groups to tell apart.
    (!keys.is_empty()).then_some(())?;
    let sets = vec![(0..keys.len()).collect()];
    let grouping = Grouping { keys, sets, masks: Vec::new(), dependent: Vec::new() };
    grouped(input, &grouping, &Arc::default(), cx)
}

impl Plan {
    fn key(&mut self, column: &KeyColumn, cx: &Lowering) -> Option<()> {
        let argument = value(&column.value, &self.types, cx)?;
        if compares_as_arrow(column.type_oid) {
            self.output.push((Place::Key(self.keys.len()), column.type_oid));
            self.keys.push(argument);
            return Some(());
        }
        self.keys.push(key(std::slice::from_ref(column), false, &self.types, cx)?);
        self.aggregate(Kind::Any(column.type_oid), vec![argument], None, cx)
    }

    fn aggregate(
        &mut self,
        kind: Kind,
        mut args: Vec<Arc<dyn PhysicalExpr>>,
        filter: Option<Arc<dyn PhysicalExpr>>,
        cx: &Lowering,
    ) -> Option<()> {
        // DataFusion wants an argument; count(*) does not look at it.
        if args.is_empty() {
            args.push(Arc::new(Literal::new(ScalarValue::Boolean(Some(true)))));
        }
        let number = self.aggregates.len();
        self.output.push((Place::Aggregate(number), kind.result_type()));
        let function = AggregateUDF::from(Aggregate::new(kind, number, cx.bindings()));
        let expression = AggregateExprBuilder::new(Arc::new(function), args)
            .schema(self.input.schema())
            .alias(format!("a{number}"))
            .build();
        self.aggregates.push(Arc::new(expression.ok()?));
        self.filters.push(filter);
        Some(())
    }

    fn finish(self) -> Option<Lowered> {
        let names = |keys: Vec<Arc<dyn PhysicalExpr>>| {
            let named = keys.into_iter().enumerate().map(|(n, key)| (key, format!("k{n}")));
            PhysicalGroupBy::new_single(named.collect())
        };
        let input_schema = self.input.schema();
        let width = self.keys.len();
        let partial = AggregateExec::try_new(
            AggregateMode::Partial,
            names(self.keys),
            self.aggregates.clone(),
            self.filters.clone(),
            self.input,
            input_schema.clone(),
        );
        let partial: Arc<dyn ExecutionPlan> = Arc::new(partial.ok()?);
        let keys: Vec<Arc<dyn PhysicalExpr>> =
            (0..width).map(|n| Arc::new(Column::new(&format!("k{n}"), n)) as _).collect();
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
            names(keys),
            self.aggregates,
            filters,
            exchanged,
            input_schema,
        );
        let columns = self.output.iter().enumerate().map(|(n, (place, _))| {
            let (name, at) = match place {
                Place::Key(at) => (format!("k{at}"), *at),
                Place::Aggregate(at) => (format!("a{at}"), width + at),
            };
            (Arc::new(Column::new(&name, at)) as Arc<dyn PhysicalExpr>, format!("c{n}"))
        });
        let plan = ProjectionExec::try_new(columns, Arc::new(merged.ok()?)).ok()?;
        let types: Vec<Oid> = self.output.iter().map(|(_, type_oid)| *type_oid).collect();
        debug_assert_eq!(plan.schema().fields().len(), schema(&types).fields().len());
        Some(Lowered { plan: Arc::new(plan), types })
    }
}

/// Types whose values are equal exactly where Arrow's are.
fn compares_as_arrow(type_oid: Oid) -> bool {
    matches!(
        type_oid,
        oids::BOOL
            | oids::CHAR
            | oids::INT2
            | oids::INT4
            | oids::INT8
            | oids::OID
            | oids::TEXT
            | oids::VARCHAR
            | oids::NAME
            | oids::BYTEA
            | oids::UUID
            | oids::DATE
            | oids::TIME
            | oids::TIMESTAMP
            | oids::TIMESTAMPTZ
    )
}

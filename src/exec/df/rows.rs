//! Rows of a row operator as batches: the way in for small inputs that only rows can give.
//!
//! A plan is lowered to its end before anything of it runs. What a row operator must give is then
//! read, on the session's thread ([`RowsExec::fill`]), before the plan starts.

use super::Lowered;
use super::columns::Columns;
use super::lowering::Lowering;
use crate::error::{PgError, Result};
use crate::exec::ExecState;
use crate::exec::op::{NodeRef, row_bytes};
use crate::types::arrow::{Builder, ColumnType, travels};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result as DfResult;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
    ReplaceChildrenOptions,
};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// A node that costs more is not read before the plan starts.
const COST_MAX: f64 = 25_000.0;

/// The rows of one node.
pub(super) struct RowsExec {
    node: NodeRef,
    types: Vec<ColumnType>,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
    rows: OnceLock<RecordBatch>,
}

/// Lowers a small node that only row operators do.
pub(in crate::exec) fn gathered(node: &NodeRef, cx: &Lowering<'_>) -> Option<Lowered> {
    (node.estimate.cost <= COST_MAX).then_some(())?;
    let types = node.operator().column_types()?;
    let carried = !types.is_empty() && types.iter().all(|oid| travels(*oid));
    (carried && types.len() == node.estimate.columns).then_some(())?;
    let types: Vec<ColumnType> = types.into_iter().map(ColumnType::from).collect();
    let schema = cx.schema(&types);
    let properties = Arc::new(PlanProperties::new(
        EquivalenceProperties::new(schema.clone()),
        Partitioning::UnknownPartitioning(1),
        EmissionType::Incremental,
        Boundedness::Bounded,
    ));
    let columns = Columns::in_order(&types, schema.clone());
    let node = node.clone();
    let rows = Arc::new(RowsExec { node, types, schema, properties, rows: OnceLock::new() });
    cx.gather(rows.clone());
    Some(Lowered { plan: rows, columns })
}

impl RowsExec {
    /// Reads the rows.
    pub fn fill(&self, state: &ExecState) -> Result<()> {
        let mut builders: Vec<Builder> = self.types.iter().map(|ty| Builder::new(*ty, 0)).collect();
        let mut running = state.wanting(false, || self.node.open_rows(state));
        while let Some(row) = running.next(state)? {
            state.charge(row_bytes(&row))?;
            row.iter().zip(&mut builders).for_each(|(value, builder)| builder.append(value));
        }
        let columns = builders.iter_mut().map(Builder::finish).collect();
        let batch = RecordBatch::try_new(self.schema.clone(), columns)
            .map_err(|error| PgError::internal(error.to_string()))?;
        // It is filled once: nobody else has it before the plan starts.
        let _ = self.rows.set(batch);
        Ok(())
    }
}

impl ExecutionPlan for RowsExec {
    fn name(&self) -> &str {
        "RowsExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> DfResult<TreeNodeRecursion>,
    ) -> DfResult<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> DfResult<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> DfResult<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(
        &self,
        _partition: usize,
        _context: Arc<TaskContext>,
    ) -> DfResult<SendableRecordBatchStream> {
        let rows = self.rows.get().cloned().into_iter().map(Ok);
        let stream = futures::stream::iter(rows);
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), stream)))
    }
}

impl DisplayAs for RowsExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RowsExec")
    }
}

impl fmt::Debug for RowsExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RowsExec")
    }
}

//! The operator of a scan of segments, and the conditions that are moved into it.

use super::column::Column;
use super::filter::is_dynamic;
use super::read::Reader;
use super::units::{self, Spared, Unit};
use crate::error::PgError;
use crate::exec::CancelToken;
use crate::exec::df::runtime::{external, partitions, pg_error};
use crate::storage::cold::ColdPart;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::utils::conjunction;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::filter_pushdown::{
    ChildPushdownResult, FilterPushdownPhase, FilterPushdownPropagation, PushedDown,
};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
    ReplaceChildrenOptions,
};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// What partitions share.
pub(super) struct Scan {
    pub columns: Vec<Column>,
    /// Of all columns, and of the first ones, which are given; the others are for conditions.
    pub schema: SchemaRef,
    pub given: SchemaRef,
    pub parts: Arc<Vec<ColdPart>>,
    pub filters: Vec<Arc<dyn PhysicalExpr>>,
    pub cancel: CancelToken,
    pub spared: Arc<Spared>,
    units: OnceLock<std::result::Result<Vec<Unit>, PgError>>,
}

impl Scan {
    /// What is to be read; the first partition that asks finds it out.
    pub fn units(&self) -> Result<&[Unit]> {
        let units = self.units.get_or_init(|| {
            let known = self.filters.iter().filter(|expr| !is_dynamic(expr)).cloned();
            let known: Vec<_> = known.collect();
            let condition = (!known.is_empty()).then(|| conjunction(known));
            let (parts, columns, schema) = (&self.parts, &self.columns, &self.schema);
            units::units(parts, columns, schema, condition, &self.spared).map_err(pg_error)
        });
        units.as_deref().map_err(|error| external(error.clone()))
    }
}

/// Reads segments.
pub(in crate::exec::df) struct ColdExec {
    scan: Arc<Scan>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl ColdExec {
    /// Gives the first columns, in batches of `given`; `schema` is of all.
    pub(super) fn new(
        columns: Vec<Column>,
        schema: SchemaRef,
        given: SchemaRef,
        parts: Vec<ColdPart>,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        cancel: CancelToken,
    ) -> ColdExec {
        let partitioning =
            Partitioning::UnknownPartitioning(units::count(&parts).clamp(1, partitions()));
        let properties = PlanProperties::new(
            EquivalenceProperties::new(given.clone()),
            partitioning,
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        let scan = Scan {
            columns,
            schema,
            given,
            parts: Arc::new(parts),
            filters,
            cancel,
            spared: Arc::default(),
            units: OnceLock::new(),
        };
        ColdExec {
            scan: Arc::new(scan),
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }

    /// The same with more conditions.
    fn with_filters(&self, more: impl Iterator<Item = Arc<dyn PhysicalExpr>>) -> ColdExec {
        let scan = &self.scan;
        let scan = Scan {
            columns: scan.columns.clone(),
            schema: scan.schema.clone(),
            given: scan.given.clone(),
            parts: scan.parts.clone(),
            filters: scan.filters.iter().cloned().chain(more).collect(),
            cancel: scan.cancel.clone(),
            spared: scan.spared.clone(),
            units: OnceLock::new(),
        };
        ColdExec {
            scan: Arc::new(scan),
            properties: self.properties.clone(),
            metrics: self.metrics.clone(),
        }
    }

    pub(super) fn spared(&self) -> &Spared {
        &self.scan.spared
    }
}

impl ExecutionPlan for ColdExec {
    fn name(&self) -> &str {
        "ColdExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        let mut recursion = TreeNodeRecursion::Continue;
        for filter in &self.scan.filters {
            recursion = recursion.visit_sibling(|| f(filter))?;
        }
        Ok(recursion)
    }

    fn replace_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(
        &self,
        partition: usize,
        _context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let step = self.properties.partitioning.partition_count();
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let reader = Reader::new(self.scan.clone(), partition, step, metrics)?;
        let stream = futures::stream::iter(reader);
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.scan.given.clone(), stream)))
    }

    /// Takes all conditions: those that come are of columns, and cannot fail.
    fn handle_child_pushdown_result(
        &self,
        _phase: FilterPushdownPhase,
        child_pushdown_result: ChildPushdownResult,
        _config: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        let filters = child_pushdown_result.parent_filters;
        let taken = vec![PushedDown::Yes; filters.len()];
        let propagation = FilterPushdownPropagation::with_parent_pushdown_result(taken);
        if filters.is_empty() {
            return Ok(propagation);
        }
        let scan = self.with_filters(filters.into_iter().map(|pushed| pushed.filter));
        Ok(propagation.with_updated_node(Arc::new(scan)))
    }
}

impl DisplayAs for ColdExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ColdExec: {} segments", self.scan.parts.len())
    }
}

impl fmt::Debug for ColdExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ColdExec({} segments)", self.scan.parts.len())
    }
}

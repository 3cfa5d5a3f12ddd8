//! A table's rows as Arrow batches, decoded in parallel key ranges.

use super::columns::Columns;
use super::lowering::Lowering;
use super::runtime::{BATCH_ROWS, external, partitions};
use crate::error::{PgError, Result};
use crate::exec::CancelToken;
use crate::exec::scan::{ByteRange, ScanColumn, Source};
use crate::storage::{Direction, KeyRange, ReadView, Scan, Space, Txn, keys};
use crate::types::arrow::{self, ColumnType};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
    ReplaceChildrenOptions,
};
use std::fmt;
use std::sync::Arc;

/// Reads key ranges of one table.
pub(in crate::exec) struct ScanExec {
    source: Arc<Source>,
    types: Vec<ColumnType>,
    view: ReadView,
    cancel: CancelToken,
    txn: Arc<Txn>,
    /// The statement's time, by which rows of stream tables are too old.
    now_us: i64,
    /// One partition each.
    ranges: Vec<KeyRange>,
    /// The cold rows are somebody else's.
    hot_only: bool,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
    /// What EXPLAIN ANALYZE shows.
    metrics: ExecutionPlanMetricsSet,
}

impl ScanExec {
    pub fn new(
        source: &Arc<Source>,
        ranges: Vec<ByteRange>,
        hot_only: bool,
        cx: &Lowering<'_>,
    ) -> Result<(ScanExec, Columns)> {
        let types: Vec<ColumnType> =
            source.columns.iter().map(|c| column_type(*c, source)).collect();
        if types.iter().any(|ty| !arrow::travels(ty.oid)) {
            return Err(PgError::unsupported("a column of a user-defined type in batches"));
        }
        let mut parts = Vec::new();
        for range in ranges {
            let range = KeyRange { start: range.start.into(), end: range.end.map(Into::into) };
            parts.extend(cx.view.split(Space::Rows, &range, partitions())?);
        }
        let schema = cx.schema(&types);
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema.clone()),
            Partitioning::UnknownPartitioning(parts.len().max(1)),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        let exec = ScanExec {
            source: source.clone(),
            types: types.clone(),
            view: cx.view.clone(),
            cancel: cx.cancel(),
            txn: cx.state().cx.txn.clone(),
            now_us: cx.state().env().statement_time(),
            ranges: parts,
            hot_only,
            schema,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        };
        let columns = Columns::in_order(&types, exec.schema.clone());
        Ok((exec, columns))
    }
}

fn column_type(column: ScanColumn, source: &Source) -> ColumnType {
    use crate::types::oids;
    let type_oid = match column {
        ScanColumn::Stored(index) => {
            let typmod = source.schema.relation.columns[index].typmod;
            return ColumnType::stored(source.schema.stored_types[index], typmod);
        }
        ScanColumn::Key => oids::BYTEA,
        ScanColumn::Seq | ScanColumn::CommitSeq => oids::INT8,
        ScanColumn::Updated => oids::TIMESTAMPTZ,
        ScanColumn::Deleted => oids::BOOL,
        ScanColumn::TableOid(_) | ScanColumn::Xid | ScanColumn::NoXid => oids::OID,
    };
    type_oid.into()
}

/// One partition being read.
struct Reader {
    source: Arc<Source>,
    types: Vec<ColumnType>,
    schema: SchemaRef,
    cancel: CancelToken,
    /// Whose own rows are among those read.
    txn: Arc<Txn>,
    now_us: i64,
    scan: Option<Scan>,
    metrics: BaselineMetrics,
}

impl Reader {
    /// The next batch; an empty one at the end.
    fn batch(&mut self) -> Result<RecordBatch> {
        self.cancel.check()?;
        let mut builders: Vec<arrow::Builder> =
            self.types.iter().map(|t| arrow::Builder::new(*t, BATCH_ROWS)).collect();
        let mut rows = 0;
        if let Some(scan) = &mut self.scan {
            while rows < BATCH_ROWS {
                let Some((key, value)) = scan.next()? else { break };
                let schema = &self.source.schema;
                let stored = schema.layout.row(value)?;
                if schema.ttl_us.is_some() && !schema.is_live(&stored, self.now_us) {
                    continue;
                }
                for (column, builder) in self.source.columns.iter().zip(&mut builders) {
                    if let ScanColumn::Stored(at) = column
                        && let Some(bytes) = stored.stored_bytes(*at)
                        && builder.append_stored_text(&bytes)
                    {
                        continue;
                    }
                    builder.append(&column.of(&stored, keys::suffix(key), &self.txn));
                }
                rows += 1;
            }
        }
        let columns = builders.iter_mut().map(arrow::Builder::finish).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)
            .map_err(|e| PgError::internal(e.to_string()))
    }
}

impl Iterator for Reader {
    type Item = datafusion::error::Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let compute = self.metrics.elapsed_compute().clone();
        let timer = compute.timer();
        let batch = self.batch();
        timer.done();
        match batch {
            Ok(batch) if batch.num_rows() == 0 => None,
            Ok(batch) => {
                self.metrics.record_output(batch.num_rows());
                Some(Ok(batch))
            }
            Err(error) => {
                self.scan = None;
                Some(Err(external(error)))
            }
        }
    }
}

impl ExecutionPlan for ScanExec {
    fn name(&self) -> &str {
        "ScanExec"
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
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> datafusion::error::Result<TreeNodeRecursion>,
    ) -> datafusion::error::Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> datafusion::error::Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> datafusion::error::Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(
        &self,
        partition: usize,
        _context: Arc<TaskContext>,
    ) -> datafusion::error::Result<SendableRecordBatchStream> {
        let range = self.ranges.get(partition).cloned();
        let scan = range.map(|range| match self.hot_only {
            true => self.view.scan_hot(range),
            false => self.view.scan(Space::Rows, range, Direction::Forward),
        });
        let reader = Reader {
            source: self.source.clone(),
            types: self.types.clone(),
            schema: self.schema.clone(),
            cancel: self.cancel.clone(),
            txn: self.txn.clone(),
            now_us: self.now_us,
            scan,
            metrics: BaselineMetrics::new(&self.metrics, partition),
        };
        let stream = futures::stream::iter(reader);
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), stream)))
    }
}

impl DisplayAs for ScanExec {
    fn fmt_as(&self, _t: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScanExec: {}", self.source.schema.relation.name)
    }
}

impl fmt::Debug for ScanExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScanExec({})", self.source.schema.relation.name)
    }
}

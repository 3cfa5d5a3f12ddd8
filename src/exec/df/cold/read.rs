//! One partition of a scan, being read.
//!
//! Unit by unit: blocks are ruled out by what dynamic filters know by then; conditions are evaluated on
//! the columns they read; what is left of the other columns is decoded and given. No column is decoded
//! for a block that has no row left.

use super::column::{Column, InSegment};
use super::exec::Scan;
use super::filter::{Filter, is_dynamic};
use super::statistics::{Of, Statistics};
use super::units::{Unit, pruning};
use crate::exec::df::runtime::{BATCH_ROWS, external};
use crate::storage::cold::Caching;
use datafusion::arrow::array::{ArrayRef, BooleanArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::compute::BatchCoalescer;
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::utils::conjunction;
use datafusion::physical_expr_common::physical_expr::snapshot_generation;
use datafusion::physical_optimizer::pruning::PruningPredicate;
use datafusion::physical_plan::metrics::BaselineMetrics;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Rows from which a batch is given as it is, instead of being copied together with others.
const BATCH_ROWS_ENOUGH: usize = BATCH_ROWS / 4;

pub(super) struct Reader {
    scan: Arc<Scan>,
    /// The next of the scan's units, and how many partitions take them in turn.
    next: usize,
    step: usize,
    filters: Vec<Filter>,
    /// What is known only while the plan runs.
    dynamic: Option<Dynamic>,
    /// The columns in the part that is being read.
    current: Option<(usize, Vec<InSegment>)>,
    ready: BatchCoalescer,
    ended: bool,
    metrics: BaselineMetrics,
}

/// The dynamic filters together, and what of them statistics can answer.
struct Dynamic {
    condition: Arc<dyn PhysicalExpr>,
    generation: u64,
    pruning: Option<PruningPredicate>,
}

/// Columns of the blocks of a unit, as far as they have been read: by field, then by block.
type Read = HashMap<usize, Vec<Option<ArrayRef>>>;

/// A block with rows left: its place in the unit, and which rows (`None`: all).
struct Left {
    at: usize,
    rows: Option<BooleanBuffer>,
}

impl Reader {
    pub fn new(
        scan: Arc<Scan>,
        partition: usize,
        step: usize,
        metrics: BaselineMetrics,
    ) -> Result<Reader> {
        let filter = |expr| Filter::new(expr, &scan.schema);
        let filters = scan.filters.iter().map(filter).collect::<Result<Vec<_>>>()?;
        let dynamic: Vec<_> =
            scan.filters.iter().filter(|expr| is_dynamic(expr)).cloned().collect();
        let dynamic = (!dynamic.is_empty()).then(|| Dynamic {
            condition: conjunction(dynamic),
            generation: 0,
            pruning: None,
        });
        let ready = BatchCoalescer::new(scan.given.clone(), BATCH_ROWS)
            .with_biggest_coalesce_batch_size(Some(BATCH_ROWS_ENOUGH));
        Ok(Reader {
            scan,
            next: partition,
            step,
            filters,
            dynamic,
            current: None,
            ready,
            ended: false,
            metrics,
        })
    }

    fn batch(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.ready.next_completed_batch() {
                return Ok(Some(batch));
            }
            if self.ended {
                return Ok(None);
            }
            self.scan.cancel.check().map_err(external)?;
            let scan = self.scan.clone();
            match scan.units()?.get(self.next) {
                Some(unit) => {
                    self.next += self.step;
                    self.unit(unit)?;
                }
                None => {
                    self.ready.finish_buffered_batch()?;
                    self.ended = true;
                }
            }
        }
    }

    fn unit(&mut self, unit: &Unit) -> Result<()> {
        let scan = self.scan.clone();
        let part = &scan.parts[unit.part];
        let columns = match self.current.take() {
            Some((number, columns)) if number == unit.part => columns,
            _ => Column::all_in_segment(&scan.columns, &part.segment)?,
        };
        let mut left = Vec::with_capacity(unit.blocks.len());
        for (at, block) in unit.blocks.iter().enumerate() {
            left.push(Left { at, rows: part.live(part.segment.rows_of(*block)) });
        }
        self.rule_out(unit, &columns, &mut left)?;
        let mut read = Read::new();
        let rows = |at: usize| part.segment.rows_of(unit.blocks[at]).len();
        for filter in &mut self.filters {
            if left.is_empty() || !filter.is_of_use() {
                continue;
            }
            scan.read(unit, &columns, &filter.columns, &left, &mut read)?;
            for block in &mut left {
                let arrays = arrays(&columns, &filter.columns, &read, block.at, rows(block.at))?;
                block.rows = filter.matching(arrays, rows(block.at), block.rows.as_ref())?;
            }
            left.retain(|block| block.rows.as_ref().is_none_or(|rows| rows.has_true()));
        }
        let given: Vec<usize> = (0..scan.given.fields().len()).collect();
        scan.read(unit, &columns, &given, &left, &mut read)?;
        for block in left {
            let arrays = arrays(&columns, &given, &read, block.at, rows(block.at))?;
            let options = RecordBatchOptions::new().with_row_count(Some(rows(block.at)));
            let batch = RecordBatch::try_new_with_options(scan.given.clone(), arrays, &options)?;
            match block.rows {
                Some(rows) => {
                    let rows = BooleanArray::new(rows, None);
                    self.ready.push_batch_with_filter(batch, &rows)?;
                }
                None => self.ready.push_batch(batch)?,
            }
        }
        self.current = Some((unit.part, columns));
        Ok(())
    }

    /// Leaves out blocks by what dynamic filters know by now.
    fn rule_out(&mut self, unit: &Unit, columns: &[InSegment], left: &mut Vec<Left>) -> Result<()> {
        let Some(dynamic) = &mut self.dynamic else { return Ok(()) };
        let generation = snapshot_generation(&dynamic.condition);
        if generation != dynamic.generation {
            dynamic.generation = generation;
            dynamic.pruning = pruning(dynamic.condition.clone(), &self.scan.schema);
        }
        let Some(pruning) = &dynamic.pruning else { return Ok(()) };
        let segment = &self.scan.parts[unit.part].segment;
        let (schema, of) = (&self.scan.schema, Of::Blocks(unit.row_group));
        let may_match = pruning.prune(&Statistics { segment, columns, schema, of })?;
        let (first, before) = (segment.blocks_of(unit.row_group).start, left.len());
        left.retain(|block| may_match[(unit.blocks[block.at] - first) as usize]);
        let spared = &self.scan.spared.blocks_meanwhile;
        spared.fetch_add(before - left.len(), Ordering::Relaxed);
        Ok(())
    }
}

impl Scan {
    /// Reads what is not there yet of some columns, for the blocks that are left.
    fn read(
        &self,
        unit: &Unit,
        columns: &[InSegment],
        wanted: &[usize],
        left: &[Left],
        read: &mut Read,
    ) -> Result<()> {
        let of_segment = wanted.iter().filter_map(|at| columns[*at].field());
        let mut fields: Vec<usize> = of_segment.filter(|field| !read.contains_key(field)).collect();
        fields.sort_unstable();
        fields.dedup();
        if fields.is_empty() || left.is_empty() {
            return Ok(());
        }
        let blocks: Vec<u32> = left.iter().map(|block| unit.blocks[block.at]).collect();
        let segment = &self.parts[unit.part].segment;
        let decoded = segment.decode(&fields, &blocks, Caching::Keep).map_err(external)?;
        for (field, arrays) in fields.into_iter().zip(decoded) {
            let mut of_field = vec![None; unit.blocks.len()];
            for (block, array) in left.iter().zip(arrays) {
                of_field[block.at] = Some(array);
            }
            read.insert(field, of_field);
        }
        Ok(())
    }
}

/// Some columns of a block that has been read.
fn arrays(
    columns: &[InSegment],
    wanted: &[usize],
    read: &Read,
    block: usize,
    rows: usize,
) -> Result<Vec<ArrayRef>> {
    let array = |at: &usize| {
        let of_field = columns[*at].field().and_then(|field| read.get(&field)?[block].as_ref());
        columns[*at].values(of_field, rows)
    };
    wanted.iter().map(array).collect()
}

impl Iterator for Reader {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Result<RecordBatch>> {
        let compute = self.metrics.elapsed_compute().clone();
        let timer = compute.timer();
        let batch = self.batch().transpose();
        timer.done();
        match &batch {
            Some(Ok(batch)) => {
                self.metrics.record_output(batch.num_rows());
            }
            Some(Err(_)) => self.ended = true,
            None => {}
        }
        batch
    }
}

//! What a scan reads at all: blocks of segments that may have a row for it.
//!
//! Conditions that are known when the scan starts rule out row groups by their statistics, then by
//! their bloom filters, and blocks by the page index. The rest is cut into units, which partitions take
//! in turn.

use super::column::{Column, InSegment};
use super::statistics::{Of, Statistics};
use crate::exec::df::expr::as_lists;
use crate::storage::cold::{BLOCK_ROWS, ColdPart};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::error::Result;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::pruning::{PruningPredicate, PruningPredicateBuilder};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Blocks that are read together.
const UNIT_BLOCKS: usize = 8;

/// Blocks of one row group of one part.
pub(super) struct Unit {
    pub part: usize,
    pub row_group: usize,
    pub blocks: Vec<u32>,
}

/// What a scan did not have to read.
#[derive(Debug, Default)]
pub(super) struct Spared {
    pub row_groups: AtomicUsize,
    pub by_statistics: AtomicUsize,
    pub by_bloom_filter: AtomicUsize,
    pub blocks: AtomicUsize,
    pub blocks_meanwhile: AtomicUsize,
}

/// A condition on what statistics tell; `None`: they tell nothing about it.
pub(super) fn pruning(
    condition: Arc<dyn PhysicalExpr>,
    schema: &SchemaRef,
) -> Option<PruningPredicate> {
    let condition = as_lists(condition).ok()?;
    let builder = PruningPredicateBuilder::new().with_file_schema(schema.clone());
    builder.try_build(condition).ok().filter(|predicate| !predicate.always_true())
}

/// The units of a scan, in the order of its parts.
pub(super) fn units(
    parts: &[ColdPart],
    columns: &[Column],
    schema: &SchemaRef,
    condition: Option<Arc<dyn PhysicalExpr>>,
    spared: &Spared,
) -> Result<Vec<Unit>> {
    let condition = condition.and_then(|condition| pruning(condition, schema));
    let mut units = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let columns = Column::all_in_segment(columns, &part.segment)?;
        let pruner = condition.as_ref().map(|condition| Pruner {
            condition,
            columns: &columns,
            schema,
            part,
        });
        for (row_group, blocks) in row_groups(part, pruner.as_ref(), spared)? {
            units.extend(blocks.chunks(UNIT_BLOCKS).map(|blocks| Unit {
                part: number,
                row_group,
                blocks: blocks.to_vec(),
            }));
        }
    }
    Ok(units)
}

/// How many units there are where nothing is ruled out.
pub(super) fn count(parts: &[ColdPart]) -> usize {
    let blocks = |part: &ColdPart| part.segment.file.rows.div_ceil(BLOCK_ROWS);
    parts.iter().map(|part| (blocks(part) as usize).div_ceil(UNIT_BLOCKS)).sum()
}

/// Asks one part's statistics.
struct Pruner<'a> {
    condition: &'a PruningPredicate,
    columns: &'a [InSegment],
    schema: &'a SchemaRef,
    part: &'a ColdPart,
}

impl Pruner<'_> {
    fn may_match(&self, of: Of) -> Result<Vec<bool>> {
        let segment = &self.part.segment;
        let (columns, schema) = (self.columns, self.schema);
        self.condition.prune(&Statistics { segment, columns, schema, of })
    }
}

/// The row groups of a part that may have rows for the scan, and their blocks that do.
fn row_groups(
    part: &ColdPart,
    pruner: Option<&Pruner<'_>>,
    spared: &Spared,
) -> Result<Vec<(usize, Vec<u32>)>> {
    let add = |count: &AtomicUsize, n: usize| count.fetch_add(n, Ordering::Relaxed);
    let segment = &part.segment;
    let by_statistics = pruner.map(|pruner| pruner.may_match(Of::RowGroups)).transpose()?;
    let mut found = Vec::new();
    for row_group in 0..segment.parquet().num_row_groups() {
        let has_rows = |block: &u32| part.rows_in(&segment.rows_of(*block)) > 0;
        let mut blocks: Vec<u32> = segment.blocks_of(row_group).filter(has_rows).collect();
        if blocks.is_empty() {
            continue;
        }
        add(&spared.row_groups, 1);
        if let (Some(pruner), Some(may_match)) = (pruner, &by_statistics) {
            if !may_match[row_group] {
                add(&spared.by_statistics, 1);
                continue;
            }
            if !pruner.may_match(Of::Filters(row_group))?[0] {
                add(&spared.by_bloom_filter, 1);
                continue;
            }
            let before = blocks.len();
            let of_blocks = pruner.may_match(Of::Blocks(row_group))?;
            let first = segment.blocks_of(row_group).start;
            blocks.retain(|block| of_blocks[(block - first) as usize]);
            add(&spared.blocks, before - blocks.len());
        }
        if !blocks.is_empty() {
            found.push((row_group, blocks));
        }
    }
    Ok(found)
}

//! What a scan of a table reads of a segment.

use super::manifest::{position, positions};
use super::segment::OpenSegment;
use crate::storage::{Result, Snapshot, Space, StorageId, WriteSet};
use parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use std::sync::Arc;

/// A segment, and which of its rows are the table's for one reader.
#[derive(Clone)]
pub struct ColdPart {
    pub segment: Arc<OpenSegment>,
    /// The rows from `from` to before `to`...
    from: u32,
    to: u32,
    /// ... but these, ascending.
    dead: Vec<u32>,
}

impl Snapshot {
    /// The parts of a table, for a transaction that has written `own`.
    pub(in crate::storage) fn cold_parts(
        self: &Arc<Self>,
        table: StorageId,
        own: &WriteSet,
    ) -> Result<Vec<ColdPart>> {
        let mut parts = Vec::new();
        if !self.cold().has(table) {
            return Ok(parts);
        }
        for entry in self.manifest(Some(table))? {
            let mut dead = self.dead(entry.segment, entry.from, entry.to)?;
            if !own.is_empty() {
                let range = positions(entry.segment, entry.from, entry.to);
                let mut written = own.scan(Space::Deletes, &range, false);
                while let Some((key, _)) = written.peek() {
                    dead.extend(position(key));
                    written.advance();
                }
                dead.sort_unstable();
                dead.dedup();
            }
            if dead.len() < (entry.to - entry.from) as usize {
                let segment = self.cold().open(entry.segment, || entry.file())?;
                parts.push(ColdPart { segment, from: entry.from, to: entry.to, dead });
            }
        }
        Ok(parts)
    }
}

impl ColdPart {
    pub fn rows(&self) -> usize {
        (self.to - self.from) as usize - self.dead.len()
    }

    /// The same of those from `from` to before `to`.
    pub fn rows_between(&self, from: u32, to: u32) -> usize {
        let (from, to) = (from.max(self.from), to.min(self.to));
        let below = |bound| self.dead.partition_point(|position| *position < bound);
        (to.saturating_sub(from) as usize).saturating_sub(below(to) - below(from.min(to)))
    }

    /// The rows from `from` to before `to` of the file that are the table's; `None`: all of them.
    pub fn selection(&self, from: u32, to: u32) -> Option<RowSelection> {
        let first = self.dead.partition_point(|position| *position < from);
        let dead = self.dead[first..].iter().take_while(|position| **position < to);
        let mut selectors = Vec::new();
        let mut at = from.max(self.from).min(to);
        if at > from {
            selectors.push(RowSelector::skip((at - from) as usize));
        }
        let end = self.to.clamp(at, to);
        for position in dead {
            if *position > at {
                selectors.push(RowSelector::select((position - at) as usize));
            }
            selectors.push(RowSelector::skip(1));
            at = position + 1;
        }
        if end > at {
            selectors.push(RowSelector::select((end - at) as usize));
        }
        if to > end {
            selectors.push(RowSelector::skip((to - end) as usize));
        }
        let selection = RowSelection::from(selectors);
        (selection.row_count() < (to - from) as usize).then_some(selection)
    }
}

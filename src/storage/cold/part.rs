//! What a scan of a table reads of a segment.

use super::manifest::{position, positions};
use super::segment::OpenSegment;
use crate::storage::{Result, Snapshot, Space, StorageId, WriteSet};
use datafusion::arrow::array::BooleanBufferBuilder;
use datafusion::arrow::buffer::BooleanBuffer;
use std::ops::Range;
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
    pub fn rows_in(&self, rows: &Range<u32>) -> usize {
        let (from, to) = (rows.start.max(self.from), rows.end.min(self.to));
        let below = |bound| self.dead.partition_point(|position| *position < bound);
        (to.saturating_sub(from) as usize).saturating_sub(below(to) - below(from.min(to)))
    }

    /// Which of some rows of the file are the table's; `None`: all of them.
    pub fn live(&self, rows: Range<u32>) -> Option<BooleanBuffer> {
        let first = self.dead.partition_point(|position| *position < rows.start);
        let dead = self.dead[first..].iter().take_while(|position| **position < rows.end);
        let (from, to) = (self.from.max(rows.start), self.to.min(rows.end));
        let mut dead = dead.peekable();
        if (from, to) == (rows.start, rows.end) && dead.peek().is_none() {
            return None;
        }
        let mut live = BooleanBufferBuilder::new(rows.len());
        live.append_n(from.min(rows.end).saturating_sub(rows.start) as usize, false);
        live.append_n(to.saturating_sub(from) as usize, true);
        live.resize(rows.len());
        for position in dead {
            live.set_bit((position - rows.start) as usize, false);
        }
        Some(live.finish())
    }
}

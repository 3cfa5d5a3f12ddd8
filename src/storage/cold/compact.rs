//! Compaction: small and much-deleted segments become few and full ones.
//!
//! The live rows of the segments chosen are copied in key order, as a flush copies hot rows; each step
//! then points their locators at the new segment and raises the lower bounds of the old ones
//! ([`super::publish`]). At the end the old segments have no row left and leave the manifest.

use super::flush::{Outcome, RowSource, quietly};
use super::manifest::{Entry, Locator};
use super::publish::{Origin, Publisher, begin};
use super::segment::{Caching, RowCursor};
use super::writer::SEGMENT_ROWS_MAX;
use super::{ColdTable, Work};
use crate::storage::fault::CrashPoint;
use crate::storage::keys::{SegmentId, successor};
use crate::storage::snapshot::SnapshotScan;
use crate::storage::{Key, KeyRange, Result, Snapshot, Space, Store};
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::Arc;

/// Segments of fewer live rows are small: worth joining.
const SMALL_ROWS: u64 = SEGMENT_ROWS_MAX as u64 / 4;
/// A segment is worth rewriting when at least one in this many of its rows is dead.
const DEAD_SHARE: u64 = 5;

impl Store {
    /// Whether compacting a table would do something.
    pub fn wants_compaction(&self, table: &ColdTable) -> Result<bool> {
        Ok(!self.choose(table)?.is_empty())
    }

    /// Rewrites a table's small and much-deleted segments. To be called on a thread that may wait.
    pub fn compact_segments(self: &Arc<Self>, table: &ColdTable, work: &Work) -> Result<Outcome> {
        let cold = &self.db.cold;
        let _alone = cold.begin(table.table, work)?;
        let mut inputs = self.choose(table)?;
        let mut start = KeyRange::storage(table.table).start;
        let mut outcome = Outcome::default();
        if inputs.is_empty() {
            return Ok(outcome);
        }
        loop {
            let mut live = LiveRows::new(self.snapshot(), &inputs, start, table.table)?;
            let write = || quietly(|| self.place_file(table, &mut live, SEGMENT_ROWS_MAX, work));
            let placed = std::thread::scope(|scope| scope.spawn(write).join());
            let placed = placed.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            let Some(placed) = placed else { break };
            let entry = &mut Entry::new(table.table, placed.segment, &placed.file);
            let segment = cold.open(placed.segment, || Ok(placed.file.clone()))?;
            let publisher = Publisher { store: self, table, segment: &segment, work };
            outcome.rows += publisher.publish(entry, Origin::Segments(&mut inputs))?;
            outcome.bytes += placed.file.bytes;
            outcome.segments += 1;
            match successor(&placed.last_key) {
                Some(next) => start = next.into(),
                None => break,
            }
        }
        self.retire(table, inputs)?;
        Ok(outcome)
    }

    /// The segments that are worth rewriting, as of now.
    fn choose(&self, table: &ColdTable) -> Result<HashMap<SegmentId, Entry>> {
        let snapshot = self.snapshot();
        let (mut chosen, mut dead_rows) = (HashMap::new(), false);
        for entry in snapshot.manifest(Some(table.table))? {
            let rows = u64::from(entry.file()?.rows);
            let dead = snapshot.dead(entry.segment, entry.from, entry.to)?.len() as u64;
            let live = u64::from(entry.to - entry.from) - dead;
            let much_deleted = (rows - live) * DEAD_SHARE >= rows;
            if live < SMALL_ROWS || much_deleted {
                dead_rows |= much_deleted;
                chosen.insert(entry.segment, entry);
            }
        }
        // One small segment alone stays as it is.
        if chosen.len() < 2 && !dead_rows {
            chosen.clear();
        }
        Ok(chosen)
    }

    /// Takes segments that have no row left out of the manifest.
    fn retire(
        self: &Arc<Self>,
        table: &ColdTable,
        inputs: HashMap<SegmentId, Entry>,
    ) -> Result<()> {
        let txn = begin(self, table);
        for entry in inputs.values() {
            let Entry { table, segment, .. } = *entry;
            txn.write_raw(Key::Segment { table, segment }, None);
            let file = entry.file()?.file.encode();
            txn.write_raw(Key::Garbage { segment }, Some(file.into()));
        }
        self.reach(CrashPoint::Retire);
        futures::executor::block_on(txn.commit(true))?;
        let now = self.db.rocks.latest_sequence_number();
        for segment in inputs.keys() {
            self.db.cold.retired.insert(*segment, now);
        }
        self.reach(CrashPoint::Retired);
        Ok(())
    }
}

/// Live rows of some segments, in key order.
struct LiveRows {
    snapshot: Arc<Snapshot>,
    range: KeyRange,
    cursors: HashMap<SegmentId, RowCursor>,
    locators: SnapshotScan,
    /// The segment whose cursor has the current row.
    current: Option<SegmentId>,
}

impl LiveRows {
    fn new(
        snapshot: Arc<Snapshot>,
        inputs: &HashMap<SegmentId, Entry>,
        start: Bytes,
        table: u32,
    ) -> Result<LiveRows> {
        let mut cursors = HashMap::new();
        for entry in inputs.values() {
            let segment = snapshot.cold().open(entry.segment, || entry.file())?;
            cursors.insert(entry.segment, RowCursor::new(segment, Caching::Pass));
        }
        let range = KeyRange { start, end: KeyRange::storage(table).end };
        let locators = snapshot.scan(Space::Locators, &range, false);
        Ok(LiveRows { snapshot, range, cursors, locators, current: None })
    }
}

impl RowSource for LiveRows {
    fn restart(&mut self) -> Result<()> {
        self.locators = self.snapshot.scan(Space::Locators, &self.range, false);
        self.current = None;
        Ok(())
    }

    fn next(&mut self) -> Result<Option<(&[u8], &[u8])>> {
        if self.current.take().is_some() {
            self.locators.advance();
        }
        while self.locators.valid()? {
            let Some((_, value)) = self.locators.entry() else { break };
            let Locator { segment, position } = Locator::decode(value)?;
            if let Some(cursor) = self.cursors.get_mut(&segment) {
                cursor.read(position)?;
                self.current = Some(segment);
                break;
            }
            self.locators.advance();
        }
        let row = self.current.and_then(|segment| self.cursors.get(&segment));
        Ok(self.locators.key().zip(row.map(RowCursor::row)))
    }
}

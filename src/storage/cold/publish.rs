//! Making a finished file a segment: its rows move into it in steps.
//!
//! A step is a transaction over the next [`STEP_ROWS`] rows of the file. It locks them, moves those
//! that are as they were when the file was written, marks the others dead in it, and raises the
//! segment's upper bound past them, all in one batch. So the steps of a flush may stop anywhere: what
//! was not moved is where it was, and what the file has of it does not count.
//!
//! ```text
//!   file:   a b c d e f g h        after two steps of 2 rows, while somebody writes c:
//!   bounds: 0 ───── 4              a b d are cold, c and e… are hot, position 2 is dead
//! ```
//!
//! Nothing of this needs a sync of its own: if the log's end is lost, the rows are where they were.

use super::manifest::{Entry, Locator};
use super::pace::Pace;
use super::segment::OpenSegment;
use super::written::Watch;
use super::{ColdTable, Work};
use crate::nodes::{LockWait, RowLockMode};
use crate::storage::fault::CrashPoint;
use crate::storage::keys::SegmentId;
use crate::storage::{
    IsolationLevel, Key, LockWaitOptions, Result, SortedPuts, Space, StorageError, Store, Txn,
    TxnOptions, row,
};
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Rows that a step moves: their writers wait no longer than that takes.
const STEP_ROWS: usize = 4096;
/// How long a compaction waits for those who have locked its rows.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// Where the rows of a file were when it was written.
pub(super) enum Origin<'a> {
    /// In [`Space::Rows`], which were watched since before they were copied.
    Hot(&'a Watch<'a>),
    /// In these segments, whose rows before their lower bounds have been moved out.
    Segments(&'a mut HashMap<SegmentId, Entry>),
}

pub(super) struct Publisher<'a> {
    pub store: &'a Arc<Store>,
    pub table: &'a ColdTable,
    pub segment: &'a OpenSegment,
    pub work: &'a Work,
}

/// The rows of a step, from the position `first` on.
#[derive(Default)]
struct Step {
    first: u32,
    rows: Vec<(Bytes, u64)>,
}

impl Publisher<'_> {
    /// Moves all rows of the file; gives how many were moved.
    pub fn publish(&self, entry: &mut Entry, mut origin: Origin<'_>) -> Result<u64> {
        self.store.db.cold.add_table(self.table.table);
        let mut step = Step::default();
        let mut moved = 0;
        let mut pace = Pace::start(self.store);
        self.segment.keys(0, &self.table.key, |suffix, seq| {
            step.rows.push((Bytes::copy_from_slice(suffix), seq));
            if step.rows.len() == STEP_ROWS {
                moved += self.step(&step, entry, &mut origin)?;
                pace.rest(STEP_ROWS as u32);
                step = Step { first: entry.to, rows: Vec::new() };
            }
            Ok(())
        })?;
        if !step.rows.is_empty() {
            moved += self.step(&step, entry, &mut origin)?;
        }
        Ok(moved)
    }

    fn step(&self, step: &Step, entry: &mut Entry, origin: &mut Origin<'_>) -> Result<u64> {
        self.work.check()?;
        let moved = match origin {
            Origin::Hot(watch) => self.move_hot(step, entry, watch)?,
            Origin::Segments(inputs) => self.move_cold(step, entry, inputs)?,
        };
        self.work.add(moved, 0);
        Ok(moved)
    }

    fn move_hot(&self, step: &Step, entry: &mut Entry, watch: &Watch<'_>) -> Result<u64> {
        let txn = begin(self.store, self.table);
        let suffixes: Vec<&[u8]> = step.rows.iter().map(|(suffix, _)| &suffix[..]).collect();
        let locked = txn.try_lock_rows(self.table.table, &suffixes);
        let keys = self.keys(&suffixes);
        let mut doubtful = watch.may_have_written(keys.iter().map(|key| &key[..]));
        self.drop_unchanged(step, &keys, &mut doubtful)?;
        let mut moves = Moves::new();
        for (at, key) in keys.iter().enumerate() {
            let position = step.first + at as u32;
            match locked[at] && !doubtful[at] {
                true => {
                    moves.rows.push_deletion(key);
                    moves.put_locator(key, self.segment.id, position)?;
                }
                false => moves.put_dead(self.segment.id, position)?,
            }
        }
        let moved = moves.moved;
        moves.write(&txn)?;
        self.store.reach(CrashPoint::FlushStep);
        self.finish(&txn, step, entry)?;
        self.store.reach(CrashPoint::FlushStepDone);
        Ok(moved)
    }

    /// Looks up the rows that may have been written; those that are as they were are no longer in
    /// doubt.
    fn drop_unchanged(&self, step: &Step, keys: &[Bytes], doubtful: &mut [bool]) -> Result<()> {
        let places: Vec<usize> = (0..keys.len()).filter(|at| doubtful[*at]).collect();
        let looked_up: Vec<&[u8]> = places.iter().map(|at| &keys[*at][..]).collect();
        let now = self.store.snapshot().multi_get(Space::Rows, &looked_up)?;
        for (at, row) in places.into_iter().zip(now) {
            doubtful[at] = row.is_none_or(|row| row::seq(&row) != step.rows[at].1);
        }
        Ok(())
    }

    fn move_cold(
        &self,
        step: &Step,
        entry: &mut Entry,
        inputs: &mut HashMap<SegmentId, Entry>,
    ) -> Result<u64> {
        let suffixes: Vec<&[u8]> = step.rows.iter().map(|(suffix, _)| &suffix[..]).collect();
        let txn = self.lock_all(&suffixes)?;
        let keys = self.keys(&suffixes);
        let looked_up: Vec<&[u8]> = keys.iter().map(|key| &key[..]).collect();
        let now = self.store.snapshot().multi_get(Space::Locators, &looked_up)?;
        let (mut moves, mut bounds) = (Moves::new(), HashMap::new());
        for (at, key) in keys.iter().enumerate() {
            let position = step.first + at as u32;
            let locator = now[at].as_deref().map(Locator::decode).transpose()?;
            // A row that was written since is hot, or in a segment that was made since.
            match locator.filter(|locator| inputs.contains_key(&locator.segment)) {
                Some(from) => {
                    moves.put_locator(key, self.segment.id, position)?;
                    bounds.insert(from.segment, from.position + 1);
                }
                None => moves.put_dead(self.segment.id, position)?,
            }
        }
        let moved = moves.moved;
        moves.write(&txn)?;
        for (segment, bound) in bounds {
            if let Some(input) = inputs.get_mut(&segment) {
                input.from = bound;
                put_entry(&txn, input);
            }
        }
        self.store.reach(CrashPoint::CompactStep);
        self.finish(&txn, step, entry)?;
        self.store.reach(CrashPoint::CompactStepDone);
        Ok(moved)
    }

    /// A transaction that has locked all rows. It waits for one at a time, with none locked, so that
    /// it is never part of a deadlock.
    fn lock_all(&self, suffixes: &[&[u8]]) -> Result<Arc<Txn>> {
        let deadline = Instant::now() + LOCK_TIMEOUT;
        loop {
            let txn = begin(self.store, self.table);
            let locked = txn.try_lock_rows(self.table.table, suffixes);
            let Some(at) = locked.iter().position(|locked| !locked) else { return Ok(txn) };
            txn.rollback();
            self.work.check()?;
            if Instant::now() > deadline {
                return Err(StorageError::LockTimeout);
            }
            let waiter = begin(self.store, self.table);
            let left = deadline.saturating_duration_since(Instant::now());
            let lock_timeout = Some(left.max(Duration::from_millis(1)));
            waiter.set_lock_wait(LockWaitOptions { lock_timeout, ..LockWaitOptions::default() });
            let (table, mode) = (self.table.table, RowLockMode::Update);
            let lock = waiter.lock_row(table, suffixes[at], mode, LockWait::Block);
            futures::executor::block_on(lock)?;
            waiter.rollback();
        }
    }

    fn keys(&self, suffixes: &[&[u8]]) -> Vec<Bytes> {
        let table = self.table.table;
        let key = |suffix: &&[u8]| Key::Row { table, primary_key: suffix }.encode();
        suffixes.iter().map(key).collect()
    }

    fn finish(&self, txn: &Arc<Txn>, step: &Step, entry: &mut Entry) -> Result<()> {
        entry.to = step.first + step.rows.len() as u32;
        put_entry(txn, entry);
        txn.write_raw(Key::Garbage { segment: entry.segment }, None);
        futures::executor::block_on(txn.commit(false)).map(|_| ())
    }
}

/// What a step writes for its rows, in key order.
struct Moves {
    rows: SortedPuts,
    locators: SortedPuts,
    dead: SortedPuts,
    moved: u64,
}

impl Moves {
    fn new() -> Moves {
        Moves {
            rows: SortedPuts::new(Space::Rows),
            locators: SortedPuts::new(Space::Locators),
            dead: SortedPuts::new(Space::Deletes),
            moved: 0,
        }
    }

    fn put_locator(&mut self, key: &[u8], segment: SegmentId, position: u32) -> Result<()> {
        self.moved += 1;
        self.locators.push(key, |out| {
            Locator { segment, position }.encode_to(out);
            Ok(())
        })
    }

    fn put_dead(&mut self, segment: SegmentId, position: u32) -> Result<()> {
        self.dead.push(&Key::Delete { segment, position }.encode(), |_| Ok(()))
    }

    fn write(self, txn: &Txn) -> Result<()> {
        let sets = [self.rows, self.locators, self.dead].into_iter();
        sets.filter(|puts| !puts.is_empty()).try_for_each(|puts| txn.put_sorted(puts))
    }
}

pub(super) fn begin(store: &Arc<Store>, table: &ColdTable) -> Arc<Txn> {
    let txn = store.begin(TxnOptions {
        session: store.db.cold.session(),
        database: 0,
        isolation: IsolationLevel::ReadCommitted,
        read_only: false,
    });
    txn.moves_tiers(table.table);
    txn
}

fn put_entry(txn: &Txn, entry: &Entry) {
    let key = Key::Segment { table: entry.table, segment: entry.segment };
    txn.write_raw(key, Some(entry.encode().into()));
}

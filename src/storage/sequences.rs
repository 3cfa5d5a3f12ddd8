//! Sequences: numbers that are never given twice, whatever aborts or crashes.
//!
//! As in PostgreSQL a sequence is not transactional: `nextval` is never undone. Its record holds a
//! value up to [`LOG_AHEAD`] steps ahead of the last one given, so that most calls write nothing; after
//! a crash the sequence goes on behind the record. The record's write is not synced itself: the log
//! is in order, so the commit that uses the value makes it durable. Until a sync has, every [`Txn`]
//! that gets a value remembers that it must sync even if it writes nothing else.
//!
//! Creation, ALTER … RESTART and DROP are transactional because they give the sequence a new storage
//! id, as PostgreSQL gives it a new file; a sequence without a record has not been used.

use super::sequencer::Syncs;
use super::{Key, Result, Space, StorageError, StorageId, Txn, open::Db};
use dashmap::DashMap;
use parking_lot::Mutex;
use std::sync::Arc;

/// Values logged ahead: PostgreSQL's `SEQ_LOG_VALS`.
const LOG_AHEAD: i64 = 32;
/// Bytes of a record: the last value, and whether it was given.
const RECORD_LEN: usize = 9;

/// A sequence's definition, and its name for error messages.
#[derive(Clone, Debug)]
pub struct SequenceParams {
    pub name: String,
    pub start: i64,
    pub increment: i64,
    pub min: i64,
    pub max: i64,
    pub cycle: bool,
}

/// What `SELECT * FROM sequence` shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SequenceState {
    pub last_value: i64,
    /// Values logged ahead.
    pub log_count: i64,
    pub is_called: bool,
}

pub(super) struct Sequences {
    db: Arc<Db>,
    syncs: Arc<Syncs>,
    slots: DashMap<StorageId, Arc<Mutex<Slot>>>,
}

/// What memory knows of a sequence.
#[derive(Default)]
struct Slot {
    /// `None`: what the record says.
    state: Option<SequenceState>,
    /// [`Syncs::mark`] when the record was written.
    recorded_at: u64,
}

impl Sequences {
    pub(super) fn new(db: Arc<Db>, syncs: Arc<Syncs>) -> Sequences {
        Sequences { db, syncs, slots: DashMap::new() }
    }

    pub(super) fn next(
        &self,
        txn: &Txn,
        sequence: StorageId,
        params: &SequenceParams,
    ) -> Result<i64> {
        let slot = self.slot(sequence);
        let mut slot = slot.lock();
        let mut state = self.loaded(slot.state, sequence, params)?;
        let value = match state.is_called {
            true => following(state.last_value, params)?,
            false => state.last_value,
        };
        if state.log_count > 0 && state.is_called {
            state.log_count -= 1;
        } else {
            state.log_count = self.log_ahead(sequence, value, params)?;
            slot.recorded_at = self.syncs.mark();
        }
        if !self.syncs.cover(slot.recorded_at) {
            txn.must_sync();
        }
        (state.last_value, state.is_called) = (value, true);
        slot.state = Some(state);
        Ok(value)
    }

    pub(super) fn set(
        &self,
        txn: &Txn,
        sequence: StorageId,
        params: &SequenceParams,
        value: i64,
        is_called: bool,
    ) -> Result<()> {
        let SequenceParams { name, min, max, .. } = params;
        if value < *min || value > *max {
            return Err(StorageError::SequenceRange(format!(
                "setval: value {value} is out of bounds for sequence \"{name}\" ({min}..{max})"
            )));
        }
        let slot = self.slot(sequence);
        let mut slot = slot.lock();
        self.write(sequence, value, is_called)?;
        slot.recorded_at = self.syncs.mark();
        txn.must_sync();
        slot.state = Some(SequenceState { last_value: value, log_count: 0, is_called });
        Ok(())
    }

    pub(super) fn state(
        &self,
        sequence: StorageId,
        params: &SequenceParams,
    ) -> Result<SequenceState> {
        let slot = self.slot(sequence);
        let state = slot.lock().state;
        self.loaded(state, sequence, params)
    }

    pub(super) fn forget(&self, sequence: StorageId) {
        self.slots.remove(&sequence);
    }

    fn slot(&self, sequence: StorageId) -> Arc<Mutex<Slot>> {
        if let Some(slot) = self.slots.get(&sequence) {
            return Arc::clone(&slot);
        }
        Arc::clone(&self.slots.entry(sequence).or_default())
    }

    fn loaded(
        &self,
        known: Option<SequenceState>,
        sequence: StorageId,
        params: &SequenceParams,
    ) -> Result<SequenceState> {
        if let Some(state) = known {
            return Ok(state);
        }
        let key = Key::Sequence { sequence }.encode();
        let record = self.db.rocks.get_pinned_cf(self.db.family(Space::Meta), key)?;
        let Some(record) = record else {
            let unused = SequenceState { last_value: params.start, log_count: 0, is_called: false };
            return Ok(unused);
        };
        let value = record.first_chunk::<8>().filter(|_| record.len() == RECORD_LEN);
        let value =
            value.ok_or_else(|| StorageError::Corrupt("a sequence's record is damaged".into()))?;
        let last_value = i64::from_le_bytes(*value);
        Ok(SequenceState { last_value, log_count: 0, is_called: record[8] != 0 })
    }

    /// Records a value as far ahead of `value` as the sequence goes, at most [`LOG_AHEAD`] steps;
    /// gives the steps.
    fn log_ahead(&self, sequence: StorageId, value: i64, params: &SequenceParams) -> Result<i64> {
        let (mut ahead, mut steps) = (value, 0);
        while steps < LOG_AHEAD
            && let Some(next) = step(ahead, params)
        {
            (ahead, steps) = (next, steps + 1);
        }
        self.write(sequence, ahead, true)?;
        Ok(steps)
    }

    fn write(&self, sequence: StorageId, value: i64, is_called: bool) -> Result<()> {
        let mut record = value.to_le_bytes().to_vec();
        record.push(u8::from(is_called));
        let key = Key::Sequence { sequence }.encode();
        Ok(self.db.rocks.put_cf(self.db.family(Space::Meta), key, record)?)
    }
}

/// The value after `value`, within the limits and without cycling.
fn step(value: i64, params: &SequenceParams) -> Option<i64> {
    let next = value.checked_add(params.increment)?;
    (params.min..=params.max).contains(&next).then_some(next)
}

fn following(value: i64, params: &SequenceParams) -> Result<i64> {
    if let Some(next) = step(value, params) {
        return Ok(next);
    }
    let (limit, bound, wrapped) = match params.increment > 0 {
        true => ("maximum", params.max, params.min),
        false => ("minimum", params.min, params.max),
    };
    match params.cycle {
        true => Ok(wrapped),
        false => Err(StorageError::SequenceLimit(format!(
            "nextval: reached {limit} value of sequence \"{}\" ({bound})",
            params.name
        ))),
    }
}

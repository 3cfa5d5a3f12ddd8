//! Numbers that are given out once and never again, restarts included: OIDs, storage ids,
//! hidden row ids, segments.
//!
//! A counter reserves a block by writing the block's end, then gives the block out from memory; a
//! restart goes on at the end it finds. The write is not synced: the log is in order, so whatever
//! commit uses a number makes the reservation durable with itself.

use super::{Key, Result, Space, StorageError, StorageId, open::Db};
use crate::types::oids;
use dashmap::DashMap;
use parking_lot::Mutex;
use std::sync::Arc;

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Counter {
    Oid,
    StorageId,
    RowId(StorageId),
    Segment,
}

impl Counter {
    /// The first number ever, how many to reserve at once, and the first number that is too high.
    fn limits(self) -> (u64, u64, u64) {
        match self {
            // PostgreSQL's `FirstNormalObjectId`; extensions' own are what is too high.
            Counter::Oid => (16384, 64, u64::from(oids::EXTENSIONS.start)),
            Counter::StorageId => (1, 64, u64::from(u32::MAX)),
            Counter::RowId(_) => (1, 1 << 14, u64::MAX),
            Counter::Segment => (1, 1, u64::MAX),
        }
    }

    pub(super) fn key(self) -> Key<'static> {
        match self {
            Counter::Oid => Key::Counter { kind: b'o', id: 0 },
            Counter::StorageId => Key::Counter { kind: b's', id: 0 },
            Counter::RowId(table) => Key::Counter { kind: b'r', id: table },
            Counter::Segment => Key::Counter { kind: b'f', id: 0 },
        }
    }
}

/// The part of a block not given out yet.
#[derive(Default)]
struct Block {
    next: u64,
    end: u64,
}

pub(super) struct Counters {
    db: Arc<Db>,
    blocks: DashMap<Counter, Arc<Mutex<Block>>>,
}

impl Counters {
    pub(super) fn new(db: Arc<Db>) -> Counters {
        Counters { db, blocks: DashMap::new() }
    }

    /// The next number.
    pub(super) fn next(&self, counter: Counter) -> Result<u64> {
        let known = self.blocks.get(&counter).map(|block| Arc::clone(&block));
        let block = known.unwrap_or_else(|| Arc::clone(&self.blocks.entry(counter).or_default()));
        let mut block = block.lock();
        if block.next == block.end {
            *block = self.reserve(counter)?;
        }
        block.next += 1;
        Ok(block.next - 1)
    }

    /// Forgets a dropped table's row ids.
    pub(super) fn forget(&self, counter: Counter) {
        self.blocks.remove(&counter);
    }

    fn reserve(&self, counter: Counter) -> Result<Block> {
        let (first, length, limit) = counter.limits();
        let key = counter.key().encode();
        let meta = self.db.family(Space::Meta);
        let next = match self.db.rocks.get_pinned_cf(meta, &key)? {
            None => first,
            Some(bytes) => bytes
                .first_chunk::<8>()
                .map(|n| u64::from_le_bytes(*n))
                .ok_or_else(|| StorageError::Corrupt("a counter's record is damaged".into()))?,
        };
        let end = next.saturating_add(length).min(limit);
        if next >= end {
            return Err(StorageError::TooLarge("a counter has no number left".into()));
        }
        self.db.rocks.put_cf(meta, &key, end.to_le_bytes())?;
        Ok(Block { next, end })
    }
}

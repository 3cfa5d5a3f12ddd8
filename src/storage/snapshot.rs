//! A RocksDB snapshot that owns its database: `'static`, shared by `Arc`, usable on any thread.
//!
//! The `rocksdb` crate ties snapshots and iterators to a borrow of the database. Queries outlive
//! any borrow we could give (a cursor lives as long as its transaction, a scan runs on other
//! threads), so here is the one place where the lifetime is extended, by keeping the database alive
//! beside what borrows it.

use super::cold::Cold;
use super::{KeyRange, Result, Space, open::Db};
use bytes::Bytes;
use rocksdb::{DBRawIteratorWithThreadMode, ReadOptions, SnapshotWithThreadMode};
use std::sync::Arc;

/// What a scan of much reads at once.
const READ_AHEAD_BYTES: usize = 1 << 20;

/// What was committed at one moment.
pub struct Snapshot {
    /// `options` points at `inner`, `inner` at `db`: fields are dropped in this order.
    options: ReadOptions,
    inner: SnapshotWithThreadMode<'static, rocksdb::DB>,
    db: Arc<Db>,
}

impl Snapshot {
    pub(super) fn new(db: &Arc<Db>) -> Arc<Snapshot> {
        let borrowed = db.rocks.snapshot();
        // SAFETY: the snapshot borrows the database inside the `Arc` kept in `self.db`. The `Arc`'s
        // contents do not move, and `inner` is dropped before `db` (declaration order), so the
        // borrow never outlives the database.
        let inner: SnapshotWithThreadMode<'static, rocksdb::DB> =
            unsafe { std::mem::transmute(borrowed) };
        let mut options = ReadOptions::default();
        options.set_snapshot(&inner);
        Arc::new(Snapshot { options, inner, db: Arc::clone(db) })
    }

    pub(super) fn cold(&self) -> &Cold {
        &self.db.cold
    }

    pub(super) fn get(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>> {
        let value = self.db.rocks.get_pinned_cf_opt(self.db.family(space), key, &self.options)?;
        Ok(value.map(|v| Bytes::copy_from_slice(&v)))
    }

    /// `keys` in any order; values in theirs.
    pub(super) fn multi_get(&self, space: Space, keys: &[&[u8]]) -> Result<Vec<Option<Bytes>>> {
        let family = self.db.family(space);
        let keys = keys.iter().copied();
        let values = self.db.rocks.batched_multi_get_cf_opt(family, keys, false, &self.options);
        values.into_iter().map(|v| Ok(v?.map(|v| Bytes::copy_from_slice(&v)))).collect()
    }

    pub(super) fn scan(
        self: &Arc<Self>,
        space: Space,
        range: &KeyRange,
        backward: bool,
    ) -> SnapshotScan {
        self.scan_with(ReadOptions::default(), space, range, backward)
    }

    /// A forward scan of what nobody will read soon: it leaves the cache to others.
    pub(super) fn scan_once(self: &Arc<Self>, space: Space, range: &KeyRange) -> SnapshotScan {
        let mut options = ReadOptions::default();
        options.fill_cache(false);
        options.set_readahead_size(READ_AHEAD_BYTES);
        self.scan_with(options, space, range, false)
    }

    fn scan_with(
        self: &Arc<Self>,
        mut options: ReadOptions,
        space: Space,
        range: &KeyRange,
        backward: bool,
    ) -> SnapshotScan {
        options.set_snapshot(&self.inner);
        options.set_iterate_lower_bound(range.start.to_vec());
        if let Some(end) = &range.end {
            options.set_iterate_upper_bound(end.to_vec());
        }
        let borrowed = self.db.rocks.raw_iterator_cf_opt(self.db.family(space), options);
        // SAFETY: the iterator borrows the database (and, through its options, the snapshot) that
        // `SnapshotScan::_snapshot` keeps alive; it is dropped first (declaration order).
        let mut cursor: DBRawIteratorWithThreadMode<'static, rocksdb::DB> =
            unsafe { std::mem::transmute(borrowed) };
        // RocksDB asserts that the bounds are in order.
        let empty = range.is_empty();
        match backward {
            _ if empty => {}
            true => cursor.seek_to_last(),
            false => cursor.seek_to_first(),
        }
        SnapshotScan { cursor, _snapshot: Arc::clone(self), backward, empty }
    }

    /// Approximate bytes of each range on disk.
    pub(super) fn sizes(&self, space: Space, bounds: &[Vec<u8>]) -> Vec<u64> {
        let ranges: Vec<_> =
            bounds.windows(2).map(|pair| rocksdb::Range::new(&pair[0], &pair[1])).collect();
        self.db.rocks.get_approximate_sizes_cf(self.db.family(space), &ranges)
    }
}

/// A cursor over a snapshot's entries in a range.
pub(super) struct SnapshotScan {
    cursor: DBRawIteratorWithThreadMode<'static, rocksdb::DB>,
    _snapshot: Arc<Snapshot>,
    backward: bool,
    empty: bool,
}

impl SnapshotScan {
    /// Whether there is a current entry; an error of the cursor surfaces here.
    pub(super) fn valid(&self) -> Result<bool> {
        if self.empty {
            return Ok(false);
        }
        let valid = self.cursor.valid();
        if !valid {
            self.cursor.status()?;
        }
        Ok(valid)
    }

    /// The current entry; call only while [`SnapshotScan::valid`].
    pub(super) fn entry(&self) -> Option<(&[u8], &[u8])> {
        self.cursor.item()
    }

    pub(super) fn key(&self) -> Option<&[u8]> {
        self.cursor.key()
    }

    pub(super) fn advance(&mut self) {
        match self.backward {
            true => self.cursor.prev(),
            false => self.cursor.next(),
        }
    }
}

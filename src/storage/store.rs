//! The store: one open data directory and everything that works on it.

use super::cold;
use super::counters::{Counter, Counters};
use super::fault::CrashPoint;
use super::keys;
use super::locks::{LockManager, Mode, Tag};
use super::moves::Moves;
use super::objects::CredentialsKey;
use super::open::{self, Db};
use super::sequencer::Sequencer;
use super::sequences::Sequences;
use super::ssi::Ssi;
use super::statistics::{Estimate, Statistics};
use super::{
    AdvisoryKey, Commit, KeyRange, LockInfo, Result, SequenceParams, SequenceState, Snapshot,
    Space, StorageError, StorageId, StoreOptions, Txn, TxnOptions,
};
use crate::types::Oid;
use bytes::Bytes;
use dashmap::DashMap;
use parking_lot::Mutex;
use rocksdb::{CompactOptions, ReadOptions};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::sync::broadcast;

/// One open data directory. Everybody shares it; the last to let go closes it.
pub struct Store {
    pub(super) sequencer: Sequencer,
    pub(super) counters: Counters,
    pub(super) locks: LockManager,
    pub(super) ssi: Ssi,
    pub(super) moves: Moves,
    pub(super) options: StoreOptions,
    sequences: Sequences,
    pub(super) estimates: DashMap<(Space, StorageId), Estimate>,
    /// What ANALYZE found, as far as somebody asked since the start.
    pub(super) statistics: DashMap<StorageId, Option<Arc<Statistics>>>,
    /// How often any of them changed.
    pub(super) statistics_version: AtomicU64,
    /// The newest snapshot made, and the newest commit before it was.
    pub(super) newest: Mutex<Option<(u64, Arc<Snapshot>)>>,
    pub(super) db: Arc<Db>,
}

impl Store {
    /// Opens the store in `dir`, or creates it where `dir` is missing or empty. A directory that is
    /// not ours, damaged, of another format, or in use is refused and left as it is.
    pub fn open(dir: &Path, options: &StoreOptions) -> Result<Arc<Store>> {
        let db = open::open(dir, options)?;
        cold::start(&db, dir)?;
        let sequencer = Sequencer::start(&db, options.fault)?;
        Ok(Arc::new(Store {
            sequences: Sequences::new(Arc::clone(&db), sequencer.syncs()),
            sequencer,
            counters: Counters::new(Arc::clone(&db)),
            locks: LockManager::default(),
            ssi: Ssi::default(),
            moves: Moves::new(Arc::clone(&db)),
            options: options.clone(),
            estimates: DashMap::new(),
            statistics: DashMap::new(),
            statistics_version: AtomicU64::new(0),
            newest: Mutex::default(),
            db,
        }))
    }

    /// What seals the credentials of storages, where the server was given a key.
    pub fn credentials_key(&self) -> Option<&CredentialsKey> {
        self.options.credentials_key.as_ref()
    }

    /// Whether nothing was ever committed: the catalog must be set up.
    pub fn is_new(&self) -> bool {
        self.last_seq() == 0
    }

    pub fn begin(self: &Arc<Self>, options: TxnOptions) -> Arc<Txn> {
        Arc::new(Txn::new(Arc::clone(self), options))
    }

    /// What is committed now. Statements share a snapshot until the next commit: making and
    /// dropping one takes RocksDB's central lock, which its writers need.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        let seq = self.last_seq();
        let mut newest = self.newest.lock();
        match &*newest {
            // Made after commit `made_at` was visible, and nothing was acknowledged since.
            Some((made_at, snapshot)) if *made_at == seq => Arc::clone(snapshot),
            _ => {
                let snapshot = Snapshot::new(&self.db);
                *newest = Some((seq, Arc::clone(&snapshot)));
                drop(newest);
                self.moves.forget_shown();
                snapshot
            }
        }
    }

    /// The newest committed value of a key.
    pub fn get(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>> {
        // Between a look at one tier and one at the other a row may change its place.
        if space == Space::Rows && self.db.cold.has_table_of(key) {
            return self.snapshot().row(key);
        }
        let value = self.db.rocks.get_pinned_cf(self.db.family(space), key)?;
        Ok(value.map(|v| Bytes::copy_from_slice(&v)))
    }

    /// Whether nothing is committed from `first` to `last`, both included.
    pub(super) fn is_free(&self, space: Space, first: &[u8], last: &[u8]) -> Result<bool> {
        let mut options = ReadOptions::default();
        options.set_iterate_lower_bound(first);
        options.set_iterate_upper_bound([last, &[0]].concat());
        let mut cursor = self.db.rocks.raw_iterator_cf_opt(self.db.family(space), options);
        cursor.seek_to_first();
        let found = cursor.valid();
        cursor.status()?;
        Ok(!found)
    }

    /// Committed changes, in commit order. A receiver that falls behind gets `Lagged`.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Commit>> {
        self.sequencer.subscribe()
    }

    /// The newest commit's number.
    pub fn last_seq(&self) -> u64 {
        self.sequencer.last_seq()
    }

    /// A new OID for a user's object (from 16384), never given again.
    pub fn allocate_oid(&self) -> Result<Oid> {
        let oid = self.counters.next(Counter::Oid)?;
        Ok(Oid::try_from(oid).expect("the counter's limit is below 2^32"))
    }

    /// A new storage id, never given again.
    pub fn allocate_storage_id(&self) -> Result<StorageId> {
        let id = self.counters.next(Counter::StorageId)?;
        Ok(StorageId::try_from(id).expect("the counter's limit is below 2^32"))
    }

    /// A new hidden row id of a table without a primary key.
    pub fn allocate_row_id(&self, table: StorageId) -> Result<u64> {
        self.counters.next(Counter::RowId(table))
    }

    /// The next value of a sequence; not undone by a rollback. See [`super::sequences`].
    pub fn nextval(&self, txn: &Txn, sequence: StorageId, params: &SequenceParams) -> Result<i64> {
        self.sequences.next(txn, sequence, params)
    }

    pub fn setval(
        &self,
        txn: &Txn,
        sequence: StorageId,
        params: &SequenceParams,
        value: i64,
        is_called: bool,
    ) -> Result<()> {
        self.sequences.set(txn, sequence, params, value, is_called)
    }

    /// What `SELECT * FROM sequence` shows.
    pub fn sequence_state(
        &self,
        sequence: StorageId,
        params: &SequenceParams,
    ) -> Result<SequenceState> {
        self.sequences.state(sequence, params)
    }

    /// Comes to a moment at which a test may want a crash.
    pub(super) fn reach(&self, point: CrashPoint) {
        if let Some(fault) = self.options.fault {
            fault.reach(point);
        }
    }

    /// Forgets what memory holds of a dropped relation. Its data went with the commit.
    pub(super) fn forget(&self, id: StorageId) {
        self.counters.forget(Counter::RowId(id));
        self.sequences.forget(id);
        for space in Space::ALL {
            self.estimates.remove(&(space, id));
        }
        self.statistics.remove(&id);
    }

    /// Releases one hold of a session advisory lock; `false`: it was not held.
    pub fn unlock_advisory(&self, session: u32, key: AdvisoryKey, shared: bool) -> bool {
        self.locks.release_session(session, Tag::advisory(key), Mode::advisory(shared))
    }

    /// Releases all session-scope locks: pg_advisory_unlock_all, and the end of the session.
    pub fn unlock_session(&self, session: u32) {
        self.locks.release_all_session(session);
    }

    /// Sessions that block `session`: pg_blocking_pids. What moves rows between the tiers is none:
    /// nobody waits for it longer than for a page.
    pub fn blocking_sessions(&self, session: u32) -> Vec<u32> {
        let mut blockers = self.locks.blockers(session);
        blockers.retain(|blocker| *blocker < cold::FIRST_SESSION);
        blockers
    }

    /// The rows of pg_locks: backends' locks.
    pub fn locks(&self) -> Vec<LockInfo> {
        let mut locks = self.locks.list();
        locks.retain(|lock| lock.session < cold::FIRST_SESSION);
        locks
    }

    /// The relations that have entries in a space.
    pub fn relations_in(&self, space: Space) -> Result<Vec<StorageId>> {
        let snapshot = self.snapshot();
        let (mut found, mut first) = (Vec::new(), StorageId::MIN);
        loop {
            let range = KeyRange { start: Bytes::from_owner(first.to_be_bytes()), end: None };
            let scan = snapshot.scan(space, &range, false);
            let id = if scan.valid()? { scan.key().and_then(keys::storage_id) } else { None };
            let Some(id) = id else { return Ok(found) };
            found.push(id);
            match id.checked_add(1) {
                Some(next) => first = next,
                None => return Ok(found),
            }
        }
    }

    /// Approximate bytes of a relation on disk.
    pub fn approximate_size(&self, space: Space, id: StorageId) -> u64 {
        let KeyRange { start, end } = KeyRange::storage(id);
        // The last storage id has no end; it is never given.
        let end = end.unwrap_or_else(|| start.clone());
        self.snapshot().sizes(space, &[start.to_vec(), end.to_vec()]).iter().sum()
    }

    /// Approximate bytes of a table's rows in both tiers, of what says where the cold ones are, and of
    /// deleted rows.
    pub fn table_size(&self, id: StorageId) -> u64 {
        let hot = self.approximate_size(Space::Rows, id);
        let cold = self.cold_size(id).map_or(0, |(_, bytes)| bytes);
        let beside = [Space::Locators, Space::Graves];
        hot + cold + beside.map(|space| self.approximate_size(space, id)).iter().sum::<u64>()
    }

    /// VACUUM: rewrites a relation's range, dropping what no snapshot needs.
    pub fn compact(&self, space: Space, id: StorageId) {
        let KeyRange { start, end } = KeyRange::storage(id);
        let mut options = CompactOptions::default();
        // Else it would wait for compactions of other tables.
        options.set_exclusive_manual_compaction(false);
        self.db.rocks.compact_range_cf_opt(self.db.family(space), Some(start), end, &options);
    }

    /// Writes what a space has in memory to files. Deletions in memory stay in the way of scans: RocksDB
    /// compacts files only.
    pub fn flush_memtable(&self, space: Space) -> Result<()> {
        Ok(self.db.rocks.flush_cf(self.db.family(space))?)
    }

    /// Finishes the commits under way, syncs, and refuses further ones; snapshots stay readable.
    pub fn close(&self) -> Result<()> {
        self.sequencer.stop();
        self.db.rocks.flush_wal(true).map_err(StorageError::from)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.sequencer.stop();
    }
}

//! The store.

use super::{
    AdvisoryKey, Commit, LockInfo, Result, SequenceParams, SequenceState, Snapshot, Space,
    StorageId, StoreOptions, Txn, TxnOptions,
};
use bytes::Bytes;
use std::path::Path;
use std::sync::Arc;

pub struct Store {}

impl Store {
    /// Opens or creates the store in `dir`.
    pub fn open(dir: &Path, options: &StoreOptions) -> Result<Arc<Store>> {
        todo!()
    }
    /// Whether [`Store::open`] created the directory: the catalog must be set up.
    pub fn is_new(&self) -> bool {
        todo!()
    }
    pub fn begin(self: &Arc<Self>, options: TxnOptions) -> Arc<Txn> {
        todo!()
    }
    /// A snapshot outside any transaction.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        todo!()
    }
    /// Committed changes, in commit order. A receiver that falls behind gets `Lagged`.
    pub fn subscribe(&self) -> tokio::sync::broadcast::Receiver<Arc<Commit>> {
        todo!()
    }
    /// The newest commit's number.
    pub fn last_seq(&self) -> u64 {
        todo!()
    }

    /// A new OID (from 16384) or storage id, never given again, restarts included.
    pub fn allocate_oid(&self) -> Result<u32> {
        todo!()
    }
    pub fn allocate_storage_id(&self) -> Result<StorageId> {
        todo!()
    }
    /// A new hidden row id of a table.
    pub fn allocate_row_id(&self, table: StorageId) -> Result<u64> {
        todo!()
    }

    /// The next value of a sequence. Not transactional: see [`super::sequences`]. `txn`'s commit
    /// makes it durable.
    pub fn nextval(&self, txn: &Txn, sequence: StorageId, params: &SequenceParams) -> Result<i64> {
        todo!()
    }
    pub fn setval(
        &self,
        txn: &Txn,
        sequence: StorageId,
        params: &SequenceParams,
        value: i64,
        is_called: bool,
    ) -> Result<()> {
        todo!()
    }
    /// What `SELECT * FROM sequence` shows.
    pub fn sequence_state(
        &self,
        sequence: StorageId,
        params: &SequenceParams,
    ) -> Result<SequenceState> {
        todo!()
    }

    /// Releases one hold of a session advisory lock; `false`: it was not held.
    pub fn unlock_advisory(&self, session: u32, key: AdvisoryKey, shared: bool) -> bool {
        todo!()
    }
    /// Releases all session-scope locks: pg_advisory_unlock_all, and the end of the session.
    pub fn unlock_session(&self, session: u32) {
        todo!()
    }
    /// Sessions that block `session`: pg_blocking_pids.
    pub fn blocking_sessions(&self, session: u32) -> Vec<u32> {
        todo!()
    }
    pub fn locks(&self) -> Vec<LockInfo> {
        todo!()
    }

    /// Approximate bytes of a relation, memory and disk.
    pub fn approximate_size(&self, space: Space, id: StorageId) -> u64 {
        todo!()
    }
    /// Approximate number of rows (or entries) of a relation.
    pub fn approximate_rows(&self, space: Space, id: StorageId) -> u64 {
        todo!()
    }
    /// VACUUM: rewrites a relation's range, dropping what no snapshot needs.
    pub fn compact(&self, space: Space, id: StorageId) {
        todo!()
    }
    /// Syncs and refuses further commits; open snapshots stay readable.
    pub fn close(&self) -> Result<()> {
        todo!()
    }
}

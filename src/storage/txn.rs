//! A transaction.

use super::locks::{AdvisoryKey, LockScope, LockWaitOptions, TableLockMode};
use super::{CommitInfo, ReadView, Result, Space, StorageId, Store};
use crate::nodes::{LockWait, RowLockMode};
use crate::types::Oid;
use bytes::Bytes;
use std::sync::Arc;

/// `transaction_isolation`; READ UNCOMMITTED is READ COMMITTED, as in PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IsolationLevel {
    ReadCommitted,
    RepeatableRead,
    Serializable,
}

#[derive(Clone, Debug)]
pub struct TxnOptions {
    /// The backend's process id: locks of one session never conflict with each other.
    pub session: u32,
    pub isolation: IsolationLevel,
    pub read_only: bool,
}

/// What became of a row lock request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowLock {
    /// Held now. `waited`: another transaction held it, so the row must be read again.
    Granted { waited: bool },
    /// SKIP LOCKED, and another transaction holds it.
    Skipped,
}

/// A point to roll back to; the session keeps the stack and the names.
#[derive(Clone)]
pub struct Savepoint {}

pub struct Txn {}

impl Txn {
    /// The transaction's number, as `txid_current` shows it.
    pub fn id(&self) -> u64 {
        todo!()
    }
    pub fn session(&self) -> u32 {
        todo!()
    }
    pub fn store(&self) -> &Arc<Store> {
        todo!()
    }
    pub fn isolation(&self) -> IsolationLevel {
        todo!()
    }
    /// SET TRANSACTION ISOLATION LEVEL; allowed before the first statement only (the session checks).
    pub fn set_isolation(&self, level: IsolationLevel) {
        todo!()
    }
    pub fn read_only(&self) -> bool {
        todo!()
    }
    pub fn set_read_only(&self, read_only: bool) {
        todo!()
    }
    /// `lock_timeout` and `deadlock_timeout` for waits from now on.
    pub fn set_lock_wait(&self, options: LockWaitOptions) {
        todo!()
    }
    /// Whether a snapshot was taken or something written.
    pub fn is_fresh(&self) -> bool {
        todo!()
    }
    /// Whether COMMIT has anything to write.
    pub fn has_writes(&self) -> bool {
        todo!()
    }

    // --- Statements

    /// Starts a statement: a fresh snapshot in READ COMMITTED, the transaction's otherwise, with
    /// the transaction's earlier writes over it; and an empty statement buffer.
    pub fn begin_statement(&self) -> Result<ReadView> {
        todo!()
    }
    /// READ COMMITTED's rerun after a concurrent update: drops the buffer, keeps the locks, takes a
    /// fresh snapshot.
    pub fn restart_statement(&self) -> Result<ReadView> {
        todo!()
    }
    /// Merges the statement's writes into the transaction's.
    pub fn end_statement(&self) -> Result<()> {
        todo!()
    }
    /// Drops the statement's writes.
    pub fn abort_statement(&self) {
        todo!()
    }
    /// A view like [`Txn::begin_statement`]'s for reading only, that leaves the buffer alone:
    /// cursors, and queries that functions run.
    pub fn read_view(&self) -> Result<ReadView> {
        todo!()
    }
    /// The newest committed state with everything of this transaction over it, the current
    /// statement's writes too: what constraint checks and referential actions read.
    pub fn latest_view(&self) -> Result<ReadView> {
        todo!()
    }

    // --- Writes

    /// Writes to the statement's buffer. Rows come from [`RowLayout::encode`](super::RowLayout):
    /// their `_seq` and `_updated` are filled in at commit.
    pub fn put(&self, space: Space, key: Bytes, value: Bytes) -> Result<()> {
        todo!()
    }
    pub fn delete(&self, space: Space, key: Bytes) -> Result<()> {
        todo!()
    }
    /// The value as [`Txn::latest_view`] sees it.
    pub fn get_latest(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>> {
        todo!()
    }
    /// The newest committed value, this transaction's writes aside.
    pub fn get_committed(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>> {
        todo!()
    }
    /// This relation was created in this transaction: nobody else can see it, so its rows and keys
    /// need no locks.
    pub fn created_storage(&self, id: StorageId) {
        todo!()
    }
    /// Deletes everything of a relation at commit (DROP, TRUNCATE, rewrite).
    pub fn drop_storage(&self, id: StorageId) {
        todo!()
    }
    /// Runs inside the sequencer right after the commit's batch is written, in commit order:
    /// publish a catalog, deliver notifications. Dropped unrun if the transaction, or the savepoint
    /// it was registered in, rolls back.
    pub fn on_commit(&self, hook: impl FnOnce(&CommitInfo) + Send + 'static) {
        todo!()
    }

    // --- Savepoints

    pub fn savepoint(&self) -> Savepoint {
        todo!()
    }
    /// Undoes writes, hooks and locks since `savepoint`, which stays valid.
    pub fn rollback_to(&self, savepoint: &Savepoint) {
        todo!()
    }

    // --- Locks (held to the end of the transaction, or rollback to an earlier savepoint)

    /// Locks a row, by its table and key suffix, whether or not it exists. An insert takes
    /// [`RowLockMode::Update`] on the key it makes.
    pub async fn lock_row(
        &self,
        table: StorageId,
        key: &[u8],
        mode: RowLockMode,
        wait: LockWait,
    ) -> Result<RowLock> {
        todo!()
    }
    /// Locks a key of a unique index exclusively: whoever adds or removes its entry does so first.
    pub async fn lock_unique(&self, index: StorageId, columns: &[u8]) -> Result<RowLock> {
        todo!()
    }
    /// Locks a relation; `false`: NOWAIT-less try failed because `wait` is not `Block`.
    pub async fn lock_table(
        &self,
        relation: Oid,
        mode: TableLockMode,
        wait: LockWait,
    ) -> Result<bool> {
        todo!()
    }
    /// Takes an advisory lock; `false`: it is taken and `wait` is not `Block`.
    pub async fn lock_advisory(
        &self,
        key: AdvisoryKey,
        shared: bool,
        scope: LockScope,
        wait: LockWait,
    ) -> Result<bool> {
        todo!()
    }

    // --- End

    /// Commits; on error everything is rolled back. `sync`: return after the WAL is on disk
    /// (`synchronous_commit`). Dropping the future does not stop a commit under way.
    pub async fn commit(self: &Arc<Self>, sync: bool) -> Result<CommitInfo> {
        todo!()
    }
    pub fn rollback(&self) {
        todo!()
    }
}

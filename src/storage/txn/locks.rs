//! A transaction's locks: held to its end, or to a rollback to an earlier savepoint.

use super::Txn;
use crate::nodes::{LockWait, RowLockMode};
use crate::storage::locks::{Acquired, AdvisoryKey, LockScope, Mode, Request, TableLockMode, Tag};
use crate::storage::{Result, RowLock, StorageId};
use crate::types::Oid;

impl Txn {
    /// Locks a row, by its table and its key without the storage id, whether or not it exists.
    pub async fn lock_row(
        &self,
        table: StorageId,
        key: &[u8],
        mode: RowLockMode,
        wait: LockWait,
    ) -> Result<RowLock> {
        let tag = self.store.locks.row_tag(table, key);
        self.lock_key(table, tag, mode.into(), wait).await
    }

    /// The same for a row that is going to be written: [`RowLockMode::Update`] where it is deleted
    /// or inserted or its key changes, else [`RowLockMode::NoKeyUpdate`].
    pub async fn lock_row_to_write(
        &self,
        table: StorageId,
        key: &[u8],
        mode: RowLockMode,
        wait: LockWait,
    ) -> Result<RowLock> {
        let tag = self.store.locks.row_tag(table, key);
        self.lock_key(table, tag, Mode::writing(mode), wait).await
    }

    /// Waits until no other transaction is writing a row. One that has only locked it is not waited
    /// for.
    pub async fn await_writer(&self, table: StorageId, key: &[u8]) -> Result<()> {
        let mark = self.lock_mark();
        let tag = self.store.locks.row_tag(table, key);
        self.lock_key(table, tag, Mode::AWAIT_WRITER, LockWait::Block).await?;
        self.release_locks_since(mark);
        Ok(())
    }

    /// Locks a key of a unique index exclusively: whoever adds or removes its entry does so first.
    pub async fn lock_unique(
        &self,
        index: StorageId,
        columns: &[u8],
        wait: LockWait,
    ) -> Result<RowLock> {
        let tag = self.store.locks.unique_tag(index, columns);
        self.lock_key(index, tag, RowLockMode::Update.into(), wait).await
    }

    /// Locks the keys of rows to be inserted, as [`Txn::lock_row`] does, without waiting; `false`:
    /// another transaction holds one of them, and those behind it were not locked.
    pub fn lock_new_rows<'k>(
        &self,
        table: StorageId,
        keys: impl Iterator<Item = &'k [u8]>,
    ) -> bool {
        if self.has_created(table) {
            return true;
        }
        let locks = &self.store.locks;
        let mode = Mode::from(RowLockMode::Update);
        let mut taken = Vec::new();
        let mut free = true;
        for key in keys {
            let tag = locks.row_tag(table, key);
            match locks.try_acquire(tag, mode, self.session) {
                Acquired::Already => {}
                Acquired::Granted | Acquired::Waited => taken.push((tag, mode)),
                Acquired::Unavailable => free = false,
            }
            if !free {
                break;
            }
        }
        self.state.lock().locks.append(&mut taken);
        free
    }

    /// Locks those of these rows of a table that nobody else has locked.
    pub(in crate::storage) fn try_lock_rows(
        &self,
        table: StorageId,
        suffixes: &[&[u8]],
    ) -> Vec<bool> {
        let locks = &self.store.locks;
        let mode = Mode::from(RowLockMode::Update);
        let mut taken = Vec::with_capacity(suffixes.len());
        let mut lock = |suffix: &&[u8]| {
            let tag = locks.row_tag(table, suffix);
            match locks.try_acquire(tag, mode, self.session) {
                Acquired::Already => true,
                Acquired::Granted | Acquired::Waited => {
                    taken.push((tag, mode));
                    true
                }
                Acquired::Unavailable => false,
            }
        };
        let locked = suffixes.iter().map(&mut lock).collect();
        self.state.lock().locks.append(&mut taken);
        locked
    }

    async fn lock_key(
        &self,
        storage: StorageId,
        tag: Tag,
        mode: Mode,
        wait: LockWait,
    ) -> Result<RowLock> {
        if self.has_created(storage) {
            return Ok(RowLock::Granted { waited: false });
        }
        Ok(match self.lock(tag, mode, wait).await? {
            Acquired::Unavailable => RowLock::Unavailable,
            acquired => RowLock::Granted { waited: acquired == Acquired::Waited },
        })
    }

    /// Locks a relation; `false`: another session holds it and `wait` is not
    /// [`LockWait::Block`].
    pub async fn lock_table(
        &self,
        relation: Oid,
        mode: TableLockMode,
        wait: LockWait,
    ) -> Result<bool> {
        let tag = Tag::relation(self.database, relation);
        Ok(self.lock(tag, mode.into(), wait).await? != Acquired::Unavailable)
    }

    /// Takes an advisory lock; `false`: another session holds it and `wait` is not
    /// [`LockWait::Block`]. Session scope: see
    /// [`Store::unlock_advisory`](crate::storage::Store::unlock_advisory).
    pub async fn lock_advisory(
        &self,
        key: AdvisoryKey,
        shared: bool,
        scope: LockScope,
        wait: LockWait,
    ) -> Result<bool> {
        let (tag, mode) = (Tag::advisory(key), Mode::advisory(shared));
        match scope {
            LockScope::Transaction => {
                Ok(self.lock(tag, mode, wait).await? != Acquired::Unavailable)
            }
            LockScope::Session => {
                let number = || self.id();
                let request = self.request(tag, mode, wait, scope, &number);
                self.store.locks.acquire_session(request).await
            }
        }
    }

    /// A place in the order of this transaction's locks.
    pub fn lock_mark(&self) -> usize {
        self.state.lock().locks.len()
    }

    /// Gives back the locks taken since `mark`: for a row that was looked at and left alone.
    pub fn release_locks_since(&self, mark: usize) {
        let mut state = self.state.lock();
        let from = mark.min(state.locks.len());
        let released = state.locks.split_off(from);
        drop(state);
        self.release(released);
    }

    async fn lock(&self, tag: Tag, mode: Mode, wait: LockWait) -> Result<Acquired> {
        let number = || self.id();
        let request = self.request(tag, mode, wait, LockScope::Transaction, &number);
        let acquired = self.store.locks.acquire(request).await?;
        if matches!(acquired, Acquired::Granted | Acquired::Waited) {
            self.state.lock().locks.push((tag, mode));
        }
        Ok(acquired)
    }

    fn request<'a>(
        &self,
        tag: Tag,
        mode: Mode,
        wait: LockWait,
        scope: LockScope,
        transaction: &'a (dyn Fn() -> u64 + Sync),
    ) -> Request<'a> {
        let options = self.state.lock().lock_wait;
        Request { tag, mode, scope, session: self.session, wait, options, transaction }
    }

    pub(super) fn release(&self, locks: Vec<(Tag, Mode)>) {
        for (tag, mode) in locks.into_iter().rev() {
            self.store.locks.release(tag, self.session, mode, LockScope::Transaction);
        }
    }
}

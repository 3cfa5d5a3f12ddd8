//! A transaction: its snapshot, its writes, its locks, its end.
//!
//! A `Txn` is shared (`Arc`) and locked inside, because portals outlive statements. Writes go
//! through three states:
//!
//! ```text
//!   statement buffer ──end_statement──▶ transaction's write set ──commit──▶ sequencer ▶ RocksDB
//!        │ abort_statement                     │ rollback_to (puts a savepoint's copy back)
//!        ▼ dropped                             ▼ rollback: dropped
//! ```
//!
//! A statement's scans see the snapshot and the write set, never its own buffer: so an UPDATE does
//! not meet the rows it has written, and a failed statement leaves nothing behind. Constraint checks
//! ask for the latest state instead: buffer, write set, newest commit.

mod locks;

use super::cold::Locator;
use super::locks::{LockWaitOptions, Mode, Tag};
use super::moves::{Move, MovePlace};
use super::sequencer::{self, Hook};
use super::ssi::SerializableTxn;
use super::{
    CommitInfo, Key, ReadView, Result, Snapshot, SortedPuts, Space, StorageError, StorageId, Store,
    WriteSet,
};
use crate::types::Oid;
use bytes::Bytes;
use parking_lot::Mutex;
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use tokio::sync::oneshot;

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
    /// The connected database, which relation locks name.
    pub database: Oid,
    pub isolation: IsolationLevel,
    pub read_only: bool,
}

/// What became of a row lock request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowLock {
    /// Held now. `waited`: another transaction held it, so the row must be read again.
    Granted { waited: bool },
    /// Another transaction holds it, and the request was not to wait (NOWAIT or SKIP LOCKED).
    Unavailable,
}

/// A point to roll back to; the session keeps the stack and the names.
#[derive(Clone)]
pub struct Savepoint {
    writes: WriteSet,
    moves: usize,
    locks: usize,
    hooks: usize,
    created: usize,
    dropped: usize,
}

pub struct Txn {
    store: Arc<Store>,
    session: u32,
    database: Oid,
    /// Given when first asked for: most transactions never need a number.
    id: OnceLock<u64>,
    state: Mutex<State>,
}

struct State {
    isolation: IsolationLevel,
    read_only: bool,
    lock_wait: LockWaitOptions,
    /// REPEATABLE READ and SERIALIZABLE: the transaction's snapshot, taken by its first statement.
    snapshot: Option<Arc<Snapshot>>,
    serializable: Option<Arc<SerializableTxn>>,
    writes: WriteSet,
    statement: WriteSet,
    /// Rows whose key changed; the first `moves_kept` by statements that have ended.
    moves: Vec<Move>,
    moves_kept: usize,
    /// Relations that only this transaction can see.
    created: Vec<StorageId>,
    dropped: Vec<StorageId>,
    /// See [`Txn::moves_tiers`].
    tiers_of: Option<StorageId>,
    hooks: Vec<Hook>,
    /// In the order taken, so that a savepoint is a length.
    locks: Vec<(Tag, Mode)>,
    /// A sequence moved: the commit must sync even if it writes nothing.
    must_sync: bool,
    attachments: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
    used: bool,
    ended: bool,
}

impl Txn {
    pub(super) fn new(store: Arc<Store>, options: TxnOptions) -> Txn {
        let state = State {
            isolation: options.isolation,
            read_only: options.read_only,
            lock_wait: LockWaitOptions::default(),
            snapshot: None,
            serializable: None,
            writes: WriteSet::default(),
            statement: WriteSet::default(),
            moves: Vec::new(),
            moves_kept: 0,
            created: Vec::new(),
            dropped: Vec::new(),
            tiers_of: None,
            hooks: Vec::new(),
            locks: Vec::new(),
            must_sync: false,
            attachments: HashMap::new(),
            used: false,
            ended: false,
        };
        let TxnOptions { session, database, .. } = options;
        Txn { store, session, database, id: OnceLock::new(), state: Mutex::new(state) }
    }

    /// The transaction's number, as `txid_current` shows it, and `xmin` in the rows that it writes.
    pub fn id(&self) -> u64 {
        *self.id.get_or_init(|| self.store.sequencer.number())
    }

    /// The same, where anybody has asked for it.
    pub(super) fn number(&self) -> Option<u64> {
        self.id.get().copied()
    }

    pub fn session(&self) -> u32 {
        self.session
    }

    /// The connected database.
    pub fn database(&self) -> Oid {
        self.database
    }

    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    pub fn isolation(&self) -> IsolationLevel {
        self.state.lock().isolation
    }

    /// SET TRANSACTION ISOLATION LEVEL, which the session allows before the first query only.
    pub fn set_isolation(&self, level: IsolationLevel) {
        self.state.lock().isolation = level;
    }

    pub fn read_only(&self) -> bool {
        self.state.lock().read_only
    }

    pub fn set_read_only(&self, read_only: bool) {
        self.state.lock().read_only = read_only;
    }

    /// `lock_timeout` and `deadlock_timeout` for waits from now on.
    pub fn set_lock_wait(&self, options: LockWaitOptions) {
        self.state.lock().lock_wait = options;
    }

    /// Whether no statement has run yet.
    pub fn is_fresh(&self) -> bool {
        !self.state.lock().used
    }

    /// Whether COMMIT has anything to write.
    pub fn has_writes(&self) -> bool {
        let state = self.state.lock();
        !state.writes.is_empty() || !state.statement.is_empty() || !state.dropped.is_empty()
    }

    // --- Statements

    /// Starts a statement: a fresh snapshot in READ COMMITTED, the transaction's otherwise, with
    /// the transaction's earlier writes over it; and an empty statement buffer.
    pub fn begin_statement(&self) -> Result<ReadView> {
        let mut state = self.state.lock();
        state.drop_statement();
        self.view(&mut state)
    }

    /// Merges the statement's writes into the transaction's. SERIALIZABLE may find here that it
    /// must fail.
    pub fn end_statement(&self) -> Result<()> {
        let mut state = self.state.lock();
        let statement = std::mem::take(&mut state.statement);
        state.writes.merge(statement);
        state.moves_kept = state.moves.len();
        match &state.serializable {
            Some(serializable) => self.store.ssi.check(serializable, &state.writes),
            None => Ok(()),
        }
    }

    /// Drops the statement's writes.
    pub fn abort_statement(&self) {
        self.state.lock().drop_statement();
    }

    /// A view like [`Txn::begin_statement`]'s that leaves the buffer alone: for cursors, and for
    /// queries that run inside a statement.
    pub fn read_view(&self) -> Result<ReadView> {
        self.view(&mut self.state.lock())
    }

    /// The newest committed state with everything of this transaction over it, the current
    /// statement's writes too: what constraint checks and referential actions read.
    pub fn latest_view(&self) -> Result<ReadView> {
        let state = &mut *self.state.lock();
        let own = state.writes.overlaid(&state.statement);
        Ok(ReadView::new(self.store.snapshot(), own, None))
    }

    /// The transaction's snapshot; in READ COMMITTED one of its own, as of now.
    pub fn snapshot(&self) -> Result<Arc<Snapshot>> {
        let mut state = self.state.lock();
        self.view(&mut state)?;
        Ok(state.snapshot.clone().unwrap_or_else(|| self.store.snapshot()))
    }

    /// Takes another transaction's snapshot for this one's. Nothing has been read yet, and the level
    /// is REPEATABLE READ.
    pub fn set_snapshot(&self, snapshot: Arc<Snapshot>) {
        self.state.lock().snapshot = Some(snapshot);
    }

    fn view(&self, state: &mut State) -> Result<ReadView> {
        if state.ended {
            return Err(StorageError::Closed("the transaction has ended".into()));
        }
        state.used = true;
        let snapshot = match (state.isolation, &state.snapshot) {
            (IsolationLevel::ReadCommitted, _) => self.store.snapshot(),
            (_, Some(snapshot)) => Arc::clone(snapshot),
            (level, None) => {
                if level == IsolationLevel::Serializable {
                    let seq = self.store.last_seq();
                    state.serializable = Some(self.store.ssi.begin(seq, state.read_only));
                }
                let snapshot = self.store.snapshot();
                state.snapshot = Some(Arc::clone(&snapshot));
                snapshot
            }
        };
        Ok(ReadView::new(snapshot, state.writes.clone(), state.serializable.clone()))
    }

    /// The committed value that the transaction's snapshot shows; the outer `None`: it has none, but
    /// one for each statement.
    pub fn snapshot_get(&self, space: Space, key: &[u8]) -> Result<Option<Option<Bytes>>> {
        let snapshot = self.state.lock().snapshot.clone();
        let get = |snapshot: Arc<Snapshot>| match space {
            Space::Rows => snapshot.row(key),
            _ => snapshot.get(space, key),
        };
        snapshot.map(get).transpose()
    }

    // --- Writes

    /// Writes to the statement's buffer. Rows come from [`RowLayout::encode`](super::RowLayout):
    /// their `_seq` and `_updated` are filled in at commit.
    pub fn put(&self, space: Space, key: Bytes, value: Bytes) -> Result<()> {
        self.write(space, key, Some(value))
    }

    pub fn delete(&self, space: Space, key: Bytes) -> Result<()> {
        self.write(space, key, None)
    }

    fn write(&self, space: Space, key: Bytes, value: Option<Bytes>) -> Result<()> {
        let cold = space == Space::Rows && self.store.db.cold.has_table_of(&key);
        let locator = if cold { self.get_latest(Space::Locators, &key)? } else { None };
        let mut state = self.state.lock();
        state.used = true;
        if let Some(locator) = locator {
            // The row's lock, which a writer holds, keeps it where it is.
            let Locator { segment, position } = Locator::decode(&locator)?;
            let dead = Key::Delete { segment, position }.encode();
            state.statement.insert(Space::Deletes, dead, Some(Bytes::new()));
            state.statement.insert(Space::Locators, key.clone(), None);
        }
        state.statement.insert(space, key, value);
        self.check_size(&state)
    }

    /// Writes to the transaction's write set, past the statement's buffer: for functions with effects,
    /// which run while rows are read. Where their statement fails, what follows rolls back more than
    /// the statement: the transaction, or everything since a savepoint.
    pub fn write_at_once(&self, key: Key<'_>, value: Option<Bytes>) -> Result<()> {
        let mut state = self.state.lock();
        state.used = true;
        state.writes.insert(key.space(), key.encode(), value);
        self.check_size(&state)
    }

    /// Writes what has one tier only, or moves a row from one to the other.
    pub(super) fn write_raw(&self, key: Key<'_>, value: Option<Bytes>) {
        self.state.lock().statement.insert(key.space(), key.encode(), value);
    }

    /// This transaction moves a table's rows between the tiers: nobody is told, and it fails if the
    /// table is gone by its commit.
    pub(super) fn moves_tiers(&self, table: StorageId) {
        self.state.lock().tiers_of = Some(table);
    }

    fn check_size(&self, state: &State) -> Result<()> {
        let bytes = state.statement.bytes() + state.writes.bytes();
        match bytes > self.store.options.transaction_bytes_max {
            true => Err(StorageError::TooLarge(format!("it has written {bytes} bytes"))),
            false => Ok(()),
        }
    }

    /// Writes many keys to the statement's buffer at once.
    pub fn put_sorted(&self, puts: SortedPuts) -> Result<()> {
        let mut state = self.state.lock();
        state.used = true;
        state.statement.append(puts);
        self.check_size(&state)
    }

    /// Whether nothing is stored from `first` to `last`, both included, as [`Txn::latest_view`] sees
    /// it. May say no where all was deleted.
    pub fn is_free(&self, space: Space, first: &[u8], last: &[u8]) -> Result<bool> {
        let state = self.state.lock();
        if state.statement.touches(space, first, last) || state.writes.touches(space, first, last) {
            return Ok(false);
        }
        drop(state);
        let cold = space == Space::Rows && self.store.db.cold.has_table_of(first);
        Ok(self.store.is_free(space, first, last)?
            && (!cold || self.store.is_free(Space::Locators, first, last)?))
    }

    /// The value as [`Txn::latest_view`] sees it.
    pub fn get_latest(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>> {
        let state = self.state.lock();
        let own = state.statement.get(space, key).or_else(|| state.writes.get(space, key));
        drop(state);
        match own {
            Some(written) => Ok(written),
            None => self.get_committed(space, key),
        }
    }

    /// Whether the current statement has written this key.
    pub fn statement_wrote(&self, space: Space, key: &[u8]) -> bool {
        self.state.lock().statement.get(space, key).is_some()
    }

    /// Whether the current statement has written nothing yet.
    pub fn statement_is_empty(&self) -> bool {
        self.state.lock().statement.is_empty()
    }

    /// Whether the newest value of a key is this transaction's own.
    pub fn wrote(&self, space: Space, key: &[u8]) -> bool {
        let state = self.state.lock();
        state.statement.get(space, key).is_some() || state.writes.get(space, key).is_some()
    }

    /// The newest committed value, this transaction's writes aside.
    pub fn get_committed(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>> {
        self.store.get(space, key)
    }

    /// The statement has moved a row from one key of a table to another. Keys are without the
    /// storage id.
    pub fn moved(&self, table: StorageId, from: Bytes, to: Bytes) {
        self.state.lock().moves.push(Move { table, from, to });
    }

    /// A row left a table for another one.
    pub fn left(&self, table: StorageId, from: Bytes) {
        self.moved(table, from, Bytes::new());
    }

    /// Where the row went that left a key first after `place`, and the place after that (no key: to
    /// another table); `None`: no row has been moved away that a snapshot may still show there.
    pub fn follow(
        &self,
        table: StorageId,
        key: &Bytes,
        place: MovePlace,
    ) -> Option<(Bytes, MovePlace)> {
        self.store.moves.next(table, key, place)
    }

    /// This relation was created in this transaction: nobody else can see it, so its rows and keys
    /// need no locks.
    pub fn created_storage(&self, id: StorageId) {
        self.state.lock().created.push(id);
    }

    /// Whether this transaction created the relation.
    pub fn has_created(&self, id: StorageId) -> bool {
        self.state.lock().created.contains(&id)
    }

    /// Deletes everything of a relation at commit (DROP, TRUNCATE, rewrite).
    pub fn drop_storage(&self, id: StorageId) {
        self.state.lock().dropped.push(id);
    }

    /// Runs inside the sequencer right after the commit's batch is written, in commit order:
    /// publish a catalog, deliver notifications. Dropped unrun if the transaction, or the savepoint
    /// it was registered after, rolls back.
    pub fn on_commit(&self, hook: impl FnOnce(&CommitInfo) + Send + 'static) {
        self.state.lock().hooks.push(Box::new(hook));
    }

    pub(super) fn must_sync(&self) {
        self.state.lock().must_sync = true;
    }

    // --- Savepoints

    /// The state now; statements' ends count, an unfinished statement does not.
    pub fn savepoint(&self) -> Savepoint {
        let mut state = self.state.lock();
        Savepoint {
            writes: state.writes.checkpoint(),
            moves: state.moves_kept,
            locks: state.locks.len(),
            hooks: state.hooks.len(),
            created: state.created.len(),
            dropped: state.dropped.len(),
        }
    }

    /// Undoes writes, hooks and locks since `savepoint`, which stays valid.
    pub fn rollback_to(&self, savepoint: &Savepoint) {
        let mut state = self.state.lock();
        state.moves_kept = savepoint.moves;
        state.drop_statement();
        state.writes = savepoint.writes.clone();
        state.hooks.truncate(savepoint.hooks);
        state.created.truncate(savepoint.created);
        state.dropped.truncate(savepoint.dropped);
        let from = savepoint.locks.min(state.locks.len());
        let released = state.locks.split_off(from);
        drop(state);
        self.release(released);
    }

    /// What an upper layer keeps with the transaction, one value per type; dropped at its end.
    pub fn attachment<T: Any + Default + Send + Sync>(&self) -> Arc<T> {
        let mut state = self.state.lock();
        let slot = state.attachments.entry(TypeId::of::<T>());
        let value = Arc::clone(slot.or_insert_with(|| Arc::new(T::default())));
        drop(state);
        value.downcast().expect("attachments are kept by their type")
    }

    /// The same, `None` where nobody has asked for it yet.
    pub fn find_attachment<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        let value = self.state.lock().attachments.get(&TypeId::of::<T>()).cloned()?;
        Some(value.downcast().expect("attachments are kept by their type"))
    }

    // --- End

    /// Commits; on error everything is rolled back. `sync`: return after the WAL is on disk
    /// (`synchronous_commit`). Dropping the future does not stop a commit under way.
    pub async fn commit(self: &Arc<Self>, sync: bool) -> Result<CommitInfo> {
        let (answer, answered) = oneshot::channel();
        match self.hand_in(sync, answer) {
            // The sequencer finishes the transaction, even if nobody waits for its answer.
            Ok(true) => answered.await.unwrap_or_else(|_| Err(closed())),
            Ok(false) => {
                let info = CommitInfo { seq: 0, updated_us: sequencer::now_us() };
                self.finished(&Ok(info));
                Ok(info)
            }
            Err(error) => {
                self.rollback();
                Err(error)
            }
        }
    }

    /// Queues the commit; `false`: there is nothing for the sequencer to do. Serializable
    /// transactions come to the sequencer in the order of their last checks, which say who commits
    /// first.
    fn hand_in(
        self: &Arc<Self>,
        sync: bool,
        answer: oneshot::Sender<Result<CommitInfo>>,
    ) -> Result<bool> {
        let serializable = self.state.lock().serializable.is_some();
        let _in_order = serializable.then(|| self.store.ssi.commit_order.lock());
        match self.prepare(sync, answer)? {
            None => Ok(false),
            Some(request) => match self.store.sequencer.submit(request) {
                Ok(()) => Ok(true),
                Err(_) => Err(closed()),
            },
        }
    }

    /// Takes everything out for the sequencer; `None`: there is nothing for it to do.
    fn prepare(
        self: &Arc<Self>,
        sync: bool,
        answer: oneshot::Sender<Result<CommitInfo>>,
    ) -> Result<Option<sequencer::Request>> {
        let mut state = self.state.lock();
        if state.ended {
            return Err(StorageError::Closed("the transaction has ended".into()));
        }
        let statement = std::mem::take(&mut state.statement);
        state.writes.merge(statement);
        if let Some(serializable) = &state.serializable {
            self.store.ssi.prepare_commit(serializable, &state.writes)?;
        }
        let nothing = state.writes.is_empty()
            && state.dropped.is_empty()
            && state.hooks.is_empty()
            && !state.must_sync;
        Ok((!nothing).then(|| sequencer::Request {
            txn: Arc::clone(self),
            writes: std::mem::take(&mut state.writes),
            moves: std::mem::take(&mut state.moves),
            dropped: std::mem::take(&mut state.dropped),
            tiers_of: state.tiers_of,
            hooks: std::mem::take(&mut state.hooks),
            sync,
            answer,
        }))
    }

    pub fn rollback(&self) {
        self.finished(&Err(StorageError::Closed("rolled back".into())));
    }

    /// The transaction is over: the sequencer has written it, or it has failed.
    pub(super) fn finished(&self, outcome: &Result<CommitInfo>) {
        let mut state = self.state.lock();
        if state.ended {
            return;
        }
        state.ended = true;
        if let Some(serializable) = state.serializable.take() {
            match outcome {
                // A reader ends after the newest commit, before the next.
                Ok(CommitInfo { seq: 0, .. }) => {
                    self.store.ssi.committed(&serializable, self.store.last_seq() + 1);
                }
                Ok(info) => self.store.ssi.committed(&serializable, info.seq),
                Err(_) => self.store.ssi.aborted(&serializable),
            }
        }
        state.snapshot = None;
        state.attachments.clear();
        state.writes = WriteSet::default();
        state.statement = WriteSet::default();
        let hooks = std::mem::take(&mut state.hooks);
        let locks = std::mem::take(&mut state.locks);
        drop(state);
        drop(hooks);
        self.release(locks);
    }
}

impl State {
    fn drop_statement(&mut self) {
        self.statement = WriteSet::default();
        self.moves.truncate(self.moves_kept);
    }
}

impl Drop for Txn {
    fn drop(&mut self) {
        self.rollback();
    }
}

fn closed() -> StorageError {
    StorageError::Closed("the database system is shutting down".into())
}

//! The commit sequencer: puts commits in order and shares their syncs.
//!
//! One commit at a time is at work, with everybody's who waited when it began: all of them are
//! numbered, put into one RocksDB batch, written with one WAL sync, and answered. Meanwhile the next
//! ones queue up. So a lone client pays one sync a commit, and sixteen share one.
//!
//! ```text
//!   T1 ─┐                 ┌ _seq 8 ┐               hooks, publish, release locks, answer T1
//!   T2 ─┼─ queue ─ batch ─┼ _seq 9 ┼ write + sync ─ hooks, publish, release locks, answer T2
//!   T3 ─┘                 └ _seq 10┘               …
//! ```
//!
//! Whoever finds nobody at work commits on its own thread: handing over to another one, and being
//! woken by it, would cost a lone client more than the sync. What has queued up by its end is left to
//! the sequencer's thread, so that nobody's answer waits for others' commits.
//!
//! Commits are numbered from the sequence that transactions take their own numbers from when somebody
//! asks for one: a transaction's number lies below its commit's, and no number is given twice.
//!
//! Invariants: `_seq` and `_updated` grow strictly, over restarts too ([`Key::LastCommit`] is part
//! of every batch). A batch is written whole or not at all; if it fails, every commit in it fails.
//! Hooks run, and changes are published, in commit order. Locks go only when the commit is visible.

use super::cold;
use super::counters::Counter;
use super::fault::CrashPoint;
use super::keys::{self, Key};
use super::moves::Move;
use super::{
    Fault, KeyRange, Result, Snapshot, Space, StorageError, StorageId, Txn, WriteSet, open::Db, row,
};
use parking_lot::{Condvar, Mutex, MutexGuard};
use rocksdb::{WriteBatch, WriteOptions};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{broadcast, oneshot};

/// Bytes of writes after which a batch takes no further transaction.
const BATCH_BYTES_MAX: usize = 32 << 20;
/// How long an unsynced commit (`synchronous_commit = off`) stays unsynced: PostgreSQL's
/// `wal_writer_delay`.
const UNSYNCED_MAX: Duration = Duration::from_millis(200);
/// A commit that takes no longer than this holds up nobody noticeably...
const BRIEF_US: u64 = 300;
/// ... unless it writes more than this.
const BRIEF_BYTES: usize = 64 << 10;
/// Commits a subscriber may fall behind before it is told that it missed some.
const SUBSCRIBER_BACKLOG: usize = 4096;
/// PostgreSQL's transactions have numbers from the next one on.
const FROZEN_XID: u64 = 2;
/// Microseconds from 1970-01-01 to 2000-01-01, PostgreSQL's epoch.
const EPOCH_2000_US: i64 = 946_684_800_000_000;

/// What a commit got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitInfo {
    /// Its number: strictly increasing; 0 for a transaction that wrote nothing.
    pub seq: u64,
    /// Its time, microseconds since 2000-01-01 UTC: strictly increasing.
    pub updated_us: i64,
}

/// A committed transaction's changes, as published to subscribers.
#[derive(Clone)]
pub struct Commit {
    pub info: CommitInfo,
    /// Row values do not carry `_seq` and `_updated` here: they are `info`'s.
    pub writes: WriteSet,
}

/// What runs right after a commit is written, in commit order.
pub(super) type Hook = Box<dyn FnOnce(&CommitInfo) + Send>;

/// A transaction that wants to commit.
pub(super) struct Request {
    pub(super) txn: Arc<Txn>,
    pub(super) writes: WriteSet,
    /// Rows whose key changed.
    pub(super) moves: Vec<Move>,
    /// Relations to delete with everything in them.
    pub(super) dropped: Vec<StorageId>,
    /// The rows of this table change their tier, and nothing else happens: see
    /// [`Txn::moves_tiers`].
    pub(super) tiers_of: Option<StorageId>,
    pub(super) hooks: Vec<Hook>,
    /// Answer after the WAL is on disk.
    pub(super) sync: bool,
    pub(super) answer: oneshot::Sender<Result<CommitInfo>>,
}

/// Counts syncs of the write-ahead log, so that who has written to it can tell whether that is on
/// disk by now.
#[derive(Default)]
pub(super) struct Syncs {
    started: AtomicU64,
    finished: AtomicU64,
}

impl Syncs {
    /// To be asked for after writing; [`Syncs::cover`] tells whether a later sync has ended.
    pub(super) fn mark(&self) -> u64 {
        self.started.load(Ordering::SeqCst)
    }

    /// Whether everything written before a mark was taken is on disk.
    pub(super) fn cover(&self, mark: u64) -> bool {
        self.finished.load(Ordering::SeqCst) > mark
    }
}

/// The sequencer's handle: where to send, what was committed last.
pub(super) struct Sequencer {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// The last number given, to a commit or to a transaction.
    numbers: Arc<AtomicU64>,
    last_seq: Arc<AtomicU64>,
    written_bytes: Arc<AtomicU64>,
    session_writes: Arc<AtomicU64>,
    syncs: Arc<Syncs>,
    published: broadcast::Sender<Arc<Commit>>,
}

/// What the committing threads share.
struct Shared {
    queue: Mutex<Queue>,
    /// Wakes the sequencer's thread, under the queue's lock.
    wake: Condvar,
    /// Whoever holds it is at work. Whoever lets go of it looks at the queue afterwards: requests
    /// that came meanwhile have found it held, and rely on that.
    worker: Mutex<Worker>,
    /// How long commits took lately, in microseconds.
    commit_us: AtomicU64,
}

#[derive(Default)]
struct Queue {
    requests: VecDeque<Request>,
    /// Something was written without a sync.
    unsynced: bool,
    closed: bool,
}

/// Why the sequencer's thread woke up.
enum Wakeup {
    Requests,
    UnsyncedTooLong,
    Closed,
}

impl Sequencer {
    /// Starts the thread, going on from the newest commit in the store.
    pub(super) fn start(db: &Arc<Db>, fault: Option<Fault>) -> Result<Sequencer> {
        let last = read_last(db)?;
        let numbers = Arc::new(AtomicU64::new(last.seq.max(FROZEN_XID)));
        let last_seq = Arc::new(AtomicU64::new(last.seq));
        let written_bytes = Arc::<AtomicU64>::default();
        let session_writes = Arc::<AtomicU64>::default();
        let syncs = Arc::<Syncs>::default();
        let (published, _) = broadcast::channel(SUBSCRIBER_BACKLOG);
        let worker = Worker {
            db: Arc::clone(db),
            last,
            numbers: Arc::clone(&numbers),
            last_seq: Arc::clone(&last_seq),
            written_bytes: Arc::clone(&written_bytes),
            session_writes: Arc::clone(&session_writes),
            syncs: Arc::clone(&syncs),
            published: published.clone(),
            unsynced: false,
            fault,
        };
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            wake: Condvar::new(),
            worker: Mutex::new(worker),
            commit_us: AtomicU64::new(BRIEF_US),
        });
        let on_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("sequencer".into())
            .spawn(move || on_thread.run())
            .map_err(|e| StorageError::Io(format!("could not start the sequencer: {e}")))?;
        Ok(Sequencer {
            shared,
            thread: Mutex::new(Some(thread)),
            numbers,
            last_seq,
            written_bytes,
            session_writes,
            syncs,
            published,
        })
    }

    /// Queues a commit, and does the work if nobody is at it; a closed store gives it back.
    pub(super) fn submit(&self, request: Request) -> Result<(), Box<Request>> {
        let mut queue = self.shared.queue.lock();
        if queue.closed {
            return Err(Box::new(request));
        }
        let bytes = request.writes.bytes();
        queue.requests.push_back(request);
        drop(queue);
        match Handle::try_current().map(|handle| handle.runtime_flavor()) {
            Ok(RuntimeFlavor::MultiThread) => {
                if let Some(worker) = self.shared.worker.try_lock() {
                    let work = || self.shared.commit_waiting(worker);
                    match bytes <= BRIEF_BYTES && self.shared.syncs_are_brief() {
                        true => work(),
                        // Another thread runs the other tasks of this worker of the runtime.
                        false => tokio::task::block_in_place(work),
                    }
                }
            }
            // Nobody else could run its tasks.
            _ => {
                self.shared.wake.notify_one();
            }
        }
        Ok(())
    }

    /// Waits until the commits that are being written have been: later ones see what the caller has
    /// done before.
    pub(super) fn await_writing(&self) {
        drop(self.shared.worker.lock());
        // Whoever found it held relies on us.
        if !self.shared.queue.lock().requests.is_empty() {
            self.shared.wake.notify_one();
        }
    }

    /// A number for a transaction.
    pub(super) fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(super) fn last_seq(&self) -> u64 {
        self.last_seq.load(Ordering::Acquire)
    }

    /// Bytes committed since the start: tells whether an estimate may be out of date.
    pub(super) fn written_bytes(&self) -> u64 {
        self.written_bytes.load(Ordering::Relaxed)
    }

    /// Entries of rows and indexes committed since the start by all but moves between the tiers.
    pub(super) fn session_writes(&self) -> u64 {
        self.session_writes.load(Ordering::Relaxed)
    }

    pub(super) fn syncs(&self) -> Arc<Syncs> {
        Arc::clone(&self.syncs)
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Arc<Commit>> {
        self.published.subscribe()
    }

    /// Lets queued commits finish, then stops; later ones are refused.
    pub(super) fn stop(&self) {
        self.shared.queue.lock().closed = true;
        self.shared.wake.notify_one();
        let thread = self.thread.lock().take();
        // The last reference to the store may be a request's, dropped on the thread itself.
        if let Some(thread) = thread.filter(|t| t.thread().id() != std::thread::current().id())
            && thread.join().is_err()
        {
            tracing::error!("the commit sequencer panicked");
        }
    }
}

impl Shared {
    /// The sequencer's thread: commits what the others leave, and syncs what lies unsynced.
    fn run(&self) {
        loop {
            match self.wait() {
                Wakeup::Requests => {
                    let mut worker = self.worker.lock();
                    while let Some((group, bytes)) = self.next_group() {
                        worker.commit(group, bytes);
                    }
                    self.queue.lock().unsynced = worker.unsynced;
                }
                Wakeup::UnsyncedTooLong => {
                    let mut worker = self.worker.lock();
                    worker.sync_wal();
                    self.queue.lock().unsynced = false;
                }
                Wakeup::Closed => return self.worker.lock().sync_wal(),
            }
        }
    }

    fn wait(&self) -> Wakeup {
        let mut queue = self.queue.lock();
        loop {
            if !queue.requests.is_empty() {
                return Wakeup::Requests;
            }
            if queue.closed {
                return Wakeup::Closed;
            }
            if !queue.unsynced {
                self.wake.wait(&mut queue);
            } else if self.wake.wait_for(&mut queue, UNSYNCED_MAX).timed_out() {
                return Wakeup::UnsyncedTooLong;
            }
        }
    }

    /// Whether a commit holds its thread up for less time than handing over its tasks is worth.
    fn syncs_are_brief(&self) -> bool {
        self.commit_us.load(Ordering::Relaxed) < BRIEF_US
    }

    /// Commits those who wait; what comes meanwhile is the thread's.
    fn commit_waiting(&self, mut worker: MutexGuard<'_, Worker>) {
        if let Some((group, bytes)) = self.next_group() {
            let began = Instant::now();
            worker.commit(group, bytes);
            let took_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
            let before = self.commit_us.load(Ordering::Relaxed);
            let average = (before.saturating_mul(7).saturating_add(took_us)) / 8;
            self.commit_us.store(average, Ordering::Relaxed);
        }
        let mut queue = self.queue.lock();
        let was_unsynced = std::mem::replace(&mut queue.unsynced, worker.unsynced);
        let newly_unsynced = queue.unsynced && !was_unsynced;
        // Before the queue's lock: who queues a request next finds nobody at work.
        drop(worker);
        if newly_unsynced || !queue.requests.is_empty() {
            self.wake.notify_one();
        }
    }

    /// The requests of the next batch, and their bytes.
    fn next_group(&self) -> Option<(Vec<Request>, usize)> {
        let mut queue = self.queue.lock();
        let mut bytes = 0;
        let mut group = Vec::new();
        while bytes < BATCH_BYTES_MAX
            && let Some(request) = queue.requests.pop_front()
        {
            bytes += request.writes.bytes();
            group.push(request);
        }
        (!group.is_empty()).then_some((group, bytes))
    }
}

struct Worker {
    db: Arc<Db>,
    last: CommitInfo,
    numbers: Arc<AtomicU64>,
    last_seq: Arc<AtomicU64>,
    written_bytes: Arc<AtomicU64>,
    session_writes: Arc<AtomicU64>,
    syncs: Arc<Syncs>,
    published: broadcast::Sender<Arc<Commit>>,
    /// Something was written without a sync.
    unsynced: bool,
    fault: Option<Fault>,
}

impl Worker {
    fn commit(&mut self, group: Vec<Request>, bytes: usize) {
        let (group, late) = self.without_gone(group);
        for request in late {
            self.finish(request, Err(StorageError::Gone));
        }
        if group.is_empty() {
            return;
        }
        let catalog = group.iter().any(|request| !request.hooks.is_empty());
        self.reach(catalog, CrashPoint::CatalogCommit);
        let infos: Vec<CommitInfo> = group.iter().map(|_| self.number()).collect();
        let sync = group.iter().any(|request| request.sync);
        let torn = match self.fault {
            Some(Fault::TornCommit) => self.write_half(&group, &infos),
            _ => Ok(()),
        };
        if self.db.cold.written.is_watching() {
            group.iter().for_each(|request| self.note_rows(request));
        }
        let mut batch = WriteBatch::with_capacity_bytes(bytes);
        for (request, info) in group.iter().zip(&infos) {
            self.add_to_batch(&mut batch, request, info, usize::MAX);
        }
        let written = torn.and_then(|()| self.write(batch, sync));
        self.reach(catalog, CrashPoint::CatalogCommitted);
        if let (Ok(()), Some(last)) = (&written, infos.last()) {
            self.unsynced = !sync;
            self.written_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
            self.last_seq.store(last.seq, Ordering::Release);
        }
        for (request, info) in group.into_iter().zip(infos) {
            self.finish(request, written.clone().map(|()| info));
        }
    }

    /// The requests without those that move rows of a table which is gone, and these. Moves give way
    /// to a drop that comes after them in the group, too.
    fn without_gone(&self, group: Vec<Request>) -> (Vec<Request>, Vec<Request>) {
        if group.iter().all(|request| request.tiers_of.is_none() && request.dropped.is_empty()) {
            return (group, Vec::new());
        }
        let mut gone = self.db.cold.dropped.write();
        gone.extend(group.iter().flat_map(|request| &request.dropped));
        let stays = |request: &Request| request.tiers_of.is_none_or(|table| !gone.contains(&table));
        group.into_iter().partition(stays)
    }

    /// Lets flushes know which rows they must look at again.
    fn note_rows(&self, request: &Request) {
        if request.tiers_of.is_some() {
            return;
        }
        request.writes.for_each(|space, key, _| {
            if space == Space::Rows {
                self.db.cold.written.note(key);
            }
        });
    }

    fn reach(&self, catalog: bool, point: CrashPoint) {
        if let (true, Some(fault)) = (catalog, self.fault) {
            fault.reach(point);
        }
    }

    /// The next commit's number and time.
    fn number(&mut self) -> CommitInfo {
        self.last = CommitInfo {
            seq: self.numbers.fetch_add(1, Ordering::Relaxed) + 1,
            updated_us: now_us().max(self.last.updated_us + 1),
        };
        self.last
    }

    /// The fault `torn-commit`: half of each transaction's writes, on disk before the rest.
    fn write_half(&self, group: &[Request], infos: &[CommitInfo]) -> Result<()> {
        let mut half = WriteBatch::default();
        for (request, info) in group.iter().zip(infos) {
            let mut writes = 0;
            request.writes.for_each(|_, _, _| writes += 1);
            self.add_to_batch(&mut half, request, info, writes / 2);
        }
        self.write(half, true)
    }

    /// Adds a transaction's writes, the first `writes_max` of them.
    fn add_to_batch(
        &self,
        batch: &mut WriteBatch,
        request: &Request,
        info: &CommitInfo,
        writes_max: usize,
    ) {
        let (mut stamped, mut numbered) = (Vec::new(), Vec::new());
        let CommitInfo { seq, updated_us } = *info;
        let xid = request.txn.number().map(|number| number as u32);
        let stamp = row::Stamp { seq, updated_us, xid };
        let families = Space::ALL.map(|space| self.db.family(space));
        let mut left = writes_max;
        request.writes.for_each(|space, key, value| {
            let Some(next) = left.checked_sub(1) else { return };
            left = next;
            let family = families[space as usize];
            match value {
                None => batch.delete_cf(family, key),
                Some(value) if matches!(space, Space::Rows | Space::Graves) => {
                    stamped.clear();
                    stamped.extend_from_slice(value);
                    row::stamp(&mut stamped, stamp);
                    if space == Space::Rows {
                        return batch.put_cf(family, key, &stamped);
                    }
                    numbered.clear();
                    numbered.extend_from_slice(key);
                    keys::stamp_grave(&mut numbered, info.seq);
                    batch.put_cf(family, &numbered, &stamped);
                }
                Some(value) => batch.put_cf(family, key, value),
            }
        });
        if request.tiers_of.is_none() {
            self.session_writes.fetch_add((writes_max - left) as u64, Ordering::Relaxed);
        }
        for &storage in &request.dropped {
            self.drop_storage(batch, storage, &request.writes);
        }
    }

    /// Deletes a relation's ranges and its records. A storage id is never given again, so the order
    /// of this and the batch's other writes does not matter. An empty range gets no tombstone: all
    /// later reads would look at it.
    fn drop_storage(&self, batch: &mut WriteBatch, storage: StorageId, writes: &WriteSet) {
        let range = KeyRange::storage(storage);
        let start = storage.to_be_bytes();
        let end = storage.saturating_add(1).to_be_bytes();
        for space in Space::OF_RELATIONS {
            let found = Snapshot::new(&self.db).scan(space, &range, false).valid();
            if !matches!(found, Ok(false)) || writes.scan(space, &range, false).peek().is_some() {
                batch.delete_range_cf(self.db.family(space), start, end);
            }
        }
        let meta = self.db.family(Space::Meta);
        batch.delete_cf(meta, Counter::RowId(storage).key().encode());
        batch.delete_cf(meta, Key::Sequence { sequence: storage }.encode());
        batch.delete_cf(meta, Key::Statistics { relation: storage }.encode());
        for (key, segment, file) in cold::segments_to_drop(&self.db, storage) {
            batch.delete_cf(meta, key);
            batch.put_cf(meta, Key::Garbage { segment }.encode(), file.encode());
        }
    }

    fn write(&self, mut batch: WriteBatch, sync: bool) -> Result<()> {
        let CommitInfo { seq, updated_us } = self.last;
        let record = [seq.to_le_bytes(), updated_us.to_le_bytes()].concat();
        batch.put_cf(self.db.family(Space::Meta), Key::LastCommit.encode(), record);
        let mut options = WriteOptions::default();
        options.set_sync(sync && self.fault != Some(Fault::NoWalSync));
        self.count_sync(sync, || self.db.rocks.write_opt(batch, &options))?;
        Ok(())
    }

    fn count_sync(
        &self,
        sync: bool,
        write: impl FnOnce() -> Result<(), rocksdb::Error>,
    ) -> Result<(), rocksdb::Error> {
        let one = u64::from(sync);
        let number = self.syncs.started.fetch_add(one, Ordering::SeqCst) + one;
        write()?;
        if sync {
            self.syncs.finished.store(number, Ordering::SeqCst);
        }
        Ok(())
    }

    fn finish(&self, request: Request, outcome: Result<CommitInfo>) {
        if let Ok(info) = &outcome {
            let store = request.txn.store();
            store.moves.record(info.seq, request.moves);
            request.dropped.iter().for_each(|&storage| store.forget(storage));
            if !self.unsynced {
                request.dropped.iter().for_each(|&storage| self.db.delete_files(storage));
            }
            request.hooks.into_iter().for_each(|hook| hook(info));
            if self.published.receiver_count() > 0 && request.tiers_of.is_none() {
                let commit = Commit { info: *info, writes: request.writes };
                // Fails only if the last subscriber has just left.
                let _ = self.published.send(Arc::new(commit));
            }
        }
        request.txn.finished(&outcome);
        // The client may have gone; the commit stands.
        let _ = request.answer.send(outcome);
    }

    fn sync_wal(&mut self) {
        if self.fault != Some(Fault::NoWalSync)
            && let Err(error) = self.count_sync(true, || self.db.rocks.flush_wal(true))
        {
            tracing::error!(%error, "could not sync the write-ahead log");
        }
        self.unsynced = false;
    }
}

fn read_last(db: &Db) -> Result<CommitInfo> {
    let record = db.rocks.get_pinned_cf(db.family(Space::Meta), Key::LastCommit.encode())?;
    let Some(record) = record else { return Ok(CommitInfo { seq: 0, updated_us: 0 }) };
    let numbers = record.first_chunk::<8>().zip(record.last_chunk::<8>());
    let (seq, updated) = numbers
        .ok_or_else(|| StorageError::Corrupt("the record of the last commit is damaged".into()))?;
    Ok(CommitInfo { seq: u64::from_le_bytes(*seq), updated_us: i64::from_le_bytes(*updated) })
}

/// Microseconds since 2000-01-01 UTC.
pub fn now_us() -> i64 {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_micros());
    i64::try_from(unix).map_or(i64::MAX, |us| us - EPOCH_2000_US)
}

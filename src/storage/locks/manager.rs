//! Granting, queueing and releasing.

use super::modes::{Mode, ModeSet};
use super::{AdvisoryKey, LockInfo, LockScope, LockWaitOptions};
use crate::nodes::LockWait;
use crate::storage::cold::FIRST_SESSION;
use crate::storage::keys::StorageId;
use crate::storage::{Result, StorageError};
use dashmap::DashMap;
use dashmap::mapref::entry::Entry as Slot;
use parking_lot::Mutex;
use smallvec::SmallVec;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout, timeout_at};

/// What kind of thing is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Class {
    Relation,
    Row,
    UniqueKey,
    /// With the number of keys: one bigint or two ints.
    Advisory(u16),
}

/// A thing that can be locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::storage) struct Tag {
    pub(super) class: Class,
    /// Storage id of a row or key; database of a relation or advisory key.
    pub(super) space: u32,
    /// Hash of a row's or key's bytes; OID of a relation; the advisory key itself.
    pub(super) name: u64,
}

impl Tag {
    pub(in crate::storage) fn relation(database: u32, oid: u32) -> Tag {
        Tag { class: Class::Relation, space: database, name: u64::from(oid) }
    }

    pub(in crate::storage) fn advisory(key: AdvisoryKey) -> Tag {
        let name = u64::from(key.high) << 32 | u64::from(key.low);
        Tag { class: Class::Advisory(key.kind), space: key.database, name }
    }

    /// Rows and unique keys have row lock modes, and are granted out of turn.
    pub(super) fn is_row(self) -> bool {
        matches!(self.class, Class::Row | Class::UniqueKey)
    }
}

/// A request for a lock.
pub(in crate::storage) struct Request<'a> {
    pub(in crate::storage) tag: Tag,
    pub(in crate::storage) mode: Mode,
    pub(in crate::storage) scope: LockScope,
    pub(in crate::storage) session: u32,
    pub(in crate::storage) wait: LockWait,
    pub(in crate::storage) options: LockWaitOptions,
    /// The transaction's number, asked for only where it must wait.
    pub(in crate::storage) transaction: &'a (dyn Fn() -> u64 + Sync),
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::storage) enum Acquired {
    /// The session had it, or something stronger, already: nothing to release.
    Already,
    Granted,
    /// Granted after another session held it.
    Waited,
    /// Held by another session, and the request would not wait.
    Unavailable,
}

/// A session's modes on one thing.
#[derive(Clone, Copy)]
pub(super) struct Holder {
    pub(super) session: u32,
    transaction_modes: ModeSet,
    session_modes: ModeSet,
}

impl Holder {
    pub(super) fn modes(&self) -> ModeSet {
        self.transaction_modes | self.session_modes
    }

    fn modes_of(&mut self, scope: LockScope) -> &mut ModeSet {
        match scope {
            LockScope::Transaction => &mut self.transaction_modes,
            LockScope::Session => &mut self.session_modes,
        }
    }
}

pub(super) struct Waiter {
    ticket: u64,
    pub(super) session: u32,
    pub(super) mode: Mode,
    scope: LockScope,
    wake: oneshot::Sender<()>,
}

/// Who holds a thing and who waits for it. Most have one holder and no waiter.
#[derive(Default)]
pub(super) struct Entry {
    pub(super) holders: SmallVec<[Holder; 2]>,
    /// Boxed, so that the common entry without waiters stays small.
    #[allow(clippy::box_collection)]
    pub(super) queue: Option<Box<VecDeque<Waiter>>>,
}

impl Entry {
    fn held_by(&self, session: u32) -> ModeSet {
        self.holders.iter().find(|h| h.session == session).map_or(0, Holder::modes)
    }

    fn held_by_transaction(&self, session: u32) -> ModeSet {
        let holder = self.holders.iter().find(|h| h.session == session);
        holder.map_or(0, |h| h.transaction_modes)
    }

    fn grant(&mut self, session: u32, mode: Mode, scope: LockScope) {
        let at = self.holders.iter().position(|h| h.session == session).unwrap_or_else(|| {
            self.holders.push(Holder { session, transaction_modes: 0, session_modes: 0 });
            self.holders.len() - 1
        });
        *self.holders[at].modes_of(scope) |= mode.bit();
    }

    fn conflicts_with_holders(&self, session: u32, conflicts: ModeSet) -> bool {
        self.holders.iter().any(|h| h.session != session && h.modes() & conflicts != 0)
    }

    /// Whether a new request must wait.
    fn must_wait(&self, tag: Tag, session: u32, mode: Mode) -> bool {
        let conflicts = mode.conflicts(tag.is_row());
        let behind = || {
            let queue = self.queue.as_deref().into_iter().flatten();
            let queued: ModeSet = queue.fold(0, |modes, w| modes | w.mode.bit());
            !tag.is_row() && self.held_by(session) == 0 && queued & conflicts != 0
        };
        self.conflicts_with_holders(session, conflicts) || behind()
    }

    /// Whether nothing but a step that moves rows between the tiers is in a client's way. That takes
    /// moments, and waits for nobody: who does not want to wait for other clients waits for it.
    fn is_being_moved(&self, tag: Tag, session: u32, mode: Mode) -> bool {
        let conflicts = mode.conflicts(tag.is_row());
        let mut in_the_way =
            self.holders.iter().filter(|h| h.session != session && h.modes() & conflicts != 0);
        tag.is_row() && session < FIRST_SESSION && in_the_way.all(|h| h.session >= FIRST_SESSION)
    }

    /// Grants whoever can go on now, in order.
    fn grant_queue(&mut self, tag: Tag) {
        let Some(mut queue) = self.queue.take() else { return };
        let mut waiting = VecDeque::new();
        let mut queued: ModeSet = 0;
        for waiter in queue.drain(..) {
            let conflicts = waiter.mode.conflicts(tag.is_row());
            let fair = tag.is_row() || self.held_by(waiter.session) != 0 || queued & conflicts == 0;
            if fair && !self.conflicts_with_holders(waiter.session, conflicts) {
                self.grant(waiter.session, waiter.mode, waiter.scope);
                // A waiter that stopped listening gives the lock back when it is dropped.
                let _ = waiter.wake.send(());
            } else {
                queued |= waiter.mode.bit();
                waiting.push_back(waiter);
            }
        }
        self.queue = (!waiting.is_empty()).then(|| Box::new(waiting));
    }
}

/// What a session waits for. It waits for one lock at a time.
#[derive(Clone, Copy)]
pub(super) struct Waiting {
    pub(super) tag: Tag,
    pub(super) mode: Mode,
    pub(super) transaction: u64,
    ticket: u64,
}

/// How often one session holds each thing in each mode.
pub(super) type Holds = HashMap<(Tag, Mode), u64>;

#[derive(Default)]
pub(in crate::storage) struct LockManager {
    pub(super) table: DashMap<Tag, Entry>,
    pub(super) waiting: Mutex<HashMap<u32, Waiting>>,
    /// Holds of session-scope advisory locks: each must be released as often as it was taken.
    pub(super) session_holds: Mutex<HashMap<u32, Holds>>,
    next_ticket: AtomicU64,
    hasher: RandomState,
}

impl LockManager {
    pub(in crate::storage) fn row_tag(&self, table: StorageId, key: &[u8]) -> Tag {
        Tag { class: Class::Row, space: table, name: self.hasher.hash_one(key) }
    }

    pub(in crate::storage) fn unique_tag(&self, index: StorageId, columns: &[u8]) -> Tag {
        Tag { class: Class::UniqueKey, space: index, name: self.hasher.hash_one(columns) }
    }

    /// Takes a lock, waiting as the request says. Dropping the future leaves no trace.
    pub(in crate::storage) async fn acquire(&self, request: Request<'_>) -> Result<Acquired> {
        let queued = match self.grant_or_queue(&request) {
            Ok(acquired) => return Ok(acquired),
            Err(queued) => queued,
        };
        self.sleep(&request, queued).await.map(|()| Acquired::Waited)
    }

    /// Takes a transaction's lock if that needs no waiting.
    pub(in crate::storage) fn try_acquire(&self, tag: Tag, mode: Mode, session: u32) -> Acquired {
        let request = Request {
            tag,
            mode,
            scope: LockScope::Transaction,
            session,
            wait: LockWait::SkipLocked,
            options: LockWaitOptions::default(),
            transaction: &|| 0,
        };
        // One that was queued is taken back.
        self.grant_or_queue(&request).unwrap_or(Acquired::Unavailable)
    }

    fn grant_or_queue(&self, request: &Request<'_>) -> Result<Acquired, Queued<'_>> {
        let Request { tag, mode, session, scope, .. } = *request;
        let mut entry = self.table.entry(tag).or_default();
        let held = entry.held_by(session);
        // What the session holds may be given back before the transaction ends.
        if scope == LockScope::Transaction
            && mode.implied_by(entry.held_by_transaction(session), tag.is_row())
        {
            return Ok(Acquired::Already);
        }
        if !entry.must_wait(tag, session, mode) {
            entry.grant(session, mode, scope);
            return Ok(Acquired::Granted);
        }
        if request.wait != LockWait::Block && !entry.is_being_moved(tag, session, mode) {
            return Ok(Acquired::Unavailable);
        }
        let ticket = self.next_ticket.fetch_add(1, Ordering::Relaxed);
        let (wake, granted) = oneshot::channel();
        let waiter = Waiter { ticket, session, mode, scope, wake };
        let queue = entry.queue.get_or_insert_default();
        match held {
            0 => queue.push_back(waiter),
            // Whoever waits for us would wait for ever if we queued behind it.
            _ => queue.push_front(waiter),
        }
        drop(entry);
        let transaction = (request.transaction)();
        self.waiting.lock().insert(session, Waiting { tag, mode, transaction, ticket });
        Err(Queued { manager: self, tag, ticket, session, mode, scope, granted, done: false })
    }

    /// Waits for the grant, `lock_timeout`, or a deadlock found.
    async fn sleep(&self, request: &Request<'_>, mut queued: Queued<'_>) -> Result<()> {
        let LockWaitOptions { lock_timeout, deadlock_timeout } = request.options;
        let started = Instant::now();
        let first = lock_timeout.map_or(deadlock_timeout, |t| t.min(deadlock_timeout));
        if timeout(first, &mut queued.granted).await.is_ok() {
            queued.finish();
            return Ok(());
        }
        if lock_timeout.is_some_and(|t| t <= deadlock_timeout) {
            return Err(StorageError::LockTimeout);
        }
        if let Some(detail) = self.find_deadlock(request.session) {
            return Err(StorageError::Deadlock(detail));
        }
        match lock_timeout.and_then(|t| started.checked_add(t)) {
            None => (&mut queued.granted).await,
            Some(end) => {
                timeout_at(end, &mut queued.granted).await.map_err(|_| StorageError::LockTimeout)?
            }
        }
        // The sender lives in the queue until it grants.
        .expect("a queued request is granted, never dropped");
        queued.finish();
        Ok(())
    }

    /// Gives one mode back.
    pub(in crate::storage) fn release(&self, tag: Tag, session: u32, mode: Mode, scope: LockScope) {
        let Slot::Occupied(mut slot) = self.table.entry(tag) else { return };
        let entry = slot.get_mut();
        if let Some(at) = entry.holders.iter().position(|h| h.session == session) {
            *entry.holders[at].modes_of(scope) &= !mode.bit();
            if entry.holders[at].modes() == 0 {
                entry.holders.swap_remove(at);
            }
        }
        entry.grant_queue(tag);
        if entry.holders.is_empty() && entry.queue.is_none() {
            slot.remove();
        }
    }

    /// Every lock held or waited for, except rows' and keys' that nobody waits for: PostgreSQL
    /// keeps those in the rows, and does not show them either.
    pub(in crate::storage) fn list(&self) -> Vec<LockInfo> {
        let mut locks = Vec::new();
        for item in &self.table {
            let (tag, entry) = item.pair();
            let queue = entry.queue.as_deref();
            if tag.is_row() && queue.is_none() {
                continue;
            }
            for holder in &entry.holders {
                let modes = (0..8).map(Mode).filter(|mode| holder.modes() & mode.bit() != 0);
                locks.extend(modes.map(|mode| info(*tag, holder.session, mode, true)));
            }
            let waiting = queue.into_iter().flatten();
            locks.extend(waiting.map(|w| info(*tag, w.session, w.mode, false)));
        }
        locks
    }
}

fn info(tag: Tag, session: u32, mode: Mode, granted: bool) -> LockInfo {
    let (high, low) = ((tag.name >> 32) as u32, tag.name as u32);
    let (lock_type, relation, advisory) = match tag.class {
        Class::Relation => ("relation", Some(low), None),
        Class::Row => ("tuple", None, None),
        Class::UniqueKey => ("object", None, None),
        Class::Advisory(kind) => {
            ("advisory", None, Some(AdvisoryKey { database: tag.space, high, low, kind }))
        }
    };
    let database = (!tag.is_row()).then_some(tag.space);
    LockInfo {
        session,
        lock_type,
        database,
        relation,
        advisory,
        mode: mode.name(tag.is_row()),
        granted,
    }
}

/// A place in a queue. Dropped early (timeout, cancel), it leaves the queue, or gives back a lock
/// that was granted meanwhile.
struct Queued<'a> {
    manager: &'a LockManager,
    tag: Tag,
    ticket: u64,
    session: u32,
    mode: Mode,
    scope: LockScope,
    granted: oneshot::Receiver<()>,
    done: bool,
}

impl Queued<'_> {
    fn finish(mut self) {
        self.done = true;
    }

    fn forget_waiting(&self) {
        let mut waiting = self.manager.waiting.lock();
        if waiting.get(&self.session).is_some_and(|w| w.ticket == self.ticket) {
            waiting.remove(&self.session);
        }
    }

    /// Whether this place was still in the queue.
    fn leave_queue(&self) -> bool {
        let Slot::Occupied(mut slot) = self.manager.table.entry(self.tag) else { return false };
        let entry = slot.get_mut();
        let Some(queue) = &mut entry.queue else { return false };
        let before = queue.len();
        queue.retain(|waiter| waiter.ticket != self.ticket);
        if queue.len() == before {
            return false;
        }
        // Others may have waited only behind this one.
        entry.grant_queue(self.tag);
        if entry.holders.is_empty() && entry.queue.is_none() {
            slot.remove();
        }
        true
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.forget_waiting();
        if !self.done && !self.leave_queue() {
            self.manager.release(self.tag, self.session, self.mode, self.scope);
        }
    }
}

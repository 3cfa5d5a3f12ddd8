//! Locks: rows, unique keys, relations and advisory keys, in one sharded table.
//!
//! An uncontended lock is one entry in a map, found by a 16-byte [`Tag`]; rows and keys are named
//! by a hash of their key, so a lock allocates nothing. (Two rows with one hash would share a lock,
//! which delays somebody and breaks nothing.) A request that conflicts joins the entry's queue and
//! sleeps; whoever releases grants the queue in order. After `deadlock_timeout` the sleeper looks
//! for a cycle through itself ([`deadlock`]).
//!
//! Rules, as PostgreSQL's:
//! - A session never conflicts with itself, whichever of its transaction or session scope holds.
//! - Relation and advisory locks are fair: a request waits behind an earlier waiter it conflicts
//!   with, unless its session already holds a lock on the object (it would deadlock with itself).
//! - Row locks are not: a request that is compatible with the holders is granted at once, as
//!   PostgreSQL's `heap_lock_tuple` does, so foreign-key checks pass a waiting update.
//!
//! ```text
//!   holders {1: RowExclusive}  queue [2: AccessExclusive]   3 asks RowExclusive → behind 2
//!   holders {1: KeyShare}      queue [2: Update]            3 asks KeyShare     → granted
//! ```

mod advisory;
mod deadlock;
mod manager;
mod modes;
#[cfg(test)]
mod tests;

pub(super) use manager::{Acquired, LockManager, Request, Tag};
pub(super) use modes::Mode;

use std::time::Duration;

/// Table lock modes, weakest first (manual, 13.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TableLockMode {
    AccessShare,
    RowShare,
    RowExclusive,
    ShareUpdateExclusive,
    Share,
    ShareRowExclusive,
    Exclusive,
    AccessExclusive,
}

/// An advisory lock's key, as PostgreSQL's two overloads encode it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AdvisoryKey {
    pub database: u32,
    pub high: u32,
    pub low: u32,
    /// 1: one bigint; 2: two ints.
    pub kind: u16,
}

/// How long a lock is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockScope {
    Transaction,
    Session,
}

/// Limits on a wait.
#[derive(Clone, Copy, Debug)]
pub struct LockWaitOptions {
    /// `lock_timeout`; `None`: wait for ever.
    pub lock_timeout: Option<Duration>,
    /// How long to wait before looking for a deadlock.
    pub deadlock_timeout: Duration,
}

impl Default for LockWaitOptions {
    fn default() -> LockWaitOptions {
        LockWaitOptions { lock_timeout: None, deadlock_timeout: Duration::from_secs(1) }
    }
}

/// A row of pg_locks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockInfo {
    pub session: u32,
    /// `relation`, `tuple`, `object` (a unique key) or `advisory`.
    pub lock_type: &'static str,
    pub database: Option<u32>,
    pub relation: Option<u32>,
    pub advisory: Option<AdvisoryKey>,
    /// `AccessShareLock` and so on.
    pub mode: &'static str,
    pub granted: bool,
}

//! The lock manager.

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

#[derive(Clone, Copy, Debug)]
pub struct LockWaitOptions {
    /// `lock_timeout`; `None`: wait for ever.
    pub lock_timeout: Option<Duration>,
    pub deadlock_timeout: Duration,
}

/// A row of pg_locks.
#[derive(Clone, Debug)]
pub struct LockInfo {
    pub session: u32,
    /// `relation`, `tuple`, `object` or `advisory`.
    pub lock_type: &'static str,
    pub relation: Option<u32>,
    pub advisory: Option<AdvisoryKey>,
    /// `AccessShareLock` and so on.
    pub mode: &'static str,
    pub granted: bool,
}

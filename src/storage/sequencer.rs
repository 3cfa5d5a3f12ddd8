//! The commit sequencer.

use super::WriteSet;

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

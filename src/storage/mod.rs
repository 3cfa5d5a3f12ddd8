//! Storage: hot rows in RocksDB, cold ones in Parquet ([`cold`]), transactions, locks, one commit
//! sequencer.
//!
//! The life of a write: a statement asks its [`Txn`] for row and key locks, then puts encoded rows
//! ([`RowLayout`]) and index entries ([`keys`]) into the statement's buffer. The end of the
//! statement merges the buffer into the transaction's [`WriteSet`]; COMMIT hands the set to the
//! [`sequencer`], which numbers it, writes it with everybody else's in one synced batch, runs the
//! commit hooks, publishes it, and releases the locks.
//!
//! The life of a read: a statement reads through a [`ReadView`]: one RocksDB snapshot with the
//! transaction's earlier writes merged over it. A view is `'static`, cheap to clone, and usable on
//! any thread.
//!
//! Invariants that everything above may rely on:
//! - A snapshot sees every commit that was acknowledged before it was taken, none in part.
//! - `_seq` grows with commit order; a row's `_seq` changes whenever the row does.
//! - A transaction's locks are released only after its commit is visible to new snapshots.
//! - What a statement writes is invisible to its own scans and vanishes if it fails.

pub mod cold;
mod counters;
mod error;
mod fault;
pub mod keys;
pub mod large_object;
pub mod locks;
mod moves;
pub mod objects;
mod open;
mod options;
pub mod row;
pub mod sequencer;
pub mod sequences;
mod snapshot;
mod split;
mod ssi;
mod statistics;
mod store;
#[cfg(test)]
mod tests;
mod txn;
mod view;
mod write_set;

pub use error::{Result, StorageError};
pub use fault::{CrashPoint, Fault};
pub use keys::{Key, KeyRange, Space, StorageId};
pub use locks::{AdvisoryKey, LockInfo, LockScope, LockWaitOptions, TableLockMode};
pub use moves::MovePlace;
pub use options::StoreOptions;
pub use row::{RowLayout, RowRef};
pub use sequencer::{Commit, CommitInfo, now_us};
pub use sequences::{SequenceParams, SequenceState};
pub use snapshot::Snapshot;
pub use statistics::{ColumnStatistics, Statistics};
pub use store::Store;
pub use txn::{IsolationLevel, RowLock, Savepoint, Txn, TxnOptions};
pub use view::{Direction, ReadView, Scan};
pub use write_set::{SortedPuts, WriteSet};

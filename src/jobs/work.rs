//! What a job of each kind does.

use super::table::LockedTable;
use super::{JobKind, Jobs, Task};
use crate::error::{PgError, Result};
use crate::storage::cold::{ColdTable, Outcome, Work};
use crate::types::Oid;
use std::sync::atomic::Ordering;

/// Rows that a flush moves before it lets DDL have the table.
const FLUSH_ROWS: u64 = 1_000_000;

/// Does a task as far as there is anything to do.
pub(super) fn run(jobs: &Jobs, task: Task, work: &Work) -> Result<Outcome> {
    match (task.kind, task.table) {
        (JobKind::Flush, Some(table)) => flush(jobs, table, work),
        (JobKind::Compact, Some(table)) => {
            let compact = |table: &ColdTable| jobs.store.compact_segments(table, work);
            with_table(jobs, table, work, compact)
        }
        (JobKind::Sweep, _) => Ok(jobs.store.sweep_segments(work)?),
        (JobKind::Flush | JobKind::Compact, None) => {
            Err(PgError::internal("a job of a table without its table"))
        }
    }
}

/// Moves the rows that are hot when it begins, piece by piece.
fn flush(jobs: &Jobs, table: (Oid, Oid), work: &Work) -> Result<Outcome> {
    let mut total = Outcome::default();
    loop {
        let flush = |table: &ColdTable| jobs.store.flush(table, Some(FLUSH_ROWS), work);
        let piece = with_table(jobs, table, work, flush)?;
        total.rows += piece.rows;
        total.bytes += piece.bytes;
        total.segments += piece.segments;
        if piece.rows < FLUSH_ROWS || work.cancel.load(Ordering::Relaxed) {
            return Ok(total);
        }
    }
}

/// Does something with a table that DDL leaves alone meanwhile; nothing where it is gone.
fn with_table(
    jobs: &Jobs,
    table: (Oid, Oid),
    work: &Work,
    action: impl FnOnce(&ColdTable) -> crate::storage::Result<Outcome>,
) -> Result<Outcome> {
    match LockedTable::take(jobs, table, work)? {
        Some(locked) => Ok(action(&locked.table)?),
        None => Ok(Outcome::default()),
    }
}

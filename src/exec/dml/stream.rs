//! Stream tables: rows too old to be seen, and rows beyond the number that is kept.
//!
//! A row is too old when `_updated` lies the table's `ttl` before the statement that looks
//! ([`TableSchema::is_live`](crate::catalog::schema::TableSchema::is_live)): scans leave it out at
//! once, and [`remove_expired`], which a job calls now and then, deletes it. Until then its keys
//! must not be in anybody's way, so a new row with one of them deletes it first. An UPDATE is a
//! change as any other: it makes the row young again.
//!
//! `max_buffer` is kept by the job alone: a table may have more rows until it has run. Of the rows of
//! the commit at the limit all stay.

use super::Target;
use super::target::Stored;
use crate::catalog::Relation;
use crate::error::Result;
use crate::exec::{ExecState, StatementContext};
use crate::nodes::{LockWait, RowLockMode};
use crate::storage::{Direction, KeyRange, RowLock, Space, keys};
use crate::types::Datum;
use bytes::Bytes;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

impl Target {
    /// Deletes rows that are too old and have a key of a new row.
    pub(super) fn clear_expired(&self, state: &ExecState, row: &[Datum]) -> Result<()> {
        if self.schema.ttl_us.is_none() {
            return Ok(());
        }
        let owner = self.owner(state);
        let primary = self.schema.primary_key_suffix(owner, row);
        let mut held: Vec<Bytes> = primary.into_iter().map(Bytes::from).collect();
        for index in &self.indexes {
            held.extend(index.holders(state, owner, row)?);
        }
        for suffix in held {
            if self.expired(state, &suffix)?.is_none() {
                continue;
            }
            self.lock_to_write(state, &suffix, RowLockMode::Update, LockWait::Block)?;
            // Whoever held the lock may have made it young again.
            if let Some(old) = self.expired(state, &suffix)? {
                self.delete(state, &old)?;
            }
        }
        Ok(())
    }

    /// The newest version of a row if it is too old.
    fn expired(&self, state: &ExecState, suffix: &[u8]) -> Result<Option<Stored>> {
        let value = state.cx.txn.get_latest(Space::Rows, &self.schema.row_key(suffix))?;
        let Some(value) = value else { return Ok(None) };
        let live =
            self.schema.is_live(&self.schema.layout.row(&value)?, state.env().statement_time());
        if live { Ok(None) } else { self.stored(suffix, &value).map(Some) }
    }
}

/// Deletes up to `rows_max` rows of a stream table that are too old or too many; gives how many. Rows
/// that somebody has locked are left for the next time. One statement of the context's transaction.
pub fn remove_expired(
    cx: Arc<StatementContext>,
    table: &Arc<Relation>,
    rows_max: usize,
) -> Result<u64> {
    let target = Target::compile(&cx.catalog, table)?;
    let state = ExecState::new(cx, Arc::from([]));
    let oldest_kept = oldest_kept(&target, &state)?;
    let mut removed = 0;
    for suffix in superfluous(&target, &state, oldest_kept, rows_max)? {
        state.cx.cancel.check()?;
        let mode = RowLockMode::Update;
        if target.lock_to_write(&state, &suffix, mode, LockWait::SkipLocked)?
            == RowLock::Unavailable
        {
            continue;
        }
        let value = state.cx.txn.get_latest(Space::Rows, &target.schema.row_key(&suffix))?;
        let Some(value) = value else { continue };
        if is_superfluous(&target, &state, oldest_kept, &value)? {
            target.delete(&state, &target.stored(&suffix, &value)?)?;
            removed += 1;
        }
    }
    super::finish_statement(&state)?;
    Ok(removed)
}

/// The keys of up to `rows_max` rows to be deleted.
fn superfluous(
    target: &Target,
    state: &ExecState,
    oldest_kept: u64,
    rows_max: usize,
) -> Result<Vec<Bytes>> {
    let mut found = Vec::new();
    let range = KeyRange::storage(target.relation().storage);
    let mut scan = state.view.scan(Space::Rows, range, Direction::Forward);
    while found.len() < rows_max
        && let Some((key, value)) = scan.next()?
    {
        state.cx.cancel.check()?;
        if is_superfluous(target, state, oldest_kept, value)? {
            found.push(Bytes::copy_from_slice(keys::suffix(key)));
        }
    }
    Ok(found)
}

fn is_superfluous(
    target: &Target,
    state: &ExecState,
    oldest_kept: u64,
    value: &[u8],
) -> Result<bool> {
    let row = target.schema.layout.row(value)?;
    // What this transaction wrote has no number yet.
    let beyond = row.seq() != 0 && row.seq() < oldest_kept;
    Ok(beyond || !target.schema.is_live(&row, state.env().statement_time()))
}

/// The `_seq` of the oldest row among the newest that the table keeps; 0 where it keeps all it has.
fn oldest_kept(target: &Target, state: &ExecState) -> Result<u64> {
    let Some(rows_max) = target.schema.rows_max else { return Ok(0) };
    let rows_max = usize::try_from(rows_max).unwrap_or(usize::MAX);
    let mut newest = BinaryHeap::new();
    let mut dropped = false;
    let range = KeyRange::storage(target.relation().storage);
    let mut scan = state.view.scan(Space::Rows, range, Direction::Forward);
    while let Some((_, value)) = scan.next()? {
        state.cx.cancel.check()?;
        newest.push(Reverse(target.schema.layout.row(value)?.seq()));
        if newest.len() > rows_max {
            newest.pop();
            dropped = true;
        }
    }
    let oldest = newest.peek().map_or(u64::MAX, |Reverse(seq)| *seq);
    Ok(if dropped { oldest } else { 0 })
}

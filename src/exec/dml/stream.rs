//! Stream tables: rows too old to be seen, and rows beyond the number that is kept.
//!
//! A row is too old when `_updated` lies the table's `ttl` before the statement that looks
//! ([`TableSchema::is_live`](crate::catalog::schema::TableSchema::is_live)): scans leave it out at
//! once, and a job deletes it
//! ([`remove_expired`](crate::exec::background::remove_expired)). Until then its keys
//! must not be in anybody's way, so a new row with one of them deletes it first. An UPDATE is a
//! change as any other: it makes the row young again.
//!
//! `max_buffer` is kept by the job alone: a table may have more rows until it has run. Of the rows of
//! the commit at the limit all stay.

use super::Target;
use super::target::Stored;
use crate::catalog::Relation;
use crate::catalog::schema::TableSchema;
use crate::error::Result;
use crate::exec::{ExecState, StatementContext};
use crate::nodes::{LockWait, RowLockMode};
use crate::storage::{Direction, KeyRange, ReadView, RowLock, Space, keys, row};
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
pub(in crate::exec) fn remove_superfluous(
    cx: Arc<StatementContext>,
    table: &Arc<Relation>,
    rows_max: usize,
) -> Result<u64> {
    let target = Target::compile(&cx.catalog, table)?;
    let state = ExecState::new(cx, Arc::from([]));
    let limits = Limits::of(&target.schema, &state.view, state.env().statement_time())?;
    let mut removed = 0;
    for suffix in limits.beyond(&state.view, rows_max)? {
        let mode = RowLockMode::Update;
        let locked = target.lock_to_write(&state, &suffix, mode, LockWait::SkipLocked)?;
        if locked == RowLock::Unavailable {
            continue;
        }
        let value = state.cx.txn.get_latest(Space::Rows, &target.schema.row_key(&suffix))?;
        let Some(value) = value else { continue };
        if limits.are_beyond(&value)? {
            target.delete(&state, &target.stored(&suffix, &value)?)?;
            removed += 1;
        }
    }
    super::finish_statement(&state)?;
    Ok(removed)
}

/// Whether a view shows rows that are too old or too many at a moment.
pub(in crate::exec) fn is_superfluous_anywhere(
    view: &ReadView,
    schema: &TableSchema,
    now_us: i64,
) -> Result<bool> {
    Ok(!Limits::of(schema, view, now_us)?.beyond(view, 1)?.is_empty())
}

/// Up to where a stream table's rows are kept.
struct Limits<'a> {
    schema: &'a TableSchema,
    now_us: i64,
    /// The `_seq` of the oldest row among the newest that the table keeps; 0 where it keeps all.
    oldest_kept: u64,
}

impl<'a> Limits<'a> {
    fn of(schema: &'a TableSchema, view: &ReadView, now_us: i64) -> Result<Limits<'a>> {
        let oldest_kept = match schema.rows_max {
            Some(rows_max) => oldest_kept(schema, view, rows_max)?,
            None => 0,
        };
        Ok(Limits { schema, now_us, oldest_kept })
    }

    /// The keys of up to `rows_max` rows beyond the limits.
    fn beyond(&self, view: &ReadView, rows_max: usize) -> Result<Vec<Bytes>> {
        let mut found = Vec::new();
        let range = KeyRange::storage(self.schema.relation.storage);
        let mut scan = view.scan(Space::Rows, range, Direction::Forward);
        while found.len() < rows_max
            && let Some((key, value)) = scan.next()?
        {
            if self.are_beyond(value)? {
                found.push(Bytes::copy_from_slice(keys::suffix(key)));
            }
        }
        Ok(found)
    }

    /// Whether a stored row is too old, or older than those that are kept.
    fn are_beyond(&self, value: &[u8]) -> Result<bool> {
        let row = self.schema.layout.row(value)?;
        // What this transaction wrote has no number yet.
        let many = row.seq() != 0 && row.seq() < self.oldest_kept;
        Ok(many || !self.schema.is_live(&row, self.now_us))
    }
}

fn oldest_kept(schema: &TableSchema, view: &ReadView, rows_max: u64) -> Result<u64> {
    let rows_max = usize::try_from(rows_max).unwrap_or(usize::MAX);
    let mut newest = BinaryHeap::new();
    let mut oldest = 0;
    let range = KeyRange::storage(schema.relation.storage);
    let mut scan = view.scan(Space::Rows, range, Direction::Forward);
    while let Some((_, value)) = scan.next()? {
        newest.push(Reverse(row::seq(value)));
        if newest.len() > rows_max {
            newest.pop();
            oldest = newest.peek().map_or(u64::MAX, |Reverse(seq)| *seq);
        }
    }
    Ok(oldest)
}

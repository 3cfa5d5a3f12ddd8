//! ON CONFLICT: insert, or leave, or update the row that is in the way.
//!
//! The arbiters' keys are looked up; a key that is free is locked, and looked up again: the insert
//! that follows cannot fail on them. Another transaction that is writing a row in the way is waited
//! for, as in PostgreSQL; what READ COMMITTED then updates is that row as it has become, even though
//! the statement's snapshot does not show it.

use super::Target;
use super::target::Stored;
use super::wait;
use crate::error::{PgError, Result, code};
use crate::exec::expr::Program;
use crate::exec::op::concat;
use crate::exec::scan::ScanColumn;
use crate::exec::{ExecState, Row};
use crate::nodes::{LockWait, PolicyCheckKind, RowLockMode};
use crate::storage::{IsolationLevel, RowLock, Space, StorageError, row};
use crate::types::Oid;
use bytes::Bytes;

pub(super) struct OnConflict {
    /// Unique indexes that decide what a conflict is; empty: all of them.
    pub(super) arbiters: Vec<Oid>,
    /// DO UPDATE; `None`: DO NOTHING.
    pub(super) update: Option<ConflictUpdate>,
}

/// Expressions over the existing row, followed by the proposed one and the existing one's
/// [`SYSTEM_COLUMNS`](super::plan::SYSTEM_COLUMNS).
pub(super) struct ConflictUpdate {
    pub(super) values: Vec<(usize, Program)>,
    pub(super) filter: Option<Program>,
}

pub(super) enum Outcome {
    Inserted(Stored),
    Updated(Stored),
    Nothing,
}

impl OnConflict {
    pub(super) fn insert(&self, target: &Target, state: &ExecState, row: Row) -> Result<Outcome> {
        target.clear_expired(state, &row)?;
        loop {
            let mark = state.cx.txn.lock_mark();
            let Some(suffix) = self.conflict(target, state, &row)? else {
                return Ok(Outcome::Inserted(target.insert(state, row)?));
            };
            // The keys were locked to insert under them, which will not happen.
            state.cx.txn.release_locks_since(mark);
            let Some(update) = &self.update else {
                self.check_visible(target, state, &suffix)?;
                return Ok(Outcome::Nothing);
            };
            let key = target.schema.row_key(&suffix);
            if state.cx.txn.statement_wrote(Space::Rows, &key) {
                return Err(second_time());
            }
            target.lock_to_write(state, &suffix, RowLockMode::NoKeyUpdate, LockWait::Block)?;
            // Whoever held the row may have taken it out of the way.
            if self.conflict(target, state, &row)?.is_some_and(|found| found == suffix) {
                return update.run(target, state, &suffix, &row);
            }
        }
    }

    /// The key suffix of a row that is in the way of this one.
    fn conflict(&self, target: &Target, state: &ExecState, row: &Row) -> Result<Option<Bytes>> {
        let arbiter = |oid: Oid| self.arbiters.is_empty() || self.arbiters.contains(&oid);
        let unique = target.indexes.iter().filter(|i| i.schema.info().unique);
        if let Some(deferrable) =
            unique.filter(|i| arbiter(i.schema.relation.oid)).find(|i| !i.schema.info().immediate)
        {
            let message = "ON CONFLICT does not support deferrable unique constraints/exclusion \
                           constraints as arbiters";
            let error = PgError::new(code::OBJECT_NOT_IN_PREREQUISITE_STATE, message);
            return Err(target.located(state, error.constraint(&deferrable.schema.relation.name)));
        }
        let owner = target.owner(state);
        let primary = target.schema.primary_key_suffix(owner, row);
        if let (Some(suffix), Some(index)) = (primary, target.primary_index())
            && arbiter(index)
        {
            let look = || Ok(target.latest(state, &suffix)?.map(|_| suffix.clone().into()));
            let lock =
                || target.lock_to_write(state, &suffix, RowLockMode::Update, LockWait::Block);
            if let Some(found) = settled(target, state, look, lock)? {
                return Ok(Some(found));
            }
        }
        for index in target.indexes.iter().filter(|i| i.schema.unique_keys) {
            if !arbiter(index.schema.relation.oid) {
                continue;
            }
            let Some(values) = index.values(state, row)? else { continue };
            if !index.schema.is_unique_entry(&values) {
                continue;
            }
            let columns = index.schema.columns(owner, &values);
            let txn = &state.cx.txn;
            let storage = index.schema.storage;
            let lock =
                || wait(&state.cx.cancel, txn.lock_unique(storage, &columns, LockWait::Block));
            let look = || index.holder(state, owner, &values);
            if let Some(found) = settled(target, state, look, lock)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// REPEATABLE READ may not act on a row that its snapshot does not show.
    fn check_visible(&self, target: &Target, state: &ExecState, suffix: &[u8]) -> Result<()> {
        let key = target.schema.row_key(suffix);
        let own = || state.cx.txn.statement_wrote(Space::Rows, &key);
        let strict = state.cx.txn.isolation() != IsolationLevel::ReadCommitted;
        match strict && state.view.get(Space::Rows, &key)?.is_none() && !own() {
            true => Err(StorageError::ConcurrentUpdate.into()),
            false => Ok(()),
        }
    }
}

/// Who has a key when nobody else is about to give it up or take it; where it is free, it is locked.
fn settled(
    target: &Target,
    state: &ExecState,
    look: impl Fn() -> Result<Option<Bytes>>,
    lock: impl FnOnce() -> Result<RowLock>,
) -> Result<Option<Bytes>> {
    while let Some(found) = look()? {
        target.await_writer(state, &found)?;
        if look()?.is_some_and(|still| still == found) {
            return Ok(Some(found));
        }
    }
    lock()?;
    look()
}

impl ConflictUpdate {
    /// Updates the row in the way, which is locked.
    fn run(
        &self,
        target: &Target,
        state: &ExecState,
        suffix: &[u8],
        proposed: &Row,
    ) -> Result<Outcome> {
        let key = target.schema.row_key(suffix);
        let newest = state.cx.txn.get_latest(Space::Rows, &key)?;
        let newest = newest.ok_or_else(|| PgError::internal("a unique key without its row"))?;
        if state.cx.txn.isolation() != IsolationLevel::ReadCommitted {
            let seen = state.view.get(Space::Rows, &key)?;
            if seen.is_none_or(|seen| row::seq(&seen) != row::seq(&newest)) {
                return Err(StorageError::ConcurrentUpdate.into());
            }
        }
        let old = target.stored(suffix, &newest)?;
        // Expressions are over rows of the table that the statement names.
        let named = |row: &Row| target.named_row(row.clone());
        let mut both = concat(&named(&old.row), &named(proposed));
        let stored = target.schema.layout.row(&newest)?;
        let table = target.relation().oid;
        both.extend(system_columns(table).map(|column| column.of(&stored, suffix, &state.cx.txn)));
        if let Some(filter) = &self.filter
            && !filter.is_true(state, &both)?
        {
            return Ok(Outcome::Nothing);
        }
        target.check_policies(state, &old.row, PolicyCheckKind::Conflict)?;
        let mut new = old.row.clone();
        for (at, value) in &self.values {
            new[target.place(*at)] = value.eval(state, &both)?;
        }
        target.generate(state, &mut new)?;
        if !target.takes(state, &new)? {
            return Err(would_move());
        }
        target.check(state, &new, PolicyCheckKind::Update)?;
        target.update(state, &old, new).map(Outcome::Updated)
    }
}

/// What [`SYSTEM_COLUMNS`](super::plan::SYSTEM_COLUMNS) are of a stored row.
fn system_columns(table: Oid) -> [ScanColumn; 8] {
    [
        ScanColumn::TableOid(table),
        ScanColumn::CommitSeq,
        ScanColumn::Updated,
        ScanColumn::Deleted,
        ScanColumn::Xid,
        ScanColumn::NoXid,
        ScanColumn::NoXid,
        ScanColumn::NoXid,
    ]
}

fn would_move() -> PgError {
    PgError::new(code::FEATURE_NOT_SUPPORTED, "invalid ON UPDATE specification")
        .detail("The result tuple would appear in a different partition than the original tuple.")
}

fn second_time() -> PgError {
    let message = "ON CONFLICT DO UPDATE command cannot affect row a second time";
    PgError::new(code::CARDINALITY_VIOLATION, message).hint(
        "Ensure that no rows proposed for insertion within the same command have duplicate \
         constrained values.",
    )
}

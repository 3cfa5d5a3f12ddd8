//! FOR UPDATE and its kin: locks each row, and takes its newest version where it changed.
//!
//! READ COMMITTED looks at a row that changed since the statement's snapshot again: gone, or no
//! longer satisfying the conditions, it is left out (manual, 13.2.1). The other levels fail, 40001.

use super::filter::holds;
use super::{ExecState, NodeRef, Operator, PlanNode, Program, Row};
use crate::catalog::schema::TableSchema;
use crate::error::{PgError, Result, code};
use crate::exec::dml::{self, Newest};
use crate::exec::explain::Description;
use crate::exec::scan::ScanColumn;
use crate::nodes::{LockWait, RowLockMode};
use crate::storage::{IsolationLevel, RowLock, Space, StorageError};
use crate::types::Datum;
use bytes::Bytes;
use std::sync::Arc;

/// The lock to take on one range table entry's rows.
pub(in crate::exec) struct RowLockSpec {
    /// The table, or those that it stands for.
    pub tables: Vec<LockedTable>,
    /// The slot that tells which of them a row is of, where there are several.
    pub table: Option<usize>,
    pub mode: RowLockMode,
    pub wait: LockWait,
    /// Slots of the storage key and `_seq`.
    pub key: usize,
    pub seq: usize,
    /// The query's conditions, for a newer version.
    pub recheck: Arc<Vec<Program>>,
}

/// A table whose rows are locked.
pub(in crate::exec) struct LockedTable {
    pub schema: Arc<TableSchema>,
    /// Slots of the table's columns, to be replaced by a newer version's.
    pub columns: Vec<(usize, ScanColumn)>,
}

pub(in crate::exec) struct LockRows {
    pub input: NodeRef,
    pub locks: Arc<Vec<RowLockSpec>>,
}

struct Run {
    input: Box<dyn Operator>,
    locks: Arc<Vec<RowLockSpec>>,
}

impl PlanNode for LockRows {
    fn describe(&self) -> Description {
        Description::new("LockRows", &[&self.input])
    }

    fn open(&self, state: &ExecState) -> Box<dyn Operator> {
        Box::new(Run { input: self.input.open(state), locks: self.locks.clone() })
    }
}

impl RowLockSpec {
    /// Locks the row's entry; `false`: leave the row out.
    fn lock(&self, row: &mut Row, state: &ExecState) -> Result<bool> {
        // The nullable side of an outer join has no row to lock.
        let (Datum::Bytea(suffix), Datum::Int8(seq)) = (row[self.key].clone(), &row[self.seq])
        else {
            return Ok(true);
        };
        let (suffix, seq) = (Bytes::from_owner(suffix), seq.cast_unsigned());
        let table = self.table_of(row)?;
        if !self.take(table, &suffix, state)? {
            return Ok(false);
        }
        if table.changed_by_ourselves(&suffix, state)? {
            return Ok(false);
        }
        let strict = state.cx.txn.isolation() != IsolationLevel::ReadCommitted;
        let take = |suffix: &Bytes| if strict { Ok(true) } else { self.take(table, suffix, state) };
        match dml::newest(state, &table.schema, &suffix, seq, take)? {
            Newest::Seen(_) => Ok(true),
            Newest::Unavailable => Ok(false),
            Newest::Changed(..) | Newest::Gone if strict => {
                Err(StorageError::ConcurrentUpdate.into())
            }
            Newest::Gone => Ok(false),
            Newest::Changed(_, value) => {
                let stored = table.schema.layout.row(&value)?;
                for (slot, column) in &table.columns {
                    row[*slot] = column.of(&stored, &suffix, &state.cx.txn);
                }
                holds(&self.recheck, state, row)
            }
        }
    }

    /// Locks a key; `false`: another transaction holds it, and SKIP LOCKED was asked for.
    fn take(&self, table: &LockedTable, suffix: &[u8], state: &ExecState) -> Result<bool> {
        let storage = table.schema.relation.storage;
        let request = state.cx.txn.lock_row(storage, suffix, self.mode, self.wait);
        match dml::answer(&state.cx.cancel, request)? {
            Ok(RowLock::Granted { .. }) => Ok(true),
            Ok(RowLock::Unavailable) if self.wait == LockWait::SkipLocked => Ok(false),
            Ok(RowLock::Unavailable) => Err(table.named(StorageError::LockNotAvailable)),
            Err(error) => Err(table.named(error)),
        }
    }

    /// The table that a row is of.
    fn table_of(&self, row: &Row) -> Result<&LockedTable> {
        let found = match self.table {
            None => self.tables.first(),
            Some(slot) => {
                let oid = |table: &&LockedTable| Datum::Oid(table.schema.relation.oid) == row[slot];
                self.tables.iter().find(oid)
            }
        };
        found.ok_or_else(|| PgError::internal("a row of no table that is locked"))
    }
}

impl LockedTable {
    /// Whether this transaction has changed the row after the snapshot was taken: a cursor does not
    /// return such rows (`heap_lock_tuple`'s `TM_SelfModified`).
    fn changed_by_ourselves(&self, suffix: &[u8], state: &ExecState) -> Result<bool> {
        let key = self.schema.row_key(suffix);
        Ok(state.cx.txn.wrote(Space::Rows, &key)
            && state.cx.txn.get_latest(Space::Rows, &key)? != state.view.get(Space::Rows, &key)?)
    }

    fn named(&self, error: StorageError) -> PgError {
        match error {
            StorageError::LockNotAvailable => {
                let table = &self.schema.relation.name;
                let message = format!("could not obtain lock on row in relation \"{table}\"");
                PgError::new(code::LOCK_NOT_AVAILABLE, message)
            }
            other => other.into(),
        }
    }
}

impl Operator for Run {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        'rows: while let Some(mut row) = self.input.next(state)? {
            state.cx.cancel.check()?;
            for lock in self.locks.iter() {
                if !lock.lock(&mut row, state)? {
                    continue 'rows;
                }
            }
            return Ok(Some(row));
        }
        Ok(None)
    }
}

//! FOR UPDATE and its kin: locks each row, and takes its newest version where it changed.
//!
//! READ COMMITTED looks at a row that changed since the statement's snapshot again: gone, or no
//! longer satisfying the conditions, it is left out (manual, 13.2.1). The other levels fail, 40001.

use super::filter::holds;
use super::{ExecState, NodeRef, Operator, PlanNode, Program, Row};
use crate::catalog::schema::TableSchema;
use crate::error::Result;
use crate::exec::dml;
use crate::exec::explain::Description;
use crate::nodes::{LockWait, RowLockMode};
use crate::storage::{IsolationLevel, RowLock, Space, StorageError};
use crate::types::Datum;
use std::sync::Arc;

/// The lock to take on one range table entry's rows.
pub(in crate::exec) struct RowLockSpec {
    pub schema: Arc<TableSchema>,
    pub mode: RowLockMode,
    pub wait: LockWait,
    /// Slots of the storage key and `_seq`.
    pub key: usize,
    pub seq: usize,
    /// Slots of stored columns (from 0), to be replaced by a newer version's.
    pub columns: Vec<(usize, usize)>,
    /// The query's conditions, for a newer version.
    pub recheck: Arc<Vec<Program>>,
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
        let Datum::Bytea(suffix) = row[self.key].clone() else { return Ok(true) };
        let (txn, storage) = (&state.cx.txn, self.schema.relation.storage);
        let request = txn.lock_row(storage, &suffix, self.mode, self.wait);
        match dml::answer(&state.cx.cancel, request)? {
            Ok(RowLock::Granted { .. }) => {}
            Ok(RowLock::Unavailable) if self.wait == LockWait::SkipLocked => return Ok(false),
            Ok(RowLock::Unavailable) => return Err(self.named(StorageError::LockNotAvailable)),
            Err(error) => return Err(self.named(error)),
        }
        let newest = txn.get_latest(Space::Rows, &self.schema.row_key(&suffix))?;
        let read_committed = txn.isolation() == IsolationLevel::ReadCommitted;
        let Some(bytes) = newest else {
            return match read_committed {
                true => Ok(false),
                false => Err(StorageError::ConcurrentUpdate.into()),
            };
        };
        let stored = self.schema.layout.row(&bytes)?;
        if row[self.seq] == Datum::Int8(stored.seq().cast_signed()) {
            return Ok(true);
        }
        if !read_committed {
            return Err(StorageError::ConcurrentUpdate.into());
        }
        for (slot, column) in &self.columns {
            row[*slot] = stored.datum(*column);
        }
        holds(&self.recheck, state, row)
    }

    fn named(&self, error: StorageError) -> crate::error::PgError {
        use crate::error::{PgError, code};
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

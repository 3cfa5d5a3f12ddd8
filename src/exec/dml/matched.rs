//! The rows that UPDATE, DELETE and MERGE work on: locking them, and following concurrent changes.
//!
//! READ COMMITTED, where a row changed since the statement's snapshot: the newest version takes its
//! place, and is worked on if it still satisfies the conditions (manual, 13.2.1).

use super::Target;
use super::modify::Modify;
use super::state::WantedRow;
use super::target::Stored;
use super::{Newest, newest};
use crate::error::{PgError, Result};
use crate::exec::expr::Program;
use crate::exec::op::{NodeRef, holds};
use crate::exec::plan::ModifySource;
use crate::exec::scan::ScanColumn;
use crate::exec::{ExecState, KEY_ATTNO, Row, SEQ_ATTNO};
use crate::nodes::{
    LockWait, RangeIndex, RowLockMode, SEQ_COLUMN, TABLE_OID_COLUMN, UPDATED_COLUMN, XMAX_COLUMN,
    XMIN_COLUMN,
};
use crate::storage::{IsolationLevel, RowLock, RowRef, Space, StorageError, Txn};
use crate::types::Datum;
use bytes::Bytes;
use std::sync::Arc;

/// UPDATE's, DELETE's and MERGE's source.
pub(super) struct Matched {
    pub(super) node: NodeRef,
    /// Slots of the target's storage key and `_seq`.
    key: usize,
    seq: usize,
    /// The slot of `tableoid`, where the rows are of several tables.
    table: Option<usize>,
    /// Slots of the target's columns: slot, position in the target's rows.
    columns: Vec<(usize, usize)>,
    version: Box<VersionSlots>,
    recheck: Vec<Program>,
}

/// The slots of what is known of a row's version, where the statement reads it.
struct VersionSlots {
    seq: Option<usize>,
    updated: Option<usize>,
    xmin: Option<usize>,
    xmax: Option<usize>,
}

/// What has become of a target row when it is locked.
pub(super) enum Locked {
    Seen(Stored),
    /// It has another version now, which satisfies the conditions and stands in the source row.
    Changed(Stored),
    /// There is none any more that does.
    Gone,
    /// The statement has changed it already.
    Met,
}

impl Matched {
    pub(super) fn new(source: ModifySource, target: &Target, rel: RangeIndex) -> Result<Matched> {
        let hidden = |attno| {
            let slot = source.layout.slot(rel, attno);
            slot.ok_or_else(|| PgError::internal("the source does not give the target's key"))
        };
        let (key, seq) = (hidden(KEY_ATTNO)?, hidden(SEQ_ATTNO)?);
        let live = target.relation().live_columns();
        let column = |attno: i16| Some((source.layout.slot(rel, attno)?, attno as usize - 1));
        let columns = live.filter_map(|c| column(c.attno)).collect();
        let table = source.layout.slot(rel, TABLE_OID_COLUMN);
        let slot = |attno| source.layout.slot(rel, attno);
        let version = Box::new(VersionSlots {
            seq: slot(SEQ_COLUMN),
            updated: slot(UPDATED_COLUMN),
            xmin: slot(XMIN_COLUMN),
            xmax: slot(XMAX_COLUMN),
        });
        let (node, recheck) = (source.node, source.recheck);
        Ok(Matched { node, key, seq, table, columns, version, recheck })
    }

    /// Calls `work` with each source row.
    pub(super) fn each(
        &self,
        state: &ExecState,
        mut work: impl FnMut(Row) -> Result<()>,
    ) -> Result<()> {
        let mut source = self.node.open_rows(state);
        while let Some(row) = source.next(state)? {
            state.cx.cancel.check()?;
            work(row)?;
        }
        Ok(())
    }

    /// Locks the target row of each source row and calls `work` with its table, both rows, and what is
    /// stored.
    pub(super) fn each_locked(
        &self,
        modify: &Modify,
        state: &ExecState,
        mode: RowLockMode,
        mut work: impl FnMut(&Arc<Target>, Row, Stored) -> Result<()>,
    ) -> Result<()> {
        self.each(state, |mut row| {
            let target = modify.member(state, &self.table(&row))?;
            match self.lock(&target, state, &mut row, mode)? {
                Some(old) => work(&target, row, old),
                None => Ok(()),
            }
        })
    }

    /// The table that a source row's target row is of, where there are several.
    pub(super) fn table(&self, row: &Row) -> Datum {
        self.table.map_or(Datum::Null, |slot| row[slot].clone())
    }

    /// Whether a source row has a row of the target.
    pub(super) fn has_target(&self, row: &Row) -> bool {
        !row[self.key].is_null()
    }

    /// Locks the target row of a source row; `None`: nothing to do with it. Afterwards the source
    /// row holds the version that was locked.
    pub(super) fn lock(
        &self,
        target: &Target,
        state: &ExecState,
        row: &mut Row,
        mode: RowLockMode,
    ) -> Result<Option<Stored>> {
        Ok(match self.lock_version(target, state, row, mode)? {
            Locked::Seen(stored) | Locked::Changed(stored) => Some(stored),
            // A row is changed once per statement; PostgreSQL ignores further matches.
            Locked::Met | Locked::Gone => None,
        })
    }

    /// The same, telling what has become of the row.
    pub(super) fn lock_version(
        &self,
        target: &Target,
        state: &ExecState,
        row: &mut Row,
        mode: RowLockMode,
    ) -> Result<Locked> {
        let (Datum::Bytea(suffix), Datum::Int8(seq)) = (row[self.key].clone(), &row[self.seq])
        else {
            return Ok(Locked::Gone);
        };
        let (suffix, seq) = (Bytes::from_owner(suffix), seq.cast_unsigned());
        let key = target.schema.row_key(&suffix);
        if state.dml.has_met(&key, state.cx.txn.statement_wrote(Space::Rows, &key)) {
            return Ok(Locked::Met);
        }
        lock_or_want(target, state, &suffix, mode)?;
        let strict = state.cx.txn.isolation() != IsolationLevel::ReadCommitted;
        let lock = |suffix: &Bytes| {
            if !strict {
                target.lock_to_write(state, suffix, mode, LockWait::Block)?;
            }
            Ok(true)
        };
        match newest(state, &target.schema, &suffix, seq, lock)? {
            Newest::Seen(value) => target.stored(&suffix, &value).map(Locked::Seen),
            Newest::Changed(..) if strict => Err(StorageError::ConcurrentUpdate.into()),
            Newest::Gone if strict => Err(StorageError::ConcurrentDelete.into()),
            Newest::Changed(suffix, value) => {
                let stored = target.stored(&suffix, &value)?;
                self.show(target, row, &stored.row);
                self.show_commit(row, &target.schema.layout.row(&value)?, &state.cx.txn);
                if !holds(&self.recheck, state, row)? {
                    return Ok(Locked::Gone);
                }
                let found = target.schema.row_key(&suffix);
                if found != key {
                    state.dml.follow(key, found);
                }
                Ok(Locked::Changed(stored))
            }
            Newest::Gone | Newest::Unavailable => Ok(Locked::Gone),
        }
    }

    /// Puts a version of the target row into the source row.
    pub(super) fn show(&self, target: &Target, row: &mut Row, version: &[Datum]) {
        for (slot, at) in &self.columns {
            row[*slot] = version[target.place(*at)].clone();
        }
    }

    /// Puts a version's `_seq`, `_updated` and `xmin` into the source row.
    fn show_commit(&self, row: &mut Row, stored: &RowRef<'_>, txn: &Txn) {
        let columns = [
            (self.version.seq, ScanColumn::CommitSeq),
            (self.version.updated, ScanColumn::Updated),
            (self.version.xmin, ScanColumn::Xid),
        ];
        for (slot, column) in columns {
            if let Some(slot) = slot {
                row[slot] = column.of(stored, &[], txn);
            }
        }
    }

    /// The version just written by transaction `xid`, in the source row: its commit has neither number
    /// nor time yet.
    pub(super) fn show_written(&self, target: &Target, row: &mut Row, version: &[Datum], xid: u32) {
        self.show(target, row, version);
        if let Some(slot) = self.table {
            row[slot] = Datum::Oid(target.relation().oid);
        }
        for slot in [self.version.seq, self.version.updated].into_iter().flatten() {
            row[slot] = Datum::Null;
        }
        if let Some(slot) = self.version.xmin {
            row[slot] = Datum::Oid(xid);
        }
    }

    /// The version just deleted by transaction `xid`, in the source row.
    pub(super) fn show_deleted(&self, row: &mut Row, xid: u32) {
        if let Some(slot) = self.version.xmax {
            row[slot] = Datum::Oid(xid);
        }
    }
}

/// Locks a row. Where it is held and the statement has written nothing yet, the wait is left to
/// [`Modify::run`](super::Modify::run): a thread blocked here would serve nobody.
fn lock_or_want(
    target: &Target,
    state: &ExecState,
    suffix: &[u8],
    mode: RowLockMode,
) -> Result<()> {
    if state.dml.may_restart() && state.cx.txn.statement_is_empty() {
        return match target.lock_to_write(state, suffix, mode, LockWait::SkipLocked)? {
            RowLock::Granted { .. } => Ok(()),
            RowLock::Unavailable => {
                let table = target.relation().storage;
                let suffix = Bytes::copy_from_slice(suffix);
                Err(state.dml.want(WantedRow { table, suffix, mode }))
            }
        };
    }
    target.lock_to_write(state, suffix, mode, LockWait::Block)?;
    Ok(())
}

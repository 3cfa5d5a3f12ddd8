//! From stored bytes to a row: which columns are wanted, and where they are.

use crate::catalog::schema::{IndexSchema, Owner, TableSchema};
use crate::error::Result;
use crate::exec::explain::Description;
use crate::exec::expr::Program;
use crate::exec::op::holds;
use crate::exec::{ExecState, Row};
use crate::storage::{RowRef, Space, Txn};
use crate::types::{Datum, Oid, oids};
use std::sync::Arc;

/// A column of a scan's rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::exec) enum ScanColumn {
    /// A stored column, from 0.
    Stored(usize),
    /// The row's key, without the storage id.
    Key,
    /// The row's `_seq` as `int8`, for row locks: 0 where this transaction wrote it.
    Seq,
    /// `_seq` and `_updated` as users see them: NULL where this transaction wrote the row, whose
    /// commit has neither number nor time yet.
    CommitSeq,
    Updated,
    /// Whether the row is a deleted one; those are [`DeletedScan`](super::DeletedScan)'s.
    Deleted,
    TableOid(Oid),
    /// `xmin`: the transaction that wrote the row.
    Xid,
    /// `xmax`, `cmin`, `cmax`: none.
    NoXid,
}

impl ScanColumn {
    /// The column of a stored row, and of its key's suffix, as `txn` sees them.
    #[inline]
    pub fn of(self, stored: &RowRef<'_>, suffix: &[u8], txn: &Txn) -> Datum {
        match self {
            ScanColumn::Stored(index) => stored.datum(index),
            ScanColumn::Key => Datum::bytea(suffix),
            ScanColumn::Seq => Datum::Int8(stored.seq().cast_signed()),
            ScanColumn::CommitSeq | ScanColumn::Updated if stored.seq() == 0 => Datum::Null,
            ScanColumn::CommitSeq => Datum::Int8(stored.seq().cast_signed()),
            ScanColumn::Updated => Datum::TimestampTz(stored.updated_us()),
            ScanColumn::Deleted => Datum::Bool(false),
            ScanColumn::TableOid(oid) => Datum::Oid(oid),
            ScanColumn::NoXid => Datum::Oid(0),
            ScanColumn::Xid if stored.seq() == 0 => Datum::Oid(txn.id() as u32),
            ScanColumn::Xid => Datum::Oid(stored.xid()),
        }
    }
}

/// What a scan makes of each stored row.
pub(in crate::exec) struct Source {
    pub schema: Arc<TableSchema>,
    pub columns: Vec<ScanColumn>,
    /// Conditions on the row made.
    pub conditions: Vec<Program>,
}

impl Source {
    /// What the keys of rows begin with that the statement may see.
    pub fn rows_prefix(&self, state: &ExecState) -> Vec<u8> {
        self.schema.rows_prefix(self.owner(state))
    }

    /// Whose rows the statement sees.
    pub fn owner(&self, state: &ExecState) -> Owner {
        self.schema.owner(state.env().current_role())
    }

    /// The types of the columns; for a user's types, what stands in for them.
    pub fn column_types(&self) -> Vec<Oid> {
        let of = |column: &ScanColumn| match column {
            ScanColumn::Stored(index) => self.schema.stored_types[*index],
            ScanColumn::Key => oids::BYTEA,
            ScanColumn::Seq | ScanColumn::CommitSeq => oids::INT8,
            ScanColumn::Updated => oids::TIMESTAMPTZ,
            ScanColumn::Deleted => oids::BOOL,
            ScanColumn::TableOid(_) | ScanColumn::Xid | ScanColumn::NoXid => oids::OID,
        };
        self.columns.iter().map(of).collect()
    }

    /// The row that an index's entry leads to, as [`Source::row`] gives it.
    pub fn indexed_row(&self, suffix: &[u8], state: &ExecState) -> Result<Option<Row>> {
        state.cx.cancel.check()?;
        // An entry without its row cannot be: both are written in one batch.
        match state.view.get(Space::Rows, &self.schema.row_key(suffix))? {
            Some(value) => self.row(suffix, &value, state),
            None => Ok(None),
        }
    }

    /// A scan by an index, as EXPLAIN shows it.
    pub fn described(&self, scan: &'static str, index: &IndexSchema) -> Description {
        let (relation, index) = (&self.schema.relation.name, &index.relation.name);
        let target = format!(" using {index} on {relation}");
        Description { target, ..Description::new(scan, &[]) }
    }

    /// Counts a scan by an index.
    pub fn count_scan(&self, index: &IndexSchema) {
        self.schema.activity.key_scans.add(1);
        index.activity.key_scans.add(1);
    }

    /// The row stored under a key (with its suffix), if it is not too old and satisfies the
    /// conditions.
    #[inline]
    pub fn row(&self, suffix: &[u8], value: &[u8], state: &ExecState) -> Result<Option<Row>> {
        let stored = self.schema.layout.row(value)?;
        if self.schema.ttl_us.is_some()
            && !self.schema.is_live(&stored, state.env().statement_time())
        {
            return Ok(None);
        }
        let txn = &state.cx.txn;
        let columns = self.columns.iter();
        let row: Row = columns.map(|column| column.of(&stored, suffix, txn)).collect();
        Ok(holds(&self.conditions, state, &row)?.then_some(row))
    }
}

//! Keeping a secondary index: entries, uniqueness, partial and expression indexes.

use super::foreign_key::Event;
use super::target::Stored;
use super::{Target, deferred, describe, wait};
use crate::catalog::schema::IndexSchema;
use crate::catalog::{Catalog, Constraint, ConstraintKind, Relation};
use crate::error::{PgError, Result};
use crate::exec::expr::Program;
use crate::exec::{ExecState, Layout};
use crate::nodes::LockWait;
use crate::storage::{Direction, Key, KeyRange, RowLock, Space};
use crate::types::Datum;
use bytes::Bytes;
use std::sync::Arc;

pub(super) struct TargetIndex {
    pub(super) schema: Arc<IndexSchema>,
    /// One per key column.
    values: Vec<Value>,
    predicate: Option<Program>,
}

/// Where a key column's value comes from.
enum Value {
    Column(usize),
    Expression(Program),
}

/// A row's entry.
struct Entry {
    key: Bytes,
    value: Bytes,
    values: Vec<Datum>,
}

impl TargetIndex {
    pub(super) fn compile(
        catalog: &Catalog,
        table: &Relation,
        schema: &Arc<IndexSchema>,
        layout: &Layout,
    ) -> Result<TargetIndex> {
        let value = |column: &crate::catalog::IndexColumn| match (&column.expr, column.attno) {
            (Some(expr), _) => Ok(Value::Expression(Program::compile(expr, layout, catalog)?)),
            (None, attno @ 1..) if (attno as usize) <= table.columns.len() => {
                Ok(Value::Column(attno as usize - 1))
            }
            _ => Err(PgError::internal("an index column is neither a column nor an expression")),
        };
        let values = schema.key_columns().iter().map(value).collect::<Result<Vec<_>>>()?;
        let predicate = schema.info().predicate.as_ref();
        let predicate = predicate.map(|p| Program::compile(p, layout, catalog)).transpose()?;
        Ok(TargetIndex { schema: schema.clone(), values, predicate })
    }

    /// Columns that a foreign key could refer to through this index.
    pub(super) fn referable(&self) -> impl Iterator<Item = usize> {
        let info = self.schema.info();
        let usable = info.unique && info.predicate.is_none();
        let columns = self.values.iter().map_while(move |value| match value {
            Value::Column(at) if usable => Some(*at),
            _ => None,
        });
        // With an expression among the key columns no foreign key can use it.
        let all = self.values.iter().all(|v| matches!(v, Value::Column(_)));
        columns.take(if all { self.values.len() } else { 0 })
    }

    /// The key columns' values of a row; `None`: the row is not in this (partial) index.
    pub(super) fn values(&self, state: &ExecState, row: &[Datum]) -> Result<Option<Vec<Datum>>> {
        if let Some(predicate) = &self.predicate
            && !predicate.is_true(state, row)?
        {
            return Ok(None);
        }
        let value = |value: &Value| match value {
            Value::Column(at) => Ok(row[*at].clone()),
            Value::Expression(program) => program.eval(state, row),
        };
        self.values.iter().map(value).collect::<Result<Vec<_>>>().map(Some)
    }

    pub(super) fn insert(&self, target: &Target, state: &ExecState, row: &Stored) -> Result<()> {
        match self.entry(state, row)? {
            Some(entry) => self.add(target, state, entry, row),
            None => Ok(()),
        }
    }

    pub(super) fn update(
        &self,
        target: &Target,
        state: &ExecState,
        old: &Stored,
        new: &Stored,
    ) -> Result<()> {
        let (before, after) = (self.entry(state, old)?, self.entry(state, new)?);
        if let (Some(before), Some(after)) = (&before, &after)
            && before.key == after.key
            && before.value == after.value
        {
            return Ok(());
        }
        if let Some(entry) = before {
            self.remove(state, entry)?;
        }
        match after {
            Some(entry) => self.add(target, state, entry, new),
            None => Ok(()),
        }
    }

    pub(super) fn delete(&self, state: &ExecState, row: &Stored) -> Result<()> {
        match self.entry(state, row)? {
            Some(entry) => self.remove(state, entry),
            None => Ok(()),
        }
    }

    /// Locks the unique key of these values and gives the row that has it.
    pub(super) fn conflict(&self, state: &ExecState, values: &[Datum]) -> Result<Option<Bytes>> {
        self.lock_key(state, values)?;
        self.holder(state, values)
    }

    /// The row that has these values now, by its key suffix.
    pub(super) fn holder(&self, state: &ExecState, values: &[Datum]) -> Result<Option<Bytes>> {
        Ok(state.cx.txn.get_latest(Space::Index, &self.unique_key(values))?)
    }

    /// The entry of these values in a unique index.
    pub(super) fn unique_key(&self, values: &[Datum]) -> Bytes {
        let columns = self.columns(values);
        Key::Unique { index: self.schema.storage, columns: &columns }.encode()
    }

    pub(super) fn columns(&self, values: &[Datum]) -> Vec<u8> {
        let mut columns = Vec::with_capacity(32);
        self.schema.encode_columns(values, &mut columns);
        columns
    }

    pub(super) fn violation(
        &self,
        target: &Target,
        state: &ExecState,
        values: &[Datum],
    ) -> PgError {
        let key = describe::index_key(target, state, &self.schema, values);
        target.duplicate(state, &self.schema.relation.name, &key)
    }

    fn entry(&self, state: &ExecState, row: &Stored) -> Result<Option<Entry>> {
        let Some(values) = self.values(state, &row.row)? else { return Ok(None) };
        let (key, value) = self.schema.entry(&values, &row.suffix);
        Ok(Some(Entry { key, value, values }))
    }

    fn add(&self, target: &Target, state: &ExecState, entry: Entry, row: &Stored) -> Result<()> {
        if self.schema.is_unique_entry(&entry.values) {
            if self.schema.unique_keys {
                if self.conflict(state, &entry.values)?.is_some() {
                    return Err(self.violation(target, state, &entry.values));
                }
            } else if !self.claim(state, &entry.values, &row.suffix)? {
                self.check_later(target, state, row);
            }
        }
        Ok(state.cx.txn.put(Space::Index, entry.key, entry.value)?)
    }

    fn remove(&self, state: &ExecState, entry: Entry) -> Result<()> {
        if self.schema.is_unique_entry(&entry.values) {
            // Whoever wants the key must wait for our end to know whether it is free.
            self.lock_key(state, &entry.values)?;
        }
        Ok(state.cx.txn.delete(Space::Index, entry.key)?)
    }

    fn lock_key(&self, state: &ExecState, values: &[Datum]) -> Result<()> {
        self.try_lock_key(state, values, LockWait::Block).map(|_| ())
    }

    fn try_lock_key(
        &self,
        state: &ExecState,
        values: &[Datum],
        policy: LockWait,
    ) -> Result<RowLock> {
        let columns = self.columns(values);
        wait(&state.cx.cancel, state.cx.txn.lock_unique(self.schema.storage, &columns, policy))
    }

    /// A deferrable constraint's key for a new row: whether it is certain already that nobody else
    /// has it. A transaction that may be about to take it or to give it up is not waited for yet
    /// (`UNIQUE_CHECK_PARTIAL`).
    fn claim(&self, state: &ExecState, values: &[Datum], suffix: &[u8]) -> Result<bool> {
        Ok(self.try_lock_key(state, values, LockWait::SkipLocked)? != RowLock::Unavailable
            && !self.is_shared(state, values, suffix)?)
    }

    /// Whether the key of a deferrable constraint is free for a row, now that it matters.
    pub(super) fn has_to_itself(
        &self,
        state: &ExecState,
        values: &[Datum],
        suffix: &[u8],
    ) -> Result<bool> {
        self.lock_key(state, values)?;
        Ok(!self.is_shared(state, values, suffix)?)
    }

    /// Whether another row than this has these values now.
    fn is_shared(&self, state: &ExecState, values: &[Datum], suffix: &[u8]) -> Result<bool> {
        let mut prefix = self.schema.storage.to_be_bytes().to_vec();
        self.schema.encode_columns(values, &mut prefix);
        let view = state.cx.txn.latest_view()?;
        let mut scan = view.scan(Space::Index, KeyRange::prefix(&prefix), Direction::Forward);
        while let Some((_, holder)) = scan.next()? {
            if holder != suffix {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Queues the check of a deferrable constraint for one row.
    fn check_later(&self, target: &Target, state: &ExecState, row: &Stored) {
        let own = |c: &&Constraint| match &c.kind {
            ConstraintKind::PrimaryKey { index, .. } | ConstraintKind::Unique { index, .. } => {
                *index == self.schema.relation.oid
            }
            _ => false,
        };
        let event = Event::Unique {
            table: target.relation().oid,
            index: self.schema.relation.oid,
            suffix: row.suffix.clone(),
        };
        if let Some(constraint) = target.relation().constraints.iter().find(own) {
            deferred::schedule(state, constraint, event);
        }
    }
}

//! Keeping a secondary index: entries, uniqueness, partial and expression indexes.

use super::foreign_key::Event;
use super::target::Stored;
use super::{Target, deferred, describe, wait};
use crate::catalog::schema::{IndexSchema, Method, Owner};
use crate::catalog::{Catalog, Constraint, ConstraintKind, Relation};
use crate::error::{PgError, Result};
use crate::exec::expr::Program;
use crate::exec::{ExecState, Layout};
use crate::nodes::LockWait;
use crate::storage::{Direction, KeyRange, RowLock, Space};
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

/// A row's entries: one, or in an inverted index several, in the order of their keys.
struct Entries {
    list: Vec<(Bytes, Bytes)>,
    values: Vec<Datum>,
}

impl Entries {
    fn has(&self, entry: &(Bytes, Bytes)) -> bool {
        self.list.binary_search(entry).is_ok()
    }
}

impl TargetIndex {
    pub(super) fn compile(
        catalog: &Catalog,
        table: &Relation,
        schema: &Arc<IndexSchema>,
        layout: &Layout,
    ) -> Result<TargetIndex> {
        schema.check_usable()?;
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
        match self.entries(state, row)? {
            Some(entries) => self.add(target, state, entries, row),
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
        let (mut before, mut after) = (self.entries(state, old)?, self.entries(state, new)?);
        if let (Some(before), Some(after)) = (&mut before, &mut after) {
            if before.list == after.list {
                return Ok(());
            }
            // Of an inverted index's entries most stay.
            if let Method::Inverted(_) = self.schema.method {
                let kept: Vec<_> = before.list.extract_if(.., |e| after.has(e)).collect();
                after.list.retain(|entry| kept.binary_search(entry).is_err());
            }
        }
        if let Some(entries) = before {
            self.remove(target, state, entries, old)?;
        }
        match after {
            Some(entries) => self.add(target, state, entries, new),
            None => Ok(()),
        }
    }

    pub(super) fn delete(&self, target: &Target, state: &ExecState, row: &Stored) -> Result<()> {
        match self.entries(state, row)? {
            Some(entries) => self.remove(target, state, entries, row),
            None => Ok(()),
        }
    }

    /// Locks the owner's unique key of these values and gives the row that has it.
    fn conflict(&self, state: &ExecState, owner: Owner, values: &[Datum]) -> Result<Option<Bytes>> {
        self.lock_key(state, owner, values)?;
        self.holder(state, owner, values)
    }

    /// The owner's row that has these values now, by its key suffix.
    pub(super) fn holder(
        &self,
        state: &ExecState,
        owner: Owner,
        values: &[Datum],
    ) -> Result<Option<Bytes>> {
        Ok(state.cx.txn.get_latest(Space::Index, &self.schema.unique_key(owner, values))?)
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

    fn entries(&self, state: &ExecState, row: &Stored) -> Result<Option<Entries>> {
        let Some(values) = self.values(state, &row.row)? else { return Ok(None) };
        let list = self.schema.entries(&values, &row.suffix);
        Ok(Some(Entries { list, values }))
    }

    fn add(
        &self,
        target: &Target,
        state: &ExecState,
        entries: Entries,
        row: &Stored,
    ) -> Result<()> {
        if self.schema.is_unique_entry(&entries.values) {
            if self.schema.unique_keys {
                let owner = target.schema.owner_of(&row.suffix);
                if self.conflict(state, owner, &entries.values)?.is_some() {
                    return Err(self.violation(target, state, &entries.values));
                }
            } else if !self.claim(target, state, &entries.values, &row.suffix)? {
                self.check_later(target, state, row);
            }
        }
        for (key, value) in entries.list {
            state.cx.txn.put(Space::Index, key, value)?;
        }
        Ok(())
    }

    fn remove(
        &self,
        target: &Target,
        state: &ExecState,
        entries: Entries,
        row: &Stored,
    ) -> Result<()> {
        if self.schema.is_unique_entry(&entries.values) {
            // Whoever wants the key must wait for our end to know whether it is free.
            self.lock_key(state, target.schema.owner_of(&row.suffix), &entries.values)?;
        }
        for (key, _) in entries.list {
            state.cx.txn.delete(Space::Index, key)?;
        }
        Ok(())
    }

    fn lock_key(&self, state: &ExecState, owner: Owner, values: &[Datum]) -> Result<()> {
        self.try_lock_key(state, owner, values, LockWait::Block).map(|_| ())
    }

    fn try_lock_key(
        &self,
        state: &ExecState,
        owner: Owner,
        values: &[Datum],
        policy: LockWait,
    ) -> Result<RowLock> {
        let columns = self.schema.columns(owner, values);
        wait(&state.cx.cancel, state.cx.txn.lock_unique(self.schema.storage, &columns, policy))
    }

    /// A deferrable constraint's key for a new row: whether it is certain already that nobody else
    /// has it. A transaction that may be about to take it or to give it up is not waited for yet
    /// (`UNIQUE_CHECK_PARTIAL`).
    fn claim(
        &self,
        target: &Target,
        state: &ExecState,
        values: &[Datum],
        suffix: &[u8],
    ) -> Result<bool> {
        let owner = target.schema.owner_of(suffix);
        let locked = self.try_lock_key(state, owner, values, LockWait::SkipLocked)?;
        Ok(locked != RowLock::Unavailable && !self.is_shared(state, owner, values, suffix)?)
    }

    /// Whether the key of a deferrable constraint is free for a row, now that it matters.
    pub(super) fn has_to_itself(
        &self,
        target: &Target,
        state: &ExecState,
        values: &[Datum],
        suffix: &[u8],
    ) -> Result<bool> {
        let owner = target.schema.owner_of(suffix);
        self.lock_key(state, owner, values)?;
        Ok(!self.is_shared(state, owner, values, suffix)?)
    }

    /// Whether another row of the owner than this has these values now.
    fn is_shared(
        &self,
        state: &ExecState,
        owner: Owner,
        values: &[Datum],
        suffix: &[u8],
    ) -> Result<bool> {
        let prefix = self.schema.entries_prefix(owner, values);
        let view = state.cx.txn.latest_view()?;
        let mut scan = view.scan(Space::Index, KeyRange::prefix(&prefix), Direction::Forward);
        while let Some((_, holder)) = scan.next()? {
            if holder != suffix {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The owner's rows that have a new row's unique key.
    pub(super) fn holders(
        &self,
        state: &ExecState,
        owner: Owner,
        row: &[Datum],
    ) -> Result<Vec<Bytes>> {
        let Some(values) = self.values(state, row)? else { return Ok(Vec::new()) };
        if !self.schema.is_unique_entry(&values) {
            return Ok(Vec::new());
        }
        let prefix = self.schema.entries_prefix(owner, &values);
        let view = state.cx.txn.latest_view()?;
        let mut scan = view.scan(Space::Index, KeyRange::prefix(&prefix), Direction::Forward);
        let mut holders = Vec::new();
        while let Some((_, holder)) = scan.next()? {
            holders.push(Bytes::copy_from_slice(holder));
        }
        Ok(holders)
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

//! A table's write path: everything that an INSERT, UPDATE or DELETE of one row has to do.
//!
//! Compiled once per plan. A row is a [`Row`] of all columns by attribute number, dropped ones
//! included (as NULL). For one row, in PostgreSQL's order: generated columns, NOT NULL, CHECK (by
//! name), the row's key and unique indexes, the write, and then events for foreign keys, which are
//! due when the statement ends.

use super::foreign_key::{self, Incoming, Outgoing};
use super::index::TargetIndex;
use super::policy::PolicyChecks;
use super::{PartitionCheck, describe, wait};
use crate::catalog::schema::{Owner, RowKey, TableSchema, table_schema};
use crate::catalog::{Catalog, ColumnMap, ConstraintKind, Relation};
use crate::error::{PgError, Result, code};
use crate::exec::expr::Program;
use crate::exec::{ExecState, Layout, Row};
use crate::functions::privileges::{require_columns, require_relation};
use crate::nodes::{AttrNumber, Expr, LockWait, PolicyCheckKind, RowLockMode};
use crate::storage::{RowLock, Space};
use crate::types::{self, Datum, Oid};
use bytes::Bytes;
use std::collections::BTreeSet;
use std::sync::Arc;

pub(in crate::exec) struct Target {
    pub(super) schema: Arc<TableSchema>,
    /// GENERATED columns: position and expression.
    generated: Vec<(usize, Program)>,
    not_null: Vec<usize>,
    /// CHECK constraints by name.
    checks: Vec<(String, Program)>,
    /// The columns that the statement itself gives values: whoever did may be told them in errors.
    pub(super) assigned: Vec<AttrNumber>,
    /// What policies ask of the rows that are written: those of the table that the statement names.
    pub(super) policies: Arc<PolicyChecks>,
    /// Whose privileges decide what errors show: the table that the statement names.
    asked: Oid,
    /// Where the table the statement names is another: which of its columns are which of this one's.
    pub(super) columns: Option<ColumnMap>,
    /// A partition's bound; `enforced` with every row: the statement names the partition itself.
    pub(super) partition: Option<PartitionCheck>,
    enforced: bool,
    /// WITH CHECK OPTION by view, the innermost view's first.
    view_checks: Vec<(String, Program)>,
    pub(super) indexes: Vec<TargetIndex>,
    /// Foreign keys of this table, and those of other tables that refer to it.
    pub(super) outgoing: Vec<Arc<Outgoing>>,
    pub(super) incoming: Vec<Arc<Incoming>>,
}

/// A row as stored: its key without the storage id, and its columns.
pub(super) struct Stored {
    pub(super) suffix: Bytes,
    pub(super) row: Row,
    /// [`born`](crate::storage::row::born), which its newer versions keep; 0 where this transaction
    /// inserted the row.
    pub(super) born: u64,
}

impl Stored {
    /// A row that no older version precedes.
    pub(super) fn inserted(suffix: Bytes, row: Row) -> Stored {
        Stored { suffix, row, born: 0 }
    }
}

impl Target {
    pub(in crate::exec) fn compile(catalog: &Catalog, table: &Arc<Relation>) -> Result<Target> {
        let schema = table_schema(catalog, table);
        let layout = row_layout(table);
        let compile = |expr| Program::compile(expr, &layout, catalog);
        let (mut generated, mut not_null, mut checks) = (Vec::new(), Vec::new(), Vec::new());
        for column in table.live_columns() {
            let at = column.attno as usize - 1;
            if let (true, Some(expr)) = (column.generated, &column.default) {
                generated.push((at, compile(expr)?));
            }
            if column.not_null {
                not_null.push(at);
            }
        }
        for constraint in &table.constraints {
            if let ConstraintKind::Check { expr } = &constraint.kind {
                checks.push((constraint.name.clone(), compile(expr)?));
            }
        }
        checks.sort_by(|a, b| a.0.cmp(&b.0));
        let indexes = schema.indexes.iter();
        let indexes = indexes.map(|index| TargetIndex::compile(catalog, table, index, &layout));
        let indexes = indexes.collect::<Result<Vec<_>>>()?;
        let outgoing = foreign_key::outgoing(table);
        let incoming = foreign_key::incoming(catalog, table);
        Ok(Target {
            schema,
            generated,
            not_null,
            checks,
            assigned: Vec::new(),
            policies: Arc::default(),
            asked: table.oid,
            columns: None,
            partition: PartitionCheck::compile(catalog, table)?,
            enforced: table.is_partition(),
            view_checks: Vec::new(),
            indexes,
            outgoing,
            incoming,
        })
    }

    /// Adds the conditions of the views that the statement goes through.
    pub(super) fn check_views(
        &mut self,
        catalog: &Catalog,
        checks: &[(String, Expr)],
    ) -> Result<()> {
        let layout = row_layout(&self.schema.relation);
        for (view, check) in checks {
            let check = match &self.columns {
                Some(map) => &map.translate(check.clone()),
                None => check,
            };
            self.view_checks.push((view.clone(), Program::compile(check, &layout, catalog)?));
        }
        Ok(())
    }

    /// The write path of a table that descends from the one the statement names. Its rows come by
    /// way of that: a partition's bound is for whoever routes them.
    pub(super) fn compile_member(
        catalog: &Catalog,
        named: &Relation,
        table: &Arc<Relation>,
    ) -> Result<Target> {
        let target = Target::compile(catalog, table)?;
        let map = ColumnMap::new(named, table);
        let alike = map.is_identity() && named.columns.len() == table.columns.len();
        let columns = (!alike).then_some(map);
        Ok(Target { columns, enforced: false, asked: named.oid, ..target })
    }

    /// The position in this table's rows of the statement's column at `at`.
    pub(super) fn place(&self, at: usize) -> usize {
        match &self.columns {
            None => at,
            Some(map) => map.position(at),
        }
    }

    /// A row of the statement's table as one of this.
    pub(super) fn own_row(&self, row: Row) -> Row {
        match &self.columns {
            None => row,
            Some(map) => map.to_child(&row, self.relation().columns.len()),
        }
    }

    /// A row of this table as one of the statement's.
    pub(super) fn named_row(&self, row: Row) -> Row {
        match &self.columns {
            None => row,
            Some(map) => map.to_parent(&row),
        }
    }

    /// Whether a row is within the partition's bound.
    pub(super) fn takes(&self, state: &ExecState, row: &[Datum]) -> Result<bool> {
        self.partition.as_ref().map_or(Ok(true), |partition| partition.takes(state, row))
    }

    /// The primary key's index, where it is the rows' key.
    pub(super) fn primary_index(&self) -> Option<Oid> {
        match &self.schema.key {
            RowKey::Primary { index, .. } => Some(*index),
            RowKey::RowId => None,
        }
    }

    /// Whose rows the statement writes.
    pub(super) fn owner(&self, state: &ExecState) -> Owner {
        self.schema.owner(state.env().current_role())
    }

    pub(in crate::exec) fn relation(&self) -> &Arc<Relation> {
        &self.schema.relation
    }

    /// Computes generated columns and checks what holds for single rows.
    pub(super) fn complete(
        &self,
        state: &ExecState,
        row: &mut Row,
        kind: PolicyCheckKind,
    ) -> Result<()> {
        self.generate(state, row)?;
        self.check(state, row, kind)
    }

    /// Computes generated columns.
    pub(super) fn generate(&self, state: &ExecState, row: &mut Row) -> Result<()> {
        for (at, program) in &self.generated {
            let value = program.eval(state, row)?;
            row[*at] = value;
        }
        Ok(())
    }

    /// Tests the policies' checks of a kind on a row.
    pub(super) fn check_policies(
        &self,
        state: &ExecState,
        row: &Row,
        kind: PolicyCheckKind,
    ) -> Result<()> {
        match &self.columns {
            _ if self.policies.is_empty() => Ok(()),
            None => self.policies.test(kind, state, row),
            Some(map) => self.policies.test(kind, state, &map.to_parent(row)),
        }
    }

    /// Checks what holds for single rows: policies, NOT NULL and CHECK.
    pub(super) fn check(&self, state: &ExecState, row: &Row, kind: PolicyCheckKind) -> Result<()> {
        self.check_policies(state, row, kind)?;
        if let Some(&at) = self.not_null.iter().find(|&&at| row[at].is_null()) {
            return Err(self.null_violation(state, row, at));
        }
        for (name, check) in &self.checks {
            // Only false violates: NULL passes.
            if matches!(check.eval(state, row)?, Datum::Bool(false)) {
                return Err(self.check_violation(state, row, name));
            }
        }
        if self.enforced && !self.takes(state, row)? {
            return Err(self.bound_violation(state, row));
        }
        for (view, check) in &self.view_checks {
            // Unlike CHECK, NULL violates: the view would not show the row.
            if !matches!(check.eval(state, row)?, Datum::Bool(true)) {
                let message = format!("new row violates check option for view \"{view}\"");
                let error = PgError::new(code::WITH_CHECK_OPTION_VIOLATION, message);
                return Err(match describe::failing_row(self, state, row) {
                    Some(detail) => error.detail(detail),
                    None => error,
                });
            }
        }
        Ok(())
    }

    /// Inserts a completed row.
    pub(super) fn insert(&self, state: &ExecState, row: Row) -> Result<Stored> {
        self.clear_expired(state, &row)?;
        let suffix = self.new_suffix(state, &row)?;
        let stored = Stored::inserted(suffix, row);
        let (before, after) = self.indexes_around_key();
        before.iter().try_for_each(|index| index.insert(self, state, &stored))?;
        self.claim_key(state, &stored)?;
        after.iter().try_for_each(|index| index.insert(self, state, &stored))?;
        self.put(state, &stored)?;
        foreign_key::inserted(self, state, &stored);
        Ok(stored)
    }

    /// Replaces a locked row by a completed one; the primary key may change.
    pub(super) fn update(&self, state: &ExecState, old: &Stored, row: Row) -> Result<Stored> {
        if self.changes_key(&old.row, &row) {
            // Until now the lock let foreign-key checks of the old key pass.
            self.lock_to_write(state, &old.suffix, RowLockMode::Update, LockWait::Block)?;
        }
        self.clear_expired(state, &row)?;
        let owner = self.schema.owner_of(&old.suffix);
        let suffix = match self.schema.primary_key_suffix(owner, &row) {
            Some(suffix) => suffix.into(),
            None => old.suffix.clone(),
        };
        let new = Stored { suffix, row, born: old.born };
        let (before, after) = self.indexes_around_key();
        before.iter().try_for_each(|index| index.update(self, state, old, &new))?;
        if new.suffix != old.suffix {
            self.remove(state, old)?;
            self.claim_key(state, &new)?;
            let table = self.schema.relation.storage;
            state.cx.txn.moved(table, old.suffix.clone(), new.suffix.clone());
        }
        after.iter().try_for_each(|index| index.update(self, state, old, &new))?;
        self.put(state, &new)?;
        foreign_key::updated(self, state, old, &new);
        Ok(new)
    }

    /// Deletes a locked row.
    pub(super) fn delete(&self, state: &ExecState, old: &Stored) -> Result<()> {
        self.take_out(state, old)?;
        foreign_key::deleted(self, state, old);
        Ok(())
    }

    /// Deletes a locked row that goes on as `new` (of this table's shape) in another partition.
    pub(super) fn give_away(&self, state: &ExecState, old: &Stored, new: &[Datum]) -> Result<()> {
        self.take_out(state, old)?;
        foreign_key::moved_away(self, state, old, new);
        state.cx.txn.left(self.relation().storage, old.suffix.clone());
        Ok(())
    }

    fn take_out(&self, state: &ExecState, old: &Stored) -> Result<()> {
        for index in &self.indexes {
            index.delete(self, state, old)?;
        }
        self.remove(state, old)
    }

    /// The newest version of a row.
    pub(super) fn latest(&self, state: &ExecState, suffix: &[u8]) -> Result<Option<Stored>> {
        let key = self.schema.row_key(suffix);
        let bytes = state.cx.txn.get_latest(Space::Rows, &key)?;
        bytes.map(|bytes| self.stored(suffix, &bytes)).transpose()
    }

    /// Locks a row that is going to be written.
    pub(super) fn lock_to_write(
        &self,
        state: &ExecState,
        suffix: &[u8],
        mode: RowLockMode,
        policy: LockWait,
    ) -> Result<RowLock> {
        let table = self.schema.relation.storage;
        wait(&state.cx.cancel, state.cx.txn.lock_row_to_write(table, suffix, mode, policy))
    }

    /// Waits until no other transaction is writing a row.
    pub(super) fn await_writer(&self, state: &ExecState, suffix: &[u8]) -> Result<()> {
        let table = self.schema.relation.storage;
        wait(&state.cx.cancel, state.cx.txn.await_writer(table, suffix))
    }

    /// Locks a row; `waited` tells whether it may have changed meanwhile.
    pub(super) fn lock(
        &self,
        state: &ExecState,
        suffix: &[u8],
        mode: RowLockMode,
        policy: LockWait,
    ) -> Result<RowLock> {
        let table = self.schema.relation.storage;
        wait(&state.cx.cancel, state.cx.txn.lock_row(table, suffix, mode, policy))
    }

    pub(super) fn stored(&self, suffix: &[u8], bytes: &[u8]) -> Result<Stored> {
        let stored = self.schema.layout.row(bytes)?;
        let (row, born) = (stored.datums(), stored.born());
        Ok(Stored { suffix: Bytes::copy_from_slice(suffix), row, born })
    }

    /// The indexes older than the primary key's and those younger: unique ones are checked in OID
    /// order (`RelationGetIndexList`), which decides whose violation is reported.
    fn indexes_around_key(&self) -> (&[TargetIndex], &[TargetIndex]) {
        let primary = self.primary_index().unwrap_or(0);
        let older = |index: &TargetIndex| index.schema.relation.oid < primary;
        self.indexes.split_at(self.indexes.partition_point(older))
    }

    /// The key for a new row.
    pub(super) fn new_suffix(&self, state: &ExecState, row: &[Datum]) -> Result<Bytes> {
        let owner = self.owner(state);
        if let Some(suffix) = self.schema.primary_key_suffix(owner, row) {
            return Ok(suffix.into());
        }
        let id = state.cx.txn.store().allocate_row_id(self.schema.relation.storage)?;
        Ok(TableSchema::row_id_suffix(owner, id).into())
    }

    /// Locks the row's primary key, if it has one, and checks that it is free.
    fn claim_key(&self, state: &ExecState, new: &Stored) -> Result<()> {
        if self.primary_index().is_none() {
            return Ok(());
        }
        let lock = |policy| self.lock_to_write(state, &new.suffix, RowLockMode::Update, policy);
        let key = self.schema.row_key(&new.suffix);
        let taken = || Ok::<_, PgError>(state.cx.txn.get_latest(Space::Rows, &key)?.is_some());
        if lock(LockWait::SkipLocked)? == RowLock::Unavailable {
            // Others may have locked the row that has the key; the key is free only if it goes.
            if taken()? {
                self.await_writer(state, &new.suffix)?;
                if taken()? {
                    return Err(self.primary_key_violation(state, &new.row));
                }
            }
            lock(LockWait::Block)?;
        }
        match taken()? {
            false => Ok(()),
            true => Err(self.primary_key_violation(state, &new.row)),
        }
    }

    fn put(&self, state: &ExecState, stored: &Stored) -> Result<()> {
        let mut bytes = Vec::with_capacity(128);
        self.schema.layout.encode(&stored.row, stored.born, &mut bytes)?;
        let key = self.schema.row_key(&stored.suffix);
        Ok(state.cx.txn.put(Space::Rows, key, bytes.into())?)
    }

    fn remove(&self, state: &ExecState, stored: &Stored) -> Result<()> {
        self.bury(&state.cx, stored)?;
        Ok(state.cx.txn.delete(Space::Rows, self.schema.row_key(&stored.suffix))?)
    }

    /// Whether an update changes a column that a foreign key could refer to: then it needs the
    /// strongest row lock (manual, 13.3.2, FOR NO KEY UPDATE).
    fn changes_key(&self, old: &[Datum], new: &[Datum]) -> bool {
        let differs = |at: usize| {
            let type_oid = self.schema.relation.columns[at].type_oid;
            !types::equal(type_oid, &old[at], &new[at])
        };
        let primary = match &self.schema.key {
            RowKey::Primary { columns, .. } => columns.iter().any(|column| differs(column.at)),
            RowKey::RowId => false,
        };
        primary || self.indexes.iter().any(|index| index.referable().any(differs))
    }

    fn null_violation(&self, state: &ExecState, row: &[Datum], at: usize) -> PgError {
        let (table, column) = (&self.schema.relation.name, &self.schema.relation.columns[at].name);
        let message = format!(
            "null value in column \"{column}\" of relation \"{table}\" violates not-null constraint"
        );
        let error = PgError::new(code::NOT_NULL_VIOLATION, message);
        self.with_row(state, error.column(column), row)
    }

    fn check_violation(&self, state: &ExecState, row: &[Datum], name: &str) -> PgError {
        let table = &self.schema.relation.name;
        let message =
            format!("new row for relation \"{table}\" violates check constraint \"{name}\"");
        let error = PgError::new(code::CHECK_VIOLATION, message);
        self.with_row(state, error.constraint(name), row)
    }

    /// 23514 for a row that a partition does not take.
    pub(super) fn bound_violation(&self, state: &ExecState, row: &[Datum]) -> PgError {
        let table = &self.schema.relation.name;
        let message = format!("new row for relation \"{table}\" violates partition constraint");
        self.with_row(state, PgError::new(code::CHECK_VIOLATION, message), row)
    }

    fn primary_key_violation(&self, state: &ExecState, row: &[Datum]) -> PgError {
        let RowKey::Primary { index, columns } = &self.schema.key else {
            return PgError::internal("a duplicate hidden row id");
        };
        let name = state.cx.catalog.relation(*index).map_or("", |index| &index.name);
        let relation = &self.schema.relation;
        let names = columns.iter().map(|c| describe::quoted(&relation.columns[c.at].name));
        let values: Vec<Datum> = columns.iter().map(|c| row[c.at].clone()).collect();
        let key = describe::key(state, names, columns.iter().map(|c| c.type_oid), &values);
        self.duplicate(state, name, &key)
    }

    /// 23505 for a key described as `(a)=(1)`.
    pub(super) fn duplicate(&self, state: &ExecState, constraint: &str, key: &str) -> PgError {
        let message = format!("duplicate key value violates unique constraint \"{constraint}\"");
        let error = PgError::new(code::UNIQUE_VIOLATION, message);
        let error = error.constraint(constraint);
        self.explained(state, error, || format!("Key {key} already exists."))
    }

    /// The error with this table's schema and name, and with the values of the row that the current role
    /// may read.
    fn with_row(&self, state: &ExecState, error: PgError, row: &[Datum]) -> PgError {
        let error = self.located(state, error);
        match describe::failing_row(self, state, row) {
            Some(detail) => error.detail(detail),
            None => error,
        }
    }

    /// The error with this table's schema and name, and with values of the row for those who may
    /// read them.
    fn explained(
        &self,
        state: &ExecState,
        error: PgError,
        detail: impl FnOnce() -> String,
    ) -> PgError {
        let error = self.located(state, error);
        if self.may_read(state) { error.detail(detail()) } else { error }
    }

    /// Whether the current role may see the table's values in an error.
    pub(super) fn may_read(&self, state: &ExecState) -> bool {
        let role = state.env().current_role();
        let granted = require_relation(&state.cx.catalog, role, self.asked, "r").is_ok();
        granted && !self.is_policed(state)
    }

    /// Whether it may see one column's.
    pub(super) fn may_read_column(&self, state: &ExecState, attno: AttrNumber) -> bool {
        let (column, role) = (BTreeSet::from([attno]), state.env().current_role());
        let shown = self.columns.is_none() && !self.is_policed(state);
        shown && require_columns(&state.cx.catalog, role, self.asked, 'r', &column).is_ok()
    }

    /// Whether policies bind the current role: no error tells it of rows then.
    pub(super) fn is_policed(&self, state: &ExecState) -> bool {
        let (catalog, role) = (&state.cx.catalog, state.env().current_role());
        catalog.relation(self.asked).is_some_and(|table| table.polices(catalog, role))
    }

    /// The error with this table's schema and name.
    pub(super) fn located(&self, state: &ExecState, error: PgError) -> PgError {
        let namespace = state.cx.catalog.namespace(self.schema.relation.namespace);
        let error = error.table(&self.schema.relation.name);
        match namespace {
            Some(namespace) => error.schema(&namespace.name),
            None => error,
        }
    }
}

/// The layout of a table's whole row as range table entry 1: what defaults, checks and index
/// expressions are bound to.
pub(in crate::exec) fn row_layout(table: &Relation) -> Layout {
    let mut layout = Layout::relation(1, table.columns.len());
    let columns: Vec<_> = table.live_columns().map(|c| (c.type_oid, c.attno)).collect();
    layout.set_whole_row(1, &columns);
    layout
}

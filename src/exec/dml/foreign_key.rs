//! Foreign keys: what a written row asks of its parent, and what a parent's end asks of children.
//!
//! A write only queues events; they run when the statement ends (or, deferred, the transaction), as
//! PostgreSQL's AFTER triggers do, on the state of that moment. So a statement may insert parent and
//! child in any order, and a row that is gone again is not checked.
//!
//! A child's check locks the parent FOR KEY SHARE; deleting a parent, or changing its key, locks it
//! FOR UPDATE before looking for children. One of the two waits for the other, so neither misses
//! what the other commits.

use super::children::{self, Purpose};
use super::state::target_of;
use super::target::Stored;
use super::{Target, deferred, describe, family};
use crate::catalog::schema::Owner;
use crate::catalog::{
    Catalog, ColumnMap, Constraint, ConstraintKind, ForeignKey, ForeignKeyAction, Relation,
};
use crate::error::{PgError, Result, code};
use crate::exec::ExecState;
use crate::exec::partition::Router;
use crate::nodes::{LockWait, RowLockMode};
use crate::storage::{IsolationLevel, Space, StorageError, keys, row};
use crate::types::{self, Datum, Numeric, Oid, oids};
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::Arc;

/// A foreign key of the written table.
pub(super) struct Outgoing {
    pub(super) constraint: Constraint,
    pub(super) key: ForeignKey,
}

/// A foreign key that refers to the written table.
pub(super) struct Incoming {
    pub(super) child: Arc<Relation>,
    pub(super) constraint: Constraint,
    pub(super) key: ForeignKey,
    /// The table that has the constraint, and that errors name; `child` is a partition of it where it
    /// is partitioned.
    named: Arc<Relation>,
    /// The table that errors say is referred to.
    referenced: Oid,
}

/// A check or action that is due. Rows are named by key and read again when it runs.
#[derive(Clone)]
pub(super) enum Event {
    /// A child was written: its parent must exist.
    Child { table: Oid, constraint: Oid, suffix: Bytes },
    /// An owner's parent went, or its key changed from `old` (in the foreign key's order) to `new`.
    Parent { key: Arc<Incoming>, owner: Owner, old: Vec<Datum>, new: Option<Vec<Datum>> },
    /// A deferrable unique constraint's row.
    Unique { table: Oid, index: Oid, suffix: Bytes },
}

impl Incoming {
    /// The same as the constraint on the partitioned table that this one is derived from.
    fn on_the_whole(&self) -> Incoming {
        let mut of = &self.constraint;
        let source =
            |c: &Constraint| self.named.constraints.iter().find(|o| o.oid == c.origin.parent);
        while let Some(above) = source(of) {
            of = above;
        }
        let referenced = match &of.kind {
            ConstraintKind::ForeignKey(key) => key.references,
            _ => self.referenced,
        };
        Incoming {
            child: self.child.clone(),
            constraint: of.clone(),
            key: self.key.clone(),
            named: self.named.clone(),
            referenced,
        }
    }
}

pub(super) fn outgoing(table: &Relation) -> Vec<Arc<Outgoing>> {
    let foreign = |constraint: &Constraint| match &constraint.kind {
        ConstraintKind::ForeignKey(key) => {
            Some(Arc::new(Outgoing { constraint: constraint.clone(), key: key.clone() }))
        }
        _ => None,
    };
    // What is derived from another of the table's asks nothing more of its rows.
    table.constraints.iter().filter(|c| !table.derives(c)).filter_map(foreign).collect()
}

pub(super) fn incoming(catalog: &Catalog, table: &Relation) -> Vec<Arc<Incoming>> {
    let keys = catalog.foreign_keys_on(table.oid).into_iter();
    // A referring table's partitions are reached by way of that.
    let named = keys.filter(|(child, c)| c.origin.parent == 0 || child.derives(c));
    named.flat_map(|(child, constraint)| of_constraint(catalog, child, constraint)).collect()
}

/// A foreign key as it is to be looked for in each table that has referring rows.
fn of_constraint(
    catalog: &Catalog,
    named: &Arc<Relation>,
    constraint: &Constraint,
) -> Vec<Arc<Incoming>> {
    let ConstraintKind::ForeignKey(key) = &constraint.kind else { return Vec::new() };
    let tables = match named.is_partitioned() {
        true => catalog.leaves(named),
        false => vec![named.clone()],
    };
    let of = |child: Arc<Relation>| {
        let map = ColumnMap::new(named, &child);
        let mapped = |columns: &[i16]| columns.iter().map(|attno| map.of(*attno)).collect();
        let key = ForeignKey {
            columns: mapped(&key.columns),
            set_columns: mapped(&key.set_columns),
            ..key.clone()
        };
        let (constraint, named, referenced) = (constraint.clone(), named.clone(), key.references);
        Arc::new(Incoming { child, constraint, key, named, referenced })
    };
    tables.into_iter().map(of).collect()
}

/// Queues what an inserted row is due.
pub(super) fn inserted(target: &Target, state: &ExecState, row: &Stored) {
    for key in &target.outgoing {
        check_later(target, state, key, row);
    }
}

/// Queues what an updated row is due.
pub(super) fn updated(target: &Target, state: &ExecState, old: &Stored, new: &Stored) {
    for key in &target.outgoing {
        if differ(target, &key.key.columns, &old.row, &new.row) || old.suffix != new.suffix {
            check_later(target, state, key, new);
        }
    }
    for key in &target.incoming {
        let columns = &key.key.referenced_columns;
        if differ(target, columns, &old.row, &new.row) {
            let new = Some(pick(columns, &new.row));
            let owner = target.schema.owner_of(&old.suffix);
            parent_later(state, key, owner, pick(columns, &old.row), new);
        }
    }
}

/// Queues what a row is due that has moved to another partition as `new`, a row of this one's shape:
/// for keys on the partitioned table it is changed, for those on the partition alone it is gone.
pub(super) fn moved_away(target: &Target, state: &ExecState, old: &Stored, new: &[Datum]) {
    for key in &target.incoming {
        let columns = &key.key.referenced_columns;
        let owner = target.schema.owner_of(&old.suffix);
        if !key.named.derives(&key.constraint) {
            parent_later(state, key, owner, pick(columns, &old.row), None);
        } else if differ(target, columns, &old.row, new) {
            let moved = Arc::new(key.on_the_whole());
            parent_later(state, &moved, owner, pick(columns, &old.row), Some(pick(columns, new)));
        }
    }
}

/// Queues what a deleted row is due.
pub(super) fn deleted(target: &Target, state: &ExecState, old: &Stored) {
    for key in &target.incoming {
        let owner = target.schema.owner_of(&old.suffix);
        parent_later(state, key, owner, pick(&key.key.referenced_columns, &old.row), None);
    }
}

fn check_later(target: &Target, state: &ExecState, key: &Outgoing, row: &Stored) {
    let event = Event::Child {
        table: target.relation().oid,
        constraint: key.constraint.oid,
        suffix: row.suffix.clone(),
    };
    deferred::schedule(state, &key.constraint, event);
}

fn parent_later(
    state: &ExecState,
    key: &Arc<Incoming>,
    owner: Owner,
    old: Vec<Datum>,
    new: Option<Vec<Datum>>,
) {
    // No child refers to a key with NULLs.
    if old.iter().any(Datum::is_null) {
        return;
    }
    let action = action(key, new.is_some());
    let event = Event::Parent { key: key.clone(), owner, old, new };
    match action {
        // Only NO ACTION can be deferred (manual, CREATE TABLE, REFERENCES).
        ForeignKeyAction::NoAction => deferred::schedule(state, &key.constraint, event),
        _ => state.dml.events.borrow_mut().push_back(event),
    }
}

fn action(key: &Incoming, update: bool) -> ForeignKeyAction {
    if update { key.key.on_update } else { key.key.on_delete }
}

/// Runs a child's check.
pub(super) fn check_child(
    state: &ExecState,
    table: Oid,
    constraint: Oid,
    suffix: &[u8],
) -> Result<()> {
    let child = target_of(state, table)?;
    let found = child.outgoing.iter().find(|key| key.constraint.oid == constraint);
    // The constraint or the row may be gone by now.
    let (Some(key), Some(row)) = (found, child.latest(state, suffix)?) else { return Ok(()) };
    let owner = child.schema.owner_of(suffix);
    check_parent(state, &child, key, owner, &pick(&key.key.columns, &row.row))
}

/// Parents found and locked for rows of a load, which often come in groups: each constraint's last.
#[derive(Default)]
pub(super) struct Parents(HashMap<Oid, Vec<Datum>>);

impl Parents {
    /// Checks the foreign keys of a row just inserted, but for those that may be deferred.
    pub(super) fn check(&mut self, child: &Target, state: &ExecState, row: &Stored) -> Result<()> {
        for key in &child.outgoing {
            if key.constraint.deferrable {
                check_later(child, state, key, row);
                continue;
            }
            let values = pick(&key.key.columns, &row.row);
            let last = self.0.entry(key.constraint.oid).or_default();
            if *last != values {
                let owner = child.schema.owner_of(&row.suffix);
                check_parent(state, child, key, owner, &values)?;
                *last = values;
            }
        }
        Ok(())
    }
}

/// Whether a child's values have a parent of the same owner, which is locked then.
fn check_parent(
    state: &ExecState,
    child: &Target,
    key: &Outgoing,
    owner: Owner,
    values: &[Datum],
) -> Result<()> {
    let nulls = values.iter().filter(|value| value.is_null()).count();
    if nulls > 0 {
        let partly = key.key.match_full && nulls < values.len();
        return if partly { Err(partly_null(child, state, key)) } else { Ok(()) };
    }
    let parent = target_of(state, key.key.references)?;
    match lock_parent(state, &parent, child, key, owner, values)? {
        true => Ok(()),
        false => Err(no_parent(child, &parent, state, key, values)),
    }
}

/// Finds the parent of a child's values and locks it FOR KEY SHARE; whether it exists.
fn lock_parent(
    state: &ExecState,
    parent: &Arc<Target>,
    child: &Target,
    key: &Outgoing,
    owner: Owner,
    values: &[Datum],
) -> Result<bool> {
    let Some(values) =
        converted(values, child, &key.key.columns, parent, &key.key.referenced_columns)
    else {
        return Ok(false);
    };
    let Some((parent, key)) = leaf_of(state, parent, &key.key, &values)? else {
        return Ok(false);
    };
    let (parent, key) = (&*parent, &key);
    let before = parent_row(state, parent, key, owner, &values)?;
    let found = match &before {
        Some((suffix, _)) => {
            parent.lock(state, suffix, RowLockMode::KeyShare, LockWait::Block)?;
            // Whoever held the lock may have moved or deleted it. Another row that has its key now
            // is not the parent that was found (PostgreSQL's query does not see that one, either).
            parent_row(state, parent, key, owner, &values)? == before
        }
        None => false,
    };
    match state.cx.txn.isolation() {
        IsolationLevel::ReadCommitted => Ok(found),
        _ => is_seen(state, parent, key, owner, &values, found),
    }
}

/// The table that would have the parent with these values, and the key as one on that table: of a
/// partitioned one the leaf that takes them, if one does. A unique key has all of the partition key's
/// columns.
fn leaf_of(
    state: &ExecState,
    parent: &Arc<Target>,
    key: &ForeignKey,
    values: &[Datum],
) -> Result<Option<(Arc<Target>, ForeignKey)>> {
    let catalog = &state.cx.catalog;
    let (mut at, mut key) = (parent.relation().clone(), key.clone());
    while at.is_partitioned() {
        let mut row = vec![Datum::Null; at.columns.len()];
        for (attno, value) in key.referenced_columns.iter().zip(values) {
            row[*attno as usize - 1] = value.clone();
        }
        let router = Router::compile(catalog, &at)?;
        let Some(partition) = router.partition(state, &row)?.cloned() else { return Ok(None) };
        let map = ColumnMap::new(&at, &partition);
        key.referenced_columns.iter_mut().for_each(|attno| *attno = map.of(*attno));
        key.referenced_index = catalog.index_below(key.referenced_index, &partition);
        key.references = partition.oid;
        at = partition;
    }
    Ok(Some((target_of(state, at.oid)?, key)))
}

/// Above READ COMMITTED the transaction's snapshot decides whether there is a parent; one that is
/// gone since is a serialization failure.
fn is_seen(
    state: &ExecState,
    parent: &Target,
    key: &ForeignKey,
    owner: Owner,
    values: &[Datum],
    found: bool,
) -> Result<bool> {
    let (space, entry) = parent_entry(parent, key, owner, values)?;
    if state.cx.txn.statement_wrote(space, &entry) {
        return Ok(found);
    }
    match (state.view.get(space, &entry)?.is_some(), found) {
        (true, false) => Err(StorageError::ConcurrentUpdate.into()),
        (seen, _) => Ok(seen),
    }
}

/// The key suffix of the parent row with these values, and its birth.
fn parent_row(
    state: &ExecState,
    parent: &Target,
    key: &ForeignKey,
    owner: Owner,
    values: &[Datum],
) -> Result<Option<(Bytes, u64)>> {
    let Some(suffix) = parent_suffix(state, parent, key, owner, values)? else { return Ok(None) };
    let value = state.cx.txn.get_latest(Space::Rows, &parent.schema.row_key(&suffix))?;
    Ok(value.map(|value| (suffix, row::born(&value))))
}

/// The key suffix of the parent row with these values (of the parent's types), if there is one.
pub(super) fn parent_suffix(
    state: &ExecState,
    parent: &Target,
    key: &ForeignKey,
    owner: Owner,
    values: &[Datum],
) -> Result<Option<Bytes>> {
    let (space, entry) = parent_entry(parent, key, owner, values)?;
    let found = state.cx.txn.get_latest(space, &entry)?;
    Ok(found.map(|value| match space {
        Space::Rows => Bytes::copy_from_slice(keys::suffix(&entry)),
        _ => value,
    }))
}

/// Where a parent with these values would be found: its row, or its entry in a unique index, whose
/// value is the row's key suffix.
fn parent_entry(
    parent: &Target,
    key: &ForeignKey,
    owner: Owner,
    values: &[Datum],
) -> Result<(Space, Bytes)> {
    if parent.schema.key.is_index(key.referenced_index) {
        let mut row = vec![Datum::Null; parent.relation().columns.len()];
        for (attno, value) in key.referenced_columns.iter().zip(values) {
            row[*attno as usize - 1] = value.clone();
        }
        let suffix = parent.schema.primary_key_suffix(owner, &row).unwrap_or_default();
        return Ok((Space::Rows, parent.schema.row_key(&suffix)));
    }
    let index = parent.indexes.iter().find(|i| i.schema.relation.oid == key.referenced_index);
    let index = index.ok_or_else(|| PgError::internal("a foreign key without its unique index"))?;
    let columns = index.schema.key_columns().iter();
    let value = |attno| {
        let at = key.referenced_columns.iter().position(|a| *a == attno);
        at.map_or(Datum::Null, |at| values[at].clone())
    };
    let ordered: Vec<Datum> = columns.map(|column| value(column.attno)).collect();
    Ok((Space::Index, index.schema.unique_key(owner, &ordered)))
}

/// Runs what a parent's change asks for.
pub(super) fn parent_changed(
    state: &ExecState,
    key: &Arc<Incoming>,
    owner: Owner,
    old: &[Datum],
    new: Option<&[Datum]>,
) -> Result<()> {
    let child = target_of(state, key.child.oid)?;
    let parent = target_of(state, key.key.references)?;
    // The constraint may be gone by now.
    if state.cx.catalog.constraint(key.constraint.oid).is_none() {
        return Ok(());
    }
    let action = action(key, new.is_some());
    if action == ForeignKeyAction::NoAction
        && parent_suffix(state, &parent, &key.key, owner, old)?.is_some()
    {
        // Another row has taken the key's place.
        return Ok(());
    }
    let own = &key.key.columns;
    let Some(wanted) = converted(old, &parent, &key.key.referenced_columns, &child, own) else {
        return Ok(());
    };
    let purpose = match action {
        ForeignKeyAction::NoAction | ForeignKeyAction::Restrict => Purpose::Look,
        ForeignKeyAction::Cascade if new.is_none() => Purpose::Delete,
        _ => Purpose::Update,
    };
    let rows = children::find(state, &child, owner, own, &wanted, purpose)?;
    match action {
        _ if rows.is_empty() => Ok(()),
        ForeignKeyAction::NoAction | ForeignKeyAction::Restrict => {
            Err(still_referenced(&parent, state, key, old))
        }
        ForeignKeyAction::Cascade => match new {
            None => rows.into_iter().try_for_each(|row| child.delete(state, &row)),
            Some(new) => {
                let columns = &key.key.referenced_columns;
                let values = converted(new, &parent, columns, &child, own)
                    .ok_or_else(|| out_of_range(&child))?;
                set_columns(state, &child, rows, own, |at| Ok(values[at].clone()))
            }
        },
        ForeignKeyAction::SetNull => {
            set_columns(state, &child, rows, affected(key, new.is_some()), |_| Ok(Datum::Null))
        }
        ForeignKeyAction::SetDefault => {
            let columns = affected(key, new.is_some());
            let defaults = children::defaults(state, &child, columns)?;
            set_columns(state, &child, rows, columns, |at| Ok(defaults[at].clone()))?;
            // Where the default is the very key that went, the child has not changed, so nothing
            // else checks it (`ri_set`).
            if parent_suffix(state, &parent, &key.key, owner, old)?.is_some()
                || children::find(state, &child, owner, own, &wanted, Purpose::Look)?.is_empty()
            {
                return Ok(());
            }
            Err(still_referenced(&parent, state, key, old))
        }
    }
}

/// The columns that SET NULL and SET DEFAULT set.
fn affected(key: &Incoming, update: bool) -> &[i16] {
    match update || key.key.set_columns.is_empty() {
        true => &key.key.columns,
        false => &key.key.set_columns,
    }
}

fn set_columns(
    state: &ExecState,
    child: &Target,
    rows: Vec<Stored>,
    columns: &[i16],
    value: impl Fn(usize) -> Result<Datum>,
) -> Result<()> {
    for old in rows {
        let mut row = old.row.clone();
        for (at, attno) in columns.iter().enumerate() {
            row[*attno as usize - 1] = value(at)?;
        }
        family::replace_by_action(child, state, &old, row)?;
    }
    Ok(())
}

pub(super) fn pick(columns: &[i16], row: &[Datum]) -> Vec<Datum> {
    columns.iter().map(|attno| row[*attno as usize - 1].clone()).collect()
}

fn differ(target: &Target, columns: &[i16], old: &[Datum], new: &[Datum]) -> bool {
    columns.iter().any(|&attno| {
        let at = attno as usize - 1;
        let type_oid = target.relation().columns[at].type_oid;
        !types::equal(type_oid, &old[at], &new[at])
    })
}

/// Values of one table's columns as values of the other's; `None` where one has no equal there.
fn converted(
    values: &[Datum],
    from: &Target,
    from_columns: &[i16],
    to: &Target,
    to_columns: &[i16],
) -> Option<Vec<Datum>> {
    let pairs = from_columns.iter().zip(to_columns).zip(values);
    let one = |((from_attno, to_attno), value): ((&i16, &i16), &Datum)| {
        let from_type = from.relation().column(*from_attno).type_oid;
        let to_type = to.relation().column(*to_attno).type_oid;
        if from_type == to_type { Some(value.clone()) } else { convert(value, to_type) }
    };
    pairs.map(one).collect()
}

/// Between the number types that compare with each other. Other pairs that do share a
/// representation.
fn convert(value: &Datum, to: Oid) -> Option<Datum> {
    let integer = match value {
        Datum::Int2(v) => i64::from(*v),
        Datum::Int4(v) => i64::from(*v),
        Datum::Int8(v) => *v,
        Datum::Numeric(v) if v.is_finite() && v.is_integral() && to != oids::NUMERIC => {
            v.to_i64().ok()?
        }
        Datum::Numeric(_) if matches!(to, oids::INT2 | oids::INT4 | oids::INT8) => return None,
        other => return Some(other.clone()),
    };
    match to {
        oids::INT2 => i16::try_from(integer).ok().map(Datum::Int2),
        oids::INT4 => i32::try_from(integer).ok().map(Datum::Int4),
        oids::INT8 => Some(Datum::Int8(integer)),
        oids::NUMERIC => Some(Datum::Numeric(Numeric::from_i64(integer))),
        _ => Some(value.clone()),
    }
}

fn out_of_range(child: &Target) -> PgError {
    let message = format!("value out of range for table \"{}\"", child.relation().name);
    PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, message)
}

/// `Key (a)=(1)`, or only `Key` for who may not read the table that the values are of.
fn key_of(target: &Target, state: &ExecState, columns: &[i16], values: &[Datum]) -> String {
    if !target.may_read(state) {
        return "Key".to_owned();
    }
    let columns = columns.iter().map(|attno| target.relation().column(*attno));
    let types = columns.clone().map(|column| column.type_oid);
    let names = columns.map(|column| column.name.clone());
    format!("Key {}", describe::key(state, names, types, values))
}

/// PostgreSQL names the referencing table in the error's fields, whichever side failed.
fn violation(child: &Target, state: &ExecState, message: String, constraint: &str) -> PgError {
    let error = PgError::new(code::FOREIGN_KEY_VIOLATION, message);
    child.located(state, error).constraint(constraint)
}

fn no_parent(
    child: &Target,
    parent: &Target,
    state: &ExecState,
    key: &Outgoing,
    values: &[Datum],
) -> PgError {
    let name = &key.constraint.name;
    let table = &child.relation().name;
    let message =
        format!("insert or update on table \"{table}\" violates foreign key constraint \"{name}\"");
    let shown = key_of(child, state, &key.key.columns, values);
    let detail = format!("{shown} is not present in table \"{}\".", parent.relation().name);
    violation(child, state, message, name).detail(detail)
}

fn partly_null(child: &Target, state: &ExecState, key: &Outgoing) -> PgError {
    let name = &key.constraint.name;
    let table = &child.relation().name;
    let message =
        format!("insert or update on table \"{table}\" violates foreign key constraint \"{name}\"");
    violation(child, state, message, name)
        .detail("MATCH FULL does not allow mixing of null and nonnull key values.")
}

fn still_referenced(parent: &Target, state: &ExecState, key: &Incoming, old: &[Datum]) -> PgError {
    let referenced = state.cx.catalog.relation(key.referenced);
    let parent_name = referenced.map_or(&parent.relation().name, |r| &r.name);
    let child_name = &key.named.name;
    let name = &key.constraint.name;
    let message = format!(
        "update or delete on table \"{parent_name}\" violates foreign key constraint \"{name}\" \
         on table \"{child_name}\""
    );
    let shown = key_of(parent, state, &key.key.referenced_columns, old);
    let detail = format!("{shown} is still referenced from table \"{child_name}\".");
    let error = PgError::new(code::FOREIGN_KEY_VIOLATION, message).table(&**child_name);
    let error = match state.cx.catalog.namespace(key.named.namespace) {
        Some(namespace) => error.schema(&*namespace.name),
        None => error,
    };
    error.constraint(&**name).detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_convert_only_where_they_have_an_equal() {
        assert_eq!(convert(&Datum::Int8(5), oids::INT4), Some(Datum::Int4(5)));
        assert_eq!(convert(&Datum::Int8(1 << 40), oids::INT4), None);
        assert_eq!(convert(&Datum::Int2(-1), oids::INT8), Some(Datum::Int8(-1)));
        assert_eq!(convert(&Datum::text("a"), oids::VARCHAR), Some(Datum::text("a")));
    }
}

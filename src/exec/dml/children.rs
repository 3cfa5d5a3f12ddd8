//! Finding the rows that refer to a key: by an index that starts with the columns, or by reading
//! the whole table.

use super::Target;
use super::defaults::default_of;
use super::foreign_key::pick;
use super::target::Stored;
use crate::catalog::IndexColumn;
use crate::catalog::schema::{Owner, RowKey};
use crate::error::Result;
use crate::exec::expr::Program;
use crate::exec::{ExecState, Layout};
use crate::nodes::{LockWait, RowLockMode};
use crate::storage::{Direction, IsolationLevel, KeyRange, Space, StorageError, keys, row};
use crate::types::{self, Datum, key};
use bytes::Bytes;

/// What children are looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To know whether there are any: the newest state counts, at every isolation level.
    Look,
    /// To set their columns.
    Update,
    Delete,
}

/// The owner's rows of `table` whose `columns` equal `values` (not NULL), locked, in their latest
/// version.
pub(super) fn find(
    state: &ExecState,
    table: &Target,
    owner: Owner,
    columns: &[i16],
    values: &[Datum],
    purpose: Purpose,
) -> Result<Vec<Stored>> {
    let lock = |suffix: &[u8]| match purpose {
        Purpose::Look => table.lock(state, suffix, RowLockMode::KeyShare, LockWait::Block),
        // The target asks for more where a key changes.
        Purpose::Update => {
            table.lock_to_write(state, suffix, RowLockMode::NoKeyUpdate, LockWait::Block)
        }
        Purpose::Delete => table.lock_to_write(state, suffix, RowLockMode::Update, LockWait::Block),
    };
    let mut rows = Vec::new();
    for suffix in candidates(state, table, owner, columns, values)? {
        lock(&suffix)?;
        // The row is read after the lock: it may have changed while we waited.
        let Some(row) = table.latest(state, &suffix)? else { continue };
        if purpose != Purpose::Look {
            check_unchanged(state, table, &suffix)?;
        }
        if matches(state, table, columns, values, &row.row)? {
            rows.push(row);
        }
    }
    Ok(rows)
}

/// Above READ COMMITTED a child that changed since the snapshot fails the statement (40001).
fn check_unchanged(state: &ExecState, table: &Target, suffix: &[u8]) -> Result<()> {
    if state.cx.txn.isolation() == IsolationLevel::ReadCommitted {
        return Ok(());
    }
    let key = table.schema.row_key(suffix);
    let seq_of = |value: Option<Bytes>| value.map(|bytes| row::seq(&bytes));
    let newest = seq_of(state.cx.txn.get_latest(Space::Rows, &key)?);
    let seen = seq_of(state.view.get(Space::Rows, &key)?);
    // 0: this transaction's own.
    match newest == Some(0) || newest == seen {
        true => Ok(()),
        false => Err(StorageError::ConcurrentUpdate.into()),
    }
}

/// The values that SET DEFAULT gives.
pub(super) fn defaults(state: &ExecState, table: &Target, columns: &[i16]) -> Result<Vec<Datum>> {
    let (catalog, relation) = (&state.cx.catalog, table.relation());
    let default = |attno: &i16| {
        let expr = default_of(catalog, relation, relation.column(*attno));
        Program::compile(&expr, &Layout::default(), catalog)?.eval(state, &[])
    };
    columns.iter().map(default).collect()
}

/// Key suffixes of rows that may match.
fn candidates(
    state: &ExecState,
    table: &Target,
    owner: Owner,
    columns: &[i16],
    values: &[Datum],
) -> Result<Vec<Bytes>> {
    let (space, range) = access(state, table, owner, columns, values);
    let mut scan = state.cx.txn.latest_view()?.scan(space, range, Direction::Forward);
    let mut suffixes = Vec::new();
    while let Some((key, value)) = scan.next()? {
        state.cx.cancel.check()?;
        if space == Space::Index {
            suffixes.push(Bytes::copy_from_slice(value));
            continue;
        }
        let suffix = keys::suffix(key);
        if matches(state, table, columns, values, &table.stored(suffix, value)?.row)? {
            suffixes.push(Bytes::copy_from_slice(suffix));
        }
    }
    Ok(suffixes)
}

/// The smallest range known to hold all matches.
fn access(
    state: &ExecState,
    table: &Target,
    owner: Owner,
    columns: &[i16],
    values: &[Datum],
) -> (Space, KeyRange) {
    let value_of = |at: usize| {
        let position = columns.iter().position(|attno| *attno as usize == at + 1);
        position.map(|position| &values[position])
    };
    if let RowKey::Primary { columns: primary, .. } = &table.schema.key
        && primary.iter().take(columns.len()).all(|column| value_of(column.at).is_some())
    {
        let mut prefix = table.schema.rows_prefix(owner);
        for column in primary.iter().take(columns.len()) {
            let value = value_of(column.at).unwrap_or(&Datum::Null);
            key::encode(column.type_oid, value, false, false, &mut prefix);
        }
        return (Space::Rows, KeyRange::prefix(&prefix));
    }
    for index in &table.indexes {
        let info = index.schema.info();
        let leading: Option<Vec<Datum>> = (index.schema.key_columns().iter().take(columns.len()))
            .map(|column| value_of(usize::try_from(column.attno - 1).ok()?).cloned())
            .collect();
        let same_values = |column: &IndexColumn| {
            let own = table.relation().columns.get(usize::try_from(column.attno - 1).ok()?)?;
            Some(state.cx.catalog.compares_alike(column.collation, own.collation, true))
        };
        let keys = index.schema.key_columns().iter().take(columns.len());
        if let (None, Some(leading)) = (&info.predicate, leading)
            && !leading.is_empty()
            && keys.filter_map(same_values).all(|same| same)
        {
            let prefix = index.schema.entries_prefix(owner, &leading);
            return (Space::Index, KeyRange::prefix(&prefix));
        }
    }
    (Space::Rows, KeyRange::prefix(&table.schema.rows_prefix(owner)))
}

fn matches(
    state: &ExecState,
    table: &Target,
    columns: &[i16],
    values: &[Datum],
    row: &[Datum],
) -> Result<bool> {
    let own = pick(columns, row);
    for (attno, (a, b)) in columns.iter().zip(own.iter().zip(values)) {
        let column = table.relation().column(*attno);
        let type_oid = match state.cx.catalog.is_deterministic(column.collation) {
            true => column.type_oid,
            false => state.cx.catalog.equality_type(column.type_oid, column.collation)?,
        };
        if a.is_null() || !types::equal(type_oid, a, b) {
            return Ok(false);
        }
    }
    Ok(true)
}

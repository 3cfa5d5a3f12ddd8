//! A role's rows of user tables as a whole: TRUNCATE and DROP OWNED delete them, DROP ROLE asks whether
//! there are any. The caller has locked the table against everybody.

use super::DdlContext;
use crate::catalog::schema::{TableSchema, table_schema};
use crate::catalog::{Catalog, Relation, RelationKind, TableKind};
use crate::error::Result;
use crate::nodes::{LockWait, RowLockMode};
use crate::storage::{Direction, KeyRange, Space, keys};
use crate::types::Oid;
use bytes::Bytes;
use std::sync::Arc;

/// The user tables of the database.
pub(super) fn tables(catalog: &Catalog) -> impl Iterator<Item = &Arc<Relation>> {
    let is_user =
        |r: &&Arc<Relation>| r.kind == RelationKind::Table && TableKind::of(r) == TableKind::User;
    catalog.relations().filter(is_user)
}

/// Whether a role has rows in a user table.
pub(super) fn exist(table: &Arc<Relation>, role: Oid, cx: &DdlContext<'_>) -> Result<bool> {
    let schema = table_schema(&cx.catalog(), table);
    let range = KeyRange::prefix(&schema.rows_prefix(schema.owner(role)));
    let mut scan = cx.txn.latest_view()?.scan(Space::Rows, range, Direction::Forward);
    Ok(scan.next()?.is_some())
}

/// Deletes a role's rows of a user table, dead ones too, and their entries. Each row is locked: the table's lock does
/// not keep a flush from moving rows.
pub(super) async fn delete(schema: &TableSchema, role: Oid, cx: &DdlContext<'_>) -> Result<()> {
    let owner = schema.owner(role);
    for index in &schema.indexes {
        for key in keys_with(Space::Index, &index.entries_prefix(owner, &[]), cx)? {
            cx.txn.delete(Space::Index, key)?;
        }
    }
    for key in keys_with(Space::Graves, &schema.graves_prefix(owner), cx)? {
        cx.txn.delete(Space::Graves, key)?;
    }
    let (table, mode) = (schema.relation.storage, RowLockMode::Update);
    for key in keys_with(Space::Rows, &schema.rows_prefix(owner), cx)? {
        cx.cancel.check()?;
        cx.txn.lock_row_to_write(table, keys::suffix(&key), mode, LockWait::Block).await?;
        cx.txn.delete(Space::Rows, key)?;
    }
    Ok(())
}

fn keys_with(space: Space, prefix: &[u8], cx: &DdlContext<'_>) -> Result<Vec<Bytes>> {
    let view = cx.txn.latest_view()?;
    let mut scan = view.scan(space, KeyRange::prefix(prefix), Direction::Forward);
    let mut found = Vec::new();
    while let Some((key, _)) = scan.next()? {
        cx.cancel.check()?;
        found.push(Bytes::copy_from_slice(key));
    }
    Ok(found)
}

//! A role's rows of user tables as a whole: TRUNCATE and DROP OWNED delete them, DROP ROLE asks whether
//! there are any. The caller has locked the table against everybody.

use super::DdlContext;
use crate::catalog::schema::{TableSchema, table_schema};
use crate::catalog::{Catalog, Relation, RelationKind, TableKind};
use crate::error::Result;
use crate::storage::{Direction, KeyRange, Space};
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

/// Deletes a role's rows of a user table, and their entries.
pub(super) fn delete(schema: &TableSchema, role: Oid, cx: &DdlContext<'_>) -> Result<()> {
    let owner = schema.owner(role);
    let entries = schema.indexes.iter().map(|i| (Space::Index, i.entries_prefix(owner, &[])));
    for (space, prefix) in entries.chain([(Space::Rows, schema.rows_prefix(owner))]) {
        let view = cx.txn.latest_view()?;
        let mut scan = view.scan(space, KeyRange::prefix(&prefix), Direction::Forward);
        while let Some((key, _)) = scan.next()? {
            cx.cancel.check()?;
            cx.txn.delete(space, Bytes::copy_from_slice(key))?;
        }
    }
    Ok(())
}

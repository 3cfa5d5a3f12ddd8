//! What is kept of deleted rows, for the table's `retention`: writing it, and removing it in the end.
//!
//! A row that goes leaves its last version behind in [`Space::Graves`], written in the same batch as the
//! deletion, and so does the old key of a row whose primary key changes. What nobody else has ever seen,
//! since this transaction put it there, leaves nothing. What is shown of graves is in
//! [`crate::exec::scan`]: keys, unique constraints and foreign keys know nothing of them.

use super::Target;
use super::target::Stored;
use crate::catalog::Relation;
use crate::catalog::schema::{TableSchema, table_schema};
use crate::error::Result;
use crate::exec::StatementContext;
use crate::exec::scan::grave_key;
use crate::storage::keys::{UNCOMMITTED, graves_prefix};
use crate::storage::{Direction, KeyRange, ReadView, Space, Txn, row};
use bytes::Bytes;
use std::sync::Arc;

impl Target {
    /// Keeps a row that is going to be deleted, where its table says so.
    pub(super) fn bury(&self, cx: &StatementContext, old: &Stored) -> Result<()> {
        if self.schema.retention_us.is_none() || old.born == 0 {
            return Ok(());
        }
        let grave = self.schema.grave_key(&old.suffix, UNCOMMITTED);
        if !self.was_seen(&cx.txn, old, &grave)? {
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(128);
        self.schema.layout.encode(&old.row, old.born, &mut bytes)?;
        Ok(cx.txn.put(Space::Graves, grave, bytes.into())?)
    }

    /// Whether others have seen the row that goes under its key: it did not come there in this
    /// transaction, whether or not another one has left that place before.
    fn was_seen(&self, txn: &Txn, old: &Stored, grave: &[u8]) -> Result<bool> {
        let key = self.schema.row_key(&old.suffix);
        if !txn.wrote(Space::Rows, &key) {
            return Ok(true);
        }
        // A table that is written anew has nothing else than this transaction's rows.
        let is_new = txn.has_created(self.schema.relation.storage);
        let was_there = is_new || txn.get_committed(Space::Rows, &key)?.is_some();
        Ok(was_there && txn.get_latest(Space::Graves, grave)?.is_none())
    }
}

/// Removes up to `graves_max` graves of a table that are kept no longer; gives how many. One statement
/// of the context's transaction.
pub(in crate::exec) fn remove_outlived(
    cx: &StatementContext,
    table: &Arc<Relation>,
    graves_max: usize,
) -> Result<usize> {
    let schema = table_schema(&cx.catalog, table);
    let outlived = outlived(&schema, &cx.view, cx.env.statement_time(), graves_max)?;
    for key in &outlived {
        cx.txn.delete(Space::Graves, key.clone())?;
    }
    Ok(outlived.len())
}

/// Whether a view shows graves that are kept no longer.
pub(in crate::exec) fn is_outlived_anywhere(
    schema: &TableSchema,
    view: &ReadView,
    now_us: i64,
) -> Result<bool> {
    Ok(!outlived(schema, view, now_us, 1)?.is_empty())
}

/// The keys of up to `graves_max` graves of a table that are too old: of each owner the first ones.
fn outlived(
    schema: &TableSchema,
    view: &ReadView,
    now_us: i64,
    graves_max: usize,
) -> Result<Vec<Bytes>> {
    let table = schema.relation.storage;
    let too_old_us = schema.retention_us.map_or(i64::MAX, |kept| now_us.saturating_sub(kept));
    let (mut found, mut range) = (Vec::new(), KeyRange::storage(table));
    loop {
        let mut scan = view.scan(Space::Graves, range.clone(), Direction::Forward);
        let next_owner = loop {
            let Some((key, value)) = scan.next()? else { return Ok(found) };
            if row::updated_us(value) > too_old_us {
                break grave_key(key)?.owner.checked_add(1);
            }
            found.push(Bytes::copy_from_slice(key));
            if found.len() >= graves_max {
                return Ok(found);
            }
        };
        let Some(owner) = next_owner else { return Ok(found) };
        range.start = Bytes::from_owner(graves_prefix(table, owner));
    }
}

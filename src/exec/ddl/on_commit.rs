//! ON COMMIT of temporary tables.

use crate::catalog::{Catalog, OnCommit, Relation, TxnCatalog};
use crate::error::{PgError, Result, code};
use crate::storage::{Direction, KeyRange, Space, Txn};
use std::sync::Arc;

/// Does what ON COMMIT asks for; the session calls it right before a transaction commits.
pub fn before_commit(catalog: &TxnCatalog, txn: &Txn) -> Result<()> {
    let now = catalog.current();
    for table in temporary(&now, txn.session()) {
        match table.on_commit {
            OnCommit::PreserveRows => {}
            OnCommit::DeleteRows => {
                check_references(&table, &now)?;
                if has_rows(&table, txn)? {
                    empty(&table, &now, catalog, txn)?;
                }
            }
            OnCommit::Drop => {
                for index in now.indexes_of(&table).chain(now.sequences_owned_by(table.oid)) {
                    catalog.remove_relation(index, txn);
                }
                catalog.remove_relation(&table, txn);
            }
        }
    }
    Ok(())
}

/// The name of a session's temporary schema.
pub(super) fn schema_name(session: u32) -> String {
    format!("pg_temp_{session}")
}

fn temporary(catalog: &Catalog, session: u32) -> Vec<Arc<Relation>> {
    let Some(namespace) = catalog.namespace_named(&schema_name(session)) else {
        return Vec::new();
    };
    catalog.relations_in(namespace.oid).cloned().collect()
}

/// Rows that are referred to cannot just go (`heap_truncate_check_FKs`).
fn check_references(table: &Relation, catalog: &Catalog) -> Result<()> {
    let keys = catalog.foreign_keys_on(table.oid);
    match keys.into_iter().find(|(other, _)| other.on_commit != OnCommit::DeleteRows) {
        Some((other, _)) => {
            let detail = format!(
                "Table \"{}\" references \"{}\", but they do not have the same ON COMMIT setting.",
                other.name, table.name
            );
            let message = "unsupported ON COMMIT and foreign key combination";
            Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).detail(detail))
        }
        None => Ok(()),
    }
}

fn has_rows(table: &Relation, txn: &Txn) -> Result<bool> {
    let range = KeyRange::storage(table.storage);
    Ok(txn.latest_view()?.scan(Space::Rows, range, Direction::Forward).next()?.is_some())
}

fn empty(table: &Relation, now: &Catalog, catalog: &TxnCatalog, txn: &Txn) -> Result<()> {
    let indexes = now.indexes_of(table).map(|i| &**i);
    for relation in std::iter::once(table).chain(indexes) {
        let storage = catalog.new_storage(txn)?;
        catalog.put_relation(Relation { storage, ..relation.clone() }, txn);
    }
    Ok(())
}

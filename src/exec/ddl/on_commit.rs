//! ON COMMIT of temporary tables.

use crate::catalog::{Catalog, OnCommit, Relation, TxnCatalog};
use crate::error::Result;
use crate::storage::Txn;
use std::sync::Arc;

/// Does what ON COMMIT asks for; the session calls it right before a transaction commits.
pub fn before_commit(catalog: &TxnCatalog, txn: &Txn) -> Result<()> {
    let now = catalog.current();
    for table in temporary(&now, txn.session()) {
        match table.on_commit {
            OnCommit::PreserveRows => {}
            OnCommit::DeleteRows => empty(&table, &now, catalog, txn)?,
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
    catalog.relations().filter(|r| r.namespace == namespace.oid).cloned().collect()
}

fn empty(table: &Relation, now: &Catalog, catalog: &TxnCatalog, txn: &Txn) -> Result<()> {
    let indexes = now.indexes_of(table).map(|i| &**i);
    for relation in std::iter::once(table).chain(indexes) {
        let storage = catalog.new_storage(txn)?;
        catalog.put_relation(Relation { storage, ..relation.clone() }, txn);
    }
    Ok(())
}

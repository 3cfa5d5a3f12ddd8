//! A table as cold storage sees it.

use super::Jobs;
use crate::catalog::schema::{RowKey, table_schema};
use crate::catalog::{Catalog, Persistence, Relation, RelationKind, TableKind, TableOptions};
use crate::error::{PgError, Result, code};
use crate::nodes::LockWait;
use crate::storage::cold::{ColdTable, SegmentColumn, Work};
use crate::storage::objects::PathTemplate;
use crate::storage::{IsolationLevel, TableLockMode, Txn, TxnOptions};
use crate::types::Oid;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How soon a job that waits for a lock notices that it is to stop.
const CANCEL_SLICE: Duration = Duration::from_millis(100);

/// A table that DDL leaves alone until this is dropped; rows are read and written meanwhile.
pub(super) struct LockedTable {
    pub table: ColdTable,
    _lock: Lock,
}

/// A transaction that has nothing but locks.
struct Lock(Arc<Txn>);

impl Drop for Lock {
    fn drop(&mut self) {
        self.0.rollback();
    }
}

impl LockedTable {
    /// Waits for the lock that VACUUM would take. `None`: there is no such table any more.
    pub fn take(jobs: &Jobs, (database, oid): (Oid, Oid), work: &Work) -> Result<Option<Self>> {
        let isolation = IsolationLevel::ReadCommitted;
        let options = TxnOptions { session: 0, database, isolation, read_only: true };
        let lock = Lock(jobs.store.begin(options));
        jobs.runtime.block_on(lock.wait(oid, work))?;
        let catalog = jobs.catalog.latest().for_database(database);
        let Some(relation) = catalog.relation(oid).filter(|r| is_flushable(r)) else {
            return Ok(None);
        };
        let table = describe(relation, &catalog)?;
        Ok(Some(LockedTable { table, _lock: lock }))
    }
}

impl Lock {
    async fn wait(&self, oid: Oid, work: &Work) -> Result<()> {
        let mode = TableLockMode::ShareUpdateExclusive;
        let mut lock = pin!(self.0.lock_table(oid, mode, LockWait::Block));
        loop {
            if work.cancel.load(Ordering::Relaxed) {
                let message = "canceling job due to user request";
                return Err(PgError::new(code::QUERY_CANCELED, message));
            }
            if let Ok(locked) = tokio::time::timeout(CANCEL_SLICE, lock.as_mut()).await {
                locked?;
                return Ok(());
            }
        }
    }
}

/// Whether rows of a relation may become cold.
pub fn is_flushable(relation: &Relation) -> bool {
    relation.kind == RelationKind::Table
        && relation.persistence != Persistence::Temporary
        && !Catalog::is_system(relation.oid)
        && TableOptions::of(relation).kind != TableKind::Stream
}

/// Where a table's files lie in its storage.
pub fn path_of(relation: &Relation, catalog: &Catalog) -> Result<String> {
    let storage = storage_of(relation, catalog)?;
    let written = storage.and_then(|oid| catalog.storage(oid)).map(|s| s.path_template.as_str());
    let template = match written {
        Some(template) => PathTemplate::parse(template)?,
        None => PathTemplate::default(),
    };
    let namespace = catalog.namespace(relation.namespace).map_or("", |n| n.name.as_str());
    Ok(template.expand(namespace, &relation.name))
}

/// The storage that a table's options name; `None`: the data directory.
fn storage_of(relation: &Relation, catalog: &Catalog) -> Result<Option<Oid>> {
    let options = TableOptions::of(relation);
    let Some(name) = options.storage else { return Ok(None) };
    match catalog.storage_named(name) {
        Some(storage) => Ok(Some(storage.oid)),
        None => {
            let message = format!("storage \"{name}\" does not exist");
            Err(PgError::new(code::UNDEFINED_OBJECT, message))
        }
    }
}

/// What cold storage must know of a table.
pub(super) fn describe(relation: &Arc<Relation>, catalog: &Catalog) -> Result<ColdTable> {
    let schema = table_schema(catalog, relation);
    let columns = relation.columns.iter().map(|c| SegmentColumn {
        attno: c.attno,
        name: c.name.clone(),
        type_oid: c.type_oid,
        typmod: c.typmod,
        dropped: c.dropped,
        form: Default::default(),
    });
    let key = match &schema.key {
        RowKey::Primary { columns, .. } => columns.iter().map(|column| column.at).collect(),
        RowKey::RowId => Vec::new(),
    };
    Ok(ColdTable {
        table: relation.storage,
        layout: schema.layout.clone(),
        version: relation.version,
        columns: columns.collect(),
        key,
        storage: storage_of(relation, catalog)?.unwrap_or(0),
        path: path_of(relation, catalog)?,
    })
}

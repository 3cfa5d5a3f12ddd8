//! A table as cold storage sees it.

use super::Jobs;
use crate::catalog::schema::table_schema;
use crate::catalog::{Catalog, Persistence, Relation, TableKind, TableOptions};
use crate::error::{PgError, Result, code};
use crate::exec::ddl::storage_key;
use crate::nodes::LockWait;
use crate::storage::cold::ColdTable;
use crate::storage::objects::PathTemplate;
use crate::storage::{IsolationLevel, LockScope, Txn, TxnOptions};
use crate::types::Oid;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A table for a job; its storage stays as it is until this is dropped.
///
/// The table itself is not locked: a flush leaves rows of a newer version alone, and cannot bring back
/// what was dropped meanwhile ([`crate::storage::cold`]).
pub(super) struct Found {
    pub table: ColdTable,
    _storage: Option<KeptStorage>,
}

/// What cold storage must know of a table; `None`: there is no such table any more.
pub(super) fn find(jobs: &Jobs, (database, oid): (Oid, Oid)) -> Result<Option<Found>> {
    let now = || {
        let catalog = jobs.catalog.latest().for_database(database);
        let relation = catalog.relation(oid).filter(|r| is_flushable(r)).cloned();
        relation.map(|relation| (relation, catalog))
    };
    loop {
        let Some((before, _)) = now() else { return Ok(None) };
        let name = TableOptions::of(&before).storage;
        let storage = name.map(|name| KeptStorage::keep(jobs, name)).transpose()?;
        let Some((relation, catalog)) = now() else { return Ok(None) };
        // Before the lock was had, the table may have got another one.
        if TableOptions::of(&relation).storage == name {
            let table = describe(&relation, &catalog)?;
            return Ok(Some(Found { table, _storage: storage }));
        }
    }
}

/// Keeps a storage from being dropped or altered while a job writes to it: a transaction that has
/// nothing but the lock.
struct KeptStorage(Arc<Txn>);

impl KeptStorage {
    /// 55P03 while the storage is being changed.
    fn keep(jobs: &Jobs, name: &str) -> Result<KeptStorage> {
        /// Locks of one session do not conflict, so each job has its own; sessions of clients have
        /// smaller numbers, and those of cold storage count down from the end.
        static SESSION: AtomicU32 = AtomicU32::new(1 << 31);
        let session = SESSION.fetch_add(1, Ordering::Relaxed);
        let isolation = IsolationLevel::ReadCommitted;
        let options = TxnOptions { session, database: 0, isolation, read_only: true };
        let kept = KeptStorage(jobs.store.begin(options));
        let (key, scope) = (storage_key(name), LockScope::Transaction);
        let lock = kept.0.lock_advisory(key, true, scope, LockWait::NoWait);
        match jobs.runtime.block_on(lock)? {
            true => Ok(kept),
            false => {
                let message = format!("storage \"{name}\" is being changed");
                Err(PgError::new(code::LOCK_NOT_AVAILABLE, message))
            }
        }
    }
}

impl Drop for KeptStorage {
    fn drop(&mut self) {
        self.0.rollback();
    }
}

/// Whether rows of a relation may become cold.
pub fn is_flushable(relation: &Relation) -> bool {
    relation.kind.has_rows()
        && relation.persistence != Persistence::Temporary
        && !Catalog::is_system(relation.oid)
        && TableOptions::of(relation).kind != TableKind::Stream
}

/// Where a table's files lie in its storage.
fn path_of(relation: &Relation, catalog: &Catalog) -> Result<String> {
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
    let storage = storage_of(relation, catalog)?.unwrap_or(0);
    Ok(table_schema(catalog, relation).cold_table(storage, path_of(relation, catalog)?))
}

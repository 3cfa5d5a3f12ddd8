//! Statements that no session runs: what jobs do to rows, with indexes and locks like anybody else, and
//! to deleted rows.

mod env;

use super::dml::{
    is_outlived_anywhere, is_superfluous_anywhere, remove_outlived, remove_superfluous,
};
use super::{CancelToken, StatementContext};
use crate::catalog::schema::table_schema;
use crate::catalog::{CatalogStore, Relation};
use crate::error::Result;
use crate::nodes::LockWait;
use crate::storage::cold::Work;
use crate::storage::{IsolationLevel, Space, StorageError, TableLockMode, Txn, TxnOptions, now_us};
use crate::types::Oid;
use env::BackgroundEnv;
use futures::executor::block_on;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Rows that one transaction deletes: few enough that nobody waits long for their keys.
const BATCH_ROWS: usize = 10_000;

/// What a statement may hold in memory; those here hold keys only.
const MEMORY_LIMIT_BYTES: usize = 64 << 20;

/// Whether a stream table has rows that [`remove_expired`] would delete.
pub fn has_expired(
    catalog: &Arc<CatalogStore>,
    database: Oid,
    table: &Arc<Relation>,
) -> Result<bool> {
    let txn = begin(catalog, database);
    let schema = table_schema(&catalog.latest().for_database(database), table);
    is_superfluous_anywhere(&txn.read_view()?, &schema, now_us())
}

/// Whether a table has deleted rows that [`remove_deleted`] would remove.
pub fn has_outlived(
    catalog: &Arc<CatalogStore>,
    database: Oid,
    table: &Arc<Relation>,
) -> Result<bool> {
    let txn = begin(catalog, database);
    let schema = table_schema(&catalog.latest().for_database(database), table);
    is_outlived_anywhere(&schema, &txn.read_view()?, now_us())
}

/// Deletes the rows of a stream table that are too old or too many, in several transactions; gives
/// how many. None where the table is gone. For a blocking thread.
pub fn remove_expired(
    catalog: &Arc<CatalogStore>,
    database: Oid,
    table: Oid,
    work: &Work,
) -> Result<u64> {
    in_batches(catalog, database, table, work, |cx, table| {
        remove_superfluous(cx, table, BATCH_ROWS)
    })
}

/// Removes the deleted rows of a table that are kept no longer, as [`remove_expired`] does.
pub fn remove_deleted(
    catalog: &Arc<CatalogStore>,
    database: Oid,
    table: Oid,
    work: &Work,
) -> Result<u64> {
    let removed = in_batches(catalog, database, table, work, |cx, table| {
        Ok(remove_outlived(&cx, table, BATCH_ROWS)? as u64)
    })?;
    if removed >= BATCH_ROWS as u64 {
        catalog.store().flush_memtable(Space::Graves)?;
    }
    Ok(removed)
}

/// Removes rows batch by batch, as long as there are whole ones.
fn in_batches(
    catalog: &Arc<CatalogStore>,
    database: Oid,
    table: Oid,
    work: &Work,
    remove: impl Fn(Arc<StatementContext>, &Arc<Relation>) -> Result<u64>,
) -> Result<u64> {
    let mut total = 0;
    loop {
        if work.cancel.load(Ordering::Relaxed) {
            return Err(StorageError::Canceled.into());
        }
        let removed = remove_batch(catalog, database, table, &remove)?;
        work.rows.fetch_add(removed, Ordering::Relaxed);
        total += removed;
        // What was left is locked by somebody: it is for the next time.
        if removed < BATCH_ROWS as u64 {
            return Ok(total);
        }
    }
}

fn remove_batch(
    catalog: &Arc<CatalogStore>,
    database: Oid,
    table: Oid,
    remove: impl Fn(Arc<StatementContext>, &Arc<Relation>) -> Result<u64>,
) -> Result<u64> {
    let txn = begin(catalog, database);
    // Whoever alters the table is not waited for, and keeps us off.
    let lock = txn.lock_table(table, TableLockMode::RowExclusive, LockWait::SkipLocked);
    if !block_on(lock)? {
        return Ok(0);
    }
    let latest = Arc::new(catalog.latest().for_database(database));
    let Some(relation) = latest.relation(table).cloned() else { return Ok(0) };
    let cx = StatementContext {
        view: txn.begin_statement()?,
        txn: txn.clone(),
        env: Arc::new(BackgroundEnv::new(latest.clone(), relation.owner)),
        catalog: latest,
        cancel: CancelToken::new(),
        memory_limit_bytes: MEMORY_LIMIT_BYTES,
        measurements: None,
        functions: Default::default(),
        force_parallel: false,
    };
    let removed = remove(Arc::new(cx), &relation)?;
    txn.end_statement()?;
    block_on(txn.commit(false))?;
    Ok(removed)
}

fn begin(catalog: &Arc<CatalogStore>, database: Oid) -> Arc<Txn> {
    let store = catalog.store();
    store.begin(TxnOptions {
        session: store.background_session(),
        database,
        isolation: IsolationLevel::ReadCommitted,
        read_only: false,
    })
}

//! The schema cache: what is derived from a table's definition to read and write its rows.
//!
//! Keyed by (namespace, table, version). An entry also remembers the definition it came from, and
//! answers only for that very one: a version number may come again after a rollback.

mod cold;
mod index;
mod table;

pub use index::IndexSchema;
pub use table::{KeyColumn, RowKey, TableSchema};

use super::{Catalog, Relation};
use crate::types::Oid;
use quick_cache::sync::Cache;
use std::sync::{Arc, LazyLock};

/// Tables whose derived schemas are kept.
const TABLES_MAX: usize = 10_000;

static CACHE: LazyLock<Cache<(Oid, Oid, u32), Arc<TableSchema>>> =
    LazyLock::new(|| Cache::new(TABLES_MAX));

/// The derived schema of a table (or of a sequence or view: its columns, without a key).
pub fn table_schema(catalog: &Catalog, table: &Arc<Relation>) -> Arc<TableSchema> {
    let key = (table.namespace, table.oid, table.version);
    if let Some(found) = CACHE.get(&key)
        && found.is_of(catalog, table)
    {
        return found;
    }
    let schema = Arc::new(TableSchema::derive(catalog, table));
    CACHE.insert(key, schema.clone());
    schema
}

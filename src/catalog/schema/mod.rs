//! What is derived from a table's definition to read and write its rows, and the cache of it.

mod activity;
mod cache;
mod cold;
mod index;
mod owner;
mod table;

pub use activity::{Activity, Count, DatabaseActivity, activity, database_activity};
pub use index::{IndexSchema, Method, has_byte_order};
pub use owner::Owner;
pub use table::{KeyColumn, RowKey, TableSchema};

use super::{Catalog, Relation};
use cache::SchemaCache;
pub use cache::{ENTRIES_DEFAULT, TTL_DEFAULT};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

static CACHE: LazyLock<SchemaCache> = LazyLock::new(SchemaCache::new);

/// The derived schema of a table (or of a sequence or view: its columns, without a key).
pub fn table_schema(catalog: &Catalog, table: &Arc<Relation>) -> Arc<TableSchema> {
    CACHE.get(catalog, table)
}

/// How many derived schemas are kept (0: none), and how long one that nobody uses.
pub fn configure_cache(entries_max: usize, ttl: Duration) {
    CACHE.configure(entries_max, ttl);
}

/// A definition is not current any more: the commit that changed it is published.
pub(super) fn invalidate(relation: &Relation) {
    CACHE.invalidate(relation);
}

/// A relation is gone.
pub(super) fn forget(relation: &Relation) {
    activity::forget(relation.oid);
}

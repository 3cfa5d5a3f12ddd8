//! The schema cache: derived schemas by (namespace, table, version).
//!
//! - *Right*: an entry remembers the definitions it came from and answers only for those very ones,
//!   since a version number may come again after a rollback, and an index may come without one.
//! - *Bounded*: beyond [`ENTRIES_DEFAULT`], or as many as the server is configured to keep, the least
//!   recently used sixteenth goes.
//! - *Temporary*: an entry that nobody has asked for during the time to live, and that no plan
//!   holds, goes; whoever misses or, now and then, hits looks for such entries.
//! - *Invalidated* by the table: ALTER and DROP of a table, or of an index of it, drop the entry of the
//!   version that was current, when they commit. Other tables' entries stay.

use super::TableSchema;
use crate::catalog::{Catalog, Relation};
use crate::counters::{self, Counter};
use crate::types::Oid;
use dashmap::DashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Tables whose derived schemas are kept, and for how long, unless the server is configured otherwise.
pub const ENTRIES_DEFAULT: usize = 10_000;
pub const TTL_DEFAULT: Duration = Duration::from_secs(5 * 60);
/// Milliseconds between two searches for entries whose time is over, at most.
const SWEEP_EVERY_MS_MAX: u64 = 60_000;

/// Namespace, table, version.
pub(super) type CacheKey = (Oid, Oid, u32);

pub(super) struct SchemaCache {
    entries: DashMap<CacheKey, Entry>,
    entries_max: AtomicUsize,
    ttl_ms: AtomicU64,
    /// Times are milliseconds since this.
    started: Instant,
    next_sweep_ms: AtomicU64,
    hits: &'static Counter,
    misses: &'static Counter,
    evictions: &'static Counter,
    invalidations: &'static Counter,
    size: &'static Counter,
}

struct Entry {
    schema: Arc<TableSchema>,
    used_ms: AtomicU64,
}

/// Key of a relation's entry.
pub(super) fn key(relation: &Relation) -> CacheKey {
    (relation.namespace, relation.oid, relation.version)
}

impl SchemaCache {
    pub(super) fn new() -> SchemaCache {
        SchemaCache {
            entries: DashMap::new(),
            entries_max: AtomicUsize::new(ENTRIES_DEFAULT),
            ttl_ms: AtomicU64::new(milliseconds(TTL_DEFAULT)),
            started: Instant::now(),
            next_sweep_ms: AtomicU64::new(0),
            hits: counters::named("schema_cache_hits"),
            misses: counters::named("schema_cache_misses"),
            evictions: counters::named("schema_cache_evictions"),
            invalidations: counters::named("schema_cache_invalidations"),
            size: counters::named("schema_cache_entries"),
        }
    }

    pub(super) fn configure(&self, entries_max: usize, ttl: Duration) {
        self.entries_max.store(entries_max, Ordering::Relaxed);
        self.ttl_ms.store(milliseconds(ttl), Ordering::Relaxed);
    }

    /// The schema derived from this definition.
    pub(super) fn get(&self, catalog: &Catalog, relation: &Arc<Relation>) -> Arc<TableSchema> {
        self.get_at(catalog, relation, milliseconds(self.started.elapsed()))
    }

    fn get_at(&self, catalog: &Catalog, relation: &Arc<Relation>, now_ms: u64) -> Arc<TableSchema> {
        if now_ms >= self.next_sweep_ms.load(Ordering::Relaxed) {
            self.sweep(now_ms);
        }
        let key = key(relation);
        if let Some(entry) = self.entries.get(&key)
            && entry.schema.is_of(catalog, relation)
        {
            entry.used_ms.store(now_ms, Ordering::Relaxed);
            self.hits.add(1);
            return entry.schema.clone();
        }
        self.misses.add(1);
        let schema = Arc::new(TableSchema::derive(catalog, relation));
        let entries_max = self.entries_max.load(Ordering::Relaxed);
        if entries_max == 0 {
            return schema;
        }
        if self.entries.len() >= entries_max {
            self.make_room(entries_max);
        }
        let entry = Entry { schema: schema.clone(), used_ms: AtomicU64::new(now_ms) };
        self.entries.insert(key, entry);
        self.size.set(self.entries.len() as u64);
        schema
    }

    /// Drops the entry of a definition that is not current any more.
    pub(super) fn invalidate(&self, relation: &Relation) {
        if self.entries.remove(&key(relation)).is_some() {
            self.invalidations.add(1);
            self.size.set(self.entries.len() as u64);
        }
    }

    /// Drops entries that were not asked for during the time to live and that nobody holds.
    fn sweep(&self, now_ms: u64) {
        let ttl_ms = self.ttl_ms.load(Ordering::Relaxed);
        let every_ms = (ttl_ms / 4).clamp(1, SWEEP_EVERY_MS_MAX);
        self.next_sweep_ms.store(now_ms.saturating_add(every_ms), Ordering::Relaxed);
        let before = self.entries.len();
        self.entries.retain(|_, entry| {
            let idle_ms = now_ms.saturating_sub(entry.used_ms.load(Ordering::Relaxed));
            idle_ms <= ttl_ms || Arc::strong_count(&entry.schema) > 1
        });
        self.count_evicted(before);
    }

    /// Drops the least recently used entries, several at once, as looking for them reads all.
    fn make_room(&self, entries_max: usize) {
        let mut ages: Vec<(u64, CacheKey)> = self
            .entries
            .iter()
            .map(|entry| (entry.used_ms.load(Ordering::Relaxed), *entry.key()))
            .collect();
        let count = (entries_max / 16).clamp(1, ages.len().max(1));
        if count < ages.len() {
            ages.select_nth_unstable(count);
        }
        let before = self.entries.len();
        for (_, key) in ages.iter().take(count) {
            self.entries.remove(key);
        }
        self.count_evicted(before);
    }

    /// `before`: entries before some were dropped. Others may add entries meanwhile.
    fn count_evicted(&self, before: usize) {
        let now = self.entries.len();
        self.evictions.add(before.saturating_sub(now) as u64);
        self.size.set(now as u64);
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::builtin;

    fn cache() -> SchemaCache {
        SchemaCache { entries_max: AtomicUsize::new(32), ..SchemaCache::new() }
    }

    /// Any relation will do as a pattern for a user's.
    fn table(oid: Oid, version: u32) -> Arc<Relation> {
        let catalog = Catalog::empty();
        let pattern = catalog.relation_named(builtin::oid::PG_CATALOG, "pg_am").unwrap();
        Arc::new(Relation { oid, version, ..(**pattern).clone() })
    }

    #[test]
    fn a_definition_is_derived_once() {
        let (cache, catalog) = (cache(), Catalog::empty());
        let old = table(20_000, 1);
        let first = cache.get_at(&catalog, &old, 0);
        assert!(Arc::ptr_eq(&first, &cache.get_at(&catalog, &old, 1)));
        // The same version of another transaction, and the next version.
        let other = table(20_000, 1);
        assert!(!Arc::ptr_eq(&first, &cache.get_at(&catalog, &other, 2)));
        cache.get_at(&catalog, &table(20_000, 2), 3);
        assert_eq!(cache.entries.len(), 2);
    }

    #[test]
    fn a_change_drops_the_entry_of_its_table_alone() {
        let (cache, catalog) = (cache(), Catalog::empty());
        let (changed, other) = (table(20_000, 1), table(20_001, 1));
        cache.get_at(&catalog, &changed, 0);
        cache.get_at(&catalog, &other, 0);
        cache.invalidate(&changed);
        let left: Vec<CacheKey> = cache.entries.iter().map(|entry| *entry.key()).collect();
        assert_eq!(left, [key(&other)]);
    }

    #[test]
    fn entries_not_in_use_go_after_the_time_to_live() {
        let (cache, catalog) = (cache(), Catalog::empty());
        cache.configure(32, Duration::from_millis(100));
        let (held, asked_for, idle) = (table(20_000, 1), table(20_001, 1), table(20_002, 1));
        let in_use = cache.get_at(&catalog, &held, 0);
        cache.get_at(&catalog, &asked_for, 0);
        cache.get_at(&catalog, &idle, 0);
        cache.get_at(&catalog, &asked_for, 90);
        cache.get_at(&catalog, &asked_for, 150);
        let mut left: Vec<Oid> = cache.entries.iter().map(|entry| entry.key().1).collect();
        left.sort_unstable();
        assert_eq!(left, [held.oid, asked_for.oid]);
        drop(in_use);
        cache.get_at(&catalog, &asked_for, 200);
        assert_eq!(cache.entries.len(), 1);
    }

    #[test]
    fn the_least_recently_used_make_room() {
        let (cache, catalog) = (cache(), Catalog::empty());
        for n in 0..33 {
            cache.get_at(&catalog, &table(20_000 + n, 1), n.into());
        }
        let mut left: Vec<Oid> = cache.entries.iter().map(|entry| entry.key().1).collect();
        left.sort_unstable();
        assert_eq!((left.len(), left[0]), (31, 20_002));
    }

    /// Prints what a load costs with and without the cache; `bench/run tables` shows it.
    #[test]
    #[ignore = "a measurement"]
    fn cost_of_a_load() {
        const LOADS: u32 = 20_000;
        let (cache, catalog) = (cache(), Catalog::empty());
        let pattern = catalog.relation_named(builtin::oid::PG_CATALOG, "pg_proc").unwrap();
        let table = Arc::new(Relation { oid: 20_000, ..(**pattern).clone() });
        let nanos_each = |load: &dyn Fn() -> Arc<TableSchema>| {
            let started = Instant::now();
            (0..LOADS).for_each(|_| drop(std::hint::black_box(load())));
            started.elapsed().as_nanos() / u128::from(LOADS)
        };
        let cached = nanos_each(&|| cache.get(&catalog, &table));
        let derived = nanos_each(&|| Arc::new(TableSchema::derive(&catalog, &table)));
        println!("nanoseconds: {derived} {cached}");
    }
}

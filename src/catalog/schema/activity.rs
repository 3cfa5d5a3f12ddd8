//! What statements did with a table or index since the server started: pg_stat_user_tables and
//! pg_stat_user_indexes; and how transactions in a database ended: pg_stat_database.
//!
//! As PostgreSQL's, the counts are of what was done, committed or not. They belong to the OID, so they
//! outlive changes of the definition. Whoever counts holds them in the derived schema and adds to an
//! atomic number; rows read are not counted, as that would cost each of them.

use crate::types::Oid;
use dashmap::DashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

static BY_OID: LazyLock<DashMap<Oid, Arc<Activity>>> = LazyLock::new(DashMap::new);

/// Counts of one table or index.
#[derive(Debug, Default)]
pub struct Activity {
    /// Reads of the whole table.
    pub scans: Count,
    /// Reads by key: by the primary key or an index; of an index, by it.
    pub key_scans: Count,
    pub inserted: Count,
    pub updated: Count,
    pub deleted: Count,
    pub analyzed: Count,
    /// Inserted, updated and deleted as of the last ANALYZE.
    changed_before_analyze: AtomicU64,
    /// Microseconds since 2000-01-01 UTC; 0: never.
    analyzed_at: AtomicI64,
}

/// Counts of one database.
#[derive(Debug, Default)]
pub struct DatabaseActivity {
    pub commits: Count,
    pub rollbacks: Count,
}

#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Activity {
    /// ANALYZE has read the table.
    pub fn note_analyzed(&self, now_us: i64) {
        self.analyzed.add(1);
        self.analyzed_at.store(now_us, Ordering::Relaxed);
        self.changed_before_analyze.store(self.changed(), Ordering::Relaxed);
    }

    /// When ANALYZE last read it.
    pub fn analyzed_at(&self) -> Option<i64> {
        Some(self.analyzed_at.load(Ordering::Relaxed)).filter(|at| *at != 0)
    }

    /// Rows changed since ANALYZE.
    pub fn changed_since_analyze(&self) -> u64 {
        self.changed().saturating_sub(self.changed_before_analyze.load(Ordering::Relaxed))
    }

    fn changed(&self) -> u64 {
        self.inserted.get() + self.updated.get() + self.deleted.get()
    }
}

/// The counts of a table or index.
pub fn activity(oid: Oid) -> Arc<Activity> {
    BY_OID.entry(oid).or_default().clone()
}

/// The counts of a database.
pub fn database_activity(oid: Oid) -> Arc<DatabaseActivity> {
    static BY_OID: LazyLock<DashMap<Oid, Arc<DatabaseActivity>>> = LazyLock::new(DashMap::new);
    BY_OID.entry(oid).or_default().clone()
}

/// Drops the counts of what is dropped.
pub(super) fn forget(oid: Oid) {
    BY_OID.remove(&oid);
}

//! When a table's rows are to be flushed and its segments to be compacted.
//!
//! The rules are a table's options, and where it has none, the server's defaults. Looking is cheap, and
//! done once a second: hot rows are counted as far as a small limit, and estimated where the limit is
//! large. The age of hot rows is that of the moment when a look found the first of them since the
//! last flush.

use super::table::describe;
use super::{JobKind, Jobs, Task, is_flushable};
use crate::catalog::{Catalog, Relation, TableKind, TableOptions};
use crate::error::Result;
use crate::exec::background::{has_expired, has_outlived};
use crate::storage::{Space, StorageId};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What holds for tables that do not say otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// Hot rows that make a flush due; 0: never for their number.
    pub flush_rows: u64,
    /// Age of hot rows that makes a flush due; zero: never for their age.
    pub flush_interval: Duration,
    /// Small segments that make a compaction due; 0: never for their number.
    pub compact_segments: u64,
    /// Percent of a segment's rows that are deleted, which makes a compaction due; 0: never for them.
    pub compact_deleted: u64,
}

/// Rows stay hot until their table or the server says otherwise: those of a table that is changed
/// everywhere would only go back and forth.
impl Default for Defaults {
    fn default() -> Defaults {
        Defaults {
            flush_rows: 0,
            flush_interval: Duration::ZERO,
            compact_segments: 8,
            compact_deleted: 20,
        }
    }
}

/// What the configuration says of jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobOptions {
    pub defaults: Defaults,
    /// Jobs that run at one time.
    pub running_max: usize,
}

impl Default for JobOptions {
    fn default() -> JobOptions {
        JobOptions { defaults: Defaults::default(), running_max: 2 }
    }
}

impl JobOptions {
    /// The same as settings that SHOW shows.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let Defaults { flush_rows, flush_interval, compact_segments, compact_deleted } =
            self.defaults;
        vec![
            ("kalamdb.compact_deleted", compact_deleted.to_string()),
            ("kalamdb.compact_segments", compact_segments.to_string()),
            ("kalamdb.flush_interval", flush_interval.as_secs().to_string()),
            ("kalamdb.flush_rows", flush_rows.to_string()),
            ("kalamdb.max_jobs", self.running_max.to_string()),
        ]
    }
}

/// Segments of fewer bytes are better rewritten as one.
const SMALL_SEGMENT_BYTES: u64 = 32 << 20;

/// How often segments are looked at, and files that nobody needs deleted.
const COMPACT_INTERVAL: Duration = Duration::from_secs(15);
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);
/// Rows that are too old, or too many, are looked for at least so often.
const EXPIRE_INTERVAL_MAX: Duration = Duration::from_secs(60);

/// What the policies remember between looks.
#[derive(Default)]
pub(super) struct Policies {
    /// The commit that was the newest at the last look.
    seen: u64,
    /// Tables with hot rows, and since when they have had some.
    hot_since: HashMap<StorageId, Instant>,
    compacted: Option<Instant>,
    swept: Option<Instant>,
    /// Stream tables, tables with deleted rows, and when they were looked at last.
    expired: HashMap<StorageId, Instant>,
}

impl Policies {
    /// Looks at all tables, and asks for what is due.
    pub fn check(&mut self, jobs: &Jobs) {
        let now = Instant::now();
        let is_over = |since: Option<Instant>, interval: Duration| {
            since.is_none_or(|since| now.duration_since(since) >= interval)
        };
        if is_over(self.swept, SWEEP_INTERVAL) || jobs.store.has_emptied() {
            self.swept = Some(now);
            jobs.submit_for_policy(Task { kind: JobKind::Sweep, table: None }, None);
        }
        let segments = match is_over(self.compacted, COMPACT_INTERVAL) {
            true => {
                let found = segments_by_table(jobs).unwrap_or_default();
                // Counting many deleted rows takes time: a twentieth of a thread's at most.
                self.compacted = Some(now + now.elapsed() * 20);
                found
            }
            false => HashMap::new(),
        };
        let newest = jobs.store.last_seq();
        let is_news = std::mem::replace(&mut self.seen, newest) != newest;
        let latest = jobs.catalog.latest();
        let mut hot_before = std::mem::take(&mut self.hot_since);
        let deleted_rows = jobs.store.relations_in(Space::Graves).unwrap_or_default();
        let mut expired_before = std::mem::take(&mut self.expired);
        for database in latest.databases() {
            let catalog = latest.for_database(database.oid);
            for table in catalog.relations() {
                let (kind, interval) = match TableKind::of(table) {
                    TableKind::Stream => (JobKind::Expire, expire_interval(table)),
                    _ if deleted_rows.binary_search(&table.storage).is_ok() => {
                        (JobKind::Retention, retention_interval(table))
                    }
                    _ => continue,
                };
                let before = expired_before.remove(&table.storage);
                let due = is_over(before, interval);
                let has_any = match kind {
                    JobKind::Expire => has_expired,
                    _ => has_outlived,
                };
                if due && has_any(&jobs.catalog, database.oid, table).unwrap_or(false) {
                    ask(jobs, kind, table, &catalog);
                }
                self.expired.insert(table.storage, before.filter(|_| !due).unwrap_or(now));
            }
            for table in catalog.relations().filter(|r| is_flushable(r)) {
                let options = TableOptions::of(table);
                let before = hot_before.remove(&table.storage);
                let flush = Task { kind: JobKind::Flush, table: Some((database.oid, table.oid)) };
                let rows = match is_news {
                    _ if !has_flush_policy(&options, &jobs.defaults) => 0,
                    // Its job leaves deletions behind, over which a count would step again and again.
                    true if jobs.has(flush) => u64::from(before.is_some()),
                    true => hot_rows(jobs, table.storage, &options).unwrap_or(0),
                    // As at the last look, when they were not too many.
                    false => u64::from(before.is_some()),
                };
                if rows > 0 {
                    let since = before.unwrap_or(now);
                    let age = now.duration_since(since);
                    let due = is_flush_due(rows, age, &options, &jobs.defaults);
                    // Rows that come from now on are young.
                    self.hot_since.insert(table.storage, if due { now } else { since });
                    if due {
                        ask(jobs, JobKind::Flush, table, &catalog);
                    }
                }
                if let Some(segments) = segments.get(&table.storage)
                    && is_compaction_due(segments, &options, &jobs.defaults)
                    && would_compact(jobs, table, &catalog)
                {
                    ask(jobs, JobKind::Compact, table, &catalog);
                }
            }
        }
    }
}

/// How often a stream table is looked at: a few times during the life of a row.
fn expire_interval(table: &Relation) -> Duration {
    let ttl = TableOptions::of(table).ttl;
    ttl.map_or(EXPIRE_INTERVAL_MAX, |ttl| ttl / 4).min(EXPIRE_INTERVAL_MAX)
}

/// How often a table with deleted rows is looked at. Where none are kept any more they go at once.
fn retention_interval(table: &Relation) -> Duration {
    let kept = TableOptions::of(table).retention.unwrap_or_default();
    (kept / 4).min(EXPIRE_INTERVAL_MAX)
}

fn ask(jobs: &Jobs, kind: JobKind, table: &Relation, catalog: &Catalog) {
    let task = Task { kind, table: Some((catalog.database_oid(), table.oid)) };
    let namespace = catalog.namespace(table.namespace).map_or("", |n| n.name.as_str());
    jobs.submit_for_policy(task, Some(format!("{namespace}.{}", table.name)));
}

/// Limits up to which rows are counted.
const COUNTED_ROWS_MAX: u64 = 10_000;

/// How many hot rows a table has, exactly where few of them matter.
fn hot_rows(jobs: &Jobs, table: StorageId, options: &TableOptions) -> Result<u64> {
    let store = &jobs.store;
    let counted = match options.flush_rows.unwrap_or(jobs.defaults.flush_rows) {
        0 => return Ok(store.count_hot_rows(table, 1)?),
        limit if limit <= COUNTED_ROWS_MAX => return Ok(store.count_hot_rows(table, limit)?),
        _ => store.count_hot_rows(table, 1)?,
    };
    match counted {
        0 => Ok(0),
        _ => Ok((store.hot_rows(table)? as u64).max(counted)),
    }
}

/// Whether a table is flushed but by hand.
fn has_flush_policy(options: &TableOptions, defaults: &Defaults) -> bool {
    options.flush_rows.unwrap_or(defaults.flush_rows) > 0
        || !options.flush_interval.unwrap_or(defaults.flush_interval).is_zero()
}

fn is_flush_due(rows: u64, age: Duration, options: &TableOptions, defaults: &Defaults) -> bool {
    let rows_max = options.flush_rows.unwrap_or(defaults.flush_rows);
    let interval = options.flush_interval.unwrap_or(defaults.flush_interval);
    (rows_max > 0 && rows >= rows_max) || (!interval.is_zero() && age >= interval)
}

/// What counts of a segment.
struct Size {
    bytes: u64,
    live_rows: u64,
    dead_rows: u64,
}

fn is_compaction_due(segments: &[Size], options: &TableOptions, defaults: &Defaults) -> bool {
    let count_max = options.compact_segments.unwrap_or(defaults.compact_segments);
    let deleted_max = options.compact_deleted.unwrap_or(defaults.compact_deleted);
    let small = segments.iter().filter(|s| s.bytes < SMALL_SEGMENT_BYTES).count() as u64;
    let is_worn = |s: &Size| s.dead_rows * 100 >= (s.live_rows + s.dead_rows) * deleted_max;
    (count_max > 0 && small >= count_max.max(2))
        || (deleted_max > 0 && segments.iter().any(is_worn))
}

/// Whether cold storage finds something to do.
fn would_compact(jobs: &Jobs, table: &Arc<Relation>, catalog: &Catalog) -> bool {
    let wants = describe(table, catalog).and_then(|t| Ok(jobs.store.wants_compaction(&t)?));
    wants.unwrap_or(false)
}

fn segments_by_table(jobs: &Jobs) -> Result<HashMap<StorageId, Vec<Size>>> {
    let mut by_table: HashMap<StorageId, Vec<Size>> = HashMap::new();
    for segment in jobs.store.segments(None)? {
        let (live_rows, dead_rows) = (segment.live_rows, segment.dead_rows);
        let size = Size { bytes: segment.file.bytes, live_rows, dead_rows };
        by_table.entry(segment.table).or_default().push(size);
    }
    Ok(by_table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_says_otherwise_than_the_server() {
        let defaults = Defaults { flush_rows: 10, ..Defaults::default() };
        let due = |rows, age_s, options: &TableOptions| {
            is_flush_due(rows, Duration::from_secs(age_s), options, &defaults)
        };
        let mut options = TableOptions::default();
        assert!(due(10, 0, &options) && !due(9, 1000, &options));
        options.flush_rows = Some(0);
        assert!(!due(1000, 1000, &options));
        options.flush_interval = Some(Duration::from_secs(60));
        assert!(due(1, 60, &options) && !due(1000, 59, &options));
    }

    #[test]
    fn small_and_worn_segments_are_rewritten() {
        let due = |count: usize, bytes, dead_rows| {
            let size = |_| Size { bytes, live_rows: 10 - dead_rows, dead_rows };
            let segments: Vec<Size> = (0..count).map(size).collect();
            is_compaction_due(&segments, &TableOptions::default(), &Defaults::default())
        };
        assert!(!due(0, 1000, 0) && !due(7, 1000, 1));
        assert!(due(8, 1000, 1));
        assert!(!due(8, 64 << 20, 1));
        assert!(due(1, 64 << 20, 2));
    }
}

//! Cold storage: rows that have aged into Parquet segments and are rows all the same.
//!
//! A row is hot or cold, never both: its key is in [`Rows`](super::Space::Rows), with the row, or in
//! [`Locators`](super::Space::Locators), with the segment and the position in it. Manifest, locators
//! and deletion vectors ([`Deletes`](super::Space::Deletes)) are in RocksDB, so one snapshot fixes
//! both tiers, and whatever changes them is a transaction like any other. Everything above reads rows
//! through [`ReadView`](super::ReadView) and [`Txn`](super::Txn), which give a cold row as the bytes
//! that it had when it was hot.
//!
//! ```text
//!              rows         locators     deletes   segment 7
//!   insert     a=…  b=…
//!   flush                   a→7:0 b→7:1             0: a  1: b
//!   update b   b=…          a→7:0         7:1       0: a  1: b (dead)
//!   delete a   b=…                        7:0 7:1   0: a (dead)  1: b (dead)
//! ```
//!
//! Who may change where a row is:
//! - A transaction that writes a row holds its lock; as it writes, it takes the locator away and marks
//!   the row dead in its segment, in its own write set ([`Txn::put`](super::Txn::put)).
//!   Reason: commit and rollback, savepoints and snapshots then need nothing of their own.
//! - A flush and a compaction move rows in steps. A step is a transaction that locks its rows without
//!   waiting and moves those that are as they were when they were copied.
//!   Reason: a writer's view of where its row is stays true until it commits.
//!
//! Files are written before anything refers to them, and deleted after no snapshot does
//! ([`sweep`]). A storage that cannot be reached makes reads of its rows fail, and nothing else.

mod blocks;
mod cache;
mod columns;
mod compact;
mod fetch;
mod flush;
mod manifest;
mod pace;
mod part;
mod place;
mod publish;
mod segment;
mod sweep;
#[cfg(test)]
mod tests;
mod tier;
mod writer;
mod written;

pub use columns::{SEQ_ID, SegmentColumn, UPDATED_ID, XMIN_ID, field_id, text_value};
pub use flush::Outcome;
pub use manifest::{FilePath, SegmentFile};
pub use part::ColdPart;
pub use place::Place;
pub use segment::{Caching, OpenSegment, StoredValue};
pub use writer::BLOCK_ROWS;

pub(super) use manifest::Locator;
pub(super) use sweep::{segments_to_drop, start};
pub(super) use tier::TierScan;

use super::keys::{self, SegmentId};
use super::{Result, RowLayout, StorageError, StorageId, Store};
use crate::types::Oid;
use cache::ColumnCache;
use columns::Columns;
use dashmap::DashMap;
use manifest::{Entry, Places};
use parking_lot::{Condvar, Mutex, RwLock};
use quick_cache::{Weighter, sync::Cache};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;
use written::Written;

/// Bytes of footers and page indexes that are kept.
const OPEN_BYTES_MAX: u64 = 128 << 20;
/// What an open segment counts at least: each is an open file, of which a process has few.
const OPEN_BYTES_MIN: u64 = 256 << 10;
/// Segments that may be open, therefore.
const OPEN_SEGMENTS: usize = (OPEN_BYTES_MAX / OPEN_BYTES_MIN) as usize;

/// Sessions from this number on are those of flushes and compactions; backends' are process ids.
pub(super) const FIRST_SESSION: u32 = 1 << 31;

/// How soon a job that waits for another notices that it is to stop.
const CANCEL_INTERVAL: Duration = Duration::from_millis(100);

/// What a flush or a compaction must know of a table.
pub struct ColdTable {
    pub table: StorageId,
    /// The table's current layout, in this schema version.
    pub layout: RowLayout,
    pub version: u32,
    /// By attribute number, dropped ones included.
    pub columns: Vec<SegmentColumn>,
    /// Positions of the primary key's columns.
    pub key: Vec<usize>,
    /// Whether rows' keys are more than these columns' values, or others.
    pub stored_key: bool,
    /// The storage new segments go to (0: the data directory), and the path in it they lie under.
    pub storage: Oid,
    pub path: String,
}

impl ColdTable {
    fn columns(&self) -> Columns {
        let (user, version) = (self.columns.clone(), self.version);
        Columns { user, stored_key: self.stored_key, stored_xmin: false, version }
    }
}

/// How a job is getting on, and whether it is to stop.
#[derive(Default)]
pub struct Work {
    pub cancel: AtomicBool,
    pub rows: AtomicU64,
    pub bytes: AtomicU64,
}

impl Work {
    fn check(&self) -> Result<()> {
        match self.cancel.load(Ordering::Relaxed) {
            true => Err(StorageError::Canceled),
            false => Ok(()),
        }
    }

    fn add(&self, rows: u64, bytes: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// A segment as `system.segments` shows it.
#[derive(Clone, Debug)]
pub struct SegmentInfo {
    pub table: StorageId,
    pub segment: SegmentId,
    pub file: SegmentFile,
    /// Rows that are the table's, and those among the file's that are not.
    pub live_rows: u64,
    pub dead_rows: u64,
}

/// What the store knows of its cold rows, besides what is in RocksDB.
pub(super) struct Cold {
    /// Tables that may have cold rows. It only grows: a table that lost its last segment costs a
    /// lookup.
    tables: RwLock<HashSet<StorageId>>,
    open: Cache<SegmentId, Arc<OpenSegment>, ByMemory>,
    columns: Arc<ColumnCache>,
    places: Places,
    /// Where files are written before they are moved to their place.
    scratch: PathBuf,
    /// Segments whose files are being written: garbage that must stay.
    writing: Mutex<HashSet<SegmentId>>,
    /// Tables with a flush or a compaction at work.
    busy: Mutex<HashSet<StorageId>>,
    let_go: Condvar,
    /// Rows written since a flush of their table began.
    pub(super) written: Written,
    /// Relations that were dropped since the start: no step may bring them back.
    pub(super) dropped: RwLock<HashSet<StorageId>>,
    /// Tables of whose hot rows many have moved: what is left of them slows down scans.
    emptied: Mutex<HashSet<StorageId>>,
    /// Garbage, with RocksDB's number when it became that: older snapshots may need it.
    retired: DashMap<SegmentId, u64>,
    next_session: AtomicU32,
}

#[derive(Clone)]
struct ByMemory;

impl Weighter<SegmentId, Arc<OpenSegment>> for ByMemory {
    fn weight(&self, _id: &SegmentId, segment: &Arc<OpenSegment>) -> u64 {
        segment.memory().max(OPEN_BYTES_MIN)
    }
}

impl Cold {
    /// For a data directory, whose own segments lie below `cold`; so many bytes of decoded columns are
    /// kept.
    pub fn new(dir: &Path, cache_bytes: u64) -> Cold {
        let places = Places::default();
        places.insert(0, Place::Directory(dir.join("cold")));
        Cold {
            tables: RwLock::default(),
            open: Cache::with_weighter(OPEN_SEGMENTS, OPEN_BYTES_MAX, ByMemory),
            columns: Arc::new(ColumnCache::new(cache_bytes)),
            places,
            scratch: dir.join("scratch"),
            writing: Mutex::default(),
            busy: Mutex::default(),
            let_go: Condvar::new(),
            written: Written::default(),
            dropped: RwLock::default(),
            emptied: Mutex::default(),
            retired: DashMap::new(),
            next_session: AtomicU32::new(FIRST_SESSION),
        }
    }

    /// Whether a table may have cold rows.
    pub fn has(&self, table: StorageId) -> bool {
        self.tables.read().contains(&table)
    }

    /// Whether the table that a row's key belongs to may have cold rows.
    pub fn has_table_of(&self, key: &[u8]) -> bool {
        let tables = self.tables.read();
        !tables.is_empty() && keys::storage_id(key).is_some_and(|table| tables.contains(&table))
    }

    pub fn add_table(&self, table: StorageId) {
        self.tables.write().insert(table);
    }

    /// A segment, open; `file` describes it where it is not open yet.
    fn open(
        &self,
        segment: SegmentId,
        file: impl FnOnce() -> Result<SegmentFile>,
    ) -> Result<Arc<OpenSegment>> {
        self.open.get_or_insert_with(&segment, || {
            let file = file()?;
            let place = self.place(file.file.storage)?;
            OpenSegment::open(segment, file, &place, self.columns.clone()).map(Arc::new)
        })
    }

    fn place(&self, storage: Oid) -> Result<Place> {
        let found = self.places.get(&storage).map(|place| place.clone());
        found.ok_or_else(|| StorageError::Io(format!("storage {storage} is not known")))
    }

    /// A session of its own for each job: locks of one session do not conflict.
    fn session(&self) -> u32 {
        self.next_session.fetch_add(1, Ordering::Relaxed) | FIRST_SESSION
    }
}

/// Keeps other jobs off a table.
struct Busy<'a>(&'a Cold, StorageId);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.busy.lock().remove(&self.1);
        self.0.let_go.notify_all();
    }
}

impl Cold {
    /// Waits until nobody else flushes or compacts the table.
    fn begin(&self, table: StorageId, work: &Work) -> Result<Busy<'_>> {
        let mut busy = self.busy.lock();
        while !busy.insert(table) {
            work.check()?;
            self.let_go.wait_for(&mut busy, CANCEL_INTERVAL);
        }
        Ok(Busy(self, table))
    }
}

impl Store {
    /// Makes a storage's files reachable; `None`: no longer. 0 is the data directory's own.
    pub fn set_place(&self, storage: Oid, place: Option<Place>) {
        match place {
            Some(place) => {
                self.db.cold.places.insert(storage, place);
            }
            None => {
                self.db.cold.places.remove(&storage);
            }
        }
    }

    /// A table's segments (`None`: of all tables) as of now.
    pub fn segments(&self, table: Option<StorageId>) -> Result<Vec<SegmentInfo>> {
        let snapshot = self.snapshot();
        let info = |entry: Entry| {
            let file = entry.file()?;
            let dead = snapshot.dead(entry.segment, entry.from, entry.to)?.len() as u64;
            let live_rows = u64::from(entry.to - entry.from) - dead;
            let dead_rows = u64::from(file.rows) - live_rows;
            Ok(SegmentInfo {
                table: entry.table,
                segment: entry.segment,
                file,
                live_rows,
                dead_rows,
            })
        };
        snapshot.manifest(table)?.into_iter().map(info).collect()
    }

    /// A session id that no client has, for a transaction of a job: locks of one session do not
    /// conflict.
    pub fn background_session(&self) -> u32 {
        self.db.cold.session()
    }

    /// Rows and bytes of a table's segments; rows that died since they were written count.
    pub fn cold_size(&self, table: StorageId) -> Result<(u64, u64)> {
        if !self.db.cold.has(table) {
            return Ok((0, 0));
        }
        let mut total = (0, 0);
        for entry in self.snapshot().manifest(Some(table))? {
            total.0 += u64::from(entry.to - entry.from);
            total.1 += entry.file()?.bytes;
        }
        Ok(total)
    }
}

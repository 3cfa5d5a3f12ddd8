//! Opening a data directory: ours, intact, of a format we know, and not in use.
//!
//! ```text
//!   DIR/FORMAT        "kalamdb data directory", the format's version
//!   DIR/FORMAT.new    the same while the first start is under way; renamed when RocksDB exists
//!   DIR/kalamdb.lock  locked (flock) by the server that has the directory open
//!   DIR/hot/          RocksDB
//!   DIR/cold/         segments of the tables without a storage of their own
//!   DIR/scratch/      files that are being written; emptied at start
//! ```
//!
//! Whatever is refused is left as it was: nothing is created before the checks have passed.

use super::cold::Cold;
use super::{KeyRange, Result, Space, StorageError, StorageId, StoreOptions, options};
use rocksdb::{ColumnFamily, DB};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const MAGIC: &str = "kalamdb data directory";
/// Version of everything stored below the directory. Older formats are converted at start, newer
/// ones refused.
///
/// - 1: RocksDB only.
/// - 2: column families for locators and deletion vectors, segments.
/// - 3: the numbers of transactions in rows and segments.
const FORMAT_VERSION: u32 = 3;

/// How many snapshots RocksDB has, and its number of the oldest.
const SNAPSHOTS: &str = "rocksdb.num-snapshots";
const OLDEST_SNAPSHOT: &str = "rocksdb.oldest-snapshot-sequence";
/// How many entries a family's memtables have, deletions among them.
const MEMTABLE_ENTRIES: [&str; 2] =
    ["rocksdb.num-entries-active-mem-table", "rocksdb.num-entries-imm-mem-tables"];

/// The open RocksDB and the lock that makes it ours.
pub(super) struct Db {
    pub(super) rocks: DB,
    pub(super) cold: Cold,
    /// Held until the database is closed (fields are dropped in this order).
    _lock: File,
}

impl Db {
    pub(super) fn family(&self, space: Space) -> &ColumnFamily {
        self.rocks.cf_handle(space.name()).expect("every space's family was opened")
    }

    /// RocksDB's number of the oldest snapshot: what was written before it, every snapshot shows.
    pub(super) fn oldest_snapshot(&self) -> u64 {
        let now = self.rocks.latest_sequence_number();
        let property = |name| self.rocks.property_int_value(name).ok().flatten();
        match property(SNAPSHOTS) {
            // Nobody looks for anything that is older than now.
            Some(0) => now,
            _ => property(OLDEST_SNAPSHOT).unwrap_or(0),
        }
    }

    /// Entries that are not in files yet, deletions among them.
    pub(super) fn memtable_entries(&self, space: Space) -> u64 {
        let property = |name| self.rocks.property_int_value_cf(self.family(space), name);
        MEMTABLE_ENTRIES.iter().filter_map(|name| property(*name).ok().flatten()).sum()
    }

    /// Gives back the space of files that hold nothing but a relation's entries. They are dropped
    /// whatever snapshot might show them, so the relation must be gone, and that be on disk.
    pub(super) fn delete_files(&self, storage: StorageId) {
        let KeyRange { start, end: Some(end) } = KeyRange::storage(storage) else { return };
        for space in Space::OF_RELATIONS {
            if let Err(error) = self.rocks.delete_file_in_range_cf(self.family(space), &start, &end)
            {
                // Compaction removes the entries sooner or later.
                tracing::warn!(%error, "cannot delete the files of a dropped relation");
            }
        }
    }
}

/// What the directory holds.
enum Found {
    /// Nothing, or a first start that did not finish.
    New,
    /// A data directory of this format.
    Existing(u32),
}

/// Opens the store's database, creating it in a missing or empty directory.
pub(super) fn open(dir: &Path, store_options: &StoreOptions) -> Result<Arc<Db>> {
    let found = inspect(dir)?;
    if let Found::New = found {
        create_dir(dir)?;
    }
    let lock = lock(dir)?;
    // Another server may have finished its first start while we waited for nothing.
    let found = inspect(dir)?;
    let create = matches!(found, Found::New);
    if create {
        write_format(dir)?;
    }
    let hot = dir.join("hot");
    if !create && !hot.join("CURRENT").exists() {
        return Err(bad(dir, "the hot store is missing or damaged"));
    }
    let families = options::families(store_options);
    let rocks = DB::open_cf_descriptors(&options::database(store_options, create)?, &hot, families)
        .map_err(|error| match StorageError::from(error) {
            StorageError::Corrupt(text) => bad(dir, &format!("it is damaged: {text}")),
            StorageError::Io(text) => bad(dir, &text),
            other => other,
        })?;
    // An older format needs nothing but the families, which are there by now.
    if matches!(found, Found::Existing(version) if version < FORMAT_VERSION) {
        write_format(dir)?;
    }
    if !matches!(found, Found::Existing(FORMAT_VERSION)) {
        fs::rename(dir.join("FORMAT.new"), dir.join("FORMAT")).map_err(|e| failed(dir, &e))?;
        sync_dir(dir)?;
    }
    Ok(Arc::new(Db { rocks, cold: Cold::new(dir, store_options.column_cache_bytes), _lock: lock }))
}

fn inspect(dir: &Path) -> Result<Found> {
    match fs::read(dir.join("FORMAT")) {
        Ok(text) => return check_format(dir, &text).map(Found::Existing),
        Err(e) if e.kind() == ErrorKind::NotFound => {}
        Err(e) if e.kind() == ErrorKind::NotADirectory => {
            return Err(bad(dir, "it is not a directory"));
        }
        Err(e) => return Err(failed(dir, &e)),
    }
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Found::New),
        Err(e) => return Err(failed(dir, &e)),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry.map_err(|e| failed(dir, &e))?.file_name());
    }
    // `hot` may only be ours if the first start left its marker.
    let started = names.iter().any(|n| n == "FORMAT.new");
    let ours = |n: &std::ffi::OsString| {
        n == "kalamdb.lock" || n == "FORMAT.new" || n == "lost+found" || (started && n == "hot")
    };
    match names.iter().all(ours) {
        true => Ok(Found::New),
        false => Err(bad(dir, "it is not empty and has no FORMAT file, so it is not KalamDB's")),
    }
}

fn check_format(dir: &Path, text: &[u8]) -> Result<u32> {
    let mut lines = text.split(|&b| b == b'\n');
    if lines.next() != Some(MAGIC.as_bytes()) {
        return Err(bad(dir, "its FORMAT file is not KalamDB's"));
    }
    let version = lines.next().and_then(|line| std::str::from_utf8(line).ok()?.parse::<u32>().ok());
    match version {
        Some(version @ 1..=FORMAT_VERSION) => Ok(version),
        Some(version) => Err(bad(
            dir,
            &format!("it has format {version}, this server knows formats up to {FORMAT_VERSION}"),
        )),
        None => Err(bad(dir, "its FORMAT file is damaged")),
    }
}

fn write_format(dir: &Path) -> Result<()> {
    let write = || {
        let mut file = File::create(dir.join("FORMAT.new"))?;
        write!(file, "{MAGIC}\n{FORMAT_VERSION}\n")?;
        file.sync_all()
    };
    write().map_err(|e| failed(dir, &e))?;
    sync_dir(dir)
}

fn create_dir(dir: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let mut builder = fs::DirBuilder::new();
    // Rows and password verifiers are nobody else's.
    builder.recursive(true).mode(0o700);
    builder.create(dir).map_err(|e| failed(dir, &e))
}

fn lock(dir: &Path) -> Result<File> {
    let path = dir.join("kalamdb.lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|e| failed(dir, &e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StorageError::InUse(dir.to_path_buf())),
        Err(TryLockError::Error(e)) => Err(failed(dir, &e)),
    }
}

fn sync_dir(dir: &Path) -> Result<()> {
    File::open(dir).and_then(|d| d.sync_all()).map_err(|e| failed(dir, &e))
}

fn bad(dir: &Path, reason: &str) -> StorageError {
    StorageError::BadDirectory { path: PathBuf::from(dir), reason: reason.to_string() }
}

fn failed(dir: &Path, error: &std::io::Error) -> StorageError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            StorageError::DiskFull(error.to_string())
        }
        _ => bad(dir, &error.to_string()),
    }
}

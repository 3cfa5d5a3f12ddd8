//! Flush: hot rows become a segment.
//!
//! Rows committed before the flush began are copied from a snapshot, in key order, into files of at
//! most [`SEGMENT_ROWS_MAX`] rows; each file is made a segment ([`super::publish`]) while the next is
//! written. A crash or an error loses the files that are no segments yet and nothing else: their rows
//! are hot, and the next flush takes them.

use super::columns::{Columns, Form, Misfit};
use super::manifest::{Entry, FilePath, SegmentFile};
use super::pace::Pace;
use super::publish::{Origin, Publisher};
use super::writer::{Pushed, SEGMENT_ROWS_MAX, SegmentWriter, Written};
use super::{Cold, ColdTable, Work};
use crate::storage::counters::Counter;
use crate::storage::fault::CrashPoint;
use crate::storage::keys::{self, SegmentId, successor};
use crate::storage::{Key, KeyRange, Result, RowLayout, Space, Store, row};
use bytes::Bytes;
use rocksdb::WriteOptions;
use std::fs;
use std::sync::{Arc, mpsc};

/// Rows written between two looks at whether, and how fast, to go on.
const LOOK_EVERY: u32 = 4096;
/// Moved rows that are worth a compaction of where they were.
const EMPTIED_ROWS: u64 = 10_000;

/// What a flush or a compaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Rows that changed their place.
    pub rows: u64,
    /// Bytes of the new segments.
    pub bytes: u64,
    pub segments: u64,
}

/// Rows for a segment, in key order.
pub(super) trait RowSource {
    /// Goes back to the first row.
    fn restart(&mut self) -> Result<()>;
    /// The next row: its key with the storage id, and the stored row.
    fn next(&mut self) -> Result<Option<(&[u8], &[u8])>>;
}

/// A file in its place that is no segment yet.
pub(super) struct Placed {
    pub segment: SegmentId,
    pub file: SegmentFile,
    /// The greatest key in it.
    pub last_key: Bytes,
    _guard: Writing,
}

/// Keeps a file that is no segment yet from being swept.
pub(super) struct Writing(Arc<Store>, SegmentId);

impl Drop for Writing {
    fn drop(&mut self) {
        self.0.db.cold.writing.lock().remove(&self.1);
    }
}

impl Store {
    /// Moves a table's rows, as of now, into segments: at most `rows_max` of them. Rows that somebody
    /// has locked or changes meanwhile stay. To be called on a thread that may wait.
    pub fn flush(
        self: &Arc<Self>,
        table: &ColdTable,
        rows_max: Option<u64>,
        work: &Work,
    ) -> Result<Outcome> {
        let cold = &self.db.cold;
        let _alone = cold.begin(table.table, work)?;
        let watch = cold.written.watch(table.table);
        // A commit that has not seen the watch could otherwise come after the copy.
        self.sequencer.await_writing();
        let mut outcome = Outcome::default();
        // The next file is written while the rows of the one before are moved.
        std::thread::scope(|scope| {
            let (sender, placed) = mpsc::sync_channel(0);
            scope.spawn(move || {
                let written = quietly(|| self.write_files(table, rows_max, work, &sender));
                if let Err(error) = written {
                    // Whoever receives may have failed, and gone.
                    let _ = sender.send(Err(error));
                }
            });
            placed.into_iter().try_for_each(|placed| -> Result<()> {
                let placed = placed?;
                let entry = &mut Entry::new(table.table, placed.segment, &placed.file);
                let segment = cold.open(placed.segment, || Ok(placed.file.clone()))?;
                let publisher = Publisher { store: self, table, segment: &segment, work };
                outcome.rows += publisher.publish(entry, Origin::Hot(&watch))?;
                outcome.bytes += placed.file.bytes;
                outcome.segments += 1;
                Ok(())
            })
        })?;
        if outcome.rows >= EMPTIED_ROWS {
            cold.emptied.lock().insert(table.table);
        }
        Ok(outcome)
    }

    /// Writes one file after the other until all rows are copied, or nobody takes them any more.
    fn write_files(
        self: &Arc<Self>,
        table: &ColdTable,
        rows_max: Option<u64>,
        work: &Work,
        placed: &mpsc::SyncSender<Result<Placed>>,
    ) -> Result<()> {
        let newest = self.last_seq();
        let mut start = KeyRange::storage(table.table).start;
        let mut left = rows_max.unwrap_or(u64::MAX);
        loop {
            let rows = u32::try_from(left).unwrap_or(u32::MAX).min(SEGMENT_ROWS_MAX);
            let mut hot = HotRows::new(self, table, start, newest);
            let Some(file) = self.place_file(table, &mut hot, rows, work)? else { return Ok(()) };
            left -= u64::from(file.file.rows);
            let next = successor(&file.last_key);
            match (placed.send(Ok(file)), next) {
                (Ok(()), Some(next)) => start = next.into(),
                _ => return Ok(()),
            }
        }
    }

    /// Writes a file of at most `rows_max` rows and puts it where it belongs; `None`: no rows.
    pub(super) fn place_file(
        self: &Arc<Self>,
        table: &ColdTable,
        rows: &mut dyn RowSource,
        rows_max: u32,
        work: &Work,
    ) -> Result<Option<Placed>> {
        if rows_max == 0 || rows.next()?.is_none() {
            return Ok(None);
        }
        let segment = self.counters.next(Counter::Segment)?;
        let path = format!("{}/{segment:010}-{:08x}.parquet", table.path, rand::random::<u32>());
        let file = FilePath { storage: table.storage, path };
        let place = self.db.cold.place(table.storage)?;
        let guard = self.announce(segment, &file)?;
        self.reach(CrashPoint::FileAnnounced);
        let scratch = self.db.cold.scratch.join(format!("{segment}.parquet"));
        let pace = &mut Pace::start(self);
        let written = write_file(table, rows, rows_max, &scratch, work, pace);
        let placed = written.and_then(|(written, last_key)| {
            self.reach(CrashPoint::FileWritten);
            place.take_file(&written.path, &file.path)?;
            self.reach(CrashPoint::FilePlaced);
            work.add(0, written.bytes);
            let Written { rows, bytes, checksums, .. } = written;
            let file = SegmentFile { file, bytes, rows, version: table.version, checksums };
            Ok(Placed { segment, file, last_key, _guard: guard })
        });
        if placed.is_err() {
            // It may not even exist.
            let _ = fs::remove_file(&scratch);
        }
        placed.map(Some)
    }

    /// Remembers, on disk, that a file is going to be written.
    fn announce(self: &Arc<Self>, segment: SegmentId, file: &FilePath) -> Result<Writing> {
        self.db.cold.writing.lock().insert(segment);
        let guard = Writing(Arc::clone(self), segment);
        let mut options = WriteOptions::default();
        options.set_sync(true);
        let key = Key::Garbage { segment }.encode();
        let meta = self.db.family(Space::Meta);
        self.db.rocks.put_cf_opt(meta, key, file.encode(), &options)?;
        Ok(guard)
    }
}

/// Writes rows into a local file; starts again where a column turns out to need text, or rows their
/// transactions' numbers.
fn write_file(
    table: &ColdTable,
    rows: &mut dyn RowSource,
    rows_max: u32,
    scratch: &std::path::Path,
    work: &Work,
    pace: &mut Pace<'_>,
) -> Result<(Written, Bytes)> {
    let mut columns = table.columns();
    loop {
        rows.restart()?;
        match try_write(table, &columns, rows, rows_max, scratch, work, pace)? {
            Ok(written) => return Ok(written),
            Err(Misfit::Value(column)) => columns.user[column].form = Form::Text,
            Err(Misfit::Xmin) => columns.stored_xmin = true,
        }
    }
}

fn try_write(
    table: &ColdTable,
    columns: &Columns,
    rows: &mut dyn RowSource,
    rows_max: u32,
    scratch: &std::path::Path,
    work: &Work,
    pace: &mut Pace<'_>,
) -> Result<Result<(Written, Bytes), Misfit>> {
    let layout: &RowLayout = &table.layout;
    let mut writer = SegmentWriter::create(scratch, columns, &table.key)?;
    let mut last = Vec::new();
    while writer.rows() < rows_max
        && let Some((key, value)) = rows.next()?
    {
        if writer.rows() % LOOK_EVERY == 0 {
            work.check()?;
            pace.rest(LOOK_EVERY);
        }
        match writer.push(keys::suffix(key), &layout.row(value)?) {
            Ok(Pushed::Taken) => {}
            Ok(Pushed::Failed) => break,
            Err(misfit) => return Ok(Err(misfit)),
        }
        last.clear();
        last.extend_from_slice(key);
    }
    Ok(Ok((writer.finish()?, last.into())))
}

/// Runs with a low priority, which the thread keeps: encoding and compressing should take what
/// sessions leave, and some even if they leave nothing.
pub(super) fn quietly<T>(f: impl FnOnce() -> T) -> T {
    const LOW: libc::c_int = 10;
    // SAFETY: the call has no memory arguments; 0 is the calling thread.
    let lowered = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, LOW) };
    if lowered != 0 {
        tracing::debug!("the priority of a flush could not be lowered");
    }
    f()
}

/// Hot rows committed up to a moment, of a version that the table's layout knows.
struct HotRows<'a> {
    store: &'a Arc<Store>,
    table: &'a ColdTable,
    start: Bytes,
    newest: u64,
    scan: Option<crate::storage::snapshot::SnapshotScan>,
    /// The current entry was given.
    given: bool,
}

impl<'a> HotRows<'a> {
    fn new(store: &'a Arc<Store>, table: &'a ColdTable, start: Bytes, newest: u64) -> HotRows<'a> {
        HotRows { store, table, start, newest, scan: None, given: false }
    }
}

impl RowSource for HotRows<'_> {
    fn restart(&mut self) -> Result<()> {
        let end = KeyRange::storage(self.table.table).end;
        let range = KeyRange { start: self.start.clone(), end };
        self.scan = Some(self.store.snapshot().scan_once(Space::Rows, &range));
        self.given = false;
        Ok(())
    }

    fn next(&mut self) -> Result<Option<(&[u8], &[u8])>> {
        if self.scan.is_none() {
            self.restart()?;
        }
        let scan = self.scan.as_mut().expect("started above");
        loop {
            if std::mem::replace(&mut self.given, true) {
                scan.advance();
            }
            if !scan.valid()? {
                return Ok(None);
            }
            let Some((_, value)) = scan.entry() else { return Ok(None) };
            // Rows of a newer version wait for a flush that knows it.
            let known = row::schema_version(value) <= self.table.version;
            if known && row::seq(value) <= self.newest {
                break;
            }
        }
        Ok(scan.entry())
    }
}

impl Cold {
    /// Empties the directory for files being written.
    pub(super) fn clear_scratch(&self) -> std::io::Result<()> {
        match fs::remove_dir_all(&self.scratch) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        fs::create_dir_all(&self.scratch)
    }
}

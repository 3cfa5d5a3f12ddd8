//! Writing a segment: rows in, a finished local file out.
//!
//! The file is complete and on disk before anybody else hears of it. Rows come in key order; whoever
//! pushes them makes batches, and a thread beside encodes these. Memory holds a few batches and
//! Parquet's row group of encoded pages.

use super::blocks::{ChecksumWriter, from_parquet, into_parquet};
use super::columns::{BatchBuilder, Columns, Misfit, SEQ_ID, UPDATED_ID, field_id};
use super::place::failed;
use crate::storage::{Result, RowRef, StorageError};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{DataType, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::{self, JoinHandle};

/// Version of the segments' format; readers refuse newer ones.
pub(super) const FORMAT_VERSION: &str = "1";
/// Keys of the file's metadata.
pub(super) const FORMAT_KEY: &str = "kalamdb.format";
pub(super) const COLUMNS_KEY: &str = "kalamdb.columns";

/// Rows of a segment at most: what one compaction step rewrites.
pub(super) const SEGMENT_ROWS_MAX: u32 = 1 << 20;
/// Rows of a row group: what one thread of a scan takes at a time, and one bloom filter covers.
const ROW_GROUP_ROWS: usize = 1 << 17;
/// Rows that are decoded together, and of a page.
pub const BLOCK_ROWS: u32 = 4096;
/// Bytes from which a page is cut nevertheless: the page index tells less of blocks then.
const PAGE_BYTES: usize = 4 << 20;
/// Bytes of a dictionary, which the first block that is decoded pays for. A column that needs more has
/// many values: other encodings suit it as well.
const DICTIONARY_BYTES: usize = 16 << 10;
/// Rows between two looks at a page's size.
const PAGE_LOOK_ROWS: usize = 512;
const BATCH_ROWS: usize = BLOCK_ROWS as usize;
/// Batches that may wait for the encoder.
const BATCHES_AHEAD: usize = 2;
/// The share of lookups of absent values that a bloom filter lets through.
const BLOOM_FPP: f64 = 0.01;
/// More costs much time and saves little space.
const ZSTD_LEVEL: i32 = 1;

type Sink = ChecksumWriter<BufWriter<File>>;

pub(super) struct SegmentWriter {
    path: PathBuf,
    batch: BatchBuilder,
    rows: u32,
    /// `None`: the file has ended.
    encoder: Option<Encoder>,
}

struct Encoder {
    /// `None` completes the file.
    batches: SyncSender<Option<RecordBatch>>,
    thread: JoinHandle<Result<(u64, Vec<u32>)>>,
}

/// A file with its checksums.
pub(super) struct Written {
    pub path: PathBuf,
    pub rows: u32,
    pub bytes: u64,
    pub checksums: Vec<u32>,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    Taken,
    /// There is no use in going on: the file cannot be written.
    Failed,
}

impl SegmentWriter {
    /// `key`: positions of the primary key's columns.
    pub fn create(path: &Path, columns: &Columns, key: &[usize]) -> Result<SegmentWriter> {
        let file = File::create(path).map_err(|e| io(path, &e))?;
        let sink = ChecksumWriter::new(BufWriter::with_capacity(1 << 20, file));
        let schema = columns.schema();
        let properties = properties(columns, &schema, key);
        let writer = ArrowWriter::try_new(sink, schema, Some(properties))
            .map_err(|e| from_parquet(e, &path.to_string_lossy()))?;
        let (batches, receiver) = mpsc::sync_channel(BATCHES_AHEAD);
        let at = path.to_owned();
        let thread = thread::Builder::new()
            .name("encoder".to_owned())
            .spawn(move || encode(writer, &receiver, &at))
            .map_err(|e| io(path, &e))?;
        let batch = BatchBuilder::new(columns, BATCH_ROWS);
        let encoder = Some(Encoder { batches, thread });
        Ok(SegmentWriter { path: path.to_owned(), batch, rows: 0, encoder })
    }

    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// Adds a row. Where encoding has failed, [`SegmentWriter::finish`] tells.
    pub fn push(&mut self, key: &[u8], row: &RowRef<'_>) -> Result<Pushed, Misfit> {
        self.batch.push(key, row)?;
        self.rows += 1;
        match self.batch.rows() == BATCH_ROWS && !self.send() {
            true => Ok(Pushed::Failed),
            false => Ok(Pushed::Taken),
        }
    }

    /// Hands the batch over; `false`: encoding has failed.
    fn send(&mut self) -> bool {
        let batch = self.batch.finish();
        self.encoder.as_ref().is_some_and(|encoder| encoder.batches.send(Some(batch)).is_ok())
    }

    /// Completes the file and syncs it.
    pub fn finish(mut self) -> Result<Written> {
        if self.batch.rows() > 0 {
            self.send();
        }
        let (bytes, checksums) = self.end(true)?;
        Ok(Written { path: self.path.clone(), rows: self.rows, bytes, checksums })
    }

    /// Waits until nobody writes the file any more.
    fn end(&mut self, complete: bool) -> Result<(u64, Vec<u32>)> {
        let failed =
            || StorageError::Io(format!("\"{}\" could not be encoded", self.path.display()));
        let Some(Encoder { batches, thread }) = self.encoder.take() else { return Err(failed()) };
        if complete {
            // If the encoder has failed it says so itself.
            let _ = batches.send(None);
        }
        drop(batches);
        thread.join().map_err(|_| failed())?
    }
}

impl Drop for SegmentWriter {
    fn drop(&mut self) {
        // The file is given up; whoever tries anew writes to the same path.
        let _ = self.end(false);
    }
}

/// Encodes batches until the file is complete, or given up.
fn encode(
    mut writer: ArrowWriter<Sink>,
    batches: &Receiver<Option<RecordBatch>>,
    path: &Path,
) -> Result<(u64, Vec<u32>)> {
    loop {
        match batches.recv() {
            Ok(Some(batch)) => writer.write(&batch).map_err(|e| write_error(e, path))?,
            Ok(None) => break,
            Err(_) => return Ok((0, Vec::new())),
        }
    }
    // Writes the footer.
    let sink = writer.into_inner().map_err(|e| write_error(e, path))?;
    let (buffer, bytes, checksums) = sink.finish();
    let synced = buffer.into_inner().map_err(|e| e.into_error()).and_then(|f| f.sync_all());
    synced.map_err(|e| io(path, &e))?;
    Ok((bytes, checksums))
}

/// A failed write: the disk's error is inside Parquet's.
fn write_error(error: ParquetError, path: &Path) -> StorageError {
    match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(error) => io(path, &error),
            Err(other) => from_parquet(ParquetError::External(other), &path.to_string_lossy()),
        },
        other => into_io(other, path),
    }
}

fn into_io(error: ParquetError, path: &Path) -> StorageError {
    from_parquet(into_parquet(StorageError::Io(error.to_string())), &path.to_string_lossy())
}

fn io(path: &Path, error: &std::io::Error) -> StorageError {
    failed(&path.to_string_lossy(), error)
}

fn properties(columns: &Columns, schema: &Schema, key: &[usize]) -> WriterProperties {
    let described = serde_json::to_string(columns).expect("columns are plain data");
    let metadata = vec![
        KeyValue::new(FORMAT_KEY.to_owned(), FORMAT_VERSION.to_owned()),
        KeyValue::new(COLUMNS_KEY.to_owned(), described),
    ];
    let level = ZstdLevel::try_new(ZSTD_LEVEL).expect("zstd has this level");
    let key_ids: Vec<i32> = key.iter().map(|at| i32::from(columns.user[*at].attno)).collect();
    let position_of = |id: i32| schema.fields().iter().position(|f| field_id(f) == Some(id));
    let sorted_by = if columns.stored_key { &[] } else { &key_ids[..] };
    let sorted = sorted_by.iter().filter_map(|id| position_of(*id)).map(|at| SortingColumn {
        column_idx: i32::try_from(at).expect("tables have at most 1600 columns"),
        descending: false,
        nulls_first: false,
    });
    let mut builder = WriterProperties::builder()
        .set_created_by(format!("kalamdb {}", env!("CARGO_PKG_VERSION")))
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(BLOCK_ROWS as usize)
        .set_data_page_size_limit(PAGE_BYTES)
        .set_dictionary_page_size_limit(DICTIONARY_BYTES)
        .set_write_batch_size(PAGE_LOOK_ROWS)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_key_value_metadata(Some(metadata))
        .set_sorting_columns(Some(sorted.collect()));
    for field in schema.fields() {
        let path = ColumnPath::from(vec![field.name().clone()]);
        let id = field_id(field).unwrap_or(0);
        builder = builder.set_column_encoding(path.clone(), encoding(field.data_type()));
        // Nearly every value is new, or follows from the one before.
        if id >= SEQ_ID || key_ids.contains(&id) {
            builder = builder.set_column_dictionary_enabled(path.clone(), false);
        }
        if id == UPDATED_ID || key_ids.contains(&id) {
            builder = builder
                .set_column_bloom_filter_enabled(path.clone(), true)
                .set_column_bloom_filter_fpp(path.clone(), BLOOM_FPP)
                .set_column_bloom_filter_max_ndv(path, ROW_GROUP_ROWS as u64);
        }
    }
    builder.build()
}

/// The encoding where a dictionary does not pay.
fn encoding(data_type: &DataType) -> Encoding {
    match data_type {
        DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt32
        | DataType::Date32
        | DataType::Time64(_)
        | DataType::Timestamp(..)
        | DataType::Decimal128(..=18, _) => Encoding::DELTA_BINARY_PACKED,
        DataType::Utf8View | DataType::BinaryView => Encoding::DELTA_LENGTH_BYTE_ARRAY,
        DataType::Binary => Encoding::DELTA_BYTE_ARRAY,
        _ => Encoding::PLAIN,
    }
}

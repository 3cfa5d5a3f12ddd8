//! An open segment, and its rows one by one.
//!
//! Open segments are kept: the footer and the page index are read and parsed once. A row is read by
//! its position; only the pages that hold it are read and decompressed. Whoever reads many rows in
//! order keeps a [`RowCursor`], which decodes ahead.

use super::blocks::{Blocks, from_parquet, into_parquet};
use super::columns::{Columns, RowMaker, SEQ_ID, field_id};
use super::manifest::SegmentFile;
use super::place::Place;
use super::writer::{COLUMNS_KEY, FORMAT_KEY, FORMAT_VERSION};
use crate::storage::keys::SegmentId;
use crate::storage::{Result, StorageError};
use crate::types::key;
use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::Int64Type;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder, RowSelection, RowSelector,
};
use parquet::basic::Type;
use parquet::bloom_filter::Sbbf;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
use std::sync::Arc;

/// Rows that a cursor decodes at first; each further batch doubles, to [`BATCH_ROWS_MAX`].
const BATCH_ROWS_MIN: usize = 16;
const BATCH_ROWS_MAX: usize = 2048;

/// A value as Parquet has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredNumber {
    Int32(i32),
    Int64(i64),
}

/// A segment with its footer read.
pub struct OpenSegment {
    pub id: SegmentId,
    pub file: SegmentFile,
    pub(super) blocks: Blocks,
    pub(super) metadata: ArrowReaderMetadata,
    pub(super) columns: Arc<Columns>,
}

impl OpenSegment {
    pub(super) fn open(id: SegmentId, file: SegmentFile, place: &Place) -> Result<OpenSegment> {
        let path = file.file.path.clone();
        let object = place.open(&path)?;
        let blocks = Blocks::new(object, path.clone(), file.bytes, file.checksums.clone());
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
        let metadata =
            ArrowReaderMetadata::load(&blocks, options).map_err(|e| from_parquet(e, &path))?;
        let columns = Arc::new(described(metadata.metadata(), &path)?);
        let rows = metadata.metadata().file_metadata().num_rows();
        if rows != i64::from(file.rows) || metadata.schema().fields() != columns.schema().fields() {
            return Err(StorageError::Corrupt(format!("\"{path}\" is not the segment described")));
        }
        Ok(OpenSegment { id, file, blocks, metadata, columns })
    }

    /// What Parquet says of the file, page index included.
    pub fn parquet(&self) -> &Arc<ParquetMetaData> {
        self.metadata.metadata()
    }

    /// Bytes of the file.
    pub fn read(&self, range: std::ops::Range<u64>) -> parquet::errors::Result<bytes::Bytes> {
        self.blocks.read(range).map_err(into_parquet)
    }

    /// Whether a row group may have a value in a column, by its bloom filter; yes where there is none.
    pub fn may_have(&self, row_group: usize, id: i32, value: StoredNumber) -> bool {
        let fields = self.metadata.schema().fields();
        let Some(at) = fields.iter().position(|f| field_id(f) == Some(id)) else { return true };
        let column = self.parquet().row_group(row_group).column(at);
        let physical = match value {
            StoredNumber::Int32(_) => Type::INT32,
            StoredNumber::Int64(_) => Type::INT64,
        };
        if column.column_type() != physical {
            return true;
        }
        match Sbbf::read_from_column_chunk(column, &self.blocks) {
            Ok(Some(filter)) => match value {
                StoredNumber::Int32(value) => filter.check(&value),
                StoredNumber::Int64(value) => filter.check(&value),
            },
            // The read of the rows will tell what is wrong with the file.
            Ok(None) | Err(_) => true,
        }
    }

    /// Bytes that keeping it open costs, roughly.
    pub(super) fn memory(&self) -> u64 {
        (self.parquet().memory_size() + 4 * self.file.checksums.len() + 4096) as u64
    }

    /// The path, for errors.
    pub fn path(&self) -> &str {
        &self.file.file.path
    }

    /// Reads `rows` rows from the position `from` on, of the fields named.
    fn reader(
        &self,
        from: u32,
        rows: usize,
        batch_rows: usize,
        fields: Option<&[usize]>,
    ) -> Result<ParquetRecordBatchReader> {
        // Row groups outside are not even looked at: only the first one's rows are skipped.
        let (mut groups, mut skip, mut before) = (Vec::new(), 0, 0);
        let (from, end) = (from as usize, from as usize + rows);
        for (number, group) in self.parquet().row_groups().iter().enumerate() {
            let after = before + usize::try_from(group.num_rows()).unwrap_or(0);
            if before < end && after > from {
                if groups.is_empty() {
                    skip = from - before;
                }
                groups.push(number);
            }
            before = after;
        }
        let selection =
            RowSelection::from(vec![RowSelector::skip(skip), RowSelector::select(rows)]);
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(
            self.blocks.clone(),
            self.metadata.clone(),
        );
        let mask = match fields {
            Some(fields) => {
                let schema = self.parquet().file_metadata().schema_descr();
                ProjectionMask::roots(schema, fields.iter().copied())
            }
            None => ProjectionMask::all(),
        };
        builder
            .with_projection(mask)
            .with_row_groups(groups)
            .with_row_selection(selection)
            .with_batch_size(batch_rows)
            .build()
            .map_err(|e| from_parquet(e, self.path()))
    }

    /// The stored row at a position.
    pub(super) fn row(&self, position: u32) -> Result<Vec<u8>> {
        let mut reader = self.reader(position, 1, 1, None)?;
        let batch = self.next_batch(&mut reader)?;
        let mut out = Vec::with_capacity(256);
        RowMaker::new(&self.columns).encode(&batch, 0, &mut out)?;
        Ok(out)
    }

    fn next_batch(&self, reader: &mut ParquetRecordBatchReader) -> Result<RecordBatch> {
        match reader.next() {
            Some(Ok(batch)) if batch.num_rows() > 0 => Ok(batch),
            Some(Err(error)) => Err(from_parquet(error.into(), self.path())),
            _ => Err(StorageError::Corrupt(format!("\"{}\" has too few rows", self.path()))),
        }
    }

    /// Calls `f` with the key suffix and `_seq` of each row from `from` on, in order. `key`: the
    /// positions of the primary key's columns.
    pub(super) fn keys(
        &self,
        from: u32,
        key: &[usize],
        mut f: impl FnMut(&[u8], u64) -> Result<()>,
    ) -> Result<()> {
        let schema = self.metadata.schema();
        let field = |id: i32| schema.fields().iter().position(|f| field_id(f) == Some(id));
        let of_key = key.iter().map(|at| field((at + 1) as i32));
        let of_key: Option<Vec<usize>> = of_key.collect();
        let mut fields = vec![field(SEQ_ID).unwrap_or(0)];
        match of_key {
            Some(of_key) if !self.columns.stored_key => fields.extend(of_key),
            _ => fields.push(self.columns.first_user_field() - 1),
        }
        let rows = (self.file.rows - from) as usize;
        let reader = self.reader(from, rows, BATCH_ROWS_MAX, Some(&fields))?;
        // The batches have the file's order of columns.
        let mut order = fields.clone();
        order.sort_unstable();
        let place = |field: &usize| order.iter().position(|f| f == field).unwrap_or(0);
        let mut suffix = Vec::with_capacity(32);
        for batch in reader {
            let batch = batch.map_err(|e| from_parquet(e.into(), self.path()))?;
            let seqs = batch.column(place(&fields[0])).as_primitive::<Int64Type>();
            for at in 0..batch.num_rows() {
                suffix.clear();
                if self.columns.stored_key {
                    let keys = batch.column(place(&fields[1])).as_binary::<i32>();
                    suffix.extend_from_slice(keys.value(at));
                } else {
                    for (position, field) in key.iter().zip(&fields[1..]) {
                        let column = &self.columns.user[*position];
                        let value = column.datum(&**batch.column(place(field)), at)?;
                        key::encode(column.type_oid, &value, false, false, &mut suffix);
                    }
                }
                f(&suffix, seqs.value(at).cast_unsigned())?;
            }
        }
        Ok(())
    }
}

/// The columns that a file's metadata describes.
fn described(metadata: &ParquetMetaData, path: &str) -> Result<Columns> {
    let pairs = metadata.file_metadata().key_value_metadata();
    let value = |key: &str| {
        let found = pairs?.iter().find(|pair| pair.key == key);
        found.and_then(|pair| pair.value.as_deref())
    };
    match value(FORMAT_KEY) {
        Some(FORMAT_VERSION) => {}
        Some(other) => {
            let text = format!("\"{path}\" has format {other}, this server knows {FORMAT_VERSION}");
            return Err(StorageError::Corrupt(text));
        }
        None => return Err(StorageError::Corrupt(format!("\"{path}\" is not a segment"))),
    }
    value(COLUMNS_KEY)
        .and_then(|text| serde_json::from_str(text).ok())
        .ok_or_else(|| StorageError::Corrupt(format!("\"{path}\" does not tell its columns")))
}

/// Reads rows of one segment by position, fast where the positions follow each other.
pub(super) struct RowCursor {
    segment: Arc<OpenSegment>,
    maker: RowMaker,
    reader: Option<ParquetRecordBatchReader>,
    batch: Option<RecordBatch>,
    /// Position of the batch's first row, and of the reader's next.
    start: u32,
    next: u32,
    batch_rows: usize,
    row: Vec<u8>,
}

impl RowCursor {
    pub fn new(segment: Arc<OpenSegment>) -> RowCursor {
        let maker = RowMaker::new(&segment.columns);
        RowCursor {
            segment,
            maker,
            reader: None,
            batch: None,
            start: 0,
            next: 0,
            batch_rows: BATCH_ROWS_MIN,
            row: Vec::new(),
        }
    }

    /// The stored row at a position; it stays until the next call.
    pub fn read(&mut self, position: u32, backward: bool) -> Result<()> {
        if !self.holds(position) {
            self.decode(position, backward)?;
        }
        let Some(batch) = self.batch.as_ref().filter(|_| self.holds(position)) else {
            let text = format!("\"{}\" has no row {position}", self.segment.path());
            return Err(StorageError::Corrupt(text));
        };
        self.row.clear();
        self.maker.encode(batch, (position - self.start) as usize, &mut self.row)
    }

    pub fn row(&self) -> &[u8] {
        &self.row
    }

    fn holds(&self, position: u32) -> bool {
        let rows = self.batch.as_ref().map_or(0, RecordBatch::num_rows);
        position >= self.start && ((position - self.start) as usize) < rows
    }

    fn decode(&mut self, position: u32, backward: bool) -> Result<()> {
        let rows_left = self.segment.file.rows.saturating_sub(position) as usize;
        if rows_left == 0 {
            return Ok(());
        }
        if backward {
            let rows = self.batch_rows.min(position as usize + 1);
            self.start = position + 1 - rows as u32;
            let mut reader = self.segment.reader(self.start, rows, rows, None)?;
            self.batch = Some(self.segment.next_batch(&mut reader)?);
            self.reader = None;
        } else {
            let near = position >= self.next && (position - self.next) as usize <= self.batch_rows;
            if self.reader.is_none() || !near {
                self.reader =
                    Some(self.segment.reader(position, rows_left, self.batch_rows, None)?);
                self.next = position;
            }
            while !self.holds(position) {
                let reader = self.reader.as_mut().expect("opened above");
                let batch = self.segment.next_batch(reader)?;
                self.start = self.next;
                self.next += batch.num_rows() as u32;
                self.batch = Some(batch);
            }
            // A reader keeps its batch size: the next one is for more.
            if self.batch_rows < BATCH_ROWS_MAX {
                self.reader = None;
            }
        }
        self.batch_rows = (self.batch_rows * 4).min(BATCH_ROWS_MAX);
        Ok(())
    }
}

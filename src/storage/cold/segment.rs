//! An open segment, its columns block by block, and its rows one by one.
//!
//! Open segments are kept: the footer and the page index are read and parsed once. Columns are decoded
//! in blocks of [`BLOCK_ROWS`] rows, which is also what a page holds, and the decoded blocks are kept
//! ([`cache`](super::cache)). A row is made of one value of each column's block.

use super::blocks::{Blocks, from_parquet};
use super::cache::{BlockKey, ColumnCache};
use super::columns::{Columns, RowMaker, SEQ_ID, field_id};
use super::fetch::Fetched;
use super::manifest::SegmentFile;
use super::place::Place;
use super::writer::{BLOCK_ROWS, COLUMNS_KEY, FORMAT_KEY, FORMAT_VERSION};
use crate::storage::keys::SegmentId;
use crate::storage::{Result, StorageError};
use crate::types::key;
use datafusion::arrow::array::{ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{Field, Int64Type};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::basic::Type;
use parquet::bloom_filter::Sbbf;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// A value as Parquet has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredValue<'a> {
    Int32(i32),
    Int64(i64),
    Bytes(&'a [u8]),
}

/// What becomes of decoded columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caching {
    Keep,
    /// They are read this once.
    Pass,
}

/// A segment with its footer read.
pub struct OpenSegment {
    pub id: SegmentId,
    pub file: SegmentFile,
    pub(super) blocks: Blocks,
    pub(super) metadata: ArrowReaderMetadata,
    pub(super) columns: Arc<Columns>,
    /// Rows of each row group but the last; whole blocks.
    group_rows: u32,
    cache: Arc<ColumnCache>,
}

impl OpenSegment {
    pub(super) fn open(
        id: SegmentId,
        file: SegmentFile,
        place: &Place,
        cache: Arc<ColumnCache>,
    ) -> Result<OpenSegment> {
        let path = file.file.path.clone();
        let object = place.open(&path)?;
        let blocks = Blocks::new(object, path.clone(), file.bytes, file.checksums.clone());
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Required);
        let metadata =
            ArrowReaderMetadata::load(&blocks, options).map_err(|e| from_parquet(e, &path))?;
        let columns = Arc::new(described(metadata.metadata(), &path)?);
        let rows = metadata.metadata().file_metadata().num_rows();
        let group_rows = group_rows(metadata.metadata());
        let fits =
            rows == i64::from(file.rows) && metadata.schema().fields() == columns.schema().fields();
        match group_rows {
            Some(group_rows) if fits => {
                Ok(OpenSegment { id, file, blocks, metadata, columns, group_rows, cache })
            }
            _ => Err(StorageError::Corrupt(format!("\"{path}\" is not the segment described"))),
        }
    }

    /// What Parquet says of the file, page index included.
    pub fn parquet(&self) -> &Arc<ParquetMetaData> {
        self.metadata.metadata()
    }

    /// Whether a row group may have a value in a field, by its bloom filter; yes where there is none.
    pub fn may_have(&self, row_group: usize, field: usize, value: StoredValue<'_>) -> bool {
        let column = self.parquet().row_group(row_group).column(field);
        let physical = match value {
            StoredValue::Int32(_) => Type::INT32,
            StoredValue::Int64(_) => Type::INT64,
            StoredValue::Bytes(_) => Type::BYTE_ARRAY,
        };
        if column.column_type() != physical {
            return true;
        }
        match Sbbf::read_from_column_chunk(column, &self.blocks) {
            Ok(Some(filter)) => match value {
                StoredValue::Int32(value) => filter.check(&value),
                StoredValue::Int64(value) => filter.check(&value),
                StoredValue::Bytes(value) => filter.check(value),
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

    /// The stored row at a position.
    pub(super) fn row(&self, position: u32) -> Result<Vec<u8>> {
        self.check(position)?;
        let columns = self.block(position / BLOCK_ROWS, Caching::Keep)?;
        let mut out = Vec::with_capacity(256);
        let at = (position % BLOCK_ROWS) as usize;
        RowMaker::new(&self.columns).encode(&columns, at, &mut out)?;
        Ok(out)
    }

    fn check(&self, position: u32) -> Result<()> {
        match position < self.file.rows {
            true => Ok(()),
            false => {
                let text = format!("\"{}\" has no row {position}", self.path());
                Err(StorageError::Corrupt(text))
            }
        }
    }

    /// All columns of a block.
    fn block(&self, block: u32, caching: Caching) -> Result<Vec<ArrayRef>> {
        let fields: Vec<usize> = (0..self.metadata.schema().fields().len()).collect();
        let mut columns = self.decode(&fields, &[block], caching)?;
        Ok(columns.iter_mut().filter_map(Vec::pop).collect())
    }

    /// The field with a column's id.
    pub fn field(&self, id: i32) -> Option<usize> {
        self.metadata.schema().fields().iter().position(|f| field_id(f) == Some(id))
    }

    /// A field, as Arrow has it.
    pub fn arrow_field(&self, field: usize) -> &Field {
        &self.metadata.schema().fields()[field]
    }

    /// The blocks of a row group; no block is of two.
    pub fn blocks_of(&self, row_group: usize) -> Range<u32> {
        let per_group = self.group_rows / BLOCK_ROWS;
        let first = u32::try_from(row_group).map_or(u32::MAX, |n| n.saturating_mul(per_group));
        first..first.saturating_add(per_group).min(self.file.rows.div_ceil(BLOCK_ROWS))
    }

    /// The positions of a block's rows.
    pub fn rows_of(&self, block: u32) -> Range<u32> {
        let first = block.saturating_mul(BLOCK_ROWS);
        first..first.saturating_add(BLOCK_ROWS).min(self.file.rows)
    }

    /// Of each of the fields, which ascend, the values in each of the blocks, which ascend and are of
    /// one row group.
    pub fn decode(
        &self,
        fields: &[usize],
        blocks: &[u32],
        caching: Caching,
    ) -> Result<Vec<Vec<ArrayRef>>> {
        let key = |field: usize, block: u32| BlockKey {
            segment: self.id,
            field: u16::try_from(field).expect("tables have at most 1600 columns"),
            block,
        };
        let mut found: Vec<Vec<Option<ArrayRef>>> = Vec::with_capacity(fields.len());
        // Fields that lack the same blocks are decoded together.
        let mut lacking: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
        for (n, field) in fields.iter().enumerate() {
            let of_field: Vec<_> =
                blocks.iter().map(|b| self.cache.get(&key(*field, *b))).collect();
            let lacks = |(at, array): (usize, &Option<ArrayRef>)| array.is_none().then_some(at);
            let lacks: Vec<usize> = of_field.iter().enumerate().filter_map(lacks).collect();
            if !lacks.is_empty() {
                lacking.entry(lacks).or_default().push(n);
            }
            found.push(of_field);
        }
        for (places, of_fields) in lacking {
            let wanted: Vec<u32> = places.iter().map(|at| blocks[*at]).collect();
            let named: Vec<usize> = of_fields.iter().map(|n| fields[*n]).collect();
            let mut reader = self.reader(&named, &wanted)?;
            for at in places {
                let batch = self.next_batch(&mut reader, self.rows_of(blocks[at]).len())?;
                for (n, array) in of_fields.iter().zip(batch.columns()) {
                    if caching == Caching::Keep {
                        self.cache.insert(key(fields[*n], blocks[at]), array.clone());
                    }
                    found[*n][at] = Some(array.clone());
                }
            }
        }
        Ok(found.into_iter().map(|of_field| of_field.into_iter().flatten().collect()).collect())
    }

    /// Gives the blocks one by one.
    fn reader(&self, fields: &[usize], blocks: &[u32]) -> Result<ParquetRecordBatchReader> {
        let group = (blocks.first().copied().unwrap_or(0) * BLOCK_ROWS / self.group_rows) as usize;
        let first = self.blocks_of(group).start * BLOCK_ROWS;
        let of_group = |block: &u32| {
            let rows = self.rows_of(*block);
            rows.start - first..rows.end - first
        };
        let wanted: Vec<Range<u32>> = blocks.iter().map(of_group).collect();
        let fetched = Fetched::read(&self.blocks, self.parquet(), group, fields, &wanted)?;
        let ranges = wanted.iter().map(|rows| rows.start as usize..rows.end as usize);
        let rows = self.parquet().row_group(group).num_rows();
        let selection =
            RowSelection::from_consecutive_ranges(ranges, usize::try_from(rows).unwrap_or(0));
        let schema = self.parquet().file_metadata().schema_descr();
        ParquetRecordBatchReaderBuilder::new_with_metadata(fetched, self.metadata.clone())
            .with_projection(ProjectionMask::roots(schema, fields.iter().copied()))
            .with_row_groups(vec![group])
            .with_row_selection(selection)
            .with_batch_size(BLOCK_ROWS as usize)
            .build()
            .map_err(|e| from_parquet(e, self.path()))
    }

    fn next_batch(
        &self,
        reader: &mut ParquetRecordBatchReader,
        rows: usize,
    ) -> Result<RecordBatch> {
        match reader.next() {
            Some(Ok(batch)) if batch.num_rows() == rows => Ok(batch),
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
        let of_key: Option<Vec<usize>> = key.iter().map(|at| self.field((at + 1) as i32)).collect();
        let mut wanted = vec![self.field(SEQ_ID).unwrap_or(0)];
        match of_key {
            Some(of_key) if !self.columns.stored_key => wanted.extend(of_key),
            _ => wanted.push(self.columns.key_field()),
        }
        let mut fields = wanted.clone();
        fields.sort_unstable();
        let place = |field: &usize| fields.iter().position(|f| f == field).unwrap_or(0);
        let mut suffix = Vec::with_capacity(32);
        for block in from / BLOCK_ROWS..self.file.rows.div_ceil(BLOCK_ROWS) {
            let arrays = self.decode(&fields, &[block], Caching::Pass)?;
            let array = |field: &usize| &arrays[place(field)][0];
            let seqs = array(&wanted[0]).as_primitive::<Int64Type>();
            let rows = self.rows_of(block);
            for at in (from.max(rows.start) - rows.start) as usize..rows.len() {
                suffix.clear();
                if self.columns.stored_key {
                    let keys = array(&wanted[1]).as_binary::<i32>();
                    suffix.extend_from_slice(keys.value(at));
                } else {
                    for (position, field) in key.iter().zip(&wanted[1..]) {
                        let column = &self.columns.user[*position];
                        let value = column.datum(array(field), at)?;
                        key::encode(column.type_oid, &value, false, false, &mut suffix);
                    }
                }
                f(&suffix, seqs.value(at).cast_unsigned())?;
            }
        }
        Ok(())
    }
}

/// Rows of the row groups but the last; `None`: they differ, or a block would be of two.
fn group_rows(metadata: &ParquetMetaData) -> Option<u32> {
    let rows = |group: usize| metadata.row_group(group).num_rows();
    match metadata.num_row_groups() {
        0 | 1 => Some(u32::MAX / BLOCK_ROWS * BLOCK_ROWS),
        groups => {
            let first = u32::try_from(rows(0)).ok()?;
            let same = (0..groups - 1).all(|group| rows(group) == rows(0));
            let whole = first > 0 && first.is_multiple_of(BLOCK_ROWS);
            (same && whole && rows(groups - 1) <= rows(0)).then_some(first)
        }
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

/// Reads rows of one segment by position, fast where they are of the same block.
pub(super) struct RowCursor {
    segment: Arc<OpenSegment>,
    maker: RowMaker,
    caching: Caching,
    /// A block, and its columns.
    current: Option<(u32, Vec<ArrayRef>)>,
    row: Vec<u8>,
}

impl RowCursor {
    pub fn new(segment: Arc<OpenSegment>, caching: Caching) -> RowCursor {
        let maker = RowMaker::new(&segment.columns);
        RowCursor { segment, maker, caching, current: None, row: Vec::new() }
    }

    /// Reads the stored row at a position.
    pub fn read(&mut self, position: u32) -> Result<()> {
        self.segment.check(position)?;
        let block = position / BLOCK_ROWS;
        let columns = match &mut self.current {
            Some((current, columns)) if *current == block => columns,
            current => &mut current.insert((block, self.segment.block(block, self.caching)?)).1,
        };
        self.row.clear();
        self.maker.encode(columns, (position % BLOCK_ROWS) as usize, &mut self.row)
    }

    /// The row read last.
    pub fn row(&self) -> &[u8] {
        &self.row
    }
}

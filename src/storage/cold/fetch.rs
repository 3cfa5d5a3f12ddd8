//! The bytes of one decoding, read at once.
//!
//! Parquet's reader asks for page after page. What it is going to ask for is known from the page
//! index, so that neighbours are read together, and all of an object store's requests are under way at
//! the same time.

use super::blocks::Blocks;
use crate::storage::Result;
use bytes::{Buf, Bytes};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, Length};
use std::ops::Range;

/// Bytes between two pages that are read along rather than asked around.
const GAP_BYTES: u64 = 32 << 10;

/// Parts of a file.
pub(super) struct Fetched {
    length: u64,
    /// By offset.
    parts: Vec<(u64, Bytes)>,
}

impl Fetched {
    /// Reads the pages of `fields` that hold the rows `wanted` of a row group, ascending and counted
    /// from its first, and the dictionaries.
    pub fn read(
        blocks: &Blocks,
        metadata: &ParquetMetaData,
        row_group: usize,
        fields: &[usize],
        wanted: &[Range<u32>],
    ) -> Result<Fetched> {
        let mut ranges = Vec::new();
        for field in fields {
            pages(metadata, row_group, *field, wanted, &mut ranges);
        }
        ranges.sort_unstable_by_key(|range| range.start);
        ranges.dedup_by(|next, range| {
            let joins = next.start <= range.end + GAP_BYTES;
            if joins {
                range.end = range.end.max(next.end);
            }
            joins
        });
        let starts = ranges.iter().map(|range| range.start).collect::<Vec<_>>();
        let parts = starts.into_iter().zip(blocks.read_all(&ranges)?).collect();
        Ok(Fetched { length: blocks.len(), parts })
    }
}

/// Where a column's pages with these rows are.
fn pages(
    metadata: &ParquetMetaData,
    row_group: usize,
    field: usize,
    wanted: &[Range<u32>],
    out: &mut Vec<Range<u64>>,
) {
    let group: &RowGroupMetaData = metadata.row_group(row_group);
    let (start, length) = group.column(field).byte_range();
    let index = metadata.offset_index().map(|index| &index[row_group][field]);
    let Some(locations) = index.map(|index| index.page_locations()).filter(|l| !l.is_empty())
    else {
        out.push(start..start + length);
        return;
    };
    let offset = |n: usize| u64::try_from(locations[n].offset).unwrap_or(start);
    if offset(0) > start {
        out.push(start..offset(0));
    }
    let row = |n: usize| u32::try_from(locations[n].first_row_index).unwrap_or(u32::MAX);
    let mut next = 0;
    for rows in wanted {
        // The last page that begins at or before the first row.
        while next + 1 < locations.len() && row(next + 1) <= rows.start {
            next += 1;
        }
        let mut page = next;
        while page < locations.len() && row(page) < rows.end {
            let bytes = u64::try_from(locations[page].compressed_page_size).unwrap_or(0);
            out.push(offset(page)..offset(page) + bytes);
            page += 1;
        }
    }
}

impl Length for Fetched {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Fetched {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        let part = self.part(start)?;
        Ok(part.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let part = self.part(start)?;
        match length <= part.len() {
            true => Ok(part.slice(..length)),
            false => Err(not_fetched(start)),
        }
    }
}

impl Fetched {
    /// What was read from an offset on.
    fn part(&self, start: u64) -> parquet::errors::Result<Bytes> {
        let after = self.parts.partition_point(|(offset, _)| *offset <= start);
        let part = after.checked_sub(1).map(|n| &self.parts[n]);
        let found = part.and_then(|(offset, bytes)| {
            let skip = usize::try_from(start - offset).ok()?;
            (skip < bytes.len()).then(|| bytes.slice(skip..))
        });
        found.ok_or_else(|| not_fetched(start))
    }
}

fn not_fetched(start: u64) -> ParquetError {
    ParquetError::General(format!("the page index does not tell of the page at {start}"))
}

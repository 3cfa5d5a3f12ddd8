//! Rows as bytes, any column of which is found in constant time.
//!
//! ```text
//!   _seq u64 │ _updated i64 │ schema version u32 │ columns u16 │ (born u64) │ null bits │ fixed │ ends │ var
//! ```
//!
//! All integers are little endian. `columns` is the number of columns the row was written with; its
//! highest bit says that `born` follows, the `_seq` of the commit that inserted the row. A row that
//! was never updated has no `born`: it was born with its `_seq`.
//! Null bits: one per column, set for NULL. Fixed: the fixed-width columns in attribute order, NULL
//! or not, so that an offset depends only on the columns before. Ends: for each variable-length
//! column the end (u32) of its bytes in `var`. Worked example, `(1::int4, 'ab'::text, NULL::text)`:
//!
//! ```text
//!   header(22)  04  01 00 00 00  02 00 00 00 02 00 00 00  61 62
//!               └ bit 2: the third column is NULL
//! ```
//!
//! Columns are only ever added at the end, so a row of fewer columns is a prefix of the layout, and
//! the missing columns have the value ADD COLUMN gave them. A change of a column's type rewrites
//! the table (a new storage id), so within a layout a column's type never changes.
//!
//! `_seq` and `_updated` are zero until the sequencer fills them in ([`stamp`]).

mod value;

use super::{Result, StorageError};
use crate::types::{Datum, Oid};
use value::Width;

const SEQ: usize = 0;
const UPDATED: usize = 8;
const VERSION: usize = 16;
const COLUMNS: usize = 20;
/// Bytes before `born` or, without it, the null bits.
const HEADER_LEN: usize = 22;
/// The bit of `columns` that says that `born` follows.
const HAS_BORN: u16 = 1 << 15;
const BORN_LEN: usize = 8;
/// Bytes of one variable-length column's end.
const END_LEN: usize = 4;

/// A column as the layout needs it. A dropped column keeps its type: old rows still hold it.
#[derive(Clone, Debug)]
pub struct LayoutColumn {
    pub type_oid: Oid,
    /// The value in rows stored before the column was added.
    pub missing: Datum,
}

/// How the rows of one table (one storage id) are laid out.
#[derive(Clone, Debug)]
pub struct RowLayout {
    version: u32,
    columns: Vec<Slot>,
    /// Length of the fixed area and number of variable columns among the first n columns.
    totals: Vec<(usize, usize)>,
}

#[derive(Clone, Debug)]
struct Slot {
    type_oid: Oid,
    width: Width,
    missing: Datum,
}

impl RowLayout {
    /// From all columns by attribute number, dropped ones included; `version` is the table's schema
    /// version, written into rows.
    pub fn new(columns: &[LayoutColumn], version: u32) -> RowLayout {
        let mut totals = vec![(0, 0)];
        let (mut fixed, mut vars) = (0, 0);
        let mut slots = Vec::with_capacity(columns.len());
        for column in columns {
            let width = Width::of(column.type_oid);
            match width {
                Width::Fixed(bytes) => fixed += bytes,
                Width::Variable => vars += 1,
            }
            totals.push((fixed, vars));
            let missing = column.missing.clone();
            slots.push(Slot { type_oid: column.type_oid, width, missing });
        }
        RowLayout { version, columns: slots, totals }
    }

    /// The number of columns, dropped ones included.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// Appends a row of these values, one per column, to `out`. `born`: [`RowRef::born`] of the
    /// version it replaces, 0 for a new row. Fails where a row is beyond 1 GiB, PostgreSQL's limit
    /// too.
    pub fn encode(&self, values: &[Datum], born: u64, out: &mut Vec<u8>) -> Result<()> {
        debug_assert_eq!(values.len(), self.columns.len());
        let start = out.len();
        out.resize(start + VERSION, 0);
        out.extend_from_slice(&self.version.to_le_bytes());
        let count = u16::try_from(values.len()).expect("tables have at most 1600 columns");
        match born {
            0 => out.extend_from_slice(&count.to_le_bytes()),
            _ => {
                out.extend_from_slice(&(count | HAS_BORN).to_le_bytes());
                out.extend_from_slice(&born.to_le_bytes());
            }
        }
        let nulls = out.len();
        out.resize(nulls + values.len().div_ceil(8), 0);
        for (column, value) in values.iter().enumerate() {
            if value.is_null() {
                out[nulls + column / 8] |= 1 << (column % 8);
            }
        }
        self.encode_fixed(values, out);
        self.encode_variable(values, out);
        match out.len() - start {
            0..=ROW_BYTES_MAX => Ok(()),
            bytes => Err(StorageError::TooLarge(format!("a row has {bytes} bytes"))),
        }
    }

    fn encode_fixed(&self, values: &[Datum], out: &mut Vec<u8>) {
        for (slot, value) in self.columns.iter().zip(values) {
            if let Width::Fixed(bytes) = slot.width {
                let end = out.len() + bytes;
                value::encode_fixed(value, out);
                out.resize(end, 0);
            }
        }
    }

    fn encode_variable(&self, values: &[Datum], out: &mut Vec<u8>) {
        let variable = self.totals.last().map_or(0, |total| total.1);
        let mut end_at = out.len();
        let start = end_at + variable * END_LEN;
        out.resize(start, 0);
        for (slot, value) in self.columns.iter().zip(values) {
            if slot.width == Width::Variable {
                value::encode_variable(slot.type_oid, value, out);
                // A row that overflows is refused by its length afterwards.
                let end = u32::try_from(out.len() - start).unwrap_or(u32::MAX);
                out[end_at..end_at + END_LEN].copy_from_slice(&end.to_le_bytes());
                end_at += END_LEN;
            }
        }
    }

    /// Reads a stored row, of this or an older layout.
    pub fn row<'a>(&'a self, bytes: &'a [u8]) -> Result<RowRef<'a>> {
        RowRef::new(self, bytes)
            .ok_or_else(|| StorageError::Corrupt("a stored row is damaged".into()))
    }
}

const ROW_BYTES_MAX: usize = 1 << 30;

/// A stored row. Columns count from 0 (`attno - 1`).
#[derive(Clone, Copy)]
pub struct RowRef<'a> {
    layout: &'a RowLayout,
    bytes: &'a [u8],
    /// Columns the row was written with, no more than the layout's.
    columns: usize,
    /// Offsets of the areas in `bytes`.
    nulls: usize,
    fixed: usize,
    ends: usize,
    var: usize,
}

impl<'a> RowRef<'a> {
    /// `None`: shorter than its own header says.
    fn new(layout: &'a RowLayout, bytes: &'a [u8]) -> Option<RowRef<'a>> {
        let count = u16::from_le_bytes(field(bytes, COLUMNS)?);
        let columns = usize::from(count & !HAS_BORN);
        let nulls = if count & HAS_BORN != 0 { HEADER_LEN + BORN_LEN } else { HEADER_LEN };
        let &(fixed_len, variable) = layout.totals.get(columns)?;
        let fixed = nulls + columns.div_ceil(8);
        let ends = fixed + fixed_len;
        let var = ends + variable * END_LEN;
        (bytes.len() >= var).then_some(RowRef { layout, bytes, columns, nulls, fixed, ends, var })
    }

    /// The commit that wrote the row; 0 where that is still this transaction.
    pub fn seq(&self) -> u64 {
        seq(self.bytes)
    }

    /// When [`RowRef::seq`] was, microseconds since 2000-01-01 UTC.
    pub fn updated_us(&self) -> i64 {
        field(self.bytes, UPDATED).map_or(0, i64::from_le_bytes)
    }

    /// The commit that inserted the row; see [`born`].
    pub fn born(&self) -> u64 {
        born(self.bytes)
    }

    /// The table's schema version when the row was written.
    pub fn schema_version(&self) -> u32 {
        schema_version(self.bytes)
    }

    pub fn is_null(&self, column: usize) -> bool {
        match column < self.columns {
            true => self.bytes[self.nulls + column / 8] & (1 << (column % 8)) != 0,
            false => self.layout.columns[column].missing.is_null(),
        }
    }

    /// A column's value.
    pub fn datum(&self, column: usize) -> Datum {
        let slot = &self.layout.columns[column];
        if column >= self.columns {
            return slot.missing.clone();
        }
        if self.is_null(column) {
            return Datum::Null;
        }
        match slot.width {
            Width::Fixed(_) => value::decode_fixed(slot.type_oid, self.fixed_slot(column)),
            Width::Variable => value::decode_variable(slot.type_oid, self.variable_slot(column)),
        }
    }

    /// All columns' values.
    pub fn datums(&self) -> Vec<Datum> {
        (0..self.layout.len()).map(|column| self.datum(column)).collect()
    }

    /// The stored bytes of a column (text: UTF-8; fixed width: little endian); `None` where it is
    /// NULL, or missing from a row of an older layout: ask [`RowRef::datum`] then.
    pub fn stored_bytes(&self, column: usize) -> Option<&'a [u8]> {
        if column >= self.columns || self.is_null(column) {
            return None;
        }
        Some(match self.layout.columns[column].width {
            Width::Fixed(_) => self.fixed_slot(column),
            Width::Variable => self.variable_slot(column),
        })
    }

    fn fixed_slot(&self, column: usize) -> &'a [u8] {
        let (start, end) = (self.layout.totals[column].0, self.layout.totals[column + 1].0);
        &self.bytes[self.fixed + start..self.fixed + end]
    }

    fn variable_slot(&self, column: usize) -> &'a [u8] {
        let index = self.layout.totals[column].1;
        let end_of = |index: usize| {
            field(self.bytes, self.ends + index * END_LEN).map_or(0, u32::from_le_bytes) as usize
        };
        let start = index.checked_sub(1).map_or(0, end_of);
        self.bytes.get(self.var + start..self.var + end_of(index)).unwrap_or_default()
    }
}

/// `_seq` of a stored row; 0 where its transaction has not committed.
pub fn seq(row: &[u8]) -> u64 {
    field(row, SEQ).map_or(0, u64::from_le_bytes)
}

/// The table's schema version when a stored row was written.
pub fn schema_version(row: &[u8]) -> u32 {
    field(row, VERSION).map_or(0, u32::from_le_bytes)
}

/// The commit that inserted a stored row, the same in all its versions; 0 where its transaction has
/// not committed. Two versions under one key are one row's only if this is the same: the key may have
/// been given up and taken again meanwhile.
pub fn born(row: &[u8]) -> u64 {
    let count = field(row, COLUMNS).map_or(0, u16::from_le_bytes);
    match count & HAS_BORN {
        0 => seq(row),
        _ => field(row, HEADER_LEN).map_or(0, u64::from_le_bytes),
    }
}

/// Fills in what only the sequencer knows.
pub(super) fn stamp(row: &mut [u8], seq: u64, updated_us: i64) {
    if let Some(header) = row.get_mut(..VERSION) {
        header[SEQ..UPDATED].copy_from_slice(&seq.to_le_bytes());
        header[UPDATED..].copy_from_slice(&updated_us.to_le_bytes());
    }
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk::<N>().copied()
}

#[cfg(test)]
mod tests;

//! Rows as bytes, any column of which is found in constant time.
//!
//! ```text
//!   _seq u64 │ _updated i64 │ schema version u32 │ columns u16 │ (born u64) │ (xid u32) │ null bits │ fixed │ ends │ var
//! ```
//!
//! All integers are little endian. `columns` is the number of columns the row was written with; its
//! highest bit says that `born` follows, the `_seq` of the commit that inserted the row. A row that
//! was never updated has no `born`: it was born with its `_seq`. The bit below says that `xid` follows,
//! the low half of the number that the transaction had before it committed; most have none by then, and
//! the low half of `_seq` stands in for it. Both numbers are of one sequence, so that no two mean the same.
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
//! the missing columns have the value ADD COLUMN gave them.
//!
//! # Types that change
//!
//! ALTER COLUMN … TYPE leaves rows alone where every value of the old type is one of the new
//! ([`widens`]). The column remembers up to which schema version it had which type ([`PastType`]),
//! and the layout has a *shape* for each span of versions with the same types:
//!
//! ```text
//!   column a:  int2 before version 3, int4 before version 7, int8 now
//!   row of version 2 ─▶ shape [int2]     row of version 5 ─▶ shape [int4]     version 7 ─▶ [int8]
//! ```
//!
//! A row is found in the shape of its own version, and each value widened on its way out. Any other
//! change of a type writes the rows anew under a new storage id, whose columns have no past.
//!
//! A reader never meets a row whose types are newer than its own layout. Changing a type takes the
//! table's ACCESS EXCLUSIVE lock until its transaction ends, and who reads or writes holds a weaker
//! lock from before it looks up the layout: so rows of the new version are written only after
//! every reader with the old layout has ended its transaction. A reader with the new layout and
//! an older snapshot sees older rows, which is what shapes are for. Changes that take weaker locks
//! (statistics targets, comments, privileges) bump the version too, and change no type.
//!
//! `_seq` and `_updated` are zero, and `xid` is missing, until the sequencer fills them in ([`stamp`]).

mod shape;
mod value;
mod widen;

use super::{Result, StorageError};
use crate::types::{Datum, Oid};
use serde::{Deserialize, Serialize};
use shape::Shape;
use std::borrow::Cow;
use value::Width;
use widen::Widening;
pub use widen::{widened, widens};

const SEQ: usize = 0;
const UPDATED: usize = 8;
const VERSION: usize = 16;
const COLUMNS: usize = 20;
/// Bytes before `born`, `xid` or, without them, the null bits.
const HEADER_LEN: usize = 22;
/// The bit of `columns` that says that `born` follows.
const HAS_BORN: u16 = 1 << 15;
const BORN_LEN: usize = 8;
/// The bit of `columns` that says that `xid` follows.
const HAS_XID: u16 = 1 << 14;
const XID_LEN: usize = 4;
/// Bytes of one variable-length column's end.
const END_LEN: usize = 4;

/// A column as the layout needs it. A dropped column keeps its type: old rows still hold it.
#[derive(Clone, Debug)]
pub struct LayoutColumn {
    pub type_oid: Oid,
    /// The value in rows stored before the column was added.
    pub missing: Datum,
    /// Types it had in older rows.
    pub past: Vec<PastType>,
}

/// A type that a column had, in rows that are still there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastType {
    /// Rows of schema versions below this one, and not below the entry before, hold it.
    pub before: u32,
    pub type_oid: Oid,
    pub typmod: i32,
}

/// The type and typmod that a column had at a schema version; `past` is in the order of versions.
pub fn type_at(past: &[PastType], now: (Oid, i32), version: u32) -> (Oid, i32) {
    let then = past.iter().find(|past| version < past.before);
    then.map_or(now, |past| (past.type_oid, past.typmod))
}

/// How the rows of one table (one storage id) are laid out.
#[derive(Clone, Debug)]
pub struct RowLayout {
    version: u32,
    missing: Vec<Datum>,
    shape: Shape,
    /// Shapes of older rows: each of versions below its number and not below the one before. `None`:
    /// the catalog names types that cannot be read as those of now.
    older: Vec<(u32, Option<Shape>)>,
}

impl RowLayout {
    /// From all columns by attribute number, dropped ones included; `version` is the table's schema
    /// version, written into rows.
    pub fn new(columns: &[LayoutColumn], version: u32) -> RowLayout {
        let mut ends: Vec<u32> = columns.iter().flat_map(|c| &c.past).map(|p| p.before).collect();
        ends.sort_unstable();
        ends.dedup();
        // No entry is beyond the last version.
        let shape = Shape::at(columns, u32::MAX).expect("every type is itself");
        let mut older: Vec<(u32, Option<Shape>)> = Vec::new();
        for end in ends {
            let then = Shape::at(columns, end.saturating_sub(1));
            match older.last_mut() {
                // Another length of text changes nothing.
                Some((last, same)) if *same == then => *last = end,
                _ => older.push((end, then)),
            }
        }
        if older.last().is_some_and(|(_, last)| last.as_ref() == Some(&shape)) {
            older.pop();
        }
        let missing = columns.iter().map(|column| column.missing.clone()).collect();
        RowLayout { version, missing, shape, older }
    }

    /// The number of columns, dropped ones included.
    pub fn len(&self) -> usize {
        self.missing.len()
    }

    pub fn is_empty(&self) -> bool {
        self.missing.is_empty()
    }

    /// Appends a row of these values, one per column, to `out`. `born`: [`RowRef::born`] of the
    /// version it replaces, 0 for a new row. Fails where a row is beyond 1 GiB, PostgreSQL's limit
    /// too.
    pub fn encode(&self, values: &[Datum], born: u64, out: &mut Vec<u8>) -> Result<()> {
        self.encode_stamped(values, born, Stamp::default(), out)
    }

    /// Appends `row` with other values, one per column of this layout: the same version of the same
    /// row, as a rewrite of the table stores it.
    pub fn encode_anew(&self, row: &RowRef<'_>, values: &[Datum], out: &mut Vec<u8>) -> Result<()> {
        let born = if row.born() == row.seq() { 0 } else { row.born() };
        self.encode_stamped(values, born, row.stamp(), out)
    }

    /// Appends a row with what its commit has filled in.
    pub fn encode_stamped(
        &self,
        values: &[Datum],
        born: u64,
        stamp: Stamp,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        debug_assert_eq!(values.len(), self.len());
        let start = out.len();
        out.extend_from_slice(&stamp.seq.to_le_bytes());
        out.extend_from_slice(&stamp.updated_us.to_le_bytes());
        out.extend_from_slice(&self.version.to_le_bytes());
        let mut count = u16::try_from(values.len()).expect("tables have at most 1600 columns");
        count |= if born == 0 { 0 } else { HAS_BORN };
        count |= if stamp.xid.is_none() { 0 } else { HAS_XID };
        out.extend_from_slice(&count.to_le_bytes());
        if born != 0 {
            out.extend_from_slice(&born.to_le_bytes());
        }
        if let Some(xid) = stamp.xid {
            out.extend_from_slice(&xid.to_le_bytes());
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
        for (slot, value) in self.shape.slots.iter().zip(values) {
            if let Width::Fixed(bytes) = slot.width {
                let end = out.len() + bytes;
                value::encode_fixed(value, out);
                out.resize(end, 0);
            }
        }
    }

    fn encode_variable(&self, values: &[Datum], out: &mut Vec<u8>) {
        let mut end_at = out.len();
        let start = end_at + self.shape.variable() * END_LEN;
        out.resize(start, 0);
        for (slot, value) in self.shape.slots.iter().zip(values) {
            if slot.width == Width::Variable {
                value::encode_variable(slot.type_oid, value, out);
                // A row that overflows is refused by its length afterwards.
                let end = u32::try_from(out.len() - start).unwrap_or(u32::MAX);
                out[end_at..end_at + END_LEN].copy_from_slice(&end.to_le_bytes());
                end_at += END_LEN;
            }
        }
    }

    /// The shape of rows of a schema version.
    #[inline]
    fn shape_of(&self, row: &[u8]) -> Option<&Shape> {
        if self.older.is_empty() {
            return Some(&self.shape);
        }
        let version = u32::from_le_bytes(field(row, VERSION)?);
        match self.older.get(self.older.partition_point(|(end, _)| *end <= version)) {
            Some((_, shape)) => shape.as_ref(),
            None => Some(&self.shape),
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
    /// That of the version the row was written with.
    shape: &'a Shape,
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
        let columns = usize::from(count & !(HAS_BORN | HAS_XID));
        let nulls = xid_at(count) + if count & HAS_XID != 0 { XID_LEN } else { 0 };
        let shape = layout.shape_of(bytes)?;
        let &(fixed_len, variable) = shape.totals.get(columns)?;
        let fixed = nulls + columns.div_ceil(8);
        let ends = fixed + fixed_len;
        let var = ends + variable * END_LEN;
        let row = RowRef { layout, shape, bytes, columns, nulls, fixed, ends, var };
        (bytes.len() >= var).then_some(row)
    }

    /// The commit that wrote the row; 0 where that is still this transaction.
    pub fn seq(&self) -> u64 {
        seq(self.bytes)
    }

    /// When [`RowRef::seq`] was, microseconds since 2000-01-01 UTC.
    pub fn updated_us(&self) -> i64 {
        updated_us(self.bytes)
    }

    /// The commit that inserted the row; see [`born`].
    pub fn born(&self) -> u64 {
        born(self.bytes)
    }

    /// What its commit filled in; of a row that this transaction has written, nothing.
    pub fn stamp(&self) -> Stamp {
        let count = field(self.bytes, COLUMNS).map_or(0, u16::from_le_bytes);
        let xid = (count & HAS_XID != 0).then(|| field(self.bytes, xid_at(count)));
        let xid = xid.flatten().map(u32::from_le_bytes);
        Stamp { seq: self.seq(), updated_us: self.updated_us(), xid }
    }

    /// The transaction that wrote the row, as `xmin` shows it; 0 where that is still this one.
    pub fn xid(&self) -> u32 {
        self.stamp().xmin()
    }

    /// The table's schema version when the row was written.
    pub fn schema_version(&self) -> u32 {
        schema_version(self.bytes)
    }

    pub fn is_null(&self, column: usize) -> bool {
        match column < self.columns {
            true => self.bytes[self.nulls + column / 8] & (1 << (column % 8)) != 0,
            false => self.layout.missing[column].is_null(),
        }
    }

    /// A column's value.
    pub fn datum(&self, column: usize) -> Datum {
        if column >= self.columns {
            return self.layout.missing[column].clone();
        }
        if self.is_null(column) {
            return Datum::Null;
        }
        let slot = &self.shape.slots[column];
        slot.widening.apply(match slot.width {
            Width::Fixed(_) => value::decode_fixed(slot.type_oid, self.fixed_slot(column)),
            Width::Variable => value::decode_variable(slot.type_oid, self.variable_slot(column)),
        })
    }

    /// All columns' values.
    pub fn datums(&self) -> Vec<Datum> {
        (0..self.layout.len()).map(|column| self.datum(column)).collect()
    }

    /// The bytes of a column as a row of now has them (text: UTF-8; fixed width: little endian);
    /// `None` where it is NULL, or missing from a row of an older layout: ask [`RowRef::datum`] then.
    pub fn stored_bytes(&self, column: usize) -> Option<Cow<'a, [u8]>> {
        if column >= self.columns || self.is_null(column) {
            return None;
        }
        let slot = &self.shape.slots[column];
        if slot.widening != Widening::Same {
            let mut wide = Vec::with_capacity(8);
            value::encode_fixed(&self.datum(column), &mut wide);
            return Some(Cow::Owned(wide));
        }
        Some(Cow::Borrowed(match slot.width {
            Width::Fixed(_) => self.fixed_slot(column),
            Width::Variable => self.variable_slot(column),
        }))
    }

    fn fixed_slot(&self, column: usize) -> &'a [u8] {
        let (start, end) = (self.shape.totals[column].0, self.shape.totals[column + 1].0);
        &self.bytes[self.fixed + start..self.fixed + end]
    }

    fn variable_slot(&self, column: usize) -> &'a [u8] {
        let index = self.shape.totals[column].1;
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

/// When that commit was, microseconds since 2000-01-01 UTC.
pub fn updated_us(row: &[u8]) -> i64 {
    field(row, UPDATED).map_or(0, i64::from_le_bytes)
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

/// Where `xid` is, or would be.
fn xid_at(count: u16) -> usize {
    if count & HAS_BORN != 0 { HEADER_LEN + BORN_LEN } else { HEADER_LEN }
}

/// What a commit fills into the rows it writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    pub seq: u64,
    /// Microseconds since 2000-01-01 UTC.
    pub updated_us: i64,
    /// The low half of the transaction's number, where anybody has asked for it.
    pub xid: Option<u32>,
}

impl Stamp {
    /// The transaction's number as `xmin` shows it.
    pub fn xmin(self) -> u32 {
        self.xid.unwrap_or(self.seq as u32)
    }
}

/// Fills in what only the sequencer knows. A row that was committed before keeps what it has: its
/// table was written anew, it was not changed.
pub(super) fn stamp(row: &mut Vec<u8>, by: Stamp) {
    if self::seq(row) != 0 {
        return;
    }
    if let Some(header) = row.get_mut(..VERSION) {
        header[SEQ..UPDATED].copy_from_slice(&by.seq.to_le_bytes());
        header[UPDATED..].copy_from_slice(&by.updated_us.to_le_bytes());
    }
    if let (Some(xid), Some(count)) = (by.xid, field(row, COLUMNS).map(u16::from_le_bytes)) {
        row[COLUMNS..HEADER_LEN].copy_from_slice(&(count | HAS_XID).to_le_bytes());
        let at = xid_at(count);
        row.splice(at..at, xid.to_le_bytes());
    }
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk::<N>().copied()
}

#[cfg(test)]
mod tests;

//! Rows as bytes.

use super::Result;
use crate::types::{Datum, Oid};

/// How rows of one table (one storage id) are laid out.
#[derive(Clone, Debug)]
pub struct RowLayout {}

/// A column as the layout needs it. A dropped column keeps its type: old rows still hold it.
#[derive(Clone, Debug)]
pub struct LayoutColumn {
    pub type_oid: Oid,
    /// The value in rows stored before the column was added.
    pub missing: Datum,
}

impl RowLayout {
    /// From all columns by attribute number, dropped ones included; `version` is the schema version written into
    /// rows.
    pub fn new(columns: &[LayoutColumn], version: u32) -> RowLayout {
        todo!()
    }
    /// Appends a row of these values (one per column) to `out`.
    pub fn encode(&self, values: &[Datum], out: &mut Vec<u8>) {
        todo!()
    }
    /// Reads a stored row, of this or an older layout.
    pub fn row<'a>(&'a self, bytes: &'a [u8]) -> Result<RowRef<'a>> {
        todo!()
    }
}

/// A stored row; columns are found in constant time. Columns count from 0 (attno - 1).
#[derive(Clone, Copy)]
pub struct RowRef<'a> {
    layout: &'a RowLayout,
    bytes: &'a [u8],
}

impl<'a> RowRef<'a> {
    /// The commit that wrote the row; 0: not committed yet.
    pub fn seq(&self) -> u64 {
        todo!()
    }
    /// The commit's time, microseconds since 2000-01-01 UTC.
    pub fn updated_us(&self) -> i64 {
        todo!()
    }
    pub fn schema_version(&self) -> u32 {
        todo!()
    }
    pub fn is_null(&self, column: usize) -> bool {
        todo!()
    }
    pub fn datum(&self, column: usize) -> Datum {
        todo!()
    }
    pub fn datums(&self) -> Vec<Datum> {
        todo!()
    }
    /// The stored bytes of a non-null variable-length value (text: UTF-8); `None` where the column is null, missing or fixed.
    pub fn var_bytes(&self, column: usize) -> Option<&'a [u8]> {
        todo!()
    }
}

/// `_seq` of a stored row, without a layout.
pub fn seq(row: &[u8]) -> u64 {
    todo!()
}

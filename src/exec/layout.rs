//! Where a tuple between operators keeps each column.
//!
//! A [`Var`](crate::nodes::Var) names a column by range table index and attribute number; operators
//! hand on flat rows. The layout of an operator's output says which slot holds which column: a join's
//! is its left input's followed by its right input's.

use crate::nodes::{AttrNumber, RangeIndex};
use crate::types::Oid;
use std::collections::HashMap;

/// The storage key of a table's row (`bytea`), for DML and row locks. Not a column users can name.
pub const KEY_ATTNO: AttrNumber = -100;

/// The commit sequence number (`int8`) of the row version read; a row lock's holder compares it.
pub const SEQ_ATTNO: AttrNumber = -101;

/// The table of the row that [`KEY_ATTNO`] is of (`oid`), where it may be one of several.
pub const KEY_TABLE_ATTNO: AttrNumber = -102;

/// True in each row of an entry: NULL where an outer join found no row of it (`bool`).
pub const PRESENT_ATTNO: AttrNumber = -103;

/// The slots of a row, in order, each with the column it holds.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    slots: HashMap<(RangeIndex, AttrNumber), usize>,
    /// Whole-row references: per range table entry its columns' types and slots.
    rows: HashMap<RangeIndex, Vec<(Oid, usize)>>,
    width: usize,
}

impl Layout {
    /// Columns 1 to `columns` of one range table entry, column `n` in slot `n - 1`: the layout of a
    /// table's whole row, as defaults, checks and index expressions see it (they use `rel` 1).
    pub fn relation(rel: RangeIndex, columns: usize) -> Layout {
        let attnos = 1..=i16::try_from(columns).expect("tables have at most 1600 columns");
        Layout::of(attnos.map(|attno| (rel, attno)))
    }

    /// One slot per column given.
    pub fn of(columns: impl IntoIterator<Item = (RangeIndex, AttrNumber)>) -> Layout {
        let mut layout = Layout::default();
        for (rel, attno) in columns {
            layout.push(rel, attno);
        }
        layout
    }

    /// Adds a slot at the end and returns its index.
    pub fn push(&mut self, rel: RangeIndex, attno: AttrNumber) -> usize {
        self.slots.insert((rel, attno), self.width);
        self.width += 1;
        self.width - 1
    }

    /// This layout's slots followed by `right`'s.
    pub fn join(&self, right: &Layout) -> Layout {
        let mut joined = self.clone();
        joined.slots.extend(right.slots.iter().map(|(column, slot)| (*column, slot + self.width)));
        for (rel, columns) in &right.rows {
            let shifted = columns.iter().map(|(type_oid, slot)| (*type_oid, slot + self.width));
            joined.rows.insert(*rel, shifted.collect());
        }
        joined.width += right.width;
        joined
    }

    /// The slot of a column.
    pub fn slot(&self, rel: RangeIndex, attno: AttrNumber) -> Option<usize> {
        self.slots.get(&(rel, attno)).copied()
    }

    /// Makes `rel.*` a row value of the columns of these types and attribute numbers; absent ones
    /// are left out (dropped columns).
    pub fn set_whole_row(&mut self, rel: RangeIndex, columns: &[(Oid, AttrNumber)]) {
        let present = columns
            .iter()
            .filter_map(|(type_oid, attno)| Some((*type_oid, self.slot(rel, *attno)?)));
        let fields = present.collect();
        self.rows.insert(rel, fields);
    }

    /// The fields of a whole-row reference; empty where none was declared.
    pub fn whole_row(&self, rel: RangeIndex) -> &[(Oid, usize)] {
        self.rows.get(&rel).map_or(&[], Vec::as_slice)
    }

    /// Whether any column of this range table entry is present.
    pub fn contains_rel(&self, rel: RangeIndex) -> bool {
        self.slots.keys().any(|(r, _)| *r == rel)
    }

    /// Number of slots.
    pub fn width(&self) -> usize {
        self.width
    }
}

//! Which part of a system relation a scan wants: the columns it reads, and the value of a key column
//! where it knows one. What is not wanted is not made: most of the time of a catalog query would go
//! into values that nobody looks at.

use super::Row;
use crate::nodes::AttrNumber;
use crate::types::{Datum, Oid};

/// Columns of a system relation, by position; no system relation has more than 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    bits: u64,
    /// Those of them that are made; the others are NULL.
    made: u64,
    /// Of the rows about the columns of a table, those about this one; others may be left out.
    about: Option<AttrNumber>,
}

/// Values of a key column, one of which a row must have to be of use.
#[derive(Debug, Clone)]
pub struct KeyValues {
    /// Position from 0.
    pub column: usize,
    pub values: Vec<Datum>,
}

impl KeyValues {
    /// The OIDs among the values.
    pub fn oids(&self) -> impl Iterator<Item = Oid> {
        self.values.iter().filter_map(|value| match value {
            Datum::Oid(oid) => Some(*oid),
            _ => None,
        })
    }
}

impl Columns {
    pub const ALL: Columns = Columns { bits: u64::MAX, made: u64::MAX, about: None };

    pub fn of(positions: impl IntoIterator<Item = usize>) -> Columns {
        let bits = positions.into_iter().fold(0, |bits, at| bits | 1 << at);
        Columns { bits, made: bits, about: None }
    }

    /// The same columns, of which only some are made.
    pub fn making(self, some: Columns) -> Columns {
        Columns { made: self.made & some.bits, ..self }
    }

    /// Of the rows about the columns of a table, only those about this one.
    pub fn about(self, attno: AttrNumber) -> Columns {
        Columns { about: Some(attno), ..self }
    }

    /// Whether a row about this column of a table is wanted.
    pub fn wants_about(self, attno: AttrNumber) -> bool {
        self.about.is_none_or(|about| about == attno)
    }

    pub fn has(self, position: usize) -> bool {
        self.bits >> position & 1 == 1
    }

    /// Whether a column that a row has is made.
    pub fn makes(self, position: usize) -> bool {
        self.made >> position & 1 == 1
    }

    /// The position of the column that is the n-th of a row, from 0.
    pub fn nth(self, n: usize) -> Option<usize> {
        (0..64).filter(|position| self.has(*position)).nth(n)
    }

    /// How many columns of a relation of this width are wanted.
    pub fn count(self, width: usize) -> usize {
        (self.bits & (u64::MAX >> (64 - width.clamp(1, 64)))).count_ones() as usize
    }

    /// The wanted columns of a row.
    pub fn project(self, row: &[Datum]) -> Row {
        let mut wanted = Vec::with_capacity(self.count(row.len()));
        self.project_into(row, &mut wanted);
        wanted
    }

    /// The same, in the place of what is there.
    pub fn project_into(self, row: &[Datum], wanted: &mut Row) {
        wanted.clear();
        for (at, value) in row.iter().enumerate().filter(|(at, _)| self.has(*at)) {
            wanted.push(if self.makes(at) { value.clone() } else { Datum::Null });
        }
    }
}

/// The wanted ones of a row's columns, in their order; the others are not evaluated.
macro_rules! row {
    ($columns:expr; $($value:expr),* $(,)?) => {{
        let columns: $crate::catalog::pg_catalog::Columns = $columns;
        let mut row: $crate::catalog::pg_catalog::Row = Vec::with_capacity(columns.count(64));
        let mut at = 0;
        $(
            if columns.has(at) {
                row.push(if columns.makes(at) { $value } else { $crate::types::Datum::Null });
            }
            at += 1;
        )*
        debug_assert!(at <= 64);
        row
    }};
}
pub(super) use row;

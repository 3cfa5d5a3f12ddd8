//! Which part of a system relation a scan wants: the columns it reads, and the value of a key column
//! where it knows one. What is not wanted is not made: most of the time of a catalog query would go
//! into values that nobody looks at.

use super::Row;
use crate::types::Datum;

/// Columns of a system relation, by position; no system relation has more than 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns(u64);

/// Values of a key column, one of which a row must have to be of use.
#[derive(Debug, Clone)]
pub struct KeyValues {
    /// Position from 0.
    pub column: usize,
    pub values: Vec<Datum>,
}

impl Columns {
    pub const ALL: Columns = Columns(u64::MAX);

    pub fn of(positions: impl IntoIterator<Item = usize>) -> Columns {
        Columns(positions.into_iter().fold(0, |bits, at| bits | 1 << at))
    }

    pub fn has(self, position: usize) -> bool {
        self.0 >> position & 1 == 1
    }

    /// How many columns of a relation of this width are wanted.
    pub fn count(self, width: usize) -> usize {
        (0..width).filter(|at| self.has(*at)).count()
    }

    /// The wanted columns of a row.
    pub fn project(self, row: &[Datum]) -> Row {
        let mut wanted = Vec::with_capacity(self.count(row.len()));
        wanted
            .extend(row.iter().enumerate().filter(|(at, _)| self.has(*at)).map(|(_, v)| v.clone()));
        wanted
    }
}

/// The wanted ones of a row's columns, in their order; the others are not evaluated.
macro_rules! row {
    ($columns:expr; $($value:expr),* $(,)?) => {{
        let columns: $crate::catalog::pg_catalog::Columns = $columns;
        let mut row: $crate::catalog::pg_catalog::Row = Vec::new();
        let mut at = 0;
        $(
            if columns.has(at) {
                row.push($value);
            }
            at += 1;
        )*
        debug_assert!(at <= 64);
        row
    }};
}
pub(super) use row;

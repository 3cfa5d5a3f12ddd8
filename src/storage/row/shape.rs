//! Where a row's columns lie, by the types they had when it was written.

use super::value::Width;
use super::widen::Widening;
use super::{LayoutColumn, type_at};
use crate::types::Oid;

/// The layout of rows of one span of schema versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub slots: Vec<Slot>,
    /// Length of the fixed area and number of variable columns among the first n columns.
    pub totals: Vec<(usize, usize)>,
}

/// A column in rows of this shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// The type it is stored as.
    pub type_oid: Oid,
    pub width: Width,
    /// What makes a value of the column's type of it.
    pub widening: Widening,
}

impl Shape {
    /// The shape of rows written at a schema version; `None`: a column had a type then that does not
    /// become its type now.
    pub fn at(columns: &[LayoutColumn], version: u32) -> Option<Shape> {
        let slot = |column: &LayoutColumn| {
            let (type_oid, _) = type_at(&column.past, (column.type_oid, -1), version);
            let widening = Widening::of(type_oid, column.type_oid)?;
            Some(Slot { type_oid, width: Width::of(type_oid), widening })
        };
        let slots: Vec<Slot> = columns.iter().map(slot).collect::<Option<_>>()?;
        let (mut fixed, mut variable) = (0, 0);
        let mut totals = vec![(0, 0)];
        for slot in &slots {
            match slot.width {
                Width::Fixed(bytes) => fixed += bytes,
                Width::Variable => variable += 1,
            }
            totals.push((fixed, variable));
        }
        Some(Shape { slots, totals })
    }

    /// The number of variable-length columns.
    pub fn variable(&self) -> usize {
        self.totals.last().map_or(0, |total| total.1)
    }
}

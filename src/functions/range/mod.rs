//! Functions and operators of ranges and multiranges (manual, 9.20).
//!
//! Predicates see a range as the multirange of it alone, so that one function serves the four
//! combinations that PostgreSQL has of each ([`relation`]).

pub(super) mod construct;
pub(super) mod relation;
pub(super) mod set;

use super::Implementation::{self, Scalar};
use super::comparison::{of, operators};
use crate::types::Datum;
use crate::types::range::{Bound, Range};

operators! {
    ["range_" "range_" "" "range_cmp"] of!(INT4RANGE);
    ["multirange_" "multirange_" "" "multirange_cmp"] of!(INT4MULTIRANGE);
}

/// The ranges, none of them empty, that a range or multirange is.
fn ranges(value: &Datum) -> &[Range] {
    match value {
        Datum::Range(range) if range.is_empty() => &[],
        Datum::Range(range) => std::slice::from_ref(&**range),
        other => &other.as_multirange().ranges,
    }
}

/// From the first lower bound to the last upper one; `None`: it is empty.
fn span(value: &Datum) -> Option<(&Bound, &Bound)> {
    let ranges = ranges(value);
    let (lower, _) = ranges.first()?.bounds.as_ref()?;
    let (_, upper) = ranges.last()?.bounds.as_ref()?;
    Some((lower, upper))
}

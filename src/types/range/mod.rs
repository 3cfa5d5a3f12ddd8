//! Ranges and multiranges.
//!
//! A [`Range`] is empty or has two [`Bound`]s, each a value, inclusive or not, or unbounded. It is made by
//! [`Range::new`] only, so that it is in canonical form: bounds in order, a range without points `empty`,
//! and where the subtype is discrete (`integer`, `bigint`, `date`) the lower bound inclusive and the upper
//! one exclusive. So equal ranges look alike: `(1,5]` is `[2,6)`. Range types that users make have no such
//! form, whatever their [`Subtype`]: bounds stay as they are given, as in PostgreSQL.
//!
//! A [`Multirange`] is ranges in order that are not empty, and neither overlap nor touch; see [`multirange`].

mod canonical;
pub mod multirange;
pub mod search;
mod text;
mod wire;

pub use multirange::Multirange;
pub use text::{bound_flags, text_in, text_in_by, text_out};
pub use wire::{binary_in, binary_in_by, binary_out, binary_out_by, tagged_in, tagged_out};

use super::{Datum, Oid, compare, oids};
use crate::error::{PgError, Result, code};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::sync::Arc;

/// Range type, subtype, multirange type.
const TYPES: [(Oid, Oid, Oid); 6] = [
    (oids::INT4RANGE, oids::INT4, oids::INT4MULTIRANGE),
    (oids::NUMRANGE, oids::NUMERIC, oids::NUMMULTIRANGE),
    (oids::TSRANGE, oids::TIMESTAMP, oids::TSMULTIRANGE),
    (oids::TSTZRANGE, oids::TIMESTAMPTZ, oids::TSTZMULTIRANGE),
    (oids::DATERANGE, oids::DATE, oids::DATEMULTIRANGE),
    (oids::INT8RANGE, oids::INT8, oids::INT8MULTIRANGE),
];

/// What the bounds of a range are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subtype {
    #[serde(rename = "subtype")]
    pub oid: Oid,
    /// Of a range type that a user made: there is no canonical form.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub as_given: bool,
}

/// The type that a built-in range type's bounds have.
pub fn subtype(range_type: Oid) -> Option<Subtype> {
    let found = TYPES.iter().find(|(range, ..)| *range == range_type);
    found.map(|(_, oid, _)| Subtype { oid: *oid, as_given: false })
}

/// Whether a type is a built-in range or multirange type.
pub fn is_range(type_oid: Oid) -> bool {
    TYPES.iter().any(|(range, _, multirange)| [*range, *multirange].contains(&type_oid))
}

/// The built-in range type that a multirange type is made of.
pub fn range_of(multirange_type: Oid) -> Option<Oid> {
    TYPES.iter().find(|(.., multirange)| *multirange == multirange_type).map(|(range, ..)| *range)
}

/// The built-in multirange type over a range type.
pub fn multirange_of(range_type: Oid) -> Option<Oid> {
    TYPES.iter().find(|(range, ..)| *range == range_type).map(|(.., multirange)| *multirange)
}

/// A range value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Range {
    #[serde(flatten)]
    pub subtype: Subtype,
    /// Lower and upper; `None`: empty.
    pub bounds: Option<(Bound, Bound)>,
}

/// One end of a range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bound {
    /// `None`: unbounded.
    pub value: Option<Datum>,
    /// Never where it is unbounded.
    pub inclusive: bool,
    pub is_upper: bool,
}

impl Bound {
    pub fn lower(value: Option<Datum>, inclusive: bool) -> Bound {
        Bound { inclusive: inclusive && value.is_some(), value, is_upper: false }
    }

    pub fn upper(value: Option<Datum>, inclusive: bool) -> Bound {
        Bound { inclusive: inclusive && value.is_some(), value, is_upper: true }
    }

    /// The end of what lies on the other side of this one.
    pub fn flipped(&self) -> Bound {
        Bound { value: self.value.clone(), inclusive: !self.inclusive, is_upper: !self.is_upper }
    }
}

/// The order of two bounds' values, an unbounded one before or after all (`range_cmp_bound_values`).
pub fn compare_values(subtype: Subtype, a: &Bound, b: &Bound) -> Ordering {
    let end = |bound: &Bound| if bound.is_upper { Ordering::Greater } else { Ordering::Less };
    match (&a.value, &b.value) {
        (None, None) => a.is_upper.cmp(&b.is_upper),
        (None, _) => end(a),
        (_, None) => end(b).reverse(),
        (Some(a), Some(b)) => compare(subtype.oid, a, b),
    }
}

/// The order of two bounds, either of them lower or upper (`range_cmp_bounds`).
pub fn compare_bounds(subtype: Subtype, a: &Bound, b: &Bound) -> Ordering {
    // How far beyond its value a bound lies.
    let beyond = |bound: &Bound| match (&bound.value, bound.inclusive, bound.is_upper) {
        (None, ..) | (_, true, _) => 0,
        (_, false, true) => -1,
        (_, false, false) => 1,
    };
    compare_values(subtype, a, b).then_with(|| beyond(a).cmp(&beyond(b)))
}

impl Range {
    pub fn empty(subtype: Subtype) -> Range {
        Range { subtype, bounds: None }
    }

    /// The range between two bounds, in canonical form; 22000 where they are out of order.
    pub fn new(subtype: Subtype, lower: Bound, upper: Bound) -> Result<Range> {
        let range = Range::within(subtype, lower, upper)?;
        match range.bounds {
            Some((lower, upper)) if !subtype.as_given => {
                let (lower, upper) = canonical::bounds(lower, upper)?;
                Range::within(subtype, lower, upper)
            }
            bounds => Ok(Range { subtype, bounds }),
        }
    }

    fn within(subtype: Subtype, lower: Bound, upper: Bound) -> Result<Range> {
        let bounds = match compare_values(subtype, &lower, &upper) {
            Ordering::Greater => {
                let message = "range lower bound must be less than or equal to range upper bound";
                return Err(PgError::new(code::DATA_EXCEPTION, message));
            }
            Ordering::Equal if !(lower.inclusive && upper.inclusive) => None,
            _ => Some((lower, upper)),
        };
        Ok(Range { subtype, bounds })
    }

    pub fn is_empty(&self) -> bool {
        self.bounds.is_none()
    }

    pub fn datum(self) -> Datum {
        Datum::Range(Arc::new(self))
    }

    /// Bytes of memory beyond the value itself.
    pub fn memory_bytes(&self) -> usize {
        let bound = |bound: &Bound| bound.value.as_ref().map_or(0, Datum::memory_bytes);
        size_of::<Range>() + self.bounds.as_ref().map_or(0, |(l, u)| bound(l) + bound(u))
    }
}

/// The order of `range_ops`: empty ranges first, then by lower and by upper bounds.
pub fn compare_ranges(a: &Range, b: &Range) -> Ordering {
    match (&a.bounds, &b.bounds) {
        (None, None) => Ordering::Equal,
        (None, _) => Ordering::Less,
        (_, None) => Ordering::Greater,
        (Some((al, au)), Some((bl, bu))) => {
            compare_bounds(a.subtype, al, bl).then_with(|| compare_bounds(a.subtype, au, bu))
        }
    }
}

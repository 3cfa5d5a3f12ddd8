//! How ranges and multiranges lie to each other, and to elements.

use super::super::Implementation::{self, Scalar};
use super::{ranges, span};
use crate::types::Datum;
use crate::types::range::multirange::touch;
use crate::types::range::{Bound, Range, Subtype, compare_bounds};

fn subtype(value: &Datum) -> Subtype {
    match value {
        Datum::Range(range) => range.subtype,
        other => other.as_multirange().subtype,
    }
}

/// Whether one range that is not empty has all points of another.
fn covers(a: &Range, b: &Range) -> bool {
    let (Some((al, au)), Some((bl, bu))) = (&a.bounds, &b.bounds) else { return false };
    compare_bounds(a.subtype, al, bl).is_le() && compare_bounds(a.subtype, au, bu).is_ge()
}

/// Whether ranges have a point in common.
pub(super) fn meet(a: &Range, b: &Range) -> bool {
    let (Some((al, au)), Some((bl, bu))) = (&a.bounds, &b.bounds) else { return false };
    compare_bounds(a.subtype, al, bu).is_le() && compare_bounds(a.subtype, bl, au).is_le()
}

fn contains(a: &Datum, b: &Datum) -> bool {
    ranges(b).iter().all(|b| ranges(a).iter().any(|a| covers(a, b)))
}

fn contains_element(a: &Datum, element: &Datum) -> bool {
    let lower = Bound::lower(Some(element.clone()), true);
    let upper = Bound::upper(Some(element.clone()), true);
    let point = Range { subtype: subtype(a), bounds: Some((lower, upper)) };
    ranges(a).iter().any(|range| covers(range, &point))
}

fn overlaps(a: &Datum, b: &Datum) -> bool {
    ranges(a).iter().any(|a| ranges(b).iter().any(|b| meet(a, b)))
}

/// A comparison of the outer bounds of two values; false where either is empty.
fn by_span(
    a: &Datum,
    b: &Datum,
    holds: impl FnOnce(Subtype, (&Bound, &Bound), (&Bound, &Bound)) -> bool,
) -> bool {
    match (span(a), span(b)) {
        (Some(first), Some(second)) => holds(subtype(a), first, second),
        _ => false,
    }
}

fn before(a: &Datum, b: &Datum) -> bool {
    by_span(a, b, |of, (_, upper), (lower, _)| compare_bounds(of, upper, lower).is_lt())
}

/// Nothing of `a` is beyond the right end of `b`.
fn overleft(a: &Datum, b: &Datum) -> bool {
    by_span(a, b, |of, (_, a), (_, b)| compare_bounds(of, a, b).is_le())
}

/// Nothing of `a` is beyond the left end of `b`.
fn overright(a: &Datum, b: &Datum) -> bool {
    by_span(a, b, |of, (a, _), (b, _)| compare_bounds(of, a, b).is_ge())
}

pub(super) fn adjacent(a: &Datum, b: &Datum) -> bool {
    by_span(a, b, |of, (a_lower, a_upper), (b_lower, b_upper)| {
        touch(of, a_upper, b_lower) || touch(of, b_upper, a_lower)
    })
}

macro_rules! holds {
    ($relation:expr) => {
        Scalar(|_, a| Ok(Datum::Bool(($relation)(&a[0], &a[1]))))
    };
}

/// A relation of two ranges, of a range and a multirange, and so on.
macro_rules! relations {
    ($($name:literal $relation:expr;)*) => {
        pub(in crate::functions) const RELATIONS: &[(&str, Implementation)] = &[$(
            (concat!("range_", $name), holds!($relation)),
            (concat!("range_", $name, "_multirange"), holds!($relation)),
            (concat!("multirange_", $name, "_range"), holds!($relation)),
            (concat!("multirange_", $name, "_multirange"), holds!($relation)),
        )*];
    };
}

relations! {
    "contains" contains;
    "contained_by" |a, b| contains(b, a);
    "overlaps" overlaps;
    "before" before;
    "after" |a, b| before(b, a);
    "overleft" overleft;
    "overright" overright;
    "adjacent" adjacent;
}

pub(in crate::functions) const ELEMENTS: &[(&str, Implementation)] = &[
    ("range_contains_elem", holds!(contains_element)),
    ("multirange_contains_elem", holds!(contains_element)),
    ("elem_contained_by_range", holds!(|element, a| contains_element(a, element))),
    ("elem_contained_by_multirange", holds!(|element, a| contains_element(a, element))),
];

//! Unions, intersections and differences.

use super::super::Implementation::{self, Scalar};
use super::ranges;
use super::relation::{adjacent, meet};
use crate::error::{PgError, Result, code};
use crate::types::Datum;
use crate::types::range::{Bound, Multirange, Range, compare_bounds};

fn not_contiguous(what: &str) -> PgError {
    let message = format!("result of range {what} would not be contiguous");
    PgError::new(code::DATA_EXCEPTION, message)
}

/// The smallest range over both; a `strict` one has no points that neither has.
fn union(a: &Datum, b: &Datum, strict: bool) -> Result<Datum> {
    let (first, second) = (a.as_range(), b.as_range());
    let (Some((al, au)), Some((bl, bu))) = (&first.bounds, &second.bounds) else {
        return Ok(if first.is_empty() { b.clone() } else { a.clone() });
    };
    if strict && !meet(first, second) && !adjacent(a, b) {
        return Err(not_contiguous("union"));
    }
    let subtype = first.subtype;
    let lower = if compare_bounds(subtype, al, bl).is_lt() { al } else { bl };
    let upper = if compare_bounds(subtype, au, bu).is_gt() { au } else { bu };
    Range::new(subtype, lower.clone(), upper.clone()).map(Range::datum)
}

/// The points that two ranges have in common.
fn common(a: &Range, b: &Range) -> Result<Range> {
    let subtype = a.subtype;
    match (&a.bounds, &b.bounds) {
        (Some((al, au)), Some((bl, bu))) if meet(a, b) => {
            let lower = if compare_bounds(subtype, al, bl).is_ge() { al } else { bl };
            let upper = if compare_bounds(subtype, au, bu).is_le() { au } else { bu };
            Range::new(subtype, lower.clone(), upper.clone())
        }
        _ => Ok(Range::empty(subtype)),
    }
}

/// What is left of a range, on either side of another.
fn difference(a: &Range, b: &Range) -> Result<[Range; 2]> {
    let subtype = a.subtype;
    let empty = || Range::empty(subtype);
    let (Some((al, au)), Some((bl, bu))) = (&a.bounds, &b.bounds) else {
        return Ok([a.clone(), empty()]);
    };
    if !meet(a, b) {
        return Ok([a.clone(), empty()]);
    }
    let part = |exists: bool, lower: &Bound, upper: &Bound| match exists {
        true => Range::new(subtype, lower.clone(), upper.clone()),
        false => Ok(empty()),
    };
    let before = part(compare_bounds(subtype, al, bl).is_lt(), al, &bl.flipped())?;
    let after = part(compare_bounds(subtype, au, bu).is_gt(), &bu.flipped(), au)?;
    Ok([before, after])
}

fn minus(a: &Range, b: &Range) -> Result<Datum> {
    let [before, after] = difference(a, b)?;
    if !before.is_empty() && !after.is_empty() {
        return Err(not_contiguous("difference"));
    }
    Ok(if before.is_empty() { after } else { before }.datum())
}

/// The intersection of two ranges or of two multiranges.
pub(in crate::functions) fn intersection(a: &Datum, b: &Datum) -> Result<Datum> {
    if let (Datum::Range(a), Datum::Range(b)) = (a, b) {
        return common(a, b).map(Range::datum);
    }
    let mut members = Vec::new();
    for first in ranges(a) {
        for second in ranges(b) {
            members.push(common(first, second)?);
        }
    }
    Ok(Multirange::new(a.as_multirange().subtype, members).datum())
}

fn minus_multirange(a: &Multirange, b: &Multirange) -> Result<Datum> {
    let mut left = a.ranges.clone();
    for taken in &b.ranges {
        let mut rest = Vec::with_capacity(left.len() + 1);
        for range in left {
            rest.extend(difference(&range, taken)?);
        }
        left = rest;
    }
    Ok(Multirange::new(a.subtype, left).datum())
}

pub(in crate::functions) const SETS: &[(&str, Implementation)] = &[
    ("range_union", Scalar(|_, a| union(&a[0], &a[1], true))),
    ("range_merge", Scalar(|_, a| union(&a[0], &a[1], false))),
    ("range_intersect", Scalar(|_, a| intersection(&a[0], &a[1]))),
    ("range_minus", Scalar(|_, a| minus(a[0].as_range(), a[1].as_range()))),
    (
        "multirange_union",
        Scalar(|_, a| {
            let both = [ranges(&a[0]), ranges(&a[1])].concat();
            Ok(Multirange::new(a[0].as_multirange().subtype, both).datum())
        }),
    ),
    ("multirange_intersect", Scalar(|_, a| intersection(&a[0], &a[1]))),
    (
        "multirange_minus",
        Scalar(|_, a| minus_multirange(a[0].as_multirange(), a[1].as_multirange())),
    ),
];

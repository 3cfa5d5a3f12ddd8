//! Making ranges and multiranges, and their parts.

use super::super::Ctx;
use super::super::Implementation::{self, Scalar, Set};
use super::super::Rows;
use super::{ranges, span};
use crate::error::{PgError, Result, code};
use crate::types::Datum;
use crate::types::range::{self, Bound, Multirange, Range, Subtype};

/// The subtype of the range or multirange type that a function gives.
fn subtype_of_result(ctx: &Ctx<'_>) -> Result<Subtype> {
    let catalog = ctx.env.catalog();
    let range_type = catalog.range_of(ctx.result_type).unwrap_or(ctx.result_type);
    let subtype = catalog.range_subtype(range_type);
    subtype.ok_or_else(|| PgError::internal("a constructor's result is no range"))
}

fn range_of(ctx: &Ctx<'_>, a: &[Datum], inclusive: (bool, bool)) -> Result<Datum> {
    let value = |value: &Datum| (!value.is_null()).then(|| value.clone());
    let lower = Bound::lower(value(&a[0]), inclusive.0);
    let upper = Bound::upper(value(&a[1]), inclusive.1);
    Range::new(subtype_of_result(ctx)?, lower, upper).map(Range::datum)
}

fn multirange_of_array(ctx: &Ctx<'_>, a: &[Datum]) -> Result<Datum> {
    let array = a[0].as_array();
    if array.dims.len() > 1 {
        let message = "multiranges cannot be constructed from multidimensional arrays";
        return Err(PgError::new(code::CARDINALITY_VIOLATION, message));
    }
    if array.elements.iter().any(Datum::is_null) {
        let message = "multirange values cannot contain null members";
        return Err(PgError::new(code::NULL_VALUE_NOT_ALLOWED, message));
    }
    let members = array.elements.iter().map(|element| element.as_range().clone()).collect();
    Ok(Multirange::new(subtype_of_result(ctx)?, members).datum())
}

fn unnest(_: &Ctx<'_>, a: &[Datum]) -> Result<Rows> {
    let members = ranges(&a[0]).to_vec();
    Ok(Box::new(members.into_iter().map(|range| Ok(vec![range.datum()]))))
}

/// A bound's value; NULL where there is none.
fn value(bound: Option<&Bound>) -> Datum {
    bound.and_then(|bound| bound.value.clone()).unwrap_or_default()
}

fn lower(a: &[Datum]) -> Option<&Bound> {
    span(&a[0]).map(|(lower, _)| lower)
}

fn upper(a: &[Datum]) -> Option<&Bound> {
    span(&a[0]).map(|(_, upper)| upper)
}

fn is_inclusive(bound: Option<&Bound>) -> Datum {
    Datum::Bool(bound.is_some_and(|bound| bound.inclusive))
}

fn is_infinite(bound: Option<&Bound>) -> Datum {
    Datum::Bool(bound.is_some_and(|bound| bound.value.is_none()))
}

/// The range from the first lower to the last upper bound.
fn merged(a: &[Datum]) -> Result<Datum> {
    let subtype = a[0].as_multirange().subtype;
    match span(&a[0]) {
        Some((lower, upper)) => Range::new(subtype, lower.clone(), upper.clone()).map(Range::datum),
        None => Ok(Range::empty(subtype).datum()),
    }
}

macro_rules! parts {
    ($table:ident $prefix:literal) => {
        pub(in crate::functions) const $table: &[(&str, Implementation)] = &[
            (concat!($prefix, "_lower"), Scalar(|_, a| Ok(value(lower(a))))),
            (concat!($prefix, "_upper"), Scalar(|_, a| Ok(value(upper(a))))),
            (concat!($prefix, "_empty"), Scalar(|_, a| Ok(Datum::Bool(span(&a[0]).is_none())))),
            (concat!($prefix, "_lower_inc"), Scalar(|_, a| Ok(is_inclusive(lower(a))))),
            (concat!($prefix, "_upper_inc"), Scalar(|_, a| Ok(is_inclusive(upper(a))))),
            (concat!($prefix, "_lower_inf"), Scalar(|_, a| Ok(is_infinite(lower(a))))),
            (concat!($prefix, "_upper_inf"), Scalar(|_, a| Ok(is_infinite(upper(a))))),
        ];
    };
}

parts!(RANGE_PARTS "range");
parts!(MULTIRANGE_PARTS "multirange");

pub(in crate::functions) const CONSTRUCTORS: &[(&str, Implementation)] = &[
    ("range_constructor2", Scalar(|c, a| range_of(c, a, (true, false)))),
    ("range_constructor3", Scalar(|c, a| range_of(c, a, range::bound_flags(&a[2])?))),
    (
        "multirange_constructor0",
        Scalar(|c, _| Ok(Multirange::new(subtype_of_result(c)?, Vec::new()).datum())),
    ),
    (
        "multirange_constructor1",
        Scalar(|_, a| {
            let range = a[0].as_range();
            Ok(Multirange::new(range.subtype, vec![range.clone()]).datum())
        }),
    ),
    ("multirange_constructor2", Scalar(multirange_of_array)),
    ("multirange_unnest", Set(unnest)),
    ("range_merge_from_multirange", Scalar(|_, a| merged(a))),
];

//! What an array contains: positions, containment, overlap, buckets.

use super::{datum, subscript_error};
use crate::error::{PgError, Result, code};
use crate::functions::Ctx;
use crate::functions::Implementation::{self, Scalar};
use crate::types::{Array, Datum, compare, equal, oids};

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("array_position", Scalar(position)),
    ("array_position_start", Scalar(position)),
    ("array_positions", Scalar(positions)),
    ("arraycontains", Scalar(|_, a| Ok(contains(a[0].as_array(), a[1].as_array())))),
    ("arraycontained", Scalar(|_, a| Ok(contains(a[1].as_array(), a[0].as_array())))),
    (
        "arrayoverlap",
        Scalar(|_, a| {
            let (a, b) = (a[0].as_array(), a[1].as_array());
            Ok(Datum::Bool(a.elements.iter().any(|e| has(b, e))))
        }),
    ),
    ("width_bucket_array", Scalar(width_bucket)),
];

/// NULL elements are equal to nothing.
fn has(array: &Array, element: &Datum) -> bool {
    !element.is_null() && array.elements.iter().any(|e| equal(array.element_type, e, element))
}

/// Whether every element of `part` is in `whole`; repetitions and dimensions do not count.
fn contains(whole: &Array, part: &Array) -> Datum {
    Datum::Bool(part.elements.iter().all(|e| has(whole, e)))
}

/// The subscripts of the elements not distinct from a value.
fn matches<'a>(array: &'a Array, value: &'a Datum) -> Result<impl Iterator<Item = i32> + 'a> {
    if array.dims.len() > 1 {
        return Err(PgError::new(
            code::FEATURE_NOT_SUPPORTED,
            "searching for elements in multidimensional arrays is not supported",
        ));
    }
    let lower = array.dims.first().map_or(1, |dim| dim.1);
    let found = (lower..).zip(&array.elements);
    Ok(found.filter(|(_, e)| equal(array.element_type, e, value)).map(|(subscript, _)| subscript))
}

fn position(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let Datum::Array(array) = &args[0] else { return Ok(Datum::Null) };
    let mut found = matches(array, &args[1])?;
    let start = match args.get(2) {
        None => i32::MIN,
        Some(Datum::Null) => {
            return Err(PgError::new(
                code::NULL_VALUE_NOT_ALLOWED,
                "initial position must not be null",
            ));
        }
        Some(start) => start.as_int4(),
    };
    Ok(found.find(|subscript| *subscript >= start).map_or(Datum::Null, Datum::Int4))
}

fn positions(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let Datum::Array(array) = &args[0] else { return Ok(Datum::Null) };
    let found = matches(array, &args[1])?.map(Datum::Int4).collect();
    Ok(datum(Array::from_elements(oids::INT4, found)))
}

/// How many of the sorted thresholds are at or below the operand.
fn width_bucket(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let thresholds = args[1].as_array();
    if thresholds.dims.len() > 1 {
        return Err(subscript_error("thresholds must be one-dimensional array"));
    }
    if thresholds.elements.iter().any(Datum::is_null) {
        return Err(PgError::new(
            code::NULL_VALUE_NOT_ALLOWED,
            "thresholds array must not contain NULLs",
        ));
    }
    let at_or_below = |e: &Datum| compare(thresholds.element_type, e, &args[0]).is_le();
    Ok(Datum::Int4(thresholds.elements.partition_point(at_or_below) as i32))
}

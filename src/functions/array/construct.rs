//! New arrays from elements and arrays: append, prepend, concatenate, fill.

use super::{DIMENSIONS_MAX, datum, element_count, result_element, subscript_error};
use crate::error::{PgError, Result, code};
use crate::functions::Ctx;
use crate::functions::Implementation::{self, Scalar};
use crate::types::{Array, Datum};

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("array_append", Scalar(|c, a| push(c, &a[0], &a[1], |array| array.elements.len()))),
    ("array_prepend", Scalar(|c, a| push(c, &a[1], &a[0], |_| 0))),
    ("array_cat", Scalar(concatenate)),
    ("array_fill", Scalar(fill)),
    ("array_fill_with_lower_bounds", Scalar(fill)),
];

/// A NULL array counts as empty. The lower bound stays.
fn push(
    ctx: &Ctx<'_>,
    array: &Datum,
    element: &Datum,
    position: fn(&Array) -> usize,
) -> Result<Datum> {
    let mut array = match array {
        Datum::Array(array) => Array::clone(array),
        _ => Array::from_elements(result_element(ctx), Vec::new()),
    };
    let lower = match array.dims[..] {
        [] => 1,
        [(_, lower)] => lower,
        _ => {
            return Err(PgError::new(
                code::DATA_EXCEPTION,
                "argument must be empty or one-dimensional array",
            ));
        }
    };
    array.elements.insert(position(&array), element.clone());
    let length = element_count([array.elements.len() as i32])? as i32;
    if lower.checked_add(length).is_none() {
        return Err(PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, "integer out of range"));
    }
    array.dims = vec![(length, lower)];
    Ok(datum(array))
}

/// Joins arrays along the first dimension; one that has a dimension less is one more slice.
fn concatenate(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let (a, b) = match (&args[0], &args[1]) {
        (Datum::Null, other) | (other, Datum::Null) => return Ok(other.clone()),
        (a, b) => (a.as_array(), b.as_array()),
    };
    if a.dims.is_empty() {
        return Ok(args[1].clone());
    }
    if b.dims.is_empty() {
        return Ok(args[0].clone());
    }
    let dims = joined_dims(&a.dims, &b.dims)?;
    element_count(dims.iter().map(|dim| dim.0))?;
    check_bounds(&dims)?;
    let elements = a.elements.iter().chain(&b.elements).cloned().collect();
    Ok(datum(Array { element_type: a.element_type, dims, elements }))
}

fn joined_dims(a: &[(i32, i32)], b: &[(i32, i32)]) -> Result<Vec<(i32, i32)>> {
    let mut dims = if a.len() >= b.len() { a.to_vec() } else { b.to_vec() };
    let (inner_fits, slices) = match a.len() as i32 - b.len() as i32 {
        0 => (a[1..] == b[1..], b[0].0),
        1 => (a[1..] == *b, 1),
        -1 => (*a == b[1..], 1),
        _ => {
            return Err(incompatible(format!(
                "Arrays of {} and {} dimensions are not compatible for concatenation.",
                a.len(),
                b.len()
            )));
        }
    };
    if !inner_fits {
        let what = if a.len() == b.len() { "element dimensions" } else { "dimensions" };
        return Err(incompatible(format!(
            "Arrays with differing {what} are not compatible for concatenation."
        )));
    }
    dims[0].0 = dims[0].0.saturating_add(slices);
    Ok(dims)
}

fn incompatible(detail: String) -> PgError {
    subscript_error("cannot concatenate incompatible arrays").detail(detail)
}

/// `array_fill(value, lengths [, lower bounds])`
fn fill(ctx: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    if args[1..].iter().any(Datum::is_null) {
        return Err(PgError::new(
            code::NULL_VALUE_NOT_ALLOWED,
            "dimension array or low bound array cannot be null",
        ));
    }
    let lengths = dimension_values(args[1].as_array())?;
    let lowers = match args.get(2) {
        Some(lowers) => dimension_values(lowers.as_array())?,
        None => vec![1; lengths.len()],
    };
    if lengths.len() > DIMENSIONS_MAX {
        return Err(PgError::new(
            code::PROGRAM_LIMIT_EXCEEDED,
            format!(
                "number of array dimensions ({}) exceeds the maximum allowed ({DIMENSIONS_MAX})",
                lengths.len()
            ),
        ));
    }
    if lengths.len() != lowers.len() {
        return Err(subscript_error("wrong number of array subscripts")
            .detail("Low bound array has different size than dimensions array."));
    }
    let count = if lengths.is_empty() { 0 } else { element_count(lengths.iter().copied())? };
    let dims: Vec<(i32, i32)> = lengths.into_iter().zip(lowers).collect();
    check_bounds(&dims)?;
    let element_type = result_element(ctx);
    if count == 0 {
        return Ok(datum(Array::from_elements(element_type, Vec::new())));
    }
    Ok(datum(Array { element_type, dims, elements: vec![args[0].clone(); count] }))
}

/// Subscripts up to one past the last fit an int4.
fn check_bounds(dims: &[(i32, i32)]) -> Result<()> {
    match dims.iter().find(|(length, lower)| lower.checked_add(*length).is_none()) {
        None => Ok(()),
        Some((_, lower)) => Err(PgError::new(
            code::PROGRAM_LIMIT_EXCEEDED,
            format!("array lower bound is too large: {lower}"),
        )),
    }
}

fn dimension_values(array: &Array) -> Result<Vec<i32>> {
    if array.dims.len() > 1 {
        return Err(subscript_error("wrong number of array subscripts")
            .detail("Dimension array must be one dimensional."));
    }
    if array.elements.iter().any(Datum::is_null) {
        return Err(PgError::new(code::NULL_VALUE_NOT_ALLOWED, "dimension values cannot be null"));
    }
    Ok(array.elements.iter().map(Datum::as_int4).collect())
}

//! `array_remove`, `array_replace`, `trim_array`. NULL is a value here: it can be removed and
//! replaced.

use super::{datum, subscript_error};
use crate::error::{PgError, Result, code};
use crate::functions::Ctx;
use crate::functions::Implementation::{self, Scalar};
use crate::types::{Array, Datum, equal};

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("array_remove", Scalar(remove)),
    ("array_replace", Scalar(replace)),
    ("trim_array", Scalar(trim)),
];

fn remove(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let Datum::Array(array) = &args[0] else { return Ok(Datum::Null) };
    if array.dims.len() > 1 {
        return Err(PgError::new(
            code::FEATURE_NOT_SUPPORTED,
            "removing elements from multidimensional arrays is not supported",
        ));
    }
    let kept = array.elements.iter().filter(|e| !equal(array.element_type, e, &args[1]));
    let mut result = Array::from_elements(array.element_type, kept.cloned().collect());
    if let ([dim], [before]) = (&mut result.dims[..], &array.dims[..]) {
        dim.1 = before.1;
    }
    Ok(datum(result))
}

fn replace(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let Datum::Array(array) = &args[0] else { return Ok(Datum::Null) };
    let mut result = Array::clone(array);
    for element in &mut result.elements {
        if equal(array.element_type, element, &args[1]) {
            *element = args[2].clone();
        }
    }
    Ok(datum(result))
}

/// Drops so many slices from the end of the first dimension. As of any slice, bounds begin at 1.
fn trim(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let (array, drop) = (args[0].as_array(), args[1].as_int4());
    let length = array.dims.first().map_or(0, |dim| dim.0);
    if !(0..=length).contains(&drop) {
        return Err(subscript_error(format!(
            "number of elements to trim must be between 0 and {length}"
        )));
    }
    if drop == length {
        return Ok(datum(Array::from_elements(array.element_type, Vec::new())));
    }
    let slice = array.elements.len() / length as usize;
    let kept = (length - drop) as usize * slice;
    let mut dims: Vec<(i32, i32)> = array.dims.iter().map(|dim| (dim.0, 1)).collect();
    dims[0].0 = length - drop;
    let elements = array.elements[..kept].to_vec();
    Ok(datum(Array { element_type: array.element_type, dims, elements }))
}

//! What an array looks like: dimensions, bounds, number of elements.

use crate::functions::Implementation::{self, Scalar};
use crate::types::{Array, Datum};
use std::fmt::Write;

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    (
        "array_ndims",
        Scalar(|_, a| {
            Ok(match a[0].as_array().dims.len() {
                0 => Datum::Null,
                n => Datum::Int4(n as i32),
            })
        }),
    ),
    ("array_dims", Scalar(|_, a| Ok(dims(a[0].as_array())))),
    ("array_lower", Scalar(|_, a| Ok(of_dimension(a, |(_, lower)| lower)))),
    ("array_upper", Scalar(|_, a| Ok(of_dimension(a, |(length, lower)| length + lower - 1)))),
    ("array_length", Scalar(|_, a| Ok(of_dimension(a, |(length, _)| length)))),
    ("array_cardinality", Scalar(|_, a| Ok(Datum::Int4(a[0].as_array().elements.len() as i32)))),
];

/// NULL for a dimension that the array does not have.
fn of_dimension(args: &[Datum], what: fn((i32, i32)) -> i32) -> Datum {
    dimension(args[0].as_array(), args[1].as_int4())
        .map_or(Datum::Null, |dim| Datum::Int4(what(dim)))
}

/// Length and lower bound of a dimension, counted from 1.
pub(super) fn dimension(array: &Array, number: i32) -> Option<(i32, i32)> {
    array.dims.get(usize::try_from(number.checked_sub(1)?).ok()?).copied()
}

/// `[1:2][0:3]`
fn dims(array: &Array) -> Datum {
    if array.dims.is_empty() {
        return Datum::Null;
    }
    let mut text = String::new();
    for (length, lower) in &array.dims {
        write!(text, "[{lower}:{}]", lower + length - 1).expect("writing to a string succeeds");
    }
    Datum::text(text)
}

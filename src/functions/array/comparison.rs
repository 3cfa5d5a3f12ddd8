//! Comparison of arrays: element by element, then by number of elements, then by shape.

use crate::functions::Ctx;
use crate::functions::Implementation::{self, Scalar};
use crate::functions::comparison::operators;
use crate::types::{Datum, Oid, compare, oids};
use std::cmp::Ordering;

operators! {
    ["array_" "array_" "" "btarraycmp"] order;
}

pub(in crate::functions) const EXTREMES: &[(&str, Implementation)] = &[
    ("array_larger", Scalar(|c, a| Ok(a[usize::from(order(c, &a[0], &a[1]).is_le())].clone()))),
    ("array_smaller", Scalar(|c, a| Ok(a[usize::from(order(c, &a[0], &a[1]).is_ge())].clone()))),
];

fn order(_: &Ctx<'_>, a: &Datum, b: &Datum) -> Ordering {
    compare(type_of(a), a, b)
}

fn type_of(array: &Datum) -> Oid {
    oids::array_of(array.as_array().element_type).unwrap_or(oids::ANYARRAY)
}

//! Paths: text arrays whose elements are keys of objects or subscripts of arrays.

use crate::types::{Array, Datum};

/// The steps of a path; NULL elements are `None`.
pub(super) fn steps(path: &Array) -> Vec<Option<&str>> {
    let step = |element| match element {
        &Datum::Null => None,
        element => Some(Datum::as_text(element)),
    };
    path.elements.iter().map(step).collect()
}

/// A step as a subscript, read as C's `strtoint` does: spaces and a sign may lead, nothing may
/// follow.
pub(super) fn subscript(step: &str) -> Option<i32> {
    let digits = step.trim_start_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r']);
    digits.parse().ok()
}

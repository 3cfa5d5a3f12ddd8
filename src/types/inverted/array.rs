//! Arrays: their elements. NULLs are not looked for: no operator finds an array by one.

use super::{EMPTY, Operator, Search, any_of, every_of};
use crate::types::{Datum, key};
use std::collections::BTreeSet;

pub(super) fn keys(value: &Datum) -> BTreeSet<Vec<u8>> {
    let Datum::Array(array) = value else { return BTreeSet::new() };
    let elements = array.elements.iter().filter(|element| !element.is_null());
    let key = |element: &Datum| {
        let mut out = vec![1];
        key::encode_value(array.element_type, element, &mut out);
        out
    };
    elements.map(key).collect()
}

pub(super) fn search(operator: Operator, value: &Datum) -> Search {
    let wanted = keys(value);
    match operator {
        Operator::Overlaps => any_of(wanted),
        // Within anything is what has nothing.
        Operator::ContainedBy => any_of(wanted.into_iter().chain([EMPTY.to_vec()]).collect()),
        Operator::Equals if wanted.is_empty() => Search::Key(EMPTY.to_vec()),
        _ => every_of(wanted),
    }
}

//! Bytes whose `memcmp` order is a type's order.

use super::{Datum, Oid};

/// Appends the key of a value; keys are prefix-free, so several columns' keys may follow each other.
pub fn encode(
    _type_oid: Oid,
    _value: &Datum,
    _descending: bool,
    _nulls_first: bool,
    _out: &mut Vec<u8>,
) {
    todo!()
}

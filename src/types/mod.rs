//! PostgreSQL's types: values, text and binary forms, comparison, keys, Arrow representation.
//!
//! One file per family. What every family provides, dispatched by type OID:
//! - [`text_in`], [`text_out`]: the text form, as `typinput` and `typoutput`;
//! - [`binary_in`], [`binary_out`]: the wire's binary form, as `typreceive` and `typsend`;
//! - [`compare`], [`hash`]: the order of the default btree operator class;
//! - [`key::encode`]: bytes whose `memcmp` order is that order;
//! - [`arrow`]: the array type that DataFusion plans see.
//!
//! `reg*` types are `oid`s here; resolving their names needs the catalog and is done above.

pub mod arrow;
pub mod datetime;
mod datum;
mod format;
pub mod jsonb;
pub mod key;
pub mod numeric;
pub mod oids;

pub use datetime::{Interval, TimeZone};
pub use datum::{Array, Datum, Record};
pub use format::{ByteaOutput, DateOrder, DateStyle, Format, IntervalStyle};
pub use jsonb::Jsonb;
pub use numeric::Numeric;

use crate::error::Result;
use std::cmp::Ordering;
use std::hash::Hasher;

/// A PostgreSQL object identifier.
pub type Oid = u32;

/// Reads a value's text form, as `typinput` with the type modifier (`-1`: none) applied.
pub fn text_in(_type_oid: Oid, _typmod: i32, _text: &str, _format: &Format) -> Result<Datum> {
    todo!()
}

/// Appends a value's text form, as `typoutput`. Not for NULL.
pub fn text_out(_type_oid: Oid, _value: &Datum, _format: &Format, _out: &mut Vec<u8>) {
    todo!()
}

/// Reads a value's binary form, as `typreceive`.
pub fn binary_in(_type_oid: Oid, _typmod: i32, _bytes: &[u8]) -> Result<Datum> {
    todo!()
}

/// Appends a value's binary form, as `typsend`. Not for NULL.
pub fn binary_out(_type_oid: Oid, _value: &Datum, _out: &mut Vec<u8>) {
    todo!()
}

/// The order of the type's default btree operator class. NULLs are equal to each other and greater
/// than anything else.
pub fn compare(_type_oid: Oid, _a: &Datum, _b: &Datum) -> Ordering {
    todo!()
}

/// Equality by the default operator class; cheaper than [`compare`]. NULL equals NULL.
pub fn equal(_type_oid: Oid, _a: &Datum, _b: &Datum) -> bool {
    todo!()
}

/// Hashes so that values that are [`equal`] hash alike (1.0 and 1.00, -0 and 0).
pub fn hash(_type_oid: Oid, _value: &Datum, _state: &mut impl Hasher) {
    todo!()
}

/// Fits a value of the type to a type modifier (`varchar(3)`, `numeric(10,2)`, `timestamp(0)`), as
/// the type's length-coercion cast. `explicit`: a cast that may truncate silently.
pub fn apply_typmod(_type_oid: Oid, _typmod: i32, _explicit: bool, _value: Datum) -> Result<Datum> {
    todo!()
}

/// A type modifier as text, such as `(10,2)`: `typmodout`. Empty for -1.
pub fn typmod_out(_type_oid: Oid, _typmod: i32) -> String {
    todo!()
}

/// A type modifier from its parenthesised integers, `typmodin`: `numeric(10,2)` gives `[10, 2]`.
pub fn typmod_in(_type_oid: Oid, _modifiers: &[i32]) -> Result<i32> {
    todo!()
}

/// The SQL name of a built-in type, as `format_type` prints it; `None`: not a built-in type.
pub fn format_type(_type_oid: Oid, _typmod: i32) -> Option<String> {
    todo!()
}

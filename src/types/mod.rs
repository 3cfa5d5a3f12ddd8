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

mod datum;
pub mod oids;

pub use datum::{Array, Datum, Record};

/// A PostgreSQL object identifier.
pub type Oid = u32;

/// An exact decimal.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Numeric(std::sync::Arc<str>);

/// A span of time, as PostgreSQL keeps it.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Interval {
    pub months: i32,
    pub days: i32,
    pub micros: i64,
}

/// A JSON document in binary form.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Jsonb(std::sync::Arc<[u8]>);

/// Settings that decide how values are read and written.
#[derive(Clone, Debug, Default)]
pub struct Format {}

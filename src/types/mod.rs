//! PostgreSQL's types: values, text and binary forms, comparison, keys, Arrow representation.
//!
//! One file per family. What every family provides, dispatched by type OID:
//! - [`text_in`], [`text_out`]: the text form, as `typinput` and `typoutput`;
//! - [`binary_in`], [`binary_out`]: the wire's binary form, as `typreceive` and `typsend`;
//! - [`compare()`], [`hash`]: the order of the default btree operator class;
//! - [`key::encode`]: bytes whose `memcmp` order is that order;
//! - [`arrow`]: the array type that DataFusion plans see.
//!
//! `reg*` types are `oid`s here; resolving their names needs the catalog and is done above.

pub mod array;
pub mod arrow;
pub mod bits;
pub mod boolean;
pub mod bytea;
mod charset;
mod codec;
pub mod collation;
mod compare;
pub mod datetime;
mod datum;
pub mod float;
mod format;
pub mod geometry;
pub mod hstore;
pub mod input;
pub mod int;
pub mod inverted;
pub mod json;
pub mod jsonb;
pub mod jsonpath;
pub mod key;
pub mod lsn;
pub mod macaddr;
pub mod money;
mod names;
pub mod network;
pub mod numeric;
pub mod oids;
pub mod range;
pub mod record;
pub mod string;
pub mod tagged;
#[cfg(test)]
mod tests;
pub mod textsearch;
pub mod trigram;
pub mod uuid;
pub mod xml;

pub use charset::{Charset, SharedCharset};
pub use codec::{binary_in, binary_out, text_in, text_out};
pub use compare::{compare, equal, hash};
pub use datetime::{Interval, TimeZone};
pub use datum::{Array, Datum, Record, is_bytes};
pub use format::{ByteaOutput, DateOrder, DateStyle, Format, IntervalStyle};
pub use jsonb::Jsonb;
pub use names::{apply_typmod, format_type, type_name, typmod_in, typmod_out};
pub use numeric::Numeric;

/// A PostgreSQL object identifier.
pub type Oid = u32;

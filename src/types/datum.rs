//! A value of any type, as row programs, functions and the catalog hold it.
//!
//! A `Datum` does not know its type; the expression or column it belongs to does. Types that share a
//! representation share a variant: `text`, `varchar`, `bpchar`, `name`, `json`, `xml`, `citext` and `unknown`
//! are `Text`; `oid` and the `reg*` types are `Oid`; `tid`, `xid8`, `money` and
//! `pg_lsn` are `Int8`; what is bytes of a form
//! of its own ([`is_bytes`]) is `Bytea`.

use super::range::{Multirange, Range};
use super::{Interval, Jsonb, Numeric, Oid, oids};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub enum Datum {
    #[default]
    Null,
    Bool(bool),
    /// `"char"`: one byte.
    Char(u8),
    Int2(i16),
    Int4(i32),
    Int8(i64),
    Float4(f32),
    Float8(f64),
    Oid(Oid),
    Numeric(Numeric),
    Text(Arc<str>),
    Bytea(Arc<[u8]>),
    /// Days since 2000-01-01; `i32::MIN` is -infinity, `i32::MAX` infinity.
    Date(i32),
    /// Microseconds since midnight, up to and including 24:00.
    Time(i64),
    /// Microseconds since midnight, and the zone in seconds *west* of Greenwich, as PostgreSQL
    /// stores it.
    TimeTz(i64, i32),
    /// Microseconds since 2000-01-01 00:00; `i64::MIN` is -infinity, `i64::MAX` infinity.
    Timestamp(i64),
    /// Microseconds since 2000-01-01 00:00 UTC; infinities as for `Timestamp`.
    TimestampTz(i64),
    Interval(Arc<Interval>),
    Uuid(Arc<[u8; 16]>),
    Jsonb(Jsonb),
    Array(Arc<Array>),
    Record(Arc<Record>),
    Range(Arc<Range>),
    Multirange(Arc<Multirange>),
}

/// The same value in the same form, as constants of two expressions are the same: NaN is itself, and
/// -0 is not 0. SQL's equality is [`super::equal`].
impl PartialEq for Datum {
    fn eq(&self, o: &Datum) -> bool {
        match (self, o) {
            (Datum::Null, Datum::Null) => true,
            (Datum::Bool(a), Datum::Bool(b)) => a == b,
            (Datum::Char(a), Datum::Char(b)) => a == b,
            (Datum::Int2(a), Datum::Int2(b)) => a == b,
            (Datum::Int4(a), Datum::Int4(b)) | (Datum::Date(a), Datum::Date(b)) => a == b,
            (Datum::Int8(a), Datum::Int8(b))
            | (Datum::Time(a), Datum::Time(b))
            | (Datum::Timestamp(a), Datum::Timestamp(b))
            | (Datum::TimestampTz(a), Datum::TimestampTz(b)) => a == b,
            (Datum::Float4(a), Datum::Float4(b)) => a.to_bits() == b.to_bits(),
            (Datum::Float8(a), Datum::Float8(b)) => a.to_bits() == b.to_bits(),
            (Datum::Oid(a), Datum::Oid(b)) => a == b,
            (Datum::Numeric(a), Datum::Numeric(b)) => a == b,
            (Datum::Text(a), Datum::Text(b)) => a == b,
            (Datum::Bytea(a), Datum::Bytea(b)) => a == b,
            (Datum::TimeTz(a, x), Datum::TimeTz(b, y)) => (a, x) == (b, y),
            (Datum::Interval(a), Datum::Interval(b)) => a == b,
            (Datum::Uuid(a), Datum::Uuid(b)) => a == b,
            (Datum::Jsonb(a), Datum::Jsonb(b)) => a == b,
            (Datum::Array(a), Datum::Array(b)) => a == b,
            (Datum::Record(a), Datum::Record(b)) => a == b,
            (Datum::Range(a), Datum::Range(b)) => a == b,
            (Datum::Multirange(a), Datum::Multirange(b)) => a == b,
            _ => false,
        }
    }
}

/// An array value of any dimension, elements in row-major order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Array {
    pub element_type: Oid,
    /// Per dimension: length and lower bound. Empty: the empty array.
    pub dims: Vec<(i32, i32)>,
    pub elements: Vec<Datum>,
}

impl Array {
    /// A one-dimensional array with lower bound 1; empty where there are no elements.
    pub fn from_elements(element_type: Oid, elements: Vec<Datum>) -> Array {
        let dims = match elements.len() {
            0 => Vec::new(),
            n => vec![(i32::try_from(n).expect("arrays are shorter than 2^31"), 1)],
        };
        Array { element_type, dims, elements }
    }
}

/// A row value: each field with its type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub fields: Vec<(Oid, Datum)>,
    /// The columns' names where the row came from something that names them (`row_to_json` shows
    /// them); `None`: `f1`, `f2` and so on. Not part of the value.
    pub names: Option<Arc<[String]>>,
}

impl Record {
    /// A row whose columns have no names.
    pub fn unnamed(fields: Vec<(Oid, Datum)>) -> Record {
        Record { fields, names: None }
    }
}

/// Whether values of a type are [`Datum::Bytea`], of `bytea` or of another form.
pub fn is_bytes(type_oid: Oid) -> bool {
    matches!(
        type_oid,
        oids::BYTEA
            | oids::INET
            | oids::CIDR
            | oids::MACADDR
            | oids::MACADDR8
            | oids::BIT
            | oids::VARBIT
            | oids::POINT
            | oids::LSEG
            | oids::PATH
            | oids::BOX
            | oids::POLYGON
            | oids::LINE
            | oids::CIRCLE
            | oids::TSVECTOR
            | oids::TSQUERY
            | oids::HSTORE
    )
}

impl Datum {
    pub fn is_null(&self) -> bool {
        matches!(self, Datum::Null)
    }

    pub fn text(s: impl Into<Arc<str>>) -> Datum {
        Datum::Text(s.into())
    }

    pub fn bytea(b: impl Into<Arc<[u8]>>) -> Datum {
        Datum::Bytea(b.into())
    }

    /// About how many bytes of memory the value holds, itself included: what memory limits count.
    pub fn memory_bytes(&self) -> usize {
        let heap = match self {
            Datum::Text(s) => s.len(),
            Datum::Bytea(b) => b.len(),
            Datum::Jsonb(document) => document.as_bytes().len(),
            Datum::Array(array) => array.elements.iter().map(Datum::memory_bytes).sum(),
            Datum::Record(record) => record.fields.iter().map(|(_, v)| v.memory_bytes()).sum(),
            Datum::Range(range) => range.memory_bytes(),
            Datum::Multirange(multirange) => multirange.memory_bytes(),
            // Most numerics are short.
            Datum::Numeric(_) | Datum::Interval(_) | Datum::Uuid(_) => 32,
            _ => 0,
        };
        std::mem::size_of::<Datum>() + heap
    }
}

/// `as_int4()` and the like: the value of a known variant. A mismatch is a bug of the caller: the
/// binder gives every function arguments of its declared types.
macro_rules! accessors {
    ($($name:ident -> $ty:ty = $variant:ident;)*) => {
        impl Datum {
            $(#[doc = concat!("The value of a `", stringify!($variant), "`; panics on another variant.")]
            #[inline]
            #[track_caller]
            pub fn $name(&self) -> $ty {
                match self {
                    Datum::$variant(v) => *v,
                    other => panic!(concat!("expected ", stringify!($variant), ", found {:?}"), other),
                }
            })*
        }
    };
}

accessors! {
    as_bool -> bool = Bool;
    as_char -> u8 = Char;
    as_int2 -> i16 = Int2;
    as_int4 -> i32 = Int4;
    as_int8 -> i64 = Int8;
    as_float4 -> f32 = Float4;
    as_float8 -> f64 = Float8;
    as_oid -> Oid = Oid;
    as_date -> i32 = Date;
    as_time -> i64 = Time;
    as_timestamp -> i64 = Timestamp;
    as_timestamptz -> i64 = TimestampTz;
}

macro_rules! ref_accessors {
    ($($name:ident -> $ty:ty = $variant:ident;)*) => {
        impl Datum {
            $(#[doc = concat!("The value of a `", stringify!($variant), "`; panics on another variant.")]
            #[inline]
            #[track_caller]
            pub fn $name(&self) -> &$ty {
                match self {
                    Datum::$variant(v) => v,
                    other => panic!(concat!("expected ", stringify!($variant), ", found {:?}"), other),
                }
            })*
        }
    };
}

ref_accessors! {
    as_text -> str = Text;
    as_bytea -> [u8] = Bytea;
    as_numeric -> Numeric = Numeric;
    as_interval -> Interval = Interval;
    as_uuid -> [u8; 16] = Uuid;
    as_jsonb -> Jsonb = Jsonb;
    as_array -> Array = Array;
    as_record -> Record = Record;
    as_range -> Range = Range;
    as_multirange -> Multirange = Multirange;
}

const _: () = assert!(std::mem::size_of::<Datum>() <= 24, "a row of datums is copied on hot paths");

//! A value's bytes inside a row.
//!
//! Fixed-width types are stored as their little-endian integers and floats. Text is its bytes, and so is
//! what is held as bytes (`inet` and the like).
//! `numeric` has its compact form, which costs no division by powers of ten. The other
//! variable-length types (jsonb, arrays) are stored in their binary wire form, which is exact,
//! compact, and does not change between versions. Types that users make are stored as what stands in for
//! them: an enum as the eight bytes of a label's rank, composites and arrays [tagged].

use crate::types::{Datum, Interval, Numeric, Oid, binary_in, binary_out, is_bytes, oids, tagged};
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    /// Bytes in the fixed area.
    Fixed(usize),
    Variable,
}

impl Width {
    pub(super) fn of(type_oid: Oid) -> Width {
        match type_oid {
            oids::BOOL | oids::CHAR => Width::Fixed(1),
            oids::INT2 => Width::Fixed(2),
            oids::INT4 | oids::FLOAT4 | oids::DATE => Width::Fixed(4),
            oids::INT8
            | oids::ANYENUM
            | oids::MONEY
            | oids::PG_LSN
            | oids::FLOAT8
            | oids::TIME
            | oids::TIMESTAMP
            | oids::TIMESTAMPTZ => Width::Fixed(8),
            oids::TIMETZ => Width::Fixed(12),
            oids::INTERVAL | oids::UUID => Width::Fixed(16),
            oid if is_oid(oid) => Width::Fixed(4),
            _ => Width::Variable,
        }
    }
}

/// `oid` and the types that are one.
fn is_oid(type_oid: Oid) -> bool {
    matches!(
        type_oid,
        oids::OID
            | oids::XID
            | oids::CID
            | oids::REGPROC
            | oids::REGPROCEDURE
            | oids::REGOPER
            | oids::REGOPERATOR
            | oids::REGCLASS
            | oids::REGTYPE
            | oids::REGROLE
            | oids::REGNAMESPACE
            | oids::REGCONFIG
            | oids::REGDICTIONARY
            | oids::REGCOLLATION
    )
}

/// Appends a fixed-width value; nothing for NULL, whose slot the caller fills.
pub(super) fn encode_fixed(value: &Datum, out: &mut Vec<u8>) {
    match value {
        Datum::Bool(v) => out.push(u8::from(*v)),
        Datum::Char(v) => out.push(*v),
        Datum::Int2(v) => out.extend_from_slice(&v.to_le_bytes()),
        Datum::Int4(v) | Datum::Date(v) => out.extend_from_slice(&v.to_le_bytes()),
        Datum::Oid(v) => out.extend_from_slice(&v.to_le_bytes()),
        Datum::Int8(v) | Datum::Time(v) | Datum::Timestamp(v) | Datum::TimestampTz(v) => {
            out.extend_from_slice(&v.to_le_bytes());
        }
        Datum::Float4(v) => out.extend_from_slice(&v.to_le_bytes()),
        Datum::Float8(v) => out.extend_from_slice(&v.to_le_bytes()),
        Datum::TimeTz(micros, zone) => {
            out.extend_from_slice(&micros.to_le_bytes());
            out.extend_from_slice(&zone.to_le_bytes());
        }
        Datum::Interval(v) => {
            out.extend_from_slice(&v.micros.to_le_bytes());
            out.extend_from_slice(&v.days.to_le_bytes());
            out.extend_from_slice(&v.months.to_le_bytes());
        }
        Datum::Uuid(v) => out.extend_from_slice(&v[..]),
        _ => debug_assert!(value.is_null(), "{value:?} is not of fixed width"),
    }
}

/// `bytes` is exactly the slot of [`Width::of`] the type.
pub(super) fn decode_fixed(type_oid: Oid, bytes: &[u8]) -> Datum {
    match type_oid {
        oids::BOOL => Datum::Bool(bytes[0] != 0),
        oids::CHAR => Datum::Char(bytes[0]),
        oids::INT2 => Datum::Int2(i16::from_le_bytes(chunk(bytes, 0))),
        oids::INT4 => Datum::Int4(i32::from_le_bytes(chunk(bytes, 0))),
        oids::INT8 | oids::ANYENUM | oids::MONEY | oids::PG_LSN => {
            Datum::Int8(i64::from_le_bytes(chunk(bytes, 0)))
        }
        oids::FLOAT4 => Datum::Float4(f32::from_le_bytes(chunk(bytes, 0))),
        oids::FLOAT8 => Datum::Float8(f64::from_le_bytes(chunk(bytes, 0))),
        oids::DATE => Datum::Date(i32::from_le_bytes(chunk(bytes, 0))),
        oids::TIME => Datum::Time(i64::from_le_bytes(chunk(bytes, 0))),
        oids::TIMESTAMP => Datum::Timestamp(i64::from_le_bytes(chunk(bytes, 0))),
        oids::TIMESTAMPTZ => Datum::TimestampTz(i64::from_le_bytes(chunk(bytes, 0))),
        oids::TIMETZ => {
            let (micros, zone) = (chunk(bytes, 0), chunk(bytes, 8));
            Datum::TimeTz(i64::from_le_bytes(micros), i32::from_le_bytes(zone))
        }
        oids::INTERVAL => Datum::Interval(Arc::new(Interval {
            micros: i64::from_le_bytes(chunk(bytes, 0)),
            days: i32::from_le_bytes(chunk(bytes, 8)),
            months: i32::from_le_bytes(chunk(bytes, 12)),
        })),
        oids::UUID => Datum::Uuid(Arc::new(chunk(bytes, 0))),
        _ => Datum::Oid(u32::from_le_bytes(chunk(bytes, 0))),
    }
}

/// Appends a variable-length value; nothing for NULL.
pub(super) fn encode_variable(type_oid: Oid, value: &Datum, out: &mut Vec<u8>) {
    match value {
        Datum::Null => {}
        value if tagged::is_tagged(type_oid) => tagged::write(value, out),
        Datum::Text(v) => out.extend_from_slice(v.as_bytes()),
        Datum::Bytea(v) => out.extend_from_slice(v),
        Datum::Numeric(v) => v.encode(out),
        other => binary_out(type_oid, other, out),
    }
}

pub(super) fn decode_variable(type_oid: Oid, bytes: &[u8]) -> Datum {
    match type_oid {
        oids::TEXT
        | oids::VARCHAR
        | oids::BPCHAR
        | oids::NAME
        | oids::CITEXT
        | oids::JSON
        | oids::JSONPATH
        | oids::XML => {
            // Text was valid UTF-8 when written, and RocksDB checks its blocks' checksums.
            Datum::text(std::str::from_utf8(bytes).expect("stored text is UTF-8"))
        }
        _ if is_bytes(type_oid) => Datum::bytea(bytes),
        oids::NUMERIC => {
            Datum::Numeric(Numeric::decode(bytes).expect("a stored numeric is in its compact form"))
        }
        _ if tagged::is_tagged(type_oid) => {
            tagged::read(bytes).expect("a stored value is in its tagged form")
        }
        _ => binary_in(type_oid, -1, bytes).expect("a stored value is in its type's binary form"),
    }
}

fn chunk<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    *bytes[at..].first_chunk::<N>().expect("a slot has its type's width")
}

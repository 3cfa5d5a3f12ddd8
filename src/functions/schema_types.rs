//! information_schema's own functions: how its views take types and indexes apart.
//!
//! PostgreSQL writes them in SQL (`information_schema.sql`); these are the same rules.

use super::Ctx;
use super::Implementation::{self, Scalar};
use crate::error::Result;
use crate::types::{Datum, oids};

// Positions in rows of pg_attribute and pg_type.
const ATTTYPID: usize = 2;
const ATTTYPMOD: usize = 8;
const TYPTYPE: usize = 6;
const TYPBASETYPE: usize = 25;
const TYPTYPMOD: usize = 26;

/// A field of a row.
fn field(row: &Datum, at: usize) -> Datum {
    match row {
        Datum::Record(record) => record.fields.get(at).map(|f| f.1.clone()).unwrap_or_default(),
        _ => Datum::Null,
    }
}

/// A column's type, or a domain's.
fn true_type(a: &[Datum], of_column: usize, of_domain: usize) -> Datum {
    match field(&a[1], TYPTYPE) {
        Datum::Char(b'd') => field(&a[1], of_domain),
        _ => field(&a[0], of_column),
    }
}

fn char_max_length(type_oid: u32, typmod: i32) -> Option<i32> {
    match type_oid {
        _ if typmod == -1 => None,
        oids::BPCHAR | oids::VARCHAR => Some(typmod - 4),
        oids::BIT | oids::VARBIT => Some(typmod),
        _ => None,
    }
}

fn char_octet_length(type_oid: u32, typmod: i32) -> Option<i32> {
    const UNLIMITED: i32 = 1 << 30;
    const BYTES_OF_UTF8: i32 = 4;
    match type_oid {
        oids::TEXT => Some(UNLIMITED),
        oids::BPCHAR | oids::VARCHAR if typmod == -1 => Some(UNLIMITED),
        oids::BPCHAR | oids::VARCHAR => {
            char_max_length(type_oid, typmod).map(|n| n.saturating_mul(BYTES_OF_UTF8))
        }
        _ => None,
    }
}

fn numeric_precision(type_oid: u32, typmod: i32) -> Option<i32> {
    match type_oid {
        oids::INT2 => Some(16),
        oids::INT4 => Some(32),
        oids::INT8 => Some(64),
        oids::NUMERIC if typmod == -1 => None,
        oids::NUMERIC => Some(((typmod - 4) >> 16) & 0xffff),
        oids::FLOAT4 => Some(24),
        oids::FLOAT8 => Some(53),
        _ => None,
    }
}

fn numeric_radix(type_oid: u32) -> Option<i32> {
    match type_oid {
        oids::INT2 | oids::INT4 | oids::INT8 | oids::FLOAT4 | oids::FLOAT8 => Some(2),
        oids::NUMERIC => Some(10),
        _ => None,
    }
}

fn numeric_scale(type_oid: u32, typmod: i32) -> Option<i32> {
    match type_oid {
        oids::INT2 | oids::INT4 | oids::INT8 => Some(0),
        oids::NUMERIC if typmod == -1 => None,
        oids::NUMERIC => Some((typmod - 4) & 0xffff),
        _ => None,
    }
}

fn datetime_precision(type_oid: u32, typmod: i32) -> Option<i32> {
    const FULL: i32 = 6;
    match type_oid {
        oids::DATE => Some(0),
        oids::TIME | oids::TIMESTAMP | oids::TIMETZ | oids::TIMESTAMPTZ => {
            Some(if typmod < 0 { FULL } else { typmod })
        }
        oids::INTERVAL if typmod < 0 || typmod & 0xffff == 0xffff => Some(FULL),
        oids::INTERVAL => Some(typmod & 0xffff),
        _ => None,
    }
}

/// The fields of an interval type, as in `DAY TO SECOND`.
fn interval_type(ctx: &Ctx<'_>, type_oid: u32, typmod: i32) -> Datum {
    if type_oid != oids::INTERVAL {
        return Datum::Null;
    }
    let name = super::reg::format_type(ctx.env, type_oid, Some(typmod)).unwrap_or_default();
    let fields = name.strip_prefix("interval").unwrap_or_default();
    let fields = fields.split('(').next().unwrap_or_default().trim();
    if fields.is_empty() { Datum::Null } else { Datum::text(fields.to_uppercase()) }
}

/// Where a table's column stands in an index.
fn index_position(ctx: &Ctx<'_>, a: &[Datum]) -> Datum {
    let index = ctx.env.catalog().relation(a[0].as_oid()).and_then(|r| r.index.as_ref());
    let attno = a[1].as_int2();
    let found = index.and_then(|i| i.columns.iter().position(|c| c.attno == attno));
    let position = found.and_then(|at| i32::try_from(at + 1).ok());
    position.map_or(Datum::Null, Datum::Int4)
}

/// A number that follows from a type and its modifier.
macro_rules! of_type {
    ($f:expr) => {
        Scalar(|_, a| Ok(($f)(a[0].as_oid(), a[1].as_int4()).map_or(Datum::Null, Datum::Int4)))
    };
}

fn done(value: Datum) -> Result<Datum> {
    Ok(value)
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    (
        "_pg_truetypid(pg_attribute,pg_type)",
        Scalar(|_, a| done(true_type(a, ATTTYPID, TYPBASETYPE))),
    ),
    (
        "_pg_truetypmod(pg_attribute,pg_type)",
        Scalar(|_, a| done(true_type(a, ATTTYPMOD, TYPTYPMOD))),
    ),
    ("_pg_char_max_length(oid,int4)", of_type!(char_max_length)),
    ("_pg_char_octet_length(oid,int4)", of_type!(char_octet_length)),
    ("_pg_numeric_precision(oid,int4)", of_type!(numeric_precision)),
    ("_pg_numeric_precision_radix(oid,int4)", of_type!(|type_oid, _| numeric_radix(type_oid))),
    ("_pg_numeric_scale(oid,int4)", of_type!(numeric_scale)),
    ("_pg_datetime_precision(oid,int4)", of_type!(datetime_precision)),
    (
        "_pg_interval_type(oid,int4)",
        Scalar(|c, a| done(interval_type(c, a[0].as_oid(), a[1].as_int4()))),
    ),
    ("_pg_index_position(oid,int2)", Scalar(|c, a| done(index_position(c, a)))),
];

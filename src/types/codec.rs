//! Text and binary forms, dispatched by type.

use super::datetime::{input, output, write_interval};
use super::input::{Reader, insufficient_data};
use super::range::{self, multirange};
use super::{
    Datum, Format, Interval, Jsonb, Numeric, Oid, array, bits, boolean, bytea, float, geometry,
    hstore, int, json, jsonpath, lsn, macaddr, money, network, oids, record, string, textsearch,
    uuid, xml,
};
use crate::error::{PgError, Result, code};
use std::io::Write;
use std::sync::Arc;

/// Reads a value's text form, as `typinput` with the type modifier (`-1`: none) applied.
pub fn text_in(type_oid: Oid, typmod: i32, text: &str, format: &Format) -> Result<Datum> {
    Ok(match type_oid {
        oids::BOOL => Datum::Bool(boolean::parse(text)?),
        oids::CHAR => Datum::Char(boolean::parse_char(text)),
        oids::INT2 => Datum::Int2(int::parse(text, "smallint")?),
        oids::INT4 => Datum::Int4(int::parse(text, "integer")?),
        oids::INT8 => Datum::Int8(int::parse(text, "bigint")?),
        oids::FLOAT4 => Datum::Float4(float::parse_f32(text)?),
        oids::FLOAT8 => Datum::Float8(float::parse_f64(text)?),
        oids::NUMERIC => Datum::Numeric(Numeric::parse(text)?.apply_typmod(typmod)?),
        oids::XID | oids::CID => Datum::Oid(int::parse_xid(text)),
        oids::XID8 => int::xid8(int::unsigned(text)),
        oids::TID => int::parse_tid(text)?,
        // What XML is, and whether it must be a document, a setting decides: its checks are above.
        oids::TEXT
        | oids::CITEXT
        | oids::UNKNOWN
        | oids::CSTRING
        | oids::REFCURSOR
        | oids::PG_NODE_TREE
        | oids::XML => Datum::text(text),
        oids::HSTORE => hstore::parse(text)?,
        oids::VARCHAR => Datum::text(string::fit_varchar(text, typmod, false)?),
        oids::BPCHAR => Datum::text(string::fit_bpchar(text, typmod, false)?),
        oids::NAME => Datum::text(string::truncate_name(text)),
        oids::BYTEA => Datum::bytea(bytea::parse(text)?),
        oids::UUID => Datum::Uuid(Arc::new(uuid::parse(text)?)),
        oids::INET | oids::CIDR => network::parse(type_oid, text)?,
        oids::BIT | oids::VARBIT => bits::parse(type_oid, typmod, text)?,
        _ if geometry::is_shape(type_oid) => geometry::text_in(type_oid, text)?,
        _ if textsearch::is_textsearch(type_oid) => textsearch::text_in(type_oid, text)?,
        oids::MONEY => money::parse(text)?,
        oids::PG_LSN => lsn::parse(text)?,
        oids::MACADDR => macaddr::parse(text)?,
        oids::MACADDR8 => macaddr::parse8(text)?,
        oids::JSON => {
            json::validate(text)?;
            Datum::text(text)
        }
        oids::JSONB => Datum::Jsonb(Jsonb::parse(text)?),
        oids::JSONPATH => Datum::text(jsonpath::text_in(text)?),
        oids::DATE => input::date(text, format)?,
        oids::TIME => input::time(text, typmod, format)?,
        oids::TIMETZ => input::timetz(text, typmod, format)?,
        oids::TIMESTAMP => input::timestamp(text, typmod, format)?,
        oids::TIMESTAMPTZ => input::timestamptz(text, typmod, format)?,
        oids::INTERVAL => {
            Datum::Interval(Arc::new(Interval::parse_with(text, typmod, format.interval_style)?))
        }
        oids::INT2VECTOR | oids::OIDVECTOR => array::vector_in(type_oid, text)?,
        oids::RECORD => return Err(record::no_input()),
        _ if let Some(subtype) = range::subtype(type_oid) => {
            range::text_in(subtype, typmod, text, format)?.datum()
        }
        _ if let Some(subtype) = range::multirange::subtype(type_oid) => {
            multirange::text_in(subtype, typmod, text, format)?.datum()
        }
        _ if is_oid(type_oid) => Datum::Oid(int::parse_oid(text)?),
        _ => match array::element_type(type_oid) {
            Some(element) => array::text_in(element, typmod, text, format)?,
            None => return Err(no_input(type_oid)),
        },
    })
}

/// Appends a value's text form, as `typoutput`. Not for NULL.
pub fn text_out(type_oid: Oid, value: &Datum, format: &Format, out: &mut Vec<u8>) {
    match value {
        Datum::Null => {}
        Datum::Bool(v) => out.push(if *v { b't' } else { b'f' }),
        Datum::Char(v) => boolean::write_char(*v, out),
        Datum::Int2(v) => put(v, out),
        Datum::Int4(v) => put(v, out),
        Datum::Int8(v) => int8_out(type_oid, *v, out),
        Datum::Float4(v) => float::write_f32(*v, format.extra_float_digits, out),
        Datum::Float8(v) => float::write_f64(*v, format.extra_float_digits, out),
        // `regproc` and the like show no object as a dash, but for those of operators.
        Datum::Oid(0)
            if is_registry(type_oid) && !matches!(type_oid, oids::REGOPER | oids::REGOPERATOR) =>
        {
            out.push(b'-');
        }
        Datum::Oid(v) => put(v, out),
        Datum::Numeric(v) => put(v, out),
        Datum::Text(v) if type_oid == oids::JSONPATH => {
            out.extend_from_slice(jsonpath::text_out(v).as_bytes());
        }
        Datum::Text(v) if type_oid == oids::XML => out.extend_from_slice(xml::shown(v).as_bytes()),
        Datum::Text(v) => out.extend_from_slice(v.as_bytes()),
        Datum::Bytea(v) => bytes_out(type_oid, v, value, format, out),
        Datum::Date(v) => output::date(*v, format, out),
        Datum::Time(v) => output::time(*v, out),
        Datum::TimeTz(v, zone) => output::timetz(*v, *zone, out),
        Datum::Timestamp(v) => output::timestamp(*v, format, out),
        Datum::TimestampTz(v) => output::timestamptz(*v, format, out),
        Datum::Interval(v) => write_interval(v, format.interval_style, out),
        Datum::Uuid(v) => uuid::write(v, out),
        Datum::Jsonb(v) => out.extend_from_slice(v.to_text().as_bytes()),
        Datum::Array(v) if matches!(type_oid, oids::INT2VECTOR | oids::OIDVECTOR) => {
            array::vector_out(v, format, out);
        }
        Datum::Array(v) => array::text_out(v, format, out),
        Datum::Record(v) => record::text_out(v, format, out),
        Datum::Range(v) => range::text_out(v, format, out),
        Datum::Multirange(v) => multirange::text_out(v, format, out),
    }
}

/// The text of what is held as a `bigint`.
fn int8_out(type_oid: Oid, value: i64, out: &mut Vec<u8>) {
    match type_oid {
        oids::TID => {
            let (block, offset) = int::tid_parts(value);
            put(format_args!("({block},{offset})"), out);
        }
        oids::XID8 => put(int::xid8_value(value), out),
        oids::MONEY => money::write(value, out),
        oids::PG_LSN => lsn::write(value, out),
        _ => put(value, out),
    }
}

/// The text of what is held as bytes.
fn bytes_out(type_oid: Oid, bytes: &[u8], value: &Datum, format: &Format, out: &mut Vec<u8>) {
    match type_oid {
        oids::INET | oids::CIDR => network::write(type_oid, value, out),
        oids::MACADDR | oids::MACADDR8 => macaddr::write(bytes, out),
        oids::BIT | oids::VARBIT => bits::write(bytes, out),
        oids::HSTORE => hstore::write(bytes, out),
        _ if geometry::is_shape(type_oid) => geometry::text_out(type_oid, value, format, out),
        _ if textsearch::is_textsearch(type_oid) => textsearch::text_out(type_oid, value, out),
        _ => bytea::write(bytes, format.bytea_output, out),
    }
}

fn put(value: impl std::fmt::Display, out: &mut Vec<u8>) {
    write!(out, "{value}").expect("writing to memory succeeds");
}

/// Types held as [`Datum::Oid`] that read decimal numbers.
fn is_oid(type_oid: Oid) -> bool {
    type_oid == oids::OID || is_registry(type_oid)
}

/// The `reg*` types.
fn is_registry(type_oid: Oid) -> bool {
    matches!(
        type_oid,
        oids::REGPROC
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

/// Whether values of the type are [`Datum::Oid`].
pub(super) fn is_oid_like(type_oid: Oid) -> bool {
    is_oid(type_oid) || matches!(type_oid, oids::XID | oids::CID)
}

fn no_input(type_oid: Oid) -> PgError {
    match super::names::type_name(type_oid) {
        Some(name) if is_pseudo(type_oid) => PgError::new(
            code::FEATURE_NOT_SUPPORTED,
            format!("cannot accept a value of type {name}"),
        ),
        Some(name) => PgError::unsupported(format!("type {name}")),
        None => PgError::unsupported(format!("type with OID {type_oid}")),
    }
}

fn is_pseudo(type_oid: Oid) -> bool {
    matches!(
        type_oid,
        oids::ANY
            | oids::ANYARRAY
            | oids::VOID
            | oids::TRIGGER
            | oids::INTERNAL
            | oids::ANYELEMENT
            | oids::ANYNONARRAY
            | oids::ANYENUM
            | oids::ANYRANGE
            | oids::ANYMULTIRANGE
            | oids::ANYCOMPATIBLE
            | oids::ANYCOMPATIBLEARRAY
            | oids::ANYCOMPATIBLENONARRAY
            | oids::ANYCOMPATIBLERANGE
            | oids::ANYCOMPATIBLEMULTIRANGE
    )
}

/// Reads a value's binary form, as `typreceive`.
pub fn binary_in(type_oid: Oid, typmod: i32, bytes: &[u8]) -> Result<Datum> {
    let mut reader = Reader(bytes);
    let value = match type_oid {
        oids::BOOL => Datum::Bool(reader.array::<1>()?[0] != 0),
        oids::CHAR => Datum::Char(reader.array::<1>()?[0]),
        oids::INT2 => Datum::Int2(reader.array().map(i16::from_be_bytes)?),
        oids::INT4 => Datum::Int4(reader.i32()?),
        oids::INT8 | oids::MONEY => Datum::Int8(reader.i64()?),
        oids::XID8 | oids::PG_LSN => int::xid8(reader.array().map(u64::from_be_bytes)?),
        oids::FLOAT4 => Datum::Float4(reader.array().map(f32::from_be_bytes)?),
        oids::FLOAT8 => Datum::Float8(reader.array().map(f64::from_be_bytes)?),
        oids::TID => {
            let block = reader.array().map(u32::from_be_bytes)?;
            int::tid(block, reader.array().map(u16::from_be_bytes)?)
        }
        oids::UUID => Datum::Uuid(Arc::new(reader.array()?)),
        oids::INET | oids::CIDR => network::receive(type_oid, &mut reader)?,
        oids::MACADDR | oids::MACADDR8 => macaddr::receive(type_oid, &mut reader)?,
        oids::BIT | oids::VARBIT => bits::receive(type_oid, typmod, &mut reader)?,
        oids::HSTORE => hstore::receive(&mut reader)?,
        _ if geometry::is_shape(type_oid) => geometry::binary_in(type_oid, &mut reader)?,
        _ if textsearch::is_textsearch(type_oid) => textsearch::binary_in(type_oid, &mut reader)?,
        oids::DATE
        | oids::TIME
        | oids::TIMETZ
        | oids::TIMESTAMP
        | oids::TIMESTAMPTZ
        | oids::INTERVAL => super::datetime::wire::receive(type_oid, typmod, &mut reader)?,
        _ if is_oid_like(type_oid) => Datum::Oid(reader.array().map(u32::from_be_bytes)?),
        _ => return variable_in(type_oid, typmod, bytes),
    };
    reader.finish()?;
    Ok(value)
}

/// The types whose binary form takes all bytes there are.
fn variable_in(type_oid: Oid, typmod: i32, bytes: &[u8]) -> Result<Datum> {
    let text = || string::from_utf8(bytes);
    Ok(match type_oid {
        oids::NUMERIC => Datum::Numeric(Numeric::binary_in(bytes)?.apply_typmod(typmod)?),
        oids::BYTEA => Datum::bytea(bytes),
        oids::TEXT | oids::CITEXT | oids::UNKNOWN | oids::CSTRING | oids::REFCURSOR | oids::XML => {
            Datum::text(text()?)
        }
        oids::VARCHAR => Datum::text(string::fit_varchar(text()?, typmod, false)?),
        oids::BPCHAR => Datum::text(string::fit_bpchar(text()?, typmod, false)?),
        oids::NAME => Datum::text(string::truncate_name(text()?)),
        oids::JSON => {
            json::validate(text()?)?;
            Datum::text(text()?)
        }
        oids::JSONB => Datum::Jsonb(Jsonb::parse(versioned(bytes, "jsonb")?)?),
        oids::JSONPATH => Datum::text(jsonpath::text_in(versioned(bytes, "jsonpath")?)?),
        oids::RECORD => return Err(record::no_input()),
        _ if let Some(subtype) = range::subtype(type_oid) => {
            range::binary_in(subtype, typmod, bytes)?.datum()
        }
        _ if let Some(subtype) = range::multirange::subtype(type_oid) => {
            multirange::binary_in(subtype, typmod, bytes)?.datum()
        }
        _ => match array::element_type(type_oid) {
            Some(element) => array::binary_in(type_oid, element, typmod, bytes)?,
            None => return Err(no_input(type_oid)),
        },
    })
}

/// The text behind a byte for the version of the form, which is 1.
fn versioned<'a>(bytes: &'a [u8], type_name: &str) -> Result<&'a str> {
    match bytes.split_first() {
        Some((1, text)) => string::from_utf8(text),
        Some((version, _)) => {
            let message = format!("unsupported {type_name} version number {version}");
            Err(PgError::new(code::INTERNAL_ERROR, message))
        }
        None => Err(insufficient_data()),
    }
}

/// Appends a value's binary form, as `typsend`. Not for NULL.
pub fn binary_out(type_oid: Oid, value: &Datum, out: &mut Vec<u8>) {
    match value {
        Datum::Null => {}
        Datum::Bool(v) => out.push(u8::from(*v)),
        Datum::Char(v) => out.push(*v),
        Datum::Int2(v) => out.extend_from_slice(&v.to_be_bytes()),
        Datum::Int4(v) | Datum::Date(v) => out.extend_from_slice(&v.to_be_bytes()),
        Datum::Int8(v) if type_oid == oids::TID => {
            let (block, offset) = int::tid_parts(*v);
            out.extend_from_slice(&block.to_be_bytes());
            out.extend_from_slice(&offset.to_be_bytes());
        }
        Datum::Int8(v) if matches!(type_oid, oids::XID8 | oids::PG_LSN) => {
            out.extend_from_slice(&int::xid8_value(*v).to_be_bytes());
        }
        Datum::Int8(v) | Datum::Time(v) | Datum::Timestamp(v) | Datum::TimestampTz(v) => {
            out.extend_from_slice(&v.to_be_bytes());
        }
        Datum::Float4(v) => out.extend_from_slice(&v.to_be_bytes()),
        Datum::Float8(v) => out.extend_from_slice(&v.to_be_bytes()),
        Datum::Oid(v) => out.extend_from_slice(&v.to_be_bytes()),
        Datum::Numeric(v) => v.binary_out(out),
        Datum::Text(v) if type_oid == oids::JSONPATH => {
            out.push(1);
            out.extend_from_slice(jsonpath::text_out(v).as_bytes());
        }
        Datum::Text(v) if type_oid == oids::XML => out.extend_from_slice(xml::shown(v).as_bytes()),
        Datum::Text(v) => out.extend_from_slice(v.as_bytes()),
        Datum::Bytea(_) if matches!(type_oid, oids::INET | oids::CIDR) => {
            network::send(type_oid, value, out);
        }
        Datum::Bytea(v) if type_oid == oids::HSTORE => hstore::send(v, out),
        Datum::Bytea(v) => out.extend_from_slice(v),
        Datum::TimeTz(v, zone) => {
            out.extend_from_slice(&v.to_be_bytes());
            out.extend_from_slice(&zone.to_be_bytes());
        }
        Datum::Interval(v) => super::datetime::wire::send_interval(v, out),
        Datum::Uuid(v) => out.extend_from_slice(&v[..]),
        Datum::Jsonb(v) => {
            out.push(1);
            out.extend_from_slice(v.to_text().as_bytes());
        }
        Datum::Array(v) => array::binary_out(v, out),
        Datum::Record(v) => record::binary_out(v, out),
        Datum::Range(v) => range::binary_out(v, out),
        Datum::Multirange(v) => multirange::binary_out(v, out),
    }
}

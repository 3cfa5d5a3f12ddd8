//! SQL values → JSON (`to_json`, `to_jsonb` and everything that builds).
//!
//! Truth values and numbers are JSON's own, NaN and infinity are strings; arrays and rows nest;
//! dates and times are ISO 8601 whatever DateStyle says; the rest is the type's text as a string.

use super::invalid;
use super::text::{Raw, write_string};
use crate::catalog::Catalog;
use crate::error::Result;
use crate::functions::datetime::iso;
use crate::functions::{Ctx, io};
use crate::types::jsonb::Value;
use crate::types::{Array, Datum, Jsonb, Numeric, Oid, Record, hstore, oids};
use std::borrow::Cow;
use std::sync::Arc;

/// Between elements on lines of their own.
const LINE_FEEDS: &str = ",\n ";

/// Appends the JSON text of a value; `pretty` puts the elements of the outermost level on lines.
pub(super) fn write_json(
    ctx: &Ctx<'_>,
    type_oid: Oid,
    value: &Datum,
    pretty: bool,
    out: &mut String,
) -> Result<()> {
    let type_oid = io::shown_type(ctx.env, type_oid);
    match value {
        Datum::Null => out.push_str("null"),
        Datum::Bool(true) => out.push_str("true"),
        Datum::Bool(false) => out.push_str("false"),
        Datum::Text(text) if type_oid == oids::JSON => out.push_str(text),
        // The only type with a cast to json of its own.
        Datum::Bytea(pairs) if type_oid == oids::HSTORE => {
            out.push_str(&hstore::to_json(pairs, false));
        }
        Datum::Jsonb(document) => out.push_str(&document.to_text()),
        Datum::Array(array) => write_array(ctx, array, pretty, out)?,
        Datum::Record(record) => {
            write_record(ctx, &named(ctx, type_oid, record), pretty, out)?;
        }
        other => match number_or_text(ctx, type_oid, other)? {
            Scalar::Number(text) => out.push_str(&text),
            Scalar::Text(text) => write_string(&text, out),
        },
    }
    Ok(())
}

enum Scalar {
    Number(String),
    Text(String),
}

fn number_or_text(ctx: &Ctx<'_>, type_oid: Oid, value: &Datum) -> Result<Scalar> {
    let zone = &ctx.env.format().time_zone;
    Ok(match value {
        Datum::Date(date) => Scalar::Text(iso::date(*date)),
        Datum::Timestamp(timestamp) => Scalar::Text(iso::timestamp(*timestamp)),
        Datum::TimestampTz(timestamp) => Scalar::Text(iso::timestamptz(*timestamp, zone)?),
        Datum::Int8(_) if type_oid != oids::INT8 => {
            Scalar::Text(io::output(ctx.env, type_oid, value)?)
        }
        Datum::Int2(_) | Datum::Int4(_) | Datum::Int8(_) => {
            Scalar::Number(io::output(ctx.env, type_oid, value)?)
        }
        Datum::Float4(f) if f.is_finite() => Scalar::Number(io::output(ctx.env, type_oid, value)?),
        Datum::Float8(f) if f.is_finite() => Scalar::Number(io::output(ctx.env, type_oid, value)?),
        Datum::Numeric(n) if n.is_finite() => Scalar::Number(n.to_string()),
        other => Scalar::Text(io::output(ctx.env, type_oid, other)?),
    })
}

fn write_array(ctx: &Ctx<'_>, array: &Array, pretty: bool, out: &mut String) -> Result<()> {
    let lengths: Vec<usize> = array.dims.iter().map(|dim| dim.0 as usize).collect();
    write_dimension(ctx, array.element_type, &lengths, &array.elements, pretty, out)
}

fn write_dimension(
    ctx: &Ctx<'_>,
    element_type: Oid,
    lengths: &[usize],
    elements: &[Datum],
    pretty: bool,
    out: &mut String,
) -> Result<()> {
    let (length, inner) = lengths.split_first().map_or((0, lengths), |(n, inner)| (*n, inner));
    out.push('[');
    let slice = elements.len() / length.max(1);
    for (i, part) in elements.chunks(slice.max(1)).enumerate() {
        if i > 0 {
            out.push_str(if pretty { LINE_FEEDS } else { "," });
        }
        match inner {
            [] => write_json(ctx, element_type, &part[0], false, out)?,
            inner => write_dimension(ctx, element_type, inner, part, false, out)?,
        }
    }
    out.push(']');
    Ok(())
}

fn write_record(ctx: &Ctx<'_>, record: &Record, pretty: bool, out: &mut String) -> Result<()> {
    out.push('{');
    for (i, (type_oid, value)) in record.fields.iter().enumerate() {
        if i > 0 {
            out.push_str(if pretty { LINE_FEEDS } else { "," });
        }
        write_string(&field_name(record, i), out);
        out.push(':');
        write_json(ctx, *type_oid, value, false, out)?;
    }
    out.push('}');
    Ok(())
}

/// A row with its type's column names, where it has none: a stored value of a composite type.
pub(in crate::functions) fn named<'a>(
    ctx: &Ctx<'_>,
    type_oid: Oid,
    record: &'a Record,
) -> Cow<'a, Record> {
    if record.names.is_some() || Catalog::is_system(type_oid) {
        return Cow::Borrowed(record);
    }
    let relation = ctx.env.catalog().row_type_relation(type_oid);
    let names = relation.map(|r| r.live_columns().map(|c| c.name.clone()).collect());
    Cow::Owned(Record { fields: record.fields.clone(), names })
}

/// A column's name; rows without names have `f1`, `f2` and so on.
pub(in crate::functions) fn field_name(record: &Record, index: usize) -> String {
    let name = record.names.as_ref().and_then(|names| names.get(index));
    name.cloned().unwrap_or_else(|| format!("f{}", index + 1))
}

/// The `jsonb` of a value, to be built into a document.
pub(super) fn to_value(ctx: &Ctx<'_>, type_oid: Oid, value: &Datum) -> Result<Value> {
    let type_oid = io::shown_type(ctx.env, type_oid);
    Ok(match value {
        Datum::Null => Value::Null,
        Datum::Bool(b) => Value::Bool(*b),
        Datum::Text(text) if type_oid == oids::JSON => Value::Embedded(Jsonb::parse(text)?),
        Datum::Bytea(pairs) if type_oid == oids::HSTORE => {
            Value::Embedded(Jsonb::parse(&hstore::to_json(pairs, false))?)
        }
        Datum::Jsonb(document) => Value::Embedded(document.clone()),
        Datum::Array(array) => {
            let lengths: Vec<usize> = array.dims.iter().map(|dim| dim.0 as usize).collect();
            dimension_value(ctx, array.element_type, &lengths, &array.elements)?
        }
        Datum::Record(record) => {
            let record = &named(ctx, type_oid, record);
            let fields = record.fields.iter().enumerate();
            let pairs: Result<Vec<_>> = fields
                .map(|(i, (type_oid, value))| {
                    Ok((field_name(record, i).into(), to_value(ctx, *type_oid, value)?))
                })
                .collect();
            Value::Object(pairs?)
        }
        other => match number_or_text(ctx, type_oid, other)? {
            Scalar::Number(text) => Value::Number(Numeric::parse(&text)?),
            Scalar::Text(text) => Value::String(text.into()),
        },
    })
}

fn dimension_value(
    ctx: &Ctx<'_>,
    element_type: Oid,
    lengths: &[usize],
    elements: &[Datum],
) -> Result<Value> {
    let (length, inner) = lengths.split_first().map_or((0, lengths), |(n, inner)| (*n, inner));
    let slice = elements.len() / length.max(1);
    let values: Result<Vec<Value>> = elements
        .chunks(slice.max(1))
        .map(|part| match inner {
            [] => to_value(ctx, element_type, &part[0]),
            inner => dimension_value(ctx, element_type, inner, part),
        })
        .collect();
    Ok(Value::Array(values?))
}

/// The text of an object's key; 22023 for values that are no scalars. Not for NULL.
pub(super) fn key(ctx: &Ctx<'_>, type_oid: Oid, value: &Datum) -> Result<Arc<str>> {
    let structured = matches!(value, Datum::Array(_) | Datum::Record(_) | Datum::Jsonb(_));
    if structured || type_oid == oids::JSON {
        return Err(invalid("key value must be scalar, not array, composite, or json"));
    }
    let mut json = String::new();
    write_json(ctx, type_oid, value, false, &mut json)?;
    Ok(Raw::new(&json).unquoted()?.into())
}

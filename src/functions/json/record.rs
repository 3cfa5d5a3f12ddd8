//! Objects as rows: `json_to_record`, `json_populate_record` and their sets.
//!
//! A `jsonb` document is taken as its text: a part of that text is the text of the part, so both
//! types of document are walked alike.

use super::invalid;
use super::text::{Kind, Raw};
use crate::error::{PgError, Result, code};
use crate::functions::Implementation::{self, Scalar, Set};
use crate::functions::array::element_of;
use crate::functions::{Ctx, Rows, text_in};
use crate::types::{Array, Datum, Oid, Record, oids};
use std::sync::Arc;

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("json_to_record", Set(to_record)),
    ("jsonb_to_record", Set(to_record)),
    ("json_to_recordset", Set(|c, a| to_record_set(c, a, "json_to_recordset"))),
    ("jsonb_to_recordset", Set(|c, a| to_record_set(c, a, "jsonb_to_recordset"))),
    ("json_populate_record", Scalar(populate_record)),
    ("jsonb_populate_record", Scalar(populate_record)),
    ("json_populate_recordset", Set(|c, a| populate_set(c, a, "json_populate_recordset"))),
    ("jsonb_populate_recordset", Set(|c, a| populate_set(c, a, "jsonb_populate_recordset"))),
];

/// A column to fill: name, type, typmod.
pub(in crate::functions) type Column = (String, Oid, i32);

fn document(value: &Datum) -> String {
    match value {
        Datum::Jsonb(document) => document.to_text(),
        other => other.as_text().to_owned(),
    }
}

fn to_record(ctx: &Ctx<'_>, args: &[Datum]) -> Result<Rows> {
    let text = document(&args[0]);
    let row = fields(ctx, object(Raw::new(&text))?, ctx.columns, None)?;
    Ok(Box::new(std::iter::once(Ok(row))))
}

fn to_record_set(ctx: &Ctx<'_>, args: &[Datum], name: &str) -> Result<Rows> {
    rows_of(ctx, &args[0], ctx.columns, None, name)
}

fn populate_record(ctx: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    if args[1].is_null() {
        return Ok(args[0].clone());
    }
    let text = document(&args[1]);
    record(ctx, object(Raw::new(&text))?, ctx.result_type, base_of(&args[0]))
}

fn populate_set(ctx: &Ctx<'_>, args: &[Datum], name: &str) -> Result<Rows> {
    if args[1].is_null() {
        return Ok(Box::new(std::iter::empty()));
    }
    let columns = row_columns(ctx, ctx.result_type)?;
    rows_of(ctx, &args[1], &columns, base_of(&args[0]), name)
}

fn base_of(value: &Datum) -> Option<&Record> {
    match value {
        Datum::Record(record) => Some(record),
        _ => None,
    }
}

/// One row per object of an array.
fn rows_of(
    ctx: &Ctx<'_>,
    value: &Datum,
    columns: &[Column],
    base: Option<&Record>,
    name: &str,
) -> Result<Rows> {
    let text = document(value);
    let array = Raw::new(&text);
    match (array.kind(), value) {
        (Kind::Array, _) => {}
        (_, Datum::Jsonb(_)) => return Err(invalid(format!("cannot call {name} on a non-array"))),
        (Kind::Object, _) => return Err(invalid(format!("cannot call {name} on an object"))),
        _ => return Err(invalid(format!("cannot call {name} on a scalar"))),
    }
    let row = |item: Raw<'_>| match item.kind() {
        Kind::Object => fields(ctx, item, columns, base),
        _ => Err(invalid(format!("argument of {name} must be an array of objects"))),
    };
    let rows: Vec<Vec<Datum>> = array.items().map(row).collect::<Result<_>>()?;
    Ok(Box::new(rows.into_iter().map(Ok)))
}

fn object(value: Raw<'_>) -> Result<Raw<'_>> {
    match value.kind() {
        Kind::Object => Ok(value),
        Kind::Array => Err(invalid("cannot call populate_composite on an array")),
        _ => Err(invalid("cannot call populate_composite on a scalar")),
    }
}

/// The columns' values; those without a key are the base row's, else NULL.
fn fields(
    ctx: &Ctx<'_>,
    object: Raw<'_>,
    columns: &[Column],
    base: Option<&Record>,
) -> Result<Vec<Datum>> {
    let column = |(at, (name, type_oid, typmod)): (usize, &Column)| match object.get(name)? {
        Some(value) => datum(ctx, value, *type_oid, *typmod, name),
        None => Ok(base.and_then(|b| b.fields.get(at)).map_or(Datum::Null, |f| f.1.clone())),
    };
    columns.iter().enumerate().map(column).collect()
}

fn record(ctx: &Ctx<'_>, object: Raw<'_>, row_type: Oid, base: Option<&Record>) -> Result<Datum> {
    let columns = row_columns(ctx, row_type)?;
    let values = fields(ctx, object, &columns, base)?;
    let names = columns.iter().map(|(name, ..)| name.clone()).collect();
    let fields = columns.iter().map(|(_, type_oid, _)| *type_oid).zip(values).collect();
    Ok(Datum::Record(Arc::new(Record { fields, names: Some(names) })))
}

/// The columns of a row type.
pub(in crate::functions) fn row_columns(ctx: &Ctx<'_>, row_type: Oid) -> Result<Vec<Column>> {
    let Some(relation) = ctx.env.catalog().row_type_relation(row_type) else {
        return match ctx.columns {
            [] => Err(PgError::unsupported("this row type as a template")),
            columns => Ok(columns.to_vec()),
        };
    };
    let column = |c: &crate::catalog::Column| (c.name.clone(), c.type_oid, c.typmod);
    Ok(relation.live_columns().map(column).collect())
}

/// A JSON value as a value of a column's type.
fn datum(ctx: &Ctx<'_>, value: Raw<'_>, type_oid: Oid, typmod: i32, key: &str) -> Result<Datum> {
    match value.kind() {
        Kind::Null => return Ok(Datum::Null),
        _ if matches!(type_oid, oids::JSON | oids::JSONB) => {
            return text_in(ctx.env, type_oid, typmod, value.as_str());
        }
        Kind::String => return text_in(ctx.env, type_oid, typmod, &value.unquoted()?),
        _ => {}
    }
    if let Some(element) = element_of(ctx, type_oid) {
        return array(ctx, value, element, typmod, key);
    }
    match value.kind() {
        Kind::Object if ctx.env.catalog().row_type_relation(type_oid).is_some() => {
            record(ctx, value, type_oid, None)
        }
        _ => text_in(ctx.env, type_oid, typmod, value.as_str()),
    }
}

/// A JSON array, nested ones being further dimensions.
fn array(ctx: &Ctx<'_>, value: Raw<'_>, element: Oid, typmod: i32, key: &str) -> Result<Datum> {
    if value.kind() != Kind::Array {
        let error = PgError::new(code::INVALID_TEXT_REPRESENTATION, "expected JSON array");
        return Err(error.hint(format!("See the value of key \"{key}\".")));
    }
    let mut lengths = Vec::new();
    let mut inner = Some(value);
    while let Some(array) = inner.filter(|v| v.kind() == Kind::Array) {
        lengths.push(array.items().count());
        inner = array.items().next();
    }
    let mut elements = Vec::new();
    collect(ctx, value, &lengths, (element, typmod, key), &mut elements)?;
    if elements.is_empty() {
        lengths.clear();
    }
    let dims = lengths.iter().map(|n| Ok((i32::try_from(*n).map_err(|_| malformed())?, 1)));
    let dims = dims.collect::<Result<Vec<_>>>()?;
    Ok(Datum::Array(Arc::new(Array { element_type: element, dims, elements })))
}

fn collect(
    ctx: &Ctx<'_>,
    value: Raw<'_>,
    lengths: &[usize],
    of: (Oid, i32, &str),
    out: &mut Vec<Datum>,
) -> Result<()> {
    let Some((length, inner)) = lengths.split_first() else {
        out.push(datum(ctx, value, of.0, of.1, of.2)?);
        return Ok(());
    };
    if value.kind() != Kind::Array || value.items().count() != *length {
        return Err(malformed());
    }
    value.items().try_for_each(|item| collect(ctx, item, inner, of, out))
}

fn malformed() -> PgError {
    let error = PgError::new(code::INVALID_TEXT_REPRESENTATION, "malformed JSON array");
    error.detail("Multidimensional arrays must have sub-arrays with matching dimensions.")
}

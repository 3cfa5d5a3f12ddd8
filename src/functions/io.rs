//! Text forms of every type, those whose names live in the catalog (`regclass`, …) included.
//!
//! [`types::text_out`] and [`types::text_in`] know neither the catalog nor regular expressions (which
//! paths may have); statements convert through here.

use super::{Env, jsonpath, reg};
use crate::error::Result;
use crate::types::{self, Array, Datum, Oid, Record, oids};
use std::sync::Arc;

/// `text[]`.
const TEXT_ARRAY: Oid = 1009;

/// Appends a value's text form. Not for NULL.
pub fn text_out(env: &dyn Env, type_oid: Oid, value: &Datum, out: &mut Vec<u8>) {
    if reg::is_reg(type_oid) {
        out.extend_from_slice(reg::output(env, type_oid, value.as_oid()).as_bytes());
    } else if let Some(named) = named(env, value) {
        types::text_out(type_oid, &named, env.format(), out);
    } else {
        types::text_out(type_oid, value, env.format(), out);
    }
}

/// Reads a value's text form.
pub fn text_in(env: &dyn Env, type_oid: Oid, typmod: i32, text: &str) -> Result<Datum> {
    if reg::is_reg(type_oid) {
        reg::input(env, type_oid, text).map(Datum::Oid)
    } else if type_oid == oids::JSONPATH {
        jsonpath::text_in(text)
    } else if let Some(element) = oids::element_of(type_oid).filter(|oid| reg::is_reg(*oid)) {
        reg_array(env, element, text)
    } else {
        types::text_in(type_oid, typmod, text, env.format())
    }
}

/// An array of names, each looked up.
fn reg_array(env: &dyn Env, element: Oid, text: &str) -> Result<Datum> {
    let names = types::text_in(TEXT_ARRAY, -1, text, env.format())?;
    let names = names.as_array();
    let find = |name: &Datum| match name {
        Datum::Text(name) => reg::input(env, element, name).map(Datum::Oid),
        _ => Ok(Datum::Null),
    };
    let elements = names.elements.iter().map(find).collect::<Result<Vec<_>>>()?;
    let dims = names.dims.clone();
    Ok(Datum::Array(Arc::new(Array { element_type: element, dims, elements })))
}

/// A value's text form as a string.
pub fn output(env: &dyn Env, type_oid: Oid, value: &Datum) -> Result<String> {
    let mut out = Vec::new();
    text_out(env, type_oid, value, &mut out);
    Ok(String::from_utf8(out).expect("text forms are UTF-8"))
}

/// An array or row with the names of the OIDs in it in their place; `None` where it has none.
fn named(env: &dyn Env, value: &Datum) -> Option<Datum> {
    match value {
        Datum::Array(array) => named_array(env, array),
        Datum::Record(record) => named_record(env, record),
        _ => None,
    }
}

/// The name of one value, or what [`named`] makes of it.
fn named_value(env: &dyn Env, type_oid: Oid, value: &Datum) -> Option<Datum> {
    match value {
        Datum::Oid(oid) if reg::is_reg(type_oid) => {
            Some(Datum::text(reg::output(env, type_oid, *oid)))
        }
        value => named(env, value),
    }
}

fn may_have_names(type_oid: Oid, value: &Datum) -> bool {
    reg::is_reg(type_oid) || matches!(value, Datum::Array(_) | Datum::Record(_))
}

fn named_array(env: &dyn Env, array: &Array) -> Option<Datum> {
    let element = array.element_type;
    if !array.elements.iter().any(|value| may_have_names(element, value)) {
        return None;
    }
    let name = |value: &Datum| named_value(env, element, value).unwrap_or_else(|| value.clone());
    let elements = array.elements.iter().map(name).collect();
    let element_type = if reg::is_reg(element) { oids::TEXT } else { element };
    Some(Datum::Array(Arc::new(Array { element_type, dims: array.dims.clone(), elements })))
}

fn named_record(env: &dyn Env, record: &Record) -> Option<Datum> {
    if !record.fields.iter().any(|(type_oid, value)| may_have_names(*type_oid, value)) {
        return None;
    }
    let field = |(type_oid, value): &(Oid, Datum)| match named_value(env, *type_oid, value) {
        Some(name @ Datum::Text(_)) => (oids::TEXT, name),
        Some(nested) => (*type_oid, nested),
        None => (*type_oid, value.clone()),
    };
    let fields = record.fields.iter().map(field).collect();
    Some(Datum::Record(Arc::new(Record { fields, names: record.names.clone() })))
}

//! `json_object` and `jsonb_object`: objects of strings from text arrays.

use super::text::write_string;
use crate::error::{PgError, Result, code};
use crate::functions::Implementation::{self, Scalar};
use crate::types::jsonb::Value;
use crate::types::{Array, Datum, Jsonb};

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("json_object", Scalar(|_, a| json(&pairs(a[0].as_array())?))),
    ("json_object_two_arg", Scalar(|_, a| json(&zipped(a[0].as_array(), a[1].as_array())?))),
    ("jsonb_object", Scalar(|_, a| jsonb(&pairs(a[0].as_array())?))),
    ("jsonb_object_two_arg", Scalar(|_, a| jsonb(&zipped(a[0].as_array(), a[1].as_array())?))),
];

type Pairs<'a> = Vec<(&'a str, Option<&'a str>)>;

fn text(value: &Datum) -> Option<&str> {
    if value.is_null() { None } else { Some(value.as_text()) }
}

/// Keys and values in turn, or in two columns.
fn pairs(array: &Array) -> Result<Pairs<'_>> {
    match array.dims[..] {
        [] => {}
        [(length, _)] if length % 2 == 0 => {}
        [_] => return Err(subscript_error("array must have even number of elements")),
        [_, (2, _)] => {}
        [_, _] => return Err(subscript_error("array must have two columns")),
        _ => return Err(subscript_error("wrong number of array subscripts")),
    }
    array.elements.chunks(2).map(|pair| Ok((key(&pair[0])?, text(&pair[1])))).collect()
}

/// An array of keys and one of values.
fn zipped<'a>(keys: &'a Array, values: &'a Array) -> Result<Pairs<'a>> {
    if keys.dims.len() > 1 || values.dims.len() > 1 {
        return Err(subscript_error("wrong number of array subscripts"));
    }
    if keys.elements.len() != values.elements.len() {
        return Err(subscript_error("mismatched array dimensions"));
    }
    let zipped = keys.elements.iter().zip(&values.elements);
    zipped.map(|(name, value)| Ok((key(name)?, text(value)))).collect()
}

fn key(value: &Datum) -> Result<&str> {
    text(value).ok_or_else(|| {
        PgError::new(code::NULL_VALUE_NOT_ALLOWED, "null value not allowed for object key")
    })
}

fn subscript_error(message: &'static str) -> PgError {
    PgError::new(code::ARRAY_SUBSCRIPT_ERROR, message)
}

fn json(pairs: &Pairs<'_>) -> Result<Datum> {
    let mut out = String::from("{");
    for (i, (key, value)) in pairs.iter().enumerate() {
        out.push_str(if i > 0 { ", " } else { "" });
        write_string(key, &mut out);
        out.push_str(" : ");
        match value {
            Some(value) => write_string(value, &mut out),
            None => out.push_str("null"),
        }
    }
    out.push('}');
    Ok(Datum::text(out))
}

fn jsonb(pairs: &Pairs<'_>) -> Result<Datum> {
    let string = |value: &Option<&str>| value.map_or(Value::Null, |v| Value::String(v.into()));
    let pairs = pairs.iter().map(|(key, value)| ((*key).into(), string(value)));
    Jsonb::build(&Value::Object(pairs.collect())).map(Datum::Jsonb)
}

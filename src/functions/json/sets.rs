//! Documents as sets of rows: elements, pairs, keys.

use super::access::{json_text, jsonb_text};
use super::invalid;
use super::text::{Kind, Raw};
use crate::error::{PgError, Result};
use crate::functions::Implementation::{self, Set};
use crate::functions::{Ctx, Rows};
use crate::types::Datum;
use crate::types::jsonb::View;

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("json_array_elements", Set(|_, a| json_elements(a, "json_array_elements", false))),
    ("json_array_elements_text", Set(|_, a| json_elements(a, "json_array_elements_text", true))),
    ("jsonb_array_elements", Set(|_, a| jsonb_elements(a, false))),
    ("jsonb_array_elements_text", Set(|_, a| jsonb_elements(a, true))),
    ("json_each", Set(|_, a| json_pairs(a, false))),
    ("json_each_text", Set(|_, a| json_pairs(a, true))),
    ("jsonb_each", Set(|_, a| jsonb_pairs(a, "jsonb_each", false))),
    ("jsonb_each_text", Set(|_, a| jsonb_pairs(a, "jsonb_each_text", true))),
    ("json_object_keys", Set(json_keys)),
    ("jsonb_object_keys", Set(jsonb_keys)),
];

fn rows(rows: Vec<Vec<Datum>>) -> Rows {
    Box::new(rows.into_iter().map(Ok))
}

fn json_elements(args: &[Datum], name: &str, text: bool) -> Result<Rows> {
    let value = Raw::new(args[0].as_text());
    match value.kind() {
        Kind::Array => {}
        Kind::Object => return Err(invalid(format!("cannot call {name} on a non-array"))),
        _ => return Err(invalid(format!("cannot call {name} on a scalar"))),
    }
    let element = |item: Raw<'_>| json_value(item, text).map(|value| vec![value]);
    Ok(rows(value.items().map(element).collect::<Result<_>>()?))
}

fn json_value(value: Raw<'_>, text: bool) -> Result<Datum> {
    if text { json_text(Some(value)) } else { Ok(Datum::text(value.as_str())) }
}

fn jsonb_elements(args: &[Datum], text: bool) -> Result<Rows> {
    let View::Array(items) = args[0].as_jsonb().root().view() else {
        return Err(match args[0].as_jsonb().root().view() {
            View::Object(_) => invalid("cannot extract elements from an object"),
            _ => invalid("cannot extract elements from a scalar"),
        });
    };
    let element = |item| if text { jsonb_text(Some(item)) } else { Datum::Jsonb(item.to_jsonb()) };
    Ok(rows(items.iter().map(|item| vec![element(item)]).collect()))
}

fn json_pairs(args: &[Datum], text: bool) -> Result<Rows> {
    let value = Raw::new(args[0].as_text());
    match value.kind() {
        Kind::Object => {}
        Kind::Array => return Err(invalid("cannot deconstruct an array as an object")),
        _ => return Err(invalid("cannot deconstruct a scalar")),
    }
    let row = |(key, value): (Raw<'_>, Raw<'_>)| {
        Ok(vec![Datum::text(key.unquoted()?), json_value(value, text)?])
    };
    Ok(rows(value.pairs().map(row).collect::<Result<_>>()?))
}

fn jsonb_pairs(args: &[Datum], name: &str, text: bool) -> Result<Rows> {
    let View::Object(pairs) = args[0].as_jsonb().root().view() else {
        return Err(invalid(format!("cannot call {name} on a non-object")));
    };
    let value = |node| if text { jsonb_text(Some(node)) } else { Datum::Jsonb(node.to_jsonb()) };
    Ok(rows(pairs.iter().map(|(key, node)| vec![Datum::text(key), value(node)]).collect()))
}

fn json_keys(_: &Ctx<'_>, args: &[Datum]) -> Result<Rows> {
    let value = Raw::new(args[0].as_text());
    match value.kind() {
        Kind::Object => {}
        Kind::Array => return Err(no_keys("json_object_keys", "an array")),
        _ => return Err(no_keys("json_object_keys", "a scalar")),
    }
    let row = |(key, _): (Raw<'_>, Raw<'_>)| Ok(vec![Datum::text(key.unquoted()?)]);
    Ok(rows(value.pairs().map(row).collect::<Result<_>>()?))
}

fn jsonb_keys(_: &Ctx<'_>, args: &[Datum]) -> Result<Rows> {
    match args[0].as_jsonb().root().view() {
        View::Object(pairs) => {
            Ok(rows(pairs.iter().map(|(key, _)| vec![Datum::text(key)]).collect()))
        }
        View::Array(_) => Err(no_keys("jsonb_object_keys", "an array")),
        _ => Err(no_keys("jsonb_object_keys", "a scalar")),
    }
}

fn no_keys(name: &str, what: &str) -> PgError {
    invalid(format!("cannot call {name} on {what}"))
}

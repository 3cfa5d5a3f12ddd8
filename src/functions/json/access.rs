//! `->`, `->>`, `#>`, `#>>` and what else reads without changing: lengths, kinds.

use super::invalid;
use super::path::{steps, subscript};
use super::text::{Kind, Raw};
use crate::error::Result;
use crate::functions::Ctx;
use crate::functions::Implementation::{self, Scalar};
use crate::types::Datum;
use crate::types::jsonb::{Node, View};

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("json_object_field", Scalar(|_, a| Ok(json(json_field(a)?)))),
    ("json_object_field_text", Scalar(|_, a| json_text(json_field(a)?))),
    ("json_array_element", Scalar(|_, a| Ok(json(json_element(a))))),
    ("json_array_element_text", Scalar(|_, a| json_text(json_element(a)))),
    ("json_extract_path", Scalar(|_, a| Ok(json(json_path(a)?)))),
    ("json_extract_path_text", Scalar(|_, a| json_text(json_path(a)?))),
    ("jsonb_object_field", Scalar(|_, a| Ok(jsonb(jsonb_field(a))))),
    ("jsonb_object_field_text", Scalar(|_, a| Ok(jsonb_text(jsonb_field(a))))),
    ("jsonb_array_element", Scalar(|_, a| Ok(jsonb(jsonb_element(a))))),
    ("jsonb_array_element_text", Scalar(|_, a| Ok(jsonb_text(jsonb_element(a))))),
    ("jsonb_extract_path", Scalar(|_, a| Ok(jsonb(jsonb_path(a))))),
    ("jsonb_extract_path_text", Scalar(|_, a| Ok(jsonb_text(jsonb_path(a))))),
    ("json_array_length", Scalar(json_array_length)),
    ("jsonb_array_length", Scalar(jsonb_array_length)),
    ("json_typeof", Scalar(|_, a| Ok(Datum::text(json_kind(Raw::new(a[0].as_text())))))),
    ("jsonb_typeof", Scalar(|_, a| Ok(Datum::text(jsonb_kind(a[0].as_jsonb().root()))))),
];

fn json(value: Option<Raw<'_>>) -> Datum {
    value.map_or(Datum::Null, |value| Datum::text(value.as_str()))
}

/// JSON's null is SQL's NULL as text.
pub(super) fn json_text(value: Option<Raw<'_>>) -> Result<Datum> {
    match value {
        Some(value) if value.kind() != Kind::Null => Ok(Datum::text(value.unquoted()?)),
        _ => Ok(Datum::Null),
    }
}

fn jsonb(value: Option<Node<'_>>) -> Datum {
    value.map_or(Datum::Null, |node| Datum::Jsonb(node.to_jsonb()))
}

/// JSON's null is SQL's NULL as text, a string is its characters.
pub(super) fn jsonb_text(value: Option<Node<'_>>) -> Datum {
    let Some(node) = value else { return Datum::Null };
    match node.view() {
        View::Null => Datum::Null,
        View::String(text) => Datum::text(text),
        _ => {
            let mut text = String::new();
            node.write_text(&mut text);
            Datum::text(text)
        }
    }
}

fn json_field(args: &[Datum]) -> Result<Option<Raw<'_>>> {
    Raw::new(args[0].as_text()).get(args[1].as_text())
}

fn json_element(args: &[Datum]) -> Option<Raw<'_>> {
    Raw::new(args[0].as_text()).at(i64::from(args[1].as_int4()))
}

fn jsonb_field(args: &[Datum]) -> Option<Node<'_>> {
    args[0].as_jsonb().root().get(args[1].as_text())
}

fn jsonb_element(args: &[Datum]) -> Option<Node<'_>> {
    let (root, index) = (args[0].as_jsonb().root(), args[1].as_int4());
    match root.view() {
        View::Array(_) => root.at(i64::from(index)),
        View::Object(_) => None,
        // PostgreSQL keeps a lone scalar as an array of one.
        _ => (index == 0 || index == -1).then_some(root),
    }
}

fn json_path(args: &[Datum]) -> Result<Option<Raw<'_>>> {
    json_at(Raw::new(args[0].as_text()), &steps(args[1].as_array()))
}

/// Of duplicate keys, the last one below which the path leads somewhere.
fn json_at<'a>(value: Raw<'a>, steps: &[Option<&str>]) -> Result<Option<Raw<'a>>> {
    let (step, rest) = match steps {
        [] => return Ok(Some(value)),
        [None, ..] => return Ok(None),
        [Some(step), rest @ ..] => (*step, rest),
    };
    let mut found = None;
    match value.kind() {
        Kind::Object => {
            for (key, inner) in value.pairs() {
                if key.unquoted()? == step {
                    found = json_at(inner, rest)?.or(found);
                }
            }
        }
        Kind::Array => {
            if let Some(item) = subscript(step).and_then(|index| value.at(i64::from(index))) {
                found = json_at(item, rest)?;
            }
        }
        _ => {}
    }
    Ok(found)
}

fn jsonb_path(args: &[Datum]) -> Option<Node<'_>> {
    let mut node = args[0].as_jsonb().root();
    for step in steps(args[1].as_array()) {
        let step = step?;
        node = match node.view() {
            View::Object(_) => node.get(step)?,
            View::Array(_) => node.at(i64::from(subscript(step)?))?,
            _ => return None,
        };
    }
    Some(node)
}

fn json_array_length(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let value = Raw::new(args[0].as_text());
    match value.kind() {
        Kind::Array => Ok(Datum::Int4(value.items().count() as i32)),
        Kind::Object => Err(invalid("cannot get array length of a non-array")),
        _ => Err(invalid("cannot get array length of a scalar")),
    }
}

fn jsonb_array_length(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    match args[0].as_jsonb().root().view() {
        View::Array(items) => Ok(Datum::Int4(items.len() as i32)),
        View::Object(_) => Err(invalid("cannot get array length of a non-array")),
        _ => Err(invalid("cannot get array length of a scalar")),
    }
}

fn json_kind(value: Raw<'_>) -> &'static str {
    match value.kind() {
        Kind::Object => "object",
        Kind::Array => "array",
        Kind::String => "string",
        Kind::Number => "number",
        Kind::Boolean => "boolean",
        Kind::Null => "null",
    }
}

/// `json_typeof`'s names; casts' errors use them too.
pub(super) fn jsonb_kind(node: Node<'_>) -> &'static str {
    match node.view() {
        View::Object(_) => "object",
        View::Array(_) => "array",
        View::String(_) => "string",
        View::Number(_) => "number",
        View::Bool(_) => "boolean",
        View::Null => "null",
    }
}

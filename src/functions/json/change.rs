//! Changed documents: `||`, `-`, `#-`, `jsonb_set`, `jsonb_insert`, null stripping.
//!
//! A change descends along its path only; what it passes by is embedded as it is.

use super::invalid;
use super::path::{steps, subscript};
use super::text::{Kind, Raw, write_string};
use crate::error::{PgError, Result, code};
use crate::functions::Ctx;
use crate::functions::Implementation::{self, Scalar};
use crate::types::jsonb::{Items, Node, Pairs, Value, View};
use crate::types::{Datum, Jsonb};
use std::sync::Arc;

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("jsonb_concat", Scalar(concatenate)),
    ("jsonb_delete", Scalar(|_, a| delete_keys(&a[0], &[a[1].as_text()]))),
    ("jsonb_delete_array", Scalar(delete_array)),
    ("jsonb_delete_idx", Scalar(delete_index)),
    ("jsonb_delete_path", Scalar(|_, a| delete_path(&a[0], &a[1]))),
    ("jsonb_set", Scalar(|_, a| set(&a[0], &a[1], &a[2], a[3].as_bool()))),
    ("jsonb_set_lax", Scalar(set_lax)),
    ("jsonb_insert", Scalar(insert)),
    ("jsonb_pretty", Scalar(|_, a| Ok(Datum::text(a[0].as_jsonb().to_pretty())))),
    ("jsonb_strip_nulls", Scalar(|_, a| built(&without_nulls(a[0].as_jsonb().root())))),
    ("json_strip_nulls", Scalar(json_strip_nulls)),
];

fn built(value: &Value) -> Result<Datum> {
    Jsonb::build(value).map(Datum::Jsonb)
}

fn embedded(node: Node<'_>) -> Value {
    Value::Embedded(node.to_jsonb())
}

fn is_scalar(node: Node<'_>) -> bool {
    !matches!(node.view(), View::Array(_) | View::Object(_))
}

fn pairs_of(pairs: Pairs<'_>) -> impl Iterator<Item = (Arc<str>, Value)> {
    pairs.iter().map(|(key, node)| (key.into(), embedded(node)))
}

/// Objects merge, the right one's values winning. Otherwise both are arrays, or become ones of one
/// element.
fn concatenate(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let (left, right) = (args[0].as_jsonb().root(), args[1].as_jsonb().root());
    if let (View::Object(a), View::Object(b)) = (left.view(), right.view()) {
        return built(&Value::Object(pairs_of(a).chain(pairs_of(b)).collect()));
    }
    let mut items = as_items(left);
    items.extend(as_items(right));
    built(&Value::Array(items))
}

fn as_items(node: Node<'_>) -> Vec<Value> {
    match node.view() {
        View::Array(items) => items.iter().map(embedded).collect(),
        _ => vec![embedded(node)],
    }
}

fn delete_array(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let keys = args[1].as_array();
    if keys.dims.len() > 1 {
        return Err(PgError::new(code::ARRAY_SUBSCRIPT_ERROR, "wrong number of array subscripts"));
    }
    let keys: Vec<&str> =
        keys.elements.iter().filter(|key| !key.is_null()).map(Datum::as_text).collect();
    delete_keys(&args[0], &keys)
}

/// Pairs with these keys, or array elements that are these strings.
fn delete_keys(target: &Datum, keys: &[&str]) -> Result<Datum> {
    match target.as_jsonb().root().view() {
        View::Object(pairs) => built(&Value::Object(
            pairs_of(pairs).filter(|(key, _)| !keys.contains(&&**key)).collect(),
        )),
        View::Array(items) => {
            let kept = items
                .iter()
                .filter(|item| !matches!(item.view(), View::String(text) if keys.contains(&text)));
            built(&Value::Array(kept.map(embedded).collect()))
        }
        _ => Err(invalid("cannot delete from scalar")),
    }
}

fn delete_index(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let items = match args[0].as_jsonb().root().view() {
        View::Array(items) => items,
        View::Object(_) => {
            return Err(invalid("cannot delete from object using integer index"));
        }
        _ => return Err(invalid("cannot delete from scalar")),
    };
    let index = i64::from(args[1].as_int4());
    let index = if index < 0 { index + items.len() as i64 } else { index };
    let kept = (0_i64..).zip(items.iter()).filter(|(at, _)| *at != index);
    built(&Value::Array(kept.map(|(_, item)| embedded(item)).collect()))
}

/// What happens where a path ends.
#[derive(Clone, Copy, PartialEq)]
enum Edit<'a> {
    Delete,
    /// Sets what exists; `create`: also what does not.
    Set {
        value: &'a Jsonb,
        create: bool,
    },
    /// Inserts into an array before or after an element, or a new key into an object.
    Insert {
        value: &'a Jsonb,
        after: bool,
    },
}

impl<'a> Edit<'a> {
    /// The value to add where the path's last step names nothing yet.
    fn addition(self) -> Option<&'a Jsonb> {
        match self {
            Edit::Set { value, create: true } | Edit::Insert { value, .. } => Some(value),
            _ => None,
        }
    }
}

fn delete_path(target: &Datum, path: &Datum) -> Result<Datum> {
    apply(target, path, Edit::Delete, "cannot delete path in scalar")
}

fn set(target: &Datum, path: &Datum, value: &Datum, create: bool) -> Result<Datum> {
    let edit = Edit::Set { value: value.as_jsonb(), create };
    apply(target, path, edit, "cannot set path in scalar")
}

fn insert(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let edit = Edit::Insert { value: args[2].as_jsonb(), after: args[3].as_bool() };
    apply(&args[0], &args[1], edit, "cannot set path in scalar")
}

fn apply(
    target: &Datum,
    path: &Datum,
    edit: Edit<'_>,
    scalar_error: &'static str,
) -> Result<Datum> {
    let path = path.as_array();
    if path.dims.len() > 1 {
        return Err(PgError::new(code::ARRAY_SUBSCRIPT_ERROR, "wrong number of array subscripts"));
    }
    let root = target.as_jsonb().root();
    if is_scalar(root) {
        return Err(invalid(scalar_error));
    }
    let is_empty = match root.view() {
        View::Array(items) => items.is_empty(),
        View::Object(pairs) => pairs.is_empty(),
        _ => false,
    };
    let steps = steps(path);
    if steps.is_empty() || (is_empty && edit.addition().is_none()) {
        return Ok(target.clone());
    }
    built(&edited(root, &steps, 0, edit)?)
}

/// The node with the edit applied at the end of `steps[level..]`; scalars have no paths into them.
fn edited(node: Node<'_>, steps: &[Option<&str>], level: usize, edit: Edit<'_>) -> Result<Value> {
    let Some(step) = steps[level] else {
        return Err(PgError::new(
            code::NULL_VALUE_NOT_ALLOWED,
            format!("path element at position {} is null", level + 1),
        ));
    };
    match node.view() {
        View::Object(pairs) => edited_object(pairs, step, steps, level, edit),
        View::Array(items) => edited_array(items, step, steps, level, edit),
        _ => Ok(embedded(node)),
    }
}

fn edited_object(
    pairs: Pairs<'_>,
    key: &str,
    steps: &[Option<&str>],
    level: usize,
    edit: Edit<'_>,
) -> Result<Value> {
    let last = level + 1 == steps.len();
    let mut result = Vec::with_capacity(pairs.len() + 1);
    let mut found = false;
    for (name, node) in pairs.iter() {
        if name != key {
            result.push((name.into(), embedded(node)));
            continue;
        }
        found = true;
        let value = match edit {
            _ if !last => edited(node, steps, level + 1, edit)?,
            Edit::Delete => continue,
            Edit::Set { value, .. } => Value::Embedded(value.clone()),
            Edit::Insert { .. } => {
                return Err(invalid("cannot replace existing key")
                    .hint("Try using the function jsonb_set to replace key value."));
            }
        };
        result.push((name.into(), value));
    }
    if let (true, false, Some(value)) = (last, found, edit.addition()) {
        result.push((key.into(), Value::Embedded(value.clone())));
    }
    Ok(Value::Object(result))
}

fn edited_array(
    items: Items<'_>,
    step: &str,
    steps: &[Option<&str>],
    level: usize,
    edit: Edit<'_>,
) -> Result<Value> {
    let Some(index) = subscript(step) else {
        let message =
            format!("path element at position {} is not an integer: \"{step}\"", level + 1);
        return Err(PgError::new(code::INVALID_TEXT_REPRESENTATION, message));
    };
    let last = level + 1 == steps.len();
    let length = items.len() as i64;
    let index = if index < 0 { i64::from(index) + length } else { i64::from(index) };
    let mut result = Vec::with_capacity(items.len() + 1);
    // Before the beginning means at it, past the end means at it.
    if let (true, true, Some(value)) = (last, index < 0, edit.addition()) {
        result.push(Value::Embedded(value.clone()));
    }
    for (at, item) in (0_i64..).zip(items.iter()) {
        match edit {
            _ if at != index => result.push(embedded(item)),
            _ if !last => result.push(edited(item, steps, level + 1, edit)?),
            Edit::Delete => {}
            Edit::Set { value, .. } => result.push(Value::Embedded(value.clone())),
            Edit::Insert { value, after: false } => {
                result.extend([Value::Embedded(value.clone()), embedded(item)]);
            }
            Edit::Insert { value, after: true } => {
                result.extend([embedded(item), Value::Embedded(value.clone())]);
            }
        }
    }
    if let (true, true, Some(value)) = (last, index >= length, edit.addition()) {
        result.push(Value::Embedded(value.clone()));
    }
    Ok(Value::Array(result))
}

/// `jsonb_set` with a say in what an SQL NULL means.
fn set_lax(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let (target, path, value) = (&args[0], &args[1], &args[2]);
    if target.is_null() || path.is_null() || args[3].is_null() {
        return Ok(Datum::Null);
    }
    let treatment = if args[4].is_null() { "" } else { args[4].as_text() };
    if args[4].is_null() || (value.is_null() && !TREATMENTS.contains(&treatment)) {
        return Err(invalid(
            "null_value_treatment must be \"delete_key\", \"return_target\", \
             \"use_json_null\", or \"raise_exception\"",
        ));
    }
    if !value.is_null() {
        return set(target, path, value, args[3].as_bool());
    }
    match treatment {
        "raise_exception" => Err(PgError::new(
            code::NULL_VALUE_NOT_ALLOWED,
            "JSON value must not be null",
        )
        .detail("Exception was raised because null_value_treatment is \"raise_exception\".")
        .hint(
            "To avoid, either change the null_value_treatment argument or ensure that an SQL \
             NULL is not passed.",
        )),
        "use_json_null" => {
            let null = built(&Value::Null)?;
            set(target, path, &null, args[3].as_bool())
        }
        "delete_key" => delete_path(target, path),
        _ => Ok(target.clone()),
    }
}

const TREATMENTS: [&str; 4] = ["raise_exception", "use_json_null", "delete_key", "return_target"];

/// Without the pairs whose value is null, at every depth; nulls in arrays stay.
fn without_nulls(node: Node<'_>) -> Value {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || match node.view() {
        View::Object(pairs) => Value::Object(
            pairs
                .iter()
                .filter(|(_, value)| !matches!(value.view(), View::Null))
                .map(|(key, value)| (key.into(), without_nulls(value)))
                .collect(),
        ),
        View::Array(items) => Value::Array(items.iter().map(without_nulls).collect()),
        _ => embedded(node),
    })
}

fn json_strip_nulls(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let mut out = String::new();
    strip(Raw::new(args[0].as_text()), &mut out)?;
    Ok(Datum::text(out))
}

fn strip(value: Raw<'_>, out: &mut String) -> Result<()> {
    stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
        match value.kind() {
            Kind::Object => {
                out.push('{');
                let kept = value.pairs().filter(|(_, value)| value.kind() != Kind::Null);
                for (i, (key, value)) in kept.enumerate() {
                    out.push_str(if i > 0 { "," } else { "" });
                    write_string(&key.unquoted()?, out);
                    out.push(':');
                    strip(value, out)?;
                }
                out.push('}');
            }
            Kind::Array => {
                out.push('[');
                for (i, item) in value.items().enumerate() {
                    out.push_str(if i > 0 { "," } else { "" });
                    strip(item, out)?;
                }
                out.push(']');
            }
            Kind::String => write_string(&value.unquoted()?, out),
            _ => out.push_str(value.as_str()),
        }
        Ok(())
    })
}

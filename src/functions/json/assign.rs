//! Assignment to a `jsonb` subscript: `SET doc['a'][2] = …` (manual, 8.14.6).
//!
//! Unlike `jsonb_set` it makes what is missing on the way: members, and elements with nulls before
//! them. A scalar on the way is an error.

use super::invalid;
use super::path::subscript;
use crate::error::{PgError, Result, code};
use crate::types::Jsonb;
use crate::types::jsonb::Value;

/// The document with a part replaced or added. No document is an empty array or object, whichever
/// the first subscript is fit for.
pub fn set_element(
    document: Option<&Jsonb>,
    path: &[String],
    first_is_index: bool,
    new: Value,
) -> Result<Jsonb> {
    let mut value = match document {
        Some(document) => document.root().to_value(),
        None if first_is_index => Value::Array(Vec::new()),
        None => Value::Object(Vec::new()),
    };
    set(&mut value, path, 0, new)?;
    Jsonb::build(&value)
}

fn set(value: &mut Value, path: &[String], level: usize, new: Value) -> Result<()> {
    let step = path[level].as_str();
    let is_last = level + 1 == path.len();
    let place = match value {
        Value::Object(pairs) => match pairs.iter().position(|(key, _)| **key == *step) {
            Some(at) => &mut pairs[at].1,
            None => {
                pairs.push((step.into(), made(path, level + 1, new)));
                return Ok(());
            }
        },
        Value::Array(items) => {
            let at = position(step, level, items.len())?;
            if at >= items.len() {
                items.resize(at, Value::Null);
                items.push(made(path, level + 1, new));
                return Ok(());
            }
            &mut items[at]
        }
        _ => {
            return Err(invalid("cannot replace existing key")
                .detail("The path assumes key is a composite object, but it is a scalar value."));
        }
    };
    match is_last {
        true => *place = new,
        false => return set(place, path, level + 1, new),
    }
    Ok(())
}

/// An element's place; negative subscripts count from the end of what is there.
fn position(step: &str, level: usize, length: usize) -> Result<usize> {
    let number = level + 1;
    let Some(index) = subscript(step) else {
        let message = format!("path element at position {number} is not an integer: \"{step}\"");
        return Err(PgError::new(code::INVALID_TEXT_REPRESENTATION, message));
    };
    let place = if index < 0 { length as i64 + i64::from(index) } else { i64::from(index) };
    usize::try_from(place)
        .map_err(|_| invalid(format!("path element at position {number} is out of range: {index}")))
}

/// The value inside the containers that the rest of the path asks for.
fn made(path: &[String], level: usize, new: Value) -> Value {
    let Some(step) = path.get(level) else { return new };
    let inner = made(path, level + 1, new);
    match subscript(step) {
        Some(index) => {
            let mut items = vec![Value::Null; usize::try_from(index).unwrap_or(0)];
            items.push(inner);
            Value::Array(items)
        }
        None => Value::Object(vec![(step.as_str().into(), inner)]),
    }
}

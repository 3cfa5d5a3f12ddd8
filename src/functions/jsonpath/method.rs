//! Item methods.

use super::execute::{Exec, Executor, Found, length_of};
use super::item::{Item, Part};
use super::offset::offset_of;
use super::{Failure, suppressible};
use crate::error::{Result, code};
use crate::types::jsonb::{Jsonb, Value, View};
use crate::types::jsonpath::{Item as Link, Method};
use crate::types::{Numeric, float};

/// Ids of different documents are so far apart.
const DOCUMENT_ID_STEP: i64 = 10_000_000_000;

impl Executor<'_> {
    pub fn method(&mut self, method: Method, rest: &[Link], item: &Item, found: Found<'_>) -> Exec {
        let value = match method {
            Method::Type => Item::String(item.type_name().into()),
            Method::Size => match item.as_array() {
                Some(array) => Item::Number(Numeric::from_i64(length_of(array) as i64)),
                None if self.lax => Item::Number(Numeric::one()),
                None => {
                    let message = "jsonpath item method .size() can only be applied to an array";
                    return self.structural(code::SQL_JSON_ARRAY_NOT_FOUND, message);
                }
            },
            Method::Abs => Item::Number(number(method, item)?.abs()),
            Method::Floor => Item::Number(number(method, item)?.floor()),
            Method::Ceiling => Item::Number(number(method, item)?.ceil()),
            Method::Double => double(item)?,
            Method::KeyValue => return self.key_value(rest, item, found),
        };
        self.rest(rest, value, found)
    }

    /// An object `{"id", "key", "value"}` for every pair of an object.
    fn key_value(&mut self, rest: &[Link], item: &Item, mut found: Found<'_>) -> Exec {
        let Some(object) = item.as_object() else {
            let message = "jsonpath item method .keyvalue() can only be applied to an object";
            return Err(suppressible(code::SQL_JSON_OBJECT_NOT_FOUND, message));
        };
        let id = Value::Number(Numeric::from_i64(object_id(object)));
        let View::Object(pairs) = object.node().view() else { return Ok(false) };
        let mut outcome = false;
        for (key, value) in pairs.iter() {
            let members = vec![
                ("id".into(), id.clone()),
                ("key".into(), Value::String(key.into())),
                ("value".into(), value.into()),
            ];
            let document = Jsonb::build(&Value::Object(members)).map_err(Failure::Fatal)?;
            let document_id = self.new_document_id();
            let pair = Item::of_document(&document, document_id);
            outcome = self.rest(rest, pair, found.as_deref_mut())?;
            if outcome && found.is_none() {
                break;
            }
        }
        Ok(outcome)
    }
}

/// Tells an object from others of the evaluation, by PostgreSQL's numbers.
fn object_id(object: &Part) -> i64 {
    let offset = offset_of(object.document.root(), object.node()).unwrap_or(0);
    offset as i64 + object.document_id * DOCUMENT_ID_STEP
}

fn number(method: Method, item: &Item) -> Result<&Numeric, Failure> {
    match item {
        Item::Number(number) => Ok(number),
        _ => {
            let name = method.name();
            let message =
                format!("jsonpath item method .{name}() can only be applied to a numeric value");
            Err(suppressible(code::NON_NUMERIC_SQL_JSON_ITEM, message))
        }
    }
}

/// A number that a `double precision` can hold stays as exact as it is; a string is read as one.
fn double(item: &Item) -> Result<Item, Failure> {
    let message = match item {
        Item::Number(number) if float::parse_f64(&number.to_string()).is_ok() => {
            return Ok(item.clone());
        }
        Item::Number(_) => {
            "numeric argument of jsonpath item method .double() is out of range for type double \
             precision"
        }
        Item::String(text) => match float::parse_f64(text) {
            Ok(value) if value.is_finite() => return Ok(Item::Number(Numeric::from_f64(value))),
            _ => {
                "string argument of jsonpath item method .double() is not a valid representation \
                 of a double precision number"
            }
        },
        _ => "jsonpath item method .double() can only be applied to a string or numeric value",
    };
    Err(suppressible(code::NON_NUMERIC_SQL_JSON_ITEM, message))
}

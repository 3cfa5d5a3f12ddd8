//! `json_agg`, `json_object_agg` and their `jsonb` forms. Without rows they are NULL, not empty.

use super::convert::{key, to_value, write_json};
use super::invalid;
use super::text::write_string;
use crate::error::Result;
use crate::functions::{AggregateFn, AggregateState, Ctx};
use crate::types::jsonb::Value;
use crate::types::{Datum, Jsonb};
use std::sync::Arc;

pub(in crate::functions) const AGGREGATES: &[(&str, AggregateFn)] = &[
    ("json_agg(anyelement)", |_, _| Ok(Box::new(JsonArray(String::new())))),
    ("json_object_agg(any,any)", |_, _| Ok(Box::new(JsonObject(String::new())))),
    ("jsonb_agg(anyelement)", |_, _| Ok(Box::new(JsonbArray::default()))),
    ("jsonb_object_agg(any,any)", |_, _| Ok(Box::new(JsonbObject::default()))),
];

/// The text so far, without the closing bracket; empty before the first row.
struct JsonArray(String);

impl AggregateState for JsonArray {
    fn update(&mut self, ctx: &Ctx<'_>, args: &[Datum]) -> Result<()> {
        let structured = matches!(args[0], Datum::Array(_) | Datum::Record(_));
        self.0.push_str(match (self.0.is_empty(), structured) {
            (true, _) => "[",
            (false, false) => ", ",
            (false, true) => ", \n ",
        });
        write_json(ctx, ctx.arg_types[0], &args[0], false, &mut self.0)
    }

    fn finish(&self, _: &Ctx<'_>) -> Result<Datum> {
        Ok(closed(&self.0, "]"))
    }

    fn size(&self) -> usize {
        self.0.capacity()
    }
}

fn closed(text: &str, end: &str) -> Datum {
    if text.is_empty() { Datum::Null } else { Datum::text(format!("{text}{end}")) }
}

/// As [`JsonArray`]. Duplicate keys stay.
struct JsonObject(String);

impl AggregateState for JsonObject {
    fn update(&mut self, ctx: &Ctx<'_>, args: &[Datum]) -> Result<()> {
        let name = field_name(ctx, args)?;
        self.0.push_str(if self.0.is_empty() { "{ " } else { ", " });
        write_string(&name, &mut self.0);
        self.0.push_str(" : ");
        write_json(ctx, ctx.arg_types[1], &args[1], false, &mut self.0)
    }

    fn finish(&self, _: &Ctx<'_>) -> Result<Datum> {
        Ok(closed(&self.0, " }"))
    }

    fn size(&self) -> usize {
        self.0.capacity()
    }
}

fn field_name(ctx: &Ctx<'_>, args: &[Datum]) -> Result<Arc<str>> {
    if args[0].is_null() {
        return Err(invalid("field name must not be null"));
    }
    key(ctx, ctx.arg_types[0], &args[0])
}

#[derive(Default)]
struct JsonbArray {
    items: Vec<Value>,
}

impl AggregateState for JsonbArray {
    fn update(&mut self, ctx: &Ctx<'_>, args: &[Datum]) -> Result<()> {
        self.items.push(to_value(ctx, ctx.arg_types[0], &args[0])?);
        Ok(())
    }

    fn finish(&self, _: &Ctx<'_>) -> Result<Datum> {
        match &self.items[..] {
            [] => Ok(Datum::Null),
            items => Jsonb::build(&Value::Array(items.to_vec())).map(Datum::Jsonb),
        }
    }

    fn size(&self) -> usize {
        self.items.len() * size_of::<Value>() * 2
    }
}

#[derive(Default)]
struct JsonbObject {
    pairs: Vec<(Arc<str>, Value)>,
}

impl AggregateState for JsonbObject {
    fn update(&mut self, ctx: &Ctx<'_>, args: &[Datum]) -> Result<()> {
        let name = field_name(ctx, args)?;
        self.pairs.push((name, to_value(ctx, ctx.arg_types[1], &args[1])?));
        Ok(())
    }

    fn finish(&self, _: &Ctx<'_>) -> Result<Datum> {
        match &self.pairs[..] {
            [] => Ok(Datum::Null),
            pairs => Jsonb::build(&Value::Object(pairs.to_vec())).map(Datum::Jsonb),
        }
    }

    fn size(&self) -> usize {
        self.pairs.len() * size_of::<Value>() * 3
    }
}

//! `to_json`, `json_build_object` and their kin.

use super::convert::{key, to_value, write_json};
use super::invalid;
use super::text::write_string;
use crate::error::{PgError, Result};
use crate::functions::Ctx;
use crate::functions::Implementation::{self, Scalar};
use crate::types::jsonb::Value;
use crate::types::{Datum, Jsonb, Oid};

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("to_json", Scalar(|c, a| text_of(c, &a[0], false))),
    ("array_to_json", Scalar(|c, a| text_of(c, &a[0], false))),
    ("array_to_json_pretty", Scalar(|c, a| text_of(c, &a[0], a[1].as_bool()))),
    ("row_to_json", Scalar(|c, a| text_of(c, &a[0], false))),
    ("row_to_json_pretty", Scalar(|c, a| text_of(c, &a[0], a[1].as_bool()))),
    ("to_jsonb", Scalar(|c, a| document(&to_value(c, arg_type(c, 0), &a[0])?))),
    ("json_build_array", Scalar(json_build_array)),
    ("json_build_array_noargs", Scalar(|_, _| Ok(Datum::text("[]")))),
    ("json_build_object", Scalar(json_build_object)),
    ("json_build_object_noargs", Scalar(|_, _| Ok(Datum::text("{}")))),
    ("jsonb_build_array", Scalar(jsonb_build_array)),
    ("jsonb_build_array_noargs", Scalar(|_, _| document(&Value::Array(Vec::new())))),
    ("jsonb_build_object", Scalar(jsonb_build_object)),
    ("jsonb_build_object_noargs", Scalar(|_, _| document(&Value::Object(Vec::new())))),
];

fn document(value: &Value) -> Result<Datum> {
    Jsonb::build(value).map(Datum::Jsonb)
}

fn arg_type(ctx: &Ctx<'_>, index: usize) -> Oid {
    ctx.arg_types.get(index).copied().unwrap_or(crate::types::oids::TEXT)
}

fn text_of(ctx: &Ctx<'_>, value: &Datum, pretty: bool) -> Result<Datum> {
    let mut out = String::new();
    write_json(ctx, arg_type(ctx, 0), value, pretty, &mut out)?;
    Ok(Datum::text(out))
}

/// The arguments with their types. `VARIADIC array` gives its elements; `None` if that is NULL.
fn arguments<'a>(ctx: &Ctx<'_>, args: &'a [Datum]) -> Option<Vec<(Oid, &'a Datum)>> {
    match args {
        [Datum::Null] if ctx.variadic => None,
        [Datum::Array(array)] if ctx.variadic => {
            Some(array.elements.iter().map(|element| (array.element_type, element)).collect())
        }
        _ => Some(args.iter().enumerate().map(|(i, arg)| (arg_type(ctx, i), arg)).collect()),
    }
}

fn json_build_array(ctx: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let Some(args) = arguments(ctx, args) else { return Ok(Datum::Null) };
    let mut out = String::from("[");
    for (i, (type_oid, value)) in args.into_iter().enumerate() {
        out.push_str(if i > 0 { ", " } else { "" });
        write_json(ctx, type_oid, value, false, &mut out)?;
    }
    out.push(']');
    Ok(Datum::text(out))
}

fn jsonb_build_array(ctx: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let Some(args) = arguments(ctx, args) else { return Ok(Datum::Null) };
    let items: Result<Vec<Value>> =
        args.into_iter().map(|(type_oid, value)| to_value(ctx, type_oid, value)).collect();
    document(&Value::Array(items?))
}

fn json_build_object(ctx: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let Some(args) = arguments(ctx, args) else { return Ok(Datum::Null) };
    check_even(args.len(), "json_build_object")?;
    let mut out = String::from("{");
    for (i, pair) in args.chunks(2).enumerate() {
        out.push_str(if i > 0 { ", " } else { "" });
        if pair[0].1.is_null() {
            return Err(invalid(format!("argument {} cannot be null", 2 * i + 1))
                .hint("Object keys should be text."));
        }
        write_string(&key(ctx, pair[0].0, pair[0].1)?, &mut out);
        out.push_str(" : ");
        write_json(ctx, pair[1].0, pair[1].1, false, &mut out)?;
    }
    out.push('}');
    Ok(Datum::text(out))
}

fn jsonb_build_object(ctx: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let Some(args) = arguments(ctx, args) else { return Ok(Datum::Null) };
    check_even(args.len(), "jsonb_build_object")?;
    let mut pairs = Vec::with_capacity(args.len() / 2);
    for (i, pair) in args.chunks(2).enumerate() {
        if pair[0].1.is_null() {
            return Err(invalid(format!("argument {}: key must not be null", 2 * i + 1)));
        }
        pairs.push((key(ctx, pair[0].0, pair[0].1)?, to_value(ctx, pair[1].0, pair[1].1)?));
    }
    document(&Value::Object(pairs))
}

fn check_even(count: usize, name: &str) -> Result<()> {
    if count.is_multiple_of(2) {
        return Ok(());
    }
    let error: PgError = invalid("argument list must have even number of elements");
    Err(error
        .hint(format!("The arguments of {name}() must consist of alternating keys and values.")))
}

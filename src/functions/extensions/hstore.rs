//! hstore: what takes pairs of keys and values apart and puts them together.

use super::super::Implementation::{self, Scalar, Set};
use super::super::comparison::of;
use super::super::json::convert::{field_name, named};
use super::super::json::record::row_columns;
use super::super::{Ctx, Rows, output, text_in};
use crate::error::{PgError, Result, code};
use crate::types::hstore::{Pair, datum, null_key, pairs, to_json};
use crate::types::{Array, Datum, Jsonb, Record, oids};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

fn owned<'a>((key, value): (&'a str, Option<&'a str>)) -> Pair<'a> {
    (Cow::Borrowed(key), value.map(Cow::Borrowed))
}

fn text(value: Option<&str>) -> Datum {
    value.map_or(Datum::Null, Datum::text)
}

/// The value of a key, which may be NULL; `None`: it is not there.
fn find<'v>(value: &'v Datum, key: &str) -> Option<Option<&'v str>> {
    pairs(value.as_bytea()).find(|(known, _)| *known == key).map(|(_, value)| value)
}

/// The strings of an array of any shape.
fn strings(value: &Datum) -> impl Iterator<Item = Option<&str>> {
    value.as_array().elements.iter().map(|element| match element {
        Datum::Text(text) => Some(&**text),
        _ => None,
    })
}

fn text_array(elements: Vec<Datum>) -> Datum {
    Datum::Array(Arc::new(Array::from_elements(oids::TEXT, elements)))
}

/// Keys and values in turn.
fn flat(value: &Datum) -> Vec<Datum> {
    pairs(value.as_bytea()).flat_map(|(key, value)| [Datum::text(key), text(value)]).collect()
}

fn matrix(value: &Datum) -> Datum {
    let elements = flat(value);
    let dims = match i32::try_from(elements.len() / 2).unwrap_or(i32::MAX) {
        0 => Vec::new(),
        count => vec![(count, 1), (2, 1)],
    };
    Datum::Array(Arc::new(Array { element_type: oids::TEXT, dims, elements }))
}

fn has(value: &Datum, key: &str) -> Datum {
    Datum::Bool(find(value, key).is_some())
}

fn has_any(a: &[Datum]) -> Datum {
    Datum::Bool(strings(&a[1]).flatten().any(|key| find(&a[0], key).is_some()))
}

fn has_all(a: &[Datum]) -> Datum {
    Datum::Bool(strings(&a[1]).flatten().all(|key| find(&a[0], key).is_some()))
}

/// Whether all pairs of the second are in the first.
fn contains(whole: &Datum, part: &Datum) -> Datum {
    let known: HashMap<&str, Option<&str>> = pairs(whole.as_bytea()).collect();
    Datum::Bool(pairs(part.as_bytea()).all(|(key, value)| known.get(key) == Some(&value)))
}

fn concat(a: &[Datum]) -> Datum {
    // Of equal keys the first counts.
    datum(pairs(a[1].as_bytea()).chain(pairs(a[0].as_bytea())).map(owned).collect())
}

/// The pairs that are to stay.
fn kept(value: &Datum, stays: impl Fn(&str, Option<&str>) -> bool) -> Datum {
    let kept = pairs(value.as_bytea()).filter(|(key, value)| stays(key, *value));
    datum(kept.map(owned).collect())
}

fn delete_keys(a: &[Datum]) -> Datum {
    let gone: Vec<&str> = strings(&a[1]).flatten().collect();
    kept(&a[0], |key, _| !gone.contains(&key))
}

fn delete_pairs(a: &[Datum]) -> Datum {
    let gone: HashMap<&str, Option<&str>> = pairs(a[1].as_bytea()).collect();
    kept(&a[0], |key, value| gone.get(key) != Some(&value))
}

fn slice_to_array(a: &[Datum]) -> Datum {
    let value = |key: Option<&str>| text(key.and_then(|key| find(&a[0], key)).flatten());
    text_array(strings(&a[1]).map(value).collect())
}

fn slice(a: &[Datum]) -> Datum {
    let pair = |key: &'_ str| Some((key.to_owned(), find(&a[0], key)?.map(str::to_owned)));
    let found = strings(&a[1]).flatten().filter_map(pair);
    datum(found.map(|(key, value)| (key.into(), value.map(Cow::Owned))).collect())
}

fn from_text(a: &[Datum]) -> Datum {
    let Datum::Text(key) = &a[0] else { return Datum::Null };
    let value = match &a[1] {
        Datum::Text(value) => Some(Cow::Borrowed(&**value)),
        _ => None,
    };
    datum(vec![(Cow::Borrowed(&**key), value)])
}

fn subscripts(message: &'static str) -> PgError {
    PgError::new(code::ARRAY_SUBSCRIPT_ERROR, message)
}

const WRONG_SUBSCRIPTS: &str = "wrong number of array subscripts";

/// Of an array of keys and one of their values.
fn from_arrays(a: &[Datum]) -> Result<Datum> {
    let Datum::Array(keys) = &a[0] else { return Ok(Datum::Null) };
    let values = match &a[1] {
        Datum::Array(values) => Some(values),
        _ => None,
    };
    if keys.dims.len() > 1 || values.is_some_and(|values| values.dims.len() > 1) {
        return Err(subscripts(WRONG_SUBSCRIPTS));
    }
    if values.is_some_and(|values| values.dims != keys.dims) {
        return Err(subscripts("arrays must have same bounds"));
    }
    let mut found = Vec::new();
    let values: Vec<Option<&str>> = match values {
        Some(_) => strings(&a[1]).collect(),
        None => vec![None; keys.elements.len()],
    };
    for (key, value) in strings(&a[0]).zip(values) {
        found.push(owned((key.ok_or_else(null_key)?, value)));
    }
    Ok(datum(found))
}

/// Of keys and values in turn, or in two columns.
fn from_array(a: &[Datum]) -> Result<Datum> {
    match a[0].as_array().dims.as_slice() {
        [] => {}
        [(length, _)] if length % 2 != 0 => {
            return Err(subscripts("array must have even number of elements"));
        }
        [_] | [_, (2, _)] => {}
        [_, _] => return Err(subscripts("array must have two columns")),
        _ => return Err(subscripts(WRONG_SUBSCRIPTS)),
    }
    let strings: Vec<Option<&str>> = strings(&a[0]).collect();
    let pair = |pair: &[Option<&'_ str>]| {
        let key = pair[0].ok_or_else(null_key)?.to_owned();
        Ok((Cow::Owned(key), pair[1].map(|value| Cow::Owned(value.to_owned()))))
    };
    Ok(datum(strings.chunks_exact(2).map(pair).collect::<Result<_>>()?))
}

/// The columns of a row; of a NULL its type's, without values.
fn from_record(ctx: &Ctx<'_>, a: &[Datum]) -> Result<Datum> {
    let row_type = ctx.arg_types[0];
    let Datum::Record(record) = &a[0] else {
        let Some(relation) = ctx.env.catalog().row_type_relation(row_type) else {
            let message = "record type has not been registered";
            return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
        };
        let columns = relation.live_columns().map(|c| (Cow::Borrowed(c.name.as_str()), None));
        return Ok(datum(columns.collect()));
    };
    let record = named(ctx, row_type, record);
    let mut found = Vec::new();
    for (at, (type_oid, value)) in record.fields.iter().enumerate() {
        let shown = match value {
            Datum::Null => None,
            value => Some(Cow::Owned(output(ctx.env, *type_oid, value)?)),
        };
        found.push((Cow::Owned(field_name(&record, at)), shown));
    }
    Ok(datum(found))
}

/// A row with the values that there are keys for.
fn populate_record(ctx: &Ctx<'_>, a: &[Datum]) -> Result<Datum> {
    let base = match &a[0] {
        Datum::Record(record) => Some(record),
        _ => None,
    };
    let Datum::Bytea(value) = &a[1] else { return Ok(a[0].clone()) };
    let columns = match (ctx.env.catalog().row_type_relation(ctx.result_type), base) {
        (None, Some(record)) => {
            let column =
                |(at, (oid, _)): (usize, &(u32, Datum))| (field_name(record, at), *oid, -1);
            record.fields.iter().enumerate().map(column).collect()
        }
        (None, None) => {
            let message = "first argument must be a rowtype";
            return Err(PgError::new(code::DATATYPE_MISMATCH, message));
        }
        (Some(_), _) => row_columns(ctx, ctx.result_type)?,
    };
    let known: HashMap<&str, Option<&str>> = pairs(value).collect();
    let mut fields = Vec::new();
    for (at, (name, type_oid, typmod)) in columns.iter().enumerate() {
        let value = match known.get(name.as_str()) {
            Some(Some(value)) => text_in(ctx.env, *type_oid, *typmod, value)?,
            Some(None) => super::super::null_in(ctx.env, *type_oid)?,
            None => {
                base.and_then(|b| b.fields.get(at)).map_or(Datum::Null, |field| field.1.clone())
            }
        };
        fields.push((*type_oid, value));
    }
    let names = columns.into_iter().map(|(name, ..)| name).collect();
    Ok(Datum::Record(Arc::new(Record { fields, names: Some(names) })))
}

fn each(value: &Datum) -> Rows {
    let rows: Vec<_> =
        pairs(value.as_bytea()).map(|(k, v)| Ok(vec![Datum::text(k), text(v)])).collect();
    Box::new(rows.into_iter())
}

fn one_column(values: Vec<Datum>) -> Rows {
    Box::new(values.into_iter().map(|value| Ok(vec![value])))
}

fn keys(value: &Datum) -> Vec<Datum> {
    pairs(value.as_bytea()).map(|(key, _)| Datum::text(key)).collect()
}

fn values(value: &Datum) -> Vec<Datum> {
    pairs(value.as_bytea()).map(|(_, value)| text(value)).collect()
}

super::super::comparison::operators! {
    ["hstore_" "hstore_" "" "hstore_cmp"] of!(HSTORE);
}

pub(in super::super) const PAIRS: &[(&str, Implementation)] = &[
    ("hstore_fetchval", Scalar(|_, a| Ok(text(find(&a[0], a[1].as_text()).flatten())))),
    ("hstore_exists", Scalar(|_, a| Ok(has(&a[0], a[1].as_text())))),
    ("hstore_exists_any", Scalar(|_, a| Ok(has_any(a)))),
    ("hstore_exists_all", Scalar(|_, a| Ok(has_all(a)))),
    (
        "hstore_defined",
        Scalar(|_, a| Ok(Datum::Bool(find(&a[0], a[1].as_text()).flatten().is_some()))),
    ),
    ("hstore_contains", Scalar(|_, a| Ok(contains(&a[0], &a[1])))),
    ("hstore_contained", Scalar(|_, a| Ok(contains(&a[1], &a[0])))),
    ("hstore_concat", Scalar(|_, a| Ok(concat(a)))),
    ("hstore_delete", Scalar(|_, a| Ok(kept(&a[0], |key, _| key != a[1].as_text())))),
    ("hstore_delete_array", Scalar(|_, a| Ok(delete_keys(a)))),
    ("hstore_delete_hstore", Scalar(|_, a| Ok(delete_pairs(a)))),
    ("hstore_slice_to_array", Scalar(|_, a| Ok(slice_to_array(a)))),
    ("hstore_slice_to_hstore", Scalar(|_, a| Ok(slice(a)))),
    ("hstore_from_text", Scalar(|_, a| Ok(from_text(a)))),
    ("hstore_from_arrays", Scalar(|_, a| from_arrays(a))),
    ("hstore_from_array", Scalar(|_, a| from_array(a))),
    ("hstore_from_record", Scalar(from_record)),
    ("hstore_populate_record", Scalar(populate_record)),
    ("hstore_to_array", Scalar(|_, a| Ok(text_array(flat(&a[0]))))),
    ("hstore_to_matrix", Scalar(|_, a| Ok(matrix(&a[0])))),
    ("hstore_to_json", Scalar(|_, a| Ok(Datum::text(to_json(a[0].as_bytea(), false))))),
    ("hstore_to_json_loose", Scalar(|_, a| Ok(Datum::text(to_json(a[0].as_bytea(), true))))),
    (
        "hstore_to_jsonb",
        Scalar(|_, a| Jsonb::parse(&to_json(a[0].as_bytea(), false)).map(Datum::Jsonb)),
    ),
    (
        "hstore_to_jsonb_loose",
        Scalar(|_, a| Jsonb::parse(&to_json(a[0].as_bytea(), true)).map(Datum::Jsonb)),
    ),
    ("hstore_akeys", Scalar(|_, a| Ok(text_array(keys(&a[0]))))),
    ("hstore_avals", Scalar(|_, a| Ok(text_array(values(&a[0]))))),
    ("hstore_skeys", Set(|_, a| Ok(one_column(keys(&a[0]))))),
    ("hstore_svals", Set(|_, a| Ok(one_column(values(&a[0]))))),
    ("hstore_each", Set(|_, a| Ok(each(&a[0])))),
    // The form that values have since PostgreSQL 9.0.
    ("hstore_version_diag", Scalar(|_, _| Ok(Datum::Int4(2)))),
];

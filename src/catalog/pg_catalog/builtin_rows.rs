//! The exported rows as datums, parsed on first use and kept.

use super::{KeyValues, Row, values};
use crate::catalog::builtin::{self, Reader, SystemRelation, TypeKind};
use crate::types::{Array, Datum, Oid, oids};
use dashmap::DashMap;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

static PARSED: LazyLock<DashMap<Oid, Arc<Vec<Row>>>> = LazyLock::new(DashMap::new);

/// The rows that the export has for a relation; none for most.
pub(in crate::catalog) fn rows(relation: &SystemRelation) -> Arc<Vec<Row>> {
    let parse = || {
        let reader = builtin::raw_rows(relation.name);
        Arc::new(reader.map_or_else(Vec::new, |reader| parse(relation, reader)))
    };
    PARSED.entry(relation.oid).or_insert_with(parse).clone()
}

/// The positions of the rows that have one of a key's values, in order; `None`: the values are not of
/// a kind that rows are found by.
pub(super) fn positions(relation: &SystemRelation, key: &KeyValues) -> Option<Vec<usize>> {
    let index = index(relation, key.column);
    let mut found = Vec::new();
    for value in &key.values {
        let at = index.get(&Key::of(value)?);
        found.extend(at.into_iter().flatten());
    }
    if key.values.len() > 1 {
        found.sort_unstable();
        found.dedup();
    }
    Some(found)
}

/// Rows by the value of a column.
type Index = HashMap<Key, Vec<usize>>;

/// The values that rows are found by.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Oid(Oid),
    Text(Arc<str>),
    Null,
}

impl Key {
    fn of(value: &Datum) -> Option<Key> {
        match value {
            Datum::Oid(oid) => Some(Key::Oid(*oid)),
            Datum::Text(text) => Some(Key::Text(text.clone())),
            Datum::Null => Some(Key::Null),
            _ => None,
        }
    }
}

fn index(relation: &SystemRelation, column: usize) -> Arc<Index> {
    static INDEXES: LazyLock<DashMap<(Oid, usize), Arc<Index>>> = LazyLock::new(DashMap::new);
    let make = || {
        let mut index = Index::new();
        for (at, row) in rows(relation).iter().enumerate() {
            if let Some(key) = Key::of(&row[column]).filter(|key| *key != Key::Null) {
                index.entry(key).or_default().push(at);
            }
        }
        Arc::new(index)
    };
    INDEXES.entry((relation.oid, column)).or_insert_with(make).clone()
}

/// All rows that a reader has.
pub(super) fn parse(relation: &SystemRelation, mut reader: Reader) -> Vec<Row> {
    let mut rows = Vec::new();
    while reader.advance() {
        let fields = reader.fields().iter().zip(&relation.columns);
        rows.push(fields.map(|(field, column)| datum(column.type_oid, *field)).collect());
    }
    rows
}

/// A field of one of the types that catalogs have; the export is well-formed.
fn datum(type_oid: Oid, field: Option<&'static str>) -> Datum {
    let Some(text) = field else { return Datum::Null };
    match type_oid {
        oids::BOOL => Datum::Bool(text == "t"),
        oids::CHAR => Datum::Char(text.bytes().next().unwrap_or(0)),
        oids::INT2 => Datum::Int2(number(text)),
        oids::INT4 => Datum::Int4(number(text)),
        oids::INT8 => Datum::Int8(number(text)),
        oids::FLOAT4 => Datum::Float4(number(text)),
        oids::OIDVECTOR => vector(oids::OID, text),
        oids::INT2VECTOR => vector(oids::INT2, text),
        oids::OID | oids::REGPROC | oids::XID => Datum::Oid(number(text)),
        other => match builtin::type_(other) {
            Some(t) if t.is_array => array(t.element, text),
            Some(t) if t.kind == TypeKind::Pseudo => Datum::Null,
            _ => Datum::text(text),
        },
    }
}

fn number<T: std::str::FromStr>(text: &str) -> T {
    text.parse().ok().expect("a number in the export")
}

fn vector(element: Oid, text: &'static str) -> Datum {
    let elements = text.split_ascii_whitespace().map(|part| datum(element, Some(part)));
    values::vector(element, elements.collect())
}

/// A one-dimensional array's text form.
fn array(element: Oid, text: &'static str) -> Datum {
    let inner = text.trim_start_matches('{').trim_end_matches('}');
    let mut elements = Vec::new();
    let mut rest = inner;
    while !rest.is_empty() {
        let (item, after) = split_item(rest);
        elements.push(datum(element, item));
        rest = after;
    }
    Datum::Array(Arc::new(Array::from_elements(element, elements)))
}

/// The first item, unquoted, and what follows its comma. Quoted items have no escapes in the export.
fn split_item(text: &'static str) -> (Option<&'static str>, &'static str) {
    if let Some(quoted) = text.strip_prefix('"') {
        let (item, rest) = quoted.split_once('"').unwrap_or((quoted, ""));
        return (Some(item), rest.strip_prefix(',').unwrap_or(rest));
    }
    let (item, rest) = text.split_once(',').unwrap_or((text, ""));
    (Some(item).filter(|i| *i != "NULL"), rest)
}

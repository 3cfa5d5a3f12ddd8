//! The exported rows as datums, parsed on first use and kept.

use super::{KeyValues, Row, values};
use crate::catalog::builtin::{self, HashMap, Reader, SystemRelation, TypeKind};
use crate::types::{Array, Datum, Oid, oids};
use std::sync::{Arc, LazyLock, OnceLock};

/// What the export has of each relation.
static EXPORTED: LazyLock<HashMap<Oid, Exported>> = LazyLock::new(|| {
    let all = builtin::system_relations().iter().chain(builtin::own_relations());
    all.map(|relation| (relation.oid, Exported::of(relation))).collect()
});

/// The rows that the export has for a relation: none for most.
pub(in crate::catalog) struct Exported {
    relation: &'static SystemRelation,
    rows: OnceLock<Vec<Row>>,
    /// By column.
    indexes: Vec<OnceLock<Index>>,
}

/// Rows by the value of a column.
type Index = HashMap<Key, Vec<usize>>;

/// The values that rows are found by.
#[derive(PartialEq, Eq, Hash)]
enum Key {
    Oid(Oid),
    Text(Arc<str>),
    Char(u8),
    Null,
}

impl Key {
    fn of(value: &Datum) -> Option<Key> {
        match value {
            Datum::Oid(oid) => Some(Key::Oid(*oid)),
            Datum::Text(text) => Some(Key::Text(text.clone())),
            Datum::Char(letter) => Some(Key::Char(*letter)),
            Datum::Null => Some(Key::Null),
            _ => None,
        }
    }
}

/// The same as [`Exported::rows`], by the relation.
pub(in crate::catalog) fn rows(relation: &SystemRelation) -> &'static [Row] {
    exported(relation.oid).rows()
}

/// What the export has of a system relation.
pub(super) fn exported(relation: Oid) -> &'static Exported {
    EXPORTED.get(&relation).expect("a system relation")
}

impl Exported {
    fn of(relation: &'static SystemRelation) -> Exported {
        let indexes = relation.columns.iter().map(|_| OnceLock::new()).collect();
        Exported { relation, rows: OnceLock::new(), indexes }
    }

    /// All rows.
    pub fn rows(&self) -> &[Row] {
        self.rows.get_or_init(|| {
            let reader = builtin::raw_rows(self.relation.name);
            reader.map_or_else(Vec::new, |reader| parse(self.relation, reader))
        })
    }

    /// The positions of the rows that have one of a key's values, in order; `None`: the values are not of
    /// a kind that rows are found by.
    pub fn positions(&self, key: &KeyValues) -> Option<Vec<usize>> {
        let index = self.index(key.column);
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

    fn index(&self, column: usize) -> &Index {
        self.indexes[column].get_or_init(|| {
            let mut index = Index::default();
            for (at, row) in self.rows().iter().enumerate() {
                if let Some(key) = Key::of(&row[column]).filter(|key| *key != Key::Null) {
                    index.entry(key).or_default().push(at);
                }
            }
            index
        })
    }
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

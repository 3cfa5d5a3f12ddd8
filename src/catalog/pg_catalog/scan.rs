//! Reading a system relation row by row.

use super::source::{Object, Objects, Source, source};
use super::{Columns, Context, KeyValues, Row, builtin_rows, members};
use crate::catalog::builtin::{self, SystemRelation, oid};
use crate::catalog::{information_schema, system_schema};
use crate::error::Result;
use crate::types::{Datum, Oid, oids};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// The rows of a system relation that a scan has not read yet.
pub struct Scan {
    columns: Columns,
    /// The export's rows, and which of them; `None`: all from here on.
    export: Arc<Vec<Row>>,
    picked: Option<Vec<usize>>,
    at: usize,
    /// The objects whose rows come next, and how those are made.
    objects: std::vec::IntoIter<Object>,
    maker: Option<Objects>,
    /// Rows made, with the wanted columns only; the next is the last.
    made: Vec<Row>,
}

/// Whether code or the export has the rows of a system relation; the others are views.
pub fn is_made(relation: Oid) -> bool {
    let Some(relation) = builtin::system_relation(relation) else { return false };
    match relation.namespace {
        oid::PG_CATALOG => {
            relation.kind != b'v' || !matches!(source(relation.name), Source::Export)
        }
        oid::SYSTEM => true,
        _ => relation.kind != b'v' || information_schema::is_made(relation.name),
    }
}

/// The columns by which rows are found without reading all of them: position, and whether its values
/// are unique; those that are come first.
pub fn keys(relation: Oid) -> &'static [(usize, bool)] {
    static KEYS: LazyLock<HashMap<Oid, Vec<(usize, bool)>>> = LazyLock::new(|| {
        let tables = builtin::system_relations().iter();
        let tables = tables.filter(|r| r.namespace == oid::PG_CATALOG && r.kind == b'r');
        tables.map(|r| (r.oid, keys_of(r))).collect()
    });
    KEYS.get(&relation).map_or(&[], Vec::as_slice)
}

fn keys_of(relation: &SystemRelation) -> Vec<(usize, bool)> {
    let position = |name: &str| relation.columns.iter().position(|c| c.name == name);
    // Rows of the export are found by values of these types.
    let hashed = |(at, _): &&(usize, bool)| {
        let type_oid = relation.columns[*at].type_oid;
        matches!(type_oid, oids::OID | oids::REGPROC | oids::NAME | oids::TEXT)
    };
    let mut keys: Vec<(usize, bool)> = match source(relation.name) {
        Source::Export => {
            builtin::system_keys(relation.oid).iter().filter(hashed).copied().collect()
        }
        Source::Objects(Objects { finders, .. }) => {
            let unique = |name: &str| matches!(name, "oid" | "indexrelid" | "seqrelid");
            let key = |(name, _): &(&str, _)| Some((position(name)?, unique(name)));
            finders.iter().filter_map(key).collect()
        }
        Source::Made(_) => Vec::new(),
    };
    keys.sort_by_key(|(_, unique)| !unique);
    keys
}

/// The position of the column that says which column of a table a row is about.
pub fn about(relation: Oid) -> Option<usize> {
    let relation = builtin::system_relation(relation).filter(|r| r.namespace == oid::PG_CATALOG)?;
    let name = match relation.name {
        "pg_attrdef" => "adnum",
        "pg_attribute" => "attnum",
        "pg_description" => "objsubid",
        _ => return None,
    };
    relation.columns.iter().position(|column| column.name == name)
}

/// About how many rows a relation has in a database with this many relations of users.
pub fn estimated_rows(relation: Oid, relations: usize) -> f64 {
    const MADE: f64 = 50.0;
    let Some(relation) = builtin::system_relation(relation) else { return MADE };
    let exported = || builtin_rows::rows(relation).len() as f64;
    match relation.namespace {
        oid::PG_CATALOG => match source(relation.name) {
            Source::Export => exported(),
            Source::Objects(made) => exported() + made.per_relation * relations as f64,
            Source::Made(_) => MADE,
        },
        oid::SYSTEM => MADE,
        _ => relations as f64,
    }
}

/// Starts reading a system relation: the wanted columns of its rows, of those at least that have one
/// of the key's values.
pub fn scan(
    relation: Oid,
    columns: Columns,
    key: Option<&KeyValues>,
    cx: &Context<'_>,
) -> Result<Scan> {
    let nothing = || Scan {
        columns,
        export: Arc::default(),
        picked: None,
        at: 0,
        objects: Vec::new().into_iter(),
        maker: None,
        made: Vec::new(),
    };
    let reversed = |rows: Vec<Row>| Scan { made: rows.into_iter().rev().collect(), ..nothing() };
    let made = |rows: Vec<Row>| reversed(rows.iter().map(|row| columns.project(row)).collect());
    let Some(relation) = builtin::system_relation(relation) else { return Ok(nothing()) };
    match relation.namespace {
        oid::PG_CATALOG => {}
        oid::SYSTEM => return Ok(made(system_schema::rows(relation, cx)?)),
        _ => return Ok(made(information_schema::rows(relation, cx)?)),
    }
    let of_members = || members::rows(relation, columns, key, cx);
    let mut scan = match source(relation.name) {
        Source::Made(make) => return Ok(made(make(cx)?)),
        Source::Export => reversed(of_members()),
        Source::Objects(maker) => {
            let others = maker.others.map_or_else(|| Ok(Vec::new()), |others| others(cx, key))?;
            let objects = objects(relation, &maker, key, cx).into_iter();
            let mut rows = of_members();
            rows.extend(others.iter().map(|row| columns.project(row)));
            Scan { objects, maker: Some(maker), ..reversed(rows) }
        }
    };
    scan.export = builtin_rows::rows(relation);
    scan.picked = key.and_then(|key| builtin_rows::positions(relation, key));
    Ok(scan)
}

/// The objects that may have rows of use.
fn objects(
    relation: &SystemRelation,
    maker: &Objects,
    key: Option<&KeyValues>,
    cx: &Context<'_>,
) -> Vec<Object> {
    // Any object may have rows that refer to nothing.
    let key = key.filter(|key| !key.values.contains(&Datum::Oid(0)));
    let finder = key.and_then(|key| {
        let name = relation.columns.get(key.column)?.name;
        let (_, finder) = maker.finders.iter().find(|(column, _)| *column == name)?;
        Some((finder, key))
    });
    let Some((finder, key)) = finder else { return maker.all(cx.catalog) };
    let mut found = Vec::new();
    for value in &key.values {
        finder(cx.catalog, value, &mut found);
    }
    // Two values, or two ways, may lead to one object.
    if found.len() > 1 {
        found.sort_unstable_by_key(Object::oid);
        found.dedup_by_key(|object| object.oid());
    }
    found
}

impl Scan {
    /// The wanted columns of the next row.
    pub fn next(&mut self, cx: &Context<'_>) -> Option<Row> {
        let exported = match &self.picked {
            Some(picked) => picked.get(self.at).map(|at| &self.export[*at]),
            None => self.export.get(self.at),
        };
        if let Some(row) = exported {
            self.at += 1;
            return Some(self.columns.project(row));
        }
        loop {
            if let Some(row) = self.made.pop() {
                return Some(row);
            }
            let (object, maker) = (self.objects.next()?, self.maker.as_ref()?);
            maker.rows(&object, cx, self.columns, &mut self.made);
            self.made.reverse();
        }
    }
}

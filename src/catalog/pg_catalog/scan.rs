//! Reading a system relation row by row.

use super::builtin_rows::{self, Exported};
use super::source::{Object, Objects, Source, source};
use super::{Columns, Context, KeyValues, Row, members};
use crate::catalog::builtin::{self, HashMap, SystemRelation, oid};
use crate::catalog::{information_schema, system_schema};
use crate::error::Result;
use crate::types::{Datum, Oid, oids};
use std::sync::LazyLock;

/// Whether a row is one that the scan's reader wants.
pub type Test<'a> = &'a mut dyn FnMut(&[Datum]) -> Result<bool>;

/// The rows of a system relation that a scan has not read yet.
///
/// Most rows of a large catalog are of no use to who reads it. So of each row at first only what the
/// test reads is made, and the rest of those that pass.
pub struct Scan {
    columns: Columns,
    /// The same columns, of which those are made that the test reads.
    tested: Columns,
    /// A row to be tested.
    row: Row,
    /// Rows made at once, with the wanted columns only; the next is the last.
    made: Vec<Row>,
    /// The export's rows, and which of them; `None`: all from here on.
    export: &'static [Row],
    picked: Option<Vec<usize>>,
    at: usize,
    /// The objects whose rows come next, and how those are made.
    objects: std::vec::IntoIter<Object>,
    maker: Option<&'static Objects>,
    current: Current,
}

/// The object whose rows a scan is reading.
#[derive(Default)]
struct Current {
    object: Option<Object>,
    /// Its rows, to be tested; those before `at` were.
    rows: Vec<Row>,
    at: usize,
    /// Its rows with all wanted columns, once one has passed.
    whole: Vec<Row>,
}

/// A relation of pg_catalog, and how it is read.
struct Readable {
    relation: &'static SystemRelation,
    source: Source,
    exported: &'static Exported,
    /// Of tables.
    keys: Vec<Key>,
}

/// The relation of pg_catalog with this OID.
fn readable(relation: Oid) -> Option<&'static Readable> {
    static ALL: LazyLock<HashMap<Oid, Readable>> = LazyLock::new(|| {
        let all = builtin::system_relations().iter().filter(|r| r.namespace == oid::PG_CATALOG);
        all.map(|relation| (relation.oid, Readable::of(relation))).collect()
    });
    ALL.get(&relation)
}

impl Readable {
    fn of(relation: &'static SystemRelation) -> Readable {
        let source = source(relation.name);
        let keys = if relation.kind == b'r' { keys_of(relation, &source) } else { Vec::new() };
        Readable { relation, source, exported: builtin_rows::exported(relation.oid), keys }
    }
}

/// Whether code or the export has the rows of a system relation; the others are views.
pub fn is_made(relation: Oid) -> bool {
    if let Some(Readable { relation, source, .. }) = readable(relation) {
        return relation.kind != b'v' || !matches!(source, Source::Export);
    }
    let Some(relation) = builtin::system_relation(relation) else { return false };
    match relation.namespace {
        oid::SYSTEM => true,
        _ => relation.kind != b'v' || information_schema::is_made(relation.name),
    }
}

/// A column by which rows are found without reading all of them.
#[derive(Clone, Copy)]
pub struct Key {
    /// Position from 0.
    pub column: usize,
    pub matches: Matches,
}

/// How many rows have one value of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Matches {
    One,
    /// About so many.
    Some(u8),
    /// A good part of all.
    Many,
}

/// The keys of a relation, the better ones first.
pub fn keys(relation: Oid) -> &'static [Key] {
    readable(relation).map_or(&[], |readable| &readable.keys)
}

fn keys_of(relation: &SystemRelation, source: &Source) -> Vec<Key> {
    let position = |name: &str| relation.columns.iter().position(|c| c.name == name);
    // Rows of the export are found by values of these types.
    let hashed = |(at, _): &&(usize, bool)| {
        let type_oid = relation.columns[*at].type_oid;
        matches!(type_oid, oids::OID | oids::REGPROC | oids::NAME | oids::TEXT)
    };
    let mut keys: Vec<Key> = match source {
        Source::Export => {
            let matches = |unique| if unique { Matches::One } else { Matches::Some(10) };
            let key = |(column, unique): &(usize, bool)| Key {
                column: *column,
                matches: matches(*unique),
            };
            builtin::system_keys(relation.oid).iter().filter(hashed).map(key).collect()
        }
        Source::Objects(Objects { finders, .. }) => {
            let matches = |name: &str| match name {
                "oid" | "indexrelid" | "seqrelid" => Matches::One,
                "relkind" | "typtype" => Matches::Many,
                "attrelid" => Matches::Some(10),
                "objid" | "refobjid" | "enumtypid" => Matches::Some(5),
                _ => Matches::Some(2),
            };
            let key = |(name, _): &(&str, _)| {
                Some(Key { column: position(name)?, matches: matches(name) })
            };
            finders.iter().filter_map(key).collect()
        }
        Source::Made(_) => Vec::new(),
    };
    keys.sort_by_key(|key| key.matches);
    keys
}

/// The position of the column that says which column of a table a row is about.
pub fn about(relation: Oid) -> Option<usize> {
    let Readable { relation, .. } = readable(relation)?;
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
    if let Some(Readable { source, exported, .. }) = readable(relation) {
        let exported = || exported.rows().len() as f64;
        return match source {
            Source::Export => exported(),
            Source::Objects(made) => exported() + made.per_relation * relations as f64,
            Source::Made(_) => MADE,
        };
    }
    match builtin::system_relation(relation).map(|relation| relation.namespace) {
        None | Some(oid::SYSTEM) => MADE,
        Some(_) => relations as f64,
    }
}

/// Starts reading a system relation: the wanted columns of its rows, of those at least that have one
/// of the key's values. `tested` are the columns that the test of [`Scan::next`] reads.
pub fn scan(
    relation: Oid,
    columns: Columns,
    tested: Columns,
    key: Option<&KeyValues>,
    cx: &Context<'_>,
) -> Result<Scan> {
    let nothing = || Scan {
        columns,
        tested: columns.making(tested),
        row: Vec::new(),
        made: Vec::new(),
        export: &[],
        picked: None,
        at: 0,
        objects: Vec::new().into_iter(),
        maker: None,
        current: Current::default(),
    };
    let reversed = |rows: Vec<Row>| Scan { made: rows.into_iter().rev().collect(), ..nothing() };
    let made = |rows: Vec<Row>| reversed(rows.iter().map(|row| columns.project(row)).collect());
    let Some(readable) = readable(relation) else {
        return match builtin::system_relation(relation) {
            Some(own) if own.namespace == oid::SYSTEM => Ok(made(system_schema::rows(own, cx)?)),
            Some(other) => Ok(made(information_schema::rows(other, cx)?)),
            None => Ok(nothing()),
        };
    };
    let of_members = || members::rows(readable.relation, columns, key, cx);
    let mut scan = match &readable.source {
        Source::Made(make) => return Ok(made(make(cx)?)),
        Source::Export => reversed(of_members()),
        Source::Objects(maker) => {
            let others = maker.others.map_or_else(|| Ok(Vec::new()), |others| others(cx, key))?;
            let objects = objects(readable.relation, maker, key, cx).into_iter();
            let mut rows = of_members();
            rows.extend(others.iter().map(|row| columns.project(row)));
            Scan { objects, maker: Some(maker), ..reversed(rows) }
        }
    };
    scan.export = readable.exported.rows();
    scan.picked = key.and_then(|key| readable.exported.positions(key));
    Ok(scan)
}

/// All rows of a system relation, of those at least that have one of the key's values.
pub fn read(relation: Oid, key: Option<&KeyValues>, cx: &Context<'_>) -> Result<Vec<Row>> {
    let mut rows = scan(relation, Columns::ALL, Columns::ALL, key, cx)?;
    std::iter::from_fn(|| rows.next(cx, &mut |_| Ok(true)).transpose()).collect()
}

/// The objects that may have rows of use.
fn objects(
    relation: &SystemRelation,
    maker: &Objects,
    key: Option<&KeyValues>,
    cx: &Context<'_>,
) -> Vec<Object> {
    // Rows that refer to nothing, of any object.
    const MAY_BE_ZERO: [&str; 4] = ["conrelid", "confrelid", "contypid", "typrelid"];
    let finder = key.and_then(|key| {
        let name = relation.columns.get(key.column)?.name;
        let (_, finder) = maker.finders.iter().find(|(column, _)| *column == name)?;
        let any = MAY_BE_ZERO.contains(&name) && key.values.contains(&Datum::Oid(0));
        (!any).then_some((finder, key))
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
    /// The wanted columns of the next row that passes a test.
    pub fn next(&mut self, cx: &Context<'_>, test: Test<'_>) -> Result<Option<Row>> {
        if let Some(row) = self.next_exported(test)? {
            return Ok(Some(row));
        }
        while let Some(row) = self.made.pop() {
            if test(&row)? {
                return Ok(Some(row));
            }
        }
        let Some(maker) = &self.maker else { return Ok(None) };
        loop {
            if let Some(row) = self.current.next(maker, cx, (self.columns, self.tested), test)? {
                return Ok(Some(row));
            }
            let Some(object) = self.objects.next() else { return Ok(None) };
            self.current.rows.clear();
            maker.rows(&object, cx, self.tested, &mut self.current.rows);
            self.current.start(object);
        }
    }

    fn next_exported(&mut self, test: Test<'_>) -> Result<Option<Row>> {
        loop {
            let row = match &self.picked {
                Some(picked) => picked.get(self.at).map(|at| &self.export[*at]),
                None => self.export.get(self.at),
            };
            let Some(row) = row else { return Ok(None) };
            self.at += 1;
            self.tested.project_into(row, &mut self.row);
            if test(&self.row)? {
                return Ok(Some(self.columns.project(row)));
            }
        }
    }
}

impl Current {
    fn start(&mut self, object: Object) {
        self.object = Some(object);
        self.at = 0;
        self.whole.clear();
    }

    fn next(
        &mut self,
        maker: &Objects,
        cx: &Context<'_>,
        (columns, tested): (Columns, Columns),
        test: Test<'_>,
    ) -> Result<Option<Row>> {
        while let Some(row) = self.rows.get_mut(self.at) {
            self.at += 1;
            if !test(row)? {
                continue;
            }
            let Some(object) = self.object.as_ref().filter(|_| tested != columns) else {
                return Ok(Some(std::mem::take(row)));
            };
            if self.whole.is_empty() {
                maker.rows(object, cx, columns, &mut self.whole);
            }
            return Ok(self.whole.get_mut(self.at - 1).map(std::mem::take));
        }
        Ok(None)
    }
}

//! The shape of the system relations: the rows of `pg_class` and `pg_attribute` that a fresh
//! database has, for pg_catalog and information_schema; and those of the schema `system`.

use super::HashMap;
use super::data::Reader;
use super::extensions::Extension;
use super::types::is_type_name;
use super::{TypeKind, namespaces, type_};
use crate::nodes::AttrNumber;
use crate::types::Oid;
use std::sync::LazyLock;

/// A table or view of pg_catalog or information_schema.
#[derive(Clone, Debug)]
pub struct SystemRelation {
    pub oid: Oid,
    pub name: &'static str,
    pub namespace: Oid,
    /// `r` table, `v` view.
    pub kind: u8,
    /// One table for all databases (pg_database, pg_authid, …).
    pub shared: bool,
    pub row_type: Oid,
    /// By attribute number from 1.
    pub columns: Vec<SystemColumn>,
}

/// A column of a system relation.
#[derive(Clone, Debug)]
pub struct SystemColumn {
    pub attno: AttrNumber,
    pub name: &'static str,
    /// What its values are: a domain's base type, as RowDescription shows it.
    pub type_oid: Oid,
    pub typmod: i32,
    /// `pg_attribute.atttypid`: the domain, where information_schema declares one.
    pub declared_type: Oid,
    pub not_null: bool,
    pub collation: Oid,
}

impl SystemRelation {
    /// The column of this name.
    pub fn column_by_name(&self, name: &str) -> Option<&SystemColumn> {
        self.columns.iter().find(|c| c.name == name)
    }
}

struct Relations {
    rows: Vec<SystemRelation>,
    by_oid: HashMap<Oid, usize>,
    by_name: HashMap<(Oid, &'static str), usize>,
}

static RELATIONS: LazyLock<Relations> = LazyLock::new(|| {
    let mut r = Reader::open("pg_class").expect("an exported catalog");
    let mut all =
        Relations { rows: Vec::new(), by_oid: HashMap::default(), by_name: HashMap::default() };
    while r.advance() {
        let kind = r.char("relkind");
        let relation = SystemRelation {
            oid: r.oid("oid"),
            name: r.text("relname"),
            namespace: r.oid("relnamespace"),
            kind,
            shared: r.bool("relisshared"),
            row_type: r.oid("reltype"),
            columns: Vec::new(),
        };
        // Indexes and TOAST tables are rows of pg_class too, but nothing to select from.
        if matches!(kind, b'r' | b'v') {
            all.by_oid.insert(relation.oid, all.rows.len());
            all.by_name.insert((relation.namespace, relation.name), all.rows.len());
            all.rows.push(relation);
        }
    }
    read_columns(&mut all);
    all
});

/// Those that PostgreSQL does not have.
static OWN: LazyLock<Vec<SystemRelation>> =
    LazyLock::new(|| crate::catalog::system_schema::relations().collect());

/// Adds the columns; the export has them by relation and attribute number.
fn read_columns(all: &mut Relations) {
    let mut r = Reader::open("pg_attribute").expect("an exported catalog");
    while r.advance() {
        let attno: AttrNumber = r.value("attnum");
        let Some(&at) = all.by_oid.get(&r.oid("attrelid")) else { continue };
        if attno < 1 {
            continue;
        }
        let declared_type = r.oid("atttypid");
        let (type_oid, typmod) = base(declared_type, r.value("atttypmod"));
        all.rows[at].columns.push(SystemColumn {
            attno,
            name: r.text("attname"),
            type_oid,
            typmod,
            declared_type,
            not_null: r.bool("attnotnull"),
            collation: r.oid("attcollation"),
        });
    }
}

fn base(type_oid: Oid, typmod: i32) -> (Oid, i32) {
    match type_(type_oid) {
        Some(t) if t.kind == TypeKind::Domain => (t.base, t.base_typmod),
        _ => (type_oid, typmod),
    }
}

/// The system relation with this OID.
pub fn system_relation(oid: Oid) -> Option<&'static SystemRelation> {
    let own = || OWN.iter().find(|own| own.oid == oid);
    RELATIONS.by_oid.get(&oid).map(|&at| &RELATIONS.rows[at]).or_else(own)
}

/// The relation of this name in a system namespace.
pub fn system_relation_named(namespace: Oid, name: &str) -> Option<&'static SystemRelation> {
    if namespace == super::oid::SYSTEM {
        return OWN.iter().find(|own| own.name == name);
    }
    RELATIONS.by_name.get(&(namespace, name)).map(|&at| &RELATIONS.rows[at])
}

/// Whether something that PostgreSQL or the server brings is called so: a relation or a type.
pub fn is_name(name: &str) -> bool {
    let schemas = namespaces().map(|schema| schema.oid).chain([super::oid::SYSTEM]);
    let mut found = schemas.filter_map(|schema| system_relation_named(schema, name));
    found.next().is_some() || is_type_name(name)
}

/// All tables and views of pg_catalog and information_schema.
pub fn system_relations() -> &'static [SystemRelation] {
    &RELATIONS.rows
}

/// The relations of the schema `system`, which those do not list.
pub fn own_relations() -> &'static [SystemRelation] {
    &OWN
}

/// The exported rows of a catalog in its column order, as text; `None` where there are none.
pub fn raw_rows(name: &str) -> Option<Reader> {
    Reader::open(name)
}

/// An extension's rows of a catalog, as text.
pub fn raw_rows_of_extension(name: &str, extension: &'static Extension) -> Option<Reader> {
    Reader::open_extension(name, extension)
}

/// The columns by position that the indexes of a system table begin with, and whether a value is
/// found once at most.
pub fn system_keys(table: Oid) -> &'static [(usize, bool)] {
    static KEYS: LazyLock<HashMap<Oid, Vec<(usize, bool)>>> = LazyLock::new(|| {
        let mut r = Reader::open("pg_index").expect("an exported catalog");
        let mut keys: HashMap<Oid, Vec<(usize, bool)>> = HashMap::default();
        while r.advance() {
            let columns: Vec<usize> =
                r.text("indkey").split_ascii_whitespace().map(super::data::parse).collect();
            let first = columns.first().and_then(|attno| attno.checked_sub(1));
            let Some(first) = first else { continue };
            let of_table = keys.entry(r.oid("indrelid")).or_default();
            if of_table.iter().all(|(column, _)| *column != first) {
                of_table.push((first, r.bool("indisunique") && columns.len() == 1));
            }
        }
        keys
    });
    KEYS.get(&table).map_or(&[], Vec::as_slice)
}

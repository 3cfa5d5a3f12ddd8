//! The indexes that PostgreSQL's own tables have: rows of `pg_index` with the names of what they
//! are about. All are B-trees over columns, with the operator classes that their types have anyway.
//! None exists here, but clients read what the rows say.

use super::HashMap;
use super::classes::system_class;
use super::data::Reader;
use crate::nodes::AttrNumber;
use crate::types::Oid;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// An index of a system table or of its TOAST table.
#[derive(Clone, Debug)]
pub struct SystemIndex {
    pub name: &'static str,
    pub unique: bool,
    /// OID, name and schema of the table.
    pub table: Oid,
    pub table_name: &'static str,
    pub table_namespace: Oid,
    /// Names, in key order.
    pub columns: Vec<&'static str>,
}

static INDEXES: LazyLock<BTreeMap<Oid, SystemIndex>> = LazyLock::new(|| {
    // An index's own columns have the names of the table's.
    let mut columns: HashMap<Oid, Vec<(AttrNumber, &'static str)>> = HashMap::default();
    let mut r = Reader::open("pg_attribute").expect("an exported catalog");
    while r.advance() {
        let column = (r.value("attnum"), r.text("attname"));
        columns.entry(r.oid("attrelid")).or_default().push(column);
    }
    let mut indexes = BTreeMap::new();
    let mut r = Reader::open("pg_index").expect("an exported catalog");
    while r.advance() {
        let (oid, table) = (r.oid("indexrelid"), r.oid("indrelid"));
        let (Some(index), Some(of)) = (system_class(oid), system_class(table)) else {
            continue;
        };
        let mut own = columns.remove(&oid).unwrap_or_default();
        own.sort_unstable();
        let index = SystemIndex {
            name: index.name,
            unique: r.bool("indisunique"),
            table,
            table_name: of.name,
            table_namespace: of.namespace,
            columns: own.into_iter().map(|(_, name)| name).collect(),
        };
        indexes.insert(oid, index);
    }
    indexes
});

/// The system index with this OID.
pub fn system_index(oid: Oid) -> Option<&'static SystemIndex> {
    INDEXES.get(&oid)
}

/// All of them, by OID.
pub fn system_indexes() -> impl Iterator<Item = (Oid, &'static SystemIndex)> {
    INDEXES.iter().map(|(oid, index)| (*oid, index))
}

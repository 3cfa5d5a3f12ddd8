//! A parsed catalog: rows with an index by OID and one by name.
//!
//! Rows of extensions are found by OID like any other, by name only as those of one extension: whether
//! it is installed, and in which schema, is each database's own.

use super::HashMap;
use super::data::Reader;
use super::extensions::{Extension, is_member};
use crate::types::Oid;

/// A typed row of an exported catalog.
pub(super) trait Row: Sized {
    /// The exported file.
    const FILE: &'static str;
    fn read(reader: &Reader) -> Self;
    fn oid(&self) -> Oid;
    /// What it is found by.
    fn name(&self) -> &str;
}

/// All rows of a catalog, in OID order.
pub(super) struct Table<R> {
    pub rows: Vec<R>,
    by_oid: HashMap<Oid, usize>,
    by_name: HashMap<String, Vec<usize>>,
}

impl<R: Row> Table<R> {
    /// Parses the export.
    pub fn load() -> Table<R> {
        let mut reader = Reader::open_all(R::FILE).expect("an exported catalog");
        let mut rows = Vec::new();
        while reader.advance() {
            rows.push(R::read(&reader));
        }
        rows.sort_by_key(R::oid);
        let mut table = Table { rows, by_oid: HashMap::default(), by_name: HashMap::default() };
        for (at, row) in table.rows.iter().enumerate() {
            table.by_oid.insert(row.oid(), at);
            table.by_name.entry(row.name().to_owned()).or_default().push(at);
        }
        table
    }

    pub fn get(&self, oid: Oid) -> Option<&R> {
        self.by_oid.get(&oid).map(|&at| &self.rows[at])
    }

    /// PostgreSQL's own rows of this name, in OID order.
    pub fn named(&self, name: &str) -> impl Iterator<Item = &R> + use<'_, R> {
        self.all_named(name).filter(|row| !is_member(row.oid()))
    }

    /// An extension's rows of this name, in OID order.
    pub fn members_named(
        &self,
        extension: &'static Extension,
        name: &str,
    ) -> impl Iterator<Item = &R> + use<'_, R> {
        self.all_named(name).filter(|row| extension.has_member(row.oid()))
    }

    fn all_named(&self, name: &str) -> impl Iterator<Item = &R> + use<'_, R> {
        self.by_name.get(name).into_iter().flatten().map(|&at| &self.rows[at])
    }
}

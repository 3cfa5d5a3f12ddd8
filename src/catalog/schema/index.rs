//! An index's derived schema: how its entries are made.

use super::{Activity, Owner, activity};
use crate::catalog::builtin::{self, oid};
use crate::catalog::depend::describe::quote;
use crate::catalog::{Catalog, IndexColumn, IndexInfo, Relation, TableKind};
use crate::error::{PgError, Result, code};
use crate::storage::{Key, StorageId};
use crate::types::inverted::{self, Parts};
use crate::types::{Datum, Oid, key};
use bytes::Bytes;
use std::sync::Arc;

/// How to make an index's entries from values of its key columns.
pub struct IndexSchema {
    /// The index's pg_class row.
    pub relation: Arc<Relation>,
    /// The index's own storage.
    pub storage: StorageId,
    /// Whether entries are under the columns alone, so that storage itself keeps them unique. A
    /// deferrable constraint's index allows duplicates until its check.
    pub unique_keys: bool,
    /// Counts of what is done with it.
    pub activity: Arc<Activity>,
    /// How its entries are made and found.
    pub method: Method,
    /// What each key column's keys are of: its type, or the comparison type under its collation.
    pub key_types: Vec<Oid>,
    /// Why its entries can be neither found nor made: ICU is missing, or orders otherwise than when they
    /// were made.
    pub unusable: Option<PgError>,
    /// The table's.
    kind: TableKind,
}

/// What is under which keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// Rows by their columns' values, in order: btree.
    Ordered,
    /// The same for equality only: hash.
    Equality,
    /// Rows by their column's value, a range, in the order of ranges: gist and spgist.
    Ranges,
    /// Rows by parts of their columns' values, per column: gin.
    Inverted(Vec<Parts>),
}

impl Method {
    fn of(info: &IndexInfo) -> Method {
        let parts = || {
            let class = |column: &IndexColumn| builtin::opclass(column.opclass).map(|c| c.name);
            let columns = info.columns[..info.key_count].iter();
            columns.map(|column| Parts::of_class(class(column)?)).collect::<Option<Vec<_>>>()
        };
        match info.access_method {
            oid::HASH => Method::Equality,
            oid::GIST | oid::SPGIST => Method::Ranges,
            oid::GIN => Method::Inverted(parts().expect("other classes are refused")),
            _ => Method::Ordered,
        }
    }
}

impl IndexSchema {
    pub(super) fn derive(
        catalog: &Catalog,
        relation: &Arc<Relation>,
        kind: TableKind,
    ) -> IndexSchema {
        let info = relation.index.as_ref().expect("an index has its definition");
        let columns = &info.columns[..info.key_count];
        let types = columns.iter().map(|c| match has_byte_order(c) {
            true => Ok(c.type_oid),
            false => catalog.comparison_type(c.type_oid, c.collation),
        });
        let found = types.collect::<Result<Vec<_>>>();
        let found = found.and_then(|types| check_versions(catalog, relation, info).map(|()| types));
        let (key_types, unusable) = match found {
            Ok(types) => (types, None),
            Err(error) => (columns.iter().map(|c| c.type_oid).collect(), Some(error)),
        };
        IndexSchema {
            key_types,
            unusable,
            relation: relation.clone(),
            storage: relation.storage,
            unique_keys: info.unique && info.immediate,
            activity: activity(relation.oid),
            method: Method::of(info),
            kind,
        }
    }

    /// Fails where entries can be neither found nor made.
    pub fn check_usable(&self) -> Result<()> {
        self.unusable.clone().map_or(Ok(()), Err)
    }

    /// The index's definition.
    pub fn info(&self) -> &IndexInfo {
        self.relation.index.as_ref().expect("an index has its definition")
    }

    /// Key columns, without INCLUDE columns: entries hold no others.
    pub fn key_columns(&self) -> &[IndexColumn] {
        let info = self.info();
        &info.columns[..info.key_count]
    }

    /// What follows the index's storage id in an owner's entries with these values of the first key
    /// columns; with all of them, an entry's columns.
    pub fn columns(&self, owner: Owner, values: &[Datum]) -> Vec<u8> {
        let mut out = Vec::with_capacity(32);
        owner.encode(&mut out);
        for ((column, key_type), value) in
            self.key_columns().iter().zip(&self.key_types).zip(values)
        {
            key::encode(*key_type, value, column.descending, column.nulls_first, &mut out);
        }
        out
    }

    /// What an owner's entries with these values of the first key columns begin with.
    pub fn entries_prefix(&self, owner: Owner, values: &[Datum]) -> Vec<u8> {
        let mut prefix = self.storage.to_be_bytes().to_vec();
        prefix.extend(self.columns(owner, values));
        prefix
    }

    /// The key of an owner's entry in a unique index.
    pub fn unique_key(&self, owner: Owner, values: &[Datum]) -> Bytes {
        Key::Unique { index: self.storage, columns: &self.columns(owner, values) }.encode()
    }

    /// Whether an entry with these values conflicts with another of the same values: NULLs are
    /// distinct unless declared not to be.
    pub fn is_unique_entry(&self, values: &[Datum]) -> bool {
        let info = self.info();
        info.unique && (info.nulls_not_distinct || !values.iter().any(Datum::is_null))
    }

    /// The entries, key and value, of a row (`row`: its key suffix) with these key column values, in the
    /// order of their keys.
    pub fn entries(&self, values: &[Datum], row: &[u8]) -> Vec<(Bytes, Bytes)> {
        let Method::Inverted(parts) = &self.method else { return vec![self.entry(values, row)] };
        let mut owner = Vec::new();
        Owner::of_row(self.kind, row).encode(&mut owner);
        let mut entries = Vec::new();
        for (column, (parts, value)) in (0u8..).zip(parts.iter().zip(values)) {
            for key in inverted::keys(*parts, value) {
                let columns = [&owner[..], &[column], &key].concat();
                let key = Key::Index { index: self.storage, columns: &columns, row };
                entries.push((key.encode(), Bytes::copy_from_slice(row)));
            }
        }
        entries
    }

    /// What an owner's entries of a column of an inverted index begin with.
    pub fn inverted_prefix(&self, owner: Owner, column: usize) -> Vec<u8> {
        let mut prefix = self.entries_prefix(owner, &[]);
        prefix.push(u8::try_from(column).expect("indexes have at most 32 columns"));
        prefix
    }

    /// The entry of a row in an index by its columns' values.
    fn entry(&self, values: &[Datum], row: &[u8]) -> (Bytes, Bytes) {
        let columns = self.columns(Owner::of_row(self.kind, row), values);
        if self.unique_keys && self.is_unique_entry(values) {
            let key = Key::Unique { index: self.storage, columns: &columns }.encode();
            return (key, Bytes::copy_from_slice(row));
        }
        let key = Key::Index { index: self.storage, columns: &columns, row };
        (key.encode(), Bytes::copy_from_slice(row))
    }
}

/// Whether an index's column is in the order of bytes, whatever its collation.
pub fn has_byte_order(column: &IndexColumn) -> bool {
    builtin::opclass(column.opclass).is_some_and(|class| class.name.ends_with("pattern_ops"))
}

/// 55000 where ICU's rules are not those by which an index's entries were made: they would be in no order.
fn check_versions(catalog: &Catalog, index: &Relation, info: &IndexInfo) -> Result<()> {
    for (collation, made_by) in &info.collation_versions {
        let now = catalog.icu_version(*collation)?;
        if now.as_ref() != Some(made_by) {
            let name = catalog.collation_name(*collation);
            let message = format!("index \"{}\" must be built anew", index.name);
            return Err(PgError::new(code::OBJECT_NOT_IN_PREREQUISITE_STATE, message)
                .detail(format!(
                    "It was built by version {made_by} of collation \"{name}\", but the operating \
                     system provides version {}.",
                    now.as_deref().unwrap_or("none")
                ))
                .hint(format!("Run REINDEX INDEX {}.", quote(&index.name))));
        }
    }
    Ok(())
}

//! A table's derived schema.

use super::{Activity, IndexSchema, Owner, activity};
use crate::catalog::builtin::oid;
use crate::catalog::{
    Catalog, Column, Constraint, ConstraintKind, Relation, TableKind, TableOptions,
};
use crate::storage::row::LayoutColumn;
use crate::storage::{Key, RowLayout, RowRef, keys};
use crate::types::{Datum, Oid, key};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// How to read, write and find the rows of a table.
pub struct TableSchema {
    pub relation: Arc<Relation>,
    /// All columns by attribute number, dropped ones included.
    pub layout: RowLayout,
    /// By position: the type that stands in for the column's, see [`Catalog::stand_in`].
    pub stored_types: Vec<Oid>,
    pub key: RowKey,
    pub kind: TableKind,
    /// Stream tables: how long a row lives, and how many are kept.
    pub ttl_us: Option<i64>,
    pub rows_max: Option<u64>,
    /// How long deleted rows are kept; `None`: they are not.
    pub retention_us: Option<i64>,
    /// Indexes with entries of their own, in OID order: all but the one that is the row key.
    pub indexes: Vec<Arc<IndexSchema>>,
    /// Counts of what is done with the table, and with the index that is its key.
    pub activity: Arc<Activity>,
    pub key_activity: Option<Arc<Activity>>,
}

/// What a table's rows are stored under.
#[derive(Clone, Debug, PartialEq)]
pub enum RowKey {
    /// The primary key: `index` is its pg_class row, which has no entries of its own.
    Primary { index: Oid, columns: Vec<KeyColumn> },
    /// A hidden row id ([`Store::allocate_row_id`](crate::storage::Store::allocate_row_id)).
    RowId,
}

/// A column of a key, ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyColumn {
    /// Position in the row, from 0.
    pub at: usize,
    /// Domains looked through.
    pub type_oid: Oid,
}

impl TableSchema {
    pub(super) fn derive(catalog: &Catalog, relation: &Arc<Relation>) -> TableSchema {
        let stored_types: Vec<Oid> =
            relation.columns.iter().map(|c| catalog.stand_in(c.type_oid)).collect();
        let columns = relation.columns.iter().zip(&stored_types);
        let columns: Vec<_> = columns.map(|(c, type_oid)| layout_column(c, *type_oid)).collect();
        let key = row_key(catalog, relation);
        // What brin keeps of blocks, segments do of themselves: there is nothing beside the rows.
        let brin = |index: &Relation| {
            index.index.as_ref().is_some_and(|info| info.access_method == oid::BRIN)
        };
        let own = |index: &&Arc<Relation>| !key.is_index(index.oid) && !brin(index);
        let indexes = catalog.indexes_of(relation).filter(own);
        let options = TableOptions::of(relation);
        let kind = options.kind;
        let indexes = indexes.map(|i| Arc::new(IndexSchema::derive(catalog, i, kind))).collect();
        let key_activity = match &key {
            RowKey::Primary { index, .. } => Some(activity(*index)),
            RowKey::RowId => None,
        };
        TableSchema {
            activity: activity(relation.oid),
            key_activity,
            relation: relation.clone(),
            layout: RowLayout::new(&columns, relation.version),
            stored_types,
            key,
            kind,
            ttl_us: options.ttl.map(micros),
            rows_max: options.max_buffer,
            retention_us: options.retention.filter(|kept| !kept.is_zero()).map(micros),
            indexes,
        }
    }

    /// Counts a read by the row key.
    pub fn note_key_scan(&self) {
        self.activity.key_scans.add(1);
        if let Some(key) = &self.key_activity {
            key.key_scans.add(1);
        }
    }

    /// Whether this was derived from these very definitions.
    pub(super) fn is_of(&self, catalog: &Catalog, relation: &Arc<Relation>) -> bool {
        Arc::ptr_eq(&self.relation, relation)
            && self.indexes.iter().all(|index| {
                let now = catalog.relation(index.relation.oid);
                now.is_some_and(|now| Arc::ptr_eq(now, &index.relation))
            })
    }

    /// The type and typmod that a column had at a schema version: what a segment of that version
    /// holds it as. Its type now is what rows give it as.
    pub fn type_at(&self, attno: i16, version: u32) -> (Oid, i32) {
        let column = self.relation.column(attno);
        let now = (self.stored_types[attno as usize - 1], column.typmod);
        crate::storage::row::type_at(&column.past_types, now, version)
    }

    /// The value of a column, of its type now, in rows of versions before it was added.
    pub fn missing(&self, attno: i16) -> Datum {
        self.relation.column(attno).missing_value.clone().unwrap_or_default()
    }

    /// Whose rows a role reads and writes.
    pub fn owner(&self, role: Oid) -> Owner {
        match self.kind {
            TableKind::User => Owner::Role(role),
            TableKind::Shared | TableKind::Stream => Owner::Everyone,
        }
    }

    /// Whose row the one with this key suffix is.
    pub fn owner_of(&self, suffix: &[u8]) -> Owner {
        Owner::of_row(self.kind, suffix)
    }

    /// What the keys of an owner's rows begin with.
    pub fn rows_prefix(&self, owner: Owner) -> Vec<u8> {
        let mut prefix = self.relation.storage.to_be_bytes().to_vec();
        owner.encode(&mut prefix);
        prefix
    }

    /// Whether a stream table's row is not too old to be seen.
    #[inline]
    pub fn is_live(&self, stored: &RowRef<'_>, now_us: i64) -> bool {
        match self.ttl_us {
            None => true,
            // What this transaction wrote has no age yet.
            Some(ttl_us) => {
                stored.seq() == 0 || stored.updated_us() > now_us.saturating_sub(ttl_us)
            }
        }
    }

    /// The key suffix of an owner's row with a hidden row id.
    pub fn row_id_suffix(owner: Owner, row_id: u64) -> Vec<u8> {
        let mut out = Vec::with_capacity(12);
        owner.encode(&mut out);
        out.extend_from_slice(&row_id.to_be_bytes());
        out
    }

    /// The key suffix of an owner's row with a primary key; `None` where the table has row ids.
    pub fn primary_key_suffix(&self, owner: Owner, row: &[Datum]) -> Option<Vec<u8>> {
        let RowKey::Primary { columns, .. } = &self.key else { return None };
        let mut out = Vec::with_capacity(16);
        owner.encode(&mut out);
        for column in columns {
            key::encode(column.type_oid, &row[column.at], false, false, &mut out);
        }
        Some(out)
    }

    /// What the keys of an owner's graves begin with.
    pub fn graves_prefix(&self, owner: Owner) -> [u8; 8] {
        keys::graves_prefix(self.relation.storage, owner.number())
    }

    /// The key of the grave of a row with this suffix that a commit deleted.
    pub fn grave_key(&self, suffix: &[u8], seq: u64) -> Bytes {
        let (table, owner) = (self.relation.storage, self.owner_of(suffix).number());
        Key::Grave { table, owner, seq, row: suffix }.encode()
    }

    /// The storage key of the row with this suffix.
    pub fn row_key(&self, suffix: &[u8]) -> Bytes {
        Key::Row { table: self.relation.storage, primary_key: suffix }.encode()
    }
}

impl RowKey {
    /// Whether this index is the rows themselves.
    pub fn is_index(&self, oid: Oid) -> bool {
        matches!(self, RowKey::Primary { index, .. } if *index == oid)
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

fn layout_column(column: &Column, type_oid: Oid) -> LayoutColumn {
    let missing = column.missing_value.clone().unwrap_or_default();
    LayoutColumn { type_oid, missing, past: column.past_types.clone() }
}

/// A primary key that is checked at once is the rows' key. A deferrable one may have duplicates for
/// a while, which keys cannot, so it is an index like any other. So is one with texts that are equal though
/// their bytes are not: the version of ICU's rules must not decide where rows are.
fn row_key(catalog: &Catalog, relation: &Relation) -> RowKey {
    let immediate = |c: &&Constraint| !c.deferrable;
    for constraint in relation.constraints.iter().filter(immediate) {
        if let ConstraintKind::PrimaryKey { index, columns } = &constraint.kind {
            let bytes = |attno: &i16| catalog.is_deterministic(relation.column(*attno).collation);
            if !columns.iter().all(bytes) {
                return RowKey::RowId;
            }
            let column = |attno: &i16| {
                let column = relation.column(*attno);
                let type_oid = catalog.base_type(column.type_oid, -1).0;
                KeyColumn { at: *attno as usize - 1, type_oid }
            };
            let columns = columns.iter().map(column).collect();
            return RowKey::Primary { index: *index, columns };
        }
    }
    RowKey::RowId
}

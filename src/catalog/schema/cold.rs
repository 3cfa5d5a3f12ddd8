//! A table as flush and compaction need it.

use super::{RowKey, TableSchema};
use crate::catalog::TableKind;
use crate::storage::cold::{ColdTable, SegmentColumn};
use crate::types::Oid;

impl TableSchema {
    /// This table, its new segments going to a storage (0: the data directory), below `path` there.
    pub fn cold_table(&self, storage: Oid, path: String) -> ColdTable {
        let columns = self.relation.columns.iter().zip(&self.stored_types);
        let column = |(c, type_oid): (&crate::catalog::Column, &Oid)| {
            SegmentColumn::new(c.attno, &c.name, *type_oid, c.typmod, c.dropped)
        };
        ColdTable {
            table: self.relation.storage,
            layout: self.layout.clone(),
            version: self.relation.version,
            columns: columns.map(column).collect(),
            key: match &self.key {
                RowKey::Primary { columns, .. } => columns.iter().map(|c| c.at).collect(),
                RowKey::RowId => Vec::new(),
            },
            // The keys of a user table begin with the user, who is no column.
            stored_key: self.key == RowKey::RowId || self.kind == TableKind::User,
            storage,
            path,
        }
    }
}

//! A table as flush and compaction need it.

use super::{RowKey, TableSchema};
use crate::catalog::TableKind;
use crate::storage::cold::{ColdTable, SegmentColumn};
use crate::types::Oid;

impl TableSchema {
    /// This table, its new segments going to a storage (0: the data directory), below `path` there.
    pub fn cold_table(&self, storage: Oid, path: String) -> ColdTable {
        let columns = self.relation.columns.iter();
        let column = |c: &crate::catalog::Column| {
            SegmentColumn::new(c.attno, &c.name, c.type_oid, c.typmod, c.dropped)
        };
        ColdTable {
            table: self.relation.storage,
            layout: self.layout.clone(),
            version: self.relation.version,
            columns: columns.map(column).collect(),
            // The keys of a user table begin with the user, who is no column.
            key: match (&self.key, self.kind) {
                (RowKey::Primary { columns, .. }, TableKind::Shared | TableKind::Stream) => {
                    columns.iter().map(|c| c.at).collect()
                }
                (RowKey::Primary { .. }, TableKind::User) | (RowKey::RowId, _) => Vec::new(),
            },
            storage,
            path,
        }
    }
}

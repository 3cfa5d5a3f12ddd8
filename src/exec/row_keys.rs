//! The storage keys of the rows behind a cursor's rows, for WHERE CURRENT OF (`execCurrentOf`).
//!
//! A cursor's query gives them after its own columns: of the tables it locks with FOR UPDATE, else
//! of the one table that it reads without joining, grouping or merging rows. Of a table with partitions or
//! children it gives two columns: which of them the row is in, and the key.

use super::{KEY_ATTNO, KEY_TABLE_ATTNO};
use crate::catalog::{Catalog, Relation, RelationKind};
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use crate::types::{Datum, Oid, oids};

/// The tables whose rows' keys a query gives.
#[derive(Clone, Debug, Default)]
pub struct RowKeys {
    tables: Vec<Keyed>,
    /// Columns for all of them.
    columns: usize,
    /// They are those of FOR UPDATE and its kin.
    locked: bool,
}

/// A table that a query reads, or several as one.
#[derive(Clone, Debug)]
struct Keyed {
    /// Those that its rows may be in.
    tables: Vec<Oid>,
    /// The column that says in which, where it is not the only one.
    table: Option<usize>,
    key: usize,
}

impl RowKeys {
    /// Adds the keys to the columns that a query gives.
    pub fn add(query: &mut Query, catalog: &Catalog) -> RowKeys {
        let mut keys = RowKeys { locked: !query.row_marks.is_empty(), ..RowKeys::default() };
        for rel in candidates(query) {
            let entry = query.range(rel);
            let RangeSource::Relation { oid } = entry.source else { continue };
            let Some(relation) = catalog.relation(oid) else { continue };
            if relation.kind != RelationKind::Table || Catalog::is_system(oid) {
                continue;
            }
            let alone = entry.only || !has_others(relation, catalog);
            let (tables, table) = match alone {
                true => (vec![oid], None),
                false => {
                    let leaves = catalog.leaves(relation);
                    let table = keys.push(query, rel, KEY_TABLE_ATTNO, oids::OID);
                    (leaves.iter().map(|leaf| leaf.oid).collect(), Some(table))
                }
            };
            let key = keys.push(query, rel, KEY_ATTNO, oids::BYTEA);
            keys.tables.push(Keyed { tables, table, key });
        }
        keys
    }

    /// Adds a column to the query; gives its position among those added.
    fn push(&mut self, query: &mut Query, rel: RangeIndex, attno: AttrNumber, oid: Oid) -> usize {
        query.targets.push(hidden(rel, attno, oid));
        self.columns += 1;
        self.columns - 1
    }

    /// How many columns they are.
    pub fn count(&self) -> usize {
        self.columns
    }

    /// The key of the table's row among a row's keys; `None`: it is of another table, or there is none, on
    /// the nullable side of an outer join. 24000 unless the query reads the table once.
    pub fn find<'r>(
        &self,
        cursor: &str,
        (table, table_name): (Oid, &str),
        keys: &'r [Datum],
    ) -> Result<Option<&'r [u8]>> {
        let mut found = self.tables.iter().filter(|keyed| keyed.tables.contains(&table));
        let message = match (found.next(), found.next(), self.locked) {
            (Some(keyed), None, _) => return Ok(keyed.key(table, keys)),
            (None, _, true) => format!(
                "cursor \"{cursor}\" does not have a FOR UPDATE/SHARE reference to table \
                 \"{table_name}\""
            ),
            (_, _, true) => format!(
                "cursor \"{cursor}\" has multiple FOR UPDATE/SHARE references to table \
                 \"{table_name}\""
            ),
            (..) => format!(
                "cursor \"{cursor}\" is not a simply updatable scan of table \"{table_name}\""
            ),
        };
        Err(PgError::new(code::INVALID_CURSOR_STATE, message))
    }
}

impl Keyed {
    fn key<'r>(&self, table: Oid, keys: &'r [Datum]) -> Option<&'r [u8]> {
        let is_here = |at: usize| matches!(keys.get(at), Some(Datum::Oid(oid)) if *oid == table);
        match keys.get(self.key) {
            Some(Datum::Bytea(key)) if self.table.is_none_or(is_here) => Some(key),
            _ => None,
        }
    }
}

/// Whether other tables' rows are the table's, too.
fn has_others(relation: &Relation, catalog: &Catalog) -> bool {
    relation.is_partitioned() || !catalog.children(relation.oid).is_empty()
}

/// The range table entries whose rows the query's rows are.
fn candidates(query: &Query) -> Vec<RangeIndex> {
    let merges = query.command != CommandType::Select
        || query.set_operation.is_some()
        || query.has_aggregates
        || query.has_window_functions
        || query.has_target_srfs
        || query.having.is_some()
        || !query.group_by.is_empty()
        || !query.grouping_sets.is_empty()
        || !query.distinct.is_empty();
    match query.from.items.as_slice() {
        _ if merges => Vec::new(),
        _ if !query.row_marks.is_empty() => query.row_marks.iter().map(|mark| mark.rel).collect(),
        [FromItem::Range(rel)] => vec![*rel],
        _ => Vec::new(),
    }
}

fn hidden(rel: RangeIndex, attno: AttrNumber, type_oid: Oid) -> TargetEntry {
    let var = Var { rel, attno, type_oid, typmod: -1, collation: 0, level: 0, location: -1 };
    TargetEntry {
        expr: Expr::Var(var),
        resno: 0,
        name: String::new(),
        sort_group_ref: 0,
        origin: (0, 0),
        resjunk: false,
    }
}

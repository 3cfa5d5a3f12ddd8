//! The storage keys of the rows behind a cursor's rows, for WHERE CURRENT OF (`execCurrentOf`).
//!
//! A cursor's query gives them after its own columns: of the tables it locks with FOR UPDATE, else
//! of the one table that it reads without joining, grouping or merging rows.

use super::KEY_ATTNO;
use crate::catalog::{Catalog, Relation, RelationKind};
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use crate::types::{Oid, oids};

/// The tables whose rows' keys a query gives, one column each.
#[derive(Clone, Debug, Default)]
pub struct RowKeys {
    tables: Vec<Oid>,
    /// They are those of FOR UPDATE and its kin.
    locked: bool,
}

impl RowKeys {
    /// Adds the keys to the columns that a query gives.
    pub fn add(query: &mut Query, catalog: &Catalog) -> RowKeys {
        let mut keys = RowKeys { tables: Vec::new(), locked: !query.row_marks.is_empty() };
        for rel in candidates(query) {
            let RangeSource::Relation { oid } = query.range(rel).source else { continue };
            // Where others inherit from a table, a key alone does not tell whose row it is.
            let alone = |r: &Relation| catalog.children(r.oid).is_empty();
            let is_table = |r: &Relation| r.kind == RelationKind::Table && alone(r);
            if catalog.relation(oid).is_some_and(|r| is_table(r)) {
                query.targets.push(key_of(rel));
                keys.tables.push(oid);
            }
        }
        keys
    }

    pub fn count(&self) -> usize {
        self.tables.len()
    }

    /// Which of the keys is that of the table's row; 24000 unless there is one.
    pub fn position(&self, cursor: &str, table: Oid, table_name: &str) -> Result<usize> {
        let mut found = (0..).zip(&self.tables).filter(|(_, oid)| **oid == table);
        let message = match (found.next(), found.next(), self.locked) {
            (Some((position, _)), None, _) => return Ok(position),
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

fn key_of(rel: RangeIndex) -> TargetEntry {
    let var = Var {
        rel,
        attno: KEY_ATTNO,
        type_oid: oids::BYTEA,
        typmod: -1,
        collation: 0,
        level: 0,
        location: -1,
    };
    TargetEntry {
        expr: Expr::Var(var),
        resno: 0,
        name: String::new(),
        sort_group_ref: 0,
        origin: (0, 0),
        resjunk: false,
    }
}

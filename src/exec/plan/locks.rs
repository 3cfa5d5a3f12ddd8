//! Which rows FOR UPDATE locks.

use super::access::scan_column;
use super::inherit::has_family;
use super::planner::{Built, Planner};
use super::quals;
use crate::catalog::ColumnMap;
use crate::catalog::schema::table_schema;
use crate::error::{PgError, Result};
use crate::exec::op::{LockedTable, RowLockSpec};
use crate::exec::{KEY_ATTNO, SEQ_ATTNO};
use crate::nodes::*;
use std::sync::Arc;

impl Planner {
    /// The locks of a query's row marks on rows of `built`.
    pub(super) fn row_locks(&mut self, query: &Query, built: &Built) -> Result<Vec<RowLockSpec>> {
        let recheck = Arc::new(self.recheck(query, built)?);
        let catalog = self.catalog();
        let mut locks = Vec::new();
        for mark in &query.row_marks {
            let entry = query.range(mark.rel);
            let RangeSource::Relation { oid } = entry.source else { continue };
            let relation = catalog.relation(oid);
            let relation = relation.ok_or_else(|| PgError::internal("no such relation"))?;
            let slot = |attno| built.layout.slot(mark.rel, attno);
            let (Some(key), Some(seq)) = (slot(KEY_ATTNO), slot(SEQ_ATTNO)) else { continue };
            let members = match has_family(entry, &catalog) {
                true => catalog.leaves(relation),
                false => vec![relation.clone()],
            };
            let tables = members.iter().map(|member| {
                let map = ColumnMap::new(relation, member);
                let live = relation.live_columns().map(|c| c.attno);
                let attnos = live.chain([SEQ_COLUMN, UPDATED_COLUMN]);
                let column = |attno| Some((slot(attno)?, scan_column(map.of(attno), member).ok()?));
                let columns = attnos.filter_map(column).collect();
                LockedTable { schema: table_schema(&catalog, member), columns }
            });
            locks.push(RowLockSpec {
                tables: tables.collect(),
                table: slot(TABLE_OID_COLUMN).filter(|_| has_family(entry, &catalog)),
                mode: mark.mode,
                wait: mark.wait,
                key,
                seq,
                recheck: recheck.clone(),
            });
        }
        Ok(locks)
    }

    /// The conditions of policies, of WHERE and of inner joins, over joined rows: what a newer version
    /// of a row must satisfy.
    pub(super) fn recheck(
        &mut self,
        query: &Query,
        built: &Built,
    ) -> Result<Vec<crate::exec::expr::Program>> {
        let mut conditions = Vec::new();
        query.from.items.iter().for_each(|item| security(query, item, &mut conditions));
        query.from.filter.iter().for_each(|f| quals::conjuncts(f, &mut conditions));
        query.from.items.iter().for_each(|item| inner_conditions(item, &mut conditions));
        self.compile_all(&conditions, &built.layout)
    }
}

/// The security conditions of entries whose rows are not made up by an outer join.
fn security(query: &Query, item: &FromItem, out: &mut Vec<Expr>) {
    match item {
        FromItem::Range(rel) => out.extend(query.range(*rel).security.iter().cloned()),
        FromItem::Join(join) if join.kind == JoinKind::Inner => {
            security(query, &join.left, out);
            security(query, &join.right, out);
        }
        FromItem::Join(_) => {}
    }
}

fn inner_conditions(item: &FromItem, out: &mut Vec<Expr>) {
    if let FromItem::Join(join) = item
        && join.kind == JoinKind::Inner
    {
        inner_conditions(&join.left, out);
        inner_conditions(&join.right, out);
        join.on.iter().for_each(|on| quals::conjuncts(on, out));
    }
}

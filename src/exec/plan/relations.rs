//! The tables that a query uses, and how strongly it locks them (manual, 13.3.1).

use super::{inherit, walk};
use crate::catalog::Catalog;
use crate::nodes::{Expr, Query, RangeSource};
use crate::storage::TableLockMode;
use crate::types::Oid;
use std::collections::BTreeMap;

/// Each table, view or sequence once, with the strongest lock it needs; in OID order, so that
/// statements that use the same tables do not wait for each other in a circle.
pub(super) fn relation_locks(query: &Query, catalog: &Catalog) -> Vec<(Oid, TableLockMode)> {
    let mut locks = BTreeMap::new();
    add_query(query, catalog, &mut locks);
    walk::deep_query(query, 0, &mut |expr, _| {
        if let Expr::SubLink(link) = expr {
            add_query(&link.query, catalog, &mut locks);
        }
    });
    locks.into_iter().collect()
}

/// A query's own relations with all that descend from them, and those of subqueries in FROM and WITH.
fn add_query(query: &Query, catalog: &Catalog, locks: &mut BTreeMap<Oid, TableLockMode>) {
    for (range, rel) in query.range_table.iter().zip(1..) {
        let marked = query.row_marks.iter().any(|mark| mark.rel == rel);
        let mode = match query.result_relation {
            Some(target) if target == rel => TableLockMode::RowExclusive,
            _ if marked => TableLockMode::RowShare,
            _ => TableLockMode::AccessShare,
        };
        match &range.source {
            RangeSource::Relation { oid } => {
                add(*oid, mode, locks);
                if inherit::has_family(range, catalog)
                    && let Some(table) = catalog.relation(*oid)
                {
                    let family = catalog.family(table);
                    family.iter().for_each(|member| add(member.oid, mode, locks));
                }
            }
            RangeSource::Subquery { view: Some(oid), .. } => add(*oid, mode, locks),
            _ => {}
        }
    }
    query.for_each_subquery(&mut |below| add_query(below, catalog, locks));
}

fn add(oid: Oid, mode: TableLockMode, locks: &mut BTreeMap<Oid, TableLockMode>) {
    // Nothing changes the definition of a system relation.
    if !Catalog::is_system(oid) {
        let strongest = locks.entry(oid).or_insert(mode);
        *strongest = mode.max(*strongest);
    }
}

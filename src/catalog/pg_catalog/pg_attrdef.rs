//! pg_attrdef: column defaults and generation expressions.

use super::wanted::row;
use super::{Columns, Context, Row, tree};
use crate::catalog::Relation;
use crate::types::{Datum, Oid};

/// Where defaults' OIDs are: the allocator does not reach it.
const UPPER_HALF: Oid = 1 << 31;

/// A table has fewer.
const COLUMNS: Oid = 2048;

pub(super) fn rows(table: &Relation, _cx: &Context<'_>, columns: Columns, rows: &mut Vec<Row>) {
    for column in table.live_columns().filter(|c| columns.wants_about(c.attno)) {
        if let Some(default) = &column.default {
            rows.push(row![columns;
                Datum::Oid(oid(table.oid, column.attno)),
                Datum::Oid(table.oid),
                Datum::Int2(column.attno),
                tree::encode(default),
            ]);
        }
    }
}

/// Defaults are parts of their table and have no OID of their own; the row shows one that is
/// distinct from the table's and others'. (2^20 tables in a row differ.)
pub(super) fn oid(table: Oid, attno: i16) -> Oid {
    UPPER_HALF | table.wrapping_mul(COLUMNS).wrapping_add(Oid::from(attno.unsigned_abs()))
}

/// The tables that may have the default with this OID, in OID order.
pub(super) fn tables(default: Oid) -> impl Iterator<Item = Oid> {
    let first = (default & !UPPER_HALF) / COLUMNS;
    (first..UPPER_HALF).step_by((UPPER_HALF / COLUMNS) as usize)
}

#[cfg(test)]
mod tests {
    use super::{oid, tables};
    use std::collections::HashSet;

    /// Neighbouring columns had the same.
    #[test]
    fn each_default_has_an_oid_of_its_own() {
        let all: HashSet<_> = (16384..16484)
            .flat_map(|table| (1..=1600).map(move |attno| oid(table, attno)))
            .collect();
        assert_eq!(all.len(), 100 * 1600);
        assert!(all.iter().all(|oid| *oid >= 1 << 31));
        let far = 16_384 + (5 << 20);
        assert!([16_384, 16_483, far].iter().all(|t| tables(oid(*t, 1600)).any(|of| of == *t)));
    }
}

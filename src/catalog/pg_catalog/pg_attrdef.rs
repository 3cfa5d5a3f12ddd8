//! pg_attrdef: column defaults and generation expressions.

use super::wanted::row;
use super::{Columns, Context, Row, tree};
use crate::catalog::Relation;
use crate::types::{Datum, Oid};

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
/// distinct from the table's and others', in the upper half that the allocator does not reach. (A
/// table has fewer than 2048 columns, and 2^20 tables in a row differ.)
pub(super) fn oid(table: Oid, attno: i16) -> Oid {
    const UPPER_HALF: Oid = 1 << 31;
    UPPER_HALF | table.wrapping_mul(2048).wrapping_add(Oid::from(attno.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::oid;
    use std::collections::HashSet;

    /// Neighbouring columns had the same.
    #[test]
    fn each_default_has_an_oid_of_its_own() {
        let all: HashSet<_> = (16384..16484)
            .flat_map(|table| (1..=1600).map(move |attno| oid(table, attno)))
            .collect();
        assert_eq!(all.len(), 100 * 1600);
        assert!(all.iter().all(|oid| *oid >= 1 << 31));
    }
}

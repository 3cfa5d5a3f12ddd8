//! pg_attrdef: column defaults and generation expressions.

use super::{Context, Row, tree};
use crate::types::{Datum, Oid};

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for table in cx.catalog.relations() {
        for column in table.live_columns() {
            if let Some(default) = &column.default {
                rows.push(vec![
                    Datum::Oid(oid(table.oid, column.attno)),
                    Datum::Oid(table.oid),
                    Datum::Int2(column.attno),
                    tree::encode(default),
                ]);
            }
        }
    }
    rows
}

/// Defaults are parts of their table and have no OID of their own; the row shows one that is
/// distinct from the table's and others', in the upper half that the allocator does not reach.
pub(super) fn oid(table: Oid, attno: i16) -> Oid {
    const UPPER_HALF: Oid = 1 << 31;
    UPPER_HALF | (table.wrapping_mul(2048).wrapping_add(Oid::from(attno.unsigned_abs())) >> 1)
}

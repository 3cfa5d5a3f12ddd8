//! pg_attrdef: column defaults and generation expressions.

use super::wanted::row;
use super::{Columns, Context, Row, tree};
use crate::catalog::Relation;
use crate::types::{Datum, Oid};

pub(super) fn rows(table: &Relation, _cx: &Context<'_>, columns: Columns, rows: &mut Vec<Row>) {
    for column in table.live_columns() {
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
/// distinct from the table's and others', in the upper half that the allocator does not reach.
pub(super) fn oid(table: Oid, attno: i16) -> Oid {
    const UPPER_HALF: Oid = 1 << 31;
    UPPER_HALF | (table.wrapping_mul(2048).wrapping_add(Oid::from(attno.unsigned_abs())) >> 1)
}

//! pg_stat_user_tables: the tables, with counts that are kept for none of them yet.

use super::values::text;
use super::{Context, Row};
use crate::catalog::RelationKind;
use crate::types::Datum;

/// Columns after the names: counters, and the times of the last maintenance (NULL: never).
const COUNTERS: usize = 12;
const TIMES: usize = 4;
const MAINTENANCE_COUNTS: usize = 4;

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let tables = cx.catalog.relations().filter(|r| r.kind == RelationKind::Table);
    tables
        .map(|table| {
            let names = [Datum::Oid(table.oid), text(cx.schema_of(table)), text(&table.name)];
            let zeroes = std::iter::repeat_n(Datum::Int8(0), COUNTERS);
            let never = std::iter::repeat_n(Datum::Null, TIMES);
            let counts = std::iter::repeat_n(Datum::Int8(0), MAINTENANCE_COUNTS);
            names.into_iter().chain(zeroes).chain(never).chain(counts).collect()
        })
        .collect()
}

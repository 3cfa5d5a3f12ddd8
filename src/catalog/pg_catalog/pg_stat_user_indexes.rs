//! pg_stat_user_indexes: the indexes, with counts that are kept for none of them yet.

use super::values::text;
use super::{Context, Row};
use crate::types::Datum;

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for index in cx.catalog.relations() {
        let table = index.index.as_ref().and_then(|i| cx.catalog.relation(i.table));
        let Some(table) = table else { continue };
        rows.push(vec![
            Datum::Oid(table.oid),
            Datum::Oid(index.oid),
            text(cx.schema_of(table)),
            text(&table.name),
            text(&index.name),
            Datum::Int8(0),
            Datum::Int8(0),
            Datum::Int8(0),
        ]);
    }
    rows
}

//! system.schemas: every version that tables have had.

use super::my_tables;
use crate::catalog::pg_catalog::{Context, Row, values};
use crate::catalog::{Relation, SchemaVersion};
use crate::types::{Datum, Oid, oids};
use std::sync::Arc;

pub(super) const COLUMNS: &[(&str, Oid)] = &[
    ("namespace", oids::NAME),
    ("table", oids::NAME),
    ("version", oids::INT4),
    ("created_at", oids::TIMESTAMPTZ),
    ("changes", oids::TEXT),
    ("column_count", oids::INT4),
];

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let number = |n: u32| Datum::Int4(i32::try_from(n).unwrap_or(i32::MAX));
    let of_table = |table: &Arc<Relation>| {
        let row = |version: &Arc<SchemaVersion>| {
            vec![
                values::text(cx.schema_of(table)),
                values::text(&table.name),
                number(version.version),
                Datum::TimestampTz(version.created_at_us),
                values::text(&version.changes),
                number(version.column_count),
            ]
        };
        cx.catalog.history(table.oid).iter().map(row).collect::<Vec<_>>()
    };
    my_tables(cx).flat_map(of_table).collect()
}

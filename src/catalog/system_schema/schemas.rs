//! system.schemas: every version that tables have had.

use super::my_tables;
use crate::catalog::pg_catalog::{Context, Row, values};
use crate::error::Result;
use crate::types::{Datum, Oid, oids};

pub(super) const COLUMNS: &[(&str, Oid)] = &[
    ("namespace", oids::NAME),
    ("table", oids::NAME),
    ("version", oids::INT4),
    ("created_at", oids::TIMESTAMPTZ),
    ("changes", oids::TEXT),
    ("column_count", oids::INT4),
];

/// A version of a table.
#[derive(Clone, Debug)]
pub struct VersionRow {
    pub version: i32,
    /// Microseconds since 2000-01-01 UTC.
    pub created_at: i64,
    pub changes: String,
    pub column_count: i32,
}

pub(super) fn rows(cx: &Context<'_>) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for table in my_tables(cx) {
        for version in cx.host.versions(table)? {
            rows.push(vec![
                values::text(cx.schema_of(table)),
                values::text(&table.name),
                Datum::Int4(version.version),
                Datum::TimestampTz(version.created_at),
                values::text(&version.changes),
                Datum::Int4(version.column_count),
            ]);
        }
    }
    Ok(rows)
}

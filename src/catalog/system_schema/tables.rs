//! system.tables: tables, what they are, and how much of them is hot and cold.
//!
//! Rows and bytes are estimates, as `reltuples` is.

use super::{TEXT_ARRAY, int8, my_tables};
use crate::catalog::pg_catalog::{Context, Row, values};
use crate::catalog::{DEFAULT_STORAGE, TableOptions};
use crate::error::Result;
use crate::types::{Datum, Oid, oids};

pub(super) const COLUMNS: &[(&str, Oid)] = &[
    ("namespace", oids::NAME),
    ("name", oids::NAME),
    ("owner", oids::NAME),
    ("kind", oids::TEXT),
    ("storage", oids::TEXT),
    ("version", oids::INT4),
    ("hot_rows", oids::INT8),
    ("cold_rows", oids::INT8),
    ("hot_bytes", oids::INT8),
    ("cold_bytes", oids::INT8),
    ("options", TEXT_ARRAY),
];

/// How much of a table lies where.
#[derive(Clone, Copy, Debug, Default)]
pub struct TierSizes {
    pub hot_rows: u64,
    pub cold_rows: u64,
    pub hot_bytes: u64,
    pub cold_bytes: u64,
}

pub(super) fn rows(cx: &Context<'_>) -> Result<Vec<Row>> {
    let row = |table: &std::sync::Arc<crate::catalog::Relation>| -> Result<Row> {
        let options = TableOptions::of(table);
        let sizes = cx.host.tier_sizes(table)?;
        Ok(vec![
            values::text(cx.schema_of(table)),
            values::text(&table.name),
            values::text(&cx.role_name(table.owner)),
            values::text(options.kind.name()),
            values::text(options.storage.unwrap_or(DEFAULT_STORAGE)),
            Datum::Int4(i32::try_from(table.version).unwrap_or(i32::MAX)),
            int8(sizes.hot_rows),
            int8(sizes.cold_rows),
            int8(sizes.hot_bytes),
            int8(sizes.cold_bytes),
            values::options(table.options.iter()),
        ])
    };
    my_tables(cx).map(row).collect()
}

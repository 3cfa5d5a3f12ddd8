//! system.segments: the files that tables' cold rows are in.

use super::{int8, my_tables};
use crate::catalog::DEFAULT_STORAGE;
use crate::catalog::pg_catalog::{Context, Row, values};
use crate::error::Result;
use crate::storage::StorageId;
use crate::types::{Datum, Oid, oids};
use std::collections::HashMap;

pub(super) const COLUMNS: &[(&str, Oid)] = &[
    ("namespace", oids::NAME),
    ("table", oids::NAME),
    ("segment", oids::INT8),
    ("storage", oids::TEXT),
    ("path", oids::TEXT),
    ("version", oids::INT4),
    ("rows", oids::INT8),
    ("deleted_rows", oids::INT8),
    ("bytes", oids::INT8),
];

/// A segment, of a table by its storage id.
#[derive(Clone, Debug)]
pub struct SegmentRow {
    pub table: StorageId,
    pub segment: u64,
    /// 0: the data directory.
    pub storage: Oid,
    pub path: String,
    pub version: u32,
    pub live_rows: u64,
    pub dead_rows: u64,
    pub bytes: u64,
}

pub(super) fn rows(cx: &Context<'_>) -> Result<Vec<Row>> {
    let tables: HashMap<_, _> = my_tables(cx).map(|table| (table.storage, table)).collect();
    let row = |segment: SegmentRow| {
        let table = tables.get(&segment.table)?;
        let storage = cx.catalog.storage(segment.storage).map_or(DEFAULT_STORAGE, |s| &s.name);
        Some(vec![
            values::text(cx.schema_of(table)),
            values::text(&table.name),
            int8(segment.segment),
            values::text(storage),
            values::text(&segment.path),
            Datum::Int4(i32::try_from(segment.version).unwrap_or(i32::MAX)),
            int8(segment.live_rows),
            int8(segment.dead_rows),
            int8(segment.bytes),
        ])
    };
    Ok(cx.host.segments()?.into_iter().filter_map(row).collect())
}

//! system.stats: counters of the server, by name.

use crate::catalog::pg_catalog::{Context, Row, values};
use crate::types::{Datum, Oid, oids};

pub(super) const COLUMNS: &[(&str, Oid)] = &[("name", oids::TEXT), ("value", oids::INT8)];

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let mut stats = cx.host.stats();
    stats.sort();
    let row = |(name, value): (String, i64)| vec![values::text(&name), Datum::Int8(value)];
    stats.into_iter().map(row).collect()
}

//! system.stats: counters of the server, by name.

use crate::catalog::pg_catalog::{Row, values};
use crate::counters;
use crate::types::{Datum, Oid, oids};

pub(super) const COLUMNS: &[(&str, Oid)] = &[("name", oids::TEXT), ("value", oids::INT8)];

pub(super) fn rows() -> Vec<Row> {
    let value = |n: u64| Datum::Int8(i64::try_from(n).unwrap_or(i64::MAX));
    let counters = counters::all().into_iter();
    counters.map(|(name, n)| vec![values::text(name), value(n)]).collect()
}

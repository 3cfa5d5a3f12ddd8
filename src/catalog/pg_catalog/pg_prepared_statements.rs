//! pg_prepared_statements: the session's prepared statements.

use super::values::{array, text};
use super::{Context, Row};
use crate::types::{Datum, oids};

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let row = |s: super::PreparedStatement| {
        let types = s.parameter_types.iter().map(|oid| Datum::Oid(*oid)).collect();
        vec![
            text(&s.name),
            text(&s.statement),
            Datum::TimestampTz(s.prepare_time),
            array(oids::REGTYPE, types),
            Datum::Bool(s.from_sql),
            Datum::Int8(s.generic_plans),
            Datum::Int8(s.custom_plans),
        ]
    };
    cx.host.prepared_statements().into_iter().map(row).collect()
}

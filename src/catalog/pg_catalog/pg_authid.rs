//! pg_authid: roles with their password verifiers.

use super::values::{text, text_or_null};
use super::{Context, Row};
use crate::types::Datum;

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let row = |r: &std::sync::Arc<crate::catalog::Role>| {
        vec![
            Datum::Oid(r.oid),
            text(&r.name),
            Datum::Bool(r.superuser),
            Datum::Bool(r.inherit),
            Datum::Bool(r.create_role),
            Datum::Bool(r.create_db),
            Datum::Bool(r.login),
            Datum::Bool(r.replication),
            Datum::Bool(r.bypass_rls),
            Datum::Int4(r.connection_limit),
            text_or_null(r.password.as_deref()),
            r.valid_until.map_or(Datum::Null, Datum::TimestampTz),
        ]
    };
    cx.catalog.roles().map(row).collect()
}

//! pg_database.

use super::values::{acl, letter, text};
use super::{Context, Row};
use crate::catalog::builtin::oid;
use crate::types::Datum;

/// `pg_encoding`'s number of UTF8, the only encoding.
pub(in crate::catalog) const UTF8: i32 = 6;

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let row = |d: &std::sync::Arc<crate::catalog::Database>| {
        vec![
            Datum::Oid(d.oid),
            text(&d.name),
            Datum::Oid(d.owner),
            Datum::Int4(UTF8),
            letter(b'c'),
            Datum::Bool(d.is_template),
            Datum::Bool(d.allow_connections),
            Datum::Int4(d.connection_limit),
            Datum::Oid(3),
            Datum::Oid(1),
            Datum::Oid(oid::DEFAULT_TABLESPACE),
            text("C"),
            text("C"),
            Datum::Null,
            Datum::Null,
            acl(d.acl.as_deref()),
        ]
    };
    cx.catalog.databases().map(row).collect()
}

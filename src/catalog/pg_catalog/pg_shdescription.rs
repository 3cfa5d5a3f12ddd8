//! pg_shdescription: COMMENT ON of databases and roles.

use super::values::text;
use super::{Context, Row};
use crate::catalog::builtin::oid::class;
use crate::types::{Datum, Oid};

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let row = |object: Oid, class: Oid, comment: &Option<String>| {
        let comment = text(comment.as_deref()?);
        Some(vec![Datum::Oid(object), Datum::Oid(class), comment])
    };
    let databases = cx.catalog.databases().filter_map(|d| row(d.oid, class::DATABASE, &d.comment));
    let roles = cx.catalog.roles().filter_map(|r| row(r.oid, class::AUTHID, &r.comment));
    databases.chain(roles).collect()
}

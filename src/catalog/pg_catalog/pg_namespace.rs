//! pg_namespace: schemas.

use super::values::{acl, text};
use super::{Context, Row};
use crate::types::Datum;

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let row = |n: &std::sync::Arc<crate::catalog::Namespace>| {
        vec![Datum::Oid(n.oid), text(&n.name), Datum::Oid(n.owner), acl(n.acl.as_deref())]
    };
    cx.catalog.namespaces().map(row).collect()
}

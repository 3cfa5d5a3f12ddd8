//! pg_largeobject and pg_largeobject_metadata: large objects, page by page, and what is known of them.

use super::values::acl;
use super::{Context, Row};
use crate::error::Result;
use crate::types::Datum;

pub(super) fn pages(cx: &Context<'_>) -> Result<Vec<Row>> {
    let rows = cx.host.large_object_pages()?.into_iter().map(|page| {
        let number = i32::try_from(page.number).unwrap_or(i32::MAX);
        vec![Datum::Oid(page.object), Datum::Int4(number), Datum::bytea(&page.bytes[..])]
    });
    Ok(rows.collect())
}

pub(super) fn metadata(cx: &Context<'_>) -> Result<Vec<Row>> {
    let rows = cx.host.large_objects(None)?.into_iter().map(|object| {
        vec![Datum::Oid(object.oid), Datum::Oid(object.owner), acl(object.acl.as_deref())]
    });
    Ok(rows.collect())
}

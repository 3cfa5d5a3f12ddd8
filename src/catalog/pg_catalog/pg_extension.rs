//! pg_extension: what is installed, after `plpgsql`.

use super::values::text;
use super::{Context, Row};
use crate::types::Datum;

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let row = |extension: &std::sync::Arc<crate::catalog::Extension>| {
        vec![
            Datum::Oid(extension.oid),
            text(&extension.name),
            Datum::Oid(extension.owner),
            Datum::Oid(extension.namespace),
            Datum::Bool(extension.facts().relocatable),
            text(&extension.version),
            // No extension has tables whose rows a dump should hold.
            Datum::Null,
            Datum::Null,
        ]
    };
    cx.catalog.extensions().map(row).collect()
}

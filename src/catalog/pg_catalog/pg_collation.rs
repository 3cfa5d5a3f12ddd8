//! pg_collation: the collations that users made, after PostgreSQL's own.

use super::values::{letter, text};
use super::{Context, Row};
use crate::types::Datum;

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let optional = |value: &Option<_>| value.as_deref().map_or(Datum::Null, text);
    cx.catalog
        .user_collations()
        .map(|made| {
            let collation = &made.collation;
            vec![
                Datum::Oid(collation.oid),
                text(&collation.name),
                Datum::Oid(collation.namespace),
                Datum::Oid(made.owner),
                letter(collation.provider),
                Datum::Bool(collation.deterministic),
                Datum::Int4(collation.encoding),
                optional(&collation.collate),
                optional(&collation.ctype),
                optional(&collation.locale),
                optional(&collation.version),
            ]
        })
        .collect()
}

//! pg_enum: the labels of enums.

use super::values::text;
use super::{Context, Row};
use crate::types::Datum;

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for found in cx.catalog.user_types() {
        for label in found.labels().unwrap_or_default() {
            rows.push(vec![
                Datum::Oid(label.oid),
                Datum::Oid(found.oid),
                Datum::Float4(label.sort_order),
                text(&label.name),
            ]);
        }
    }
    rows
}

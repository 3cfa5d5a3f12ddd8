//! pg_sequences: sequences with their last value.

use super::values::text;
use super::{Context, Row};
use crate::error::Result;
use crate::types::Datum;

pub(super) fn rows(cx: &Context<'_>) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for relation in cx.catalog.relations() {
        let Some(info) = &relation.sequence else { continue };
        rows.push(vec![
            text(cx.schema_of(relation)),
            text(&relation.name),
            text(&cx.role_name(relation.owner)),
            Datum::Oid(info.type_oid),
            Datum::Int8(info.start),
            Datum::Int8(info.min),
            Datum::Int8(info.max),
            Datum::Int8(info.increment),
            Datum::Bool(info.cycle),
            Datum::Int8(info.cache),
            cx.host.sequence_last_value(relation.oid)?.map_or(Datum::Null, Datum::Int8),
        ]);
    }
    Ok(rows)
}

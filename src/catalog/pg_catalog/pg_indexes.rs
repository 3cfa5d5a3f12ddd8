//! pg_indexes: indexes with the statements that would create them.

use super::values::{text, text_or_null};
use super::{Context, Row};
use crate::error::Result;
use crate::types::Datum;

pub(super) fn rows(cx: &Context<'_>) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for index in cx.catalog.relations() {
        let table = index.index.as_ref().and_then(|i| cx.catalog.relation(i.table));
        let Some(table) = table else { continue };
        let definition = cx.host.index_definition(index.oid)?;
        rows.push(vec![
            text(cx.schema_of(table)),
            text(&table.name),
            text(&index.name),
            Datum::Null,
            text_or_null(definition.as_deref()),
        ]);
    }
    Ok(rows)
}

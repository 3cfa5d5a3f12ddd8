//! pg_matviews: materialized views with their definitions.

use super::values::{text, text_or_null};
use super::{Context, Row};
use crate::error::Result;
use crate::types::Datum;

pub(super) fn rows(cx: &Context<'_>) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for view in cx.catalog.relations() {
        let Some(materialized) = &view.materialized else { continue };
        let definition = cx.host.view_definition(view.oid)?;
        rows.push(vec![
            text(cx.schema_of(view)),
            text(&view.name),
            text(&cx.role_name(view.owner)),
            Datum::Null,
            Datum::Bool(!view.indexes.is_empty()),
            Datum::Bool(materialized.populated),
            text_or_null(definition.as_deref()),
        ]);
    }
    Ok(rows)
}

//! pg_views: views with their definitions; the system's views are not defined in SQL here.

use super::values::{text, text_or_null};
use super::{Context, Row};
use crate::catalog::RelationKind;
use crate::error::Result;

pub(super) fn rows(cx: &Context<'_>) -> Result<Vec<Row>> {
    let views = cx.catalog.relations().filter(|r| r.kind == RelationKind::View);
    views
        .map(|view| {
            let definition = cx.host.view_definition(view.oid)?;
            Ok(vec![
                text(cx.schema_of(view)),
                text(&view.name),
                text(&cx.role_name(view.owner)),
                text_or_null(definition.as_deref()),
            ])
        })
        .collect()
}

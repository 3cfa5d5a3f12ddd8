//! views.

use super::{Context, Row, catalog_name, text, visible_relations, yes_no};
use crate::catalog::pg_catalog::values::text_or_null;
use crate::catalog::{CheckOption, RelationKind, view_update};
use crate::error::Result;

pub(super) fn rows(cx: &Context<'_>) -> Result<Vec<Row>> {
    let views = visible_relations(cx).filter(|r| r.kind == RelationKind::View);
    let mut rows = Vec::new();
    for relation in views {
        let Some(view) = &relation.view else { continue };
        let definition = cx.host.view_definition(relation.oid)?;
        let check = match view.check_option {
            None => "NONE",
            Some(CheckOption::Local) => "LOCAL",
            Some(CheckOption::Cascaded) => "CASCADED",
        };
        let updatable = view_update::is_updatable(cx.catalog, view);
        rows.push(vec![
            catalog_name(cx),
            text(cx.schema_of(relation)),
            text(&relation.name),
            text_or_null(definition.as_deref()),
            text(check),
            yes_no(updatable),
            yes_no(updatable),
            yes_no(false),
            yes_no(false),
            yes_no(false),
        ]);
    }
    Ok(rows)
}

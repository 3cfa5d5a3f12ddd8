//! views.

use super::{Context, Row, catalog_name, text, visible_relations, yes_no};
use crate::catalog::pg_catalog::values::text_or_null;
use crate::catalog::{CheckOption, RelationKind, ViewInfo};
use crate::error::Result;
use crate::nodes::{FromItem, RangeSource};

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
        rows.push(vec![
            catalog_name(cx),
            text(cx.schema_of(relation)),
            text(&relation.name),
            text_or_null(definition.as_deref()),
            text(check),
            yes_no(is_updatable(view)),
            yes_no(is_updatable(view)),
            yes_no(false),
            yes_no(false),
            yes_no(false),
        ]);
    }
    Ok(rows)
}

/// Whether a view is automatically updatable (manual, CREATE VIEW, "Updatable Views"): one table or
/// view in FROM, nothing that merges rows.
pub(super) fn is_updatable(view: &ViewInfo) -> bool {
    let q = &view.query;
    let merges = q.has_aggregates
        || q.has_window_functions
        || q.has_target_srfs
        || q.set_operation.is_some()
        || !q.distinct.is_empty()
        || !q.group_by.is_empty()
        || !q.ctes.is_empty()
        || q.having.is_some()
        || q.limit.is_some()
        || q.offset.is_some();
    let [FromItem::Range(rel)] = q.from.items.as_slice() else { return false };
    let source = &q.range(*rel).source;
    let base = matches!(
        source,
        RangeSource::Relation { .. } | RangeSource::Subquery { view: Some(_), .. }
    );
    base && !merges
}

//! check_constraints: CHECKs, and NOT NULL in the form of one.

use super::{Context, Row, catalog_name, text, visible_relations};
use crate::catalog::ConstraintKind;
use crate::error::Result;

pub(super) fn rows(cx: &Context<'_>) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for table in visible_relations(cx) {
        let schema = text(cx.schema_of(table));
        for c in &table.constraints {
            if !matches!(c.kind, ConstraintKind::Check { .. }) {
                continue;
            }
            let definition = cx.host.constraint_definition(c.oid)?.unwrap_or_default();
            // CHECK ((a > 0)) shows as (a > 0).
            let clause = definition.strip_suffix(" NOT VALID").unwrap_or(&definition);
            let clause = clause.strip_prefix("CHECK (").and_then(|c| c.strip_suffix(')'));
            let clause = clause.unwrap_or(&definition);
            rows.push(vec![catalog_name(cx), schema.clone(), text(&c.name), text(clause)]);
        }
        for column in table.live_columns().filter(|c| c.not_null) {
            let name = format!("{}_{}_{}_not_null", table.namespace, table.oid, column.attno);
            let clause = format!("{} IS NOT NULL", column.name);
            rows.push(vec![catalog_name(cx), schema.clone(), text(&name), text(&clause)]);
        }
    }
    for found in cx.catalog.user_types() {
        let schema = cx.catalog.namespace(found.namespace).map_or("", |n| n.name.as_str());
        for check in found.domain().map_or(&[][..], |domain| domain.checks.as_slice()) {
            let definition = cx.host.constraint_definition(check.oid)?.unwrap_or_default();
            let clause = definition.strip_prefix("CHECK ").unwrap_or(&definition);
            rows.push(vec![catalog_name(cx), text(schema), text(&check.name), text(clause)]);
        }
    }
    Ok(rows)
}

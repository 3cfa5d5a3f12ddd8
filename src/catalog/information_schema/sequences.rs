//! sequences: all but those of identity columns.

use super::{Context, Row, catalog_name, text, visible_relations, yes_no};
use crate::catalog::pg_catalog::values::int4;
use crate::types::oids;

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for relation in visible_relations(cx) {
        let Some(info) = relation.sequence.as_ref().filter(|s| !s.internal) else { continue };
        let bits = match info.type_oid {
            oids::INT2 => 16,
            oids::INT4 => 32,
            _ => 64,
        };
        let type_name = crate::types::format_type(info.type_oid, -1).unwrap_or_default();
        rows.push(vec![
            catalog_name(cx),
            text(cx.schema_of(relation)),
            text(&relation.name),
            text(&type_name),
            int4(bits),
            int4(2),
            int4(0),
            text(&info.start.to_string()),
            text(&info.min.to_string()),
            text(&info.max.to_string()),
            text(&info.increment.to_string()),
            yes_no(info.cycle),
        ]);
    }
    rows
}

//! tables: tables and views.

use super::{Context, Row, catalog_name, text, visible_relations, yes_no};
use crate::catalog::{Persistence, Relation, RelationKind, view_update};
use crate::types::Datum;

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let kinds = |r: &&Relation| matches!(r.kind, RelationKind::Table | RelationKind::View);
    visible_relations(cx).filter(kinds).map(|r| row(r, cx)).collect()
}

fn row(r: &Relation, cx: &Context<'_>) -> Row {
    let kind = match (r.kind, r.persistence) {
        (_, Persistence::Temporary) => "LOCAL TEMPORARY",
        (RelationKind::View, _) => "VIEW",
        _ => "BASE TABLE",
    };
    let insertable = view_update::relation_is_updatable(cx.catalog, r);
    let commit_action = match r.persistence {
        Persistence::Temporary => text("PRESERVE"),
        _ => Datum::Null,
    };
    vec![
        catalog_name(cx),
        text(cx.schema_of(r)),
        text(&r.name),
        text(kind),
        Datum::Null,
        Datum::Null,
        Datum::Null,
        Datum::Null,
        Datum::Null,
        yes_no(insertable),
        yes_no(false),
        commit_action,
    ]
}

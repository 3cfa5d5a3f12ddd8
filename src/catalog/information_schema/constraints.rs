//! table_constraints and referential_constraints.

use super::{Context, Row, catalog_name, text, visible_relations, yes_no};
use crate::catalog::depend::edges::constraint_of_index;
use crate::catalog::{Constraint, ConstraintKind, ForeignKeyAction, Relation};
use crate::types::Datum;

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for table in visible_relations(cx) {
        rows.extend(table.constraints.iter().map(|c| row(table, c, cx)));
        // NOT NULL shows as a CHECK with a name made of OIDs.
        for column in table.live_columns().filter(|c| c.not_null && !table.columns.is_empty()) {
            let name = format!("{}_{}_{}_not_null", table.namespace, table.oid, column.attno);
            rows.push(describe(table, &name, "CHECK", (false, false), Datum::Null, cx));
        }
    }
    rows
}

fn row(table: &Relation, c: &Constraint, cx: &Context<'_>) -> Row {
    let (kind, distinct) = match &c.kind {
        ConstraintKind::PrimaryKey { .. } => ("PRIMARY KEY", Datum::Null),
        ConstraintKind::Unique { index, .. } => {
            let index = cx.catalog.relation(*index).and_then(|i| i.index.as_ref());
            ("UNIQUE", yes_no(!index.is_some_and(|i| i.nulls_not_distinct)))
        }
        ConstraintKind::Check { .. } => ("CHECK", Datum::Null),
        ConstraintKind::ForeignKey(_) => ("FOREIGN KEY", Datum::Null),
    };
    describe(table, &c.name, kind, (c.deferrable, c.initially_deferred), distinct, cx)
}

fn describe(
    table: &Relation,
    name: &str,
    kind: &str,
    (deferrable, deferred): (bool, bool),
    nulls_distinct: Datum,
    cx: &Context<'_>,
) -> Row {
    vec![
        catalog_name(cx),
        text(cx.schema_of(table)),
        text(name),
        catalog_name(cx),
        text(cx.schema_of(table)),
        text(&table.name),
        text(kind),
        yes_no(deferrable),
        yes_no(deferred),
        yes_no(true),
        nulls_distinct,
    ]
}

/// referential_constraints: foreign keys.
pub(super) fn referential(cx: &Context<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for table in visible_relations(cx) {
        for c in &table.constraints {
            let ConstraintKind::ForeignKey(key) = &c.kind else { continue };
            let referenced = cx.catalog.relation(key.references);
            let unique = referenced.and_then(|r| constraint_of_index(r, key.referenced_index));
            let (schema, name) = match (referenced, unique) {
                (Some(table), Some(c)) => (text(cx.schema_of(table)), text(&c.name)),
                _ => (Datum::Null, Datum::Null),
            };
            let catalog = if name.is_null() { Datum::Null } else { catalog_name(cx) };
            rows.push(vec![
                catalog_name(cx),
                text(cx.schema_of(table)),
                text(&c.name),
                catalog,
                schema,
                name,
                text(if key.match_full { "FULL" } else { "NONE" }),
                text(rule(key.on_update)),
                text(rule(key.on_delete)),
            ]);
        }
    }
    rows
}

fn rule(action: ForeignKeyAction) -> &'static str {
    match action {
        ForeignKeyAction::NoAction => "NO ACTION",
        ForeignKeyAction::Restrict => "RESTRICT",
        ForeignKeyAction::Cascade => "CASCADE",
        ForeignKeyAction::SetNull => "SET NULL",
        ForeignKeyAction::SetDefault => "SET DEFAULT",
    }
}

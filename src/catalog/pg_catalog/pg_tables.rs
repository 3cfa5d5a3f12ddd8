//! pg_tables: all tables, the system's included.

use super::values::text;
use super::{Context, Row};
use crate::catalog::builtin::{self, oid};
use crate::catalog::{Relation, RelationKind};
use crate::types::Datum;

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let tables = cx.catalog.relations().filter(|r| r.kind == RelationKind::Table);
    let mut rows: Vec<_> = tables.map(|t| row(t, cx)).collect();
    let system = builtin::system_relations().iter().filter(|r| r.kind == b'r');
    for table in system.filter_map(|r| cx.catalog.relation(r.oid)) {
        let mut row = row(table, cx);
        let shared = builtin::system_relation(table.oid).is_some_and(|r| r.shared);
        row[3] = if shared { text("pg_global") } else { Datum::Null };
        row[4] = Datum::Bool(table.namespace == oid::PG_CATALOG);
        rows.push(row);
    }
    rows
}

fn row(table: &Relation, cx: &Context<'_>) -> Row {
    let is_key = |c: &crate::catalog::Constraint| {
        matches!(c.kind, crate::catalog::ConstraintKind::ForeignKey(_))
    };
    let has_triggers =
        table.constraints.iter().any(is_key) || !cx.catalog.foreign_keys_on(table.oid).is_empty();
    vec![
        text(cx.schema_of(table)),
        text(&table.name),
        text(&cx.role_name(table.owner)),
        Datum::Null,
        Datum::Bool(!table.indexes.is_empty()),
        Datum::Bool(false),
        Datum::Bool(has_triggers),
        Datum::Bool(false),
    ]
}

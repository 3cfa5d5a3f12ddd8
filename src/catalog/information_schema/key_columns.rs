//! key_column_usage and constraint_column_usage.

use super::{Context, Row, catalog_name, text, visible_relations};
use crate::catalog::depend::edges::constraint_columns;
use crate::catalog::pg_catalog::values::int4;
use crate::catalog::{Constraint, ConstraintKind, Relation};
use crate::nodes::AttrNumber;
use crate::types::Datum;

/// key_column_usage: columns of primary, unique and foreign keys.
pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for table in visible_relations(cx) {
        for c in table.constraints.iter().filter(|c| !is_check(c)) {
            for (at, attno) in constraint_columns(c).into_iter().enumerate() {
                let mut row = names(table, c, table, attno, cx);
                // Here the constraint's name comes first.
                row.rotate_right(3);
                row.push(int4(at + 1));
                row.push(position_in_unique(c, at, cx));
                rows.push(row);
            }
        }
    }
    rows
}

/// constraint_column_usage: columns that constraints use; a foreign key's are the referenced ones.
pub(super) fn usage(cx: &Context<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for table in visible_relations(cx) {
        for c in &table.constraints {
            let (of, columns) = match &c.kind {
                ConstraintKind::ForeignKey(key) => {
                    let Some(referenced) = cx.catalog.relation(key.references) else { continue };
                    (&**referenced, key.referenced_columns.clone())
                }
                _ => (table, constraint_columns(c)),
            };
            rows.extend(columns.into_iter().map(|attno| names(table, c, of, attno, cx)));
        }
    }
    rows
}

/// Table, column and constraint: `of` is the relation with the column.
fn names(
    table: &Relation,
    c: &Constraint,
    of: &Relation,
    attno: AttrNumber,
    cx: &Context<'_>,
) -> Row {
    vec![
        catalog_name(cx),
        text(cx.schema_of(of)),
        text(&of.name),
        text(&of.column(attno).name),
        catalog_name(cx),
        text(cx.schema_of(table)),
        text(&c.name),
    ]
}

fn is_check(constraint: &Constraint) -> bool {
    matches!(constraint.kind, ConstraintKind::Check { .. })
}

/// Where a foreign key's column stands in the key it refers to.
fn position_in_unique(c: &Constraint, at: usize, cx: &Context<'_>) -> Datum {
    let ConstraintKind::ForeignKey(key) = &c.kind else { return Datum::Null };
    let index = cx.catalog.relation(key.referenced_index).and_then(|i| i.index.as_ref());
    let position = index.and_then(|i| {
        i.columns.iter().position(|column| column.attno == key.referenced_columns[at])
    });
    position.map_or(Datum::Null, |p| int4(p + 1))
}

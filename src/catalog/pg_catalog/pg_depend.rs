//! pg_depend: what clients look for in it: a sequence's owning column (`a` serial, `i` identity), an
//! index's constraint, a default's sequence, a view's tables.

use super::{Context, Row, pg_attrdef, pg_rewrite};
use crate::catalog::builtin::oid::class;
use crate::catalog::depend::{relations_of, relations_of_query};
use crate::catalog::{Catalog, ConstraintKind, Relation};
use crate::nodes::AttrNumber;
use crate::types::{Datum, Oid};

/// An end of a dependency: catalog, object, column.
type End = (Oid, Oid, AttrNumber);

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for relation in cx.catalog.relations() {
        let this = (class::CLASS, relation.oid, 0);
        rows.push(row(this, (class::NAMESPACE, relation.namespace, 0), b'n'));
        sequence(relation, &mut rows);
        constraints(relation, &mut rows);
        defaults(relation, &mut rows);
        if let Some(index) = &relation.index {
            for column in &index.columns {
                rows.push(row(this, (class::CLASS, index.table, column.attno), b'a'));
            }
        }
        if relation.row_type != 0 {
            let row_type = (class::TYPE, relation.row_type, 0);
            rows.push(row(row_type, this, b'i'));
            rows.push(row((class::TYPE, relation.row_type + 1, 0), row_type, b'i'));
        }
        for column in relation.live_columns().filter(|c| !Catalog::is_system(c.type_oid)) {
            let column_end = (class::CLASS, relation.oid, column.attno);
            rows.push(row(column_end, (class::TYPE, column.type_oid, 0), b'n'));
        }
        if let Some(query) = relation.query() {
            let rule = (class::REWRITE, pg_rewrite::rule_oid(relation.oid), 0);
            rows.push(row(rule, this, b'i'));
            for (table, attno) in relations_of_query(query) {
                rows.push(row(rule, (class::CLASS, table, attno), b'n'));
            }
        }
    }
    for found in cx.catalog.user_types() {
        let this = (class::TYPE, found.oid, 0);
        rows.push(row(this, (class::NAMESPACE, found.namespace, 0), b'n'));
        rows.push(row((class::TYPE, found.array, 0), this, b'i'));
        let Some(domain) = found.domain() else { continue };
        if !Catalog::is_system(domain.base) {
            rows.push(row(this, (class::TYPE, domain.base, 0), b'n'));
        }
        for check in &domain.checks {
            rows.push(row((class::CONSTRAINT, check.oid, 0), this, b'a'));
        }
    }
    rows
}

fn sequence(relation: &Relation, rows: &mut Vec<Row>) {
    let Some(info) = &relation.sequence else { return };
    let Some((table, attno)) = info.owned_by else { return };
    let kind = if info.internal { b'i' } else { b'a' };
    rows.push(row((class::CLASS, relation.oid, 0), (class::CLASS, table, attno), kind));
}

fn constraints(table: &Relation, rows: &mut Vec<Row>) {
    for constraint in &table.constraints {
        let this = (class::CONSTRAINT, constraint.oid, 0);
        let columns = crate::catalog::depend::edges::constraint_columns(constraint);
        for attno in columns {
            rows.push(row(this, (class::CLASS, table.oid, attno), b'a'));
        }
        match &constraint.kind {
            ConstraintKind::PrimaryKey { index, .. } | ConstraintKind::Unique { index, .. } => {
                rows.push(row((class::CLASS, *index, 0), this, b'i'));
            }
            ConstraintKind::ForeignKey(key) => {
                for attno in &key.referenced_columns {
                    rows.push(row(this, (class::CLASS, key.references, *attno), b'n'));
                }
                rows.push(row(this, (class::CLASS, key.referenced_index, 0), b'n'));
            }
            ConstraintKind::Check { .. } => {}
        }
    }
}

fn defaults(table: &Relation, rows: &mut Vec<Row>) {
    for column in table.live_columns() {
        let Some(default) = &column.default else { continue };
        let this = (class::ATTRDEF, pg_attrdef::oid(table.oid, column.attno), 0);
        rows.push(row(this, (class::CLASS, table.oid, column.attno), b'a'));
        for used in relations_of(default) {
            rows.push(row(this, (class::CLASS, used, 0), b'n'));
        }
    }
}

fn row(from: End, to: End, kind: u8) -> Row {
    vec![
        Datum::Oid(from.0),
        Datum::Oid(from.1),
        Datum::Int4(i32::from(from.2)),
        Datum::Oid(to.0),
        Datum::Oid(to.1),
        Datum::Int4(i32::from(to.2)),
        Datum::Char(kind),
    ]
}

//! pg_description: COMMENT ON of the database's objects.

use super::values::text;
use super::{Context, Row};
use crate::catalog::RelationKind;
use crate::catalog::builtin::oid::class;
use crate::types::{Datum, Oid};

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |object: Oid, class: Oid, sub: i16, comment: &Option<String>| {
        if let Some(comment) = comment {
            let sub = Datum::Int4(i32::from(sub));
            rows.push(vec![Datum::Oid(object), Datum::Oid(class), sub, text(comment)]);
        }
    };
    for relation in cx.catalog.relations() {
        // A composite type's comment is the type's.
        match relation.kind {
            RelationKind::Composite => add(relation.row_type, class::TYPE, 0, &relation.comment),
            _ => add(relation.oid, class::CLASS, 0, &relation.comment),
        }
        for column in relation.live_columns() {
            add(relation.oid, class::CLASS, column.attno, &column.comment);
        }
        for constraint in &relation.constraints {
            add(constraint.oid, class::CONSTRAINT, 0, &constraint.comment);
        }
    }
    for found in cx.catalog.functions() {
        add(found.proc.oid, class::PROC, 0, &found.comment);
    }
    for found in cx.catalog.user_types() {
        add(found.oid, class::TYPE, 0, &found.comment);
        for check in found.domain().map_or(&[][..], |domain| domain.checks.as_slice()) {
            add(check.oid, class::CONSTRAINT, 0, &check.comment);
        }
    }
    // The system schemas' comments are in the export.
    let users = |n: &&std::sync::Arc<crate::catalog::Namespace>| {
        crate::catalog::builtin::description(n.oid, class::NAMESPACE, 0) != n.comment.as_deref()
    };
    for namespace in cx.catalog.namespaces().filter(users) {
        add(namespace.oid, class::NAMESPACE, 0, &namespace.comment);
    }
    rows
}

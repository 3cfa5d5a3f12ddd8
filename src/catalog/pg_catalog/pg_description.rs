//! pg_description: COMMENT ON of the database's objects.

use super::values::text;
use super::{Columns, Context, KeyValues, Row};
use crate::catalog::builtin::description;
use crate::catalog::builtin::oid::class;
use crate::catalog::{Namespace, Relation, RelationKind, UserType};
use crate::error::Result;
use crate::types::{Datum, Oid};
use std::sync::Arc;

pub(super) fn rows(relation: &Relation, _cx: &Context<'_>, columns: Columns, rows: &mut Vec<Row>) {
    let mut add = |object: Oid, class: Oid, sub: i16, comment: &Option<String>| {
        let row = comment.as_ref().map(|comment| row(object, class, sub, comment));
        rows.extend(row.map(|row| columns.project(&row)));
    };
    // A composite type's comment is the type's.
    match relation.kind {
        RelationKind::Composite => add(relation.row_type, class::TYPE, 0, &relation.comment),
        _ => add(relation.oid, class::CLASS, 0, &relation.comment),
    }
    for column in relation.live_columns().filter(|c| columns.wants_about(c.attno)) {
        add(relation.oid, class::CLASS, column.attno, &column.comment);
    }
    for constraint in &relation.constraints {
        add(constraint.oid, class::CONSTRAINT, 0, &constraint.comment);
    }
    for rule in &relation.rules {
        add(rule.oid, class::REWRITE, 0, &rule.comment);
    }
    for policy in &relation.row_security.policies {
        add(policy.oid, class::POLICY, 0, &policy.comment);
    }
}

/// Comments on an enum, or on a domain and its CHECKs.
pub(super) fn of_type(of: &UserType, _cx: &Context<'_>, columns: Columns, rows: &mut Vec<Row>) {
    let this = of.comment.iter().map(|comment| row(of.oid, class::TYPE, 0, comment));
    let checks = of.domain().map_or(&[][..], |domain| domain.checks.as_slice());
    let checks = checks
        .iter()
        .filter_map(|check| Some(row(check.oid, class::CONSTRAINT, 0, check.comment.as_deref()?)));
    rows.extend(this.chain(checks).map(|row| columns.project(&row)));
}

/// Comments on schemas, those on the system's being in the export, on functions, casts, operators,
/// collations, extensions and large objects.
pub(super) fn of_others(cx: &Context<'_>, key: Option<&KeyValues>) -> Result<Vec<Row>> {
    let comment = |n: &Arc<Namespace>| {
        let exported = description(n.oid, class::NAMESPACE, 0);
        let comment = n.comment.as_deref().filter(|comment| exported != Some(*comment))?;
        Some(row(n.oid, class::NAMESPACE, 0, comment))
    };
    let functions = cx.catalog.functions();
    let functions = functions.filter_map(|function| {
        Some(row(function.proc.oid, class::PROC, 0, function.comment.as_deref()?))
    });
    let casts = cx.catalog.user_casts();
    let casts = casts.filter_map(|c| Some(row(c.cast.oid, class::CAST, 0, c.comment.as_deref()?)));
    let operators = cx.catalog.user_operators();
    let operators = operators
        .filter_map(|o| Some(row(o.operator.oid, class::OPERATOR, 0, o.comment.as_deref()?)));
    let collations = cx.catalog.user_collations();
    let collations = collations
        .filter_map(|c| Some(row(c.collation.oid, class::COLLATION, 0, c.comment.as_deref()?)));
    let extensions = cx.catalog.extensions().filter_map(|extension| {
        Some(row(extension.oid, class::EXTENSION, 0, extension.comment.as_deref()?))
    });
    let mut rows: Vec<Row> = cx.catalog.namespaces().filter_map(comment).collect();
    rows.extend(functions.chain(casts).chain(operators).chain(collations).chain(extensions));
    for object in cx.host.large_objects(key)? {
        let comment = object.comment.as_deref();
        rows.extend(comment.map(|comment| row(object.oid, class::LARGE_OBJECT, 0, comment)));
    }
    Ok(rows)
}

fn row(object: Oid, class: Oid, sub: i16, comment: &str) -> Row {
    vec![Datum::Oid(object), Datum::Oid(class), Datum::Int4(i32::from(sub)), text(comment)]
}

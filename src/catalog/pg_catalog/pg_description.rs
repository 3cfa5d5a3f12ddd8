//! pg_description: COMMENT ON of the database's objects.

use super::values::text;
use super::{Columns, Context, KeyValues, Row};
use crate::catalog::builtin::description;
use crate::catalog::builtin::oid::class;
use crate::catalog::{Relation, RelationKind, UserType};
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
/// collations, extensions and large objects: of some objects where a key says which.
pub(super) fn of_others(cx: &Context<'_>, key: Option<&KeyValues>) -> Result<Vec<Row>> {
    let catalog = cx.catalog;
    let some: Option<Vec<Oid>> = key.map(|key| key.oids().collect());
    let some = some.as_deref();
    let mut rows = Vec::new();
    let mut add = |object: Oid, class: Oid, comment: Option<&str>| {
        rows.extend(comment.map(|comment| row(object, class, 0, comment)));
    };
    for n in chosen(some, catalog.namespaces(), |oid| catalog.namespace(oid)) {
        let comment = n.comment.as_deref();
        let exported = || description(n.oid, class::NAMESPACE, 0);
        add(n.oid, class::NAMESPACE, comment.filter(|comment| exported() != Some(*comment)));
    }
    for f in chosen(some, catalog.functions(), |oid| catalog.function(oid)) {
        add(f.proc.oid, class::PROC, f.comment.as_deref());
    }
    for c in chosen(some, catalog.user_casts(), |oid| catalog.cast_with_oid(oid)) {
        add(c.cast.oid, class::CAST, c.comment.as_deref());
    }
    for o in chosen(some, catalog.user_operators(), |oid| catalog.user_operator(oid)) {
        add(o.operator.oid, class::OPERATOR, o.comment.as_deref());
    }
    for c in chosen(some, catalog.user_collations(), |oid| catalog.user_collation(oid)) {
        add(c.collation.oid, class::COLLATION, c.comment.as_deref());
    }
    for e in chosen(some, catalog.extensions(), |oid| catalog.extension(oid)) {
        add(e.oid, class::EXTENSION, e.comment.as_deref());
    }
    for object in cx.host.large_objects(key)? {
        add(object.oid, class::LARGE_OBJECT, object.comment.as_deref());
    }
    Ok(rows)
}

/// Those with one of some OIDs, or all.
fn chosen<'c, T>(
    some: Option<&[Oid]>,
    all: impl Iterator<Item = &'c Arc<T>>,
    one: impl Fn(Oid) -> Option<&'c Arc<T>>,
) -> Vec<&'c Arc<T>> {
    match some {
        Some(oids) => oids.iter().filter_map(|oid| one(*oid)).collect(),
        None => all.collect(),
    }
}

fn row(object: Oid, class: Oid, sub: i16, comment: &str) -> Row {
    vec![Datum::Oid(object), Datum::Oid(class), Datum::Int4(i32::from(sub)), text(comment)]
}

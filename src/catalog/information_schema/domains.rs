//! domains, domain_constraints, column_domain_usage.

use super::columns::{data_type, datetime_precision, length, numeric};
use super::{Context, Row, catalog_name, text, visible_relations, yes_no};
use crate::catalog::builtin::{self, oid};
use crate::catalog::pg_catalog::values::text_or_null;
use crate::catalog::{Domain, Relation, RelationKind, UserType, acl};
use crate::error::Result;
use crate::types::{Datum, Oid};
use std::sync::Arc;

/// The user's domains that a role may use.
fn domains<'a>(cx: &'a Context<'_>) -> impl Iterator<Item = (&'a Arc<UserType>, &'a Domain)> {
    let usable = |found: &UserType| {
        found.acl.as_ref().is_none_or(|items| acl::allows(cx.catalog, items, cx.role, 'U'))
            || acl::has_privileges_of(cx.catalog, cx.role, found.owner)
    };
    let all = cx.catalog.user_types().filter(move |found| usable(found));
    all.filter_map(|found| Some((found, found.domain()?)))
}

/// Database, schema and name of a type.
pub(super) fn type_name(oid: Oid, cx: &Context<'_>) -> [Datum; 3] {
    let Some(found) = cx.catalog.type_(oid) else {
        return [Datum::Null, Datum::Null, Datum::Null];
    };
    let schema = cx.catalog.namespace(found.namespace).map_or("", |n| n.name.as_str());
    [catalog_name(cx), text(schema), text(&found.name)]
}

pub(super) fn rows(cx: &Context<'_>) -> Result<Vec<Row>> {
    domains(cx).map(|(found, domain)| row(found, domain, cx)).collect()
}

fn row(found: &UserType, domain: &Domain, cx: &Context<'_>) -> Result<Row> {
    let number = |value: Option<i32>| value.map_or(Datum::Null, Datum::Int4);
    let (length, numeric) =
        (length(domain.base, domain.typmod), numeric(domain.base, domain.typmod));
    let base = cx.catalog.type_(domain.base);
    let namespace = base.as_ref().map_or(oid::PG_CATALOG, |t| t.namespace);
    let collation = builtin::collation(domain.collation);
    let collation = collation.filter(|c| c.oid != oid::DEFAULT_COLLATION);
    let mut row = type_name(found.oid, cx).to_vec();
    row.extend([
        text(&data_type(domain.base, base.as_deref(), namespace)),
        number(length.0),
        number(length.1),
        Datum::Null,
        Datum::Null,
        Datum::Null,
        collation.map_or(Datum::Null, |_| catalog_name(cx)),
        collation.map_or(Datum::Null, |_| text("pg_catalog")),
        collation.map_or(Datum::Null, |c| text(c.name)),
        number(numeric.0),
        number(numeric.1),
        number(numeric.2),
        number(datetime_precision(domain.base, domain.typmod)),
        Datum::Null,
        Datum::Null,
        text_or_null(cx.host.domain_default(found.oid)?.as_deref()),
    ]);
    row.extend(type_name(domain.base, cx));
    row.extend([Datum::Null, Datum::Null, Datum::Null, Datum::Null, text("1")]);
    Ok(row)
}

/// domain_constraints.
pub(super) fn constraints(cx: &Context<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for (found, domain) in domains(cx) {
        let [catalog, schema, name] = type_name(found.oid, cx);
        for check in &domain.checks {
            rows.push(vec![
                catalog.clone(),
                schema.clone(),
                text(&check.name),
                catalog.clone(),
                schema.clone(),
                name.clone(),
                yes_no(false),
                yes_no(false),
            ]);
        }
    }
    rows
}

/// column_domain_usage: columns of the domains that a role owns.
pub(super) fn usage(cx: &Context<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    let kinds = |r: &&Relation| matches!(r.kind, RelationKind::Table | RelationKind::View);
    for relation in visible_relations(cx).filter(kinds) {
        for column in relation.live_columns() {
            let Some(found) = cx.catalog.user_type(column.type_oid) else { continue };
            let owns = acl::has_privileges_of(cx.catalog, cx.role, found.owner);
            if found.domain().is_none() || !owns {
                continue;
            }
            let mut row = type_name(found.oid, cx).to_vec();
            row.extend([
                catalog_name(cx),
                text(cx.schema_of(relation)),
                text(&relation.name),
                text(&column.name),
            ]);
            rows.push(row);
        }
    }
    rows
}

//! DROP TYPE and DROP DOMAIN.

use super::super::drop::{cascade, delete};
use super::super::names::{RelationName, find_namespace};
use super::super::{DdlContext, column, lock};
use super::{check_owner, find};
use crate::catalog::depend::Object;
use crate::catalog::{Catalog, RelationKind};
use crate::error::{PgError, Result, code};
use crate::types::Oid;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::DropStmt;
use pg_raw_parse::raw::ObjectType;

pub(in super::super) async fn drop(statement: &DropStmt, cx: &DdlContext<'_>) -> Result<String> {
    let is_domain = statement.remove_type == ObjectType::OBJECT_DOMAIN;
    let mut names = Vec::new();
    for node in statement.objects() {
        let Node::TypeName(written) = node else { continue };
        let parts: Vec<&str> = written.names().iter().filter_map(|s| s.sval()).collect();
        let is_array = !written.array_bounds().is_empty();
        names.push((RelationName::of_parts(&parts, cx)?, is_array));
    }
    let mut objects = Vec::new();
    for (name, is_array) in names {
        let catalog = cx.catalog();
        let found = find(&name, &catalog, cx)?;
        let found = match is_array {
            true => found.and_then(|oid| catalog.array_over(oid)),
            false => found,
        };
        let Some(oid) = found else {
            missing(&name, &catalog, statement.missing_ok, cx)?;
            continue;
        };
        if is_domain && catalog.user_type(oid).is_none_or(|t| t.domain().is_none()) {
            let message = format!("\"{name}\" is not a domain");
            return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
        }
        check_droppable(oid, &catalog, cx)?;
        check_owner(oid, &catalog, cx)?;
        lock::type_(oid, cx).await?;
        objects.push(Object::Type(oid));
    }
    // Another session may have dropped one meanwhile.
    objects
        .retain(|object| matches!(*object, Object::Type(oid) if cx.catalog().type_(oid).is_some()));
    delete(&objects, cascade(statement.behavior), cx).await?;
    Ok(if is_domain { "DROP DOMAIN" } else { "DROP TYPE" }.to_owned())
}

fn missing(
    name: &RelationName,
    catalog: &Catalog,
    missing_ok: bool,
    cx: &DdlContext<'_>,
) -> Result<()> {
    if !missing_ok {
        return Err(super::missing(name, catalog, cx));
    }
    let schema = name.schema.as_deref().filter(|s| find_namespace(catalog, s, cx).is_none());
    cx.notice(match schema {
        Some(schema) => format!("schema \"{schema}\" does not exist, skipping"),
        None => format!("type \"{name}\" does not exist, skipping"),
    });
    Ok(())
}

/// Array types and tables' row types go with what they belong to only; PostgreSQL's own stay.
fn check_droppable(oid: Oid, catalog: &Catalog, cx: &DdlContext<'_>) -> Result<()> {
    let shown = || column::type_name(catalog, oid, cx);
    let required = |by: String| {
        let message = format!("cannot drop type {} because {by} requires it", shown());
        PgError::new(code::DEPENDENT_OBJECTS_STILL_EXIST, message)
            .hint(format!("You can drop {by} instead."))
    };
    super::super::extension::check_no_member(oid, &format!("type {}", shown()), cx)?;
    if Catalog::is_system(oid) {
        let message =
            format!("cannot drop type {} because it is required by the database system", shown());
        return Err(PgError::new(code::DEPENDENT_OBJECTS_STILL_EXIST, message));
    }
    if let Some(element) = catalog.type_(oid).and_then(|t| t.array_element()) {
        return Err(required(format!("type {}", column::type_name(catalog, element, cx))));
    }
    if let Some(range) = catalog.range_of(oid) {
        return Err(required(format!("type {}", column::type_name(catalog, range, cx))));
    }
    if let Some(relation) = catalog.row_type_relation(oid)
        && relation.kind != RelationKind::Composite
    {
        let kind = match relation.kind {
            RelationKind::View => "view",
            RelationKind::MaterializedView => "materialized view",
            _ => "table",
        };
        return Err(required(format!("{kind} {}", shown())));
    }
    Ok(())
}

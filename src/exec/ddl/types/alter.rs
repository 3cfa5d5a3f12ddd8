//! RENAME TO, OWNER TO, SET SCHEMA, COMMENT ON and GRANT of types and domains.

use super::super::drop::change_table;
use super::super::grant::Grant;
use super::super::names::{RelationName, get_namespace, strings};
use super::super::{DdlContext, column, create_table, privileges};
use super::{array_name, composite, find, free_name, get_own, missing, own, put};
use crate::catalog::{UserType, acl, is_temporary};
use crate::error::{PgError, Result, code};
use crate::types::Oid;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::{AlterObjectSchemaStmt, RenameStmt};
use pg_raw_parse::raw::ObjectType;

/// The name that a statement gives a type: a list of strings, or a type name.
pub(super) fn name_of(node: Node<'_>, cx: &DdlContext<'_>) -> Result<RelationName> {
    match node {
        Node::TypeName(written) => {
            let parts: Vec<&str> = written.names().iter().filter_map(|s| s.sval()).collect();
            RelationName::of_parts(&parts, cx)
        }
        other => RelationName::of_parts(&other.as_node_list().map(strings).unwrap_or_default(), cx),
    }
}

fn tag(kind: ObjectType::Type) -> String {
    let what = if kind == ObjectType::OBJECT_DOMAIN { "DOMAIN" } else { "TYPE" };
    format!("ALTER {what}")
}

/// 42809 where a statement about a domain names another type.
fn check_kind(found: &UserType, kind: ObjectType::Type, cx: &DdlContext<'_>) -> Result<()> {
    if kind != ObjectType::OBJECT_DOMAIN || found.domain().is_some() {
        return Ok(());
    }
    let shown = column::type_name(&cx.catalog(), found.oid, cx);
    Err(PgError::new(code::WRONG_OBJECT_TYPE, format!("{shown} is not a domain")))
}

pub(in super::super) async fn rename(
    statement: &RenameStmt,
    new: &str,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let name = name_of(statement.object(), cx)?;
    if let Some(relation) = composite::get_own(&name, cx).await? {
        let catalog = cx.catalog();
        let namespace = catalog.namespace(relation.namespace).expect("a relation has a schema");
        create_table::free_name(namespace, new, false, cx).await?;
        super::take_row_type_name(relation.namespace, new, cx)?;
        change_table(relation.oid, cx, |r| r.name = new.to_owned());
        return Ok(tag(statement.rename_type));
    }
    let found = get_own(&name, cx).await?;
    check_kind(&found, statement.rename_type, cx)?;
    free_name(found.namespace, new, cx).await?;
    let array_name = array_name(&cx.catalog(), found.namespace, new);
    put(UserType { name: new.to_owned(), array_name, ..(*found).clone() }, cx);
    Ok(tag(statement.rename_type))
}

/// OWNER TO; the caller has checked that the current role may give to the new owner.
pub(in super::super) async fn owner(
    object: Node<'_>,
    kind: ObjectType::Type,
    owner: Oid,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let name = name_of(object, cx)?;
    if let Some(relation) = composite::get_own(&name, cx).await? {
        change_table(relation.oid, cx, |r| r.owner = owner);
        return Ok(tag(kind));
    }
    let found = get_own(&name, cx).await?;
    check_kind(&found, kind, cx)?;
    let catalog = cx.catalog();
    let (old, new) = (acl::role_name(&catalog, found.owner), acl::role_name(&catalog, owner));
    let acl = found.acl.as_ref().map(|items| acl::with_owner(items, &old, &new));
    put(UserType { owner, acl, ..(*found).clone() }, cx);
    Ok(tag(kind))
}

pub(in super::super) async fn set_schema(
    statement: &AlterObjectSchemaStmt,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let tag = tag(statement.object_type);
    let name = name_of(statement.object(), cx)?;
    if let Some(relation) = composite::get_own(&name, cx).await? {
        let catalog = cx.catalog();
        let namespace = get_namespace(&catalog, statement.newschema().unwrap_or_default(), cx)?;
        privileges::schema_create(namespace, &catalog, cx)?;
        create_table::free_name(namespace, &relation.name, false, cx).await?;
        super::take_row_type_name(namespace.oid, &relation.name, cx)?;
        change_table(relation.oid, cx, |r| r.namespace = namespace.oid);
        return Ok(tag);
    }
    let found = get_own(&name, cx).await?;
    check_kind(&found, statement.object_type, cx)?;
    let catalog = cx.catalog();
    let namespace = get_namespace(&catalog, statement.newschema().unwrap_or_default(), cx)?;
    if namespace.oid == found.namespace {
        return Ok(tag);
    }
    let from = catalog.namespace(found.namespace);
    if is_temporary(namespace) || from.is_some_and(|from| is_temporary(from)) {
        let message = "cannot move objects into or out of temporary schemas";
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    privileges::schema_create(namespace, &catalog, cx)?;
    super::lock::name(namespace.oid, &found.name, cx).await?;
    super::make_way(namespace.oid, &found.name, cx)?;
    if cx.catalog().type_named(namespace.oid, &found.name).is_some() {
        let (name, schema) = (&found.name, &namespace.name);
        let message = format!("type \"{name}\" already exists in schema \"{schema}\"");
        return Err(PgError::new(code::DUPLICATE_OBJECT, message));
    }
    let array_name = array_name(&cx.catalog(), namespace.oid, &found.name);
    put(UserType { namespace: namespace.oid, array_name, ..(*found).clone() }, cx);
    Ok(tag)
}

/// COMMENT ON TYPE and DOMAIN.
pub(in super::super) async fn comment(
    object: Node<'_>,
    kind: ObjectType::Type,
    comment: Option<String>,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let name = name_of(object, cx)?;
    let catalog = cx.catalog();
    let is_domain = |oid| catalog.user_type(oid).is_some_and(|t| t.domain().is_some());
    if kind == ObjectType::OBJECT_DOMAIN
        && find(&name, &catalog, cx)?.is_some_and(|oid| !is_domain(oid))
    {
        let message = format!("\"{name}\" is not a domain");
        return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
    }
    if let Some(relation) = composite::get_own(&name, cx).await? {
        change_table(relation.oid, cx, |r| r.comment = comment);
        return Ok(());
    }
    let found = get_own(&name, cx).await?;
    put(UserType { comment, ..(*found).clone() }, cx);
    Ok(())
}

const PRIVILEGES: &str = "U";

/// GRANT and REVOKE of USAGE.
pub(in super::super) fn grant(
    object: Node<'_>,
    kind: ObjectType::Type,
    change: &Grant,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let catalog = cx.catalog();
    let name = name_of(object, cx)?;
    let oid = find(&name, &catalog, cx)?.ok_or_else(|| missing(&name, &catalog, cx))?;
    let letters = change.letters_for(PRIVILEGES, "type")?;
    let found = own(oid, &catalog, cx)?;
    if kind == ObjectType::OBJECT_DOMAIN && found.domain().is_none() {
        let message = format!("\"{}\" is not a domain", found.name);
        return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
    }
    let owner = acl::role_name(&catalog, found.owner);
    let default = || vec![format!("=U/{owner}"), format!("{owner}=U/{owner}")];
    let items = found.acl.clone().unwrap_or_else(default);
    let items = change.apply(items, &owner, &owner, &letters, PRIVILEGES)?;
    put(UserType { acl: Some(items), ..(*found).clone() }, cx);
    Ok(())
}

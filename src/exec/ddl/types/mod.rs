//! Enums, domains and ranges: what CREATE, ALTER, DROP, COMMENT and GRANT of them have in common.
//!
//! A type's name is one with those of relations in its schema, except that names of array types give
//! way. Whoever changes a type holds a lock on it until the transaction ends, so that labels and
//! constraints are added to what is there then.

mod alter;
mod composite;
mod create_enum;
mod create_range;
mod domain;
mod domain_rows;
mod drop;

pub(super) use alter::{comment, grant, owner, rename, set_schema};
pub(super) use composite::{
    alter as alter_composite, check_row_type_unused, create as create_composite, rename_attribute,
};
pub(super) use create_enum::{alter as alter_enum, create as create_enum};
pub(super) use create_range::create as create_range;
pub(super) use domain::{
    alter as alter_domain, comment_check, create as create_domain, remove_check, rename_check,
};
pub(super) use drop::drop;

use super::names::{RelationName, find_namespace, missing_schema};
use super::{DdlContext, column, lock, privileges};
use crate::catalog::{Catalog, Change, Namespace, UserType, builtin};
use crate::error::{PgError, Result, code};
use crate::functions::privileges::require_usage;
use crate::types::Oid;
use std::sync::Arc;

/// The longest name of anything, in bytes.
const NAME_BYTES_MAX: usize = 63;

/// Puts a new or changed type into the catalog.
pub(super) fn put(changed: UserType, cx: &DdlContext<'_>) {
    let change = Change::PutType(cx.catalog.database(), Arc::new(changed));
    cx.catalog.push(change, cx.txn);
}

/// The OID of the type of this name; `None`: there is none, or no such schema.
fn find(name: &RelationName, catalog: &Catalog, cx: &DdlContext<'_>) -> Result<Option<Oid>> {
    let Some(schema) = &name.schema else {
        let in_schema = |schema: &Oid| catalog.type_named(*schema, &name.name).map(|t| t.oid);
        return Ok(cx.env.search_path().iter().find_map(in_schema));
    };
    let Some(namespace) = find_namespace(catalog, schema, cx) else { return Ok(None) };
    require_usage(&**cx.env, catalog, namespace.oid)?;
    Ok(catalog.type_named(namespace.oid, &name.name).map(|t| t.oid))
}

/// 42704 for a type, or 3F000 for its schema.
fn missing(name: &RelationName, catalog: &Catalog, cx: &DdlContext<'_>) -> PgError {
    match &name.schema {
        Some(schema) if find_namespace(catalog, schema, cx).is_none() => missing_schema(schema),
        _ => PgError::new(code::UNDEFINED_OBJECT, format!("type \"{name}\" does not exist")),
    }
}

/// The enum, domain or range of this name, locked; the current role owns it.
async fn get_own(name: &RelationName, cx: &DdlContext<'_>) -> Result<Arc<UserType>> {
    loop {
        let catalog = cx.catalog();
        let oid = find(name, &catalog, cx)?.ok_or_else(|| missing(name, &catalog, cx))?;
        let found = own(oid, &catalog, cx)?;
        lock::type_(oid, cx).await?;
        // Whoever held the lock may have renamed or changed it.
        let catalog = cx.catalog();
        if find(name, &catalog, cx)? == Some(oid)
            && let Some(again) = catalog.user_type(oid)
        {
            return Ok(if Arc::ptr_eq(again, &found) { found } else { again.clone() });
        }
    }
}

/// 42501 unless the current role owns a type.
fn check_owner(oid: Oid, catalog: &Catalog, cx: &DdlContext<'_>) -> Result<()> {
    let owner = catalog.user_type(oid).map(|found| found.owner);
    let owner = owner.or_else(|| catalog.row_type_relation(oid).map(|r| r.owner));
    if owner.is_some_and(|owner| privileges::is_owner(catalog, cx.env.current_role(), owner)) {
        return Ok(());
    }
    let message = format!("must be owner of type {}", column::type_name(catalog, oid, cx));
    Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message))
}

/// The enum, domain or range with this OID, which the current role must own.
fn own(oid: Oid, catalog: &Catalog, cx: &DdlContext<'_>) -> Result<Arc<UserType>> {
    let shown = || column::type_name(catalog, oid, cx);
    if let Some(found) = catalog.user_type(oid) {
        check_owner(oid, catalog, cx)?;
        return Ok(found.clone());
    }
    let wrong = |message: String| PgError::new(code::WRONG_OBJECT_TYPE, message);
    if let Some(element) = catalog.element_of(oid).filter(|_| !Catalog::is_system(oid)) {
        let element = column::type_name(catalog, element, cx);
        return Err(wrong(format!("cannot alter array type {}", shown())).hint(format!(
            "You can alter type {element}, which will alter the array type as well."
        )));
    }
    if catalog.row_type_relation(oid).is_some_and(|r| !Catalog::is_system(r.oid)) {
        return Err(
            wrong(format!("{} is a table's row type", shown())).hint("Use ALTER TABLE instead.")
        );
    }
    check_owner(oid, catalog, cx)?;
    Err(PgError::unsupported(format!("changing the type {}", shown())))
}

/// Where a new type of this name goes; its name is locked and free.
async fn target(name: &RelationName, cx: &DdlContext<'_>) -> Result<Arc<Namespace>> {
    let namespace = name.target(false, &cx.catalog(), cx)?;
    free_name(namespace.oid, &name.name, cx).await?;
    Ok(namespace)
}

/// Locks a type's name, and takes it from an array type; 42710 where another type has it.
async fn free_name(namespace: Oid, name: &str, cx: &DdlContext<'_>) -> Result<()> {
    lock::name(namespace, name, cx).await?;
    make_way(namespace, name, cx)?;
    if cx.catalog().type_named(namespace, name).is_some_and(|t| t.array_element().is_none()) {
        return Err(PgError::new(
            code::DUPLICATE_OBJECT,
            format!("type \"{name}\" already exists"),
        ));
    }
    Ok(())
}

/// An array type that has this name gets another one.
fn make_way(namespace: Oid, name: &str, cx: &DdlContext<'_>) -> Result<()> {
    let catalog = cx.catalog();
    let Some(oid) = catalog.user_type_named(namespace, name) else { return Ok(()) };
    if let Some(element) = catalog.array_of_user_type(oid) {
        let array_name = array_name(&catalog, namespace, &element.array_name);
        put(UserType { array_name, ..(**element).clone() }, cx);
    }
    Ok(())
}

/// Takes the name of a relation's row type from an array type; an error where a type has it.
pub(super) fn take_row_type_name(namespace: Oid, name: &str, cx: &DdlContext<'_>) -> Result<()> {
    make_way(namespace, name, cx)?;
    let catalog = cx.catalog();
    let taken = catalog.type_named(namespace, name).is_some_and(|t| builtin::is_member(t.oid));
    if taken || catalog.user_type_named(namespace, name).is_some() {
        let message = format!("type \"{name}\" already exists");
        return Err(PgError::new(code::DUPLICATE_OBJECT, message).hint(
            "A relation has an associated type of the same name, so you must use a name that \
             doesn't conflict with any existing type.",
        ));
    }
    Ok(())
}

/// A free name for the array type over a type of this name (`makeArrayTypeName`).
fn array_name(catalog: &Catalog, namespace: Oid, element: &str) -> String {
    let mut name = element.to_owned();
    loop {
        name.insert(0, '_');
        name.truncate(name.floor_char_boundary(NAME_BYTES_MAX));
        if catalog.type_named(namespace, &name).is_none() {
            return name;
        }
    }
}

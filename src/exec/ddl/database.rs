//! CREATE, ALTER and DROP DATABASE.
//!
//! Databases are created outside transaction blocks, as in PostgreSQL. A template's objects are not
//! copied: only empty templates can be used.

use super::{DdlContext, lock, options, privileges, role_spec};
use crate::catalog::{Change, Database, Namespace, ObjectKey, acl, bootstrap};
use crate::error::{PgError, Result, code};
use pg_raw_parse::Node;
use pg_raw_parse::nodes::{
    AlterDatabaseSetStmt, AlterDatabaseStmt, CreatedbStmt, DefElem, DropdbStmt, RenameStmt,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The database of this name, or 3D000.
pub(super) fn get(name: &str, cx: &DdlContext<'_>) -> Result<Arc<Database>> {
    cx.catalog().database_named(name).cloned().ok_or_else(|| missing(name))
}

fn missing(name: &str) -> PgError {
    PgError::new(code::INVALID_CATALOG_NAME, format!("database \"{name}\" does not exist"))
}

/// 42501 unless the current role owns the database.
pub(super) fn check_owner(database: &Database, cx: &DdlContext<'_>) -> Result<()> {
    if privileges::is_owner(&cx.catalog(), cx.env.current_role(), database.owner) {
        return Ok(());
    }
    let message = format!("must be owner of database {}", database.name);
    Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message))
}

fn put(database: Database, cx: &DdlContext<'_>) {
    cx.catalog.push(Change::PutDatabase(Arc::new(database)), cx.txn);
}

fn not_in_block(what: &str, cx: &DdlContext<'_>) -> Result<()> {
    if cx.in_block {
        let message = format!("{what} cannot run inside a transaction block");
        return Err(PgError::new(code::ACTIVE_SQL_TRANSACTION, message));
    }
    Ok(())
}

pub(super) async fn create(statement: &CreatedbStmt, cx: &DdlContext<'_>) -> Result<String> {
    not_in_block("CREATE DATABASE", cx)?;
    let name = statement.dbname().unwrap_or_default();
    let catalog = cx.catalog();
    let role = catalog.role(cx.env.current_role());
    if !role.is_some_and(|r| r.superuser || r.create_db) {
        let message = "permission denied to create database";
        return Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message));
    }
    let mut database = Database {
        oid: cx.catalog.new_oid()?,
        name: name.to_owned(),
        owner: cx.env.current_role(),
        allow_connections: true,
        connection_limit: -1,
        is_template: false,
        settings: BTreeMap::new(),
        comment: None,
        acl: None,
    };
    for element in statement.options() {
        create_option(&mut database, element, cx)?;
    }
    lock::name(0, name, cx).await?;
    if cx.catalog().database_named(name).is_some() {
        let message = format!("database \"{name}\" already exists");
        return Err(PgError::new(code::DUPLICATE_DATABASE, message));
    }
    let oid = database.oid;
    put(database, cx);
    for namespace in bootstrap::namespaces() {
        cx.catalog.push(Change::PutNamespace(oid, namespace), cx.txn);
    }
    Ok("CREATE DATABASE".to_owned())
}

fn create_option(database: &mut Database, element: &DefElem, cx: &DdlContext<'_>) -> Result<()> {
    let (name, value) = (element.defname().unwrap_or_default(), element.arg());
    let written = options::text(value);
    match name {
        _ if matches!(value, Node::None) => {}
        "owner" => database.owner = role_spec::named(&written, cx)?,
        "template" => check_template(&written, cx)?,
        "encoding" => check_encoding(&written)?,
        // The locale is C whatever is asked for; others would order text differently.
        "locale" | "lc_collate" | "lc_ctype" => check_locale(&written)?,
        "locale_provider" if written == "libc" => {}
        "strategy" | "oid" => {}
        "tablespace" => super::create_table::check_tablespace(Some(&written))?,
        _ => alter_option(database, element)?,
    }
    Ok(())
}

fn check_template(name: &str, cx: &DdlContext<'_>) -> Result<()> {
    let catalog = cx.catalog();
    let Some(template) = catalog.database_named(name) else {
        let message = format!("template database \"{name}\" does not exist");
        return Err(PgError::new(code::INVALID_CATALOG_NAME, message));
    };
    let inside = catalog.for_database(template.oid);
    let own_schema = |n: &&Arc<Namespace>| n.oid >= crate::catalog::FIRST_USER_OID;
    let empty = inside.relations().next().is_none() && !inside.namespaces().any(|n| own_schema(&n));
    match empty {
        true => Ok(()),
        false => Err(PgError::unsupported("a template database with objects in it")),
    }
}

fn check_encoding(name: &str) -> Result<()> {
    match name.to_ascii_lowercase().replace(['-', '_'], "").as_str() {
        "utf8" | "unicode" | "6" => Ok(()),
        _ => Err(PgError::unsupported(format!("database encoding \"{name}\""))),
    }
}

fn check_locale(name: &str) -> Result<()> {
    match name.to_ascii_lowercase().as_str() {
        "c" | "posix" | "c.utf-8" | "c.utf8" => Ok(()),
        _ => {
            let message = format!("invalid locale name: \"{name}\"");
            Err(PgError::new(code::WRONG_OBJECT_TYPE, message))
        }
    }
}

fn alter_option(database: &mut Database, element: &DefElem) -> Result<()> {
    let (name, value) = (element.defname().unwrap_or_default(), element.arg());
    match name {
        "connection_limit" => {
            let limit = options::int8(name, value)?;
            database.connection_limit =
                i32::try_from(limit).ok().filter(|l| *l >= -1).ok_or_else(|| {
                    let message = format!("invalid connection limit: {limit}");
                    PgError::new(code::INVALID_PARAMETER_VALUE, message)
                })?;
        }
        "allow_connections" => database.allow_connections = options::boolean(name, value)?,
        "is_template" => database.is_template = options::boolean(name, value)?,
        "tablespace" => super::create_table::check_tablespace(Some(&options::text(value)))?,
        other => {
            let message = format!("option \"{other}\" not recognized");
            return Err(PgError::new(code::SYNTAX_ERROR, message).at(element.location));
        }
    }
    Ok(())
}

pub(super) fn alter(statement: &AlterDatabaseStmt, cx: &DdlContext<'_>) -> Result<String> {
    let found = get(statement.dbname().unwrap_or_default(), cx)?;
    check_owner(&found, cx)?;
    let mut changed = (*found).clone();
    for element in statement.options() {
        alter_option(&mut changed, element)?;
    }
    put(changed, cx);
    Ok("ALTER DATABASE".to_owned())
}

/// ALTER DATABASE … SET: defaults of new sessions.
pub(super) fn alter_set(statement: &AlterDatabaseSetStmt, cx: &DdlContext<'_>) -> Result<String> {
    let found = get(statement.dbname().unwrap_or_default(), cx)?;
    check_owner(&found, cx)?;
    let mut changed = (*found).clone();
    if let Some(set) = statement.setstmt() {
        super::stored_setting::apply(&mut changed.settings, set, cx)?;
    }
    put(changed, cx);
    Ok("ALTER DATABASE".to_owned())
}

pub(super) async fn rename(
    statement: &RenameStmt,
    new: &str,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let found = get(statement.subname().unwrap_or_default(), cx)?;
    check_owner(&found, cx)?;
    if found.oid == cx.catalog.database() {
        let message = "current database cannot be renamed";
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    lock::name(0, new, cx).await?;
    if cx.catalog().database_named(new).is_some() {
        let message = format!("database \"{new}\" already exists");
        return Err(PgError::new(code::DUPLICATE_DATABASE, message));
    }
    put(Database { name: new.to_owned(), ..(*found).clone() }, cx);
    Ok("ALTER DATABASE".to_owned())
}

pub(super) async fn drop(statement: &DropdbStmt, cx: &DdlContext<'_>) -> Result<String> {
    not_in_block("DROP DATABASE", cx)?;
    let name = statement.dbname().unwrap_or_default();
    lock::name(0, name, cx).await?;
    let catalog = cx.catalog();
    let Some(found) = catalog.database_named(name) else {
        if statement.missing_ok {
            cx.notice(format!("database \"{name}\" does not exist, skipping"));
            return Ok("DROP DATABASE".to_owned());
        }
        return Err(missing(name));
    };
    check_owner(found, cx)?;
    if found.is_template {
        let message = "cannot drop a template database";
        return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
    }
    if found.oid == cx.catalog.database() {
        return Err(PgError::new(code::OBJECT_IN_USE, "cannot drop the currently open database"));
    }
    check_unused(found.oid, name, cx)?;
    // Its objects one by one, so that their rows go too.
    let inside = catalog.for_database(found.oid);
    for relation in inside.relations() {
        let key = ObjectKey::Relation(found.oid, relation.oid);
        cx.catalog.push(Change::Remove(key), cx.txn);
    }
    for namespace in inside.namespaces() {
        let key = ObjectKey::Namespace(found.oid, namespace.oid);
        cx.catalog.push(Change::Remove(key), cx.txn);
    }
    cx.txn.drop_large_objects_of(found.oid)?;
    cx.catalog.push(Change::Remove(ObjectKey::Database(found.oid)), cx.txn);
    Ok("DROP DATABASE".to_owned())
}

fn check_unused(database: u32, name: &str, cx: &DdlContext<'_>) -> Result<()> {
    let activity = cx.env.catalog_host().activity();
    let others = activity.iter().filter(|a| a.database == database).count();
    if others == 0 {
        return Ok(());
    }
    let message = format!("database \"{name}\" is being accessed by other users");
    let detail = match others {
        1 => "There is 1 other session using the database.".to_owned(),
        n => format!("There are {n} other sessions using the database."),
    };
    Err(PgError::new(code::OBJECT_IN_USE, message).detail(detail))
}

/// The letters of all privileges on a database, for GRANT.
pub(super) const PRIVILEGES: &str = "CTc";

/// The access list of a database that has none: its owner everything, PUBLIC temporary tables and
/// connections.
pub(super) fn default_acl(database: &Database, cx: &DdlContext<'_>) -> Vec<String> {
    let owner = acl::role_name(&cx.catalog(), database.owner);
    vec![acl::item(None, "Tc", &owner), acl::item(Some(&owner), PRIVILEGES, &owner)]
}

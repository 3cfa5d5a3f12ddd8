//! ALTER COLLATION: RENAME, OWNER TO, SET SCHEMA, REFRESH VERSION; COMMENT ON COLLATION.

use super::super::names::{get_namespace, strings};
use super::super::{DdlContext, privileges};
use super::create::actual_version;
use super::{get, get_own, put};
use crate::catalog::{UserCollation, is_temporary};
use crate::error::{PgError, Result, code};
use crate::types::Oid;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::{AlterCollationStmt, AlterObjectSchemaStmt, RenameStmt};

const TAG: &str = "ALTER COLLATION";

fn parts(object: Node<'_>) -> Vec<&str> {
    object.as_node_list().map(strings).unwrap_or_default()
}

pub(in super::super) fn rename(
    statement: &RenameStmt,
    new: &str,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let found = get_own(&parts(statement.object()), cx)?;
    let catalog = cx.catalog();
    let namespace = catalog.namespace(found.collation.namespace);
    let namespace = namespace.ok_or_else(|| PgError::internal("a collation without a schema"))?;
    check_free(new, namespace.oid, &namespace.name, cx)?;
    privileges::schema_create(namespace, &catalog, cx)?;
    let mut changed = (*found).clone();
    changed.collation.name = new.to_owned().into();
    put(changed, cx);
    Ok(TAG.to_owned())
}

/// 42710 where the schema has a collation of this name.
fn check_free(name: &str, namespace: Oid, schema: &str, cx: &DdlContext<'_>) -> Result<()> {
    if cx.catalog().collation_named(namespace, name).is_none() {
        return Ok(());
    }
    let message = format!("collation \"{name}\" already exists in schema \"{schema}\"");
    Err(PgError::new(code::DUPLICATE_OBJECT, message))
}

/// OWNER TO; the caller has checked that the current role may give to the new owner.
pub(in super::super) fn owner(object: Node<'_>, owner: Oid, cx: &DdlContext<'_>) -> Result<String> {
    let found = get_own(&parts(object), cx)?;
    put(UserCollation { owner, ..(*found).clone() }, cx);
    Ok(TAG.to_owned())
}

pub(in super::super) fn set_schema(
    statement: &AlterObjectSchemaStmt,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let found = get_own(&parts(statement.object()), cx)?;
    let catalog = cx.catalog();
    let namespace = get_namespace(&catalog, statement.newschema().unwrap_or_default(), cx)?;
    if namespace.oid == found.collation.namespace {
        return Ok(TAG.to_owned());
    }
    if is_temporary(namespace) {
        let message = "cannot move objects into or out of temporary schemas";
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    privileges::schema_create(namespace, &catalog, cx)?;
    check_free(&found.collation.name, namespace.oid, &namespace.name, cx)?;
    let mut changed = (*found).clone();
    changed.collation.namespace = namespace.oid;
    put(changed, cx);
    Ok(TAG.to_owned())
}

pub(in super::super) fn refresh_version(
    statement: &AlterCollationStmt,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let names = strings(statement.collname());
    let catalog = cx.catalog();
    // The database's own collation has its version with the database.
    if get(&names, &catalog, cx)?.provider == b'd' {
        return Err(PgError::unsupported("ALTER COLLATION \"default\" REFRESH VERSION"));
    }
    let found = get_own(&names, cx)?;
    let actual = actual_version(&found.collation)?;
    let recorded = found.collation.version.as_deref().map(str::to_owned);
    match (recorded, actual) {
        (Some(old), Some(new)) if old != new => {
            cx.notice(format!("changing version from {old} to {new}"));
            let mut changed = (*found).clone();
            changed.collation.version = Some(new.into());
            put(changed, cx);
        }
        _ => cx.notice("version has not changed"),
    }
    Ok(TAG.to_owned())
}

pub(in super::super) fn comment(
    parts: &[&str],
    comment: Option<String>,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let found = get_own(parts, cx)?;
    put(UserCollation { comment, ..(*found).clone() }, cx);
    Ok(())
}

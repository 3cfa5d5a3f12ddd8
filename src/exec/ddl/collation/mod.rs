//! Collations: CREATE, ALTER, DROP, and finding them by their names.

mod alter;
mod create;

pub(super) use alter::{comment, owner, refresh_version, rename, set_schema};
pub(super) use create::create;

use super::names::{RelationName, get_namespace, strings};
use super::{DdlContext, drop as dropping, lock, privileges};
use crate::catalog::builtin::Collation;
use crate::catalog::depend::{Object, describe};
use crate::catalog::{Catalog, Change, UserCollation};
use crate::error::{PgError, Result, code};
use crate::functions::privileges::require_usage;
use crate::types::Oid;
use pg_raw_parse::nodes::DropStmt;
use std::sync::Arc;

/// The collation of this name (`get_collation_oid`), or 42704.
pub(super) fn lookup(parts: &[&str], cx: &DdlContext<'_>) -> Result<Oid> {
    get(parts, &cx.catalog(), cx).map(|found| found.oid)
}

fn get<'c>(parts: &[&str], catalog: &'c Catalog, cx: &DdlContext<'_>) -> Result<&'c Collation> {
    find(parts, catalog, cx)?.ok_or_else(|| Catalog::no_collation(&parts.join(".")))
}

fn find<'c>(
    parts: &[&str],
    catalog: &'c Catalog,
    cx: &DdlContext<'_>,
) -> Result<Option<&'c Collation>> {
    let name = RelationName::of_parts(parts, cx)?;
    let Some(schema) = &name.schema else {
        return Ok(catalog.collation_in_path(cx.env.search_path(), &name.name));
    };
    let namespace = get_namespace(catalog, schema, cx)?;
    require_usage(&**cx.env, catalog, namespace.oid)?;
    Ok(catalog.collation_named(namespace.oid, &name.name))
}

/// The user's collation of this name, which the current role must own.
fn get_own(parts: &[&str], cx: &DdlContext<'_>) -> Result<Arc<UserCollation>> {
    let catalog = cx.catalog();
    let found = get(parts, &catalog, cx)?;
    let Some(made) = catalog.user_collation(found.oid) else {
        let name = &found.name;
        return match privileges::is_superuser(cx) {
            true => Err(PgError::unsupported("changing a built-in collation")),
            false => Err(not_owner(name)),
        };
    };
    check_owner(made, &catalog, cx)?;
    Ok(made.clone())
}

fn check_owner(made: &UserCollation, catalog: &Catalog, cx: &DdlContext<'_>) -> Result<()> {
    match privileges::is_owner(catalog, cx.env.current_role(), made.owner) {
        true => Ok(()),
        false => Err(not_owner(&made.collation.name)),
    }
}

fn not_owner(name: &str) -> PgError {
    PgError::new(code::INSUFFICIENT_PRIVILEGE, format!("must be owner of collation {name}"))
}

/// Puts a new or changed collation into the catalog.
pub(super) fn put(changed: UserCollation, cx: &DdlContext<'_>) {
    let change = Change::PutCollation(cx.catalog.database(), Arc::new(changed));
    cx.catalog.push(change, cx.txn);
}

/// Takes the name in a schema until the transaction ends; whether it is free.
async fn claim(namespace: Oid, name: &str, cx: &DdlContext<'_>) -> Result<bool> {
    lock::name(namespace, &format!("collation {name}"), cx).await?;
    Ok(cx.catalog().collation_named(namespace, name).is_none())
}

/// DROP COLLATION.
pub(super) async fn drop(statement: &DropStmt, cx: &DdlContext<'_>) -> Result<String> {
    let mut objects = Vec::new();
    for node in statement.objects() {
        let parts = node.as_node_list().map(strings).unwrap_or_default();
        if super::drop_missing::schema_is_skipped(&parts, statement.missing_ok, cx)? {
            continue;
        }
        let catalog = cx.catalog();
        let Some(found) = find(&parts, &catalog, cx)? else {
            if !statement.missing_ok {
                return Err(Catalog::no_collation(&parts.join(".")));
            }
            cx.notice(format!("collation \"{}\" does not exist, skipping", parts.join(".")));
            continue;
        };
        let Some(made) = catalog.user_collation(found.oid) else {
            let what = describe(&catalog, Object::Collation(found.oid), cx.env.search_path());
            let message =
                format!("cannot drop {what} because it is required by the database system");
            return Err(PgError::new(code::DEPENDENT_OBJECTS_STILL_EXIST, message));
        };
        check_owner(made, &catalog, cx)?;
        objects.push(Object::Collation(made.collation.oid));
    }
    dropping::delete(&objects, dropping::cascade(statement.behavior), cx).await?;
    Ok("DROP COLLATION".to_owned())
}

//! COMMENT ON, GRANT ON, ALTER … OWNER TO of large objects, and what becomes of them with their roles.

use super::grant::Grant;
use super::{DdlContext, privileges};
use crate::catalog::{Change, acl};
use crate::error::{PgError, Result, code};
use crate::functions::large_object::{default_acl, missing};
use crate::storage::large_object::{LargeObject, LargeObjects, lock};
use crate::types::Oid;
use pg_raw_parse::Node;

/// Letters of all privileges on a large object.
const PRIVILEGES: &str = "rw";

/// The OID that a statement names an object by. The grammar has a number here, which may be too large
/// for an int4.
pub(super) fn oid(node: Node<'_>) -> Result<Oid> {
    let written = match node {
        Node::Integer(n) => n.ival.to_string(),
        Node::Float(n) => n.fval().unwrap_or_default().to_owned(),
        _ => String::new(),
    };
    written.parse().map_err(|_| {
        let message = format!("invalid input syntax for type oid: \"{written}\"");
        PgError::new(code::INVALID_TEXT_REPRESENTATION, message)
    })
}

/// Locks an object and finds it.
async fn get(oid: Oid, cx: &DdlContext<'_>) -> Result<LargeObject> {
    lock(cx.txn, oid).await?;
    cx.txn.large_object(oid)?.ok_or_else(|| missing(oid))
}

fn check_owner(object: &LargeObject, cx: &DdlContext<'_>) -> Result<()> {
    if privileges::is_owner(&cx.catalog(), cx.env.current_role(), object.owner) {
        return Ok(());
    }
    let message = format!("must be owner of large object {}", object.oid);
    Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message))
}

pub(super) async fn comment(
    node: Node<'_>,
    comment: Option<String>,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let found = get(oid(node)?, cx).await?;
    check_owner(&found, cx)?;
    cx.txn.put_large_object(&LargeObject { comment, ..found })?;
    // Comments are asked for like those on what the catalog has: its answers are old now.
    let catalog = cx.catalog();
    if let Some(database) = catalog.database(cx.catalog.database()) {
        cx.catalog.push(Change::PutDatabase(database.clone()), cx.txn);
    }
    Ok(())
}

pub(super) async fn grant(object: Oid, change: &Grant, cx: &DdlContext<'_>) -> Result<()> {
    let letters = change.letters_for(PRIVILEGES, "large object")?;
    let found = get(object, cx).await?;
    let catalog = cx.catalog();
    if !privileges::is_owner(&catalog, cx.env.current_role(), found.owner) {
        // PostgreSQL's own words.
        let message = format!("permission denied for large object large object {}", found.oid);
        return Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message));
    }
    let owner = acl::role_name(&catalog, found.owner);
    let items = found.acl.clone().unwrap_or_else(|| default_acl(&owner));
    let acl = Some(change.apply(items, &owner, &owner, &letters, PRIVILEGES)?);
    Ok(cx.txn.put_large_object(&LargeObject { acl, ..found })?)
}

/// ALTER LARGE OBJECT … OWNER TO.
pub(super) async fn owner(node: Node<'_>, owner: Oid, cx: &DdlContext<'_>) -> Result<String> {
    let found = get(oid(node)?, cx).await?;
    check_owner(&found, cx)?;
    give(found, owner, cx)?;
    Ok("ALTER LARGE OBJECT".to_owned())
}

fn give(object: LargeObject, owner: Oid, cx: &DdlContext<'_>) -> Result<()> {
    let catalog = cx.catalog();
    let (old, new) = (acl::role_name(&catalog, object.owner), acl::role_name(&catalog, owner));
    let acl = object.acl.as_ref().map(|items| acl::with_owner(items, &old, &new));
    Ok(cx.txn.put_large_object(&LargeObject { owner, acl, ..object })?)
}

/// All objects of this database.
pub(super) fn all(cx: &DdlContext<'_>) -> Result<Vec<LargeObject>> {
    let view = cx.txn.read_view()?;
    Ok(LargeObjects { database: cx.catalog.database(), view: &view }.all()?)
}

/// DROP OWNED: the roles' objects go, and their privileges on others'.
pub(super) async fn drop_owned(roles: &[Oid], cx: &DdlContext<'_>) -> Result<()> {
    let catalog = cx.catalog();
    let names: Vec<String> = roles.iter().map(|role| acl::role_name(&catalog, *role)).collect();
    let named = |item: &String| {
        acl::parts(item).0.is_some_and(|grantee| names.iter().any(|name| *name == *grantee))
    };
    for object in all(cx)? {
        if roles.contains(&object.owner) {
            lock(cx.txn, object.oid).await?;
            cx.txn.drop_large_object(&object)?;
        } else if object.acl.iter().flatten().any(named) {
            let mut changed = get(object.oid, cx).await?;
            changed.acl.iter_mut().for_each(|items| items.retain(|item| !named(item)));
            cx.txn.put_large_object(&changed)?;
        }
    }
    Ok(())
}

/// REASSIGN OWNED.
pub(super) async fn reassign(roles: &[Oid], new: Oid, cx: &DdlContext<'_>) -> Result<()> {
    for object in all(cx)?.into_iter().filter(|object| roles.contains(&object.owner)) {
        give(get(object.oid, cx).await?, new, cx)?;
    }
    Ok(())
}

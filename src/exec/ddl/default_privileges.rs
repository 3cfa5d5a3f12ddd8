//! ALTER DEFAULT PRIVILEGES.

use super::grant::Grant;
use super::names::get_namespace;
use super::{DdlContext, role_spec};
use crate::catalog::{Change, DefaultAcl, DefaultAclKind, ObjectKey, acl};
use crate::error::{PgError, Result, code};
use crate::types::Oid;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::{AlterDefaultPrivilegesStmt, DefElem};
use pg_raw_parse::raw::ObjectType;
use std::sync::Arc;

pub(super) fn alter(statement: &AlterDefaultPrivilegesStmt, cx: &DdlContext<'_>) -> Result<String> {
    let action = statement.action().expect("ALTER DEFAULT PRIVILEGES grants or revokes");
    let (roles, schemas) = options(statement)?;
    let (kind, name) = match action.objtype {
        ObjectType::OBJECT_TABLE => (DefaultAclKind::Relation, "relation"),
        ObjectType::OBJECT_SEQUENCE => (DefaultAclKind::Sequence, "sequence"),
        ObjectType::OBJECT_FUNCTION => (DefaultAclKind::Function, "function"),
        ObjectType::OBJECT_TYPE => (DefaultAclKind::Type, "type"),
        ObjectType::OBJECT_SCHEMA => (DefaultAclKind::Schema, "schema"),
        _ => return Err(PgError::unsupported("default privileges on this kind of object")),
    };
    let change = Grant::read(action, cx)?;
    let letters = change.letters_for(kind.all(), name)?;
    for role in owners(roles, cx)? {
        for namespace in namespaces(schemas, kind, cx)? {
            set(role, namespace, kind, &change, &letters, cx)?;
        }
    }
    Ok("ALTER DEFAULT PRIVILEGES".to_owned())
}

/// FOR ROLE's and IN SCHEMA's lists.
fn options(statement: &AlterDefaultPrivilegesStmt) -> Result<(Option<&DefElem>, Option<&DefElem>)> {
    let (mut roles, mut schemas) = (None, None);
    for option in statement.options() {
        let given = match option.defname() {
            Some("roles") => &mut roles,
            _ => &mut schemas,
        };
        if given.is_some() {
            let message = "conflicting or redundant options";
            return Err(PgError::new(code::SYNTAX_ERROR, message).at(option.location));
        }
        *given = Some(option);
    }
    Ok((roles, schemas))
}

/// Whose new objects are meant; the current role must be a member of each.
fn owners(roles: Option<&DefElem>, cx: &DdlContext<'_>) -> Result<Vec<Oid>> {
    let current = cx.env.current_role();
    let Some(option) = roles else { return Ok(vec![current]) };
    let mut found = Vec::new();
    for node in option.arg().as_node_list().into_iter().flatten() {
        let Node::RoleSpec(spec) = node else { continue };
        let role = role_spec::get(spec, cx)?;
        let catalog = cx.catalog();
        if !acl::is_member_of(&catalog, current, role) {
            let message = format!("must be member of role \"{}\"", acl::role_name(&catalog, role));
            return Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message));
        }
        found.push(role);
    }
    Ok(found)
}

/// The schemas meant; 0: everywhere.
fn namespaces(
    schemas: Option<&DefElem>,
    kind: DefaultAclKind,
    cx: &DdlContext<'_>,
) -> Result<Vec<Oid>> {
    let Some(option) = schemas else { return Ok(vec![0]) };
    if kind == DefaultAclKind::Schema {
        let message = "cannot use IN SCHEMA clause when using GRANT/REVOKE ON SCHEMAS";
        return Err(PgError::new(code::INVALID_GRANT_OPERATION, message));
    }
    let catalog = cx.catalog();
    let names = option.arg().as_node_list().into_iter().flatten().filter_map(Node::as_str);
    names.map(|name| Ok(get_namespace(&catalog, name, cx)?.oid)).collect()
}

/// Changes one list; one that says no more than what holds anyway goes.
fn set(
    role: Oid,
    namespace: Oid,
    kind: DefaultAclKind,
    change: &Grant,
    letters: &[char],
    cx: &DdlContext<'_>,
) -> Result<()> {
    let catalog = cx.catalog();
    let owner = acl::role_name(&catalog, role);
    let same = |d: &&Arc<DefaultAcl>| (d.role, d.namespace, d.kind) == (role, namespace, kind);
    let before = catalog.default_acls().find(same);
    let implied = if namespace == 0 { kind.implied(&owner) } else { Vec::new() };
    let items = before.map_or_else(|| implied.clone(), |found| found.acl.clone());
    let items = change.apply(items, &owner, &owner, letters, kind.all())?;
    let items = catalog.sorted_acl(items);
    if items == catalog.sorted_acl(implied) {
        if let Some(found) = before {
            remove(found.oid, cx);
        }
        return Ok(());
    }
    let oid = match before {
        Some(found) => found.oid,
        None => cx.catalog.new_oid()?,
    };
    put(DefaultAcl { oid, role, namespace, kind, acl: items }, cx);
    Ok(())
}

pub(super) fn put(changed: DefaultAcl, cx: &DdlContext<'_>) {
    let change = Change::PutDefaultAcl(cx.catalog.database(), Arc::new(changed));
    cx.catalog.push(change, cx.txn);
}

pub(super) fn remove(oid: Oid, cx: &DdlContext<'_>) {
    let key = ObjectKey::DefaultAcl(cx.catalog.database(), oid);
    cx.catalog.push(Change::Remove(key), cx.txn);
}

/// Default privileges as messages about them say (`getObjectDescription`).
pub(super) fn describe(found: &DefaultAcl, cx: &DdlContext<'_>) -> String {
    let catalog = cx.catalog();
    let owner = acl::role_name(&catalog, found.role);
    let mut text =
        format!("default privileges on new {} belonging to role {owner}", found.kind.plural());
    if let Some(namespace) = catalog.namespace(found.namespace) {
        text.push_str(&format!(" in schema {}", namespace.name));
    }
    text
}

//! Who may do what to objects in DDL.
//!
//! Owning an object, through membership too, or being a superuser allows everything; creating in a
//! schema needs its CREATE privilege (manual, section 5.7).

use super::DdlContext;
use crate::catalog::{Catalog, Namespace, Relation, RelationKind, acl};
use crate::error::{PgError, Result, code};
use crate::functions::privileges::{Object, Wanted, holds};
use crate::types::Oid;

/// 42501 unless the current role may create objects in the schema.
pub(super) fn schema_create(
    namespace: &Namespace,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let role = cx.env.current_role();
    let object = Object { owner: namespace.owner, acl: namespace.acl.clone(), public_default: "" };
    match holds(catalog, role, &object, Wanted { letter: 'C', grant_option: false }) {
        true => Ok(()),
        false => Err(denied("schema", &namespace.name)),
    }
}

/// 42501 unless the current role owns the relation.
pub(super) fn relation_owner(relation: &Relation, cx: &DdlContext<'_>) -> Result<()> {
    let catalog = cx.catalog();
    if Catalog::is_system(relation.oid) {
        let message = format!("permission denied: \"{}\" is a system catalog", relation.name);
        return Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message));
    }
    if is_owner(&catalog, cx.env.current_role(), relation.owner) {
        return Ok(());
    }
    let message = format!("must be owner of {} {}", kind_name(relation.kind), relation.name);
    Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message))
}

/// 42501 unless the current role owns the schema.
pub(super) fn namespace_owner(namespace: &Namespace, cx: &DdlContext<'_>) -> Result<()> {
    if is_owner(&cx.catalog(), cx.env.current_role(), namespace.owner) {
        return Ok(());
    }
    let message = format!("must be owner of schema {}", namespace.name);
    Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message))
}

/// Whether a role has what an owner has.
pub(super) fn is_owner(catalog: &Catalog, role: Oid, owner: Oid) -> bool {
    acl::has_privileges_of(catalog, role, owner)
}

/// Whether the current role is a superuser.
pub(super) fn is_superuser(cx: &DdlContext<'_>) -> bool {
    cx.catalog().role(cx.env.current_role()).is_some_and(|r| r.superuser)
}

fn denied(kind: &str, name: &str) -> PgError {
    let message = format!("permission denied for {kind} {name}");
    PgError::new(code::INSUFFICIENT_PRIVILEGE, message)
}

/// A relation's kind, for messages.
pub(super) fn kind_name(kind: RelationKind) -> &'static str {
    match kind {
        RelationKind::Table => "table",
        RelationKind::Index => "index",
        RelationKind::Sequence => "sequence",
        RelationKind::View => "view",
        RelationKind::Composite => "composite type",
        RelationKind::MaterializedView => "materialized view",
    }
}

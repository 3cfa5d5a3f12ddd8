//! schemata, and the relations that hold one name.

use super::{Context, Row, catalog_name, text};
use crate::catalog::acl;
use crate::catalog::builtin::SystemRelation;
use crate::types::Datum;

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let own = |owner| acl::has_privileges_of(cx.catalog, cx.role, owner);
    let namespaces = cx.catalog.namespaces().filter(|n| own(n.owner));
    namespaces
        .map(|n| {
            let (name, owner) = (text(&n.name), text(&cx.role_name(n.owner)));
            let null = Datum::Null;
            vec![catalog_name(cx), name, owner, null.clone(), null.clone(), null.clone(), null]
        })
        .collect()
}

/// character_sets: the one of all databases, with their collation.
pub(super) fn character_sets(cx: &Context<'_>) -> Vec<Row> {
    let of_set = [Datum::Null, Datum::Null, text("UTF8"), text("UCS"), text("UTF8")];
    let of_collation = [catalog_name(cx), text("pg_catalog"), text("C")];
    vec![of_set.into_iter().chain(of_collation).collect()]
}

/// information_schema_catalog_name: the database. enabled_roles: the roles one is a member of.
pub(super) fn names(relation: &SystemRelation, cx: &Context<'_>) -> Vec<Row> {
    if relation.name == "information_schema_catalog_name" {
        return vec![vec![catalog_name(cx)]];
    }
    let roles = cx.catalog.roles().filter(|r| acl::has_privileges_of(cx.catalog, cx.role, r.oid));
    roles.map(|r| vec![text(&r.name)]).collect()
}

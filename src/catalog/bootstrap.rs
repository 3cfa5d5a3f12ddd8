//! What a new data directory holds: the superuser, the predefined roles, three databases.

use super::builtin::{self, Reader};
use super::{Catalog, Change, Database, Namespace, Role};
use crate::types::Oid;
use std::collections::BTreeMap;
use std::sync::Arc;

/// OIDs of the first databases, PostgreSQL's.
pub const TEMPLATE1: Oid = 1;
pub const TEMPLATE0: Oid = 4;
pub const POSTGRES: Oid = 5;

/// The catalog of a new data directory.
pub fn catalog() -> Catalog {
    Catalog::empty().apply(&changes())
}

/// The changes that make an empty catalog a new one.
pub(super) fn changes() -> Vec<Change> {
    let mut changes = roles();
    for (oid, name, is_template, comment) in [
        (TEMPLATE1, "template1", true, "default template for new databases"),
        (TEMPLATE0, "template0", true, "unmodifiable empty database"),
        (POSTGRES, "postgres", false, "default administrative connection database"),
    ] {
        changes.push(Change::PutDatabase(Arc::new(Database {
            oid,
            name: name.to_owned(),
            owner: builtin::oid::SUPERUSER,
            allow_connections: oid != TEMPLATE0,
            connection_limit: -1,
            is_template,
            settings: BTreeMap::new(),
            comment: Some(comment.to_owned()),
            acl: is_template.then(template_privileges),
        })));
        changes.extend(namespaces().map(|n| Change::PutNamespace(oid, n)));
    }
    changes
}

/// Everyone may connect to the template databases, and only their owner make temporary tables.
fn template_privileges() -> Vec<String> {
    vec!["=c/postgres".to_owned(), "postgres=CTc/postgres".to_owned()]
}

/// `postgres` and the predefined roles (manual, section 22.5), with their memberships.
fn roles() -> Vec<Change> {
    let mut memberships: BTreeMap<Oid, BTreeMap<Oid, bool>> = BTreeMap::new();
    let mut r = Reader::open("pg_auth_members").expect("an exported catalog");
    while r.advance() {
        let of = memberships.entry(r.oid("member")).or_default();
        of.insert(r.oid("roleid"), r.bool("admin_option"));
    }
    let mut roles = Vec::new();
    let mut r = Reader::open("pg_authid").expect("an exported catalog");
    while r.advance() {
        let oid = r.oid("oid");
        roles.push(Change::PutRole(Arc::new(Role {
            oid,
            name: r.text("rolname").to_owned(),
            superuser: r.bool("rolsuper"),
            inherit: r.bool("rolinherit"),
            create_role: r.bool("rolcreaterole"),
            create_db: r.bool("rolcreatedb"),
            login: r.bool("rolcanlogin"),
            replication: r.bool("rolreplication"),
            bypass_rls: r.bool("rolbypassrls"),
            connection_limit: -1,
            password: None,
            valid_until: None,
            member_of: memberships.remove(&oid).unwrap_or_default(),
            settings: BTreeMap::new(),
            comment: None,
        })));
    }
    roles
}

/// The schemas of a new database: the system's and `public`.
pub fn namespaces() -> impl Iterator<Item = Arc<Namespace>> {
    let system = builtin::namespaces().map(|n| (n.oid, n.name, n.owner));
    let public = (builtin::oid::PUBLIC, "public", super::acl::DATABASE_OWNER);
    system.chain([public]).map(|(oid, name, owner)| {
        let comment = builtin::description(oid, builtin::oid::class::NAMESPACE, 0);
        let comment = comment.map(str::to_owned);
        let acl = builtin::initial_privileges(oid, builtin::oid::class::NAMESPACE);
        let acl = acl.map(super::acl::items);
        Arc::new(Namespace { oid, name: name.to_owned(), owner, comment, acl })
    })
}

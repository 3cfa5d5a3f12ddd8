//! DROP OWNED and REASSIGN OWNED: what a role owns in this database, and what is granted to it.

use super::alter_table::set_owner;
use super::{
    DdlContext, default_privileges, drop, extension, large_object, lock, policy, role_spec,
    user_rows,
};
use crate::catalog::depend::Object;
use crate::catalog::schema::table_schema;
use crate::catalog::{
    Change, Database, DefaultAcl, Function, Namespace, Relation, UserCollation, UserOperator,
    UserType, acl, builtin,
};
use crate::error::{PgError, Result, code};
use crate::storage::TableLockMode;
use crate::types::Oid;
use pg_raw_parse::Node;
use pg_raw_parse::list::NodeList;
use pg_raw_parse::nodes::{DropOwnedStmt, ReassignOwnedStmt};
use std::sync::Arc;

/// DROP OWNED: databases stay, as they are not inside this one.
pub(super) async fn drop_owned(statement: &DropOwnedStmt, cx: &DdlContext<'_>) -> Result<String> {
    let roles = roles(statement.roles(), "drop objects", cx)?;
    if roles.contains(&builtin::oid::SUPERUSER) {
        return Err(required("drop objects owned by"));
    }
    let catalog = cx.catalog();
    let mut objects = Vec::new();
    for namespace in catalog.namespaces().filter(|n| roles.contains(&n.owner)) {
        objects.push(Object::Namespace(namespace.oid));
    }
    for relation in catalog.relations().filter(|r| roles.contains(&r.owner)) {
        // Indexes and columns' sequences go with their tables.
        let of_table = relation.sequence.as_ref().is_some_and(|s| s.owned_by.is_some());
        if relation.index.is_none() && !of_table {
            objects.push(Object::Relation(relation.oid));
        }
    }
    for found in catalog.user_types().filter(|t| roles.contains(&t.owner)) {
        objects.push(Object::Type(found.oid));
    }
    for defaults in catalog.default_acls().filter(|d| roles.contains(&d.role)) {
        default_privileges::remove(defaults.oid, cx);
    }
    for function in catalog.functions().filter(|f| roles.contains(&f.owner)) {
        // Constructors go with their range type.
        if function.constructed().is_none() {
            objects.push(Object::Function(function.proc.oid));
        }
    }
    for made in catalog.user_operators().filter(|o| roles.contains(&o.owner)) {
        objects.push(Object::Operator(made.operator.oid));
    }
    for made in catalog.user_collations().filter(|c| roles.contains(&c.owner)) {
        objects.push(Object::Collation(made.collation.oid));
    }
    for found in catalog.extensions().filter(|e| roles.contains(&e.owner)) {
        objects.push(Object::Extension(found.oid));
    }
    delete_rows(&roles, cx).await?;
    large_object::drop_owned(&roles, cx).await?;
    policy::forget_roles(&roles, cx);
    for role in &roles {
        revoke_all(&acl::role_name(&catalog, *role), cx);
    }
    drop::delete(&objects, drop::cascade(statement.behavior), cx).await?;
    Ok("DROP OWNED".to_owned())
}

/// Deletes the roles' rows of user tables.
async fn delete_rows(roles: &[Oid], cx: &DdlContext<'_>) -> Result<()> {
    let catalog = cx.catalog();
    for table in user_rows::tables(&catalog) {
        lock::relation(table.oid, TableLockMode::AccessExclusive, cx).await?;
        let catalog = cx.catalog();
        let Some(table) = catalog.relation(table.oid) else { continue };
        let schema = table_schema(&catalog, table);
        for role in roles {
            user_rows::delete(&schema, *role, cx).await?;
        }
    }
    Ok(())
}

/// Takes a role out of the access lists of this database and of all databases themselves.
fn revoke_all(role: &str, cx: &DdlContext<'_>) {
    let without = |items: &mut Option<Vec<String>>| {
        let Some(list) = items else { return false };
        let before = list.len();
        list.retain(|item| acl::parts(item).0.as_deref() != Some(role));
        list.len() != before
    };
    let catalog = cx.catalog();
    for database in catalog.databases() {
        let mut changed = Database::clone(database);
        if without(&mut changed.acl) {
            cx.catalog.push(Change::PutDatabase(Arc::new(changed)), cx.txn);
        }
    }
    for namespace in catalog.namespaces() {
        let mut changed = Namespace::clone(namespace);
        if without(&mut changed.acl) {
            cx.catalog.put_namespace(changed, cx.txn);
        }
    }
    for found in catalog.functions() {
        let mut changed = Function::clone(found);
        if without(&mut changed.acl) {
            super::routine::put(changed, cx);
        }
    }
    for found in catalog.default_acls() {
        let mut items = Some(found.acl.clone());
        if without(&mut items) {
            revoke_default(found, items.unwrap_or_default(), cx);
        }
    }
    for found in catalog.user_types() {
        let mut changed = UserType::clone(found);
        if without(&mut changed.acl) {
            super::types::put(changed, cx);
        }
    }
    for relation in catalog.relations() {
        let mut changed = Relation::clone(relation);
        let mut has_changed = without(&mut changed.acl);
        for column in &mut changed.columns {
            has_changed |= without(&mut column.acl);
            // Unlike a table's list, a column's that is empty is none.
            column.acl.take_if(|items| items.is_empty());
        }
        if has_changed {
            cx.catalog.put_relation(changed, cx.txn);
        }
    }
}

/// Default privileges without a role; those in a schema that say nothing any more go.
fn revoke_default(found: &DefaultAcl, acl: Vec<String>, cx: &DdlContext<'_>) {
    match acl.is_empty() && found.namespace != 0 {
        true => default_privileges::remove(found.oid, cx),
        false => default_privileges::put(DefaultAcl { acl, ..found.clone() }, cx),
    }
}

/// REASSIGN OWNED: the objects of this database, and databases.
pub(super) async fn reassign(statement: &ReassignOwnedStmt, cx: &DdlContext<'_>) -> Result<String> {
    let roles = roles(statement.roles(), "reassign objects", cx)?;
    let new = role_spec::get(statement.newrole().expect("REASSIGN OWNED names a role"), cx)?;
    check_may_act_for(new, "reassign objects", cx)?;
    if roles.contains(&builtin::oid::SUPERUSER) {
        return Err(required("reassign ownership of objects owned by"));
    }
    let catalog = cx.catalog();
    let new_name = acl::role_name(&catalog, new);
    let renamed = |owner: Oid, items: &Option<Vec<String>>| {
        let old = acl::role_name(&catalog, owner);
        items.as_ref().map(|items| acl::with_owner(items, &old, &new_name))
    };
    for database in catalog.databases().filter(|d| roles.contains(&d.owner)) {
        let acl = renamed(database.owner, &database.acl);
        let changed = Database { owner: new, acl, ..(**database).clone() };
        cx.catalog.push(Change::PutDatabase(Arc::new(changed)), cx.txn);
    }
    for namespace in catalog.namespaces().filter(|n| roles.contains(&n.owner)) {
        let acl = renamed(namespace.owner, &namespace.acl);
        cx.catalog.put_namespace(Namespace { owner: new, acl, ..(**namespace).clone() }, cx.txn);
    }
    for found in catalog.user_types().filter(|t| roles.contains(&t.owner)) {
        let acl = renamed(found.owner, &found.acl);
        super::types::put(UserType { owner: new, acl, ..(**found).clone() }, cx);
    }
    for found in catalog.functions().filter(|f| roles.contains(&f.owner)) {
        let acl = renamed(found.owner, &found.acl);
        super::routine::put(Function { owner: new, acl, ..(**found).clone() }, cx);
    }
    for made in catalog.user_operators().filter(|o| roles.contains(&o.owner)) {
        super::operator::put(UserOperator { owner: new, ..(**made).clone() }, cx);
    }
    for made in catalog.user_collations().filter(|c| roles.contains(&c.owner)) {
        super::collation::put(UserCollation { owner: new, ..(**made).clone() }, cx);
    }
    for relation in catalog.relations().filter(|r| r.index.is_none()) {
        // A table takes its columns' sequences along, so each is looked at as it is by now.
        let now = cx.catalog();
        let Some(relation) = now.relation(relation.oid) else { continue };
        let of_table = relation.sequence.as_ref().is_some_and(|s| s.owned_by.is_some());
        if roles.contains(&relation.owner) && !of_table {
            set_owner(relation, new, cx)?;
        }
    }
    extension::reassign(&roles, new, cx);
    large_object::reassign(&roles, new, cx).await?;
    Ok("REASSIGN OWNED".to_owned())
}

fn roles(list: &NodeList, what: &str, cx: &DdlContext<'_>) -> Result<Vec<Oid>> {
    let mut roles = Vec::new();
    for node in list {
        if let Node::RoleSpec(spec) = node {
            roles.push(role_spec::get(spec, cx)?);
        }
    }
    roles.iter().try_for_each(|role| check_may_act_for(*role, what, cx))?;
    Ok(roles)
}

/// 42501 unless the current role has the privileges of the other.
fn check_may_act_for(role: Oid, what: &str, cx: &DdlContext<'_>) -> Result<()> {
    if acl::has_privileges_of(&cx.catalog(), cx.env.current_role(), role) {
        return Ok(());
    }
    Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, format!("permission denied to {what}")))
}

/// 2BP01: the first superuser owns what every database needs.
fn required(what: &str) -> PgError {
    let message =
        format!("cannot {what} role postgres because they are required by the database system");
    PgError::new(code::DEPENDENT_OBJECTS_STILL_EXIST, message)
}

//! CREATE, ALTER and DROP ROLE, USER and GROUP; membership (GRANT role TO role).

use super::{DdlContext, lock, options, privileges, role_spec, user_rows};
use crate::catalog::{Change, DefaultAcl, ObjectKey, Role, acl, verifier};
use crate::error::{PgError, Result, code};
use crate::types::{Datum, oids};
use pg_raw_parse::Node;
use pg_raw_parse::list::NodeList;
use pg_raw_parse::nodes::{
    AlterRoleSetStmt, AlterRoleStmt, CreateRoleStmt, DefElem, DropRoleStmt, GrantRoleStmt,
    RenameStmt,
};
use pg_raw_parse::raw::{RoleSpecType, RoleStmtType};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The role of this name, or 42704.
pub(super) fn get(name: &str, cx: &DdlContext<'_>) -> Result<Arc<Role>> {
    let oid = role_spec::named(name, cx)?;
    Ok(by_oid(oid, cx))
}

fn by_oid(oid: u32, cx: &DdlContext<'_>) -> Arc<Role> {
    cx.catalog().role(oid).expect("the role was just found").clone()
}

fn put(role: Role, cx: &DdlContext<'_>) {
    cx.catalog.push(Change::PutRole(Arc::new(role)), cx.txn);
}

/// Changing a superuser needs one, and changing another role CREATEROLE; 42501 in these words.
pub(super) fn require_over(
    role: &Role,
    of_superuser: &'static str,
    of_other: &'static str,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let current = by_oid(cx.env.current_role(), cx);
    match role.superuser {
        _ if current.superuser => Ok(()),
        true => Err(denied(of_superuser)),
        false if current.create_role => Ok(()),
        false => Err(denied(of_other)),
    }
}

fn denied(message: &'static str) -> PgError {
    PgError::new(code::INSUFFICIENT_PRIVILEGE, message)
}

/// What ALTER ROLE takes. Without CREATEROLE a role may change nothing but its own password: it could make
/// itself what it is not.
fn check_may_alter(role: &Role, statement: &AlterRoleStmt, cx: &DdlContext<'_>) -> Result<()> {
    let current = by_oid(cx.env.current_role(), cx);
    if current.superuser {
        return Ok(());
    }
    let names: Vec<&str> = statement.options().iter().filter_map(|o| o.defname()).collect();
    if role.superuser || names.contains(&"superuser") {
        let message = "must be superuser to alter superuser roles or change superuser attribute";
        return Err(denied(message));
    }
    if role.replication || names.contains(&"isreplication") {
        let message =
            "must be superuser to alter replication roles or change replication attribute";
        return Err(denied(message));
    }
    if names.contains(&"bypassrls") {
        return Err(denied("must be superuser to change bypassrls attribute"));
    }
    let own_password = role.oid == current.oid && names == ["password"];
    if current.create_role || own_password { Ok(()) } else { Err(denied("permission denied")) }
}

pub(super) async fn create(statement: &CreateRoleStmt, cx: &DdlContext<'_>) -> Result<String> {
    let name = statement.role().unwrap_or_default();
    let creator = by_oid(cx.env.current_role(), cx);
    if !creator.superuser && !creator.create_role {
        let message = "permission denied to create role";
        return Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message));
    }
    if name.starts_with("pg_") {
        let message = format!("role name \"{name}\" is reserved");
        return Err(PgError::new(code::RESERVED_NAME, message)
            .detail("Role names starting with \"pg_\" are reserved."));
    }
    lock::name(0, name, cx).await?;
    if cx.catalog().role_named(name).is_some() {
        let message = format!("role \"{name}\" already exists");
        return Err(PgError::new(code::DUPLICATE_OBJECT, message));
    }
    let mut role = Role {
        oid: cx.catalog.new_oid()?,
        name: name.to_owned(),
        superuser: false,
        inherit: true,
        create_role: false,
        create_db: false,
        login: statement.stmt_type == RoleStmtType::ROLESTMT_USER,
        replication: false,
        bypass_rls: false,
        connection_limit: -1,
        password: None,
        valid_until: None,
        member_of: BTreeMap::new(),
        settings: BTreeMap::new(),
        comment: None,
    };
    let mut members = Vec::new();
    let mut seen = Vec::new();
    for element in statement.options() {
        refuse_twice(element, &mut seen)?;
        match element.defname() {
            Some("addroleto") => {
                for oid in role_list(element.arg(), cx)? {
                    role.member_of.insert(oid, false);
                }
            }
            Some("rolemembers") => {
                members.extend(role_list(element.arg(), cx)?.into_iter().map(|m| (m, false)))
            }
            Some("adminmembers") => {
                members.extend(role_list(element.arg(), cx)?.into_iter().map(|m| (m, true)))
            }
            _ => attribute(&mut role, element, cx)?,
        }
    }
    match (role.superuser, role.replication, role.bypass_rls) {
        _ if creator.superuser => {}
        (true, ..) => return Err(denied("must be superuser to create superusers")),
        (_, true, _) => return Err(denied("must be superuser to create replication users")),
        (_, _, true) => return Err(denied("must be superuser to create bypassrls users")),
        (false, false, false) => {}
    }
    let oid = role.oid;
    put(role, cx);
    for (member, admin) in members {
        let mut member = (*by_oid(member, cx)).clone();
        member.member_of.insert(oid, admin);
        put(member, cx);
    }
    Ok("CREATE ROLE".to_owned())
}

/// 42601 for an option that was given before.
fn refuse_twice<'e>(element: &'e DefElem, seen: &mut Vec<&'e str>) -> Result<()> {
    let name = element.defname().unwrap_or_default();
    if seen.contains(&name) && name != "sysid" {
        let message = "conflicting or redundant options";
        return Err(PgError::new(code::SYNTAX_ERROR, message).at(element.location));
    }
    seen.push(name);
    Ok(())
}

fn role_list(node: Node<'_>, cx: &DdlContext<'_>) -> Result<Vec<u32>> {
    let specs = node.as_node_list().into_iter().flatten().filter_map(|node| match node {
        Node::RoleSpec(spec) => Some(spec),
        _ => None,
    });
    specs.map(|spec| role_spec::get(spec, cx)).collect()
}

fn attribute(role: &mut Role, element: &DefElem, cx: &DdlContext<'_>) -> Result<()> {
    let (name, value) = (element.defname().unwrap_or_default(), element.arg());
    match name {
        "password" => {
            role.password = match value {
                Node::None => None,
                value => stored_password(&options::text(value), cx),
            };
        }
        "superuser" => role.superuser = options::boolean(name, value)?,
        "inherit" => role.inherit = options::boolean(name, value)?,
        "createrole" => role.create_role = options::boolean(name, value)?,
        "createdb" => role.create_db = options::boolean(name, value)?,
        "canlogin" => role.login = options::boolean(name, value)?,
        "isreplication" => role.replication = options::boolean(name, value)?,
        "bypassrls" => role.bypass_rls = options::boolean(name, value)?,
        "connectionlimit" => {
            let limit = options::int8(name, value)?;
            let valid = i32::try_from(limit).ok().filter(|l| *l >= -1);
            role.connection_limit = valid.ok_or_else(|| {
                let message = format!("invalid connection limit: {limit}");
                PgError::new(code::INVALID_PARAMETER_VALUE, message)
            })?;
        }
        "validUntil" => {
            let text = options::text(value);
            let time = crate::types::text_in(oids::TIMESTAMPTZ, -1, &text, cx.env.format())?;
            role.valid_until = match time {
                Datum::TimestampTz(micros) => Some(micros),
                _ => None,
            };
        }
        "sysid" => cx.notice("SYSID can no longer be specified"),
        other => return Err(PgError::unsupported(format!("role option \"{other}\""))),
    }
    Ok(())
}

/// A SCRAM verifier; one that is given as such is kept. An empty password is none.
fn stored_password(written: &str, cx: &DdlContext<'_>) -> Option<String> {
    if written.is_empty() {
        cx.notice("empty string is not a valid password, clearing password");
        return None;
    }
    match verifier::Verifier::parse(written) {
        Some(_) => Some(written.to_owned()),
        None => Some(verifier::Verifier::from_password(written).to_string()),
    }
}

pub(super) fn alter(statement: &AlterRoleStmt, cx: &DdlContext<'_>) -> Result<String> {
    const ADD: i32 = 1;
    let spec = statement.role().expect("ALTER ROLE names a role");
    let oid = role_spec::get(spec, cx)?;
    let mut role = (*by_oid(oid, cx)).clone();
    check_may_alter(&role, statement, cx)?;
    let mut members = Vec::new();
    for element in statement.options() {
        match element.defname() {
            // ALTER GROUP … ADD USER, DROP USER.
            Some("rolemembers") => members.extend(role_list(element.arg(), cx)?),
            _ => attribute(&mut role, element, cx)?,
        }
    }
    put(role, cx);
    for member in members {
        let mut member = (*by_oid(member, cx)).clone();
        match statement.action == ADD {
            true => member.member_of.insert(oid, false),
            false => member.member_of.remove(&oid),
        };
        put(member, cx);
    }
    Ok("ALTER ROLE".to_owned())
}

/// ALTER ROLE … SET: defaults of the role's new sessions.
pub(super) fn alter_set(statement: &AlterRoleSetStmt, cx: &DdlContext<'_>) -> Result<String> {
    if statement.database().is_some() {
        return Err(PgError::unsupported("ALTER ROLE … IN DATABASE"));
    }
    let Some(spec) = statement.role() else {
        return Err(PgError::unsupported("ALTER ROLE ALL"));
    };
    let mut role = (*by_oid(role_spec::get(spec, cx)?, cx)).clone();
    if role.superuser || role.oid != cx.env.current_role() {
        require_over(&role, "must be superuser to alter superusers", "permission denied", cx)?;
    }
    if let Some(set) = statement.setstmt() {
        super::stored_setting::apply(&mut role.settings, set, cx)?;
    }
    put(role, cx);
    Ok("ALTER ROLE".to_owned())
}

pub(super) async fn rename(
    statement: &RenameStmt,
    new: &str,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let found = get(statement.subname().unwrap_or_default(), cx)?;
    if found.oid == cx.env.session_role() {
        let message = "session user cannot be renamed";
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    if found.oid == cx.env.current_role() {
        let message = "current user cannot be renamed";
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    let messages = ("must be superuser to rename superusers", "permission denied to rename role");
    require_over(&found, messages.0, messages.1, cx)?;
    lock::name(0, new, cx).await?;
    if cx.catalog().role_named(new).is_some() {
        let message = format!("role \"{new}\" already exists");
        return Err(PgError::new(code::DUPLICATE_OBJECT, message));
    }
    put(Role { name: new.to_owned(), ..(*found).clone() }, cx);
    rename_in_access_lists(&found.name, new, cx);
    Ok("ALTER ROLE".to_owned())
}

/// Access lists name roles: the new name takes the old one's place in those of all databases.
fn rename_in_access_lists(old: &str, new: &str, cx: &DdlContext<'_>) {
    let renamed = |items: &mut Option<Vec<String>>| {
        let after = items.as_ref().map(|items| acl::with_owner(items, old, new));
        let changed = after != *items;
        *items = after;
        changed
    };
    let catalog = cx.catalog();
    for database in catalog.databases() {
        let mut changed = (**database).clone();
        if renamed(&mut changed.acl) {
            cx.catalog.push(Change::PutDatabase(Arc::new(changed)), cx.txn);
        }
        let inside = catalog.for_database(database.oid);
        for namespace in inside.namespaces() {
            let mut changed = (**namespace).clone();
            if renamed(&mut changed.acl) {
                let change = Change::PutNamespace(database.oid, Arc::new(changed));
                cx.catalog.push(change, cx.txn);
            }
        }
        for found in inside.default_acls() {
            let mut items = Some(found.acl.clone());
            if renamed(&mut items) {
                let acl = items.unwrap_or_default();
                let changed = DefaultAcl { acl, ..(**found).clone() };
                cx.catalog.push(Change::PutDefaultAcl(database.oid, Arc::new(changed)), cx.txn);
            }
        }
        for found in inside.functions() {
            let mut changed = (**found).clone();
            if renamed(&mut changed.acl) {
                cx.catalog.push(Change::PutFunction(database.oid, Arc::new(changed)), cx.txn);
            }
        }
        for found in inside.user_types() {
            let mut changed = (**found).clone();
            if renamed(&mut changed.acl) {
                cx.catalog.push(Change::PutType(database.oid, Arc::new(changed)), cx.txn);
            }
        }
        for relation in inside.relations() {
            let granted = relation.columns.iter().any(|column| column.acl.is_some());
            if relation.acl.is_none() && !granted {
                continue;
            }
            let mut changed = (**relation).clone();
            let columns = changed.columns.iter_mut().map(|c| &mut c.acl);
            let lists = std::iter::once(&mut changed.acl).chain(columns);
            if lists.filter_map(|list| renamed(list).then_some(())).count() > 0 {
                cx.catalog.push(Change::PutRelation(database.oid, Arc::new(changed)), cx.txn);
            }
        }
    }
}

pub(super) async fn drop(statement: &DropRoleStmt, cx: &DdlContext<'_>) -> Result<String> {
    if !privileges::is_superuser(cx) && !by_oid(cx.env.current_role(), cx).create_role {
        let message = "permission denied to drop role";
        return Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message));
    }
    let specs: Vec<_> = statement
        .roles()
        .iter()
        .filter_map(|node| match node {
            Node::RoleSpec(spec) => Some(spec),
            _ => None,
        })
        .collect();
    for spec in specs {
        if spec.roletype != RoleSpecType::ROLESPEC_CSTRING {
            let message = "cannot use special role specifier in DROP ROLE";
            return Err(PgError::new(code::INVALID_PARAMETER_VALUE, message));
        }
        let name = spec.rolename().unwrap_or_default();
        lock::name(0, name, cx).await?;
        let Some(found) = cx.catalog().role_named(name).cloned() else {
            let message = format!("role \"{name}\" does not exist");
            if statement.missing_ok {
                cx.notice(format!("{message}, skipping"));
                continue;
            }
            return Err(PgError::new(code::UNDEFINED_OBJECT, message));
        };
        check_may_drop(&found, cx)?;
        remove(&found, cx);
    }
    Ok("DROP ROLE".to_owned())
}

fn check_may_drop(role: &Role, cx: &DdlContext<'_>) -> Result<()> {
    if role.oid == cx.env.current_role() {
        return Err(PgError::new(code::OBJECT_IN_USE, "current user cannot be dropped"));
    }
    if role.oid == cx.env.session_role() {
        return Err(PgError::new(code::OBJECT_IN_USE, "session user cannot be dropped"));
    }
    let messages = ("must be superuser to drop superusers", "permission denied to drop role");
    require_over(role, messages.0, messages.1, cx)?;
    if role.oid < crate::catalog::FIRST_USER_OID {
        let message =
            format!("cannot drop role {} because it is required by the database system", role.name);
        return Err(PgError::new(code::DEPENDENT_OBJECTS_STILL_EXIST, message));
    }
    let dependents = dependents(role, cx)?;
    if dependents.is_empty() {
        return Ok(());
    }
    let name = &role.name;
    let message = format!("role \"{name}\" cannot be dropped because some objects depend on it");
    Err(PgError::new(code::DEPENDENT_OBJECTS_STILL_EXIST, message).detail(dependents.join("\n")))
}

/// What keeps a role from being dropped, as the error's detail lists it.
fn dependents(role: &Role, cx: &DdlContext<'_>) -> Result<Vec<String>> {
    use crate::catalog::depend::{Object, describe};
    let (catalog, path) = (cx.catalog(), cx.env.search_path());
    let named = |items: &Option<Vec<String>>| {
        items.iter().flatten().any(|item| acl::parts(item).0.as_deref() == Some(role.name.as_str()))
    };
    // With the objects' OIDs, whose order the lines have in the end.
    let mut lines = Vec::new();
    let line = |owner: u32, acl: &Option<Vec<String>>, oid: u32, what: &dyn Fn() -> String| {
        if owner == role.oid {
            Some((oid, format!("owner of {}", what())))
        } else {
            named(acl).then(|| (oid, format!("privileges for {}", what())))
        }
    };
    for database in catalog.databases() {
        let what = || format!("database {}", database.name);
        lines.extend(line(database.owner, &database.acl, database.oid, &what));
    }
    for namespace in catalog.namespaces() {
        let what = || describe(&catalog, Object::Namespace(namespace.oid), path);
        lines.extend(line(namespace.owner, &namespace.acl, namespace.oid, &what));
    }
    for relation in catalog.relations().filter(|r| r.index.is_none()) {
        let what = || describe(&catalog, Object::Relation(relation.oid), path);
        lines.extend(line(relation.owner, &relation.acl, relation.oid, &what));
        for column in relation.columns.iter().filter(|column| named(&column.acl)) {
            let object = Object::Column(relation.oid, column.attno);
            let what = describe(&catalog, object, path);
            lines.push((relation.oid, format!("privileges for {what}")));
        }
    }
    for table in catalog.relations() {
        let policies = table.row_security.policies.iter();
        for policy in policies.filter(|policy| policy.roles.contains(&role.oid)) {
            let what = describe(&catalog, Object::Policy(table.oid, policy.oid), path);
            lines.push((policy.oid, format!("target of {what}")));
        }
    }
    for found in catalog.user_types() {
        let what = || describe(&catalog, Object::Type(found.oid), path);
        lines.extend(line(found.owner, &found.acl, found.oid, &what));
    }
    for found in catalog.functions() {
        let what = || describe(&catalog, Object::Function(found.proc.oid), path);
        lines.extend(line(found.owner, &found.acl, found.proc.oid, &what));
    }
    for found in catalog.extensions() {
        let what = || describe(&catalog, Object::Extension(found.oid), path);
        lines.extend(line(found.owner, &None, found.oid, &what));
    }
    for made in catalog.user_operators() {
        let what = || describe(&catalog, Object::Operator(made.operator.oid), path);
        lines.extend(line(made.owner, &None, made.operator.oid, &what));
    }
    for made in catalog.user_collations() {
        let what = || describe(&catalog, Object::Collation(made.collation.oid), path);
        lines.extend(line(made.owner, &None, made.collation.oid, &what));
    }
    for found in catalog.default_acls() {
        let what = || super::default_privileges::describe(found, cx);
        lines.extend(line(found.role, &Some(found.acl.clone()), found.oid, &what));
    }
    for object in super::large_object::all(cx)? {
        let what = || format!("large object {}", object.oid);
        lines.extend(line(object.owner, &object.acl, object.oid, &what));
    }
    for table in user_rows::tables(&catalog) {
        if user_rows::exist(table, role.oid, cx)? {
            let what = describe(&catalog, Object::Relation(table.oid), path);
            lines.push((table.oid, format!("rows of {what}")));
        }
    }
    lines.sort_by_key(|(oid, _)| *oid);
    Ok(lines.into_iter().map(|(_, line)| line).collect())
}

/// Removes a role and its memberships.
fn remove(role: &Role, cx: &DdlContext<'_>) {
    for member in cx.catalog().roles().filter(|r| r.member_of.contains_key(&role.oid)) {
        let mut member = (**member).clone();
        member.member_of.remove(&role.oid);
        put(member, cx);
    }
    cx.catalog.push(Change::Remove(ObjectKey::Role(role.oid)), cx.txn);
}

/// GRANT role TO role, REVOKE role FROM role.
pub(super) fn grant(statement: &GrantRoleStmt, cx: &DdlContext<'_>) -> Result<String> {
    let tag = if statement.is_grant { "GRANT ROLE" } else { "REVOKE ROLE" };
    // REVOKE's ADMIN OPTION FOR is written as the option being false.
    let admin = match statement.is_grant {
        true => has_admin_option(statement.opt())?,
        false => !statement.opt().is_empty(),
    };
    for node in statement.granted_roles() {
        let Node::AccessPriv(granted) = node else { continue };
        let granted = get(granted.priv_name().unwrap_or_default(), cx)?;
        check_may_grant(&granted, cx)?;
        for node in statement.grantee_roles() {
            let Node::RoleSpec(spec) = node else { continue };
            let member = by_oid(role_spec::get(spec, cx)?, cx);
            match statement.is_grant {
                true => add_member(&granted, &member, admin, cx)?,
                false => remove_member(&granted, &member, admin, cx),
            }
        }
    }
    Ok(tag.to_owned())
}

fn has_admin_option(list: &NodeList) -> Result<bool> {
    let mut admin = false;
    for node in list {
        let Node::DefElem(element) = node else { continue };
        match element.defname() {
            Some("admin") => admin = options::boolean("admin", element.arg())?,
            // PostgreSQL 16's INHERIT and SET.
            _ => return Err(PgError::unsupported("this grant option")),
        }
    }
    Ok(admin)
}

fn check_may_grant(granted: &Role, cx: &DdlContext<'_>) -> Result<()> {
    let current = by_oid(cx.env.current_role(), cx);
    let may = current.superuser
        || (current.create_role && !granted.superuser)
        || current.member_of.get(&granted.oid) == Some(&true);
    match may {
        true => Ok(()),
        false => {
            let message = format!("must have admin option on role \"{}\"", granted.name);
            Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message))
        }
    }
}

fn add_member(granted: &Role, member: &Role, admin: bool, cx: &DdlContext<'_>) -> Result<()> {
    let circular = granted.oid == member.oid || reaches(granted.oid, member.oid, cx);
    if circular {
        let (a, b) = (&granted.name, &member.name);
        let message = format!("role \"{a}\" is a member of role \"{b}\"");
        return Err(PgError::new(code::INVALID_GRANT_OPERATION, message));
    }
    let before = member.member_of.get(&granted.oid).copied();
    if before.is_some_and(|had| had || !admin) {
        let (a, b) = (&member.name, &granted.name);
        cx.notice(format!("role \"{a}\" is already a member of role \"{b}\""));
        return Ok(());
    }
    let mut member = member.clone();
    member.member_of.insert(granted.oid, admin);
    put(member, cx);
    Ok(())
}

/// Whether `from` is a member of `to`, not counting what superusers may do.
fn reaches(from: u32, to: u32, cx: &DdlContext<'_>) -> bool {
    let catalog = cx.catalog();
    let mut queue = vec![from];
    let mut seen = Vec::new();
    while let Some(next) = queue.pop() {
        if next == to {
            return true;
        }
        if !seen.contains(&next) {
            seen.push(next);
            queue.extend(catalog.role(next).into_iter().flat_map(|r| r.member_of.keys().copied()));
        }
    }
    false
}

fn remove_member(granted: &Role, member: &Role, admin_only: bool, cx: &DdlContext<'_>) {
    if !member.member_of.contains_key(&granted.oid) {
        let (a, b) = (&member.name, &granted.name);
        let message = format!("role \"{a}\" is not a member of role \"{b}\"");
        (cx.notice)(PgError::new(code::WARNING, message));
        return;
    }
    let mut member = member.clone();
    match admin_only {
        true => member.member_of.insert(granted.oid, false),
        false => member.member_of.remove(&granted.oid),
    };
    put(member, cx);
}

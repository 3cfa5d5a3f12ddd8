//! CREATE SCHEMA.

use super::{DdlContext, lock, privileges, role_spec};
use crate::catalog::{DefaultAclKind, Namespace, acl};
use crate::error::{PgError, Result, code};
use pg_raw_parse::nodes::CreateSchemaStmt;

const TAG: &str = "CREATE SCHEMA";

pub(super) async fn execute(statement: &CreateSchemaStmt, cx: &DdlContext<'_>) -> Result<String> {
    let catalog = cx.catalog();
    let owner = match statement.authrole() {
        Some(spec) => role_spec::get(spec, cx)?,
        None => cx.env.current_role(),
    };
    let name = match statement.schemaname() {
        Some(name) => name.to_owned(),
        None => acl::role_name(&catalog, owner),
    };
    check_may_create(&catalog, cx)?;
    if !privileges::is_superuser(cx) && !acl::is_member_of(&catalog, cx.env.current_role(), owner) {
        let message = format!("must be member of role \"{}\"", acl::role_name(&catalog, owner));
        return Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message));
    }
    check_reserved(&name)?;
    lock::name(0, &name, cx).await?;
    if cx.catalog().namespace_named(&name).is_some() {
        let message = format!("schema \"{name}\" already exists");
        if statement.if_not_exists {
            (cx.notice)(PgError::new(code::DUPLICATE_SCHEMA, format!("{message}, skipping")));
            return Ok(TAG.to_owned());
        }
        return Err(PgError::new(code::DUPLICATE_SCHEMA, message));
    }
    let oid = cx.catalog.new_oid()?;
    let acl = cx.catalog().default_acl(DefaultAclKind::Schema, owner, 0);
    let namespace = Namespace { oid, name, owner, comment: None, acl };
    cx.catalog.put_namespace(namespace.clone(), cx.txn);
    super::schema_elements::create(statement.schema_elts(), &namespace, cx).await?;
    Ok(TAG.to_owned())
}

/// Names that start with `pg_` are the system's.
pub(super) fn check_reserved(name: &str) -> Result<()> {
    if name.starts_with("pg_") {
        let message = format!("unacceptable schema name \"{name}\"");
        return Err(PgError::new(code::RESERVED_NAME, message)
            .detail("The prefix \"pg_\" is reserved for system schemas."));
    }
    Ok(())
}

/// 42501 unless the current role may create in the database.
pub(super) fn check_may_create(
    catalog: &crate::catalog::Catalog,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let Some(database) = catalog.database(cx.catalog.database()) else { return Ok(()) };
    let role = cx.env.current_role();
    let granted = database.acl.as_ref().is_some_and(|items| acl::allows(catalog, items, role, 'C'));
    if granted || privileges::is_owner(catalog, role, database.owner) {
        return Ok(());
    }
    let message = format!("permission denied for database {}", database.name);
    Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message))
}

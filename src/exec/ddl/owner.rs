//! ALTER … OWNER TO, where it is not a form of ALTER TABLE.

use super::names::{find_namespace, missing_schema};
use super::{DdlContext, privileges, role_spec};
use crate::catalog::{Change, Database, Namespace, acl};
use crate::error::{PgError, Result, code};
use pg_raw_parse::Node;
use pg_raw_parse::nodes::AlterOwnerStmt;
use pg_raw_parse::raw::ObjectType;
use std::sync::Arc;

pub(super) async fn execute(statement: &AlterOwnerStmt, cx: &DdlContext<'_>) -> Result<String> {
    let owner = role_spec::get(statement.newowner().expect("OWNER TO names a role"), cx)?;
    let name = match statement.object() {
        Node::String(s) => s.sval().unwrap_or_default(),
        _ => "",
    };
    let catalog = cx.catalog();
    if !acl::is_member_of(&catalog, cx.env.current_role(), owner) {
        let message = format!("must be member of role \"{}\"", acl::role_name(&catalog, owner));
        return Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message));
    }
    match statement.object_type {
        ObjectType::OBJECT_SCHEMA => {
            let found = find_namespace(&catalog, name, cx).ok_or_else(|| missing_schema(name))?;
            privileges::namespace_owner(found, cx)?;
            let (old, new) =
                (acl::role_name(&catalog, found.owner), acl::role_name(&catalog, owner));
            let acl = found.acl.as_ref().map(|items| acl::with_owner(items, &old, &new));
            super::rename::put_namespace(Namespace { owner, acl, ..(**found).clone() }, cx);
            Ok("ALTER SCHEMA".to_owned())
        }
        ObjectType::OBJECT_DATABASE => {
            let found = super::database::get(name, cx)?;
            super::database::check_owner(&found, cx)?;
            let (old, new) =
                (acl::role_name(&catalog, found.owner), acl::role_name(&catalog, owner));
            let acl = found.acl.as_ref().map(|items| acl::with_owner(items, &old, &new));
            let changed = Database { owner, acl, ..(*found).clone() };
            cx.catalog.push(Change::PutDatabase(Arc::new(changed)), cx.txn);
            Ok("ALTER DATABASE".to_owned())
        }
        kind @ (ObjectType::OBJECT_TYPE | ObjectType::OBJECT_DOMAIN) => {
            super::types::owner(statement.object(), kind, owner, cx).await
        }
        kind @ (ObjectType::OBJECT_FUNCTION
        | ObjectType::OBJECT_PROCEDURE
        | ObjectType::OBJECT_ROUTINE
        | ObjectType::OBJECT_AGGREGATE) => {
            super::routine::owner(statement.object(), kind, owner, cx)
        }
        ObjectType::OBJECT_OPERATOR => super::operator::owner(statement.object(), owner, cx),
        ObjectType::OBJECT_COLLATION => super::collation::owner(statement.object(), owner, cx),
        ObjectType::OBJECT_LARGEOBJECT => {
            super::large_object::owner(statement.object(), owner, cx).await
        }
        _ => Err(PgError::unsupported("OWNER TO of this kind of object")),
    }
}

//! Temporary relations live in a schema of their session: `pg_temp_n`.

use super::DdlContext;
use crate::catalog::{Namespace, builtin};
use crate::error::Result;
use std::sync::Arc;

/// The name of the session's temporary schema.
pub(super) fn schema_name(cx: &DdlContext<'_>) -> String {
    super::on_commit::schema_name(cx.txn.session())
}

/// The session's temporary schema, made if this is its first temporary relation.
pub(super) fn namespace(cx: &DdlContext<'_>) -> Result<Arc<Namespace>> {
    let name = schema_name(cx);
    if let Some(found) = cx.catalog().namespace_named(&name) {
        return Ok(found.clone());
    }
    let namespace = Namespace {
        oid: cx.catalog.new_oid()?,
        name,
        owner: builtin::oid::SUPERUSER,
        comment: None,
        acl: None,
    };
    cx.catalog.put_namespace(namespace.clone(), cx.txn);
    Ok(Arc::new(namespace))
}

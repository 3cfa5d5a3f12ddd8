//! system.namespaces: schemas that are no system's.

use super::int8;
use crate::catalog::pg_catalog::{Context, Row, values};
use crate::catalog::{Catalog, acl, builtin, is_temporary};
use crate::types::{Oid, oids};

pub(super) const COLUMNS: &[(&str, Oid)] =
    &[("name", oids::NAME), ("owner", oids::NAME), ("tables", oids::INT8), ("comment", oids::TEXT)];

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    let is_users = |oid: Oid| !Catalog::is_system(oid) || oid == builtin::oid::PUBLIC;
    let namespaces = cx.catalog.namespaces().filter(|n| is_users(n.oid) && !is_temporary(n));
    let mine = namespaces.filter(|n| acl::has_privileges_of(cx.catalog, cx.role, n.owner));
    mine.map(|namespace| {
        let tables = cx.catalog.relations_in(namespace.oid).filter(|r| r.kind.has_rows());
        vec![
            values::text(&namespace.name),
            values::text(&acl::role_name(cx.catalog, namespace.owner)),
            int8(tables.count() as u64),
            values::text_or_null(namespace.comment.as_deref()),
        ]
    })
    .collect()
}

//! The schemas that unqualified names are looked up in (manual, 5.9.3 "The Schema Search Path").

use super::backend::Backend;
use super::settings::Settings;
use crate::catalog::Catalog;
use crate::catalog::builtin::oid::PG_CATALOG;
use crate::functions::{privileges, split_identifiers};
use crate::types::Oid;
use std::sync::Arc;

/// The existing schemas of `search_path` that the role may use, in order. Those it does not name come first: the session's
/// temporary schema, then pg_catalog.
pub(super) fn resolve(
    settings: &Settings,
    catalog: &Catalog,
    role: Oid,
    backend: &Backend,
) -> Arc<[Oid]> {
    of_text(&settings.get("search_path").unwrap_or_default(), catalog, role, backend)
}

/// The same of a path that a function's SET clause gives.
pub(super) fn of_text(text: &str, catalog: &Catalog, role: Oid, backend: &Backend) -> Arc<[Oid]> {
    let temporary = catalog.namespace_named(&format!("pg_temp_{}", backend.pid)).map(|n| n.oid);
    let mut path = Vec::new();
    for name in split_identifiers(text).unwrap_or_default() {
        let found = match name.as_str() {
            "$user" => {
                catalog.role(role).and_then(|r| catalog.namespace_named(&r.name)).map(|n| n.oid)
            }
            "pg_temp" => temporary,
            name => catalog.namespace_named(name).map(|n| n.oid),
        };
        let usable = |oid: &Oid| {
            let schema = catalog.namespace(*oid);
            !path.contains(oid) && schema.is_some_and(|s| privileges::may_use(catalog, role, s))
        };
        path.extend(found.filter(usable));
    }
    if !path.contains(&PG_CATALOG) {
        path.insert(0, PG_CATALOG);
    }
    if let Some(temporary) = temporary.filter(|oid| !path.contains(oid)) {
        path.insert(0, temporary);
    }
    path.into()
}

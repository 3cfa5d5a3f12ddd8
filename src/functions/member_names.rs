//! Descriptions of objects of kinds that users cannot make and extensions have: operator classes and
//! families, casts, dictionaries and their templates (`getObjectDescription`; psql's `\dx+` shows them).

use super::quote::quote_qualified;
use super::{Env, reg, visibility};
use crate::catalog::builtin;
use crate::types::Oid;

/// The catalogs, as `classid` of pg_depend.
mod class {
    use super::Oid;

    pub const CAST: Oid = 2605;
    pub const OPCLASS: Oid = 2616;
    pub const OPFAMILY: Oid = 2753;
    pub const TS_DICT: Oid = 3600;
    pub const TS_TEMPLATE: Oid = 3764;
}

/// `None`: the catalog is another, or has no such object.
pub(super) fn described(env: &dyn Env, of_class: Oid, oid: Oid) -> Option<String> {
    match of_class {
        class::CAST => {
            let cast = builtin::cast_with_oid(oid)?;
            let name = |oid| reg::format_type(env, oid, None).unwrap_or_default();
            Some(format!("cast from {} to {}", name(cast.source), name(cast.target)))
        }
        class::OPCLASS => {
            let found = builtin::opclass(oid)?;
            let name = named(env, found.namespace, found.name);
            Some(format!("operator class {name} for access method {}", method(found.method)))
        }
        class::OPFAMILY => {
            let found = builtin::opfamily(oid)?;
            let name = named(env, found.namespace, found.name);
            Some(format!("operator family {name} for access method {}", method(found.method)))
        }
        class::TS_DICT => text_search(env, "pg_ts_dict", "dict", oid)
            .map(|name| format!("text search dictionary {name}")),
        class::TS_TEMPLATE => text_search(env, "pg_ts_template", "tmpl", oid)
            .map(|name| format!("text search template {name}")),
        _ => None,
    }
}

fn method(oid: Oid) -> &'static str {
    builtin::access_method(oid).map_or("", |method| method.name)
}

/// A name, qualified unless the search path has its schema.
fn named(env: &dyn Env, namespace: Oid, name: &str) -> String {
    let namespace = env.catalog().schema_of(namespace);
    let schema = env.catalog().namespace(namespace);
    let schema = schema.filter(|_| !visibility::in_path(env, namespace));
    quote_qualified(schema.map(|schema| schema.name.as_str()), name)
}

fn text_search(env: &dyn Env, catalog: &str, prefix: &str, oid: Oid) -> Option<String> {
    let mut rows = match env.catalog().extension_of_member(oid) {
        Some(extension) => builtin::raw_rows_of_extension(catalog, extension.facts())?,
        None => builtin::raw_rows(catalog)?,
    };
    while rows.advance() {
        if rows.oid("oid") == oid {
            let namespace = rows.oid(&format!("{prefix}namespace"));
            return Some(named(env, namespace, rows.text(&format!("{prefix}name"))));
        }
    }
    None
}

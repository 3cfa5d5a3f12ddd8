//! `regdictionary` and `regconfig`: dictionaries and configurations of text search by name. Users cannot
//! make any; extensions bring some.

use super::super::quote::{qualified_name, quote_qualified};
use super::super::{Env, visibility};
use super::type_name::no_schema;
use crate::catalog::builtin::{self, Reader};
use crate::error::{PgError, Result, code};
use crate::types::Oid;
use std::sync::LazyLock;

/// A catalog that has such objects.
pub(super) struct Kind {
    catalog: &'static str,
    name: &'static str,
    namespace: &'static str,
    /// In messages.
    shown: &'static str,
}

pub(super) const DICTIONARY: Kind = Kind {
    catalog: "pg_ts_dict",
    name: "dictname",
    namespace: "dictnamespace",
    shown: "text search dictionary",
};

pub(super) const CONFIGURATION: Kind = Kind {
    catalog: "pg_ts_config",
    name: "cfgname",
    namespace: "cfgnamespace",
    shown: "text search configuration",
};

/// OID, name and schema of each that there is.
fn all(env: &dyn Env, kind: &Kind) -> Vec<(Oid, &'static str, Oid)> {
    let catalog = env.catalog();
    let of_extensions = catalog
        .extensions()
        .filter_map(|extension| builtin::raw_rows_of_extension(kind.catalog, extension.facts()));
    let readers: Vec<Reader> =
        builtin::raw_rows(kind.catalog).into_iter().chain(of_extensions).collect();
    let mut found = Vec::new();
    for mut reader in readers {
        while reader.advance() {
            let namespace = catalog.schema_of(reader.oid(kind.namespace));
            found.push((reader.oid("oid"), reader.text(kind.name), namespace));
        }
    }
    found
}

/// The one of a possibly qualified name.
pub(super) fn find(env: &dyn Env, kind: &Kind, text: &str) -> Result<Oid> {
    let parts = qualified_name(text)?;
    let (path, name) = match parts.as_slice() {
        [name] => (env.search_path().to_vec(), name),
        [schema, name] => {
            let schema = env.catalog().namespace_named(schema).ok_or_else(|| no_schema(schema))?;
            (vec![schema.oid], name)
        }
        _ => return Err(PgError::new(code::INVALID_NAME, "invalid name syntax")),
    };
    let all = all(env, kind);
    let in_schema = |schema: &Oid| all.iter().find(|(_, n, of)| n == name && of == schema);
    path.iter().find_map(in_schema).map(|(oid, ..)| *oid).ok_or_else(|| {
        let message = format!("{} \"{text}\" does not exist", kind.shown);
        PgError::new(code::UNDEFINED_OBJECT, message)
    })
}

/// The name of an OID, qualified where the search path does not find it.
pub(super) fn name(env: &dyn Env, kind: &Kind, oid: Oid) -> Option<String> {
    let (_, name, namespace) = all(env, kind).into_iter().find(|(found, ..)| *found == oid)?;
    let schema = env.catalog().namespace(namespace);
    let schema = schema.filter(|schema| !visibility::in_path(env, schema.oid));
    Some(quote_qualified(schema.map(|schema| schema.name.as_str()), name))
}

type Names = Vec<(Oid, &'static str)>;

fn built_in(kind: &Kind) -> Names {
    let mut rows = builtin::raw_rows(kind.catalog).expect("an exported catalog");
    std::iter::from_fn(|| rows.advance().then(|| (rows.oid("oid"), rows.text(kind.name)))).collect()
}

static CONFIGURATIONS: LazyLock<Names> = LazyLock::new(|| built_in(&CONFIGURATION));
static DICTIONARIES: LazyLock<Names> = LazyLock::new(|| built_in(&DICTIONARY));

fn name_in(names: &Names, oid: Oid) -> Option<&'static str> {
    names.iter().find(|(found, _)| *found == oid).map(|(_, name)| *name)
}

/// The bare name of one of PostgreSQL's own configurations.
pub fn configuration_name(oid: Oid) -> Option<&'static str> {
    name_in(&CONFIGURATIONS, oid)
}

/// The bare name of one of PostgreSQL's own dictionaries.
pub fn dictionary_name(oid: Oid) -> Option<&'static str> {
    name_in(&DICTIONARIES, oid)
}

/// The full name of the configuration that a setting names.
pub fn configuration_named(text: &str) -> Option<String> {
    let parts = qualified_name(text).ok()?;
    let name = match parts.as_slice() {
        [name] => name,
        [schema, name] if schema == "pg_catalog" => name,
        _ => return None,
    };
    let found = CONFIGURATIONS.iter().find(|(_, found)| found == name);
    found.map(|(_, name)| format!("pg_catalog.{name}"))
}

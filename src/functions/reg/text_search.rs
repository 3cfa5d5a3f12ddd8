//! Configurations and dictionaries of text search by name. All are built in.

use super::super::Env;
use super::super::quote::qualified_name;
use super::type_name::no_schema;
use crate::catalog::builtin;
use crate::error::{PgError, Result, code};
use crate::types::{Oid, oids};
use std::sync::LazyLock;

type Names = Vec<(Oid, &'static str)>;

fn names(catalog: &str, column: &str) -> Names {
    let mut rows = builtin::raw_rows(catalog).expect("an exported catalog");
    std::iter::from_fn(|| rows.advance().then(|| (rows.oid("oid"), rows.text(column)))).collect()
}

/// The objects of `regconfig` or `regdictionary`.
fn all(type_oid: Oid) -> &'static Names {
    static CONFIGURATIONS: LazyLock<Names> = LazyLock::new(|| names("pg_ts_config", "cfgname"));
    static DICTIONARIES: LazyLock<Names> = LazyLock::new(|| names("pg_ts_dict", "dictname"));
    if type_oid == oids::REGCONFIG { &CONFIGURATIONS } else { &DICTIONARIES }
}

/// The name of a configuration or dictionary.
pub(in super::super) fn name(type_oid: Oid, oid: Oid) -> Option<&'static str> {
    all(type_oid).iter().find(|(found, _)| *found == oid).map(|(_, name)| *name)
}

/// The configuration or dictionary of a name, with or without its schema.
pub(in super::super) fn input(env: &dyn Env, type_oid: Oid, text: &str) -> Result<Oid> {
    let parts = qualified_name(text)?;
    let (schema, wanted) = match parts.as_slice() {
        [name] => ("pg_catalog", name),
        [schema, name] => (schema.as_str(), name),
        _ => {
            let message = "improper qualified name (too many dotted names)";
            let message = format!("{message}: {}", parts.join("."));
            return Err(PgError::new(code::SYNTAX_ERROR, message));
        }
    };
    if env.catalog().namespace_named(schema).is_none() {
        return Err(no_schema(schema));
    }
    let found = all(type_oid).iter().find(|(_, name)| schema == "pg_catalog" && name == wanted);
    found.map(|(oid, _)| *oid).ok_or_else(|| {
        let what = if type_oid == oids::REGCONFIG { "configuration" } else { "dictionary" };
        let message = format!("text search {what} \"{}\" does not exist", parts.join("."));
        PgError::new(code::UNDEFINED_OBJECT, message)
    })
}

/// The full name of the configuration that a setting names.
pub fn configuration_named(text: &str) -> Option<String> {
    let parts = qualified_name(text).ok()?;
    let name = match parts.as_slice() {
        [name] => name,
        [schema, name] if schema == "pg_catalog" => name,
        _ => return None,
    };
    let found = all(oids::REGCONFIG).iter().find(|(_, found)| found == name);
    found.map(|(_, name)| format!("pg_catalog.{name}"))
}

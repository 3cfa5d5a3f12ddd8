//! Functions that definitions of types, operators, aggregates and casts name.

use super::super::DdlContext;
use super::super::names::{RelationName, find_namespace};
use super::signature;
use crate::catalog::Catalog;
use crate::catalog::builtin::Proc;
use crate::error::{PgError, Result, code};
use crate::functions::privileges::require_usage;
use crate::types::Oid;

/// The function of this name with exactly these argument types (`LookupFuncName`), or 42883.
pub(in super::super) fn exact<'c>(
    parts: &[&str],
    types: &[Oid],
    catalog: &'c Catalog,
    cx: &DdlContext<'_>,
) -> Result<&'c Proc> {
    let name = RelationName::of_parts(parts, cx)?;
    let path = match &name.schema {
        Some(schema) => {
            let namespace = find_namespace(catalog, schema, cx).ok_or_else(|| {
                let message = format!("schema \"{schema}\" does not exist");
                PgError::new(code::INVALID_SCHEMA_NAME, message)
            })?;
            require_usage(&**cx.env, catalog, namespace.oid)?;
            vec![namespace.oid]
        }
        None => cx.env.search_path().to_vec(),
    };
    let place = |proc: &&Proc| path.iter().position(|oid| *oid == proc.namespace);
    let same = catalog.procs_named(&name.name).filter(|p| p.arg_types == types);
    let found = same.filter(|proc| place(proc).is_some()).min_by_key(place);
    found.ok_or_else(|| {
        let shown = signature(&parts.join("."), types, catalog, cx);
        PgError::new(code::UNDEFINED_FUNCTION, format!("function {shown} does not exist"))
    })
}

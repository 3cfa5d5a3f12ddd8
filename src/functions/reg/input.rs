//! Objects by name: the input of `reg*` types and the `to_reg*` functions.
//!
//! Input raises an error where there is no such object; `to_reg*` give NULL for that, though not for
//! a name that is malformed.

use super::super::Implementation::{self, Scalar};
use super::super::privileges::require_usage;
use super::super::quote::qualified_name;
use super::super::{Ctx, Env, visibility};
use super::text_search;
use super::type_name::{self, no_schema};
use crate::catalog::{Catalog, builtin};
use crate::error::{PgError, Result, SqlState, code};
use crate::types::{Datum, Oid, oids};

fn missing(state: SqlState, what: &str, name: &str) -> PgError {
    PgError::new(state, format!("{what} \"{name}\" does not exist"))
}

/// Reads the text of a `reg*` type: a name, a number, or `-` for 0.
pub(in super::super) fn input(env: &dyn Env, type_oid: Oid, text: &str) -> Result<Oid> {
    if text == "-" {
        return Ok(0);
    }
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().map_err(|_| {
            let message = format!("value \"{text}\" is out of range for type oid");
            PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, message)
        });
    }
    match type_oid {
        oids::REGCLASS => relation(env, text),
        oids::REGTYPE => type_name::resolve(env, text)?
            .ok_or_else(|| missing(code::UNDEFINED_OBJECT, "type", text)),
        oids::REGPROC => function(env, text),
        oids::REGPROCEDURE => function_with_arguments(env, text),
        oids::REGOPER => operator(env, text),
        oids::REGOPERATOR => operator_with_operands(env, text),
        oids::REGNAMESPACE => namespace(env, text),
        oids::REGROLE => role(env, text),
        oids::REGCOLLATION => collation(env, text),
        oids::REGDICTIONARY => text_search::find(env, &text_search::DICTIONARY, text),
        oids::REGCONFIG => text_search::find(env, &text_search::CONFIGURATION, text),
        _ => Err(PgError::unsupported("input of this object identifier type")),
    }
}

/// The relation of a possibly qualified name.
pub(in super::super) fn relation(env: &dyn Env, text: &str) -> Result<Oid> {
    let parts = qualified_name(text)?;
    let catalog = env.catalog();
    let no_relation = |name: &str| missing(code::UNDEFINED_TABLE, "relation", name);
    let in_schema = |schema: &str, name: &str| {
        let namespace = match schema {
            "pg_temp" => env.session().temp_schema(),
            _ => catalog.namespace_named(schema).map(|n| n.oid),
        };
        let namespace = namespace.ok_or_else(|| no_schema(schema))?;
        require_usage(env, catalog, namespace)?;
        let found = catalog.relation_named(namespace, name).map(|found| found.oid);
        let found = found.or_else(|| builtin::system_class_named(namespace, name));
        found.ok_or_else(|| no_relation(&format!("{schema}.{name}")))
    };
    match parts.as_slice() {
        [name] => visibility::relation_in_path(env, name).ok_or_else(|| no_relation(name)),
        [schema, name] => in_schema(schema, name),
        [database, schema, name] => {
            if catalog.database(env.database()).is_none_or(|d| d.name != *database) {
                let message = "cross-database references are not implemented";
                let message = format!("{message}: \"{database}.{schema}.{name}\"");
                return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
            }
            in_schema(schema, name)
        }
        _ => {
            let message = "improper relation name (too many dotted names)";
            Err(PgError::new(code::SYNTAX_ERROR, format!("{message}: {}", parts.join("."))))
        }
    }
}

/// The name of a built-in object whose schema, if given, must be `pg_catalog` (or, for functions,
/// another system schema).
fn unqualified(text: &str) -> Result<(Option<String>, String)> {
    let mut parts = qualified_name(text)?;
    let name = parts.pop().unwrap_or_default();
    match parts.len() {
        0 | 1 => Ok((parts.pop(), name)),
        _ => Err(PgError::new(code::INVALID_NAME, "invalid name syntax")),
    }
}

/// The functions of a name, in the given schema or those of the search path.
fn functions_named<'e>(env: &'e dyn Env, text: &str) -> Result<Vec<&'e builtin::Proc>> {
    let (schema, name) = unqualified(text)?;
    let catalog = env.catalog();
    let path = match &schema {
        Some(schema) => vec![catalog.namespace_named(schema).map_or(0, |n| n.oid)],
        None => env.search_path().to_vec(),
    };
    let mut found: Vec<&builtin::Proc> = Vec::new();
    for namespace in path {
        for proc in
            catalog.procs_named(&name).filter(|p| catalog.schema_of(p.namespace) == namespace)
        {
            // Earlier schemas hide what has the same arguments.
            if found.iter().all(|other| other.arg_types != proc.arg_types) {
                found.push(proc);
            }
        }
    }
    Ok(found)
}

/// The only one; `ambiguous` where there are several.
fn only<T>(mut found: Vec<T>, none: PgError, ambiguous: PgError) -> Result<T> {
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(none),
        _ => Err(ambiguous),
    }
}

fn function(env: &dyn Env, text: &str) -> Result<Oid> {
    let ambiguous = format!("more than one function named \"{text}\"");
    let found = only(
        functions_named(env, text)?,
        missing(code::UNDEFINED_FUNCTION, "function", text),
        PgError::new(code::AMBIGUOUS_FUNCTION, ambiguous),
    )?;
    Ok(found.oid)
}

/// `name(types)` as name and list.
fn with_list(text: &str) -> Result<(&str, &str)> {
    let expected = |side: &str| {
        let message = format!("expected a {side} parenthesis");
        PgError::new(code::INVALID_TEXT_REPRESENTATION, message)
    };
    let open = text.find('(').ok_or_else(|| expected("left"))?;
    let list = text[open + 1..].trim_end();
    Ok((&text[..open], list.strip_suffix(')').ok_or_else(|| expected("right"))?))
}

fn function_with_arguments(env: &dyn Env, text: &str) -> Result<Oid> {
    let (name, list) = with_list(text)?;
    let arguments: Vec<Oid> =
        type_name::list(env, list)?.into_iter().map(Option::unwrap_or_default).collect();
    let found = functions_named(env, name)?.into_iter().find(|p| p.arg_types == arguments);
    found.map(|p| p.oid).ok_or_else(|| missing(code::UNDEFINED_FUNCTION, "function", text))
}

/// The schemas that an operator's text means, and its name, which needs no quotes.
fn operator_path<'t>(env: &dyn Env, text: &'t str) -> Result<(Vec<Oid>, &'t str)> {
    let text = text.trim();
    // A point is no operator's character.
    match text.rsplit_once('.') {
        None => Ok((env.search_path().to_vec(), text)),
        Some((schema, name)) => {
            let schema = single_name(schema)?;
            let found = env.catalog().namespace_named(&schema);
            Ok((vec![found.ok_or_else(|| no_schema(&schema))?.oid], name))
        }
    }
}

fn no_operator(text: &str) -> PgError {
    PgError::new(code::UNDEFINED_FUNCTION, format!("operator does not exist: {text}"))
}

fn operator(env: &dyn Env, text: &str) -> Result<Oid> {
    let ambiguous = format!("more than one operator named {text}");
    let (path, name) = operator_path(env, text)?;
    let catalog = env.catalog();
    let seen = |o: &&builtin::Operator| {
        let first = catalog.operator_in_path(&path, name, o.left, o.right);
        first.is_some_and(|first| first.oid == o.oid)
    };
    let found = catalog.operators_named(name).filter(seen).collect();
    let ambiguous = PgError::new(code::AMBIGUOUS_FUNCTION, ambiguous);
    only(found, no_operator(text), ambiguous).map(|o: &builtin::Operator| o.oid)
}

fn operator_with_operands(env: &dyn Env, text: &str) -> Result<Oid> {
    let (name, list) = with_list(text)?;
    let (left, right) = match type_name::list(env, list)?.as_slice() {
        [left, right] => (left.unwrap_or_default(), right.unwrap_or_default()),
        [_] => {
            return Err(PgError::new(code::UNDEFINED_PARAMETER, "missing argument")
                .hint("Use NONE to denote the missing argument of a unary operator."));
        }
        _ => {
            return Err(PgError::new(code::TOO_MANY_ARGUMENTS, "too many arguments")
                .hint("Provide two argument types for operator."));
        }
    };
    let (path, name) = operator_path(env, name)?;
    let found = env.catalog().operator_in_path(&path, name, left, right);
    found.map(|o| o.oid).ok_or_else(|| no_operator(text))
}

fn single_name(text: &str) -> Result<String> {
    match unqualified(text)? {
        (None, name) => Ok(name),
        (Some(_), _) => Err(PgError::new(code::INVALID_NAME, "invalid name syntax")),
    }
}

fn namespace(env: &dyn Env, text: &str) -> Result<Oid> {
    let name = single_name(text)?;
    env.catalog().namespace_named(&name).map(|n| n.oid).ok_or_else(|| no_schema(&name))
}

fn role(env: &dyn Env, text: &str) -> Result<Oid> {
    let name = single_name(text)?;
    let found = env.catalog().role_named(&name).map(|r| r.oid);
    found.ok_or_else(|| missing(code::UNDEFINED_OBJECT, "role", &name))
}

fn collation(env: &dyn Env, text: &str) -> Result<Oid> {
    let (schema, name) = unqualified(text)?;
    let catalog = env.catalog();
    let found = match &schema {
        Some(schema) => {
            let namespace = catalog.namespace_named(schema).ok_or_else(|| no_schema(schema))?;
            catalog.collation_named(namespace.oid, &name)
        }
        None => catalog.collation_in_path(env.search_path(), &name),
    };
    found.map(|found| found.oid).ok_or_else(|| Catalog::no_collation(text))
}

/// `to_reg*`: NULL for an object, or a schema, that does not exist or is ambiguous. Numbers are not
/// names here.
fn to_reg(ctx: &Ctx<'_>, type_oid: Oid, text: &str) -> Result<Datum> {
    match input(ctx.env, type_oid, text) {
        Ok(oid) => Ok(Datum::Oid(oid)),
        Err(e) if NOT_FOUND.contains(&e.code()) => Ok(Datum::Null),
        Err(e) => Err(e),
    }
}

const NOT_FOUND: [SqlState; 5] = [
    code::UNDEFINED_TABLE,
    code::UNDEFINED_OBJECT,
    code::UNDEFINED_FUNCTION,
    code::AMBIGUOUS_FUNCTION,
    code::INVALID_SCHEMA_NAME,
];

pub(in super::super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("text_regclass", Scalar(|c, a| relation(c.env, a[0].as_text()).map(Datum::Oid))),
    ("to_regclass", Scalar(|c, a| to_reg(c, oids::REGCLASS, a[0].as_text()))),
    ("to_regtype", Scalar(|c, a| to_reg(c, oids::REGTYPE, a[0].as_text()))),
    ("to_regproc", Scalar(|c, a| to_reg(c, oids::REGPROC, a[0].as_text()))),
    ("to_regprocedure", Scalar(|c, a| to_reg(c, oids::REGPROCEDURE, a[0].as_text()))),
    ("to_regoper", Scalar(|c, a| to_reg(c, oids::REGOPER, a[0].as_text()))),
    ("to_regoperator", Scalar(|c, a| to_reg(c, oids::REGOPERATOR, a[0].as_text()))),
    ("to_regnamespace", Scalar(|c, a| to_reg(c, oids::REGNAMESPACE, a[0].as_text()))),
    ("to_regrole", Scalar(|c, a| to_reg(c, oids::REGROLE, a[0].as_text()))),
    ("to_regcollation", Scalar(|c, a| to_reg(c, oids::REGCOLLATION, a[0].as_text()))),
];

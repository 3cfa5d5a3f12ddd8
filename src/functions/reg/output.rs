//! Names of objects by OID.

use super::super::quote::{quote_identifier, quote_qualified};
use super::super::{Env, visibility};
use super::text_search;
use crate::catalog::builtin::{self, Operator};
use crate::types::{self, Oid, oids};

/// The text of a `reg*` value.
pub(in super::super) fn output(env: &dyn Env, type_oid: Oid, oid: Oid) -> String {
    if oid == 0 {
        // No operator is a number, unlike nothing else.
        let is_operator = matches!(type_oid, oids::REGOPER | oids::REGOPERATOR);
        return if is_operator { "0" } else { "-" }.to_owned();
    }
    let name = match type_oid {
        oids::REGCLASS => relation(env, oid),
        oids::REGTYPE => format_type(env, oid, None),
        oids::REGPROC => function(env, oid),
        oids::REGPROCEDURE => function_with_arguments(env, oid),
        oids::REGOPER => operator(env, oid),
        oids::REGOPERATOR => operator_with_operands(env, oid),
        oids::REGNAMESPACE => {
            env.catalog().namespace(oid).map(|n| quote_identifier(&n.name).into_owned())
        }
        oids::REGROLE => env.catalog().role(oid).map(|r| quote_identifier(&r.name).into_owned()),
        oids::REGCOLLATION => {
            let found = env.catalog().collation(oid);
            let visible = visibility::collation(env, oid).unwrap_or(false);
            found.map(|c| named(env, c.namespace, &c.name, visible))
        }
        oids::REGDICTIONARY => text_search::name(env, &text_search::DICTIONARY, oid),
        oids::REGCONFIG => text_search::name(env, &text_search::CONFIGURATION, oid),
        _ => None,
    };
    name.unwrap_or_else(|| oid.to_string())
}

/// A name, qualified by its schema unless visible.
fn named(env: &dyn Env, namespace: Oid, name: &str, visible: bool) -> String {
    let schema = env.catalog().namespace(namespace).filter(|_| !visible);
    quote_qualified(schema.map(|schema| schema.name.as_str()), name)
}

fn relation(env: &dyn Env, oid: Oid) -> Option<String> {
    let visible = visibility::relation(env, oid)?;
    match env.catalog().relation(oid) {
        Some(relation) => Some(named(env, relation.namespace, &relation.name, visible)),
        None => builtin::system_class(oid).map(|c| named(env, c.namespace, c.name, visible)),
    }
}

fn function(env: &dyn Env, oid: Oid) -> Option<String> {
    let catalog = env.catalog();
    let found = catalog.proc(oid)?;
    // The bare name must find this function only.
    let alone = catalog.procs_named(&found.name).count() == 1;
    let visible = visibility::function(env, oid)? && alone;
    Some(named(env, catalog.schema_of(found.namespace), &found.name, visible))
}

fn function_with_arguments(env: &dyn Env, oid: Oid) -> Option<String> {
    let catalog = env.catalog();
    let found = catalog.proc(oid)?;
    let namespace = catalog.schema_of(found.namespace);
    let name = named(env, namespace, &found.name, visibility::function(env, oid)?);
    let arguments: Vec<String> = found.arg_types.iter().map(|t| type_or_number(env, *t)).collect();
    Some(format!("{name}({})", arguments.join(",")))
}

fn operator(env: &dyn Env, oid: Oid) -> Option<String> {
    let found = env.catalog().operator(oid)?;
    // The bare name must find this operator only.
    let visible = |o: &&Operator| visibility::operator(env, o.oid) == Some(true);
    let mut same = env.catalog().operators_named(&found.name).filter(visible);
    let alone = same.next().is_some_and(|o| o.oid == oid) && same.next().is_none();
    Some(operator_name(env, found, alone))
}

fn operator_with_operands(env: &dyn Env, oid: Oid) -> Option<String> {
    let found = env.catalog().operator(oid)?;
    let name = operator_name(env, found, visibility::operator(env, oid)?);
    let left = match found.left {
        0 => "NONE".to_owned(),
        left => type_or_number(env, left),
    };
    Some(format!("{name}({left},{})", type_or_number(env, found.right)))
}

/// An operator's name, behind its schema unless visible. It needs no quotes.
fn operator_name(env: &dyn Env, found: &Operator, visible: bool) -> String {
    let namespace = env.catalog().schema_of(found.namespace);
    match env.catalog().namespace(namespace).filter(|_| !visible) {
        Some(schema) => format!("{}.{}", quote_identifier(&schema.name), found.name),
        None => found.name.to_string(),
    }
}

fn type_or_number(env: &dyn Env, oid: Oid) -> String {
    format_type(env, oid, None).unwrap_or_else(|| oid.to_string())
}

/// A type's SQL name; `None` where there is no such type. Without a modifier (`None`), which is not
/// the same as the modifier -1, `char(n)` types read `character`.
pub(in super::super) fn format_type(
    env: &dyn Env,
    oid: Oid,
    typmod: Option<i32>,
) -> Option<String> {
    match (oid, typmod) {
        (oids::BPCHAR, None) => return Some("character".to_owned()),
        (oids::BPCHAR, Some(-1)) => return Some("bpchar".to_owned()),
        (oids::BIT, None) => return Some("bit".to_owned()),
        (oids::BIT, Some(-1)) => return Some("\"bit\"".to_owned()),
        _ => {}
    }
    let found = env.catalog().type_(oid)?;
    // The vectors are arrays with a name of their own.
    if let Some(element) = found.array_element().filter(|_| found.storage != b'p') {
        return Some(format!("{}[]", format_type(env, element, typmod)?));
    }
    if let Some(name) = types::format_type(oid, typmod.unwrap_or(-1)) {
        return Some(name);
    }
    let visible = visibility::type_(env, oid)?;
    Some(named(env, found.namespace, &found.name, visible))
}

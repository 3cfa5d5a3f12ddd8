//! DROP of kinds of objects that users cannot have here: with IF EXISTS it is a NOTICE, else the
//! error for an object that does not exist.

use super::names::{RelationName, find_namespace, strings};
use super::{DdlContext, column};
use crate::catalog::builtin;
use crate::catalog::depend::{Object, describe};
use crate::error::{PgError, Result, code};
use crate::sql::bind::resolve_type;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::{DropStmt, ObjectWithArgs};
use pg_raw_parse::raw::ObjectType;

pub(super) fn execute(statement: &DropStmt, cx: &DdlContext<'_>) -> Result<String> {
    let (kind, tag) = match statement.remove_type {
        ObjectType::OBJECT_FOREIGN_TABLE => ("foreign table", "DROP FOREIGN TABLE"),
        ObjectType::OBJECT_PUBLICATION => ("publication", "DROP PUBLICATION"),
        ObjectType::OBJECT_FOREIGN_SERVER => ("server", "DROP SERVER"),
        ObjectType::OBJECT_FDW => ("foreign-data wrapper", "DROP FOREIGN DATA WRAPPER"),
        ObjectType::OBJECT_EVENT_TRIGGER => ("event trigger", "DROP EVENT TRIGGER"),
        ObjectType::OBJECT_LANGUAGE => ("language", "DROP LANGUAGE"),
        ObjectType::OBJECT_TSCONFIGURATION => {
            ("text search configuration", "DROP TEXT SEARCH CONFIGURATION")
        }
        ObjectType::OBJECT_TSDICTIONARY => {
            ("text search dictionary", "DROP TEXT SEARCH DICTIONARY")
        }
        ObjectType::OBJECT_TRIGGER => return of_relation(statement, "trigger", "DROP TRIGGER", cx),
        ObjectType::OBJECT_RULE => return of_relation(statement, "rule", "DROP RULE", cx),
        ObjectType::OBJECT_POLICY => return of_relation(statement, "policy", "DROP POLICY", cx),
        _ => return Err(PgError::unsupported("DROP of this kind of object")),
    };
    for node in statement.objects() {
        let name = match node {
            Node::String(s) => s.sval().unwrap_or_default().to_owned(),
            other => other.as_node_list().map(strings).unwrap_or_default().join("."),
        };
        let message = format!("{kind} \"{name}\" does not exist");
        if !statement.missing_ok {
            let relation = kind.ends_with("table");
            let code = if relation { code::UNDEFINED_TABLE } else { code::UNDEFINED_OBJECT };
            return Err(PgError::new(code, message));
        }
        cx.notice(format!("{message}, skipping"));
    }
    Ok(tag.to_owned())
}

/// Triggers, rules and policies, whose names end with their table's columns' place: `table.name`.
fn of_relation(statement: &DropStmt, kind: &str, tag: &str, cx: &DdlContext<'_>) -> Result<String> {
    for node in statement.objects() {
        let names = node.as_node_list().map(strings).unwrap_or_default();
        let Some((name, table)) = names.split_last() else { continue };
        let (catalog, path) = (cx.catalog(), cx.env.search_path());
        let found = match table {
            [table] => catalog.relation_in_path(path, table),
            [schema, table] => {
                let namespace = find_namespace(&catalog, schema, cx);
                namespace.and_then(|n| catalog.relation_named(n.oid, table))
            }
            _ => None,
        };
        let relation = table.join(".");
        let (message, state) = match found {
            None => (format!("relation \"{relation}\" does not exist"), code::UNDEFINED_TABLE),
            Some(found) => {
                let of_relation = statement.missing_ok || kind == "rule";
                let of = if of_relation { "relation" } else { "table" };
                let message =
                    format!("{kind} \"{name}\" for {of} \"{}\" does not exist", found.name);
                (message, code::UNDEFINED_OBJECT)
            }
        };
        if !statement.missing_ok {
            return Err(PgError::new(state, message));
        }
        cx.notice(format!("{message}, skipping"));
    }
    Ok(tag.to_owned())
}

/// Whether IF EXISTS leaves an object out because its schema does not exist.
pub(super) fn schema_is_skipped(
    parts: &[&str],
    missing_ok: bool,
    cx: &DdlContext<'_>,
) -> Result<bool> {
    let Some(schema) = RelationName::of_parts(parts, cx)?.schema.filter(|_| missing_ok) else {
        return Ok(false);
    };
    let is_missing = find_namespace(&cx.catalog(), &schema, cx).is_none();
    if is_missing {
        cx.notice(format!("schema \"{schema}\" does not exist, skipping"));
    }
    Ok(is_missing)
}

/// A function or its kin that does not exist.
pub(super) fn routine(
    routine: &ObjectWithArgs,
    missing_ok: bool,
    kind: &str,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let names: Vec<&str> = routine.objname().iter().filter_map(Node::as_str).collect();
    check_no_member(routine, &names, cx)?;
    let mut types = Vec::new();
    for node in routine.objargs() {
        let Node::TypeName(name) = node else { continue };
        let (oid, _) = resolve_type(name, &cx.bind(&cx.catalog()))?;
        let shown = column::type_name(&cx.catalog(), oid, cx);
        let internal = builtin::type_(oid).filter(|_| missing_ok && is_system(name));
        // The notice shows names as the parser completes them.
        types.push(internal.map_or(shown, |t| format!("pg_catalog.{}", t.name)));
    }
    let name = names.join(".");
    let of_aggregate = kind == "aggregate";
    let message = match (routine.args_unspecified, missing_ok) {
        (false, false) if of_aggregate && types.is_empty() => {
            format!("aggregate {name}(*) does not exist")
        }
        (false, false) => format!("{kind} {name}({}) does not exist", types.join(", ")),
        (false, true) => format!("{kind} {name}({}) does not exist", types.join(",")),
        (true, true) => format!("{kind} {name}() does not exist"),
        (true, false) => {
            let article = if of_aggregate { "an" } else { "a" };
            format!("could not find {article} {kind} named \"{name}\"")
        }
    };
    if !missing_ok {
        return Err(PgError::new(code::UNDEFINED_FUNCTION, message));
    }
    cx.notice(format!("{message}, skipping"));
    Ok(())
}

/// 2BP01 where an installed extension has the function.
fn check_no_member(routine: &ObjectWithArgs, names: &[&str], cx: &DdlContext<'_>) -> Result<()> {
    let catalog = cx.catalog();
    let Some((name, schema)) = names.split_last() else { return Ok(()) };
    let path = match schema.last() {
        Some(schema) => find_namespace(&catalog, schema, cx).map(|n| n.oid).into_iter().collect(),
        None => cx.env.search_path().to_vec(),
    };
    let mut types = Vec::new();
    for node in routine.objargs() {
        if let Node::TypeName(name) = node {
            types.push(resolve_type(name, &cx.bind(&catalog))?.0);
        }
    }
    let members = catalog.procs_named(name).filter(|p| builtin::is_member(p.oid));
    for member in members.filter(|p| path.contains(&catalog.schema_of(p.namespace))) {
        if routine.args_unspecified || member.arg_types == types {
            let what = describe(&catalog, Object::Function(member.oid), cx.env.search_path());
            super::extension::check_no_member(member.oid, &what, cx)?;
        }
    }
    Ok(())
}

/// A type that the parser writes with its schema: `int` is `pg_catalog.int4`.
fn is_system(name: &pg_raw_parse::nodes::TypeName) -> bool {
    name.names().len() > 1
}

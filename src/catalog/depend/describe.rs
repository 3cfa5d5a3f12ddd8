//! Objects as messages name them (`getObjectDescription`).

use super::Object;
use crate::catalog::builtin::{self, KeywordCategory};
use crate::catalog::{Catalog, Relation, RelationKind};
use crate::types::{self, Oid};

/// "table t", "column a of table t", …; names that the search path does not find are qualified.
pub fn describe(catalog: &Catalog, object: Object, path: &[Oid]) -> String {
    let column_name = |table: Oid, attno: i16| match catalog.relation(table) {
        Some(table) => table.column(attno).name.clone(),
        None => attno.to_string(),
    };
    match object {
        Object::Namespace(oid) => {
            let name = catalog.namespace(oid).map_or_else(|| oid.to_string(), |n| n.name.clone());
            format!("schema {}", quote(&name))
        }
        Object::Extension(oid) => {
            let name = catalog.extension(oid).map_or("", |extension| extension.name.as_str());
            format!("extension {}", quote(name))
        }
        Object::Type(oid) => {
            format!("type {}", type_name(catalog, oid, path).unwrap_or_else(|| oid.to_string()))
        }
        Object::Function(oid) => function(catalog, oid, path),
        Object::Cast(oid) => cast(catalog, oid, path),
        Object::Operator(oid) => operator(catalog, oid, path),
        Object::Collation(oid) => collation(catalog, oid, path),
        Object::Relation(oid) => relation(catalog, oid, path),
        Object::Column(table, attno) => {
            let name = column_name(table, attno);
            format!("column {} of {}", quote(&name), relation(catalog, table, path))
        }
        Object::Constraint(table, oid) => {
            let name = catalog.constraint(oid).map_or("", |(_, c)| c.name.as_str());
            format!("constraint {} on {}", quote(name), relation(catalog, table, path))
        }
        Object::Policy(table, oid) => {
            let name = catalog.policy(oid).map_or("", |(_, policy)| policy.name.as_str());
            format!("policy {} on {}", quote(name), relation(catalog, table, path))
        }
        Object::Rule(table, oid) => {
            let name = catalog.rule(oid).map_or("", |(_, rule)| rule.name.as_str());
            format!("rule {} on {}", quote(name), relation(catalog, table, path))
        }
        Object::DomainCheck(_, oid) => {
            let name = catalog.domain_check(oid).map_or("", |(_, check)| check.name.as_str());
            format!("constraint {}", quote(name))
        }
        Object::Default(table, attno) => {
            let name = column_name(table, attno);
            format!(
                "default value for column {} of {}",
                quote(&name),
                relation(catalog, table, path)
            )
        }
    }
}

/// `operator +(integer,integer)`, qualified where the search path does not find it.
fn operator(catalog: &Catalog, oid: Oid, path: &[Oid]) -> String {
    let Some(found) = catalog.operator(oid) else { return format!("operator {oid}") };
    let operand = |oid: Oid| match oid {
        0 => "NONE".to_owned(),
        oid => type_name(catalog, oid, path).unwrap_or_else(|| oid.to_string()),
    };
    let operands = format!("{},{}", operand(found.left), operand(found.right));
    let visible = catalog.operator_in_path(path, &found.name, found.left, found.right);
    match visible.is_some_and(|visible| visible.oid == oid) {
        true => format!("operator {}({operands})", found.name),
        false => {
            let schema = catalog.namespace(catalog.schema_of(found.namespace));
            let schema = schema.map_or("", |n| n.name.as_str());
            format!("operator {}.{}({operands})", quote(schema), found.name)
        }
    }
}

/// `collation c`, qualified where the search path does not find it.
fn collation(catalog: &Catalog, oid: Oid, path: &[Oid]) -> String {
    format!("collation {}", collation_name(catalog, oid, path))
}

/// A collation's name, quoted as SQL needs it, qualified where the search path does not find it.
pub(crate) fn collation_name(catalog: &Catalog, oid: Oid, path: &[Oid]) -> String {
    let Some(found) = catalog.collation(oid) else { return oid.to_string() };
    let visible = catalog.collation_in_path(path, &found.name);
    if visible.is_some_and(|visible| visible.oid == oid) {
        return quote(&found.name);
    }
    let schema = catalog.namespace(found.namespace).map_or("", |n| n.name.as_str());
    format!("{}.{}", quote(schema), quote(&found.name))
}

/// `cast from a to b`.
fn cast(catalog: &Catalog, oid: Oid, path: &[Oid]) -> String {
    let Some(found) = catalog.cast_with_oid(oid) else { return format!("cast {oid}") };
    let name = |oid: Oid| type_name(catalog, oid, path).unwrap_or_else(|| oid.to_string());
    format!("cast from {} to {}", name(found.cast.source), name(found.cast.target))
}

/// `function f(integer,text)`, as of procedures and aggregates; the name is qualified where the search path finds another or none.
fn function(catalog: &Catalog, oid: Oid, path: &[Oid]) -> String {
    let Some(proc) = catalog.proc(oid) else { return format!("function {oid}") };
    let types = proc.arg_types.iter();
    let types = types.map(|t| type_name(catalog, *t, path).unwrap_or_else(|| t.to_string()));
    let types = types.collect::<Vec<_>>().join(",");
    let namespace = catalog.schema_of(proc.namespace);
    let name = match path.contains(&namespace) {
        true => quote(&proc.name),
        false => {
            let schema = catalog.namespace(namespace).map_or("", |n| n.name.as_str());
            format!("{}.{}", quote(schema), quote(&proc.name))
        }
    };
    format!("function {name}({types})")
}

fn relation(catalog: &Catalog, oid: Oid, path: &[Oid]) -> String {
    let Some(found) = catalog.relation(oid) else { return format!("relation {oid}") };
    let kind = match found.kind {
        RelationKind::Table => "table",
        RelationKind::Index => "index",
        RelationKind::Sequence => "sequence",
        RelationKind::View => "view",
        RelationKind::Composite => "composite type",
        RelationKind::MaterializedView => "materialized view",
    };
    format!("{kind} {}", visible_name(catalog, found, path))
}

/// A relation's name, quoted as SQL needs it, qualified where the search path does not find it.
pub(crate) fn visible_name(catalog: &Catalog, relation: &Relation, path: &[Oid]) -> String {
    let visible = catalog.relation_in_path(path, &relation.name);
    if visible.is_some_and(|r| r.oid == relation.oid) {
        return quote(&relation.name);
    }
    let schema = catalog.namespace(relation.namespace).map_or("", |n| n.name.as_str());
    format!("{}.{}", quote(schema), quote(&relation.name))
}

/// A type's name as SQL needs it written (`format_type`), qualified where the search path does not find
/// it; `None` where there is no such type.
pub(crate) fn type_name(catalog: &Catalog, oid: Oid, path: &[Oid]) -> Option<String> {
    if let Some(name) = types::type_name(oid) {
        return Some(name);
    }
    let found = catalog.type_(oid)?;
    if let Some(element) = found.array_element() {
        return Some(format!("{}[]", type_name(catalog, element, path)?));
    }
    let visible = path.iter().find_map(|schema| catalog.type_named(*schema, &found.name));
    if visible.is_some_and(|visible| visible.oid == oid) {
        return Some(quote(&found.name));
    }
    let schema = catalog.namespace(found.namespace).map_or("", |n| n.name.as_str());
    Some(format!("{}.{}", quote(schema), quote(&found.name)))
}

/// An identifier as SQL needs it written (`quote_identifier`).
pub(crate) fn quote(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let reserved =
        builtin::keyword(name).is_some_and(|k| k.category != KeywordCategory::Unreserved);
    if plain && !reserved { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

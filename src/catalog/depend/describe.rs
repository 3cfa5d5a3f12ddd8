//! Objects as messages name them (`getObjectDescription`).

use super::Object;
use crate::catalog::builtin::{self, KeywordCategory};
use crate::catalog::{Catalog, Relation, RelationKind};
use crate::types::Oid;

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
        Object::Relation(oid) => relation(catalog, oid, path),
        Object::Column(table, attno) => {
            let name = column_name(table, attno);
            format!("column {} of {}", quote(&name), relation(catalog, table, path))
        }
        Object::Constraint(table, oid) => {
            let name = catalog.constraint(oid).map_or("", |(_, c)| c.name.as_str());
            format!("constraint {} on {}", quote(name), relation(catalog, table, path))
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

fn relation(catalog: &Catalog, oid: Oid, path: &[Oid]) -> String {
    let Some(found) = catalog.relation(oid) else { return format!("relation {oid}") };
    let kind = match found.kind {
        RelationKind::Table => "table",
        RelationKind::Index => "index",
        RelationKind::Sequence => "sequence",
        RelationKind::View => "view",
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

/// An identifier as SQL needs it written (`quote_identifier`).
pub(crate) fn quote(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let reserved =
        builtin::keyword(name).is_some_and(|k| k.category != KeywordCategory::Unreserved);
    if plain && !reserved { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

//! Names of relations and schemas: where a new one goes, which existing one is meant.

use super::DdlContext;
use crate::catalog::{Catalog, Namespace, Relation, builtin};
use crate::error::{PgError, Result, code};
use crate::functions::privileges::require_usage;
use pg_raw_parse::list::NodeList;
use pg_raw_parse::{Node, nodes};
use std::sync::Arc;

/// A possibly qualified name of a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RelationName {
    pub schema: Option<String>,
    pub name: String,
}

impl RelationName {
    /// From FROM-like syntax. Naming another database is refused, as in PostgreSQL.
    pub fn of_range(var: &nodes::RangeVar, cx: &DdlContext<'_>) -> Result<RelationName> {
        let name = var.relname().unwrap_or_default().to_owned();
        let schema = var.schemaname().map(str::to_owned);
        if let Some(database) = var.catalogname() {
            let schema = schema.as_deref().unwrap_or_default();
            check_database(cx, database, &format!("{database}.{schema}.{name}"))?;
        }
        Ok(RelationName { schema, name })
    }

    /// From a list of strings, as DROP has it.
    pub fn of_list(list: &NodeList, cx: &DdlContext<'_>) -> Result<RelationName> {
        RelationName::of_parts(&strings(list), cx)
    }

    /// From the parts of a dotted name.
    pub fn of_parts(parts: &[&str], cx: &DdlContext<'_>) -> Result<RelationName> {
        let (schema, name) = match parts {
            [name] => (None, *name),
            [schema, name] => (Some(*schema), *name),
            [database, schema, name] => {
                check_database(cx, database, &parts.join("."))?;
                (Some(*schema), *name)
            }
            _ => {
                let message =
                    format!("improper relation name (too many dotted names): {}", parts.join("."));
                return Err(PgError::new(code::SYNTAX_ERROR, message));
            }
        };
        Ok(RelationName { schema: schema.map(str::to_owned), name: name.to_owned() })
    }

    /// The relation of this name, if there is one. A schema that does not exist is no error here.
    pub fn find<'c>(
        &self,
        catalog: &'c Catalog,
        cx: &DdlContext<'_>,
    ) -> Result<Option<&'c Arc<Relation>>> {
        let Some(schema) = &self.schema else {
            return Ok(catalog.relation_in_path(cx.env.search_path(), &self.name));
        };
        let Some(namespace) = find_namespace(catalog, schema, cx) else { return Ok(None) };
        require_usage(&**cx.env, catalog, namespace.oid)?;
        Ok(catalog.relation_named(namespace.oid, &self.name))
    }

    /// The relation of this name, or 42P01.
    pub fn get<'c>(&self, catalog: &'c Catalog, cx: &DdlContext<'_>) -> Result<&'c Arc<Relation>> {
        self.find(catalog, cx)?.ok_or_else(|| self.missing())
    }

    /// 42P01 for this name; without a position, as PostgreSQL reports it for statements of DDL.
    pub fn missing(&self) -> PgError {
        let message = format!("relation \"{self}\" does not exist");
        PgError::new(code::UNDEFINED_TABLE, message)
    }

    /// The schema a new relation of this name goes to: the one named, the session's temporary one,
    /// or the first of the search path.
    pub fn target(
        &self,
        temporary: bool,
        catalog: &Arc<Catalog>,
        cx: &DdlContext<'_>,
    ) -> Result<Arc<Namespace>> {
        let named = self.schema.as_deref();
        if temporary || named == Some("pg_temp") {
            if named.is_some_and(|n| n != "pg_temp" && !n.starts_with("pg_temp_")) {
                let message = "cannot create temporary relation in non-temporary schema";
                return Err(PgError::new(code::INVALID_TABLE_DEFINITION, message));
            }
            return super::temporary::namespace(cx);
        }
        let namespace = match named {
            Some(name) => get_namespace(catalog, name, cx)?.clone(),
            None => creation_namespace(catalog, cx)?,
        };
        if Catalog::is_system(namespace.oid) && namespace.oid != builtin::oid::PUBLIC {
            let name = format!("{}.{}", namespace.name, self.name);
            let message = format!("permission denied to create \"{name}\"");
            return Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message)
                .detail("System catalog modifications are currently disallowed."));
        }
        super::privileges::schema_create(&namespace, catalog, cx)?;
        Ok(namespace)
    }
}

impl std::fmt::Display for RelationName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

fn check_database(cx: &DdlContext<'_>, database: &str, whole: &str) -> Result<()> {
    let catalog = cx.catalog();
    if catalog.database(cx.catalog.database()).is_some_and(|d| d.name == database) {
        return Ok(());
    }
    let message = format!("cross-database references are not implemented: \"{whole}\"");
    Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message))
}

/// The schema of this name; `pg_temp` is the session's own.
pub(super) fn find_namespace<'c>(
    catalog: &'c Catalog,
    name: &str,
    cx: &DdlContext<'_>,
) -> Option<&'c Arc<Namespace>> {
    match name {
        "pg_temp" => catalog.namespace_named(&super::temporary::schema_name(cx)),
        _ => catalog.namespace_named(name),
    }
}

/// The schema of this name, or 3F000.
pub(super) fn get_namespace<'c>(
    catalog: &'c Catalog,
    name: &str,
    cx: &DdlContext<'_>,
) -> Result<&'c Arc<Namespace>> {
    find_namespace(catalog, name, cx).ok_or_else(|| missing_schema(name))
}

/// 3F000 for a schema.
pub(super) fn missing_schema(name: &str) -> PgError {
    PgError::new(code::INVALID_SCHEMA_NAME, format!("schema \"{name}\" does not exist"))
}

/// The first schema of the search path that is not implied.
pub(super) fn creation_namespace(catalog: &Catalog, cx: &DdlContext<'_>) -> Result<Arc<Namespace>> {
    let written = cx.env.setting("search_path").unwrap_or_default();
    let implied = |n: &Namespace| {
        let named = written.split(',').any(|part| part.trim().trim_matches('"') == n.name);
        (n.oid == builtin::oid::PG_CATALOG || crate::catalog::is_temporary(n)) && !named
    };
    let mut path = cx.env.search_path().iter().filter_map(|oid| catalog.namespace(*oid));
    path.find(|n| !implied(n)).cloned().ok_or_else(|| {
        let message = "no schema has been selected to create in";
        PgError::new(code::INVALID_SCHEMA_NAME, message)
    })
}

/// The strings of a list of String nodes.
pub(super) fn strings(list: &NodeList) -> Vec<&str> {
    list.iter().filter_map(Node::as_str).collect()
}

/// The name that an option of a definition has (`defGetQualifiedName`): `f`, `s.f`, `"f"`.
pub(super) fn definition_name<'n>(value: Node<'n>) -> Vec<&'n str> {
    match value {
        Node::TypeName(name) => name.names().iter().filter_map(|part| part.sval()).collect(),
        Node::String(name) => name.sval().into_iter().collect(),
        other => other.as_node_list().map(strings).unwrap_or_default(),
    }
}

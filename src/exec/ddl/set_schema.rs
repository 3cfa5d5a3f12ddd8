//! ALTER … SET SCHEMA: moves a relation, with a table's indexes and the sequences of its columns.

use super::drop::change_table;
use super::names::{RelationName, get_namespace};
use super::{DdlContext, lock, privileges};
use crate::catalog::{RelationKind, is_temporary};
use crate::error::{PgError, Result, code};
use crate::storage::TableLockMode;
use pg_raw_parse::nodes::AlterObjectSchemaStmt;
use pg_raw_parse::raw::ObjectType;

pub(super) async fn execute(
    statement: &AlterObjectSchemaStmt,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let tag = match statement.object_type {
        ObjectType::OBJECT_TABLE => "ALTER TABLE",
        ObjectType::OBJECT_SEQUENCE => "ALTER SEQUENCE",
        ObjectType::OBJECT_VIEW => "ALTER VIEW",
        ObjectType::OBJECT_MATVIEW => "ALTER MATERIALIZED VIEW",
        ObjectType::OBJECT_TYPE | ObjectType::OBJECT_DOMAIN => {
            return super::types::set_schema(statement, cx).await;
        }
        ObjectType::OBJECT_COLLATION => return super::collation::set_schema(statement, cx),
        ObjectType::OBJECT_OPERATOR => return super::operator::set_schema(statement, cx),
        ObjectType::OBJECT_FUNCTION
        | ObjectType::OBJECT_PROCEDURE
        | ObjectType::OBJECT_ROUTINE
        | ObjectType::OBJECT_AGGREGATE => {
            return super::routine::set_schema(statement, cx).await;
        }
        ObjectType::OBJECT_EXTENSION => return super::extension::set_schema(statement, cx).await,
        _ => return Err(PgError::unsupported("SET SCHEMA of this kind of object")),
    };
    let range = statement.relation().expect("SET SCHEMA names a relation");
    let name = RelationName::of_range(range, cx)?;
    let Some(found) = lock::named(&name, TableLockMode::AccessExclusive, cx).await? else {
        if statement.missing_ok {
            cx.notice(format!("relation \"{name}\" does not exist, skipping"));
            return Ok(tag.to_owned());
        }
        return Err(name.missing());
    };
    privileges::relation_owner(&found, cx)?;
    let catalog = cx.catalog();
    let namespace = get_namespace(&catalog, statement.newschema().unwrap_or_default(), cx)?;
    if namespace.oid == found.namespace {
        return Ok(tag.to_owned());
    }
    let from = catalog.namespace(found.namespace);
    if is_temporary(namespace) || from.is_some_and(|from| is_temporary(from)) {
        let message = "cannot move objects into or out of temporary schemas";
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    if found.kind == RelationKind::Sequence
        && found.sequence.as_ref().is_some_and(|s| s.owned_by.is_some())
    {
        let message = "cannot move an owned sequence into another schema";
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    privileges::schema_create(namespace, &catalog, cx)?;
    let mut moved = vec![found.clone()];
    moved.extend(catalog.indexes_of(&found).cloned());
    moved.extend(catalog.sequences_owned_by(found.oid).cloned());
    for relation in moved {
        lock::name(namespace.oid, &relation.name, cx).await?;
        if cx.catalog().relation_named(namespace.oid, &relation.name).is_some() {
            let (name, schema) = (&relation.name, &namespace.name);
            let message = format!("relation \"{name}\" already exists in schema \"{schema}\"");
            return Err(PgError::new(code::DUPLICATE_TABLE, message));
        }
        change_table(relation.oid, cx, |r| r.namespace = namespace.oid);
    }
    Ok(tag.to_owned())
}

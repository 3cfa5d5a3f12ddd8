//! COMMENT ON.

use super::drop::change_table;
use super::names::{RelationName, find_namespace, missing_schema, strings};
use super::{DdlContext, lock, privileges};
use crate::catalog::{Change, Database, Namespace, Relation, RelationKind, Role};
use crate::error::{PgError, Result, code};
use crate::storage::TableLockMode;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::CommentStmt;
use pg_raw_parse::raw::ObjectType;
use std::sync::Arc;

const TAG: &str = "COMMENT";

pub(super) async fn execute(statement: &CommentStmt, cx: &DdlContext<'_>) -> Result<String> {
    // An empty comment removes the comment.
    let comment = statement.comment().filter(|c| !c.is_empty()).map(str::to_owned);
    let parts = statement.object().as_node_list().map(strings).unwrap_or_default();
    match statement.objtype {
        ObjectType::OBJECT_TABLE => relation(&parts, RelationKind::Table, comment, cx).await?,
        ObjectType::OBJECT_INDEX => relation(&parts, RelationKind::Index, comment, cx).await?,
        ObjectType::OBJECT_SEQUENCE => {
            relation(&parts, RelationKind::Sequence, comment, cx).await?;
        }
        ObjectType::OBJECT_VIEW => relation(&parts, RelationKind::View, comment, cx).await?,
        ObjectType::OBJECT_MATVIEW => {
            relation(&parts, RelationKind::MaterializedView, comment, cx).await?;
        }
        ObjectType::OBJECT_COLUMN => column(&parts, comment, cx).await?,
        ObjectType::OBJECT_POLICY => super::policy::comment(&parts, comment, cx).await?,
        ObjectType::OBJECT_RULE => super::rule::comment(&parts, comment, cx).await?,
        ObjectType::OBJECT_TABCONSTRAINT => constraint(&parts, comment, cx).await?,
        kind @ (ObjectType::OBJECT_TYPE | ObjectType::OBJECT_DOMAIN) => {
            super::types::comment(statement.object(), kind, comment, cx).await?;
        }
        kind @ (ObjectType::OBJECT_FUNCTION
        | ObjectType::OBJECT_PROCEDURE
        | ObjectType::OBJECT_ROUTINE
        | ObjectType::OBJECT_AGGREGATE) => {
            super::routine::comment(statement.object(), kind, comment, cx)?;
        }
        ObjectType::OBJECT_OPERATOR => {
            super::operator::comment(statement.object(), comment, cx)?;
        }
        ObjectType::OBJECT_COLLATION => super::collation::comment(&parts, comment, cx)?,
        ObjectType::OBJECT_CAST => super::cast::comment(statement.object(), comment, cx)?,
        ObjectType::OBJECT_DOMCONSTRAINT => {
            super::types::comment_check(statement, comment, cx).await?;
        }
        ObjectType::OBJECT_SCHEMA => schema(name_of(statement), comment, cx)?,
        ObjectType::OBJECT_DATABASE => database(name_of(statement), comment, cx)?,
        ObjectType::OBJECT_ROLE => role(name_of(statement), comment, cx)?,
        ObjectType::OBJECT_LARGEOBJECT => {
            super::large_object::comment(statement.object(), comment, cx).await?;
        }
        ObjectType::OBJECT_EXTENSION => super::extension::comment(statement, comment, cx).await?,
        _ => return Err(PgError::unsupported("COMMENT ON this kind of object")),
    }
    Ok(TAG.to_owned())
}

fn name_of(statement: &CommentStmt) -> &str {
    match statement.object() {
        Node::String(s) => s.sval().unwrap_or_default(),
        _ => "",
    }
}

async fn find(parts: &[&str], cx: &DdlContext<'_>) -> Result<Arc<Relation>> {
    let name = RelationName::of_parts(parts, cx)?;
    let found = lock::get_named(&name, TableLockMode::ShareUpdateExclusive, cx).await?;
    privileges::relation_owner(&found, cx)?;
    Ok(found)
}

async fn relation(
    parts: &[&str],
    kind: RelationKind,
    comment: Option<String>,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let found = find(parts, cx).await?;
    if found.kind != kind {
        let what = privileges::kind_name(kind);
        let article = if kind == RelationKind::Index { "an" } else { "a" };
        let message = format!("\"{}\" is not {article} {what}", found.name);
        return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
    }
    change_table(found.oid, cx, |r| r.comment = comment);
    Ok(())
}

async fn column(parts: &[&str], comment: Option<String>, cx: &DdlContext<'_>) -> Result<()> {
    let Some((column, table)) = parts.split_last().filter(|(_, t)| !t.is_empty()) else {
        return Err(PgError::new(code::SYNTAX_ERROR, "column name must be qualified"));
    };
    let found = find(table, cx).await.map_err(|error| match error.code() {
        // As PostgreSQL has it, whatever the relation is.
        code::INSUFFICIENT_PRIVILEGE if error.message().starts_with("must be owner") => {
            let name = table.last().copied().unwrap_or_default();
            let message = format!("must be owner of relation {name}");
            PgError::new(code::INSUFFICIENT_PRIVILEGE, message)
        }
        _ => error,
    })?;
    let attno = found.column_by_name(column).map(|c| c.attno).ok_or_else(|| {
        let message = format!("column \"{column}\" of relation \"{}\" does not exist", found.name);
        PgError::new(code::UNDEFINED_COLUMN, message)
    })?;
    change_table(found.oid, cx, |r| r.columns[attno as usize - 1].comment = comment);
    Ok(())
}

async fn constraint(parts: &[&str], comment: Option<String>, cx: &DdlContext<'_>) -> Result<()> {
    let Some((name, table)) = parts.split_last() else { return Ok(()) };
    let found = find(table, cx).await?;
    let oid = found.constraints.iter().find(|c| c.name == *name).map(|c| c.oid);
    let oid = oid.ok_or_else(|| {
        let message = format!("constraint \"{name}\" for table \"{}\" does not exist", found.name);
        PgError::new(code::UNDEFINED_OBJECT, message)
    })?;
    change_table(found.oid, cx, |r| {
        if let Some(found) = r.constraints.iter_mut().find(|c| c.oid == oid) {
            found.comment = comment;
        }
    });
    Ok(())
}

fn schema(name: &str, comment: Option<String>, cx: &DdlContext<'_>) -> Result<()> {
    let catalog = cx.catalog();
    let found = find_namespace(&catalog, name, cx).ok_or_else(|| missing_schema(name))?;
    privileges::namespace_owner(found, cx)?;
    super::rename::put_namespace(Namespace { comment, ..(**found).clone() }, cx);
    Ok(())
}

fn database(name: &str, comment: Option<String>, cx: &DdlContext<'_>) -> Result<()> {
    let Some(found) = cx.catalog().database_named(name).cloned() else {
        let message = format!("database \"{name}\" does not exist");
        (cx.notice)(PgError::new(code::INVALID_CATALOG_NAME, message).warning());
        return Ok(());
    };
    super::database::check_owner(&found, cx)?;
    let changed = Database { comment, ..(*found).clone() };
    cx.catalog.push(Change::PutDatabase(Arc::new(changed)), cx.txn);
    Ok(())
}

fn role(name: &str, comment: Option<String>, cx: &DdlContext<'_>) -> Result<()> {
    let found = super::role::get(name, cx)?;
    let messages = ("must be superuser", "must have CREATEROLE privilege");
    super::role::require_over(&found, messages.0, messages.1, cx)?;
    let changed = Role { comment, ..(*found).clone() };
    cx.catalog.push(Change::PutRole(Arc::new(changed)), cx.txn);
    Ok(())
}

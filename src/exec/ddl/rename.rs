//! ALTER … RENAME.

use super::drop::change_table;
use super::names::{RelationName, find_namespace, missing_schema};
use super::{DdlContext, column, create_table, lock, privileges};
use crate::catalog::depend::edges::constraint_of_index;
use crate::catalog::{Change, Constraint, ConstraintKind, Namespace, Relation, RelationKind};
use crate::error::{PgError, Result, code};
use crate::storage::TableLockMode;
use pg_raw_parse::nodes::RenameStmt;
use pg_raw_parse::raw::ObjectType;
use std::sync::Arc;

pub(super) async fn execute(statement: &RenameStmt, cx: &DdlContext<'_>) -> Result<String> {
    let new = statement.newname().unwrap_or_default();
    match statement.rename_type {
        ObjectType::OBJECT_TABLE
        | ObjectType::OBJECT_INDEX
        | ObjectType::OBJECT_SEQUENCE
        | ObjectType::OBJECT_VIEW
        | ObjectType::OBJECT_MATVIEW => rename_relation(statement, new, cx).await,
        ObjectType::OBJECT_COLUMN => rename_column(statement, new, cx).await,
        ObjectType::OBJECT_POLICY => super::policy::rename(statement, new, cx).await,
        ObjectType::OBJECT_RULE => super::rule::rename(statement, new, cx).await,
        ObjectType::OBJECT_TABCONSTRAINT => rename_constraint(statement, new, cx).await,
        ObjectType::OBJECT_TYPE | ObjectType::OBJECT_DOMAIN => {
            super::types::rename(statement, new, cx).await
        }
        ObjectType::OBJECT_ATTRIBUTE => super::types::rename_attribute(statement, new, cx).await,
        ObjectType::OBJECT_DOMCONSTRAINT => super::types::rename_check(statement, new, cx).await,
        ObjectType::OBJECT_COLLATION => super::collation::rename(statement, new, cx),
        ObjectType::OBJECT_SCHEMA => rename_schema(statement, new, cx).await,
        ObjectType::OBJECT_DATABASE => super::database::rename(statement, new, cx).await,
        ObjectType::OBJECT_ROLE => super::role::rename(statement, new, cx).await,
        ObjectType::OBJECT_FUNCTION
        | ObjectType::OBJECT_PROCEDURE
        | ObjectType::OBJECT_ROUTINE
        | ObjectType::OBJECT_AGGREGATE => super::routine::rename(statement, new, cx).await,
        _ => Err(PgError::unsupported("RENAME of this kind of object")),
    }
}

/// Finds and locks the relation of a statement; `None` after a NOTICE.
async fn relation(statement: &RenameStmt, cx: &DdlContext<'_>) -> Result<Option<Arc<Relation>>> {
    let range = statement.relation().expect("the statement names a relation");
    let name = RelationName::of_range(range, cx)?;
    let found = lock::named(&name, TableLockMode::AccessExclusive, cx).await?;
    match found {
        Some(found) => {
            privileges::relation_owner(&found, cx)?;
            Ok(Some(found))
        }
        None if statement.missing_ok => {
            cx.notice(format!("relation \"{name}\" does not exist, skipping"));
            Ok(None)
        }
        None => Err(name.missing()),
    }
}

fn tag(kind: ObjectType::Type) -> String {
    let what = match kind {
        ObjectType::OBJECT_INDEX => "INDEX",
        ObjectType::OBJECT_SEQUENCE => "SEQUENCE",
        ObjectType::OBJECT_VIEW => "VIEW",
        ObjectType::OBJECT_MATVIEW => "MATERIALIZED VIEW",
        _ => "TABLE",
    };
    format!("ALTER {what}")
}

async fn rename_relation(statement: &RenameStmt, new: &str, cx: &DdlContext<'_>) -> Result<String> {
    let tag = tag(statement.rename_type);
    let Some(found) = relation(statement, cx).await? else { return Ok(tag) };
    let wrong = match statement.rename_type {
        ObjectType::OBJECT_INDEX if found.kind != RelationKind::Index => Some("an index"),
        ObjectType::OBJECT_SEQUENCE if found.kind != RelationKind::Sequence => Some("a sequence"),
        ObjectType::OBJECT_VIEW if found.kind != RelationKind::View => Some("a view"),
        ObjectType::OBJECT_MATVIEW if found.kind != RelationKind::MaterializedView => {
            Some("a materialized view")
        }
        _ => None,
    };
    if let Some(what) = wrong {
        let message = format!("\"{}\" is not {what}", found.name);
        return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
    }
    let catalog = cx.catalog();
    let namespace = catalog.namespace(found.namespace).expect("a relation has a schema");
    create_table::free_name(namespace, new, false, cx).await?;
    if found.row_type != 0 {
        super::types::take_row_type_name(namespace.oid, new, cx)?;
    }
    // A constraint and its index have one name.
    if let Some(table) = found.index.as_ref().and_then(|i| catalog.relation(i.table))
        && let Some(constraint) = constraint_of_index(table, found.oid)
    {
        set_constraint_name(table, constraint.oid, new, cx);
    }
    change_table(found.oid, cx, |r| r.name = new.to_owned());
    Ok(tag)
}

async fn rename_column(statement: &RenameStmt, new: &str, cx: &DdlContext<'_>) -> Result<String> {
    let tag = tag(statement.relation_type);
    let Some(found) = relation(statement, cx).await? else { return Ok(tag) };
    let old = statement.subname().unwrap_or_default();
    if found.column_by_name(old).is_none() {
        let message = format!("column \"{old}\" does not exist");
        return Err(PgError::new(code::UNDEFINED_COLUMN, message));
    }
    column::check_not_system(new)?;
    let members = members(&found, statement, cx).await?;
    if members.len() == 1 && !cx.catalog().children(found.oid).is_empty() {
        let message = format!("inherited column \"{old}\" must be renamed in child tables too");
        return Err(PgError::new(code::INVALID_TABLE_DEFINITION, message));
    }
    for (member, parents) in members {
        let Some(own) = member.column_by_name(old) else { continue };
        if own.origin.inherited > parents {
            let message = format!("cannot rename inherited column \"{old}\"");
            return Err(PgError::new(code::INVALID_TABLE_DEFINITION, message));
        }
        if member.column_by_name(new).is_some() {
            let relation = &member.name;
            let message = format!("column \"{new}\" of relation \"{relation}\" already exists");
            return Err(PgError::new(code::DUPLICATE_COLUMN, message));
        }
        rename_own(&member, own.attno, new, cx);
    }
    Ok(tag)
}

/// The tables that a statement on one renames something in, each with how many of its parents are
/// among them; locked.
async fn members(
    table: &Arc<Relation>,
    statement: &RenameStmt,
    cx: &DdlContext<'_>,
) -> Result<Vec<(Arc<Relation>, i32)>> {
    let recurses = statement.relation().is_some_and(|range| range.inh);
    let family = match recurses {
        true => cx.catalog().family(table),
        false => vec![table.clone()],
    };
    for member in &family {
        lock::relation(member.oid, TableLockMode::AccessExclusive, cx).await?;
        privileges::relation_owner(member, cx)?;
    }
    let within = |member: &Relation| {
        let parents = member.lineage.parents.iter();
        parents.filter(|oid| family.iter().any(|other| other.oid == **oid)).count()
    };
    let counted = family.iter().map(|m| (m.clone(), i32::try_from(within(m)).unwrap_or(0)));
    Ok(counted.collect())
}

fn rename_own(found: &Relation, attno: i16, new: &str, cx: &DdlContext<'_>) {
    let old = &found.column(attno).name;
    change_table(found.oid, cx, |r| r.columns[attno as usize - 1].name = new.to_owned());
    // Index columns are named after the table's.
    let catalog = cx.catalog();
    for index in catalog.indexes_of(found) {
        let Some(info) = &index.index else { continue };
        let at = info.columns.iter().position(|c| c.attno == attno);
        if let Some(at) = at.filter(|at| index.columns[*at].name == *old) {
            change_table(index.oid, cx, |r| r.columns[at].name = new.to_owned());
        }
    }
}

async fn rename_constraint(
    statement: &RenameStmt,
    new: &str,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let tag = tag(ObjectType::OBJECT_TABLE);
    let Some(found) = relation(statement, cx).await? else { return Ok(tag) };
    let old = statement.subname().unwrap_or_default();
    let Some(constraint) = found.constraints.iter().find(|c| c.name == old) else {
        let message = format!("constraint \"{old}\" for table \"{}\" does not exist", found.name);
        return Err(PgError::new(code::UNDEFINED_OBJECT, message));
    };
    if matches!(constraint.kind, ConstraintKind::Check { .. }) && !constraint.no_inherit {
        return rename_check(&found, statement, new, cx).await.map(|()| tag);
    }
    super::check::own_name(&found, new)?;
    if let Some(index) = index_of(constraint) {
        let catalog = cx.catalog();
        let namespace = catalog.namespace(found.namespace).expect("a relation has a schema");
        create_table::free_name(namespace, new, false, cx).await?;
        change_table(index, cx, |r| r.name = new.to_owned());
    }
    set_constraint_name(&found, constraint.oid, new, cx);
    Ok(tag)
}

/// A CHECK has one name in all tables that have it from one another.
async fn rename_check(
    table: &Arc<Relation>,
    statement: &RenameStmt,
    new: &str,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let old = statement.subname().unwrap_or_default();
    let members = members(table, statement, cx).await?;
    let invalid = |message| PgError::new(code::INVALID_TABLE_DEFINITION, message);
    if members.len() == 1 && !cx.catalog().children(table.oid).is_empty() {
        let message = format!("inherited constraint \"{old}\" must be renamed in child tables too");
        return Err(invalid(message));
    }
    for (member, parents) in members {
        let Some(own) = member.constraints.iter().find(|c| c.name == old) else { continue };
        if own.origin.inherited > parents {
            return Err(invalid(format!("cannot rename inherited constraint \"{old}\"")));
        }
        super::check::own_name(&member, new)?;
        set_constraint_name(&member, own.oid, new, cx);
    }
    Ok(())
}

fn index_of(constraint: &Constraint) -> Option<u32> {
    match &constraint.kind {
        ConstraintKind::PrimaryKey { index, .. } | ConstraintKind::Unique { index, .. } => {
            Some(*index)
        }
        _ => None,
    }
}

fn set_constraint_name(table: &Relation, oid: u32, new: &str, cx: &DdlContext<'_>) {
    change_table(table.oid, cx, |table| {
        if let Some(found) = table.constraints.iter_mut().find(|c| c.oid == oid) {
            found.name = new.to_owned();
        }
    });
}

async fn rename_schema(statement: &RenameStmt, new: &str, cx: &DdlContext<'_>) -> Result<String> {
    let old = statement.subname().unwrap_or_default();
    lock::name(0, new, cx).await?;
    let catalog = cx.catalog();
    let found = find_namespace(&catalog, old, cx).ok_or_else(|| missing_schema(old))?;
    privileges::namespace_owner(found, cx)?;
    if catalog.namespace_named(new).is_some() {
        let message = format!("schema \"{new}\" already exists");
        return Err(PgError::new(code::DUPLICATE_SCHEMA, message));
    }
    super::create_schema::check_reserved(new)?;
    put_namespace(Namespace { name: new.to_owned(), ..(**found).clone() }, cx);
    Ok("ALTER SCHEMA".to_owned())
}

/// Replaces a schema's definition.
pub(super) fn put_namespace(namespace: Namespace, cx: &DdlContext<'_>) {
    let change = Change::PutNamespace(cx.catalog.database(), Arc::new(namespace));
    cx.catalog.push(change, cx.txn);
}

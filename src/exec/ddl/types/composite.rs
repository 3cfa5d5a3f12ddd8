//! CREATE TYPE … AS (…), and ALTER TYPE … ATTRIBUTE.
//!
//! A composite type is a relation without rows. Its stored values have no versions, so attributes do not
//! come, go or change their types while a table's column holds the type.

use super::super::drop::change_table;
use super::super::names::RelationName;
use super::super::{DdlContext, column, create_table, lock, privileges};
use crate::catalog::{Catalog, Relation, RelationKind};
use crate::error::{PgError, Result, code};
use crate::functions::privileges::require_type;
use crate::sql::bind::resolve_type;
use crate::storage::TableLockMode;
use crate::types::Oid;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::{
    AlterTableCmd, AlterTableStmt, ColumnDef, CompositeTypeStmt, RenameStmt,
};
use pg_raw_parse::raw::AlterTableType as At;
use std::sync::Arc;

const TAG: &str = "ALTER TYPE";

pub(in super::super) async fn create(
    statement: &CompositeTypeStmt,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let range = statement.typevar().expect("a composite type has a name");
    let name = RelationName::of_range(range, cx)?;
    let namespace = super::target(&name, cx).await?;
    create_table::free_name(&namespace, &name.name, false, cx).await?;
    let mut relation = create_table::new_table(name.name, &namespace, range, cx)?;
    relation.kind = RelationKind::Composite;
    relation.storage = 0;
    // What is granted on composite types is not kept.
    relation.acl = None;
    for definition in statement.coldeflist() {
        // PostgreSQL tells no positions here.
        add(&mut relation, definition, cx).map_err(PgError::nowhere)?;
    }
    cx.catalog.put_relation(relation, cx.txn);
    Ok("CREATE TYPE".to_owned())
}

/// Adds an attribute.
fn add(relation: &mut Relation, definition: &ColumnDef, cx: &DdlContext<'_>) -> Result<()> {
    let catalog = cx.catalog();
    let name = definition.colname().unwrap_or_default();
    if relation.column_by_name(name).is_some() {
        let message = format!("column \"{name}\" specified more than once");
        return Err(PgError::new(code::DUPLICATE_COLUMN, message));
    }
    let type_name = definition.type_name().expect("an attribute has a type");
    let (type_oid, typmod) = resolve_type(type_name, &cx.bind(&catalog))?;
    column::check_type(name, type_oid, &catalog)?;
    require_type(&**cx.env, type_oid)?;
    check_not_itself(relation, type_oid, &catalog)?;
    let attno = i16::try_from(relation.columns.len() + 1).map_err(|_| {
        PgError::new(code::TOO_MANY_COLUMNS, "tables can have at most 1600 columns")
    })?;
    let mut new = column::new_column(attno, name, type_oid, typmod, &catalog);
    if let Some(clause) = definition.coll_clause() {
        new.collation = column::collation(clause, type_oid, cx)?;
    }
    relation.columns.push(new);
    Ok(())
}

/// 42P16 for a type that would hold itself.
fn check_not_itself(relation: &Relation, type_oid: Oid, catalog: &Catalog) -> Result<()> {
    if !holds(type_oid, relation.row_type, catalog) {
        return Ok(());
    }
    let message = format!("composite type {} cannot be made a member of itself", relation.name);
    Err(PgError::new(code::INVALID_TABLE_DEFINITION, message))
}

/// Whether values of a type are, or have in them, values of a row type.
fn holds(type_oid: Oid, row_type: Oid, catalog: &Catalog) -> bool {
    let base = catalog.base_type(type_oid, -1).0;
    if base == row_type {
        return true;
    }
    if Catalog::is_system(base) {
        return false;
    }
    match catalog.row_type_relation(base) {
        Some(inner) => inner.live_columns().any(|c| holds(c.type_oid, row_type, catalog)),
        None => catalog.element_of(base).is_some_and(|e| holds(e, row_type, catalog)),
    }
}

/// 0A000 where a table's column holds a relation's row type: its values would no longer fit.
pub(in super::super) fn check_row_type_unused(
    relation: &Relation,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let catalog = cx.catalog();
    let tables = catalog.may_store(relation.row_type);
    let others = tables.iter().filter(|oid| **oid != relation.oid);
    for table in others.filter_map(|oid| catalog.relation(*oid)) {
        let holder = table.live_columns().find(|c| holds(c.type_oid, relation.row_type, &catalog));
        if let Some(column) = holder {
            let (what, its) = match relation.kind {
                RelationKind::Composite => ("type", "it"),
                _ => ("table", "its row type"),
            };
            let message = format!(
                "cannot alter {what} \"{}\" because column \"{}.{}\" uses {its}",
                relation.name, table.name, column.name
            );
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
        }
    }
    Ok(())
}

/// The composite type of this name, locked, which the current role must own; `None`: no such.
pub(super) async fn get_own(
    name: &RelationName,
    cx: &DdlContext<'_>,
) -> Result<Option<Arc<Relation>>> {
    let is_composite = |r: &Arc<Relation>| r.kind == RelationKind::Composite;
    if !name.find(&cx.catalog(), cx)?.is_some_and(is_composite) {
        return Ok(None);
    }
    let found = lock::get_named(name, TableLockMode::AccessExclusive, cx).await?;
    if !privileges::is_owner(&cx.catalog(), cx.env.current_role(), found.owner) {
        let message = format!("must be owner of type {}", found.name);
        return Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message));
    }
    Ok(Some(found).filter(is_composite))
}

async fn get(name: &RelationName, cx: &DdlContext<'_>) -> Result<Arc<Relation>> {
    if let Some(found) = get_own(name, cx).await? {
        return Ok(found);
    }
    match name.find(&cx.catalog(), cx)? {
        Some(other) => {
            let message = format!("\"{}\" is not a composite type", other.name);
            Err(PgError::new(code::WRONG_OBJECT_TYPE, message))
        }
        None => Err(name.missing()),
    }
}

/// ADD, DROP and ALTER ATTRIBUTE.
pub(in super::super) async fn alter(
    statement: &AlterTableStmt,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let range = statement.relation().expect("ALTER TYPE names a type");
    let name = RelationName::of_range(range, cx)?;
    let found = get(&name, cx).await?;
    check_row_type_unused(&found, cx)?;
    let mut changed = (*found).clone();
    for node in statement.cmds() {
        if let Node::AlterTableCmd(command) = node {
            apply(&mut changed, command, cx)?;
        }
    }
    changed.version = changed.version.wrapping_add(1);
    cx.catalog.put_relation(changed, cx.txn);
    Ok(TAG.to_owned())
}

fn apply(relation: &mut Relation, command: &AlterTableCmd, cx: &DdlContext<'_>) -> Result<()> {
    let name = command.name().unwrap_or_default();
    let number = relation.column_by_name(name).map(|c| c.attno);
    let missing = format!("column \"{name}\" of relation \"{}\" does not exist", relation.name);
    match (command.subtype, command.def()) {
        (At::AT_AddColumn, Node::ColumnDef(definition)) => {
            let new = definition.colname().unwrap_or_default();
            if relation.column_by_name(new).is_some() {
                let relation = &relation.name;
                let message = format!("column \"{new}\" of relation \"{relation}\" already exists");
                return Err(PgError::new(code::DUPLICATE_COLUMN, message));
            }
            add(relation, definition, cx)
        }
        (At::AT_DropColumn, _) => {
            let Some(attno) = number else {
                if command.missing_ok {
                    cx.notice(format!("{missing}, skipping"));
                    return Ok(());
                }
                return Err(PgError::new(code::UNDEFINED_COLUMN, missing));
            };
            let column = &mut relation.columns[attno as usize - 1];
            column.dropped = true;
            column.name = format!("........pg.dropped.{attno}........");
            column.comment = None;
            Ok(())
        }
        (At::AT_AlterColumnType, Node::ColumnDef(definition)) => {
            let attno = number.ok_or_else(|| PgError::new(code::UNDEFINED_COLUMN, missing))?;
            let catalog = cx.catalog();
            let type_name = definition.type_name().expect("TYPE names a type");
            let (type_oid, typmod) = resolve_type(type_name, &cx.bind(&catalog))?;
            column::check_type(name, type_oid, &catalog)?;
            check_not_itself(relation, type_oid, &catalog)?;
            let new = column::new_column(attno, name, type_oid, typmod, &catalog);
            relation.columns[attno as usize - 1] = new;
            Ok(())
        }
        _ => Err(PgError::unsupported("this form of ALTER TYPE")),
    }
}

/// RENAME ATTRIBUTE: values have no names.
pub(in super::super) async fn rename_attribute(
    statement: &RenameStmt,
    new: &str,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let range = statement.relation().expect("the statement names a type");
    let name = RelationName::of_range(range, cx)?;
    let found = get(&name, cx).await?;
    let old = statement.subname().unwrap_or_default();
    let Some(attno) = found.column_by_name(old).map(|c| c.attno) else {
        let message = format!("column \"{old}\" does not exist");
        return Err(PgError::new(code::UNDEFINED_COLUMN, message));
    };
    if found.column_by_name(new).is_some() {
        let relation = &found.name;
        let message = format!("column \"{new}\" of relation \"{relation}\" already exists");
        return Err(PgError::new(code::DUPLICATE_COLUMN, message));
    }
    change_table(found.oid, cx, |r| r.columns[attno as usize - 1].name = new.to_owned());
    Ok(TAG.to_owned())
}

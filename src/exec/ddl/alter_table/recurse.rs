//! Subcommands on a table that others inherit from, or that inherits itself.
//!
//! What a parent defines its children have, so most changes are made in all of them, and refused where
//! only one of them would change: with ONLY, or on a child alone.

use super::super::drop::{self as dropping, change_table};
use super::super::{DdlContext, inherit, options, partition, privileges};
use super::{columns, constraints, current};
use crate::catalog::Relation;
use crate::catalog::depend::Object;
use crate::error::{PgError, Result, code};
use crate::types::Oid;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::AlterTableCmd;
use pg_raw_parse::raw::AlterTableType as At;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Runs a subcommand on a table and, unless ONLY was said (`recurses` is false), on those below it.
pub(super) async fn run(
    oid: Oid,
    command: &AlterTableCmd,
    recurses: bool,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let table = current(oid, cx);
    match command.subtype {
        At::AT_AddColumn => add_column(&table, command, recurses, cx).await,
        At::AT_DropColumn => drop_column(&table, command, recurses, cx).await,
        At::AT_AlterColumnType => {
            check_type_change(&table, command, recurses, cx)?;
            in_all(&table, command, recurses, cx).await
        }
        At::AT_SetNotNull | At::AT_DropNotNull => {
            check_not_null(&table, command, recurses, cx)?;
            in_all(&table, command, recurses, cx).await
        }
        At::AT_DropExpression => {
            check_drop_expression(&table, command, recurses, cx)?;
            in_all(&table, command, recurses, cx).await
        }
        At::AT_ColumnDefault | At::AT_SetStatistics | At::AT_SetStorage => {
            in_all(&table, command, recurses, cx).await
        }
        At::AT_AddConstraint => constraints::add(&table, command, recurses, cx).await,
        At::AT_DropConstraint => constraints::drop(&table, command, recurses, cx).await,
        At::AT_ValidateConstraint => constraints::validate(&table, command, recurses, cx),
        At::AT_SetRelOptions if table.is_partitioned() => refuse_options(command),
        At::AT_AddInherit => inherit::inherit(&table, command, cx).await,
        At::AT_DropInherit => inherit::no_inherit(&table, command, cx).await,
        At::AT_AttachPartition if table.index.is_some() => {
            partition::attach_index(&table, command, cx).await
        }
        At::AT_AttachPartition => partition::attach(&table, command, cx).await,
        At::AT_DetachPartition => partition::detach(&table, command, cx).await,
        _ => super::run(oid, command, cx).await,
    }
}

/// The tables below one, each after its parents, with how many of these are in the family; all are the
/// current role's.
pub(super) fn below(
    table: &Arc<Relation>,
    cx: &DdlContext<'_>,
) -> Result<Vec<(Arc<Relation>, i32)>> {
    let family = cx.catalog().family(table);
    let members: BTreeSet<Oid> = family.iter().map(|member| member.oid).collect();
    let mut found = Vec::new();
    for member in family.into_iter().skip(1) {
        privileges::relation_owner(&member, cx)?;
        let parents = parents_among(&member, &members);
        found.push((member, parents));
    }
    Ok(found)
}

/// How many of these tables are a table's parents.
fn parents_among(table: &Relation, tables: &BTreeSet<Oid>) -> i32 {
    let parents = table.lineage.parents.iter().filter(|oid| tables.contains(oid)).count();
    i32::try_from(parents).unwrap_or(i32::MAX)
}

async fn in_all(
    table: &Arc<Relation>,
    command: &AlterTableCmd,
    recurses: bool,
    cx: &DdlContext<'_>,
) -> Result<()> {
    super::run(table.oid, command, cx).await?;
    let members = if recurses { below(table, cx)? } else { Vec::new() };
    for (member, _) in members {
        super::run(member.oid, command, cx).await?;
    }
    Ok(())
}

pub(super) fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> PgError {
    PgError::new(code::INVALID_TABLE_DEFINITION, message)
}

const ONLY_HINT: &str = "Do not specify the ONLY keyword.";

pub(super) fn has_children(table: &Relation, cx: &DdlContext<'_>) -> bool {
    table.index.is_none() && !cx.catalog().children(table.oid).is_empty()
}

/// 42P16 where a change would leave the partitions of a table behind.
pub(super) fn check_whole(
    table: &Relation,
    recurses: bool,
    message: &'static str,
    cx: &DdlContext<'_>,
) -> Result<()> {
    match !recurses && table.is_partitioned() && has_children(table, cx) {
        true => Err(invalid(message).hint(ONLY_HINT)),
        false => Ok(()),
    }
}

async fn add_column(
    table: &Arc<Relation>,
    command: &AlterTableCmd,
    recurses: bool,
    cx: &DdlContext<'_>,
) -> Result<()> {
    if table.is_partition() {
        let message = "cannot add column to a partition";
        return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
    }
    let Some(draft) = columns::add(table, command, cx)? else { return Ok(()) };
    if has_children(table, cx) {
        let identity = draft.table.columns.last().is_some_and(|c| c.identity.is_some());
        if identity && recurses {
            let message = "cannot recursively add identity column to table that has child tables";
            return Err(invalid(message));
        }
        if !recurses {
            return Err(invalid("column must be added to child tables too"));
        }
    }
    add_below(table.oid, command, cx)?;
    constraints::add_collected(table.oid, draft, recurses, cx).await
}

/// Adds a table's new column to its children; below one that has it already, nothing is to be done.
fn add_below(table: Oid, command: &AlterTableCmd, cx: &DdlContext<'_>) -> Result<()> {
    for child in cx.catalog().children(table).to_vec() {
        let child = current(child, cx);
        privileges::relation_owner(&child, cx)?;
        if columns::add_inherited(&child, command, cx)? {
            add_below(child.oid, command, cx)?;
        }
    }
    Ok(())
}

async fn drop_column(
    table: &Arc<Relation>,
    command: &AlterTableCmd,
    recurses: bool,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let Some(attno) = columns::droppable(table, command, cx)? else { return Ok(()) };
    let name = table.column(attno).name.clone();
    if table.column(attno).origin.inherited > 0 {
        return Err(invalid(format!("cannot drop inherited column \"{name}\"")));
    }
    check_no_key(table, attno, "drop")?;
    let only = "cannot drop column from only the partitioned table when partitions exist";
    check_whole(table, recurses, only, cx)?;
    let mut objects = vec![Object::Column(table.oid, attno)];
    let mut above: BTreeSet<Oid> = BTreeSet::from([table.oid]);
    let members = if recurses { below(table, cx)? } else { direct_children(table, cx) };
    for (member, _) in members {
        // The parents that lose the column.
        let parents = parents_among(&member, &above);
        let Some(own) = member.column_by_name(&name).filter(|_| parents > 0) else { continue };
        let attno = own.attno;
        if recurses && own.origin.inherited <= parents && !own.origin.is_local {
            check_no_key(&member, attno, "drop")?;
            objects.push(Object::Column(member.oid, attno));
            above.insert(member.oid);
            continue;
        }
        change_table(member.oid, cx, |member| {
            let own = &mut member.columns[attno as usize - 1];
            own.origin.inherited = (own.origin.inherited - parents).max(0);
            own.origin.is_local |= !recurses;
        });
    }
    dropping::delete(&objects, dropping::cascade(command.behavior), cx).await
}

fn direct_children(table: &Relation, cx: &DdlContext<'_>) -> Vec<(Arc<Relation>, i32)> {
    let catalog = cx.catalog();
    catalog.children_of(table).into_iter().map(|child| (child.clone(), 1)).collect()
}

/// 42P16 for a column that a partition key uses.
fn check_no_key(table: &Relation, attno: i16, verb: &str) -> Result<()> {
    let Some(key) = &table.lineage.key else { return Ok(()) };
    if !key.attnos().contains(&attno) {
        return Ok(());
    }
    let (column, table) = (&table.column(attno).name, &table.name);
    Err(invalid(format!(
        "cannot {verb} column \"{column}\" because it is part of the partition key of relation \
         \"{table}\""
    )))
}

fn check_type_change(
    table: &Arc<Relation>,
    command: &AlterTableCmd,
    recurses: bool,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let name = command.name().unwrap_or_default();
    let Some(column) = table.column_by_name(name) else { return Ok(()) };
    if column.origin.inherited > 0 {
        return Err(invalid(format!("cannot alter inherited column \"{name}\"")));
    }
    check_no_key(table, column.attno, "alter")?;
    if !recurses && has_children(table, cx) {
        let message =
            format!("type of inherited column \"{name}\" must be changed in child tables too");
        return Err(invalid(message));
    }
    for (member, parents) in below(table, cx)? {
        let Some(own) = member.column_by_name(name) else { continue };
        if own.origin.inherited > parents {
            let message =
                format!("cannot alter inherited column \"{name}\" of relation \"{}\"", member.name);
            return Err(invalid(message));
        }
        check_no_key(&member, own.attno, "alter")?;
    }
    Ok(())
}

fn check_not_null(
    table: &Arc<Relation>,
    command: &AlterTableCmd,
    recurses: bool,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let name = command.name().unwrap_or_default();
    if command.subtype == At::AT_SetNotNull {
        let catalog = cx.catalog();
        let may_be_null = |child: &&&Arc<Relation>| {
            child.column_by_name(name).is_some_and(|column| !column.not_null)
        };
        let children = catalog.children_of(table);
        let behind = children.iter().find(may_be_null);
        return match behind.filter(|_| table.is_partitioned() && !recurses) {
            Some(child) => Err(invalid("constraint must be added to child tables too")
                .detail(format!(
                    "Column \"{name}\" of relation \"{}\" is not already NOT NULL.",
                    child.name
                ))
                .hint(ONLY_HINT)),
            None => Ok(()),
        };
    }
    let message = "cannot remove constraint from only the partitioned table when partitions exist";
    check_whole(table, recurses, message, cx)?;
    let catalog = cx.catalog();
    let parent = catalog.partition_parent(table).and_then(|parent| parent.column_by_name(name));
    match parent.is_some_and(|parent| parent.not_null) {
        true => Err(invalid(format!("column \"{name}\" is marked NOT NULL in parent table"))),
        false => Ok(()),
    }
}

fn check_drop_expression(
    table: &Arc<Relation>,
    command: &AlterTableCmd,
    recurses: bool,
    cx: &DdlContext<'_>,
) -> Result<()> {
    if !recurses && has_children(table, cx) {
        let message = "ALTER TABLE / DROP EXPRESSION must be applied to child tables too";
        return Err(invalid(message));
    }
    let column = table.column_by_name(command.name().unwrap_or_default());
    match column.is_some_and(|column| column.origin.inherited > 0) {
        true => Err(invalid("cannot drop generation expression from inherited column")),
        false => Ok(()),
    }
}

/// A partitioned table has no storage, and so no parameters of it.
fn refuse_options(command: &AlterTableCmd) -> Result<()> {
    for node in command.def().as_node_list().into_iter().flatten() {
        if let Node::DefElem(element) = node {
            return Err(options::unknown(element));
        }
    }
    Ok(())
}

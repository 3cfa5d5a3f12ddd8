//! ALTER TABLE (and ALTER INDEX, SEQUENCE, VIEW in their forms of it).
//!
//! Subcommands run in PostgreSQL's passes, not as written: what is dropped goes first, then types
//! change, then columns and constraints are added; so one statement may drop a column and add
//! another of its name. Most are made in the tables that inherit from the one named, too ([`recurse`]).

pub(super) mod column_attrs;
pub(super) mod column_type;
pub(super) mod columns;
pub(super) mod constraints;
mod handed_down;
mod misc;
mod recurse;
mod widening;
pub(super) use misc::set_owner;

use super::names::RelationName;
use super::{DdlContext, lock, privileges};
use crate::catalog::{Relation, RelationKind};
use crate::error::{PgError, Result, code};
use crate::storage::TableLockMode;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::{AlterTableCmd, AlterTableStmt};
use pg_raw_parse::raw::{AlterTableType as At, ConstrType, ObjectType};
use std::sync::Arc;

pub(super) async fn execute(statement: &AlterTableStmt, cx: &DdlContext<'_>) -> Result<String> {
    let (kind, tag) = match statement.objtype {
        ObjectType::OBJECT_TABLE => (RelationKind::Table, "ALTER TABLE"),
        ObjectType::OBJECT_INDEX => (RelationKind::Index, "ALTER INDEX"),
        ObjectType::OBJECT_SEQUENCE => (RelationKind::Sequence, "ALTER SEQUENCE"),
        ObjectType::OBJECT_VIEW => (RelationKind::View, "ALTER VIEW"),
        ObjectType::OBJECT_MATVIEW => (RelationKind::MaterializedView, "ALTER MATERIALIZED VIEW"),
        ObjectType::OBJECT_TYPE => return super::types::alter_composite(statement, cx).await,
        _ => return Err(PgError::unsupported("ALTER of this kind of object")),
    };
    let commands: Vec<&AlterTableCmd> = statement
        .cmds()
        .iter()
        .filter_map(|node| match node {
            Node::AlterTableCmd(command) => Some(command),
            _ => None,
        })
        .collect();
    let range = statement.relation().expect("ALTER TABLE names a relation");
    let name = RelationName::of_range(range, cx)?;
    let mode = commands.iter().map(|c| lock_mode(c)).max();
    let mode = mode.unwrap_or(TableLockMode::AccessExclusive);
    let Some(relation) = lock::named(&name, mode, cx).await? else {
        if statement.missing_ok {
            cx.notice(format!("relation \"{name}\" does not exist, skipping"));
            return Ok(tag.to_owned());
        }
        return Err(name.missing());
    };
    check_kind(&relation, kind)?;
    privileges::relation_owner(&relation, cx)?;
    lock::check_unused(&relation, "ALTER TABLE", cx)?;
    for (at, command) in commands.iter().enumerate() {
        let again = |other: &&&AlterTableCmd| {
            other.subtype == At::AT_AlterColumnType && other.name() == command.name()
        };
        if command.subtype == At::AT_AlterColumnType && commands[..at].iter().any(|c| again(&c)) {
            let name = command.name().unwrap_or_default();
            let message = format!("cannot alter type of column \"{name}\" twice");
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
        }
    }
    if range.inh {
        for member in cx.catalog().family(&relation) {
            lock::relation(member.oid, mode, cx).await?;
        }
    }
    let mut ordered = commands;
    ordered.sort_by_key(|command| pass(command));
    for command in ordered {
        recurse::run(relation.oid, command, range.inh, cx).await?;
    }
    Ok(tag.to_owned())
}

/// ALTER TABLE takes any relation; the others only their own kind.
fn check_kind(relation: &Relation, kind: RelationKind) -> Result<()> {
    if kind == RelationKind::Table || relation.kind == kind {
        return Ok(());
    }
    let what = match kind {
        RelationKind::Index => "an index",
        RelationKind::Sequence => "a sequence",
        RelationKind::MaterializedView => "a materialized view",
        _ => "a view",
    };
    let message = format!("\"{}\" is not {what}", relation.name);
    Err(PgError::new(code::WRONG_OBJECT_TYPE, message))
}

/// `AlterTableGetLockLevel`.
fn lock_mode(command: &AlterTableCmd) -> TableLockMode {
    match command.subtype {
        At::AT_SetStatistics
        | At::AT_SetOptions
        | At::AT_ResetOptions
        | At::AT_SetRelOptions
        | At::AT_ResetRelOptions
        | At::AT_ValidateConstraint
        | At::AT_ClusterOn
        | At::AT_DropCluster => TableLockMode::ShareUpdateExclusive,
        At::AT_AddConstraint => match command.def() {
            Node::Constraint(c) if c.contype == ConstrType::CONSTR_FOREIGN => {
                TableLockMode::ShareRowExclusive
            }
            _ => TableLockMode::AccessExclusive,
        },
        _ => TableLockMode::AccessExclusive,
    }
}

/// The order that subcommands run in (`AlterTablePass`).
fn pass(command: &AlterTableCmd) -> u8 {
    match command.subtype {
        At::AT_DropColumn
        | At::AT_DropConstraint
        | At::AT_DropNotNull
        | At::AT_DropExpression
        | At::AT_DropIdentity => 0,
        At::AT_ColumnDefault if matches!(command.def(), Node::None) => 0,
        At::AT_AlterColumnType => 1,
        At::AT_AddColumn => 2,
        At::AT_SetNotNull | At::AT_SetIdentity | At::AT_SetStorage | At::AT_SetStatistics => 3,
        At::AT_AddConstraint => match command.def() {
            Node::Constraint(c) if c.contype == ConstrType::CONSTR_FOREIGN => 6,
            Node::Constraint(c) if c.contype == ConstrType::CONSTR_CHECK => 5,
            _ => 4,
        },
        At::AT_ColumnDefault | At::AT_AddIdentity => 5,
        _ => 7,
    }
}

async fn run(oid: u32, command: &AlterTableCmd, cx: &DdlContext<'_>) -> Result<()> {
    let table = current(oid, cx);
    match command.subtype {
        At::AT_AlterColumnType => column_type::alter(&table, command, cx).await,
        At::AT_ColumnDefault => column_attrs::set_default(&table, command, cx),
        At::AT_SetNotNull => column_attrs::set_not_null(&table, command, cx),
        At::AT_DropNotNull => column_attrs::drop_not_null(&table, command, cx),
        At::AT_AddIdentity => column_attrs::add_identity(&table, command, cx),
        At::AT_SetIdentity => column_attrs::set_identity(&table, command, cx),
        At::AT_DropIdentity => column_attrs::drop_identity(&table, command, cx),
        At::AT_DropExpression => column_attrs::drop_expression(&table, command, cx),
        At::AT_SetStatistics => column_attrs::set_statistics(&table, command, cx),
        At::AT_SetStorage => column_attrs::set_storage(&table, command, cx),
        At::AT_AlterConstraint => constraints::alter(&table, command, cx),
        kind @ (At::AT_EnableRowSecurity
        | At::AT_DisableRowSecurity
        | At::AT_ForceRowSecurity
        | At::AT_NoForceRowSecurity) => super::policy::set(&table, kind, cx),
        At::AT_EnableRule
        | At::AT_EnableAlwaysRule
        | At::AT_EnableReplicaRule
        | At::AT_DisableRule => super::rule::set_enabled(&table, command, cx),
        At::AT_ChangeOwner => misc::change_owner(&table, command, cx),
        At::AT_SetRelOptions => misc::set_options(&table, command, cx).await,
        At::AT_ResetRelOptions => misc::reset_options(&table, command, cx).await,
        At::AT_SetLogged | At::AT_SetUnLogged => misc::set_persistence(&table, command, cx),
        At::AT_SetTableSpace => super::create_table::check_tablespace(command.name()),
        At::AT_SetAccessMethod => super::create_table::check_method(command.name()),
        _ => Err(PgError::unsupported("this form of ALTER TABLE")),
    }
}

/// The relation as the transaction has it now; it is locked.
pub(super) fn current(oid: u32, cx: &DdlContext<'_>) -> Arc<Relation> {
    cx.catalog().relation(oid).expect("the relation is locked").clone()
}

/// 42809 unless the relation is a table.
pub(super) fn check_table(relation: &Relation, action: &str) -> Result<()> {
    if relation.kind == RelationKind::Table {
        return Ok(());
    }
    let name = &relation.name;
    let message = format!("ALTER action {action} cannot be performed on relation \"{name}\"");
    let plural = match relation.kind {
        RelationKind::Index => "indexes",
        RelationKind::Sequence => "sequences",
        RelationKind::Composite => "composite types",
        RelationKind::MaterializedView => "materialized views",
        _ => "views",
    };
    Err(PgError::new(code::WRONG_OBJECT_TYPE, message)
        .detail(format!("This operation is not supported for {plural}.")))
}

/// The number of the column that a subcommand names, or 42703.
fn column_number(relation: &Relation, name: &str) -> Result<i16> {
    relation.column_by_name(name).map(|c| c.attno).ok_or_else(|| {
        let table = &relation.name;
        let message = format!("column \"{name}\" of relation \"{table}\" does not exist");
        PgError::new(code::UNDEFINED_COLUMN, message)
    })
}

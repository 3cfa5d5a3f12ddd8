//! ALTER COLUMN: default, NOT NULL, identity, statistics, storage.

use super::super::column::{SYSTEM_COLUMNS, identity_kind};
use super::super::draft::TableDraft;
use super::super::drop::change_table;
use super::super::rows;
use super::super::sequence_options::SequenceOptions;
use super::super::{DdlContext, default, options, sequence, serial};
use super::{check_table, column_number};
use crate::catalog::schema::table_schema;
use crate::catalog::{Column, Relation, RelationKind};
use crate::error::{PgError, Result, code};
use pg_raw_parse::Node;
use pg_raw_parse::nodes::AlterTableCmd;
use std::sync::Arc;

fn target<'t>(table: &'t Relation, command: &AlterTableCmd) -> Result<&'t Column> {
    let name = command.name().unwrap_or_default();
    if SYSTEM_COLUMNS.contains(&name) {
        let message = format!("cannot alter system column \"{name}\"");
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    Ok(table.column(column_number(table, name)?))
}

fn is_a(table: &Relation, column: &Column, what: &str) -> PgError {
    let message = format!("column \"{}\" of relation \"{}\" is {what}", column.name, table.name);
    PgError::new(code::SYNTAX_ERROR, message)
}

pub(super) fn set_default(
    table: &Relation,
    command: &AlterTableCmd,
    cx: &DdlContext<'_>,
) -> Result<()> {
    if table.kind != RelationKind::View {
        check_table(table, "ALTER COLUMN ... SET DEFAULT")?;
    }
    let column = target(table, command)?;
    let drops = matches!(command.def(), Node::None);
    if column.identity.is_some() {
        let error = is_a(table, column, "an identity column");
        let hint = "Use ALTER TABLE ... ALTER COLUMN ... DROP IDENTITY instead.";
        return Err(if drops { error.hint(hint) } else { error });
    }
    if column.generated {
        let error = is_a(table, column, "a generated column");
        let hint = "Use ALTER TABLE ... ALTER COLUMN ... DROP EXPRESSION instead.";
        return Err(if drops { error.hint(hint) } else { error });
    }
    let catalog = cx.catalog();
    let expr = match command.def() {
        Node::None => None,
        node => default::bind_default(table, column.attno, node, &catalog, cx)?,
    };
    change_column(table, column.attno, cx, |c| c.default = expr);
    Ok(())
}

fn change_column(
    table: &Relation,
    attno: i16,
    cx: &DdlContext<'_>,
    change: impl FnOnce(&mut Column),
) {
    change_table(table.oid, cx, |t| change(&mut t.columns[attno as usize - 1]));
}

pub(super) fn set_not_null(
    table: &Arc<Relation>,
    command: &AlterTableCmd,
    cx: &DdlContext<'_>,
) -> Result<()> {
    super::check_table(table, "ALTER COLUMN ... SET NOT NULL")?;
    let column = target(table, command)?;
    if !column.not_null {
        check_no_nulls(table, column.attno, cx)?;
        change_column(table, column.attno, cx, |c| c.not_null = true);
    }
    Ok(())
}

/// 23502 where a row has no value in the column.
pub(in crate::exec::ddl) fn check_no_nulls(
    table: &Arc<Relation>,
    attno: i16,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let schema = table_schema(&cx.catalog(), table);
    rows::for_each(&schema, cx, |_, row| match row[attno as usize - 1].is_null() {
        true => Err(super::columns::contains_nulls(table, attno, cx)),
        false => Ok(()),
    })
}

pub(super) fn drop_not_null(
    table: &Relation,
    command: &AlterTableCmd,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let column = target(table, command)?;
    if column.identity.is_some() {
        return Err(is_a(table, column, "an identity column"));
    }
    if table.primary_key().is_some_and(|key| key.contains(&column.attno)) {
        let message = format!("column \"{}\" is in a primary key", column.name);
        return Err(PgError::new(code::INVALID_TABLE_DEFINITION, message));
    }
    change_column(table, column.attno, cx, |c| c.not_null = false);
    Ok(())
}

pub(super) fn add_identity(
    table: &Relation,
    command: &AlterTableCmd,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let column = target(table, command)?;
    let Node::Constraint(constraint) = command.def() else { return Ok(()) };
    let state = |what| {
        let (name, table) = (&column.name, &table.name);
        PgError::new(
            code::OBJECT_NOT_IN_PREREQUISITE_STATE,
            format!("column \"{name}\" of relation \"{table}\" {what}"),
        )
    };
    super::super::serial::check_identity_type(column.type_oid)?;
    if !column.not_null {
        return Err(state("must be declared NOT NULL before identity can be added"));
    }
    if column.identity.is_some() {
        return Err(state("is already an identity column"));
    }
    if column.default.is_some() {
        return Err(state("already has a default value"));
    }
    let catalog = cx.catalog();
    let mut draft = TableDraft::new(table.clone(), false);
    serial::add_identity(&mut draft, column.attno, constraint, &catalog, cx)?;
    for sequence in std::mem::take(&mut draft.sequences) {
        cx.catalog.put_relation(sequence, cx.txn);
    }
    draft.table.version = table.version.wrapping_add(1);
    cx.catalog.put_relation(draft.table, cx.txn);
    Ok(())
}

pub(super) fn set_identity(
    table: &Relation,
    command: &AlterTableCmd,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let column = target(table, command)?;
    if column.identity.is_none() {
        return Err(not_identity(table, column));
    }
    let Some(list) = command.def().as_node_list() else { return Ok(()) };
    let mut sequence_list = Vec::new();
    for node in list {
        let Node::DefElem(element) = node else { continue };
        if element.defname() == Some("generated") {
            let Node::Integer(kind) = element.arg() else { continue };
            let kind = identity_kind(if kind.ival == i32::from(b'a') { b'a' } else { b'd' } as _);
            change_column(table, column.attno, cx, |c| c.identity = Some(kind));
        } else {
            sequence_list.push(node);
        }
    }
    if sequence_list.is_empty() {
        return Ok(());
    }
    let options = SequenceOptions::read_nodes(sequence_list.into_iter(), cx)?;
    let catalog = cx.catalog();
    match catalog.identity_sequence(table.oid, column.attno) {
        Some(found) => sequence::change(found, &options, cx),
        None => Ok(()),
    }
}

fn not_identity(table: &Relation, column: &Column) -> PgError {
    let (name, table) = (&column.name, &table.name);
    let message = format!("column \"{name}\" of relation \"{table}\" is not an identity column");
    PgError::new(code::OBJECT_NOT_IN_PREREQUISITE_STATE, message)
}

pub(super) fn drop_identity(
    table: &Relation,
    command: &AlterTableCmd,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let column = target(table, command)?;
    if column.identity.is_none() {
        let error = not_identity(table, column);
        if command.missing_ok {
            cx.notice(format!("{error}, skipping"));
            return Ok(());
        }
        return Err(error);
    }
    let catalog = cx.catalog();
    if let Some(sequence) = catalog.identity_sequence(table.oid, column.attno) {
        cx.catalog.remove_relation(sequence, cx.txn);
    }
    change_column(table, column.attno, cx, |c| c.identity = None);
    Ok(())
}

pub(super) fn drop_expression(
    table: &Relation,
    command: &AlterTableCmd,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let column = target(table, command)?;
    if !column.generated {
        let (name, relation) = (&column.name, &table.name);
        let message = format!(
            "column \"{name}\" of relation \"{relation}\" is not a stored generated column"
        );
        if command.missing_ok {
            cx.notice(format!("{message}, skipping"));
            return Ok(());
        }
        return Err(PgError::new(code::OBJECT_NOT_IN_PREREQUISITE_STATE, message));
    }
    change_column(table, column.attno, cx, |c| {
        c.generated = false;
        c.default = None;
    });
    Ok(())
}

pub(super) fn set_statistics(
    table: &Relation,
    command: &AlterTableCmd,
    cx: &DdlContext<'_>,
) -> Result<()> {
    const TARGET_MAX: i64 = 10_000;
    let attno = match command.name() {
        Some(name) => column_number(table, name)?,
        None => command.num,
    };
    let value = options::int8("statistics", command.def())?;
    if value < -1 {
        let message = format!("statistics target {value} is too low");
        return Err(PgError::new(code::INVALID_PARAMETER_VALUE, message));
    }
    let value = i32::try_from(value.min(TARGET_MAX)).unwrap_or(-1);
    if attno < 1 || usize::from(attno.unsigned_abs()) > table.columns.len() {
        let message =
            format!("column number {attno} of relation \"{}\" does not exist", table.name);
        return Err(PgError::new(code::UNDEFINED_COLUMN, message));
    }
    change_column(table, attno, cx, |c| c.statistics_target = value);
    Ok(())
}

pub(super) fn set_storage(
    table: &Relation,
    command: &AlterTableCmd,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let column = target(table, command)?;
    let written = options::text(command.def());
    let storage = match written.to_ascii_lowercase().as_str() {
        "plain" => b'p',
        "external" => b'e',
        "extended" => b'x',
        "main" => b'm',
        _ => {
            let message = format!("invalid storage type \"{written}\"");
            return Err(PgError::new(code::INVALID_PARAMETER_VALUE, message));
        }
    };
    let toastable = cx.catalog().type_(column.type_oid).is_some_and(|t| t.storage != b'p');
    if storage != b'p' && !toastable {
        let shown = super::super::column::type_name(&cx.catalog(), column.type_oid, cx);
        let message = format!("column data type {shown} can only have storage PLAIN");
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    change_column(table, column.attno, cx, |c| c.storage = storage);
    Ok(())
}

//! ADD COLUMN and DROP COLUMN.
//!
//! Nothing is rewritten for a new column whose default is the same for all rows: it becomes the
//! value that older rows are read with (`attmissingval`). A volatile default, a generated column or
//! an identity is different for each row, so the rows are written anew.

use super::super::draft::TableDraft;
use super::super::located::located;
use super::super::rows::{self, Evaluator};
use super::super::{DdlContext, column, drop as dropping};
use crate::catalog::builtin;
use crate::catalog::{Column, Origin, Relation};
use crate::error::{PgError, Result, code};
use crate::nodes::Expr;
use crate::types::{Datum, Oid};
use pg_raw_parse::Node;
use pg_raw_parse::nodes::AlterTableCmd;
use std::sync::Arc;

/// Adds a column; gives the constraints that its definition asks for besides, which are still to be
/// made. `None`: there is nothing more to do.
pub(super) fn add<'a>(
    table: &Arc<Relation>,
    command: &'a AlterTableCmd,
    cx: &DdlContext<'_>,
) -> Result<Option<TableDraft<'a>>> {
    super::check_table(table, "ADD COLUMN")?;
    let Node::ColumnDef(definition) = command.def() else { return Ok(None) };
    let name = definition.colname().unwrap_or_default();
    if command.missing_ok && table.column_by_name(name).is_some() {
        let relation = &table.name;
        let message =
            format!("column \"{name}\" of relation \"{relation}\" already exists, skipping");
        (cx.notice)(PgError::new(code::DUPLICATE_COLUMN, message));
        return Ok(None);
    }
    super::super::types::check_row_type_unused(table, cx)?;
    let catalog = cx.catalog();
    let mut draft = TableDraft::new((**table).clone(), false);
    column::add(&mut draft, definition, &catalog, cx)?;
    draft.bind_defaults(&catalog, cx)?;
    draft.table.version = table.version.wrapping_add(1);
    for sequence in std::mem::take(&mut draft.sequences) {
        cx.catalog.put_relation(sequence, cx.txn);
    }
    // A primary key makes its column NOT NULL; rows that are there would all have a NULL.
    let is_primary = draft.keys.iter().any(|k| k.primary);
    let added = draft.table.columns.last_mut().expect("a column was just added");
    added.not_null |= is_primary;
    fill(table, draft.table.clone(), cx)?;
    Ok(Some(draft))
}

/// Adds a column that a parent has been given, or (`false`) counts one more parent of the one that is
/// there.
pub(super) fn add_inherited(
    table: &Arc<Relation>,
    command: &AlterTableCmd,
    cx: &DdlContext<'_>,
) -> Result<bool> {
    let Node::ColumnDef(definition) = command.def() else { return Ok(false) };
    let name = definition.colname().unwrap_or_default();
    super::super::types::check_row_type_unused(table, cx)?;
    let catalog = cx.catalog();
    let known = table.column_by_name(name).cloned();
    let mut draft = TableDraft::new((**table).clone(), false);
    if known.is_some() {
        draft.table.columns.retain(|column| column.name != name);
    }
    column::add(&mut draft, definition, &catalog, cx)?;
    let added = draft.table.columns.last().expect("a column was just added").clone();
    if let Some(known) = known {
        let relation = &table.name;
        if (known.type_oid, known.typmod) != (added.type_oid, added.typmod) {
            let message =
                format!("child table \"{relation}\" has different type for column \"{name}\"");
            return Err(PgError::new(code::DATATYPE_MISMATCH, message));
        }
        if known.collation != added.collation {
            let message =
                format!("child table \"{relation}\" has different collation for column \"{name}\"");
            return Err(PgError::new(code::COLLATION_MISMATCH, message));
        }
        cx.notice(format!("merging definition of column \"{name}\" for child \"{relation}\""));
        dropping::change_table(table.oid, cx, |table| {
            table.columns[known.attno as usize - 1].origin.inherited += 1;
        });
        return Ok(false);
    }
    // A serial column's sequence is the parent's.
    let parent = table.lineage.parents.first().and_then(|oid| catalog.relation(*oid));
    let default = parent.and_then(|parent| parent.column_by_name(name)?.default.clone());
    draft.bind_defaults(&catalog, cx)?;
    draft.table.version = table.version.wrapping_add(1);
    let added = draft.table.columns.last_mut().expect("a column was just added");
    added.origin = Origin::INHERITED;
    if !draft.sequences.is_empty() {
        added.default = default;
    }
    fill(table, draft.table.clone(), cx)?;
    Ok(true)
}

/// Gives the rows that are there their value of the last column of `new`.
fn fill(old: &Arc<Relation>, mut new: Relation, cx: &DdlContext<'_>) -> Result<()> {
    let added = new.columns.last_mut().expect("a column was just added");
    let (attno, default) = (added.attno, value_of(added, old.oid, cx));
    let constant = default.as_ref().is_none_or(|e| !varies(e)) && !added.generated;
    let not_null = added.not_null;
    if constant {
        let value = match &default {
            // No row is there that a domain could refuse.
            Some(Expr::CoerceToDomain(_)) if !has_rows(old, cx)? => Datum::Null,
            Some(expr) => evaluate_once(expr, old, cx)?,
            None => Datum::Null,
        };
        let is_null = value.is_null();
        added.missing_value = Some(value).filter(|v| !v.is_null());
        cx.catalog.put_relation(new.clone(), cx.txn);
        return match is_null && not_null && has_rows(old, cx)? {
            true => Err(contains_nulls(&new, attno, cx)),
            false => Ok(()),
        };
    }
    let expr = default.expect("a varying value has an expression");
    let evaluator = Evaluator::new([&expr], &new, &cx.catalog(), cx)?;
    let definition = new.clone();
    rows::rewrite(old, new, cx, |mut row| {
        row.push(Datum::Null);
        let value = evaluator.eval(0, &row)?;
        if value.is_null() && not_null {
            return Err(contains_nulls(&definition, attno, cx));
        }
        row.pop();
        row.push(value);
        Ok(row)
    })
}

/// What a new row would get: the default, or the identity sequence's next value.
fn value_of(column: &Column, table: Oid, cx: &DdlContext<'_>) -> Option<Expr> {
    let catalog = cx.catalog();
    if column.identity.is_none() {
        return column.default.clone().or_else(|| catalog.default_by_type(column));
    }
    // Sequences of this statement are in the catalog already.
    let sequence = catalog.identity_sequence(table, column.attno)?.oid;
    Some(Expr::NextValue { sequence, type_oid: column.type_oid })
}

/// 23502 for a NOT NULL column that rows have no value for.
pub(super) fn contains_nulls(table: &Relation, attno: i16, cx: &DdlContext<'_>) -> PgError {
    let column = &table.column(attno).name;
    let message =
        format!("column \"{column}\" of relation \"{}\" contains null values", table.name);
    let error = PgError::new(code::NOT_NULL_VIOLATION, message).column(column.as_str());
    located(error, table, cx)
}

fn has_rows(table: &Arc<Relation>, cx: &DdlContext<'_>) -> Result<bool> {
    use crate::storage::{Direction, KeyRange, Space};
    let range = KeyRange::storage(table.storage);
    let mut scan = cx.txn.latest_view()?.scan(Space::Rows, range, Direction::Forward);
    Ok(scan.next()?.is_some())
}

fn evaluate_once(expr: &Expr, table: &Relation, cx: &DdlContext<'_>) -> Result<Datum> {
    let evaluator = Evaluator::new([expr], table, &cx.catalog(), cx)?;
    evaluator.eval(0, &vec![Datum::Null; table.columns.len()])
}

/// Whether an expression may differ from row to row (`contain_volatile_functions`).
fn varies(expr: &Expr) -> bool {
    expr.any(&mut |part| match part {
        Expr::NextValue { .. } | Expr::Var(_) => true,
        Expr::Func(call) | Expr::Distinct(call) | Expr::NullIf(call) => {
            builtin::proc(call.func).is_some_and(|p| p.volatility == b'v')
        }
        _ => false,
    })
}

/// The column that DROP COLUMN names; `None` after a NOTICE.
pub(super) fn droppable(
    table: &Relation,
    command: &AlterTableCmd,
    cx: &DdlContext<'_>,
) -> Result<Option<i16>> {
    super::check_table(table, "DROP COLUMN")?;
    super::super::types::check_row_type_unused(table, cx)?;
    let name = command.name().unwrap_or_default();
    if column::SYSTEM_COLUMNS.contains(&name) {
        let message = format!("cannot drop system column \"{name}\"");
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    let Some(found) = table.column_by_name(name) else {
        let relation = &table.name;
        let message = format!("column \"{name}\" of relation \"{relation}\" does not exist");
        if command.missing_ok {
            cx.notice(format!("{message}, skipping"));
            return Ok(None);
        }
        return Err(PgError::new(code::UNDEFINED_COLUMN, message));
    };
    Ok(Some(found.attno))
}

/// Marks a column dropped. Its place and type stay: stored rows still have it.
pub(in crate::exec::ddl) fn drop_column(table: u32, attno: i16, cx: &DdlContext<'_>) -> Result<()> {
    let catalog = cx.catalog();
    dropping::change_table(table, cx, |table| {
        let column = &mut table.columns[attno as usize - 1];
        column.dropped = true;
        // Rows still hold values, when the type may be gone.
        column.type_oid = catalog.stand_in(column.type_oid);
        column.name = format!("........pg.dropped.{attno}........");
        column.not_null = false;
        column.default = None;
        column.identity = None;
        column.generated = false;
        column.comment = None;
    });
    Ok(())
}

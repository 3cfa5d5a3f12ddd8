//! ADD, DROP, VALIDATE and ALTER CONSTRAINT.

use super::super::draft::TableDraft;
use super::super::drop::{self as dropping, change_table};
use super::super::located::located;
use super::super::rows::{self, Evaluator};
use super::super::{DdlContext, check, constraint, foreign_key, foreign_key_check, key};
use super::current;
use crate::catalog::depend::{Object, columns_of};
use crate::catalog::schema::table_schema;
use crate::catalog::{Constraint, ConstraintKind, Relation};
use crate::error::{PgError, Result, code};
use pg_raw_parse::Node;
use pg_raw_parse::nodes::AlterTableCmd;
use std::sync::Arc;

pub(super) async fn add(
    table: &Arc<Relation>,
    command: &AlterTableCmd,
    cx: &DdlContext<'_>,
) -> Result<()> {
    super::check_table(table, "ADD CONSTRAINT")?;
    let Node::Constraint(node) = command.def() else { return Ok(()) };
    let mut draft = TableDraft::new((**table).clone(), false);
    constraint::add(&mut draft, node)?;
    add_collected(table.oid, draft, cx).await
}

/// Adds the constraints that a draft has collected to a table of the catalog, and checks the rows
/// that are there.
pub(super) async fn add_collected(
    oid: u32,
    mut draft: TableDraft<'_>,
    cx: &DdlContext<'_>,
) -> Result<()> {
    if !draft.checks.is_empty() {
        draft.table = (*current(oid, cx)).clone();
        let catalog = cx.catalog();
        let before = draft.table.constraints.len();
        for spec in std::mem::take(&mut draft.checks) {
            check::add(&mut draft, &spec, &catalog, cx)?;
        }
        let added = draft.table.constraints[before..].to_vec();
        draft.table.version = draft.table.version.wrapping_add(1);
        cx.catalog.put_relation(draft.table.clone(), cx.txn);
        for constraint in added.iter().filter(|c| c.validated) {
            check_rows(oid, constraint, cx)?;
        }
    }
    if !draft.keys.is_empty() {
        add_keys(oid, &mut draft, cx)?;
    }
    for spec in &draft.foreign_keys {
        let constraint = foreign_key::add(oid, spec, false, cx).await?;
        if !spec.node.skip_validation {
            foreign_key_check::check_rows(oid, constraint, cx)?;
        }
    }
    Ok(())
}

fn add_keys(oid: u32, draft: &mut TableDraft<'_>, cx: &DdlContext<'_>) -> Result<()> {
    let old = current(oid, cx);
    draft.table = (*old).clone();
    let catalog = cx.catalog();
    let using = draft.keys.iter().any(|k| k.using_index.is_some());
    if using {
        return key::add_using_index(draft, &old, cx);
    }
    let primary = draft.keys.iter().any(|k| k.primary);
    let rekeys = draft.keys.iter().any(|k| k.primary && !k.deferrable);
    key::add_all(draft, &catalog, cx)?;
    let indexes: Vec<_> = std::mem::take(&mut draft.indexes);
    let oids: Vec<_> = indexes.iter().map(|i| i.oid).collect();
    for index in indexes {
        cx.catalog.put_relation(index, cx.txn);
    }
    let mut new = draft.table.clone();
    new.version = old.version.wrapping_add(1);
    if primary {
        let columns = new.primary_key().unwrap_or_default().to_vec();
        for attno in columns {
            super::column_attrs::check_no_nulls(&old, attno, cx)?;
        }
    }
    if rekeys {
        return rows::rewrite(&old, new, cx, Ok);
    }
    cx.catalog.put_relation(new, cx.txn);
    oids.into_iter().try_for_each(|index| rows::build_index(oid, index, cx))
}

/// Checks the rows of a table against a CHECK.
fn check_rows(oid: u32, constraint: &Constraint, cx: &DdlContext<'_>) -> Result<()> {
    let ConstraintKind::Check { expr } = &constraint.kind else { return Ok(()) };
    let (table, catalog) = (current(oid, cx), cx.catalog());
    let evaluator = Evaluator::new([expr], &table, &catalog, cx)?;
    let schema = table_schema(&catalog, &table);
    rows::for_each(&schema, cx, |_, row| {
        // NULL passes, as in every CHECK.
        match evaluator.eval(0, &row)? {
            crate::types::Datum::Bool(false) => Err(violated(&table, constraint, cx)),
            _ => Ok(()),
        }
    })
}

fn violated(table: &Relation, constraint: &Constraint, cx: &DdlContext<'_>) -> PgError {
    let (name, relation) = (&constraint.name, &table.name);
    let message =
        format!("check constraint \"{name}\" of relation \"{relation}\" is violated by some row");
    let error = PgError::new(code::CHECK_VIOLATION, message).constraint(name.as_str());
    located(error, table, cx)
}

/// Checks the rows against the checks that use a column whose type has changed.
pub(super) fn check_all(oid: u32, attno: i16, cx: &DdlContext<'_>) -> Result<()> {
    let table = current(oid, cx);
    for constraint in &table.constraints {
        let ConstraintKind::Check { expr } = &constraint.kind else { continue };
        if constraint.validated && columns_of(expr).contains(&attno) {
            check_rows(oid, constraint, cx)?;
        }
    }
    Ok(())
}

fn find<'t>(table: &'t Relation, name: &str) -> Result<&'t Constraint> {
    table.constraints.iter().find(|c| c.name == name).ok_or_else(|| {
        let relation = &table.name;
        let message = format!("constraint \"{name}\" of relation \"{relation}\" does not exist");
        PgError::new(code::UNDEFINED_OBJECT, message)
    })
}

pub(super) async fn drop(
    table: &Arc<Relation>,
    command: &AlterTableCmd,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let found = match find(table, command.name().unwrap_or_default()) {
        Ok(found) => found,
        Err(error) if command.missing_ok => {
            cx.notice(format!("{error}, skipping"));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let object = Object::Constraint(table.oid, found.oid);
    dropping::delete(&[object], dropping::cascade(command.behavior), cx).await
}

/// Takes a constraint off its table. Rows that were stored under the primary key get row ids.
pub(in crate::exec::ddl) fn remove(table: u32, oid: u32, cx: &DdlContext<'_>) -> Result<()> {
    let old = current(table, cx);
    let Some(found) = old.constraints.iter().find(|c| c.oid == oid) else { return Ok(()) };
    let rekeys = matches!(found.kind, ConstraintKind::PrimaryKey { .. }) && !found.deferrable;
    let mut new = (*old).clone();
    new.constraints.retain(|c| c.oid != oid);
    new.version = old.version.wrapping_add(1);
    if rekeys {
        return rows::rewrite(&old, new, cx, Ok);
    }
    cx.catalog.put_relation(new, cx.txn);
    Ok(())
}

pub(super) fn validate(
    table: &Arc<Relation>,
    command: &AlterTableCmd,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let found = find(table, command.name().unwrap_or_default())?.clone();
    match &found.kind {
        ConstraintKind::Check { .. } | ConstraintKind::ForeignKey(_) => {}
        _ => {
            let (name, relation) = (&found.name, &table.name);
            let message = format!(
                "constraint \"{name}\" of relation \"{relation}\" is not a foreign key or check \
                 constraint"
            );
            return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
        }
    }
    if found.validated {
        return Ok(());
    }
    check_rows(table.oid, &found, cx)?;
    if matches!(found.kind, ConstraintKind::ForeignKey(_)) {
        foreign_key_check::check_rows(table.oid, found.oid, cx)?;
    }
    change_constraint(table.oid, found.oid, cx, |c| c.validated = true);
    Ok(())
}

fn change_constraint(
    table: u32,
    oid: u32,
    cx: &DdlContext<'_>,
    change: impl FnOnce(&mut Constraint),
) {
    change_table(table, cx, |table| {
        if let Some(constraint) = table.constraints.iter_mut().find(|c| c.oid == oid) {
            change(constraint);
        }
    });
}

/// ALTER CONSTRAINT … DEFERRABLE, of foreign keys only.
pub(super) fn alter(table: &Relation, command: &AlterTableCmd, cx: &DdlContext<'_>) -> Result<()> {
    let Node::ATAlterConstraint(node) = command.def() else {
        return Err(PgError::unsupported("this form of ALTER CONSTRAINT"));
    };
    if node.alter_enforceability || node.alter_inheritability {
        // PostgreSQL 18's.
        return Err(PgError::unsupported("this form of ALTER CONSTRAINT"));
    }
    let found = find(table, node.conname().unwrap_or_default())?;
    if !matches!(found.kind, ConstraintKind::ForeignKey(_)) {
        let (name, relation) = (&found.name, &table.name);
        let message = format!(
            "constraint \"{name}\" of relation \"{relation}\" is not a foreign key constraint"
        );
        return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
    }
    let (deferrable, deferred) = (node.deferrable, node.initdeferred);
    change_constraint(table.oid, found.oid, cx, |c| {
        c.deferrable = deferrable;
        c.initially_deferred = deferred;
    });
    Ok(())
}

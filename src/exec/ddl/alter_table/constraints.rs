//! ADD, DROP, VALIDATE and ALTER CONSTRAINT.

use super::super::draft::TableDraft;
use super::super::drop::{self as dropping, change_table};
use super::super::located::located;
use super::super::partition;
use super::super::rows::{self, Evaluator};
use super::super::{DdlContext, check, constraint, foreign_key, foreign_key_check, key};
use super::{current, handed_down, recurse};
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
    recurses: bool,
    cx: &DdlContext<'_>,
) -> Result<()> {
    super::check_table(table, "ADD CONSTRAINT")?;
    let Node::Constraint(node) = command.def() else { return Ok(()) };
    let mut draft = TableDraft::new((**table).clone(), false);
    constraint::add(&mut draft, node)?;
    add_collected(table.oid, draft, recurses, cx).await
}

/// Adds the constraints that a draft has collected to a table of the catalog, and checks the rows
/// that are there.
pub(super) async fn add_collected(
    oid: u32,
    mut draft: TableDraft<'_>,
    recurses: bool,
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
        // All tables have it before rows are looked at: what is wrong with a definition counts first.
        let mut all: Vec<(u32, Constraint)> = added.iter().map(|c| (oid, c.clone())).collect();
        for constraint in added.iter().filter(|c| !c.no_inherit) {
            handed_down::hand_down(oid, constraint, recurses, &mut all, cx)?;
        }
        for (table, constraint) in all.iter().filter(|(_, c)| c.validated) {
            check_rows(*table, constraint, cx)?;
        }
    }
    if !draft.keys.is_empty() {
        add_keys(oid, &mut draft, recurses, cx)?;
    }
    for spec in &draft.foreign_keys {
        let constraint = foreign_key::add(oid, spec, false, cx).await?;
        if !spec.node.skip_validation {
            foreign_key_check::check_rows(oid, constraint, cx)?;
        }
        let table = current(oid, cx);
        if table.is_partitioned() && !recurses {
            let message = format!(
                "cannot use ONLY for foreign key on partitioned table \"{}\" referencing relation \"{}\"",
                table.name,
                referenced_name(&table, constraint, cx)
            );
            return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
        }
        partition::children_of_key(oid, constraint, cx)?;
    }
    Ok(())
}

fn referenced_name(table: &Relation, constraint: u32, cx: &DdlContext<'_>) -> String {
    let key = table.constraints.iter().find(|c| c.oid == constraint);
    let referenced = key.and_then(|c| match &c.kind {
        ConstraintKind::ForeignKey(key) => cx.catalog().relation(key.references).cloned(),
        _ => None,
    });
    referenced.map_or_else(String::new, |referenced| referenced.name.clone())
}

fn add_keys(
    oid: u32,
    draft: &mut TableDraft<'_>,
    recurses: bool,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let old = current(oid, cx);
    draft.table = (*old).clone();
    let catalog = cx.catalog();
    let using = draft.keys.iter().any(|k| k.using_index.is_some());
    if using {
        return key::add_using_index(draft, &old, cx);
    }
    let partitions = match old.is_partitioned() {
        true => catalog.children(oid).to_vec(),
        false => Vec::new(),
    };
    let primary = draft.keys.iter().any(|k| k.primary);
    let rekeys = draft.keys.iter().any(|k| k.primary && !k.deferrable);
    key::add_all(draft, &catalog, cx)?;
    let indexes: Vec<_> = std::mem::take(&mut draft.indexes);
    let oids: Vec<_> = indexes.iter().map(|i| i.oid).collect();
    for mut index in indexes {
        index.lineage.is_incomplete = !recurses && !partitions.is_empty();
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
    if rekeys && !old.is_partitioned() {
        return rows::rewrite(&old, new, cx, Ok);
    }
    cx.catalog.put_relation(new, cx.txn);
    for index in oids {
        rows::build_index(oid, index, cx)?;
        for partition in partitions.iter().filter(|_| recurses) {
            partition::ensure_index(index, *partition, cx)?;
        }
    }
    Ok(())
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
    recurses: bool,
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
    let (name, relation) = (&found.name, &table.name);
    if found.origin.inherited > 0 {
        let message =
            format!("cannot drop inherited constraint \"{name}\" of relation \"{relation}\"");
        return Err(recurse::invalid(message));
    }
    let mut objects = vec![Object::Constraint(table.oid, found.oid)];
    if matches!(found.kind, ConstraintKind::Check { .. }) && !found.no_inherit {
        let message =
            "cannot remove constraint from only the partitioned table when partitions exist";
        recurse::check_whole(table, recurses, message, cx)?;
        objects.extend(handed_down::release(table, found, recurses, cx)?);
    }
    dropping::delete(&objects, dropping::cascade(command.behavior), cx).await
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
    recurses: bool,
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
    let handed_down = !found.no_inherit;
    if handed_down && !recurses && recurse::has_children(table, cx) {
        return Err(recurse::invalid("constraint must be validated on child tables too"));
    }
    let mut all = match handed_down {
        true => handed_down::derived(table, found.oid, cx)?,
        false => Vec::new(),
    };
    all.push((table.oid, found.oid));
    for (member, own) in all {
        let member = current(member, cx);
        let Some(own) = member.constraints.iter().find(|c| c.oid == own && !c.validated) else {
            continue;
        };
        check_rows(member.oid, own, cx)?;
        if matches!(own.kind, ConstraintKind::ForeignKey(_)) {
            foreign_key_check::check_rows(member.oid, own.oid, cx)?;
        }
        change_constraint(member.oid, own.oid, cx, |c| c.validated = true);
    }
    Ok(())
}

pub(super) fn change_constraint(
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
pub(super) fn alter(
    table: &Arc<Relation>,
    command: &AlterTableCmd,
    cx: &DdlContext<'_>,
) -> Result<()> {
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
    if found.origin.parent != 0 {
        return Err(handed_down::derived_from(table, found, cx));
    }
    let (deferrable, deferred) = (node.deferrable, node.initdeferred);
    let mut all = handed_down::derived(table, found.oid, cx)?;
    all.push((table.oid, found.oid));
    for (table, constraint) in all {
        change_constraint(table, constraint, cx, |c| {
            c.deferrable = deferrable;
            c.initially_deferred = deferred;
        });
    }
    Ok(())
}

//! An existing table becomes a child, or is one no longer (`CreateInheritance`, `RemoveInheritance`).

use super::super::drop::change_table;
use super::super::names::RelationName;
use super::super::{DdlContext, lock, privileges};
use super::parents::{check_kinds, twice};
use crate::catalog::{ColumnMap, Constraint, ConstraintKind, Persistence, Relation, RelationKind};
use crate::error::{PgError, Result, code};
use crate::storage::TableLockMode;
use crate::types::Oid;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::AlterTableCmd;
use std::sync::Arc;

fn parent_name(command: &AlterTableCmd, cx: &DdlContext<'_>) -> Result<RelationName> {
    match command.def() {
        Node::RangeVar(range) => RelationName::of_range(range, cx),
        _ => Err(PgError::internal("INHERIT without a table")),
    }
}

fn wrong(message: impl Into<std::borrow::Cow<'static, str>>) -> PgError {
    PgError::new(code::WRONG_OBJECT_TYPE, message)
}

/// ALTER TABLE … INHERIT.
pub(in crate::exec::ddl) async fn inherit(
    child: &Relation,
    command: &AlterTableCmd,
    cx: &DdlContext<'_>,
) -> Result<()> {
    if child.is_partition() {
        return Err(wrong("cannot change inheritance of a partition"));
    }
    if child.is_partitioned() {
        return Err(wrong("cannot change inheritance of partitioned table"));
    }
    let name = parent_name(command, cx)?;
    let parent = lock::get_named(&name, TableLockMode::ShareUpdateExclusive, cx).await?;
    if parent.kind != RelationKind::Table {
        let what = privileges::kind_name(parent.kind);
        let message =
            format!("ALTER action INHERIT cannot be performed on relation \"{}\"", parent.name);
        return Err(wrong(message).detail(format!("This operation is not supported for {what}s.")));
    }
    privileges::relation_owner(&parent, cx)?;
    let is_temporary = |table: &Relation| table.persistence == Persistence::Temporary;
    if is_temporary(&parent) && !is_temporary(child) {
        let message = format!("cannot inherit from temporary relation \"{}\"", parent.name);
        return Err(wrong(message));
    }
    if parent.is_partitioned() {
        return Err(wrong(format!("cannot inherit from partitioned table \"{}\"", parent.name)));
    }
    if parent.is_partition() {
        return Err(wrong("cannot inherit from a partition"));
    }
    check_circle(child, &parent, cx)?;
    if child.lineage.parents.contains(&parent.oid) {
        return Err(twice(&parent));
    }
    check_kinds(&parent, child)?;
    join(child.oid, &parent, cx)
}

/// 42P07 where the parent is, or descends from, the child.
pub(in crate::exec::ddl) fn check_circle(
    child: &Relation,
    parent: &Relation,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let catalog = cx.catalog();
    let Some(whole) = catalog.relation(child.oid) else { return Ok(()) };
    if !catalog.family(whole).iter().any(|member| member.oid == parent.oid) {
        return Ok(());
    }
    let message = "circular inheritance not allowed";
    let (a, b) = (&parent.name, &child.name);
    Err(PgError::new(code::DUPLICATE_TABLE, message)
        .detail(format!("\"{a}\" is already a child of \"{b}\".")))
}

/// Makes a table a child of another, if it has its columns and CHECKs.
pub(in crate::exec::ddl) fn join(
    child: Oid,
    parent: &Arc<Relation>,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let catalog = cx.catalog();
    let child = catalog.relation(child).expect("the table is locked");
    let mut new = (**child).clone();
    merge_columns(&mut new, parent)?;
    merge_checks(&mut new, parent)?;
    new.lineage.parents.push(parent.oid);
    new.version = child.version.wrapping_add(1);
    cx.catalog.put_relation(new, cx.txn);
    Ok(())
}

/// `MergeAttributesIntoExisting`.
fn merge_columns(child: &mut Relation, parent: &Relation) -> Result<()> {
    let table = child.name.clone();
    let differs = |message: String| Err(PgError::new(code::DATATYPE_MISMATCH, message));
    for inherited in parent.live_columns() {
        let name = &inherited.name;
        let own = child.columns.iter_mut().find(|c| !c.dropped && c.name == *name);
        let Some(own) = own else {
            return differs(format!("child table is missing column \"{name}\""));
        };
        if (own.type_oid, own.typmod) != (inherited.type_oid, inherited.typmod) {
            return differs(format!(
                "child table \"{table}\" has different type for column \"{name}\""
            ));
        }
        if own.collation != inherited.collation {
            let message =
                format!("child table \"{table}\" has different collation for column \"{name}\"");
            return Err(PgError::new(code::COLLATION_MISMATCH, message));
        }
        if inherited.not_null && !own.not_null {
            return differs(format!("column \"{name}\" in child table must be marked NOT NULL"));
        }
        if inherited.generated && !own.generated {
            return differs(format!("column \"{name}\" in child table must be a generated column"));
        }
        if own.generated && !inherited.generated {
            return differs(format!(
                "column \"{name}\" in child table must not be a generated column"
            ));
        }
        own.origin.inherited += 1;
        own.origin.is_local &= !parent.is_partitioned();
    }
    Ok(())
}

/// `MergeConstraintsIntoExisting`.
fn merge_checks(child: &mut Relation, parent: &Relation) -> Result<()> {
    let map = ColumnMap::new(parent, child);
    let table = child.name.clone();
    for constraint in parent.constraints.iter().filter(|c| !c.no_inherit) {
        let ConstraintKind::Check { expr } = &constraint.kind else { continue };
        let name = &constraint.name;
        let is_check = |c: &Constraint| matches!(c.kind, ConstraintKind::Check { .. });
        let own = child.constraints.iter_mut().find(|c| is_check(c) && c.name == *name);
        let Some(own) = own else {
            let message = format!("child table is missing constraint \"{name}\"");
            return Err(PgError::new(code::DATATYPE_MISMATCH, message));
        };
        if own.kind != (ConstraintKind::Check { expr: map.translate(expr.clone()) }) {
            let message = format!(
                "child table \"{table}\" has different definition for check constraint \"{name}\""
            );
            return Err(PgError::new(code::DATATYPE_MISMATCH, message));
        }
        let conflict = |what: &str| {
            let message = format!(
                "constraint \"{name}\" conflicts with {what} constraint on child table \"{table}\""
            );
            Err(PgError::new(code::INVALID_OBJECT_DEFINITION, message))
        };
        if own.no_inherit {
            return conflict("non-inherited");
        }
        if !own.validated {
            return conflict("NOT VALID");
        }
        own.origin.inherited += 1;
        own.origin.is_local &= !parent.is_partitioned();
    }
    Ok(())
}

/// ALTER TABLE … NO INHERIT.
pub(in crate::exec::ddl) async fn no_inherit(
    child: &Relation,
    command: &AlterTableCmd,
    cx: &DdlContext<'_>,
) -> Result<()> {
    if child.is_partition() {
        return Err(wrong("cannot change inheritance of a partition"));
    }
    let name = parent_name(command, cx)?;
    let parent = lock::get_named(&name, TableLockMode::ShareUpdateExclusive, cx).await?;
    if !child.lineage.parents.contains(&parent.oid) {
        let (a, b) = (&parent.name, &child.name);
        let message = format!("relation \"{a}\" is not a parent of relation \"{b}\"");
        return Err(PgError::new(code::UNDEFINED_TABLE, message));
    }
    leave(child.oid, &parent, cx);
    Ok(())
}

/// Makes a table a child of another no longer; what it had from it, it has by itself now.
pub(in crate::exec::ddl) fn leave(child: Oid, parent: &Relation, cx: &DdlContext<'_>) {
    change_table(child, cx, |child| {
        child.lineage.parents.retain(|oid| *oid != parent.oid);
        let inherited = |name: &str| parent.column_by_name(name).is_some();
        for own in child.columns.iter_mut().filter(|c| !c.dropped && inherited(&c.name)) {
            own.origin.inherited = (own.origin.inherited - 1).max(0);
            own.origin.is_local |= own.origin.inherited == 0;
        }
        let handed_down = |own: &Constraint| {
            matches!(own.kind, ConstraintKind::Check { .. })
                && parent.constraints.iter().any(|c| {
                    matches!(c.kind, ConstraintKind::Check { .. })
                        && !c.no_inherit
                        && c.name == own.name
                })
        };
        for own in child.constraints.iter_mut().filter(|own| handed_down(own)) {
            own.origin.inherited = (own.origin.inherited - 1).max(0);
            own.origin.is_local |= own.origin.inherited == 0;
        }
    });
}

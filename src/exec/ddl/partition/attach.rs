//! ATTACH PARTITION, of tables and of indexes.

use super::super::names::RelationName;
use super::super::{DdlContext, inherit, lock, privileges};
use super::clone::{adopt_index, is_same, translated};
use super::contents::{check_default, check_rows};
use super::{bound, check_overlap, clone_indexes, clone_keys, refer_to};
use crate::catalog::depend::edges::constraint_of_index;
use crate::catalog::{Persistence, Relation, RelationKind, TableKind};
use crate::error::{PgError, Result, code};
use crate::storage::TableLockMode;
use crate::types::Oid;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::{AlterTableCmd, PartitionCmd};
use std::sync::Arc;

fn wrong(message: impl Into<std::borrow::Cow<'static, str>>) -> PgError {
    PgError::new(code::WRONG_OBJECT_TYPE, message)
}

/// The partition that a subcommand names.
pub(super) fn named(command: &AlterTableCmd, cx: &DdlContext<'_>) -> Result<RelationName> {
    let Node::PartitionCmd(partition) = command.def() else {
        return Err(PgError::internal("a partition command without a partition"));
    };
    let range = partition.name().ok_or_else(|| PgError::internal("a partition without a name"))?;
    RelationName::of_range(range, cx)
}

/// ALTER TABLE … ATTACH PARTITION.
pub(in crate::exec::ddl) async fn attach(
    parent: &Arc<Relation>,
    command: &AlterTableCmd,
    cx: &DdlContext<'_>,
) -> Result<()> {
    if !parent.is_partitioned() {
        let message = format!("table \"{}\" is not partitioned", parent.name);
        return Err(PgError::new(code::INVALID_OBJECT_DEFINITION, message));
    }
    let spec = match command.def() {
        Node::PartitionCmd(partition) => PartitionCmd::bound(partition),
        _ => None,
    };
    let spec = spec.ok_or_else(|| PgError::internal("ATTACH PARTITION without a bound"))?;
    let new_bound = bound(spec, parent, cx)?;
    let table = lock::get_named(&named(command, cx)?, TableLockMode::AccessExclusive, cx).await?;
    check_table(&table, parent, cx)?;
    for member in cx.catalog().family(&table).iter().chain(&cx.catalog().family(parent)) {
        lock::relation(member.oid, TableLockMode::AccessExclusive, cx).await?;
    }
    check_overlap(&table.name, parent, &new_bound, spec, cx)?;
    inherit::join(table.oid, parent, cx)?;
    super::super::drop::change_table(table.oid, cx, |table| table.lineage.bound = Some(new_bound));
    clone_indexes(parent.oid, table.oid, cx)?;
    clone_keys(parent.oid, table.oid, cx)?;
    refer_to(parent.oid, table.oid, cx).await?;
    let attached = cx.catalog().relation(table.oid).expect("the table is locked").clone();
    let message = |leaf: &Relation| {
        format!("partition constraint of relation \"{}\" is violated by some row", leaf.name)
    };
    check_rows(&attached, message, cx)?;
    check_default(parent, cx)
}

fn check_table(table: &Arc<Relation>, parent: &Relation, cx: &DdlContext<'_>) -> Result<()> {
    if table.kind != RelationKind::Table {
        let what = privileges::kind_name(table.kind);
        let message = format!(
            "ALTER action ATTACH PARTITION cannot be performed on relation \"{}\"",
            table.name
        );
        return Err(wrong(message).detail(format!("This operation is not supported for {what}s.")));
    }
    privileges::relation_owner(table, cx)?;
    if table.is_partition() {
        return Err(wrong(format!("\"{}\" is already a partition", table.name)));
    }
    if !table.lineage.parents.is_empty() {
        return Err(wrong("cannot attach inheritance child as partition"));
    }
    if !table.is_partitioned() && !cx.catalog().children(table.oid).is_empty() {
        return Err(wrong("cannot attach inheritance parent as partition"));
    }
    inherit::check_circle(table, parent, cx)?;
    let temporary = |table: &Relation| table.persistence == Persistence::Temporary;
    let mixed = |a: &str, b: &str| {
        let name = &parent.name;
        wrong(format!("cannot attach a {a} relation as partition of {b} relation \"{name}\""))
    };
    match (temporary(table), temporary(parent)) {
        (false, true) => return Err(mixed("permanent", "temporary")),
        (true, false) => return Err(mixed("temporary", "permanent")),
        _ => {}
    }
    if TableKind::of(table) != TableKind::Shared {
        return Err(PgError::unsupported("inheritance of user tables and streams"));
    }
    let extra = table.live_columns().find(|c| parent.column_by_name(&c.name).is_none());
    if let Some(extra) = extra {
        let message = format!(
            "table \"{}\" contains column \"{}\" not found in parent \"{}\"",
            table.name, extra.name, parent.name
        );
        let detail = "The new partition may contain only the columns present in parent.";
        return Err(PgError::new(code::DATATYPE_MISMATCH, message).detail(detail));
    }
    Ok(())
}

/// ALTER INDEX … ATTACH PARTITION.
pub(in crate::exec::ddl) async fn attach_index(
    parent: &Arc<Relation>,
    command: &AlterTableCmd,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let name = named(command, cx)?;
    let index = lock::get_named(&name, TableLockMode::AccessExclusive, cx).await?;
    let catalog = cx.catalog();
    let table_of = |index: &Relation| {
        index.index.as_ref().and_then(|info| catalog.relation(info.table)).cloned()
    };
    let Some(parent_table) = table_of(parent).filter(|table| table.is_partitioned()) else {
        let message = format!(
            "ALTER action ATTACH PARTITION cannot be performed on relation \"{}\"",
            parent.name
        );
        return Err(wrong(message).detail("This operation is not supported for indexes."));
    };
    let Some(table) = table_of(&index) else {
        return Err(wrong(format!("\"{}\" is not an index", index.name)));
    };
    privileges::relation_owner(&index, cx)?;
    if index.lineage.parents == [parent.oid] {
        return Ok(());
    }
    let refused = |code, detail: String| {
        let message = format!(
            "cannot attach index \"{}\" as a partition of index \"{}\"",
            index.name, parent.name
        );
        Err(PgError::new(code, message).detail(detail))
    };
    let state = code::OBJECT_NOT_IN_PREREQUISITE_STATE;
    let taken = |other: &Oid| {
        let other = catalog.relation(*other).and_then(|other| other.index.as_ref());
        other.is_some_and(|info| info.table == table.oid)
    };
    if catalog.children(parent.oid).iter().any(taken) {
        let detail = format!("Another index is already attached for partition \"{}\".", table.name);
        return refused(state, detail);
    }
    if !index.lineage.parents.is_empty() {
        let detail = format!("Index \"{}\" is already attached to another index.", index.name);
        return refused(state, detail);
    }
    if table.lineage.parents.first() != Some(&parent_table.oid) || !table.is_partition() {
        let detail = format!(
            "Index \"{}\" is not an index on any partition of table \"{}\".",
            index.name, parent_table.name
        );
        return refused(state, detail);
    }
    let definition = translated(&catalog, parent, &table).map(|(_, info)| info);
    if !definition.is_some_and(|info| is_same(&index, &info)) {
        let detail = "The index definitions do not match.".to_owned();
        return refused(code::INVALID_OBJECT_DEFINITION, detail);
    }
    let constraint = constraint_of_index(&parent_table, parent.oid);
    let own = constraint_of_index(&table, index.oid);
    if let (Some(constraint), None) = (constraint, own) {
        let detail = format!(
            "The index \"{}\" belongs to a constraint in table \"{}\" but no constraint exists for \
             index \"{}\".",
            constraint.name, parent_table.name, index.name
        );
        return refused(code::INVALID_OBJECT_DEFINITION, detail);
    }
    adopt_index(&index, &table, parent, constraint, cx);
    complete(parent.oid, cx);
    Ok(())
}

/// An index that every partition has one for now is whole, and so may be those above it
/// (`validatePartitionedIndex`).
fn complete(index: Oid, cx: &DdlContext<'_>) {
    let catalog = cx.catalog();
    let Some(index) = catalog.relation(index) else { return };
    let Some(info) = &index.index else { return };
    let children = catalog.children(index.oid).iter().filter_map(|oid| catalog.relation(*oid));
    let whole = children.filter(|child| !child.lineage.is_incomplete).count();
    if whole < catalog.children(info.table).len() {
        return;
    }
    super::super::drop::change_table(index.oid, cx, |index| index.lineage.is_incomplete = false);
    if let Some(above) = index.lineage.parents.first() {
        complete(*above, cx);
    }
}

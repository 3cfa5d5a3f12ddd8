//! Foreign keys that refer to a partitioned table.
//!
//! Rows of the referenced table are its leaves', so each partition has a constraint of its own on the
//! referring table, derived from the one on the parent: what a leaf's changes are checked by. The
//! referring rows are checked by the topmost one, by way of the partition key.
//!
//! ```text
//! t.a REFERENCES p          t_a_fkey   on p
//!                            ├─ t_a_fkey1   on p_1
//!                            └─ t_a_fkey2   on p_2
//! ```

use super::super::drop::change_table;
use super::super::{DdlContext, foreign_key_check, implicit_names, lock};
use crate::catalog::{
    Catalog, ColumnMap, Constraint, ConstraintKind, ForeignKey, Origin, Relation,
};
use crate::error::Result;
use crate::storage::TableLockMode;
use crate::types::Oid;
use std::sync::Arc;

/// Derives constraints for the partitions of the table that a foreign key refers to.
pub(in crate::exec::ddl) fn refer_to_partitions(
    table: Oid,
    constraint: Oid,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let catalog = cx.catalog();
    let Some(constraint) = find(&catalog, table, constraint) else { return Ok(()) };
    let ConstraintKind::ForeignKey(key) = &constraint.kind else { return Ok(()) };
    let Some(referenced) = catalog.relation(key.references) else { return Ok(()) };
    if !referenced.is_partitioned() {
        return Ok(());
    }
    for partition in catalog.children_of(referenced) {
        derive(table, &constraint, key, partition, cx)?;
    }
    Ok(())
}

fn find(catalog: &Catalog, table: Oid, constraint: Oid) -> Option<Constraint> {
    let table = catalog.relation(table)?;
    table.constraints.iter().find(|c| c.oid == constraint).cloned()
}

/// Derives a constraint for a partition, and those for what is below it.
fn derive(
    table: Oid,
    constraint: &Constraint,
    key: &ForeignKey,
    partition: &Relation,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let catalog = cx.catalog();
    let Some(table) = catalog.relation(table) else { return Ok(()) };
    let key = key_on(&catalog, key, partition);
    let own = super::super::check::constraint_names(table);
    let columns = key.columns.iter().map(|attno| table.column(*attno).name.as_str());
    let joined = implicit_names::joined(columns);
    let parts = (table.name.as_str(), Some(joined.as_str()), "fkey");
    let name = implicit_names::constraint_name(&catalog, table.namespace, &own, parts);
    let derived = Constraint {
        oid: cx.catalog.new_oid()?,
        name,
        kind: ConstraintKind::ForeignKey(key),
        no_inherit: false,
        comment: None,
        origin: Origin { parent: constraint.oid, ..Origin::INHERITED },
        ..constraint.clone()
    };
    let oid = derived.oid;
    change_table(table.oid, cx, |table| table.constraints.push(derived));
    refer_to_partitions(table.oid, oid, cx)
}

/// A foreign key on a partitioned table as one on a partition.
pub(in crate::exec::ddl) fn key_on(
    catalog: &Catalog,
    key: &ForeignKey,
    partition: &Relation,
) -> ForeignKey {
    let mut key = key.clone();
    if let Some(parent) = catalog.relation(key.references) {
        let map = ColumnMap::new(parent, partition);
        key.referenced_columns.iter_mut().for_each(|attno| *attno = map.of(*attno));
    }
    key.references = partition.oid;
    key.referenced_index = catalog.index_below(key.referenced_index, partition);
    key
}

/// The foreign keys on a table that are not those of the referring table's own partitions; their
/// tables are locked against changes.
async fn keys_on(table: Oid, cx: &DdlContext<'_>) -> Result<Vec<(Arc<Relation>, Constraint)>> {
    let found = |catalog: &Catalog| -> Vec<(Arc<Relation>, Constraint)> {
        let keys = catalog.foreign_keys_on(table).into_iter();
        let own = keys.filter(|(t, c)| c.origin.parent == 0 || t.derives(c));
        own.map(|(t, c)| (t.clone(), c.clone())).collect()
    };
    for (table, _) in found(&cx.catalog()) {
        lock::relation(table.oid, TableLockMode::ShareRowExclusive, cx).await?;
    }
    Ok(found(&cx.catalog()))
}

/// Derives the constraints that a new partition needs of those on its parent.
pub(in crate::exec::ddl) async fn refer_to(
    parent: Oid,
    partition: Oid,
    cx: &DdlContext<'_>,
) -> Result<()> {
    for (table, constraint) in keys_on(parent, cx).await? {
        let catalog = cx.catalog();
        let Some(partition) = catalog.relation(partition) else { continue };
        if let ConstraintKind::ForeignKey(key) = &constraint.kind {
            derive(table.oid, &constraint, key, partition, cx)?;
        }
    }
    Ok(())
}

/// Removes the constraints on a partition that leaves its parent; 23503 where rows refer to its rows.
pub(in crate::exec::ddl) async fn forget(partition: &Relation, cx: &DdlContext<'_>) -> Result<()> {
    let mut gone = Vec::new();
    for (table, constraint) in keys_on(partition.oid, cx).await? {
        if table.derives(&constraint) {
            foreign_key_check::check_unreferenced(&table, &constraint, partition, cx)?;
            gone.push((table.oid, constraint.oid));
        }
    }
    for (table, constraint) in gone {
        change_table(table, cx, |table| {
            let mut above = vec![constraint];
            while let Some(of) = above.pop() {
                let below = table.constraints.iter().filter(|c| c.origin.parent == of);
                above.extend(below.map(|c| c.oid));
                table.constraints.retain(|c| c.oid != of);
            }
        });
    }
    Ok(())
}

//! A partitioned table's indexes and foreign keys on its partitions: each partition has its own, which
//! has the parent's as its parent. One that is there already and says the same is taken.

use super::super::alter_table::column_attrs::check_no_nulls;
use super::super::{DdlContext, check, foreign_key_check, implicit_names, index_def, rows};
use super::check_unique_key;
use crate::catalog::depend::edges::constraint_of_index;
use crate::catalog::{
    Catalog, ColumnMap, Constraint, ConstraintKind, ForeignKey, IndexInfo, Origin, Relation,
};
use crate::error::{PgError, Result};
use crate::types::Oid;
use std::sync::Arc;

/// Gives a partition, and what is below it, all indexes of its parent.
pub(in crate::exec::ddl) fn clone_indexes(
    parent: Oid,
    partition: Oid,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let Some(parent) = cx.catalog().relation(parent).cloned() else { return Ok(()) };
    for index in &parent.indexes {
        ensure_index(*index, partition, cx)?;
    }
    Ok(())
}

/// Gives a partition, and what is below it, an index of its parent.
pub(in crate::exec::ddl) fn ensure_index(
    parent_index: Oid,
    partition: Oid,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let catalog = cx.catalog();
    let (Some(of), Some(partition)) =
        (catalog.relation(parent_index).cloned(), catalog.relation(partition).cloned())
    else {
        return Ok(());
    };
    let Some((parent, info)) = translated(&catalog, &of, &partition) else { return Ok(()) };
    let constraint = constraint_of_index(&parent, of.oid).cloned();
    let mut free = catalog.indexes_of(&partition).filter(|index| index.lineage.parents.is_empty());
    let same = free.find(|index| {
        let own = constraint_of_index(&partition, index.oid);
        is_same(index, &info) && (constraint.is_none() || own.is_some())
    });
    let index = match same {
        Some(found) => {
            adopt_index(found, &partition, &of, constraint.as_ref(), cx);
            found.oid
        }
        None => make_index(&of, &partition, info, constraint.as_ref(), cx)?,
    };
    for child in cx.catalog().children(partition.oid).to_vec() {
        if partition.is_partitioned() {
            ensure_index(index, child, cx)?;
        }
    }
    Ok(())
}

/// The table of an index, and the definition that the index has on another table.
pub(super) fn translated(
    catalog: &Catalog,
    index: &Relation,
    table: &Relation,
) -> Option<(Arc<Relation>, IndexInfo)> {
    let mut info = index.index.clone()?;
    let parent = catalog.relation(info.table)?.clone();
    let map = ColumnMap::new(&parent, table);
    info.table = table.oid;
    for column in &mut info.columns {
        column.attno = if column.attno > 0 { map.of(column.attno) } else { 0 };
        column.expr = column.expr.take().map(|expr| map.translate(expr));
    }
    info.predicate = info.predicate.take().map(|expr| map.translate(expr));
    Some((parent, info))
}

/// Whether an index has this definition (`CompareIndexInfo`).
pub(super) fn is_same(index: &Relation, info: &IndexInfo) -> bool {
    let primary = |info: &IndexInfo| IndexInfo { primary: false, ..info.clone() };
    index.index.as_ref().is_some_and(|own| primary(own) == primary(info))
}

/// Makes an index of a partition one of its parent's.
pub(super) fn adopt_index(
    index: &Relation,
    partition: &Relation,
    of: &Relation,
    parent_constraint: Option<&Constraint>,
    cx: &DdlContext<'_>,
) {
    let mut changed = index.clone();
    changed.lineage.parents = vec![of.oid];
    cx.catalog.put_relation(changed, cx.txn);
    let own = constraint_of_index(partition, index.oid).map(|own| own.oid);
    if let (Some(own), Some(parent)) = (own, parent_constraint) {
        set_parent(partition.oid, own, parent.oid, cx);
    }
}

/// `ConstraintSetParentConstraint`; 0: none any more.
pub(super) fn set_parent(table: Oid, constraint: Oid, parent: Oid, cx: &DdlContext<'_>) {
    super::super::drop::change_table(table, cx, |table| {
        let own = table.constraints.iter_mut().find(|own| own.oid == constraint);
        if let Some(own) = own {
            own.origin = match parent {
                0 => Origin::LOCAL,
                parent => Origin { parent, ..Origin::INHERITED },
            };
        }
    });
}

fn make_index(
    of: &Relation,
    partition: &Arc<Relation>,
    info: IndexInfo,
    constraint: Option<&Constraint>,
    cx: &DdlContext<'_>,
) -> Result<Oid> {
    let catalog = cx.catalog();
    let labels: Vec<String> = of.columns.iter().map(|c| c.name.clone()).collect();
    let joined = implicit_names::joined(labels.iter().map(String::as_str));
    let label = match (info.primary, constraint) {
        (true, _) => "pkey",
        (false, Some(_)) => "key",
        (false, None) => "idx",
    };
    let middle = (!info.primary).then_some(joined.as_str());
    let parts = (partition.name.as_str(), middle, label);
    let (namespace, keyed) = (partition.namespace, constraint.is_some());
    let name = implicit_names::relation_name(&catalog, namespace, &[], parts, keyed);
    let columns = info.columns[..info.key_count].iter().map(|c| c.attno).collect::<Vec<_>>();
    let options = of.options.clone();
    let mut index = index_def::relation(name.clone(), partition, info, labels, options, cx)?;
    index.lineage.parents = vec![of.oid];
    let oid = index.oid;
    let own = index.index.as_ref().ok_or_else(|| PgError::internal("an index without one"))?;
    check_unique_key(partition, own)?;
    let Some(constraint) = constraint else {
        cx.catalog.put_relation(index, cx.txn);
        rows::build_index(partition.oid, oid, cx)?;
        return Ok(oid);
    };
    let is_primary = matches!(constraint.kind, ConstraintKind::PrimaryKey { .. });
    if is_primary && partition.primary_key().is_some() {
        return Err(super::super::key::multiple_primary_keys(partition));
    }
    let mut new = (**partition).clone();
    new.version = partition.version.wrapping_add(1);
    for attno in columns.iter().filter(|_| is_primary) {
        check_no_nulls(partition, *attno, cx)?;
        new.columns[*attno as usize - 1].not_null = true;
    }
    let kind = match is_primary {
        true => ConstraintKind::PrimaryKey { index: oid, columns },
        false => ConstraintKind::Unique { index: oid, columns },
    };
    new.constraints.push(Constraint {
        oid: cx.catalog.new_oid()?,
        name,
        kind,
        no_inherit: false,
        comment: None,
        origin: Origin { parent: constraint.oid, ..Origin::INHERITED },
        ..constraint.clone()
    });
    cx.catalog.put_relation(index, cx.txn);
    if is_primary && !constraint.deferrable {
        // Rows are stored under their primary key.
        let old = cx.catalog().relation(partition.oid).cloned();
        let old = old.unwrap_or_else(|| partition.clone());
        rows::rewrite(&old, new, cx, Ok)?;
        return Ok(oid);
    }
    cx.catalog.put_relation(new, cx.txn);
    rows::build_index(partition.oid, oid, cx)?;
    Ok(oid)
}

/// Gives a partition, and what is below it, all foreign keys of its parent.
pub(in crate::exec::ddl) fn clone_keys(
    parent: Oid,
    partition: Oid,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let Some(parent) = cx.catalog().relation(parent).cloned() else { return Ok(()) };
    for constraint in parent.constraints.iter().filter(|c| !parent.derives(c)) {
        ensure_key(&parent, constraint, partition, cx)?;
    }
    Ok(())
}

/// Gives the partitions of a table one of its foreign keys.
pub(in crate::exec::ddl) fn children_of_key(
    table: Oid,
    constraint: Oid,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let catalog = cx.catalog();
    let Some(table) = catalog.relation(table).filter(|table| table.is_partitioned()) else {
        return Ok(());
    };
    let Some(constraint) = table.constraints.iter().find(|c| c.oid == constraint) else {
        return Ok(());
    };
    let partitions = catalog.children(table.oid).iter();
    partitions.copied().try_for_each(|partition| ensure_key(table, constraint, partition, cx))
}

fn ensure_key(
    parent: &Relation,
    constraint: &Constraint,
    partition: Oid,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let ConstraintKind::ForeignKey(key) = &constraint.kind else { return Ok(()) };
    let catalog = cx.catalog();
    let Some(partition) = catalog.relation(partition).cloned() else { return Ok(()) };
    let map = ColumnMap::new(parent, &partition);
    let mapped = |columns: &[i16]| columns.iter().map(|attno| map.of(*attno)).collect();
    let key = ForeignKey {
        columns: mapped(&key.columns),
        set_columns: mapped(&key.set_columns),
        ..key.clone()
    };
    let same = partition.constraints.iter().find(|own| {
        own.origin.parent == 0
            && own.kind == ConstraintKind::ForeignKey(key.clone())
            && (own.deferrable, own.initially_deferred)
                == (constraint.deferrable, constraint.initially_deferred)
            && own.validated
    });
    let own = match same.map(|own| own.oid) {
        Some(own) => {
            set_parent(partition.oid, own, constraint.oid, cx);
            own
        }
        None => make_key(&partition, constraint, key, &catalog, cx)?,
    };
    if partition.is_partitioned() {
        children_of_key(partition.oid, own, cx)?;
    }
    Ok(())
}

fn make_key(
    partition: &Relation,
    constraint: &Constraint,
    key: ForeignKey,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<Oid> {
    let own = check::constraint_names(partition);
    let name = match own.contains(&constraint.name) {
        false => constraint.name.clone(),
        true => {
            let columns = key.columns.iter().map(|a| partition.column(*a).name.as_str());
            let joined = implicit_names::joined(columns);
            let parts = (partition.name.as_str(), Some(joined.as_str()), "fkey");
            implicit_names::constraint_name(catalog, partition.namespace, &own, parts)
        }
    };
    let oid = cx.catalog.new_oid()?;
    super::super::drop::change_table(partition.oid, cx, |table| {
        table.constraints.push(Constraint {
            oid,
            name,
            kind: ConstraintKind::ForeignKey(key),
            no_inherit: false,
            comment: None,
            origin: Origin { parent: constraint.oid, ..Origin::INHERITED },
            ..constraint.clone()
        });
    });
    if constraint.validated {
        foreign_key_check::check_rows(partition.oid, oid, cx)?;
    }
    Ok(oid)
}

//! PRIMARY KEY and UNIQUE constraints: each is an index and a constraint of the same name.

use super::DdlContext;
use super::draft::{KeySpec, TableDraft};
use super::{implicit_names, index_def};
use crate::catalog::builtin::oid;
use crate::catalog::{Catalog, Constraint, ConstraintKind, IndexInfo, Origin, Relation};
use crate::error::{PgError, Result, code};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Makes all key constraints of a draft, the primary key first. A UNIQUE that says the same as an
/// earlier key is dropped, as PostgreSQL does (`transformIndexConstraints`).
pub(super) fn add_all(
    draft: &mut TableDraft<'_>,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let mut specs = std::mem::take(&mut draft.keys);
    if let Some(second) = specs.iter().filter(|s| s.primary).nth(1) {
        return Err(multiple_primary_keys(&draft.table).at(second.location));
    }
    specs.sort_by_key(|s| !s.primary);
    let mut made: Vec<usize> = Vec::new();
    for at in 0..specs.len() {
        let spec = &specs[at];
        if draft.is_new && made.iter().any(|&earlier| same_key(&specs[earlier], spec)) {
            continue;
        }
        add(draft, spec, catalog, cx)?;
        made.push(at);
    }
    Ok(())
}

fn same_key(a: &KeySpec<'_>, b: &KeySpec<'_>) -> bool {
    a.columns == b.columns
        && a.including == b.including
        && a.nulls_not_distinct == b.nulls_not_distinct
        && a.deferrable == b.deferrable
        && a.initially_deferred == b.initially_deferred
        && (a.name.is_none() || b.name.is_none() || a.name == b.name)
}

pub(super) fn multiple_primary_keys(table: &Relation) -> PgError {
    let message = format!("multiple primary keys for table \"{}\" are not allowed", table.name);
    PgError::new(code::INVALID_TABLE_DEFINITION, message)
}

/// Makes one key constraint with its index.
fn add(
    draft: &mut TableDraft<'_>,
    spec: &KeySpec<'_>,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<()> {
    if spec.primary && draft.table.primary_key().is_some() {
        return Err(multiple_primary_keys(&draft.table));
    }
    let columns = key_columns(&draft.table, spec)?;
    let including = including(&draft.table, spec)?;
    if spec.primary {
        for attno in &columns {
            draft.column_mut(*attno).not_null = true;
        }
    }
    let name = constraint_name(draft, spec, &columns, &including, catalog)?;
    draft.names.push(name.clone());
    let table = &draft.table;
    let keys = columns.iter().map(|attno| index_def::plain_column(table, *attno, oid::BTREE, cx));
    let mut all = keys.collect::<Result<Vec<_>>>()?;
    all.extend(including.iter().map(|attno| index_def::include_column(table, *attno)));
    let labels = columns.iter().chain(&including);
    let labels = labels.map(|attno| table.column(*attno).name.clone()).collect();
    let info = IndexInfo {
        table: table.oid,
        columns: all,
        key_count: columns.len(),
        unique: true,
        nulls_not_distinct: spec.nulls_not_distinct,
        primary: spec.primary,
        immediate: !spec.deferrable,
        predicate: None,
        access_method: oid::BTREE,
        collation_versions: BTreeMap::new(),
    };
    super::partition::check_unique_key(table, &info)?;
    let index = index_def::relation(name.clone(), table, info, labels, BTreeMap::new(), cx)?;
    let kind = match spec.primary {
        true => ConstraintKind::PrimaryKey { index: index.oid, columns },
        false => ConstraintKind::Unique { index: index.oid, columns },
    };
    let constraint = Constraint {
        oid: cx.catalog.new_oid()?,
        name,
        kind,
        deferrable: spec.deferrable,
        initially_deferred: spec.initially_deferred,
        validated: true,
        no_inherit: true,
        comment: None,
        origin: Origin::LOCAL,
    };
    draft.table.constraints.push(constraint);
    draft.indexes.push(index);
    Ok(())
}

/// The name given, free both as a relation's and as the table's constraint's; or one made up.
fn constraint_name(
    draft: &TableDraft<'_>,
    spec: &KeySpec<'_>,
    columns: &[i16],
    including: &[i16],
    catalog: &Catalog,
) -> Result<String> {
    let table = &draft.table;
    if let Some(name) = spec.name {
        let taken = catalog.relation_named(table.namespace, name).is_some();
        if taken || draft.names.iter().any(|n| n == name) {
            let message = format!("relation \"{name}\" already exists");
            return Err(PgError::new(code::DUPLICATE_TABLE, message));
        }
        return super::check::own_name(table, name);
    }
    let column_names = columns.iter().chain(including);
    let joined = implicit_names::joined(column_names.map(|a| table.column(*a).name.as_str()));
    let parts = match spec.primary {
        true => (table.name.as_str(), None, "pkey"),
        false => (table.name.as_str(), Some(joined.as_str()), "key"),
    };
    let mut pending = draft.names.clone();
    pending.extend(super::check::constraint_names(table));
    Ok(implicit_names::relation_name(catalog, table.namespace, &pending, parts, true))
}

fn key_columns(table: &Relation, spec: &KeySpec<'_>) -> Result<Vec<i16>> {
    let mut columns = Vec::with_capacity(spec.columns.len());
    for name in &spec.columns {
        let attno = column_in_key(table, name, spec)?;
        if columns.contains(&attno) {
            let kind = if spec.primary { "primary key" } else { "unique" };
            let message = format!("column \"{name}\" appears twice in {kind} constraint");
            return Err(PgError::new(code::DUPLICATE_COLUMN, message).at(spec.location));
        }
        columns.push(attno);
    }
    Ok(columns)
}

fn including(table: &Relation, spec: &KeySpec<'_>) -> Result<Vec<i16>> {
    spec.including.iter().map(|name| column_in_key(table, name, spec)).collect()
}

fn column_in_key(table: &Relation, name: &str, spec: &KeySpec<'_>) -> Result<i16> {
    table.column_by_name(name).map(|c| c.attno).ok_or_else(|| {
        let message = format!("column \"{name}\" named in key does not exist");
        PgError::new(code::UNDEFINED_COLUMN, message).at(spec.location)
    })
}

/// ADD CONSTRAINT … USING INDEX: a unique index of the table becomes the constraint's, under the
/// constraint's name.
pub(super) fn add_using_index(
    draft: &mut TableDraft<'_>,
    old: &Arc<Relation>,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let spec = draft.keys.pop().expect("the caller saw one");
    let name = spec.using_index.unwrap_or_default();
    let catalog = cx.catalog();
    let index = catalog.indexes_of(old).find(|i| i.name == name).ok_or_else(|| {
        PgError::new(code::UNDEFINED_OBJECT, format!("index \"{name}\" does not exist"))
    })?;
    let columns = usable_columns(old, index).map_err(|e| e.at(spec.location))?;
    if old.is_partitioned() {
        let message =
            "ALTER TABLE / ADD CONSTRAINT USING INDEX is not supported on partitioned tables";
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    let constraint_name = spec.name.unwrap_or(name);
    if constraint_name != name {
        cx.notice(format!(
            "ALTER TABLE / ADD CONSTRAINT USING INDEX will rename index \"{name}\" to \
             \"{constraint_name}\""
        ));
    }
    let mut index = (**index).clone();
    index.name = constraint_name.to_owned();
    if let Some(info) = &mut index.index {
        info.primary = spec.primary;
        info.immediate = !spec.deferrable;
    }
    let oid = index.oid;
    cx.catalog.put_relation(index, cx.txn);
    let mut table = (**old).clone();
    let name = super::check::own_name(&table, constraint_name)?;
    let kind = match spec.primary {
        true => ConstraintKind::PrimaryKey { index: oid, columns: columns.clone() },
        false => ConstraintKind::Unique { index: oid, columns: columns.clone() },
    };
    table.constraints.push(Constraint {
        oid: cx.catalog.new_oid()?,
        name,
        kind,
        deferrable: spec.deferrable,
        initially_deferred: spec.initially_deferred,
        validated: true,
        no_inherit: true,
        comment: None,
        origin: Origin::LOCAL,
    });
    table.version = old.version.wrapping_add(1);
    if spec.primary {
        for attno in &columns {
            super::alter_table::column_attrs::check_no_nulls(old, *attno, cx)?;
            table.columns[*attno as usize - 1].not_null = true;
        }
    }
    // The rows, or the index's entries, are keyed otherwise now.
    super::rows::rewrite(old, table, cx, Ok)
}

/// The columns of an index that can back a constraint.
fn usable_columns(table: &Relation, index: &Relation) -> Result<Vec<i16>> {
    let info = index.index.as_ref().expect("an index has its definition");
    let refused = |what: String, detail: &str| {
        Err(PgError::new(code::WRONG_OBJECT_TYPE, what).detail(detail))
    };
    let name = &index.name;
    if crate::catalog::depend::edges::constraint_of_index(table, index.oid).is_some() {
        let message = format!("index \"{name}\" is already associated with a constraint");
        return Err(PgError::new(code::OBJECT_NOT_IN_PREREQUISITE_STATE, message));
    }
    let detail = "Cannot create a primary key or unique constraint using such an index.";
    if !info.unique {
        return refused(format!("\"{name}\" is not a unique index"), detail);
    }
    if info.columns.iter().any(|c| c.expr.is_some()) {
        return refused(format!("index \"{name}\" contains expressions"), detail);
    }
    if info.predicate.is_some() {
        return refused(format!("\"{name}\" is a partial index"), detail);
    }
    Ok(info.columns[..info.key_count].iter().map(|c| c.attno).collect())
}

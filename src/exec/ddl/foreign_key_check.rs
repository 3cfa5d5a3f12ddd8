//! Checks rows that are there already against a foreign key (`RI_Initial_Check`).

use super::DdlContext;
use super::located::located;
use super::{partition, rows};
use crate::catalog::schema::{Owner, RowKey, TableSchema, table_schema};
use crate::catalog::{Catalog, ColumnMap, Constraint, ConstraintKind, ForeignKey, Relation};
use crate::error::{PgError, Result, code};
use crate::storage::Space;
use crate::types::{Datum, Format, Oid, oids};
use std::sync::Arc;

/// 23503 where a row of the table has a key that the referenced table lacks.
pub(super) fn check_rows(table: u32, constraint: u32, cx: &DdlContext<'_>) -> Result<()> {
    let catalog = cx.catalog();
    let Some((table, constraint)) = catalog
        .relation(table)
        .and_then(|t| Some((t, t.constraints.iter().find(|c| c.oid == constraint)?)))
    else {
        return Ok(());
    };
    let ConstraintKind::ForeignKey(key) = &constraint.kind else { return Ok(()) };
    let referenced = catalog.relation(key.references).expect("a foreign key's table exists");
    let schema = table_schema(&catalog, table);
    let places = places(&catalog, key, referenced);
    rows::for_each(&schema, cx, |suffix, row| {
        let values: Vec<_> = key.columns.iter().map(|a| row[*a as usize - 1].clone()).collect();
        let nulls = values.iter().filter(|v| v.is_null()).count();
        if nulls == values.len() || (nulls > 0 && !key.match_full) {
            return Ok(());
        }
        if nulls == 0 && exists_in(&places, table, schema.owner_of(suffix), &values, cx)? {
            return Ok(());
        }
        let error = violation(&catalog, table, constraint, key, referenced, &values, nulls > 0);
        Err(located(error, table, cx))
    })
}

/// The tables that rows referred to may be in, and the key as one on each: the referenced table, or the
/// leaves of a partitioned one.
fn places(
    catalog: &Catalog,
    key: &ForeignKey,
    referenced: &Arc<Relation>,
) -> Vec<(ForeignKey, Arc<TableSchema>)> {
    if !referenced.is_partitioned() {
        return vec![(key.clone(), table_schema(catalog, referenced))];
    }
    let below = |partition: &Arc<Relation>| {
        let key = partition::key_on(catalog, key, partition);
        places(catalog, &key, partition)
    };
    catalog.children_of(referenced).into_iter().flat_map(below).collect()
}

fn exists_in(
    places: &[(ForeignKey, Arc<TableSchema>)],
    table: &Relation,
    owner: Owner,
    values: &[Datum],
    cx: &DdlContext<'_>,
) -> Result<bool> {
    for (key, target) in places {
        if exists(table, key, target, owner, values, cx)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// 23503 where a row of a table refers to a row of a partition that is about to leave its parent.
pub(super) fn check_unreferenced(
    table: &Arc<Relation>,
    constraint: &Constraint,
    partition: &Relation,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let catalog = cx.catalog();
    let ConstraintKind::ForeignKey(key) = &constraint.kind else { return Ok(()) };
    let Some(referenced) = catalog.relation(partition.oid) else { return Ok(()) };
    let places = places(&catalog, key, referenced);
    for leaf in catalog.leaves(table) {
        let map = ColumnMap::new(table, &leaf);
        let schema = table_schema(&catalog, &leaf);
        rows::for_each(&schema, cx, |suffix, row| {
            let row = map.to_parent(&row);
            let values: Vec<_> = key.columns.iter().map(|a| row[*a as usize - 1].clone()).collect();
            let any_null = values.iter().any(Datum::is_null);
            if any_null || !exists_in(&places, table, schema.owner_of(suffix), &values, cx)? {
                return Ok(());
            }
            let error = still_referenced(&catalog, table, constraint, key, referenced, &values);
            Err(located(error, table, cx))
        })?;
    }
    Ok(())
}

fn still_referenced(
    catalog: &Catalog,
    table: &Relation,
    constraint: &Constraint,
    key: &ForeignKey,
    partition: &Relation,
    values: &[Datum],
) -> PgError {
    let (name, part) = (&constraint.name, &partition.name);
    let message =
        format!("removing partition \"{part}\" violates foreign key constraint \"{name}\"");
    let names = key.referenced_columns.iter().map(|a| partition.column(*a).name.as_str());
    let types = key.columns.iter().map(|a| table.column(*a).type_oid);
    let shown: Vec<_> = types.zip(values).map(|(t, v)| rows::value_text(catalog, t, v)).collect();
    let (names, shown) = (names.collect::<Vec<_>>().join(", "), shown.join(", "));
    let table = &table.name;
    let detail = format!("Key ({names})=({shown}) is still referenced from table \"{table}\".");
    PgError::new(code::FOREIGN_KEY_VIOLATION, message).detail(detail).constraint(&**name)
}

fn exists(
    table: &Relation,
    key: &ForeignKey,
    target: &TableSchema,
    owner: Owner,
    values: &[Datum],
    cx: &DdlContext<'_>,
) -> Result<bool> {
    let catalog = cx.catalog();
    // The value of a referenced column, as one of that column's type.
    let value_for = |attno: i16| -> Result<Datum> {
        let at = key.referenced_columns.iter().position(|c| *c == attno);
        let at = at.expect("the index is on the referenced columns");
        let from = table.column(key.columns[at]).type_oid;
        convert(&catalog, &values[at], from, target.relation.column(attno).type_oid)
    };
    match &target.key {
        RowKey::Primary { index, columns } if *index == key.referenced_index => {
            let mut row = vec![Datum::Null; target.relation.columns.len()];
            for column in columns {
                row[column.at] = value_for(i16::try_from(column.at + 1).unwrap_or(i16::MAX))?;
            }
            let suffix = target.primary_key_suffix(owner, &row);
            let stored = target.row_key(&suffix.expect("the table has a primary key"));
            Ok(cx.txn.get_latest(Space::Rows, &stored)?.is_some())
        }
        _ => {
            let index = target.indexes.iter().find(|i| i.relation.oid == key.referenced_index);
            let index = index.expect("a foreign key's index exists");
            let values = index.key_columns().iter().map(|c| value_for(c.attno));
            let values = values.collect::<Result<Vec<_>>>()?;
            Ok(cx.txn.get_latest(Space::Index, &index.unique_key(owner, &values))?.is_some())
        }
    }
}

/// Keys are encoded as the referenced type; the referencing one may be another of its family.
fn convert(catalog: &Catalog, value: &Datum, from: Oid, to: Oid) -> Result<Datum> {
    if from == to || !needs_conversion(from, to) {
        return Ok(value.clone());
    }
    let (from, to) = (catalog.base_type(from, -1).0, catalog.base_type(to, -1).0);
    if from == to {
        return Ok(value.clone());
    }
    let text = rows::value_text(catalog, from, value);
    // A value that the referenced type cannot hold is not among its keys.
    Ok(crate::types::text_in(to, -1, &text, &Format::default()).unwrap_or(Datum::Null))
}

/// Text types share their representation.
fn needs_conversion(from: Oid, to: Oid) -> bool {
    let is_text = |oid| matches!(oid, oids::TEXT | oids::VARCHAR);
    !(is_text(from) && is_text(to))
}

fn violation(
    catalog: &Catalog,
    table: &Relation,
    constraint: &Constraint,
    key: &ForeignKey,
    referenced: &Relation,
    values: &[Datum],
    mixed_nulls: bool,
) -> PgError {
    let message = format!(
        "insert or update on table \"{}\" violates foreign key constraint \"{}\"",
        table.name, constraint.name
    );
    let columns: Vec<_> = key.columns.iter().map(|a| table.column(*a)).collect();
    let names: Vec<_> = columns.iter().map(|c| c.name.as_str()).collect();
    let shown = columns.iter().zip(values).map(|(c, v)| rows::value_text(catalog, c.type_oid, v));
    let shown: Vec<_> = shown.collect();
    let detail = match mixed_nulls {
        true => "MATCH FULL does not allow mixing of null and nonnull key values.".to_owned(),
        false => format!(
            "Key ({})=({}) is not present in table \"{}\".",
            names.join(", "),
            shown.join(", "),
            referenced.name
        ),
    };
    PgError::new(code::FOREIGN_KEY_VIOLATION, message).detail(detail).constraint(&*constraint.name)
}

//! Checks rows that are there already against a foreign key (`RI_Initial_Check`).

use super::DdlContext;
use super::located::located;
use super::rows;
use crate::catalog::schema::{Owner, RowKey, TableSchema, table_schema};
use crate::catalog::{Catalog, Constraint, ConstraintKind, ForeignKey, Relation};
use crate::error::{PgError, Result, code};
use crate::storage::Space;
use crate::types::{Datum, Format, Oid, oids};

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
    let target = table_schema(&catalog, referenced);
    rows::for_each(&schema, cx, |suffix, row| {
        let values: Vec<_> = key.columns.iter().map(|a| row[*a as usize - 1].clone()).collect();
        let nulls = values.iter().filter(|v| v.is_null()).count();
        if nulls == values.len() || (nulls > 0 && !key.match_full) {
            return Ok(());
        }
        if nulls == 0 && exists(table, key, &target, schema.owner_of(suffix), &values, cx)? {
            return Ok(());
        }
        let error = violation(&catalog, table, constraint, key, referenced, &values, nulls > 0);
        Err(located(error, table, cx))
    })
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

//! What is stored when a domain becomes stricter: values that it does not allow refuse the change.

use super::super::located::located;
use super::super::{DdlContext, column, lock, rows};
use crate::catalog::schema::table_schema;
use crate::catalog::{Catalog, Relation, RelationKind};
use crate::error::{PgError, Result, code};
use crate::exec::check_domain;
use crate::storage::TableLockMode;
use crate::types::Oid;
use std::sync::Arc;

/// Checks the columns of a domain, and of domains over it, in the transaction's own catalog. `check`: the
/// constraint; `None`: NOT NULL.
pub(super) async fn check_rows(
    domain: Oid,
    check: Option<&str>,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let catalog = cx.catalog();
    let tables = catalog.may_store(domain);
    let tables = tables.iter().filter_map(|oid| catalog.relation(*oid));
    for table in tables.filter(|r| r.kind == RelationKind::Table) {
        if columns(table, domain, &catalog, cx)?.is_empty() {
            continue;
        }
        lock::relation(table.oid, TableLockMode::Share, cx).await?;
        let catalog = cx.catalog();
        let Some(table) = catalog.relation(table.oid) else { continue };
        let attnos = columns(table, domain, &catalog, cx)?;
        check_table(table, domain, &attnos, check, &catalog, cx)?;
    }
    Ok(())
}

/// The table's columns of the domain; one that holds values of it inside others refuses the change.
fn columns(
    table: &Relation,
    domain: Oid,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<Vec<i16>> {
    let is_of = |oid: Oid| catalog.domains(oid).iter().any(|found| found.oid == domain);
    let mut found = Vec::new();
    for column in table.live_columns() {
        if is_of(column.type_oid) {
            found.push(column.attno);
        } else if holds(column.type_oid, &is_of, catalog) {
            let shown = column::type_name(catalog, domain, cx);
            let message = format!(
                "cannot alter type \"{shown}\" because column \"{}.{}\" uses it",
                table.name, column.name
            );
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
        }
    }
    Ok(found)
}

/// Whether values of an array or composite type hold values of the domain.
fn holds(oid: Oid, is_of: &dyn Fn(Oid) -> bool, catalog: &Catalog) -> bool {
    if Catalog::is_system(oid) {
        return false;
    }
    let within = |oid: Oid| is_of(oid) || holds(oid, is_of, catalog);
    let base = catalog.base_type(oid, -1).0;
    match catalog.row_type_relation(base) {
        Some(relation) => relation.live_columns().any(|column| within(column.type_oid)),
        None => catalog.element_of(base).is_some_and(within),
    }
}

fn check_table(
    table: &Arc<Relation>,
    domain: Oid,
    attnos: &[i16],
    check: Option<&str>,
    catalog: &Arc<Catalog>,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let schema = table_schema(catalog, table);
    let statement = cx.statement(catalog)?;
    rows::for_each(&schema, cx, |_, row| {
        for attno in attnos {
            let value = &row[*attno as usize - 1];
            if check.is_none() && !value.is_null() {
                continue;
            }
            match check_domain((*statement).clone(), domain, value) {
                Err(e) if [code::CHECK_VIOLATION, code::NOT_NULL_VIOLATION].contains(&e.code()) => {
                    return Err(located(violation(table, *attno, check), table, cx));
                }
                other => other?,
            }
        }
        Ok(())
    })
}

fn violation(table: &Relation, attno: i16, check: Option<&str>) -> PgError {
    let (column, table) = (&table.column(attno).name, &table.name);
    let error = match check {
        None => {
            let message = format!("column \"{column}\" of table \"{table}\" contains null values");
            PgError::new(code::NOT_NULL_VIOLATION, message)
        }
        Some(_) => {
            let message = format!(
                "column \"{column}\" of table \"{table}\" contains values that violate the new \
                 constraint"
            );
            PgError::new(code::CHECK_VIOLATION, message)
        }
    };
    error.column(column.as_str())
}

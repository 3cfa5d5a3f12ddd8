//! CHECK constraints.

use super::DdlContext;
use super::draft::{CheckSpec, TableDraft};
use crate::catalog::{Catalog, Constraint, ConstraintKind, Origin, Relation, depend};
use crate::error::{PgError, Result, code};
use crate::sql::bind::{ExprPlace, bind_expr};

/// Binds a CHECK and adds it to the table, under its own name or one made of the table's and, where
/// it mentions a single column, that column's.
pub(super) fn add(
    draft: &mut TableDraft<'_>,
    spec: &CheckSpec<'_>,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let table = &draft.table;
    let expr = bind_expr(spec.expr, &cx.bind(catalog), ExprPlace::Check, Some(table), None)?;
    if spec.no_inherit && table.is_partitioned() {
        let message =
            format!("cannot add NO INHERIT constraint to partitioned table \"{}\"", table.name);
        return Err(PgError::new(code::INVALID_TABLE_DEFINITION, message));
    }
    if let Some(name) = spec.name
        && super::inherit::merge_check(&mut draft.table, name, &expr, cx)?
    {
        return Ok(());
    }
    let table = &draft.table;
    let name = match spec.name {
        Some(name) => own_name(table, name)?,
        None => {
            let columns = depend::columns_of(&expr);
            let column = match columns.as_slice() {
                [only] if *only > 0 => Some(table.column(*only).name.as_str()),
                _ => None,
            };
            let own = constraint_names(table);
            let parts = (table.name.as_str(), column, "check");
            super::implicit_names::constraint_name(catalog, table.namespace, &own, parts)
        }
    };
    draft.table.constraints.push(Constraint {
        oid: cx.catalog.new_oid()?,
        name,
        kind: ConstraintKind::Check { expr },
        deferrable: false,
        initially_deferred: false,
        validated: spec.validated || draft.is_new,
        no_inherit: spec.no_inherit,
        comment: None,
        origin: Origin::LOCAL,
    });
    Ok(())
}

/// A name that no constraint of the table has, or 42710.
pub(super) fn own_name(table: &Relation, name: &str) -> Result<String> {
    if table.constraints.iter().any(|c| c.name == name) {
        let message =
            format!("constraint \"{name}\" for relation \"{}\" already exists", table.name);
        return Err(PgError::new(code::DUPLICATE_OBJECT, message));
    }
    Ok(name.to_owned())
}

/// Names of the table's constraints.
pub(super) fn constraint_names(table: &Relation) -> Vec<String> {
    table.constraints.iter().map(|c| c.name.clone()).collect()
}

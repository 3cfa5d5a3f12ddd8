//! CREATE MATERIALIZED VIEW and REFRESH MATERIALIZED VIEW.
//!
//! A materialized view is a table that keeps the query it was filled from. Its rows are in the two
//! tiers like any table's; only REFRESH writes them:
//!
//! - plainly, all rows go to a new storage, as in a rewrite, and the indexes are built anew;
//! - CONCURRENTLY, only the rows that differ are deleted and inserted, so readers go on, and rows that
//!   stay keep their `_seq` and `_updated`.
//!
//! The query runs with the rights of the view's owner, whoever refreshes it.

use super::names::RelationName;
use super::{
    DdlContext, create_table, create_table_as, lock, options, privileges, rows, table_options,
    truncate, view,
};
use crate::catalog::{MaterializedInfo, Relation, RelationKind, TableKind, TableOptions};
use crate::error::{PgError, Result, code};
use crate::exec::dml::RowsReplacement;
use crate::exec::{Plan, StatementContext, plan};
use crate::nodes::Query;
use crate::sql::bind::{bind_materialized_view, renewed};
use crate::storage::TableLockMode;
use crate::types::Oid;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::{CreateTableAsStmt, IntoClause, RefreshMatViewStmt};
use std::sync::Arc;

const TAG: &str = "CREATE MATERIALIZED VIEW";

pub(super) async fn create(statement: &CreateTableAsStmt, cx: &DdlContext<'_>) -> Result<String> {
    let into = statement.into().expect("CREATE MATERIALIZED VIEW has a name");
    let query = bound(statement, cx).await?;
    let range = into.rel().expect("CREATE MATERIALIZED VIEW has a name");
    let refused = |message: &'static str| PgError::new(code::FEATURE_NOT_SUPPORTED, message);
    if view::reads_temporary(&query, cx) {
        return Err(refused("materialized views must not use temporary tables or views"));
    }
    if range.relpersistence as u8 == b'u' {
        return Err(refused("materialized views cannot be unlogged"));
    }
    create_table::check_method(into.access_method())?;
    create_table::check_tablespace(into.table_space_name())?;
    let if_not_exists = statement.if_not_exists;
    let Some((name, namespace)) = create_table::target(range, if_not_exists, cx).await? else {
        return Ok(TAG.to_owned());
    };
    let mut new = create_table::new_table(name, &namespace, range, cx)?;
    new.kind = RelationKind::MaterializedView;
    set_options(&mut new, into, cx).await?;
    create_table_as::add_columns(&mut new, into, &query, cx)?;
    let info = MaterializedInfo { query, populated: !into.skip_data };
    new.materialized = Some(info.clone());
    let oid = new.oid;
    cx.catalog.put_relation(new, cx.txn);
    if into.skip_data {
        return Ok(TAG.to_owned());
    }
    let (plan, context) = planned(&info.query, cx.env.current_role(), cx).await?;
    let count = create_table_as::fill(oid, &plan, Vec::new(), context, cx).await?;
    Ok(format!("SELECT {count}"))
}

/// The query, which has no parameters.
async fn bound(statement: &CreateTableAsStmt, cx: &DdlContext<'_>) -> Result<Query> {
    let bind = |catalog: &_| bind_materialized_view(statement.query(), &cx.bind(catalog));
    view::locked(bind, cx).await.map_err(|error| match error.code() {
        code::UNDEFINED_PARAMETER if cx.prepared.is_some() => {
            let message = "materialized views may not be defined using bound parameters";
            PgError::new(code::FEATURE_NOT_SUPPORTED, message)
        }
        _ => error,
    })
}

async fn set_options(new: &mut Relation, into: &IntoClause, cx: &DdlContext<'_>) -> Result<()> {
    for node in into.options() {
        if let Node::DefElem(element) = node {
            options::table(element, &mut new.options)?;
        }
    }
    table_options::complete(new, cx).await?;
    let options = TableOptions::of(new);
    // Its rows are the query's, not anybody's own, and a refresh deletes none of them.
    if options.kind != TableKind::Shared || options.retention.is_some() {
        let message = "materialized views have no options \"kind\" and \"retention\"";
        return Err(PgError::new(code::INVALID_PARAMETER_VALUE, message));
    }
    Ok(())
}

/// The plan of a view's query, run as a role, once the relations it reads are locked.
async fn planned(
    query: &Query,
    role: Oid,
    cx: &DdlContext<'_>,
) -> Result<(Arc<Plan>, Arc<StatementContext>)> {
    loop {
        let catalog = cx.catalog();
        let context = cx.statement_in(&catalog, cx.env.acting(role, None))?;
        let plan = plan(&renewed(query, &catalog), &context)?;
        for (relation, mode) in plan.locks() {
            lock::relation(*relation, *mode, cx).await?;
        }
        if cx.catalog().version() == catalog.version() {
            return Ok((plan, cx.statement_in(&catalog, cx.env.acting(role, None))?));
        }
    }
}

pub(super) async fn refresh(statement: &RefreshMatViewStmt, cx: &DdlContext<'_>) -> Result<String> {
    let range = statement.relation().expect("REFRESH names a relation");
    let name = RelationName::of_range(range, cx)?;
    let mode = match statement.concurrent {
        true => TableLockMode::Exclusive,
        false => TableLockMode::AccessExclusive,
    };
    let found = lock::get_named(&name, mode, cx).await?;
    if !found.kind.has_rows() {
        let message = format!("\"{}\" is not a table or materialized view", found.name);
        return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
    }
    privileges::relation_owner(&found, cx)?;
    let Some(info) = &found.materialized else {
        let message = format!("\"{}\" is not a materialized view", found.name);
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    };
    if statement.concurrent {
        check_concurrent(statement, &found, info, cx)?;
    }
    lock::check_unused(&found, "REFRESH MATERIALIZED VIEW", cx)?;
    match (statement.skip_data, statement.concurrent) {
        (true, _) => truncate::empty(found.oid, cx)?,
        (false, true) => replace_differing(&found, info, cx).await?,
        (false, false) => replace_all(&found, info, cx).await?,
    }
    set_populated(found.oid, !statement.skip_data, cx);
    Ok("REFRESH MATERIALIZED VIEW".to_owned())
}

fn check_concurrent(
    statement: &RefreshMatViewStmt,
    found: &Relation,
    info: &MaterializedInfo,
    cx: &DdlContext<'_>,
) -> Result<()> {
    if !info.populated {
        let message = "CONCURRENTLY cannot be used when the materialized view is not populated";
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    if statement.skip_data {
        let message = "CONCURRENTLY and WITH NO DATA options cannot be used together";
        return Err(PgError::new(code::SYNTAX_ERROR, message));
    }
    let catalog = cx.catalog();
    let whole = |index: &Arc<Relation>| {
        index.index.as_ref().is_some_and(|i| {
            let plain = i.columns[..i.key_count].iter().all(|c| c.expr.is_none());
            i.unique && i.immediate && i.predicate.is_none() && plain
        })
    };
    if catalog.indexes_of(found).any(whole) {
        return Ok(());
    }
    let schema = catalog.namespace(found.namespace).map(|n| n.name.as_str());
    let name = crate::functions::quote_qualified(schema, &found.name);
    let message = format!("cannot refresh materialized view \"{name}\" concurrently");
    Err(PgError::new(code::OBJECT_NOT_IN_PREREQUISITE_STATE, message).hint(
        "Create a unique index with no WHERE clause on one or more columns of the materialized view.",
    ))
}

async fn replace_all(
    found: &Arc<Relation>,
    info: &MaterializedInfo,
    cx: &DdlContext<'_>,
) -> Result<()> {
    // Planned before the old rows are gone: its query may not read the view itself.
    let (plan, context) = planned(&info.query, found.owner, cx).await?;
    truncate::empty(found.oid, cx)?;
    create_table_as::fill(found.oid, &plan, Vec::new(), context, cx).await?;
    for index in &found.indexes {
        rows::build_index(found.oid, *index, cx)?;
    }
    Ok(())
}

async fn replace_differing(
    found: &Arc<Relation>,
    info: &MaterializedInfo,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let (plan, context) = planned(&info.query, found.owner, cx).await?;
    let mut replacement = RowsReplacement::new(found, context.clone())?;
    create_table_as::for_each_row(&plan, Vec::new(), context, found, cx, |row| {
        replacement.add(row.to_vec())
    })
    .await?;
    replacement.finish()
}

fn set_populated(oid: Oid, populated: bool, cx: &DdlContext<'_>) {
    let catalog = cx.catalog();
    let Some(relation) = catalog.relation(oid) else { return };
    let mut changed = (**relation).clone();
    if let Some(info) = &mut changed.materialized
        && info.populated != populated
    {
        info.populated = populated;
        cx.catalog.put_relation(changed, cx.txn);
    }
}

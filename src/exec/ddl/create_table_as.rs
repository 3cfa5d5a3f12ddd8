//! CREATE TABLE AS and SELECT INTO.

use super::{DdlContext, column, create_table, options, rows, table_options};
use crate::catalog::schema::table_schema;
use crate::catalog::{OnCommit, Relation};
use crate::error::{PgError, Result, code};
use crate::exec::{Plan, RowBatch, StatementContext, execute as run, plan};
use crate::nodes::{CommandType, Query};
use crate::sql::bind::{ParamTypes, bind_node, bind_select_into};
use crate::sql::into_clause;
use crate::types::{Datum, Oid, arrow, oids};
use pg_raw_parse::Node;
use pg_raw_parse::nodes::{CreateTableAsStmt, IntoClause, SelectStmt};
use pg_raw_parse::raw::OnCommitAction;
use std::sync::Arc;

pub(super) async fn execute(statement: &CreateTableAsStmt, cx: &DdlContext<'_>) -> Result<String> {
    let into = statement.into().expect("CREATE TABLE AS names a table");
    let (node, mut types, params) = match cx.prepared {
        Some(p) => (p.query, ParamTypes::Fixed(p.types.clone()), p.params.clone()),
        None => (statement.query(), ParamTypes::None, Vec::new()),
    };
    let query = bind_node(node, &cx.bind(&cx.catalog()), &mut types)?;
    if query.command != CommandType::Select {
        let message = "prepared statement is not a SELECT";
        return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
    }
    create(into, query, params, statement.if_not_exists, cx).await
}

/// SELECT … INTO.
pub(super) async fn select_into(statement: &SelectStmt, cx: &DdlContext<'_>) -> Result<String> {
    let into = into_clause(statement).expect("SELECT INTO names a table");
    let catalog = cx.catalog();
    let (mut types, params) = match cx.prepared {
        Some(p) => (ParamTypes::Fixed(p.types.clone()), p.params.clone()),
        None => (ParamTypes::None, Vec::new()),
    };
    let query = bind_select_into(statement, &cx.bind(&catalog), &mut types)?;
    create(into, query, params, false, cx).await
}

async fn create(
    into: &IntoClause,
    query: Query,
    params: Vec<Datum>,
    if_not_exists: bool,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let range = into.rel().expect("INTO names a table");
    create_table::check_method(into.access_method())?;
    create_table::check_tablespace(into.table_space_name())?;
    let Some((name, namespace)) = create_table::target(range, if_not_exists, cx).await? else {
        return Ok("CREATE TABLE AS".to_owned());
    };
    let mut table = create_table::new_table(name, &namespace, range, cx)?;
    table.on_commit = match into.on_commit {
        OnCommitAction::ONCOMMIT_DELETE_ROWS => OnCommit::DeleteRows,
        OnCommitAction::ONCOMMIT_DROP => OnCommit::Drop,
        _ => OnCommit::PreserveRows,
    };
    for node in into.options() {
        if let Node::DefElem(element) = node {
            options::table(element, &mut table.options)?;
        }
    }
    table_options::complete(&mut table, cx).await?;
    add_columns(&mut table, into, &query, cx)?;
    let oid = table.oid;
    cx.catalog.put_relation(table, cx.txn);
    if into.skip_data {
        return Ok("CREATE TABLE AS".to_owned());
    }
    let catalog = cx.catalog();
    let context = cx.statement(&catalog)?;
    let plan = plan(&query, &context)?;
    let count = fill(oid, &plan, params, context, cx).await?;
    Ok(format!("SELECT {count}"))
}

/// The query's columns, under the names given; `unknown` literals are text.
pub(super) fn add_columns(
    table: &mut Relation,
    into: &IntoClause,
    query: &Query,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let catalog = cx.catalog();
    let mut names = into.col_names().iter().filter_map(Node::as_str);
    for (attno, target) in (1i16..).zip(query.output()) {
        let name = names.next().unwrap_or(&target.name);
        column::check_not_system(name)?;
        if table.column_by_name(name).is_some() {
            let message = format!("column \"{name}\" specified more than once");
            return Err(PgError::new(code::DUPLICATE_COLUMN, message));
        }
        let type_oid = match target.expr.type_oid() {
            oids::UNKNOWN => oids::TEXT,
            other => other,
        };
        column::check_type(name, type_oid, &catalog)?;
        let typmod = target.expr.typmod();
        let mut new = column::new_column(attno, name, type_oid, typmod, &catalog);
        new.collation = column::derived_collation(name, &target.expr, false, cx)?;
        table.columns.push(new);
    }
    if names.next().is_some() {
        let message = "too many column names were specified";
        return Err(PgError::new(code::SYNTAX_ERROR, message));
    }
    Ok(())
}

/// Puts a plan's rows into a table that nobody else sees yet, and that has no indexes; how many.
pub(super) async fn fill(
    oid: Oid,
    plan: &Arc<Plan>,
    params: Vec<Datum>,
    context: Arc<StatementContext>,
    cx: &DdlContext<'_>,
) -> Result<u64> {
    let catalog = cx.catalog();
    let table = catalog.relation(oid).expect("the table was just put").clone();
    let schema = table_schema(&catalog, &table);
    let owner = schema.owner(cx.env.current_role());
    let mut count = 0;
    for_each_row(plan, params, context, &table, cx, |row| {
        count += 1;
        rows::insert(&schema, owner, row, &catalog, cx)
    })
    .await?;
    Ok(count)
}

/// Runs a plan and calls `f` with each of its rows, as wide as the table's.
pub(super) async fn for_each_row(
    plan: &Arc<Plan>,
    params: Vec<Datum>,
    context: Arc<StatementContext>,
    table: &Relation,
    cx: &DdlContext<'_>,
    mut f: impl FnMut(&[Datum]) -> Result<()>,
) -> Result<()> {
    let mut execution = run(plan, params, context).await?;
    while let Some(batch) = execution.rows.next(usize::MAX).await? {
        cx.cancel.check()?;
        match batch {
            RowBatch::Rows(batch) => {
                batch.iter().try_for_each(|row| f(&row[..table.columns.len()]))?;
            }
            RowBatch::Arrow(batch) => {
                for at in 0..batch.num_rows() {
                    let values = batch.columns().iter().zip(&table.columns);
                    let row: Vec<_> =
                        values.map(|(a, c)| arrow::datum_at(a, at, c.type_oid)).collect();
                    f(&row)?;
                }
            }
        }
    }
    Ok(())
}

//! CREATE INDEX.

use super::names::{RelationName, find_namespace, strings};
use super::{
    DdlContext, create_table, implicit_names, index_def, index_method, lock, options, partition,
    privileges, rows,
};
use crate::catalog::builtin;
use crate::catalog::{Catalog, IndexColumn, IndexInfo, Relation};
use crate::error::{PgError, Result, code};
use crate::nodes::Expr;
use crate::sql::bind::{ExprPlace, bind_expr};
use crate::storage::TableLockMode;
use crate::types::{Oid, collation};
use pg_raw_parse::Node;
use pg_raw_parse::nodes::{IndexElem, IndexStmt};
use pg_raw_parse::raw::{SortByDir, SortByNulls};
use std::collections::BTreeMap;
use std::sync::Arc;

const TAG: &str = "CREATE INDEX";

pub(super) async fn execute(statement: &IndexStmt, cx: &DdlContext<'_>) -> Result<String> {
    if statement.concurrent && cx.in_block {
        let message = "CREATE INDEX CONCURRENTLY cannot run inside a transaction block";
        return Err(PgError::new(code::ACTIVE_SQL_TRANSACTION, message));
    }
    create_table::check_tablespace(statement.table_space())?;
    let range = statement.relation().expect("CREATE INDEX names a table");
    let name = RelationName::of_range(range, cx)?;
    // CONCURRENTLY asks for a weaker lock that lets writers go on. Building waits for none here,
    // but must not miss their rows, so it takes the same lock.
    let table = lock::get_named(&name, TableLockMode::Share, cx).await?;
    privileges::relation_owner(&table, cx)?;
    check_table(&table)?;
    lock::check_unused(&table, TAG, cx)?;
    if statement.concurrent && table.is_partitioned() {
        let message =
            format!("cannot create index on partitioned table \"{}\" concurrently", table.name);
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    if table.is_partitioned() && range.inh {
        for member in cx.catalog().family(&table) {
            lock::relation(member.oid, TableLockMode::AccessExclusive, cx).await?;
        }
    }
    let catalog = cx.catalog();
    let method = index_method::of_statement(statement)?;
    let (columns, labels, key_count) = columns(statement, &table, method, &catalog, cx)?;
    let index_name = match statement.idxname() {
        Some(name) => {
            let namespace = catalog.namespace(table.namespace).expect("a table has a schema");
            if !create_table::free_name(namespace, name, statement.if_not_exists, cx).await? {
                return Ok(TAG.to_owned());
            }
            name.to_owned()
        }
        None => {
            let labels = index_def::distinct(labels.clone());
            let joined = implicit_names::joined(labels.iter().map(String::as_str));
            let parts = (table.name.as_str(), Some(joined.as_str()), "idx");
            implicit_names::relation_name(&catalog, table.namespace, &[], parts, false)
        }
    };
    let info = IndexInfo {
        table: table.oid,
        columns,
        key_count,
        unique: statement.unique,
        nulls_not_distinct: statement.nulls_not_distinct,
        primary: false,
        immediate: true,
        predicate: predicate(statement, &table, &catalog, cx)?,
        access_method: method,
        collation_versions: BTreeMap::new(),
    };
    partition::check_unique_key(&table, &info)?;
    let options = with_options(statement, method)?;
    let mut index = index_def::relation(index_name, &table, info, labels, options, cx)?;
    let oid = index.oid;
    let partitions = match table.is_partitioned() {
        true => catalog.children(table.oid),
        false => &[],
    };
    index.lineage.is_incomplete = !range.inh && !partitions.is_empty();
    cx.catalog.put_relation(index, cx.txn);
    rows::build_index(table.oid, oid, cx)?;
    for partition in partitions.iter().filter(|_| range.inh) {
        partition::ensure_index(oid, *partition, cx)?;
    }
    Ok(TAG.to_owned())
}

fn check_table(table: &Relation) -> Result<()> {
    if !table.kind.has_rows() {
        let message = format!("cannot create index on relation \"{}\"", table.name);
        let what = privileges::kind_name(table.kind);
        let plural = if what == "index" { "indexes".to_owned() } else { format!("{what}s") };
        return Err(PgError::new(code::WRONG_OBJECT_TYPE, message)
            .detail(format!("This operation is not supported for {plural}.")));
    }
    Ok(())
}

fn with_options(statement: &IndexStmt, method: Oid) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for element in statement.options() {
        options::index(element, method, &mut found)?;
    }
    Ok(found)
}

/// Key columns, then INCLUDE columns; their labels; how many are key columns.
fn columns(
    statement: &IndexStmt,
    table: &Relation,
    method: Oid,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<(Vec<IndexColumn>, Vec<String>, usize)> {
    let (mut columns, mut labels) = (Vec::new(), Vec::new());
    for element in statement.index_params() {
        let count = statement.index_params().len();
        columns.push(key_column(element, table, method, count, catalog, cx)?);
        labels.push(label(element));
    }
    let key_count = columns.len();
    for node in statement.index_including_params() {
        let Node::IndexElem(element) = node else { continue };
        let Some(name) = element.name() else {
            let message = "expressions are not supported in included columns";
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
        };
        columns.push(index_def::include_column(table, column_number(table, name)?));
        labels.push(name.to_owned());
    }
    Ok((columns, labels, key_count))
}

fn column_number(table: &Relation, name: &str) -> Result<i16> {
    if super::column::SYSTEM_COLUMNS.contains(&name) {
        let message = "index creation on system columns is not supported";
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    table.column_by_name(name).map(|c| c.attno).ok_or_else(|| {
        let message = format!("column \"{name}\" does not exist");
        PgError::new(code::UNDEFINED_COLUMN, message)
    })
}

fn key_column(
    element: &IndexElem,
    table: &Relation,
    method: Oid,
    columns: usize,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<IndexColumn> {
    let (attno, expr, type_oid, collation) = match element.name() {
        Some(name) => {
            let attno = column_number(table, name)?;
            (attno, None, table.column(attno).type_oid, table.column(attno).collation)
        }
        None => {
            let place = ExprPlace::IndexExpression;
            let expr = bind_expr(element.expr(), &cx.bind(catalog), place, Some(table), None)?;
            let (type_oid, collation) = (expr.type_oid(), expr.collation());
            let (attno, expr) = plain_or_expression(without_collate(expr));
            if expr.is_some() {
                super::column::check_type("expr", type_oid, catalog)?;
            }
            (attno, expr, type_oid, collation)
        }
    };
    index_method::check_order(method, element)?;
    let descending = element.ordering == SortByDir::SORTBY_DESC;
    let nulls_first = match element.nulls_ordering {
        SortByNulls::SORTBY_NULLS_FIRST => true,
        SortByNulls::SORTBY_NULLS_LAST => false,
        _ => descending,
    };
    let collation = match strings(element.collation()).as_slice() {
        [] => collation,
        _ if catalog.type_collation(type_oid) == 0 => {
            let shown = super::column::type_name(catalog, type_oid, cx);
            let message = format!("collations are not supported by type {shown}");
            return Err(PgError::new(code::DATATYPE_MISMATCH, message));
        }
        name => super::collation::lookup(name, cx)?,
    };
    if collation == 0 && catalog.type_collation(type_oid) != 0 {
        return Err(collation::undetermined("index expression"));
    }
    let opclass = opclass(element, method, type_oid, cx)?;
    if let Some(class) = builtin::opclass(opclass) {
        index_method::check_collation(class, collation, catalog)?;
        index_method::check_class(class, catalog.base_type(type_oid, -1).0, columns)?;
    }
    let type_oid = catalog.base_type(type_oid, -1).0;
    Ok(IndexColumn { attno, expr, type_oid, collation, opclass, descending, nulls_first })
}

/// What is under COLLATE, which the key's own collation says as well.
pub(super) fn without_collate(mut expr: Expr) -> Expr {
    while let Expr::Collate { arg, .. } = expr {
        expr = *arg;
    }
    expr
}

/// A parenthesised column is a plain column.
fn plain_or_expression(expr: Expr) -> (i16, Option<Expr>) {
    match expr {
        Expr::Var(var) if var.attno > 0 => (var.attno, None),
        other => (0, Some(other)),
    }
}

/// An installed extension's operator class, in the schema named or in the search path.
fn opclass_of_extension(
    written: &[&str],
    method: Oid,
    cx: &DdlContext<'_>,
) -> Option<&'static builtin::OpClass> {
    let catalog = cx.catalog();
    let (name, schema) = written.split_last()?;
    let schemas = match schema.last() {
        Some(schema) => vec![find_namespace(&catalog, schema, cx)?.oid],
        None => cx.env.search_path().to_vec(),
    };
    catalog.member_opclass_named(&schemas, method, name)
}

/// The operator class named, which must take the type; else the default one. Only classes that
/// order as the default does are kept: keys have one order per type.
fn opclass(element: &IndexElem, method: Oid, type_oid: Oid, cx: &DdlContext<'_>) -> Result<Oid> {
    let written = strings(element.opclass());
    match written.is_empty() {
        true => index_def::default_opclass(method, type_oid, cx),
        false => opclass_named(&written, method, type_oid, &cx.catalog(), cx),
    }
}

/// The operator class of this name, which must take the type.
pub(super) fn opclass_named(
    written: &[&str],
    method: Oid,
    type_oid: Oid,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<Oid> {
    let name = written.last().copied().unwrap_or_default();
    let method_name = builtin::access_method(method).map_or("btree", |m| m.name);
    let member = || opclass_of_extension(written, method, cx);
    let class = builtin::opclass_named(method, name).or_else(member).ok_or_else(|| {
        let message = format!(
            "operator class \"{}\" does not exist for access method \"{method_name}\"",
            written.join(".")
        );
        PgError::new(code::UNDEFINED_OBJECT, message)
    })?;
    if !catalog.binary_coercible(type_oid, class.input_type) {
        let shown = super::column::type_name(catalog, type_oid, cx);
        let message = format!("operator class \"{name}\" does not accept data type {shown}");
        return Err(PgError::new(code::DATATYPE_MISMATCH, message));
    }
    Ok(class.oid)
}

fn predicate(
    statement: &IndexStmt,
    table: &Arc<Relation>,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<Option<Expr>> {
    match statement.where_clause() {
        Node::None => Ok(None),
        node => {
            let place = ExprPlace::IndexPredicate;
            bind_expr(node, &cx.bind(catalog), place, Some(table), None).map(Some)
        }
    }
}

/// What an index column is called (`FigureIndexColname`): the column, the function, or `expr`.
fn label(element: &IndexElem) -> String {
    match element.name() {
        Some(name) => name.to_owned(),
        None => expression_label(element.expr()).unwrap_or("expr").to_owned(),
    }
}

fn expression_label<'a>(node: Node<'a>) -> Option<&'a str> {
    match node {
        Node::ColumnRef(c) => c.fields().iter().filter_map(Node::as_str).next_back(),
        Node::FuncCall(f) => f.funcname().iter().filter_map(Node::as_str).next_back(),
        Node::TypeCast(t) => expression_label(t.arg())
            .or_else(|| t.type_name()?.names().iter().filter_map(|s| s.sval()).next_back()),
        Node::CollateClause(c) => expression_label(c.arg()),
        Node::CoalesceExpr(_) => Some("coalesce"),
        Node::CaseExpr(_) => Some("case"),
        _ => None,
    }
}

//! Bound trees back to SQL, as `pg_get_viewdef`, `pg_get_expr`, `pg_get_indexdef` and
//! `pg_get_constraintdef` print them (`ruleutils.c`): what `\d` shows and pg_dump restores.
//!
//! Without `pretty`, every operator has its parentheses; with it, only those that precedence needs.
//!
//! ```text
//! objects      view, index, constraint, partition (key and bound), partition_qual
//! queries      query (clauses, WITH, set operations), change (INSERT and its kin), from, sort (ORDER BY, GROUP BY)
//! expressions  expr, aggregate (and windows), sublink, precedence
//! names        scope (tables and columns inside a query), names (catalog objects)
//! text         writer
//! ```

mod aggregate;
mod change;
mod constraint;
mod expr;
mod from;
mod function;
mod index;
mod names;
mod partition;
mod partition_qual;
mod precedence;
mod query;
mod rule;
mod scope;
mod sort;
mod sublink;
mod view;
mod writer;
mod xml;

use crate::catalog::{Catalog, Function, builtin};
use crate::error::{PgError, Result};
use crate::functions::Deparse;
use crate::nodes::{Expr, Query, json};
use crate::types::Oid;
use names::Names;
use scope::Scope;
use writer::Writer;

/// The SQL of a catalog object; `None` where there is no such object.
pub fn deparse(
    catalog: &Catalog,
    search_path: &[Oid],
    what: Deparse<'_>,
    pretty: bool,
) -> Result<Option<String>> {
    let names = Names { catalog, search_path };
    match what {
        Deparse::Index { index, column } => index::definition(&names, index, column, pretty),
        Deparse::Constraint(oid) => constraint::definition(&names, oid, pretty),
        Deparse::Expr { tree, relation } => {
            // Defaults of built-in functions' arguments come as SQL.
            if builtin::is_argument_default(tree) {
                return Ok(Some(tree.to_owned()));
            }
            if let Some(bound) = crate::catalog::pg_catalog::decode_bound(tree) {
                return partition::bound(&names, relation, &bound?);
            }
            let unreadable = |_| PgError::internal("a stored expression that cannot be read");
            if tree.starts_with('[') {
                // A list: defaults of a user's function, keys of an index.
                let list: Vec<Expr> = json::read(tree.as_bytes()).map_err(unreadable)?;
                let texts = list.iter().map(|expr| expression(&names, expr, relation, pretty));
                return Ok(Some(texts.collect::<Result<Vec<_>>>()?.join(", ")));
            }
            let expr = json::read(tree.as_bytes()).map_err(unreadable)?;
            expression(&names, &expr, relation, pretty).map(Some)
        }
        Deparse::Rule(oid) => rule::definition(&names, oid, pretty),
        Deparse::PartitionKey(table) => partition::key(&names, table),
        Deparse::PartitionColumn { table, at } => partition::key_column(&names, table, at),
        Deparse::PartitionConstraint(oid) => partition_qual::definition(&names, oid),
        Deparse::FunctionBody(oid) => function::body(&names, oid),
        Deparse::View(oid) => view::definition(&names, oid, pretty),
        Deparse::DomainDefault(oid) => {
            let domain = catalog.user_type(oid).and_then(|found| found.domain());
            let default = domain.and_then(|domain| domain.default.as_ref());
            default.map(|expr| expression(&names, expr, 0, pretty)).transpose()
        }
    }
}

/// The text of a function's body in the SQL standard's form; an error where there is none.
pub fn function_body(
    catalog: &Catalog,
    search_path: &[Oid],
    function: &Function,
) -> Result<Option<String>> {
    function::body_of(&Names { catalog, search_path }, function)
}

/// Expressions of the innermost of these queries, each as EXPLAIN shows it.
pub fn expressions(
    catalog: &Catalog,
    search_path: &[Oid],
    queries: &[&Query],
    exprs: &[Expr],
) -> Result<Vec<String>> {
    let names = Names { catalog, search_path };
    let mut scopes: Vec<Scope<'_>> = Vec::with_capacity(queries.len());
    for query in queries {
        let mut scope = Scope::of_query(query, &names, &scopes);
        // Columns are qualified where there is a choice.
        if queries.len() == 1 && query.range_table.len() == 1 {
            scope.tables = vec![None];
        }
        scopes.push(scope);
    }
    let mut writer = Writer::of_query(&names, false);
    writer.scopes = scopes;
    let mut texts = Vec::with_capacity(exprs.len());
    for expr in exprs {
        writer.expr(expr, false)?;
        texts.push(std::mem::take(&mut writer.out));
    }
    Ok(texts)
}

/// An expression over the columns of one relation; over a domain's value where there is none.
fn expression(names: &Names<'_>, expr: &Expr, relation: Oid, pretty: bool) -> Result<String> {
    let scope = match names.catalog.relation(relation) {
        Some(r) => Scope::of_columns(r.columns.iter().map(|c| c.name.clone()).collect()),
        None => Scope::of_domain(),
    };
    let mut writer = Writer::new(names, scope, pretty);
    writer.expr(expr, false)?;
    Ok(writer.out)
}

//! Parse analysis: raw parse trees to bound trees ([`crate::nodes`]).
//!
//! Names, types, operators, functions and casts are resolved by PostgreSQL's rules (manual, chapter
//! 10 "Type Conversion"); every error has PostgreSQL's message, SQLSTATE and position. Literals get
//! their values here, as PostgreSQL gives them at parse analysis, so `'abc'::int` fails at bind time.

//! ```text
//! statement   select, values, insert, update, delete, merge, setop, cte
//! clauses     from, join, target, clause (ORDER BY, DISTINCT, LIMIT), group, window, locking,
//!             conflict, assign
//! names       columns, lookup, typename, params, fuzzy
//! expressions expr, compare, sublink, indirection, func, oper, agg, xml
//! types       coerce, common, polymorphic, candidates
//! rules       place (what may stand where), srf, ungrouped, collate
//! ```

mod agg;
mod assign;
mod candidates;
mod clause;
mod coerce;
mod collate;
mod columns;
mod common;
mod compare;
mod conflict;
mod cte;
mod ddl;
mod defaults;
mod expr;
mod from;
mod func;
mod fuzzy;
mod group;
mod indirection;
mod insert;
mod join;
mod locking;
mod lookup;
mod merge;
mod oper;
mod params;
mod place;
mod polymorphic;
mod routine;
mod select;
mod setop;
mod settle;
mod srf;
mod state;
mod sublink;
mod system_view;
mod target;
#[cfg(test)]
mod tests;
mod typename;
mod ungrouped;
mod update;
mod view_target;
mod window;
mod xml;

use crate::catalog::Catalog;
use crate::catalog::builtin::Proc;
use crate::catalog::{Relation, RuleEvent};
use crate::error::{PgError, Result};
use crate::functions::Env;
use crate::nodes::{Expr, Query};
use crate::sql::Statement;
use crate::types::Oid;
pub use func::FoundFunction;
use pg_raw_parse::{Node, nodes};
pub use routine::Arguments;
use state::Binder;

/// What binding looks at besides the statement.
#[derive(Clone, Copy)]
pub struct BindContext<'a> {
    pub catalog: &'a Catalog,
    /// Search path, settings that literals are read by, roles.
    pub env: &'a dyn Env,
}

/// The types of `$1`, `$2`, …
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParamTypes {
    /// No parameters: `$1` is 42P02.
    None,
    /// Known and final.
    Fixed(Vec<Oid>),
    /// As given by Parse or PREPARE; 0 (or `unknown`) is inferred from use, and parameters beyond
    /// the list are added. After binding every entry is known.
    Variable(Vec<Oid>),
}

/// Where a DDL expression stands; decides what it may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExprPlace {
    /// Column DEFAULT: no columns.
    Default,
    /// CHECK of a table.
    Check,
    /// GENERATED ALWAYS AS (…) STORED.
    Generated,
    /// An index column's expression.
    IndexExpression,
    /// WHERE of a partial index.
    IndexPredicate,
    /// ALTER COLUMN … TYPE … USING.
    AlterUsing,
    /// WHERE of COPY FROM.
    CopyWhere,
    /// USING and WITH CHECK of a policy.
    Policy,
    /// A parameter of EXECUTE.
    ExecuteParameter,
    /// A value of FOR VALUES: no columns.
    PartitionBound,
    /// An expression of PARTITION BY.
    PartitionKey,
}

/// Binds SELECT, VALUES, INSERT, UPDATE, DELETE or MERGE.
pub fn bind_query(
    statement: &Statement,
    context: &BindContext<'_>,
    params: &mut ParamTypes,
) -> Result<Query> {
    bind_node(statement.node(), context, params)
}

/// Binds a query inside a utility statement (EXPLAIN, DECLARE, CREATE TABLE AS, COPY, PREPARE).
pub fn bind_node(
    node: Node<'_>,
    context: &BindContext<'_>,
    params: &mut ParamTypes,
) -> Result<Query> {
    let mut binder = Binder::new(context, params);
    let mut query = binder.bind_statement(node)?;
    binder.assign_collations(&mut query)?;
    binder.check_params()?;
    Ok(query)
}

/// Binds the SELECT of SELECT INTO, whose INTO the caller sees to.
pub fn bind_select_into(
    select: &nodes::SelectStmt,
    context: &BindContext<'_>,
    params: &mut ParamTypes,
) -> Result<Query> {
    let mut binder = Binder::new(context, params);
    binder.into = Some(crate::sql::first_select(select));
    let mut query = binder.bind_statement(Node::SelectStmt(select))?;
    binder.assign_collations(&mut query)?;
    binder.check_params()?;
    Ok(query)
}

/// Binds the query of CREATE VIEW; parameters are refused and `unknown` columns become text.
pub fn bind_view(node: Node<'_>, context: &BindContext<'_>) -> Result<Query> {
    ddl::bind_view(node, context)
}

/// The query of CREATE MATERIALIZED VIEW.
pub fn bind_materialized_view(node: Node<'_>, context: &BindContext<'_>) -> Result<Query> {
    ddl::bind_materialized_view(node, context)
}

/// A stored query over the views it reads as they are now: each may have been replaced since.
pub fn renewed(query: &Query, catalog: &Catalog) -> Query {
    let mut query = query.clone();
    from::renew_views(&mut query, catalog);
    query
}

/// Binds the statements of a function's body, for a call with arguments of these types under a collation (0: as
/// the types say); the last one's columns become the function's result.
pub fn bind_body(
    statements: &[Statement],
    context: &BindContext<'_>,
    proc: &Proc,
    (types, collation): (Vec<Oid>, Oid),
    row: Option<&[Oid]>,
) -> Result<Vec<Query>> {
    let arguments = Arguments::of(proc, types, collation);
    let nodes = statements.iter().map(|statement| statement.node());
    let queries = nodes.map(|node| routine::bind(node, context, &arguments, false));
    with_result(queries.collect::<Result<_>>()?, context, proc, row)
}

/// The same of a body in the SQL standard's form: RETURN, or the statements of BEGIN ATOMIC. They stay
/// as written: [`with_result`] is for running them.
pub fn bind_standard_body(
    nodes: &[Node<'_>],
    context: &BindContext<'_>,
    proc: &Proc,
) -> Result<Vec<Query>> {
    let arguments = Arguments::of(proc, proc.arg_types.clone(), 0);
    let bind = |node: &Node<'_>| match node {
        Node::ReturnStmt(s) => routine::bind_return(s.returnval(), context, &arguments),
        node => routine::bind(*node, context, &arguments, true),
    };
    let mut queries = nodes.iter().map(bind).collect::<Result<Vec<_>>>()?;
    let in_function = |e: PgError| e.nowhere().context(format!("SQL function \"{}\"", proc.name));
    let settled = |query: &Query| routine::settled(query.clone(), context).map_err(in_function);
    with_result(queries.iter().map(settled).collect::<Result<_>>()?, context, proc, None)?;
    queries.iter_mut().for_each(Query::clear_locations);
    Ok(queries)
}

/// The statements of a stored body as they are run now.
pub fn stored_body(queries: &[Query], context: &BindContext<'_>) -> Result<Vec<Query>> {
    let run = |query| routine::settled(renewed(query, context.catalog), context);
    queries.iter().map(run).collect()
}

/// A body's statements, the last one's columns as the function returns them; `row`: as a call's column
/// definition list says.
pub fn with_result(
    mut queries: Vec<Query>,
    context: &BindContext<'_>,
    proc: &Proc,
    row: Option<&[Oid]>,
) -> Result<Vec<Query>> {
    match queries.pop() {
        Some(last) => queries.push(routine::coerce_result(last, context, proc, row)?),
        None => routine::check_empty(context, proc)?,
    }
    Ok(queries)
}

/// What a type stands for in a call: `declared` are the parameters' types and `of` is one like theirs.
pub fn resolve_polymorphic(
    actual: &[Oid],
    declared: &[Oid],
    of: Oid,
    context: &BindContext<'_>,
) -> Result<Oid> {
    let mut declared = declared.to_vec();
    Binder::new(context, &mut ParamTypes::None).resolve_generics(actual, &mut declared, of)
}

/// The function that a call by this name with arguments of these types means, see [`FoundFunction`].
pub fn find_function(
    parts: &[&str],
    types: &[Oid],
    context: &BindContext<'_>,
) -> Result<Option<FoundFunction>> {
    Binder::new(context, &mut ParamTypes::None).find_function(parts, types)
}

/// Binds an expression of DDL over the columns of `relation`, which are range table entry 1. With
/// `target` (column name, type, typmod) the result is coerced to it as an assignment; CHECK and
/// predicates become boolean. For EXECUTE's parameters the name is `$n`.
pub fn bind_expr(
    node: Node<'_>,
    context: &BindContext<'_>,
    place: ExprPlace,
    relation: Option<&Relation>,
    target: Option<(&str, Oid, i32)>,
) -> Result<Expr> {
    ddl::bind(node, context, place, relation, target)
}

/// Binds the condition of a rule, over OLD and NEW as the event has them.
pub fn bind_rule_condition(
    node: Node<'_>,
    context: &BindContext<'_>,
    relation: &Relation,
    event: RuleEvent,
) -> Result<Expr> {
    ddl::bind_rule_condition(node, context, relation, event)
}

/// The type and typmod that a type name in SQL means (`varchar(10)`, `int[]`, `pg_catalog.text`).
pub fn resolve_type(name: &nodes::TypeName, context: &BindContext<'_>) -> Result<(Oid, i32)> {
    Binder::new(context, &mut ParamTypes::None).resolve_type(name)
}

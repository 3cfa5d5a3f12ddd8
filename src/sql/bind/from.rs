//! FROM (`parse_clause.c`): relations, sub-queries, CTE references and functions. Joins are in
//! [`super::join`].

use super::place::Place;
use super::state::{Binder, NsColumn, NsItem};
use super::system_view;
use crate::catalog::{Catalog, Relation, RelationKind, ViewInfo};
use crate::error::{PgError, Result, code};
use crate::functions::privileges;
use crate::nodes::*;
use crate::types::{Oid, oids};
use pg_raw_parse::list::NodeList;
use pg_raw_parse::{Node, nodes};
use std::sync::Arc;

impl<'n> Binder<'_, 'n> {
    /// The FROM list: items see those before them only through LATERAL (`transformFromClause`).
    pub fn bind_from(&mut self, list: &'n NodeList) -> Result<Vec<FromItem>> {
        let mut items = Vec::with_capacity(list.len());
        for node in list {
            let (item, mut namespace) = self.bind_from_item(node)?;
            check_conflicts(&self.scope_ref().namespace, &namespace, self)?;
            set_lateral(&mut namespace, true, true);
            self.scope().namespace.append(&mut namespace);
            items.push(item);
        }
        // For the rest of the query everything is plainly visible.
        set_lateral(&mut self.scope().namespace, false, true);
        Ok(items)
    }

    /// One item, and what it adds to the namespace.
    pub fn bind_from_item(&mut self, node: Node<'n>) -> Result<(FromItem, Vec<NsItem>)> {
        match node {
            Node::RangeVar(var) => self.bind_range_var(var),
            Node::RangeSubselect(sub) => self.bind_range_subselect(sub),
            Node::RangeFunction(function) => self.bind_range_function(function),
            Node::JoinExpr(join) => self.deeper(|b| b.bind_join(join)),
            Node::RangeTableSample(s) => Err(PgError::unsupported("TABLESAMPLE").at(s.location)),
            Node::RangeTableFunc(f) => Err(PgError::unsupported("XMLTABLE").at(f.location)),
            _ => Err(PgError::unsupported("JSON_TABLE")),
        }
    }

    fn bind_range_var(&mut self, var: &'n nodes::RangeVar) -> Result<(FromItem, Vec<NsItem>)> {
        let name = var.relname().unwrap_or("");
        if var.schemaname().is_none()
            && let Some((level, index)) = self.find_cte(name)
        {
            return self.bind_cte_reference(var, level, index);
        }
        let relation = self.open_relation(var)?;
        let item = self.add_relation(&relation, var.alias(), true)?;
        self.mark_only(var);
        Ok((FromItem::Range(item.rel), vec![item]))
    }

    /// The relation a name means; 42P01 if there is none.
    pub fn open_relation(&self, var: &nodes::RangeVar) -> Result<Arc<Relation>> {
        let catalog = self.context.catalog;
        let name = var.relname().unwrap_or("");
        if let Some(database) = var.catalogname() {
            let names = [database, var.schemaname().unwrap_or(""), name];
            self.check_database(database, &names, var.location).map_err(|_| {
                let message = format!(
                    "cross-database references are not implemented: \"{}\"",
                    names.join(".")
                );
                PgError::new(code::FEATURE_NOT_SUPPORTED, message).at(var.location)
            })?;
        }
        let found = match var.schemaname() {
            Some(schema) => {
                let namespace = self.find_namespace(schema);
                if let Some(oid) = namespace {
                    privileges::require_usage(self.context.env, catalog, oid)
                        .map_err(|e| e.at(var.location))?;
                }
                namespace.and_then(|oid| catalog.relation_named(oid, name))
            }
            None => catalog.relation_in_path(self.context.env.search_path(), name),
        };
        let Some(relation) = found else { return Err(self.undefined_relation(var, name)) };
        if relation.kind == RelationKind::Index {
            let message = format!("cannot open relation \"{name}\"");
            return Err(PgError::new(code::WRONG_OBJECT_TYPE, message)
                .detail("This operation is not supported for indexes.")
                .at(var.location));
        }
        if relation.kind == RelationKind::Composite {
            let message = format!("\"{name}\" is a composite type");
            return Err(PgError::new(code::WRONG_OBJECT_TYPE, message).at(var.location));
        }
        Ok(relation.clone())
    }

    fn undefined_relation(&self, var: &nodes::RangeVar, name: &str) -> PgError {
        let shown = match var.schemaname() {
            Some(schema) => format!("{schema}.{name}"),
            None => name.to_owned(),
        };
        let message = format!("relation \"{shown}\" does not exist");
        let error = PgError::new(code::UNDEFINED_TABLE, message).at(var.location);
        let future = |s: &super::state::Scope<'_>| s.future_ctes.iter().any(|c| c == name);
        if var.schemaname().is_none() && self.scopes.iter().any(future) {
            return error
                .detail(format!(
                    "There is a WITH item named \"{name}\", but it cannot be referenced from this \
                     part of the query."
                ))
                .hint(
                    "Use WITH RECURSIVE, or re-order the WITH items to remove forward references.",
                );
        }
        error
    }

    /// Adds a relation to the range table; a view comes as its query.
    pub fn add_relation(
        &mut self,
        relation: &Relation,
        alias: Option<&nodes::Alias>,
        in_from: bool,
    ) -> Result<NsItem> {
        let name = alias_name(alias).unwrap_or(&relation.name).to_owned();
        let mut names: Vec<String> = Vec::with_capacity(relation.columns.len());
        for column in &relation.columns {
            names.push(if column.dropped { String::new() } else { column.name.clone() });
        }
        apply_aliases(&mut names, alias, &name, "table")?;
        let types = relation.columns.iter().map(|c| (c.type_oid, c.typmod)).collect::<Vec<_>>();
        let source = match &relation.view {
            Some(view) => RangeSource::Subquery {
                query: Box::new(self.view_query(view)),
                view: Some(relation.oid),
            },
            None => match system_view::query(relation, self.context)? {
                Some(query) => {
                    RangeSource::Subquery { query: Box::new(query), view: Some(relation.oid) }
                }
                None => RangeSource::Relation { oid: relation.oid },
            },
        };
        let rel = self.add_range(RangeEntry {
            source,
            name: name.clone(),
            aliased: alias.is_some(),
            column_aliases: alias_count(alias),
            columns: names.clone(),
            lateral: false,
            in_from,
            with_deleted: false,
            security: Vec::new(),
            only: false,
        });
        let mut item = self.item(rel, name, Some(relation.oid), names, &types);
        for (shown, column) in item.columns.iter_mut().zip(&relation.columns) {
            shown.collation = column.collation;
        }
        Ok(item)
    }

    /// ONLY, of the relation added last.
    pub fn mark_only(&mut self, var: &nodes::RangeVar) {
        if let Some(entry) = self.scope().range_table.last_mut() {
            entry.only = !var.inh;
        }
    }

    /// A view's query over the views it reads as they are now: each may have been replaced since.
    fn view_query(&self, view: &ViewInfo) -> Query {
        super::renewed(&view.query, self.context.catalog)
    }

    /// A namespace item over a range table entry, all visible.
    pub fn item(
        &self,
        rel: RangeIndex,
        name: String,
        relation: Option<Oid>,
        names: Vec<String>,
        types: &[(Oid, i32)],
    ) -> NsItem {
        let column = |(at, (name, (type_oid, typmod))): (usize, (String, &(Oid, i32)))| NsColumn {
            name,
            rel,
            attno: AttrNumber::try_from(at + 1).expect("relations have at most 1664 columns"),
            type_oid: *type_oid,
            typmod: *typmod,
            collation: self.collation(*type_oid),
        };
        NsItem {
            rel,
            name: Some(name),
            relation,
            columns: names.into_iter().zip(types).enumerate().map(column).collect(),
            rel_visible: true,
            cols_visible: true,
            lateral_only: false,
            lateral_ok: true,
        }
    }

    fn bind_range_subselect(
        &mut self,
        node: &'n nodes::RangeSubselect,
    ) -> Result<(FromItem, Vec<NsItem>)> {
        let Some(alias) = node.alias() else {
            let values =
                matches!(node.subquery(), Node::SelectStmt(s) if !s.values_lists().is_empty());
            let (what, example) =
                if values { ("VALUES", "VALUES ...") } else { ("subquery", "SELECT ...") };
            let message = format!("{what} in FROM must have an alias");
            return Err(PgError::new(code::SYNTAX_ERROR, message)
                .hint(format!("For example, FROM ({example}) [AS] foo.")));
        };
        let outer_place = self.scope().place.replace(Place::FromSubselect);
        let outer_lateral = std::mem::replace(&mut self.scope().lateral_active, node.lateral);
        let query = self.bind_subquery(node.subquery(), false);
        self.scope().lateral_active = outer_lateral;
        self.scope().place = outer_place;
        let item = self.add_subquery(query?, Some(alias), node.lateral)?;
        Ok((FromItem::Range(item.rel), vec![item]))
    }

    /// Adds a sub-query to the range table.
    pub fn add_subquery(
        &mut self,
        query: Query,
        alias: Option<&nodes::Alias>,
        lateral: bool,
    ) -> Result<NsItem> {
        let name = alias_name(alias).unwrap_or("unnamed_subquery").to_owned();
        let mut names: Vec<String> = query.output().map(|t| t.name.clone()).collect();
        apply_aliases(&mut names, alias, &name, "table")?;
        let types: Vec<(Oid, i32)> =
            query.output().map(|t| (t.expr.type_oid(), t.expr.typmod())).collect();
        let rel = self.add_range(RangeEntry {
            source: RangeSource::Subquery { query: Box::new(query), view: None },
            name: name.clone(),
            aliased: true,
            column_aliases: alias_count(alias),
            columns: names.clone(),
            lateral,
            in_from: true,
            with_deleted: false,
            security: Vec::new(),
            only: false,
        });
        Ok(self.item(rel, name, None, names, &types))
    }

    fn bind_range_function(
        &mut self,
        node: &'n nodes::RangeFunction,
    ) -> Result<(FromItem, Vec<NsItem>)> {
        let outer_lateral = std::mem::replace(&mut self.scope().lateral_active, true);
        let bound = self.bind_functions(node);
        self.scope().lateral_active = outer_lateral;
        let calls = bound?;
        let single = calls.len() == 1;
        let name = alias_name(node.alias()).unwrap_or(&calls[0].0).to_owned();
        let (mut functions, mut names, mut types) = (Vec::new(), Vec::new(), Vec::new());
        for (function_name, call, definitions) in calls {
            let scalar = alias_name(node.alias()).filter(|_| single).unwrap_or(&function_name);
            let columns = self.function_columns(&call, scalar, definitions)?;
            for (name, type_oid, typmod) in &columns {
                names.push(name.clone());
                types.push((*type_oid, *typmod));
            }
            functions.push(RangeFunction { call, columns });
        }
        if node.ordinality {
            names.push("ordinality".to_owned());
            types.push((oids::INT8, -1));
        }
        apply_aliases(&mut names, node.alias(), &name, "table")?;
        let outer = |e: &Expr| matches!(e, Expr::Var(v) if v.level == 0);
        let lateral = node.lateral || functions.iter().any(|f| f.call.any(&mut |e| outer(e)));
        let rel = self.add_range(RangeEntry {
            source: RangeSource::Function { functions, ordinality: node.ordinality },
            name: name.clone(),
            aliased: node.alias().is_some(),
            column_aliases: alias_count(node.alias()),
            columns: names.clone(),
            lateral,
            in_from: true,
            with_deleted: false,
            security: Vec::new(),
            only: false,
        });
        let item = self.item(rel, name, None, names, &types);
        Ok((FromItem::Range(rel), vec![item]))
    }

    /// The calls: name, expression, column definitions.
    #[allow(clippy::type_complexity)]
    fn bind_functions(
        &mut self,
        node: &'n nodes::RangeFunction,
    ) -> Result<Vec<(String, Expr, Vec<&'n nodes::ColumnDef>)>> {
        let mut calls = Vec::new();
        for function in node.functions() {
            let pair = function.as_node_list();
            let part = |at| pair.and_then(|p| p.get(at)).unwrap_or(Node::None);
            let mut definitions: Vec<&nodes::ColumnDef> = part(1)
                .as_node_list()
                .into_iter()
                .flat_map(|l| l.iter())
                .filter_map(|d| if let Node::ColumnDef(d) = d { Some(d) } else { None })
                .collect();
            if !node.coldeflist().is_empty() {
                definitions = node.coldeflist().iter().collect();
                if node.is_rowsfrom && node.functions().len() > 1 {
                    let message = "ROWS FROM() with multiple functions cannot have a column \
                                   definition list";
                    return Err(PgError::new(code::SYNTAX_ERROR, message)
                        .hint(
                            "Put a separate column definition list for each function inside ROWS \
                             FROM().",
                        )
                        .at(definitions[0].location));
                }
                if node.ordinality {
                    let message = "WITH ORDINALITY cannot be used with a column definition list";
                    return Err(PgError::new(code::SYNTAX_ERROR, message)
                        .hint("Put the column definition list inside ROWS FROM().")
                        .at(definitions[0].location));
                }
            }
            if let (Node::FuncCall(call), true) = (part(0), definitions.is_empty())
                && is_plain_unnest(call)
            {
                // unnest(a, b) is ROWS FROM (unnest(a), unnest(b)).
                for arg in call.args() {
                    let arg = self.bind_expr_in(arg, Place::FromFunction)?;
                    let outer = self.scope().place.replace(Place::FromFunction);
                    let one = self.call_by_name("unnest", vec![arg], call.location);
                    self.scope().place = outer;
                    calls.push(("unnest".to_owned(), one?, Vec::new()));
                }
                continue;
            }
            let before = self.scope_ref().srf_count;
            let call = self.bind_expr_in(part(0), Place::FromFunction)?;
            let inside = self.scope_ref().srf_count != before;
            if inside && !matches!(&call, Expr::Func(f) if f.retset) {
                let message = "set-returning functions must appear at top level of FROM";
                return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).at(call.location()));
            }
            let name = super::target::figure_name(part(0), &call);
            calls.push((name, call, definitions));
        }
        Ok(calls)
    }

    /// The columns of a function in FROM.
    fn function_columns(
        &mut self,
        call: &Expr,
        scalar_name: &str,
        definitions: Vec<&'n nodes::ColumnDef>,
    ) -> Result<Vec<(String, Oid, i32)>> {
        let type_oid = call.type_oid();
        let proc = match call {
            Expr::Func(f) => self.context.catalog.proc(f.func),
            _ => None,
        };
        let out = match (call, proc) {
            (Expr::Func(f), Some(proc)) => self.out_columns(proc, f)?,
            _ => Vec::new(),
        };
        let record = type_oid == oids::RECORD && out.is_empty();
        if let Some(first) = definitions.first() {
            if !record {
                let message = match out.len() {
                    0 | 1 => {
                        "a column definition list is only allowed for functions returning \"record\""
                    }
                    _ => "a column definition list is redundant for a function with OUT parameters",
                };
                return Err(PgError::new(code::SYNTAX_ERROR, message).at(first.location));
            }
            return definitions.iter().map(|d| self.column_definition(d)).collect();
        }
        if record {
            let message = "a column definition list is required for functions returning \"record\"";
            return Err(PgError::new(code::SYNTAX_ERROR, message).at(call.location()));
        }
        if out.len() > 1 {
            return Ok(out);
        }
        if self.is_row_type(type_oid) && type_oid != oids::RECORD {
            return Ok(self.row_type_columns(type_oid));
        }
        let named = out.into_iter().next().map(|c| c.0).filter(|n| !n.is_empty());
        Ok(vec![(named.unwrap_or_else(|| scalar_name.to_owned()), type_oid, call.typmod())])
    }

    /// A function's OUT columns, polymorphic types resolved by the call's arguments.
    pub(super) fn out_columns(
        &self,
        proc: &crate::catalog::builtin::Proc,
        call: &FuncCall,
    ) -> Result<Vec<(String, Oid, i32)>> {
        let actual: Vec<Oid> = call.args.iter().map(Expr::type_oid).collect();
        let mut columns = Vec::new();
        for (name, declared) in proc.out_columns() {
            let mut inputs: Vec<Oid> = proc.arg_types.iter().copied().take(actual.len()).collect();
            let type_oid = match super::polymorphic::is_polymorphic(declared) {
                true => self.resolve_generics(&actual, &mut inputs, declared)?,
                false => declared,
            };
            columns.push((name.to_owned(), type_oid, -1));
        }
        Ok(columns)
    }

    fn column_definition(&self, node: &nodes::ColumnDef) -> Result<(String, Oid, i32)> {
        let Some(type_name) = node.type_name() else {
            return Err(PgError::internal("a column definition without a type"));
        };
        let (type_oid, typmod) = self.resolve_type(type_name)?;
        Ok((node.colname().unwrap_or("").to_owned(), type_oid, typmod))
    }
}

/// The alias's name, if there is one.
pub(super) fn alias_name(alias: Option<&nodes::Alias>) -> Option<&str> {
    alias.and_then(|a| a.aliasname())
}

/// How many columns an alias renames.
pub(super) fn alias_count(alias: Option<&nodes::Alias>) -> usize {
    alias.map_or(0, |a| a.colnames().len())
}

/// Reads the views in a stored query, at any depth, from the catalog again.
pub(super) fn renew_views(query: &mut Query, catalog: &Catalog) {
    stacker::maybe_grow(128 << 10, 1 << 20, || {
        for entry in &mut query.range_table {
            if let RangeSource::Subquery { query, view: Some(oid) } = &mut entry.source
                && let Some(view) = catalog.relation(*oid).and_then(|r| r.view.as_ref())
            {
                query.as_mut().clone_from(&view.query);
            }
        }
        query.for_each_subquery_mut(&mut |q| renew_views(q, catalog));
        query.for_each_expr_mut(&mut |e| renew_in_expr(e, catalog));
    });
}

fn renew_in_expr(expr: &mut Expr, catalog: &Catalog) {
    if let Expr::SubLink(link) = expr {
        renew_views(&mut link.query, catalog);
    }
    expr.for_each_child_mut(&mut |child| {
        stacker::maybe_grow(64 << 10, 1 << 20, || renew_in_expr(child, catalog))
    });
}

/// Renames columns by an alias's list; dropped columns take none.
pub(super) fn apply_aliases(
    names: &mut [String],
    alias: Option<&nodes::Alias>,
    name: &str,
    what: &str,
) -> Result<()> {
    let Some(alias) = alias else { return Ok(()) };
    let given: Vec<&str> = alias.colnames().iter().filter_map(|n| n.as_str()).collect();
    let available = names.iter().filter(|n| !n.is_empty()).count();
    if given.len() > available {
        let verb = if what == "VALUES lists" { "have" } else { "has" };
        let message = format!(
            "{what} \"{name}\" {verb} {available} columns available but {} columns specified",
            given.len()
        );
        return Err(PgError::new(code::INVALID_COLUMN_REFERENCE, message));
    }
    let live = names.iter_mut().filter(|n| !n.is_empty());
    live.zip(given).for_each(|(name, given)| *name = given.to_owned());
    Ok(())
}

/// Two items of one name cannot stand side by side, unless they are different relations without
/// aliases (`checkNameSpaceConflicts`).
pub(super) fn check_conflicts(a: &[NsItem], b: &[NsItem], binder: &Binder<'_, '_>) -> Result<()> {
    let plain = |i: &NsItem| {
        let aliased = binder.scope_ref().range_table[i.rel as usize - 1].aliased;
        i.relation.filter(|_| !aliased)
    };
    for one in a.iter().filter(|i| i.rel_visible) {
        for other in b.iter().filter(|i| i.rel_visible) {
            if one.name.is_none() || one.name != other.name {
                continue;
            }
            if let (Some(x), Some(y)) = (plain(one), plain(other))
                && x != y
            {
                continue;
            }
            let name = one.name.as_deref().unwrap_or("");
            let message = format!("table name \"{name}\" specified more than once");
            return Err(PgError::new(code::DUPLICATE_ALIAS, message));
        }
    }
    Ok(())
}

/// Sets whether items are for LATERAL only, and whether that is allowed.
pub(super) fn set_lateral(namespace: &mut [NsItem], only: bool, ok: bool) {
    for item in namespace {
        item.lateral_only = only;
        item.lateral_ok = ok;
    }
}

fn is_plain_unnest(call: &nodes::FuncCall) -> bool {
    let names = call.funcname();
    let unnest = names.len() == 1 && names.first().and_then(|n| n.as_str()) == Some("unnest");
    unnest
        && call.args().len() > 1
        && call.agg_order().is_empty()
        && matches!(call.agg_filter(), Node::None)
        && call.over().is_none()
        && !call.agg_star
        && !call.agg_distinct
        && !call.func_variadic
}

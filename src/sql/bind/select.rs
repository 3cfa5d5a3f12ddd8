//! SELECT and VALUES (`transformSelectStmt`, `transformValuesClause`).

use super::from::apply_aliases;
use super::place::Place;
use super::state::{Binder, Scope};
use super::target::push_target;
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use crate::types::{Oid, oids};
use pg_raw_parse::{Node, nodes};

impl<'n> Binder<'_, 'n> {
    /// A query below the current one. `keep_unknown`: its untyped columns stay so, for the caller
    /// to type.
    pub fn bind_subquery(&mut self, node: Node<'n>, keep_unknown: bool) -> Result<Query> {
        self.deeper(|b| {
            b.scopes.push(Scope { keep_unknown, ..Scope::default() });
            let result = b.bind_statement(node);
            b.scopes.pop();
            result
        })
    }

    /// Any statement that has a bound tree, in the innermost scope.
    pub fn bind_statement(&mut self, node: Node<'n>) -> Result<Query> {
        match node {
            Node::SelectStmt(select) => self.bind_select(select),
            Node::InsertStmt(insert) => self.bind_insert(insert),
            Node::UpdateStmt(update) => self.bind_update(update),
            Node::DeleteStmt(delete) => self.bind_delete(delete),
            Node::CallStmt(call) => self.bind_call_statement(call),
            Node::MergeStmt(merge) => self.bind_merge(merge),
            _ => Err(PgError::unsupported("this statement")),
        }
    }

    pub fn bind_select(&mut self, node: &'n nodes::SelectStmt) -> Result<Query> {
        if node.op != nodes::SetOperation::SETOP_NONE {
            return self.bind_set_operation(node);
        }
        if !node.values_lists().is_empty() {
            return self.bind_values(node);
        }
        self.bind_plain_select(node)
    }

    fn bind_plain_select(&mut self, node: &'n nodes::SelectStmt) -> Result<Query> {
        let mut query = Query::new(CommandType::Select);
        self.bind_with(node.with_clause(), &mut query)?;
        if !self.into.is_some_and(|select| std::ptr::eq(select, node)) {
            refuse_into(node)?;
        }
        for window in node.window_clause() {
            if let Node::WindowDef(definition) = window {
                self.scope().windows.push(definition);
            }
        }
        query.from.items = self.bind_from(node.from_clause())?;
        query.targets = self.bind_targets(node.target_list(), Place::SelectTarget)?;
        self.mark_origins(&mut query.targets);
        query.from.filter = self.bind_where_opt(node.where_clause(), Place::Where, "WHERE")?;
        query.having = self.bind_where_opt(node.having_clause(), Place::Having, "HAVING")?;
        let targets = &mut query.targets;
        query.order_by = self.bind_order_by(node.sort_clause(), targets, Place::OrderBy, false)?;
        (query.group_by, query.grouping_sets, query.grouping) =
            self.bind_group_by(node.group_clause(), node.group_distinct, targets, &query.order_by)?;
        query.group_distinct = node.group_distinct;
        let distinct = node.distinct_clause();
        match distinct.first() {
            None => {}
            Some(Node::None) => {
                query.distinct = self.bind_distinct_clause(targets, &query.order_by, false)?;
            }
            Some(_) => {
                query.distinct = self.bind_distinct_on(distinct, targets, &query.order_by)?;
                query.distinct_on = true;
            }
        }
        self.bind_limits(node, &mut query)?;
        query.windows = self.bind_windows(&mut query.targets)?;
        if !self.scope_ref().keep_unknown {
            self.resolve_unknown_targets(&mut query.targets)?;
        }
        self.finish_query(&mut query)?;
        self.bind_locking(node, &mut query)?;
        Ok(query)
    }

    pub fn bind_limits(&mut self, node: &'n nodes::SelectStmt, query: &mut Query) -> Result<()> {
        query.with_ties = node.limit_option == nodes::LimitOption::LIMIT_OPTION_WITH_TIES;
        query.offset = self.bind_limit(node.limit_offset(), Place::Offset, false)?;
        query.limit = self.bind_limit(node.limit_count(), Place::Limit, query.with_ties)?;
        Ok(())
    }

    /// Moves the scope's range table and facts into the query, and checks grouping.
    pub fn finish_query(&mut self, query: &mut Query) -> Result<()> {
        let grouped = !query.group_by.is_empty()
            || !query.grouping_sets.is_empty()
            || query.having.is_some()
            || self.scope_ref().has_aggregates;
        query.has_aggregates = self.scope_ref().has_aggregates;
        if grouped {
            // The checker wants the range table by the query, and the catalog by the binder.
            query.range_table = self.scope_ref().range_table.clone();
            self.check_grouping(query)?;
        }
        self.take_scope(query);
        Ok(())
    }

    /// Moves the scope's range table and facts into the query.
    pub fn take_scope(&mut self, query: &mut Query) {
        let scope = self.scope();
        query.range_table = std::mem::take(&mut scope.range_table);
        query.has_window_functions = scope.has_window_functions;
        query.has_target_srfs = scope.has_target_srfs;
        query.has_sublinks = scope.has_sublinks;
        query.has_modifying_cte = scope.has_modifying_cte;
        query.ctes =
            std::mem::take(&mut scope.ctes).into_iter().filter_map(|c| c.finish()).collect();
    }

    /// VALUES as a statement or sub-query: a SELECT from one VALUES entry.
    fn bind_values(&mut self, node: &'n nodes::SelectStmt) -> Result<Query> {
        let mut query = Query::new(CommandType::Select);
        self.bind_with(node.with_clause(), &mut query)?;
        let rows = self.bind_value_rows(node, Place::Values, false)?;
        let (rows, types) = self.unify_rows(rows)?;
        let names = (1..=types.len()).map(|i| format!("column{i}")).collect();
        let item = self.add_values(rows, types, names, None)?;
        query.from.items = vec![FromItem::Range(item.rel)];
        for column in &item.columns {
            push_target(&mut query.targets, column.name.clone(), column.var(0, -1));
        }
        self.scope().namespace.push(item);
        query.order_by =
            self.bind_order_by(node.sort_clause(), &mut query.targets, Place::OrderBy, false)?;
        self.bind_limits(node, &mut query)?;
        if let Some(lock) = node.locking_clause().first() {
            let name = super::locking::strength_name(lock.strength);
            let message = format!("{name} cannot be applied to VALUES");
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
        }
        self.finish_query(&mut query)?;
        Ok(query)
    }

    /// The rows of VALUES, all of one length.
    pub fn bind_value_rows(
        &mut self,
        node: &'n nodes::SelectStmt,
        place: Place,
        allow_default: bool,
    ) -> Result<Vec<Vec<Expr>>> {
        let mut rows: Vec<Vec<Expr>> = Vec::with_capacity(node.values_lists().len());
        for list in node.values_lists() {
            let Some(list) = list.as_node_list() else { continue };
            let row = self.bind_expr_list(list, place, allow_default)?;
            if let Some(first) = rows.first()
                && first.len() != row.len()
            {
                let message = "VALUES lists must all be the same length";
                let at = row.first().map_or(-1, Expr::location);
                return Err(PgError::new(code::SYNTAX_ERROR, message).at(at));
            }
            rows.push(row);
        }
        Ok(rows)
    }

    /// Rows with each column in its common type.
    #[allow(clippy::type_complexity)]
    pub fn unify_rows(
        &mut self,
        rows: Vec<Vec<Expr>>,
    ) -> Result<(Vec<Vec<Expr>>, Vec<(Oid, i32)>)> {
        let width = rows.first().map_or(0, Vec::len);
        let mut types = Vec::with_capacity(width);
        for column in 0..width {
            let exprs: Vec<&Expr> = rows.iter().map(|r| &r[column]).collect();
            types.push((self.common_type(&exprs, "VALUES")?, -1));
        }
        let mut unified = Vec::with_capacity(rows.len());
        for row in rows {
            let convert = |(e, t): (Expr, &(Oid, i32))| self.coerce_to_common(e, t.0, "VALUES");
            unified.push(row.into_iter().zip(&types).map(convert).collect::<Result<Vec<_>>>()?);
        }
        for (column, slot) in types.iter_mut().enumerate() {
            let exprs: Vec<&Expr> = unified.iter().map(|r: &Vec<Expr>| &r[column]).collect();
            slot.1 = super::common::common_typmod(&exprs, slot.0);
        }
        Ok((unified, types))
    }

    pub fn add_values(
        &mut self,
        rows: Vec<Vec<Expr>>,
        types: Vec<(Oid, i32)>,
        mut names: Vec<String>,
        alias: Option<&nodes::Alias>,
    ) -> Result<super::state::NsItem> {
        let name = super::from::alias_name(alias).unwrap_or("*VALUES*").to_owned();
        apply_aliases(&mut names, alias, &name, "VALUES lists")?;
        let lateral = rows
            .iter()
            .flatten()
            .any(|e| e.any(&mut |e| matches!(e, Expr::Var(v) if v.level == 0)));
        let rel = self.add_range(RangeEntry {
            source: RangeSource::Values { rows, types: types.clone() },
            name: name.clone(),
            aliased: false,
            column_aliases: 0,
            columns: names.clone(),
            lateral,
            in_from: true,
            with_deleted: false,
            security: Vec::new(),
            only: false,
        });
        let item = self.item(rel, name, None, names, &types);
        Ok(item)
    }
}

/// INTO has been taken off where it is allowed, at the top.
pub(super) fn refuse_into(node: &nodes::SelectStmt) -> Result<()> {
    match node.into_clause() {
        None => Ok(()),
        Some(into) => {
            let at = into.rel().map_or(-1, |r| r.location);
            let message = "SELECT ... INTO is not allowed here";
            Err(PgError::new(code::SYNTAX_ERROR, message).at(at))
        }
    }
}

/// The type of a column nobody typed.
pub(super) fn is_unknown(expr: &Expr) -> bool {
    expr.type_oid() == oids::UNKNOWN
}

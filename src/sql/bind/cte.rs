//! WITH (`parse_cte.c`): plain, recursive and data-modifying queries.
//!
//! A recursive query's columns are those of its first arm; the second arm sees them through a
//! reference to the query itself.

use super::state::{Binder, PendingRecursive};
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use crate::types::Oid;
use pg_raw_parse::walk::{Recurse, walk_manual};
use pg_raw_parse::{Node, nodes};
use std::ops::ControlFlow;

/// A WITH query while the query it belongs to is being bound.
pub(super) struct CteState {
    pub name: String,
    /// `None` while a recursive query binds itself.
    pub query: Option<Query>,
    pub columns: Vec<String>,
    pub types: Vec<(Oid, i32)>,
    aliases: Vec<String>,
    materialize: Materialize,
    recursive: bool,
    references: u32,
    location: i32,
}

impl CteState {
    /// Names and types of the columns, the alias list applied.
    pub fn set_columns(&mut self, names: &[String], types: &[(Oid, i32)]) -> Result<()> {
        if self.aliases.len() > names.len() {
            let message = format!(
                "WITH query \"{}\" has {} columns available but {} columns specified",
                self.name,
                names.len(),
                self.aliases.len()
            );
            let error = PgError::new(code::INVALID_COLUMN_REFERENCE, message);
            return Err(error.at(self.location));
        }
        self.columns = names.to_vec();
        for (column, alias) in self.columns.iter_mut().zip(&self.aliases) {
            column.clone_from(alias);
        }
        self.types = types.to_vec();
        Ok(())
    }

    /// The finished WITH query.
    pub fn finish(self) -> Option<Cte> {
        Some(Cte {
            name: self.name,
            query: Box::new(self.query?),
            columns: self.columns,
            column_aliases: self.aliases.len(),
            materialize: self.materialize,
            recursive: self.recursive,
            references: self.references,
        })
    }
}

impl<'n> Binder<'_, 'n> {
    /// Binds a WITH clause; its queries become visible to the rest of the scope.
    pub fn bind_with(
        &mut self,
        with: Option<&'n nodes::WithClause>,
        query: &mut Query,
    ) -> Result<()> {
        let Some(with) = with else { return Ok(()) };
        query.recursive = with.recursive;
        let ctes: Vec<&'n nodes::CommonTableExpr> = with.ctes().iter().collect();
        for (at, cte) in ctes.iter().enumerate() {
            let name = cte.ctename().unwrap_or("");
            if ctes[..at].iter().any(|c| c.ctename() == cte.ctename()) {
                let message = format!("WITH query name \"{name}\" specified more than once");
                return Err(PgError::new(code::DUPLICATE_ALIAS, message).at(cte.location));
            }
            if cte.search_clause().is_some() || cte.cycle_clause().is_some() {
                return Err(PgError::unsupported("SEARCH or CYCLE").at(cte.location));
            }
        }
        let order = if with.recursive { dependency_order(&ctes)? } else { ctes };
        for (at, cte) in order.iter().enumerate() {
            let later = order[at..].iter().filter_map(|c| c.ctename()).map(str::to_owned);
            self.scope().future_ctes = later.collect();
            self.bind_cte(cte, with.recursive)?;
        }
        self.scope().future_ctes.clear();
        Ok(())
    }

    fn bind_cte(&mut self, cte: &'n nodes::CommonTableExpr, may_recurse: bool) -> Result<()> {
        let name = cte.ctename().unwrap_or("").to_owned();
        let recursive = may_recurse && refers_to(cte.ctequery(), &name) > 0;
        let union = recursive.then(|| check_recursion(cte, &name)).transpose()?;
        if matches!(cte.ctequery(), Node::MergeStmt(_)) {
            let message = "MERGE not supported in WITH query";
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).at(cte.location));
        }
        let modifying = !matches!(cte.ctequery(), Node::SelectStmt(_));
        if modifying && self.scopes.len() > 1 {
            let message =
                "WITH clause containing a data-modifying statement must be at the top level";
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).at(cte.location));
        }
        let state = CteState {
            name: name.clone(),
            query: None,
            columns: Vec::new(),
            types: Vec::new(),
            aliases: cte
                .aliascolnames()
                .iter()
                .filter_map(|n| n.as_str())
                .map(str::to_owned)
                .collect(),
            materialize: match cte.ctematerialized {
                nodes::CTEMaterialize::CTEMaterializeAlways => Materialize::Always,
                nodes::CTEMaterialize::CTEMaterializeNever => Materialize::Never,
                _ => Materialize::Default,
            },
            recursive,
            references: 0,
            location: cte.location,
        };
        let Some(union) = union else {
            let query = self.bind_subquery(cte.ctequery(), false)?;
            self.scope().has_modifying_cte |= modifying;
            return self.add_cte(state, query);
        };
        self.scope().ctes.push(state);
        let (scope, index) = (self.scopes.len() - 1, self.scope_ref().ctes.len() - 1);
        let pending = PendingRecursive { query: union, scope, index };
        let outer = self.pending_recursive.replace(pending);
        let query = self.bind_subquery(cte.ctequery(), false);
        self.pending_recursive = outer;
        let mut query = query?;
        self.check_recursive_types(&mut query, index)?;
        self.scope().ctes[index].query = Some(query);
        Ok(())
    }

    fn add_cte(&mut self, mut state: CteState, query: Query) -> Result<()> {
        let names: Vec<String> = query.output().map(|t| t.name.clone()).collect();
        let types: Vec<(Oid, i32)> =
            query.output().map(|t| (t.expr.type_oid(), t.expr.typmod())).collect();
        state.set_columns(&names, &types)?;
        state.query = Some(query);
        self.scope().ctes.push(state);
        Ok(())
    }

    /// The whole query must have the types that its first arm promised (`analyzeCTE`).
    fn check_recursive_types(&self, query: &mut Query, index: usize) -> Result<()> {
        let state = &self.scope_ref().ctes[index];
        for (at, (target, promised)) in query.output().zip(&state.types).enumerate() {
            let actual = (target.expr.type_oid(), target.expr.typmod());
            if actual.0 == promised.0 {
                continue;
            }
            let message = format!(
                "recursive query \"{}\" column {} has type {} in non-recursive term but type {} \
                 overall",
                state.name,
                at + 1,
                self.type_name(promised.0),
                self.type_name(actual.0)
            );
            return Err(PgError::new(code::DATATYPE_MISMATCH, message)
                .hint("Cast the output of the non-recursive term to the correct type.")
                .at(target.expr.location()));
        }
        Ok(())
    }

    /// The WITH query of this name in the nearest scope: levels up and index.
    pub fn find_cte(&self, name: &str) -> Option<(u32, usize)> {
        self.scopes.iter().rev().enumerate().find_map(|(level, scope)| {
            let at = scope.ctes.iter().position(|c| c.name == name)?;
            Some((level as u32, at))
        })
    }

    /// A WITH query in FROM.
    pub fn bind_cte_reference(
        &mut self,
        var: &'n nodes::RangeVar,
        level: u32,
        index: usize,
    ) -> Result<(FromItem, Vec<super::state::NsItem>)> {
        let cte = &mut self.scope_up(level).ctes[index];
        cte.references += 1;
        let self_reference = cte.query.is_none();
        let without_columns = cte
            .query
            .as_ref()
            .is_some_and(|q| q.command != CommandType::Select && q.returning.is_empty());
        let (cte_name, types) = (cte.name.clone(), cte.types.clone());
        let mut names = cte.columns.clone();
        if without_columns {
            let message = format!("WITH query \"{cte_name}\" does not have a RETURNING clause");
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).at(var.location));
        }
        let name = super::from::alias_name(var.alias()).unwrap_or(&cte_name).to_owned();
        super::from::apply_aliases(&mut names, var.alias(), &name, "table")?;
        let rel = self.add_range(RangeEntry {
            source: RangeSource::Cte {
                name: cte_name,
                level,
                self_reference,
                types: types.clone(),
            },
            name: name.clone(),
            aliased: var.alias().is_some(),
            column_aliases: super::from::alias_count(var.alias()),
            columns: names.clone(),
            lateral: false,
            in_from: true,
            with_deleted: false,
            security: Vec::new(),
            only: false,
        });
        let item = self.item(rel, name, None, names, &types);
        Ok((FromItem::Range(rel), vec![item]))
    }
}

/// How often a query names a relation of this name. Names that an inner WITH hides are counted too.
fn refers_to(node: Node<'_>, name: &str) -> usize {
    references(node, name).len()
}

/// Where a query names a relation of this name.
fn references(node: Node<'_>, name: &str) -> Vec<i32> {
    let mut found = Vec::new();
    let mut note = |node: Node<'_>| {
        if let Node::RangeVar(var) = node
            && var.schemaname().is_none()
            && var.relname() == Some(name)
        {
            found.push(var.location);
        }
    };
    note(node);
    if !matches!(node, Node::None) {
        // The walk is C and recursive: give it the stack that the deepest parse needs.
        stacker::maybe_grow(32 << 20, 64 << 20, || {
            walk_manual::<()>(node, |n| {
                note(n);
                ControlFlow::Continue(Recurse::Yes)
            })
        });
    }
    found
}

/// Queries before those that use them; two that use each other are refused.
fn dependency_order<'n>(
    ctes: &[&'n nodes::CommonTableExpr],
) -> Result<Vec<&'n nodes::CommonTableExpr>> {
    let name = |c: &nodes::CommonTableExpr| c.ctename().unwrap_or("").to_owned();
    let mut waiting: Vec<&'n nodes::CommonTableExpr> = ctes.to_vec();
    let mut order = Vec::with_capacity(ctes.len());
    while !waiting.is_empty() {
        let ready = waiting.iter().position(|cte| {
            let others = waiting.iter().filter(|o| o.ctename() != cte.ctename());
            others.into_iter().all(|o| refers_to(cte.ctequery(), &name(o)) == 0)
        });
        match ready {
            Some(at) => order.push(waiting.remove(at)),
            None => {
                let message = "mutual recursion between WITH items is not implemented";
                return Err(
                    PgError::new(code::FEATURE_NOT_SUPPORTED, message).at(waiting[0].location)
                );
            }
        }
    }
    Ok(order)
}

/// The UNION that a recursive query is, if it has the form that it must have
/// (`checkWellFormedRecursion`).
fn check_recursion<'n>(
    cte: &'n nodes::CommonTableExpr,
    name: &str,
) -> Result<&'n nodes::SelectStmt> {
    let invalid =
        |message: String, at: i32| Err(PgError::new(code::INVALID_RECURSION, message).at(at));
    let Node::SelectStmt(select) = cte.ctequery() else {
        let message =
            format!("recursive query \"{name}\" must not contain data-modifying statements");
        return invalid(message, cte.location);
    };
    let (Some(left), Some(right), nodes::SetOperation::SETOP_UNION) =
        (select.larg(), select.rarg(), select.op)
    else {
        let message = format!(
            "recursive query \"{name}\" does not have the form non-recursive-term UNION [ALL] \
             recursive-term"
        );
        return invalid(message, cte.location);
    };
    let reference = format!("recursive reference to query \"{name}\" must not appear");
    if let Some(at) = references(Node::SelectStmt(left), name).first() {
        return invalid(format!("{reference} within its non-recursive term"), *at);
    }
    refuse_clauses(select)?;
    let all = references(Node::SelectStmt(right), name);
    if let Some(at) = in_sublink(Node::SelectStmt(right), name) {
        return invalid(format!("{reference} within a subquery"), at);
    }
    if right.op == nodes::SetOperation::SETOP_EXCEPT {
        return invalid(format!("{reference} within EXCEPT"), all.first().copied().unwrap_or(-1));
    }
    if let Some(at) = right.from_clause().iter().find_map(|item| in_outer_join(item, name)) {
        return invalid(format!("{reference} within an outer join"), at);
    }
    match all.get(1) {
        Some(at) => invalid(format!("{reference} more than once"), *at),
        None => Ok(select),
    }
}

/// Clauses that a recursive query cannot have as a whole.
fn refuse_clauses(select: &nodes::SelectStmt) -> Result<()> {
    let location = |node: Node<'_>| match node {
        Node::A_Const(c) => c.location,
        Node::ColumnRef(c) => c.location,
        Node::ParamRef(p) => p.location,
        _ => -1,
    };
    let refuse = |what: &str, at: i32| {
        let message = format!("{what} in a recursive query is not implemented");
        Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).at(at))
    };
    if let Some(sort) = select.sort_clause().first() {
        return refuse("ORDER BY", location(sort.node()));
    }
    match (select.limit_offset(), select.limit_count()) {
        (Node::None, Node::None) => {}
        (Node::None, limit) => return refuse("LIMIT", location(limit)),
        (offset, _) => return refuse("OFFSET", location(offset)),
    }
    if select.locking_clause().is_empty() { Ok(()) } else { refuse("FOR UPDATE/SHARE", -1) }
}

/// A reference inside an expression's sub-query.
fn in_sublink(node: Node<'_>, name: &str) -> Option<i32> {
    stacker::maybe_grow(32 << 20, 64 << 20, || {
        walk_manual(node, |n| match n {
            Node::SubLink(sub) => match references(sub.subselect(), name).first() {
                Some(at) => ControlFlow::Break(*at),
                None => Recurse::no(),
            },
            _ => Recurse::yes(),
        })
    })
}

/// A reference on the nullable side of a join.
fn in_outer_join(item: Node<'_>, name: &str) -> Option<i32> {
    let Node::JoinExpr(join) = item else { return None };
    let first = |node| references(node, name).first().copied();
    let nullable = match join.jointype {
        nodes::JoinType::JOIN_LEFT => first(join.rarg()),
        nodes::JoinType::JOIN_RIGHT => first(join.larg()),
        nodes::JoinType::JOIN_FULL => first(join.larg()).or_else(|| first(join.rarg())),
        _ => None,
    };
    nullable
        .or_else(|| in_outer_join(join.larg(), name))
        .or_else(|| in_outer_join(join.rarg(), name))
}

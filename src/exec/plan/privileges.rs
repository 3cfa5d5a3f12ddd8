//! What a query's roles must be allowed to do, found when it is planned and checked each time it
//! runs: roles and grants may change between (manual, 5.7).
//!
//! A table in a query needs SELECT, the target of a data-modifying statement what the statement
//! does, and SELECT too where its columns are read. What a view reads, its owner must be allowed to
//! read, unless the view is a `security_invoker`.

use super::walk;
use crate::catalog::{Catalog, Relation};
use crate::error::Result;
use crate::functions::privileges::require_relation;
use crate::nodes::{CommandType, Expr, Query, RangeIndex, RangeSource};
use crate::types::Oid;
use std::collections::BTreeSet;

/// Privileges that a role needs on a relation.
#[derive(Debug, PartialEq)]
pub(super) struct Required {
    relation: Oid,
    letters: String,
    /// A view's owner; `None`: whoever runs the statement.
    role: Option<Oid>,
}

impl Required {
    pub fn check(&self, catalog: &Catalog, current_role: Oid) -> Result<()> {
        let role = self.role.unwrap_or(current_role);
        require_relation(catalog, role, self.relation, &self.letters)
    }
}

pub(super) fn required(query: &Query, catalog: &Catalog) -> Vec<Required> {
    let mut found = Found { catalog, required: Vec::new() };
    found.add(query, None, false);
    found.required
}

struct Found<'a> {
    catalog: &'a Catalog,
    required: Vec<Required>,
}

impl Found<'_> {
    /// A query and everything below it. `locked`: a view's query under FOR UPDATE.
    fn add(&mut self, query: &Query, role: Option<Oid>, locked: bool) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
            let read = read_relations(query);
            for (range, rel) in query.range_table.iter().zip(1..) {
                if let RangeSource::Relation { oid } = range.source {
                    let letters = letters(query, rel, locked, &read);
                    let target = query.result_relation == Some(rel);
                    let views = if target { query.target_views.as_slice() } else { &[] };
                    let role = self.through_views(views, &letters, role);
                    self.push(oid, letters, role);
                }
            }
            for (range, rel) in query.range_table.iter().zip(1..) {
                let RangeSource::Subquery { query: below, view } = &range.source else { continue };
                match view.and_then(|oid| self.catalog.relation(oid)) {
                    Some(view) => {
                        let locked = locked || is_marked(query, rel);
                        let letters = if locked { "rw" } else { "r" };
                        self.push(view.oid, letters.to_owned(), role);
                        let invoker = is_invoker(view);
                        self.add(below, if invoker { role } else { Some(view.owner) }, locked);
                    }
                    None => self.add(below, role, false),
                }
            }
            query.ctes.iter().for_each(|cte| self.add(&cte.query, role, false));
            walk::query_exprs(query, &mut |expr| self.add_links(expr, role));
        });
    }

    /// A change through views needs on each what it needs on the table; gives who must be allowed to
    /// change the table.
    fn through_views(&mut self, views: &[Oid], letters: &str, role: Option<Oid>) -> Option<Oid> {
        let mut role = role;
        for oid in views {
            let Some(view) = self.catalog.relation(*oid) else { continue };
            self.push(view.oid, letters.to_owned(), role);
            if !is_invoker(view) {
                role = Some(view.owner);
            }
        }
        role
    }

    fn add_links(&mut self, expr: &Expr, role: Option<Oid>) {
        if let Expr::SubLink(link) = expr {
            self.add(&link.query, role, false);
        }
        walk::children(expr, &mut |child| self.add_links(child, role));
    }

    fn push(&mut self, relation: Oid, letters: String, role: Option<Oid>) {
        let required = Required { relation, letters, role };
        if !required.letters.is_empty() && !self.required.contains(&required) {
            self.required.push(required);
        }
    }
}

/// What a query needs on one of its relations.
fn letters(query: &Query, rel: RangeIndex, locked: bool, read: &BTreeSet<RangeIndex>) -> String {
    let conflict = query.on_conflict.as_ref();
    let updates = conflict.and_then(|c| c.update.as_ref());
    // EXCLUDED is the proposed row, not the table's.
    if updates.is_some_and(|update| update.excluded == rel) {
        return String::new();
    }
    if query.result_relation != Some(rel) {
        return if locked || is_marked(query, rel) { "rw" } else { "r" }.to_owned();
    }
    let mut letters = match query.command {
        CommandType::Insert => "a",
        CommandType::Update => "w",
        CommandType::Delete => "d",
        CommandType::Select => "r",
    }
    .to_owned();
    if updates.is_some() {
        letters.push('w');
    }
    if read.contains(&rel) || conflict.is_some_and(|c| !c.arbiters.is_empty()) {
        letters.push('r');
    }
    letters
}

fn is_marked(query: &Query, rel: RangeIndex) -> bool {
    query.row_marks.iter().any(|mark| mark.rel == rel)
}

/// The range table entries of a query whose columns it, or a query below it, refers to.
fn read_relations(query: &Query) -> BTreeSet<RangeIndex> {
    let mut read = BTreeSet::new();
    // Only the target of a data-modifying statement may go unread.
    if query.command != CommandType::Select {
        walk::deep_query(query, 0, &mut |expr, depth| {
            if let Expr::Var(var) = expr
                && var.level == depth
            {
                read.insert(var.rel);
            }
        });
    }
    read
}

fn is_invoker(view: &Relation) -> bool {
    view.options.get("security_invoker").is_some_and(|value| value == "true" || value == "on")
}

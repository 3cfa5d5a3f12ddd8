//! What EXPLAIN says below an operator: its conditions and keys, as SQL.
//!
//! Only a plan made for EXPLAIN has notes ([`Planner::explained`]). Where an expression cannot be
//! written, because it refers to what only the planner knows, there is no note.

use super::access::Access;
use super::planner::{Built, FIRST_OWN_REL, Planner};
use super::walk;
use crate::exec::op::Note;
use crate::nodes::{Expr, Query, SUBLINK_RANGE, SortGroup, TargetEntry, Var};
use crate::sql::deparse;
use std::sync::Arc;

impl Planner {
    /// A note of conditions that must all hold.
    pub(super) fn condition_note(&self, label: &'static str, conditions: &[Expr]) -> Option<Note> {
        let texts = self.texts(conditions)?;
        let text = match texts.as_slice() {
            [] => return None,
            [one] => one.clone(),
            many => format!("({})", many.join(" AND ")),
        };
        Some(Note { label, texts: vec![text], is_list: false })
    }

    /// A note of expressions by which rows are grouped or told apart.
    pub(super) fn keys_note(&self, label: &'static str, keys: &[Expr]) -> Option<Note> {
        let texts = self.texts(keys)?;
        (!texts.is_empty()).then_some(Note { label, texts, is_list: true })
    }

    /// A note of ORDER BY's items.
    pub(super) fn sort_note(&self, query: &Query, items: &[SortGroup]) -> Option<Note> {
        let expr = |item: &SortGroup| {
            let target = query.targets.iter().find(|t| t.sort_group_ref == item.target_ref);
            target.map(|t| t.expr.clone())
        };
        let keys: Vec<Expr> = items.iter().map(expr).collect::<Option<_>>()?;
        let mut note = self.keys_note("Sort Key", &keys)?;
        for (text, item) in note.texts.iter_mut().zip(items) {
            text.push_str(match (item.descending, item.nulls_first) {
                (false, false) => "",
                (false, true) => " NULLS FIRST",
                (true, true) => " DESC",
                (true, false) => " DESC NULLS LAST",
            });
        }
        Some(note)
    }

    /// A scan with what EXPLAIN calls its relation and its columns.
    pub(super) fn called(&self, mut scan: Built, access: &Access<'_>) -> Built {
        if let (true, Some(node)) = (self.explained, Arc::get_mut(&mut scan.node)) {
            let relation = access.relation;
            let namespace = self.cx.catalog.namespace(relation.namespace);
            node.schema = namespace.map(|namespace| namespace.name.clone());
            node.alias = self.alias_of(access);
            let columns = relation.live_columns().filter(|c| access.columns.contains(&c.attno));
            let columns = columns.map(|column| {
                let (rel, attno, type_oid) = (access.rel, column.attno, column.type_oid);
                Expr::Var(Var {
                    rel,
                    attno,
                    type_oid,
                    typmod: -1,
                    collation: 0,
                    level: 0,
                    location: -1,
                })
            });
            node.output = self.texts(&columns.collect::<Vec<_>>()).unwrap_or_default();
        }
        scan
    }

    /// What the query calls a relation, where that is not the relation's own name.
    fn alias_of(&self, access: &Access<'_>) -> Option<String> {
        let query = self.levels.last()?.query.as_ref()?;
        let entry = query.range_table.get((access.rel as usize).checked_sub(1)?)?;
        (entry.name != access.relation.name).then(|| entry.name.clone())
    }

    /// Rows with the select list that they are of, for EXPLAIN VERBOSE.
    pub(super) fn giving<'t>(
        &self,
        mut rows: Built,
        targets: impl Iterator<Item = &'t TargetEntry>,
    ) -> Built {
        if let (true, Some(node)) = (self.explained, Arc::get_mut(&mut rows.node)) {
            node.output = self.target_texts(targets);
        }
        rows
    }

    /// A select list's expressions; names for those that cannot be written.
    pub(in crate::exec) fn target_texts<'t>(
        &self,
        targets: impl Iterator<Item = &'t TargetEntry>,
    ) -> Vec<String> {
        let text = |target: &TargetEntry| {
            let text = self.texts(std::slice::from_ref(&target.expr)).and_then(|mut one| one.pop());
            text.unwrap_or_else(|| target.name.clone())
        };
        match self.explained {
            true => targets.map(text).collect(),
            false => Vec::new(),
        }
    }

    fn texts(&self, exprs: &[Expr]) -> Option<Vec<String>> {
        let queries: Vec<Arc<Query>> =
            self.levels.iter().filter_map(|level| level.query.clone()).collect();
        if !self.explained || queries.is_empty() || !exprs.iter().all(is_writable) {
            return None;
        }
        let queries: Vec<&Query> = queries.iter().map(|q| &**q).collect();
        let search_path = self.cx.env.search_path();
        deparse::expressions(&self.cx.catalog, search_path, &queries, exprs).ok()
    }
}

impl Built {
    /// With a note for EXPLAIN.
    pub(super) fn noted(mut self, note: Option<Note>) -> Built {
        if let (Some(note), Some(node)) = (note, Arc::get_mut(&mut self.node)) {
            node.notes.push(note);
        }
        self
    }
}

/// Whether an expression has columns of the statement's own range tables only.
fn is_writable(expr: &Expr) -> bool {
    let mut writable = true;
    walk::deep(expr, 0, &mut |e, _| {
        writable &= match e {
            Expr::Var(v) => v.rel < FIRST_OWN_REL && v.rel != SUBLINK_RANGE,
            Expr::SubLink(_) => false,
            _ => true,
        };
    });
    writable
}

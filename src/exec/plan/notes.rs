//! What EXPLAIN says below an operator: its conditions and keys, as SQL.
//!
//! Only a plan made for EXPLAIN has notes ([`Planner::explained`]). Where an expression cannot be
//! written, because it refers to what only the planner knows, there is no note.

use super::planner::{Built, FIRST_OWN_REL, Planner};
use super::walk;
use crate::catalog::Relation;
use crate::exec::op::Note;
use crate::nodes::{Expr, Query, RangeIndex, SUBLINK_RANGE, SortGroup};
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

    /// What the query calls a relation, where that is not the relation's own name.
    pub(super) fn alias_of(&self, rel: RangeIndex, relation: &Relation) -> Option<String> {
        let query = self.levels.last()?.query.as_ref()?;
        let entry = query.range_table.get((rel as usize).checked_sub(1)?)?;
        (entry.name != relation.name).then(|| entry.name.clone())
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
    /// With the query's name of the relation, where it is not the relation's own.
    pub(super) fn called(mut self, alias: Option<String>) -> Built {
        if let Some(node) = Arc::get_mut(&mut self.node) {
            node.alias = alias;
        }
        self
    }

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

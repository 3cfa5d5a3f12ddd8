//! Sub-queries in FROM, and views, that only join and filter become part of the query around them
//! (`pull_up_subqueries`), so that their relations are joined in any order with its own.
//!
//! ```text
//! SELECT c.relname, s.k FROM (SELECT i.indrelid AS r, u.k FROM pg_index i, unnest(i.indkey) u(k)
//!                             WHERE i.indisvalid) s JOIN pg_class c ON c.oid = s.r
//! SELECT c.relname, u.k FROM pg_index i, unnest(i.indkey) u(k) JOIN pg_class c ON c.oid = i.indrelid
//!                       WHERE i.indisvalid
//! ```
//!
//! The sub-query's entries of the range table are added to the query's, and its columns are replaced by
//! what it selects. On the nullable side of an outer join these are columns, which are NULL where there is
//! no row, and its conditions become the join's: there are the same rows to find a partner among.
//!
//! Locks and privileges were asked for before. What must see rows one by one, or in an order of its own, is
//! left as it is, and so is what rows must not be seen through: views with `security_barrier`.

use super::outer_to_inner;
use super::prepare::each_subquery;
use super::quals::{self, Rels};
use super::sub_link::{is_simple, refers_up};
use super::units::item_rels;
use super::walk;
use crate::catalog::Catalog;
use crate::nodes::*;
use std::collections::BTreeMap;

/// Most relations that sub-queries may make of a FROM clause (`from_collapse_limit`): beyond, looking for
/// an order takes longer than a better one is worth.
const RELATIONS_MAX: usize = 8;

/// Pulls up the sub-queries of a query and of all below it.
pub(super) fn pull_up(query: &mut Query, catalog: &Catalog) {
    stacker::maybe_grow(128 * 1024, 1024 * 1024, || {
        each_subquery(query, &mut |below| pull_up(below, catalog));
        // Rows to lock or to change are looked at one by one. A column is NULL in some grouping sets: what
        // it stands for is not, where it stands elsewhere.
        let may_change = query.command == CommandType::Select
            && query.row_marks.is_empty()
            && query.grouping_sets.is_empty();
        if may_change {
            pull_into(query, catalog);
        }
    });
}

fn pull_into(query: &mut Query, catalog: &Catalog) {
    let relations = query.from.items.iter().map(|item| item_rels(item).len()).sum();
    let whole_rows = whole_rows(query);
    let items = std::mem::take(&mut query.from.items);
    let mut pull = PullUp { query, catalog, relations, whole_rows, selected: BTreeMap::new() };
    let mut conditions = Vec::new();
    let top = Place { within_outer: false, nullable: false };
    let items = items.into_iter().map(|item| pull.item(item, top, &mut conditions)).collect();
    let selected = pull.selected;
    query.from.items = items;
    if selected.is_empty() {
        return;
    }
    query.from.filter = combined(conditions, query.from.filter.take());
    query.map_vars(0, &|var| column(&selected, var));
    outer_to_inner::reduce(query);
}

/// What the columns of the sub-queries that were pulled up stand for.
type Selected = BTreeMap<RangeIndex, Vec<Expr>>;

fn column(selected: &Selected, var: &Var) -> Option<Expr> {
    let at = usize::try_from(var.attno).ok()?.checked_sub(1)?;
    selected.get(&var.rel)?.get(at).cloned()
}

/// Where a FROM item stands.
#[derive(Clone, Copy)]
struct Place {
    /// It is part of an outer join.
    within_outer: bool,
    /// Its columns may be NULL for want of a partner.
    nullable: bool,
}

struct PullUp<'q> {
    query: &'q mut Query,
    catalog: &'q Catalog,
    /// Relations that are joined, so far.
    relations: usize,
    /// Entries whose rows are referred to as wholes.
    whole_rows: Rels,
    selected: Selected,
}

impl PullUp<'_> {
    /// The item with its sub-queries pulled up; their conditions are added to those above it.
    fn item(&mut self, item: FromItem, place: Place, above: &mut Vec<Expr>) -> FromItem {
        let mut join = match item {
            FromItem::Range(rel) if self.is_possible(rel, place) => return self.merged(rel, above),
            FromItem::Range(_) => return item,
            FromItem::Join(join) => join,
        };
        let kept = Place { within_outer: true, ..place };
        let nullable = Place { within_outer: true, nullable: true };
        let mut own = Vec::new();
        match join.kind {
            JoinKind::Inner => {
                join.left = self.item(join.left, place, above);
                join.right = self.item(join.right, place, above);
            }
            JoinKind::Left => {
                join.left = self.item(join.left, kept, above);
                join.right = self.item(join.right, nullable, &mut own);
            }
            JoinKind::Right => {
                join.left = self.item(join.left, nullable, &mut own);
                join.right = self.item(join.right, kept, above);
            }
            JoinKind::Full => {}
        }
        join.on = combined(own, join.on);
        FromItem::Join(join)
    }

    fn is_possible(&self, rel: RangeIndex, place: Place) -> bool {
        let entry = self.query.range(rel);
        let RangeSource::Subquery { query: below, view } = &entry.source else { return false };
        let view = view.and_then(|oid| self.catalog.relation(oid));
        let relations: usize = below.from.items.iter().map(|item| item_rels(item).len()).sum();
        let is_small = relations == 1 || self.relations - 1 + relations <= RELATIONS_MAX;
        entry.security.is_empty()
            && !view.is_some_and(|view| view.is_security_barrier())
            && !self.whole_rows.contains(&rel)
            && relations > 0
            && is_small
            && only_joins(below)
            && (!place.within_outer || !refers_up(below))
            && (!place.nullable || is_null_without_partner(below))
    }

    /// What a sub-query joins, as part of the query.
    fn merged(&mut self, rel: RangeIndex, above: &mut Vec<Expr>) -> FromItem {
        let offset = RangeIndex::try_from(self.query.range_table.len()).unwrap_or(RangeIndex::MAX);
        let (columns, using) = (Vec::new(), Vec::new());
        let joined = RangeSource::Join { kind: JoinKind::Inner, columns, using, using_alias: None };
        let source = &mut self.query.range_table[rel as usize - 1].source;
        let RangeSource::Subquery { query: mut below, .. } = std::mem::replace(source, joined)
        else {
            return FromItem::Range(rel);
        };
        let renumbered = |var: &Var| Expr::Var(Var { rel: var.rel + offset, ..var.clone() });
        below.map_vars(0, &|var| Some(renumbered(var)));
        below.leave_level();
        // A LATERAL one may refer to what was pulled up before it.
        below.map_vars(0, &|var| column(&self.selected, var));
        let items = below.from.items.into_iter().map(|item| renumber(item, offset));
        let items: Vec<FromItem> = items.collect();
        self.relations += items.iter().map(|item| item_rels(item).len()).sum::<usize>() - 1;
        below.from.filter.iter().for_each(|filter| quals::conjuncts(filter, above));
        let targets = below.targets.into_iter().map(|target| target.expr).collect();
        self.selected.insert(rel, targets);
        self.query.range_table.append(&mut below.range_table);
        self.query.has_sublinks |= below.has_sublinks;
        let inner = |left, right| {
            FromItem::Join(Box::new(Join { kind: JoinKind::Inner, left, right, on: None, rel }))
        };
        items.into_iter().reduce(inner).unwrap_or(FromItem::Range(rel))
    }
}

/// Whether a query's rows are those that its FROM and WHERE give, each by itself.
fn only_joins(query: &Query) -> bool {
    query.command == CommandType::Select
        && is_simple(query)
        && query.distinct.is_empty()
        && query.order_by.is_empty()
        && query.targets.iter().all(|target| !target.resjunk)
        && !quals::is_volatile_query(query)
}

/// Whether what the query selects is NULL where none of its rows is joined, and each of its conditions is
/// about its rows.
fn is_null_without_partner(query: &Query) -> bool {
    let is_column = |expr: &Expr| matches!(expr, Expr::Var(v) if v.level == 0 && v.attno != 0);
    let mut conditions = Vec::new();
    query.from.filter.iter().for_each(|filter| quals::conjuncts(filter, &mut conditions));
    query.targets.iter().all(|target| is_column(&target.expr))
        && conditions.iter().all(|condition| !quals::rels(condition).is_empty())
}

/// Entries that are referred to otherwise than by columns.
fn whole_rows(query: &Query) -> Rels {
    let mut rels = Rels::new();
    walk::deep_query(query, 0, &mut |e, depth| {
        if let Expr::Var(var) = e
            && var.level == depth
            && var.attno < 1
        {
            rels.insert(var.rel);
        }
    });
    rels
}

fn renumber(item: FromItem, offset: RangeIndex) -> FromItem {
    match item {
        FromItem::Range(rel) => FromItem::Range(rel + offset),
        FromItem::Join(mut join) => {
            join.left = renumber(join.left, offset);
            join.right = renumber(join.right, offset);
            join.rel += offset;
            FromItem::Join(join)
        }
    }
}

/// All of the conditions, the ones from below first.
fn combined(mut conditions: Vec<Expr>, last: Option<Expr>) -> Option<Expr> {
    conditions.extend(last);
    match conditions.len() {
        0 | 1 => conditions.pop(),
        _ => Some(Expr::Bool(BoolOp::And, conditions)),
    }
}

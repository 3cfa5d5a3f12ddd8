//! `x IN (SELECT …)` where few rows are selected and those of x's relation are found by a key: what is
//! selected is made distinct and joined, so that the relation is looked up instead of read whole.
//!
//! ```text
//! SELECT … FROM big WHERE big.k IN (SELECT y FROM few)
//! SELECT … FROM big, (SELECT DISTINCT y FROM few) s WHERE big.k = s.y
//! ```
//!
//! Each row of `big` then has one partner at most, if values that equal the same k are equal themselves:
//! the comparison and DISTINCT must mean the same equality. In which order all is joined is decided as
//! for any other join.

use super::access::{WantedOrder, comparable};
use super::cost;
use super::from::{From, Needed};
use super::lateral::column_vars;
use super::planner::Planner;
use super::quals::{self, Comparison, Rels};
use super::units::item_rels;
use super::walk;
use crate::catalog::Catalog;
use crate::error::Result;
use crate::nodes::*;

/// Most relations of a query that more are added to: the order of longer lists is not looked for as well.
const RELATIONS_MAX: usize = 8;

impl Planner {
    /// The query with the memberships joined that are cheaper that way; `None`: there are none.
    pub(super) fn join_memberships(
        &mut self,
        query: &Query,
        order: &WantedOrder,
    ) -> Result<Option<Query>> {
        // A scan that gives the order stops at the limit.
        let stops_early = !order.is_empty() && query.limit.is_some();
        let relations: usize = query.from.items.iter().map(|item| item_rels(item).len()).sum();
        if stops_early || relations >= RELATIONS_MAX || query.command == CommandType::Merge {
            return Ok(None);
        }
        let mut conditions = Vec::new();
        query.from.filter.iter().for_each(|filter| quals::conjuncts(filter, &mut conditions));
        let mut changed: Option<Query> = None;
        for n in 0..conditions.len() {
            let Some(link) = membership(&conditions[n]) else { continue };
            let now = changed.as_ref().unwrap_or(query);
            let rel = RangeIndex::try_from(now.range_table.len() + 1).unwrap_or(RangeIndex::MAX);
            let Some(joins) = equalities(link, rel) else { continue };
            let selected = distinct(&link.query);
            let others = [&conditions[..n], &conditions[n + 1..]].concat();
            if !self.is_looked_up(now, &selected, &joins, &others)? {
                continue;
            }
            let mut joined = now.clone();
            joined.range_table.push(entry(selected));
            joined.from.items.push(FromItem::Range(rel));
            conditions[n] = Expr::Bool(BoolOp::And, joins);
            joined.from.filter = Some(Expr::Bool(BoolOp::And, conditions.clone()));
            changed = Some(joined);
        }
        Ok(changed)
    }

    /// Whether a relation of the query is cheaper looked up by what is selected than read as it is.
    fn is_looked_up(
        &mut self,
        query: &Query,
        selected: &Query,
        joins: &[Expr],
        others: &[Expr],
    ) -> Result<bool> {
        let mut rels = Rels::new();
        joins.iter().for_each(|join| rels.extend(quals::rels(join)));
        let mut items = Vec::new();
        query.from.items.iter().for_each(|item| add_kept(item, &mut items));
        items.retain(|item| !item_rels(item).is_disjoint(&rels));
        let from = From { query, needed: Needed::new() };
        let (joins, others): (Vec<&Expr>, Vec<&Expr>) =
            (joins.iter().collect(), others.iter().collect());
        let mut best: Option<(f64, f64)> = None;
        for item in items {
            let FromItem::Range(rel) = item else { continue };
            let Some(relation) = self.relation_of(query, *rel) else { continue };
            let lookups = self.key_lookups(&from, item, &joins);
            let Some(lookup) = lookups.into_iter().map(|l| l.cost).reduce(f64::min) else {
                continue;
            };
            let row = if Catalog::is_system(relation.oid) { cost::ROW } else { cost::SCAN };
            let read = self.table_rows(&relation) * (row + cost::PROBE);
            let own = self.key_lookups(&from, item, &others).into_iter();
            let own = own.filter(|lookup| lookup.given.is_empty()).map(|l| l.cost);
            best = Some((lookup, own.fold(read, f64::min)));
        }
        let Some((lookup, read)) = best else { return Ok(false) };
        let rows = self.estimated_rows(selected)?;
        Ok(rows * (cost::AGGREGATE + lookup) < read)
    }

    /// How many rows a query that refers to no other is estimated to give.
    fn estimated_rows(&mut self, query: &Query) -> Result<f64> {
        // What this plan would do is not done by it.
        let (long, whole) = (self.long, self.whole_catalog);
        let rows = self.plan_below(query)?.rows;
        (self.long, self.whole_catalog) = (long, whole);
        Ok(rows)
    }
}

/// The items whose rows do not depend on outer joins, and which conditions above can look up.
fn add_kept<'q>(item: &'q FromItem, out: &mut Vec<&'q FromItem>) {
    let FromItem::Join(join) = item else { return out.push(item) };
    match join.kind {
        JoinKind::Inner => {
            add_kept(&join.left, out);
            add_kept(&join.right, out);
        }
        JoinKind::Left => add_kept(&join.left, out),
        JoinKind::Right => add_kept(&join.right, out),
        JoinKind::Full => {}
    }
}

/// `x IN (SELECT …)` where the sub-query refers to nothing outside of itself.
fn membership(condition: &Expr) -> Option<&SubLink> {
    let (link, negated) = quals::as_join_link(condition)?;
    let usable = !negated
        && link.kind == SubLinkKind::Any
        && link.query.command == CommandType::Select
        && link.query.row_marks.is_empty();
    let mut refers = false;
    walk::deep_query(&link.query, 0, &mut |e, depth| {
        refers |= walk::level(e).is_some_and(|level| level > depth);
    });
    (usable && !refers).then_some(link)
}

/// The comparisons of a membership as conditions on columns of an entry, where all are equalities that
/// DISTINCT means, too.
fn equalities(link: &SubLink, rel: RangeIndex) -> Option<Vec<Expr>> {
    let mut joins = Vec::new();
    quals::conjuncts(link.test.as_ref()?, &mut joins);
    let selected: Vec<&Expr> = link.query.output().map(|target| &target.expr).collect();
    let is_exact = |join: &Expr| {
        let Some((Comparison::Eq, value, column)) = quals::as_comparison(join) else {
            return false;
        };
        let Some(at) = placeholder(column) else { return false };
        let is_plain = selected.get(at).is_some_and(|e| quals::is_bytewise(e.collation()));
        let is_known = !quals::is_volatile(value) && !quals::has_sub_link(value);
        is_plain && is_known && comparable(value.type_oid(), column.type_oid())
    };
    if joins.len() != selected.len() || !joins.iter().all(is_exact) {
        return None;
    }
    for join in &mut joins {
        walk::deep_mut(join, 0, &mut |e, _| {
            if let Expr::Var(var) = e
                && var.rel == SUBLINK_RANGE
            {
                var.rel = rel;
            }
        });
    }
    Some(joins)
}

/// Which column of the sub-query an expression is.
fn placeholder(expr: &Expr) -> Option<usize> {
    match expr {
        Expr::Var(var) if var.rel == SUBLINK_RANGE => usize::try_from(var.attno - 1).ok(),
        Expr::Relabel(relabel) => placeholder(&relabel.arg),
        _ => None,
    }
}

/// `SELECT DISTINCT * FROM (query)`.
fn distinct(query: &Query) -> Query {
    let mut below = query.clone();
    below.shift_levels(1);
    let selected = entry(below);
    let mut all = Query::new(CommandType::Select);
    let columns = column_vars(1, &selected.source).into_iter().zip(&selected.columns);
    for ((expr, name), attno) in columns.zip(1i16..) {
        let target_ref = attno.unsigned_abs().into();
        let target = TargetEntry::of(expr, attno);
        all.targets.push(TargetEntry { name: name.clone(), sort_group_ref: target_ref, ..target });
        let (descending, nulls_first) = (false, false);
        all.distinct.push(SortGroup { target_ref, eq_op: 0, sort_op: 0, descending, nulls_first });
    }
    all.range_table.push(selected);
    all.from.items.push(FromItem::Range(1));
    all
}

fn entry(query: Query) -> RangeEntry {
    RangeEntry {
        columns: query.output().map(|target| target.name.clone()).collect(),
        source: RangeSource::Subquery { query: Box::new(query), view: None },
        name: "ANY_subquery".to_owned(),
        aliased: true,
        column_aliases: 0,
        lateral: false,
        in_from: true,
        with_deleted: false,
        security: Vec::new(),
        only: false,
    }
}

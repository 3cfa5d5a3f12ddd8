//! Subqueries in expressions: as joins where that is exact, as hash lookups, else as subplans.
//!
//! - `EXISTS (…)` and `x IN (…)` as a condition of WHERE: a semijoin; negated: an antijoin, for NOT
//!   IN one that knows about NULLs.
//! - A scalar aggregate correlated by equalities, `(SELECT sum(x) FROM t WHERE t.k = outer.k)`: the
//!   aggregate of every k once, then a lookup per row.
//! - Anything else: [`SubPlan`], run per distinct outer values.

use super::cost;
use super::from::numbered;
use super::planner::{Built, Planner};
use super::quals::{self, Comparison};
use super::units::{fixes, scanned_keys};
use super::walk;
use crate::catalog::Relation;
use crate::error::Result;
use crate::exec::Layout;
use crate::exec::expr::{LookupKey, Node, Program, SubPlan, SubPlanKind};
use crate::exec::op::{Filter, JoinType};
use crate::nodes::*;
use crate::types::oids;
use std::sync::Arc;

/// Part of a relation's rows that may be cold if it is to be read by key for each row.
const COLD_SHARE_MAX: f64 = 0.1;

impl Planner {
    /// Applies EXISTS and IN conditions to rows, as joins where possible.
    pub(super) fn join_links(&mut self, mut built: Built, links: &[Expr]) -> Result<Built> {
        for condition in links {
            built = match self.join_link(&built, condition)? {
                Some((right, on, kind, null_aware)) => {
                    self.join_sides(built, right, kind, &on, null_aware)?
                }
                None => self.plain_filter(built, condition)?,
            };
        }
        Ok(built)
    }

    fn plain_filter(&mut self, built: Built, condition: &Expr) -> Result<Built> {
        let conditions = Arc::new(vec![self.compile(condition, &built.layout)?]);
        let filter = Filter { input: built.node, conditions };
        Ok(Built::new(filter, built.layout, built.rows * 0.5, built.cost))
    }

    /// The right side, the conditions and the kind of the join that a condition becomes.
    #[allow(clippy::type_complexity)]
    fn join_link(
        &mut self,
        left: &Built,
        condition: &Expr,
    ) -> Result<Option<(Built, Vec<Expr>, JoinType, bool)>> {
        let Some((link, negated)) = quals::as_join_link(condition) else { return Ok(None) };
        let kind = if negated { JoinType::Anti } else { JoinType::Semi };
        // Looking few rows up by key is cheaper than reading the whole subquery.
        let keyed = self.relation_with_key_for(&link.query);
        let is_cheap = |relation: Arc<Relation>| {
            let lookups = left.rows * (cost::SEARCH + self.fetch_cost(&relation, true));
            lookups < self.table_rows(&relation) * cost::SCAN
        };
        if keyed.is_some_and(is_cheap) {
            return Ok(None);
        }
        let Some(parts) = Decorrelated::of(link, self.new_rel()) else { return Ok(None) };
        let mut on = parts.conditions;
        if let Some(test) = &link.test {
            if negated && (!on.is_empty() || as_single_equality(test).is_none()) {
                return Ok(None);
            }
            let mut test = test.clone();
            rename_placeholders(&mut test, parts.rel);
            quals::conjuncts(&test, &mut on);
        }
        let below = self.below(&left.layout, &parts.query)?;
        let types: Vec<_> = parts.query.output().map(|t| t.expr.type_oid()).collect();
        let right = Built { layout: Arc::new(numbered(parts.rel, &types)), ..below };
        Ok(Some((right, on, kind, negated && link.test.is_some())))
    }

    /// Plans an uncorrelated subquery; references beyond this query stay outer values.
    fn below(&mut self, layout: &Arc<Layout>, query: &Query) -> Result<Built> {
        self.level().layout = layout.clone();
        self.plan_below(query)
    }

    /// A subquery inside an expression over rows of `layout`.
    pub(super) fn plan_sub_link(&mut self, link: &SubLink, layout: &Layout) -> Result<Node> {
        let layout = Arc::new(layout.clone());
        if let Some(node) = self.lookup_link(link, &layout)? {
            return Ok(node);
        }
        let (built, captures, depends_on) = self.capturing(|planner| {
            planner.level().layout = layout.clone();
            planner.plan_below(&link.query)
        })?;
        let kind = self.sub_plan_kind(link, &layout)?;
        self.level().layout = layout;
        Ok(Node::SubPlan(Box::new(SubPlan {
            kind,
            plan: built.node,
            captures,
            depends_on,
            volatile: quals::is_volatile_query(&link.query),
            cache: self.new_shared(),
        })))
    }

    fn sub_plan_kind(&mut self, link: &SubLink, layout: &Arc<Layout>) -> Result<SubPlanKind> {
        let column_type = link.query.first_column_type();
        let test = |planner: &mut Planner| -> Result<Program> {
            let types: Vec<_> = link.query.output().map(|t| t.expr.type_oid()).collect();
            let both = Arc::new(layout.join(&numbered(SUBLINK_RANGE, &types)));
            let test = link
                .test
                .clone()
                .unwrap_or(Expr::constant(crate::types::Datum::Bool(true), oids::BOOL));
            planner.compile(&test, &both)
        };
        Ok(match link.kind {
            SubLinkKind::Exists => SubPlanKind::Exists,
            SubLinkKind::Scalar => SubPlanKind::Scalar,
            SubLinkKind::Array => match self.catalog().element_of(column_type) {
                Some(element_type) if self.catalog().array_over(column_type).is_none() => {
                    SubPlanKind::Array { element_type, nested: true }
                }
                _ => SubPlanKind::Array { element_type: column_type, nested: false },
            },
            SubLinkKind::Any => SubPlanKind::Any(test(self)?),
            SubLinkKind::All => SubPlanKind::All(test(self)?),
            SubLinkKind::RowCompare => SubPlanKind::RowCompare(test(self)?),
        })
    }

    /// A scalar aggregate correlated by equalities only, as a lookup in all groups' values.
    fn lookup_link(&mut self, link: &SubLink, layout: &Arc<Layout>) -> Result<Option<Node>> {
        if link.kind != SubLinkKind::Scalar || !is_plain_aggregate(&link.query) {
            return Ok(None);
        }
        // Running it per row is a short scan then.
        let keyed = self.relation_with_key_for(&link.query);
        if keyed.is_some_and(|relation| self.cold_share(&relation) < COLD_SHARE_MAX) {
            return Ok(None);
        }
        let Some((keys, grouped)) = grouped_by_correlation(&link.query) else { return Ok(None) };
        let mut outer_keys = Vec::with_capacity(keys.len());
        for (outer, inner) in &keys {
            let Some(key_type) = quals::key_type(outer.type_oid(), inner.type_oid()) else {
                return Ok(None);
            };
            let program = self.compile(outer, layout)?;
            let cast = |from, program| match key_type.cast(from) {
                Some(callee) => Program::call(callee, program),
                None => program,
            };
            let probe = cast(outer.type_oid(), program);
            let slot = Program::slot(outer_keys.len(), self.stand_in(inner.type_oid()));
            let inner = cast(inner.type_oid(), slot);
            outer_keys.push(LookupKey { outer: probe, inner, type_oid: key_type.type_oid() });
        }
        let (built, captures, depends_on) = self.capturing(|planner| {
            planner.level().layout = layout.clone();
            planner.plan_below(&grouped)
        })?;
        let mut empty = (*link.query).clone();
        empty.from.filter = Some(Expr::constant(crate::types::Datum::Bool(false), oids::BOOL));
        let (default, more, also) = self.capturing(|planner| {
            planner.level().layout = layout.clone();
            planner.plan_below(&empty)
        })?;
        self.level().layout = layout.clone();
        if !captures.is_empty() || !more.is_empty() {
            return Ok(None);
        }
        let depends_on = [depends_on, also].concat();
        Ok(Some(Node::Lookup(Box::new(crate::exec::expr::Lookup {
            keys: outer_keys,
            groups: built.node,
            default: default.node,
            depends_on,
            cache: self.new_shared(),
        }))))
    }

    /// The subquery's one relation, if it is correlated and its correlation fixes the first column
    /// of a key.
    fn relation_with_key_for(&self, query: &Query) -> Option<Arc<Relation>> {
        let [FromItem::Range(rel)] = query.from.items.as_slice() else { return None };
        let relation = self.relation_of(query, *rel)?;
        let mut conditions = Vec::new();
        query.from.filter.iter().for_each(|f| quals::conjuncts(f, &mut conditions));
        conditions.retain(expr_refers_up);
        let keys = scanned_keys(&self.cx.catalog, &relation);
        let leading = keys.iter().filter_map(|key| key.columns.first());
        let fixed =
            |attno: &AttrNumber| conditions.iter().any(|c| fixes(c, *rel, *attno).is_some());
        leading.into_iter().any(fixed).then_some(relation)
    }
}

/// A subquery freed of its correlation with the query around it.
struct Decorrelated {
    query: Query,
    /// Range index of its columns in the join.
    rel: RangeIndex,
    /// The correlated conditions, now between the outer row and the subquery's columns.
    conditions: Vec<Expr>,
}

impl Decorrelated {
    fn of(link: &SubLink, rel: RangeIndex) -> Option<Decorrelated> {
        let query = &*link.query;
        if !refers_up(query) {
            return Some(Decorrelated { query: query.clone(), rel, conditions: Vec::new() });
        }
        if !is_simple(query) || link.kind != SubLinkKind::Exists {
            return None;
        }
        let mut all = Vec::new();
        query.from.filter.iter().for_each(|f| quals::conjuncts(f, &mut all));
        let (correlated, inner): (Vec<Expr>, Vec<Expr>) = all.into_iter().partition(expr_refers_up);
        let mut stripped = query.clone();
        stripped.from.filter = (!inner.is_empty()).then_some(Expr::Bool(BoolOp::And, inner));
        stripped.targets.clear();
        let clean = |c: &Expr| !quals::has_sub_link(c) && !quals::is_volatile(c);
        if !correlated.iter().all(clean) {
            return None;
        }
        let mut columns: Vec<Var> = Vec::new();
        let conditions = correlated.into_iter().map(|c| lifted(c, rel, &mut columns)).collect();
        stripped.targets = columns.into_iter().zip(1..).map(column_target).collect();
        (!refers_up(&stripped)).then_some(Decorrelated { query: stripped, rel, conditions })
    }
}

fn column_target((var, resno): (Var, AttrNumber)) -> TargetEntry {
    target(Expr::Var(var), resno)
}

fn target(expr: Expr, resno: AttrNumber) -> TargetEntry {
    let name = String::new();
    TargetEntry { expr, resno, name, sort_group_ref: 0, origin: (0, 0), resjunk: false }
}

/// A correlated condition seen from the outer query: its columns one level up come down to it, the
/// subquery's columns become columns of `rel`.
fn lifted(condition: Expr, rel: RangeIndex, columns: &mut Vec<Var>) -> Expr {
    let mut condition = condition;
    walk::deep_mut(&mut condition, 0, &mut |e, _| {
        let Expr::Var(v) = e else { return };
        if v.level > 0 {
            v.level -= 1;
            return;
        }
        let known = columns.iter().position(|c| c.rel == v.rel && c.attno == v.attno);
        let at = known.unwrap_or_else(|| {
            columns.push(v.clone());
            columns.len() - 1
        });
        (v.rel, v.attno) = (rel, i16::try_from(at + 1).unwrap_or(i16::MAX));
    });
    condition
}

fn rename_placeholders(test: &mut Expr, rel: RangeIndex) {
    walk::deep_mut(test, 0, &mut |e, _| {
        if let Expr::Var(v) = e
            && v.rel == SUBLINK_RANGE
        {
            v.rel = rel;
        }
    });
}

/// One `=` between an outer expression and the subquery's column.
fn as_single_equality(test: &Expr) -> Option<()> {
    let (comparison, left, right) = quals::as_comparison(test)?;
    let placeholder = |e: &Expr| {
        let mut found = false;
        walk::deep(e, 0, &mut |e, _| {
            found |= matches!(e, Expr::Var(v) if v.rel == SUBLINK_RANGE);
        });
        found
    };
    let keyed = quals::key_type(left.type_oid(), right.type_oid()).is_some();
    let outer = !quals::rels(left).is_empty();
    let usable = comparison == Comparison::Eq && keyed && outer && !placeholder(left);
    (usable && placeholder(right)).then_some(())
}

/// Whether a query refers to the query directly around it.
pub(super) fn refers_up(query: &Query) -> bool {
    let mut found = false;
    walk::deep_query(query, 1, &mut |e, depth| {
        found |= walk::level(e).is_some_and(|level| level == depth);
    });
    found
}

/// The same for an expression of the subquery.
fn expr_refers_up(expr: &Expr) -> bool {
    let mut found = false;
    walk::deep(expr, 1, &mut |e, depth| {
        found |= walk::level(e).is_some_and(|level| level == depth);
    });
    found
}

/// A query whose rows are those of its FROM and WHERE.
pub(super) fn is_simple(query: &Query) -> bool {
    query.limit.is_none()
        && query.offset.is_none()
        && !query.has_aggregates
        && !query.has_window_functions
        && query.group_by.is_empty()
        && query.grouping_sets.is_empty()
        && query.having.is_none()
        && query.set_operation.is_none()
        && query.ctes.is_empty()
        && !query.has_target_srfs
        && query.row_marks.is_empty()
}

/// A query of one row: aggregates over FROM and WHERE.
fn is_plain_aggregate(query: &Query) -> bool {
    query.has_aggregates
        && query.limit.is_none()
        && query.offset.is_none()
        && !query.has_window_functions
        && query.group_by.is_empty()
        && query.grouping_sets.is_empty()
        && query.having.is_none()
        && query.set_operation.is_none()
        && query.ctes.is_empty()
        && query.distinct.is_empty()
        && query.order_by.is_empty()
        && !query.has_target_srfs
        && query.row_marks.is_empty()
        && !quals::is_volatile_query(query)
}

/// The aggregate query grouped by the inner sides of its correlating equalities: the keys (outer,
/// inner), and the query, whose output is the keys, then the value.
fn grouped_by_correlation(query: &Query) -> Option<(Vec<(Expr, Expr)>, Query)> {
    let mut all = Vec::new();
    query.from.filter.iter().for_each(|f| quals::conjuncts(f, &mut all));
    let (correlated, inner): (Vec<Expr>, Vec<Expr>) = all.into_iter().partition(expr_refers_up);
    if correlated.is_empty() {
        return None;
    }
    let mut keys = Vec::new();
    for condition in &correlated {
        let (Comparison::Eq, a, b) = quals::as_comparison(condition)? else { return None };
        let outer_only = |e: &Expr| expr_refers_up(e) && quals::rels(e).is_empty();
        let inner_only = |e: &Expr| !expr_refers_up(e) && !quals::rels(e).is_empty();
        let (outer, inner) = match (outer_only(a) && inner_only(b), outer_only(b) && inner_only(a))
        {
            (true, _) => (a, b),
            (_, true) => (b, a),
            _ => return None,
        };
        if quals::has_sub_link(condition) {
            return None;
        }
        keys.push((walk::raise(outer, 1), inner.clone()));
    }
    let mut grouped = query.clone();
    grouped.from.filter = (!inner.is_empty()).then_some(Expr::Bool(BoolOp::And, inner));
    let value = query.output().next()?.expr.clone();
    let (mut targets, mut group_by) = (Vec::new(), Vec::new());
    for (n, (_, inner)) in (1u32..).zip(&keys) {
        let mut entry = target(inner.clone(), i16::try_from(n).ok()?);
        entry.sort_group_ref = n;
        targets.push(entry);
        let (descending, nulls_first) = (false, false);
        group_by.push(SortGroup { target_ref: n, eq_op: 0, sort_op: 0, descending, nulls_first });
    }
    targets.push(target(value, i16::try_from(keys.len() + 1).ok()?));
    (grouped.targets, grouped.group_by) = (targets, group_by);
    (!refers_up(&grouped)).then_some((keys, grouped))
}

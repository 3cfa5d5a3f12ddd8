//! How many rows conditions leave, and how many distinct values columns have.
//!
//! ANALYZE keeps a sample of each table's rows ([`crate::storage::Statistics`]). Conditions are tried
//! on it, all of a relation's at once, so that what they have to do with each other is in the
//! estimate. Where too few rows of the sample pass to tell, or a value is not known before the
//! statement runs, equalities are estimated by the column's number of distinct values and others by
//! PostgreSQL's defaults (`selfuncs.h`).

use super::access::{Access, layout_of, scan_column};
use super::cost;
use super::planner::Planner;
use super::quals::{self, Comparison};
use super::walk;
use crate::catalog::schema::{Owner, TableSchema, table_schema};
use crate::catalog::{Catalog, Relation, TableKind, builtin, pg_catalog};
use crate::error::Result;
use crate::exec::expr::Program;
use crate::nodes::{AttrNumber, Expr, Query, RangeFunction, RangeIndex, RangeSource};
use crate::storage::{KeyRange, Statistics};
use crate::types::Datum;
use std::sync::Arc;

/// Rows of the sample that must pass for their share to be believed.
const PASSING_MIN: usize = 3;
/// Values of a column that nothing is known of (`DEFAULT_NUM_DISTINCT`).
const DISTINCT_DEFAULT: f64 = 200.0;
/// An inequality with an unknown value (`DEFAULT_INEQ_SEL`).
const INEQUALITY: f64 = 1.0 / 3.0;
/// Any other condition.
const OTHER: f64 = 0.25;
/// Rows that a set-returning function gives.
const FUNCTION_ROWS: f64 = 100.0;
/// Elements of an array that is not known before the statement runs (`estimate_array_length`).
const ARRAY_ELEMENTS: f64 = 10.0;

impl Planner {
    /// The part of a relation's rows that the conditions on it leave.
    pub(super) fn selectivity(&mut self, access: &Access<'_>) -> f64 {
        if access.conditions.is_empty() {
            return 1.0;
        }
        let statistics = self.statistics(access.relation);
        let tried = match &statistics {
            Some(found) if !found.sample.is_empty() => self.tried(access, found).ok(),
            _ => None,
        };
        let tried = tried.unwrap_or_default();
        if let Some(share) = tried.share {
            return share;
        }
        let single = |(n, condition)| match tried.single.get(n).copied().flatten() {
            Some(share) => share,
            None => self.guess(condition, access),
        };
        access.conditions.iter().enumerate().map(single).product()
    }

    /// The part of the rows that satisfy a condition, by its form.
    pub(super) fn guess(&self, condition: &Expr, access: &Access<'_>) -> f64 {
        match condition {
            Expr::ScalarArrayOp(s) if quals::as_membership(s).is_some_and(quals::is_bytewise) => {
                let elements = array_elements(&s.array);
                (elements / self.distinct_of(&s.scalar, access)).min(1.0)
            }
            _ => match quals::as_comparison(condition) {
                Some((Comparison::Eq, left, right)) => {
                    1.0 / self.distinct_of(left, access).max(self.distinct_of(right, access))
                }
                Some(_) => INEQUALITY,
                None => OTHER,
            },
        }
    }

    /// Distinct values of an expression over a relation's row; 1 where it does not depend on it.
    fn distinct_of(&self, expr: &Expr, access: &Access<'_>) -> f64 {
        match expr {
            Expr::Var(v) if v.level == 0 && v.rel == access.rel => {
                self.column_distinct(access.relation, v.attno)
            }
            Expr::Relabel(relabel) => self.distinct_of(&relabel.arg, access),
            // A cast, most often: of as many values there are about as many results.
            Expr::Func(call) if call.args.len() == 1 => self.distinct_of(&call.args[0], access),
            _ if quals::rels(expr).contains(&access.rel) => DISTINCT_DEFAULT,
            _ => 1.0,
        }
    }

    /// Distinct values of an expression over rows of the query being planned; not more than there
    /// are rows.
    pub(super) fn distinct_values(&mut self, expr: &Expr, rows: f64) -> f64 {
        let found = match expr {
            Expr::Var(v) if v.level == 0 => match self.level().relations.get(&v.rel).cloned() {
                Some(relation) => self.column_distinct(&relation, v.attno),
                // A subquery's column: often it is grouped by it.
                None => rows,
            },
            Expr::Relabel(relabel) => self.distinct_values(&relabel.arg, rows),
            _ => DISTINCT_DEFAULT,
        };
        found.clamp(1.0, rows.max(1.0))
    }

    /// The relation that an entry of the range table is.
    pub(super) fn relation_of(&self, query: &Query, rel: RangeIndex) -> Option<Arc<Relation>> {
        let entry = query.range_table.get((rel as usize).checked_sub(1)?)?;
        let RangeSource::Relation { oid } = entry.source else { return None };
        self.cx.catalog.relation(oid).cloned()
    }

    /// Distinct values of a relation's column.
    pub(super) fn column_distinct(&self, relation: &Relation, attno: AttrNumber) -> f64 {
        let rows = self.table_rows(relation);
        if Catalog::is_system(relation.oid) {
            let known = self.system_distinct(relation, attno);
            return known.unwrap_or(DISTINCT_DEFAULT).clamp(1.0, rows);
        }
        let is_key = |index: &Arc<Relation>| {
            let unique = index.index.as_ref().filter(|i| i.unique && i.predicate.is_none());
            unique.is_some_and(|i| i.key_count == 1 && i.columns[0].attno == attno)
        };
        if self.cx.catalog.indexes_of(relation).any(is_key) {
            return rows;
        }
        let index = usize::try_from(attno - 1).ok();
        let found = self.statistics(relation).and_then(|s| {
            let column = s.columns.get(index?)?;
            // A column whose values are many gets more of them as the table grows.
            let grown = rows / (s.entries as f64).max(1.0);
            let grows = column.distinct > 0.1 * s.entries as f64;
            Some(if grows { column.distinct * grown } else { column.distinct })
        });
        found.unwrap_or(DISTINCT_DEFAULT).clamp(1.0, rows)
    }

    /// Rows of a relation and its descendants, as storage estimates them.
    pub(super) fn table_rows(&self, relation: &Relation) -> f64 {
        if Catalog::is_system(relation.oid) {
            let relations = self.cx.catalog.relation_count();
            return pg_catalog::estimated_rows(relation.oid, relations).max(1.0);
        }
        if relation.sequence.is_some() {
            return 1.0;
        }
        let catalog = &self.cx.catalog;
        let own = if relation.is_partitioned() { 0.0 } else { self.own_rows(relation) };
        let children = catalog.children(relation.oid).iter();
        let children = children.filter_map(|oid| catalog.relation(*oid));
        let rows = own + children.map(|child| self.table_rows(child)).sum::<f64>();
        rows.max(1.0)
    }

    /// Rows of a table without those of its descendants.
    fn own_rows(&self, relation: &Relation) -> f64 {
        let store = self.cx.txn.store();
        let space = crate::storage::Space::Rows;
        let found = match TableKind::of(relation) {
            TableKind::User => {
                let mut own = relation.storage.to_be_bytes().to_vec();
                Owner::Role(self.cx.env.current_role()).encode(&mut own);
                store.rows_within(&KeyRange::prefix(&own))
            }
            TableKind::Shared | TableKind::Stream => store.estimated_rows(space, relation.storage),
        };
        found.unwrap_or(1000.0).max(1.0)
    }

    /// The part of a relation's rows that are cold.
    pub(super) fn cold_share(&self, relation: &Relation) -> f64 {
        let (cold, _) = self.cx.txn.store().cold_size(relation.storage).unwrap_or_default();
        (cold as f64 / self.table_rows(relation)).min(1.0)
    }

    /// Cost of a row found by key: by the primary key, or through a secondary index.
    pub(super) fn fetch_cost(&self, relation: &Relation, secondary: bool) -> f64 {
        let hot = if secondary { cost::INDEX_FETCH } else { cost::SCAN };
        hot + self.cold_share(relation) * cost::COLD_FETCH
    }

    /// What ANALYZE found; not of a user table, where it would tell of others' rows.
    fn statistics(&self, relation: &Relation) -> Option<Arc<Statistics>> {
        if TableKind::of(relation) == TableKind::User {
            return None;
        }
        self.cx.txn.store().statistics(relation.storage).ok().flatten()
    }

    /// Tries the conditions on the sample.
    fn tried(&mut self, access: &Access<'_>, statistics: &Statistics) -> Result<Tried> {
        let schema = table_schema(&self.catalog(), access.relation);
        let mut programs = Vec::with_capacity(access.conditions.len());
        for condition in access.conditions {
            programs.push(match is_known(condition, access.rel) {
                true => Some(self.compile(condition, &Arc::new(layout_of(access)))?),
                false => None,
            });
        }
        let passing = self.passing(access, &schema, statistics, &programs)?;
        let sampled = statistics.sample.len() as f64;
        let share = |count: usize| (count >= PASSING_MIN).then_some(count as f64 / sampled);
        let all_known = programs.iter().all(Option::is_some);
        let single = programs.iter().zip(&passing.single).zip(access.conditions);
        let single = single.map(|((program, count), condition)| {
            program.as_ref()?;
            let equality = matches!(quals::as_comparison(condition), Some((Comparison::Eq, ..)));
            share(*count).or_else(|| (!equality).then_some((*count as f64).max(0.5) / sampled))
        });
        let single = single.collect();
        Ok(Tried { share: share(passing.all).filter(|_| all_known), single })
    }

    fn passing(
        &self,
        access: &Access<'_>,
        schema: &TableSchema,
        statistics: &Statistics,
        programs: &[Option<Program>],
    ) -> Result<Passing> {
        let columns = access.columns.iter().map(|a| scan_column(*a, access.relation));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let mut passing = Passing { all: 0, single: vec![0; programs.len()] };
        let txn = &self.constants().cx.txn;
        for stored in &statistics.sample {
            let stored = schema.layout.row(stored)?;
            let row: Vec<_> = columns.iter().map(|column| column.of(&stored, &[], txn)).collect();
            let mut all = true;
            for (program, count) in programs.iter().zip(&mut passing.single) {
                // A row that the condition fails on does not satisfy it.
                let holds = |p: &Program| p.is_true(self.constants(), &row).unwrap_or(false);
                let holds = program.as_ref().is_none_or(holds);
                *count += usize::from(holds);
                all &= holds;
            }
            passing.all += usize::from(all);
        }
        Ok(passing)
    }
}

/// What the sample said.
#[derive(Default)]
struct Tried {
    /// Of all conditions together, where enough rows pass.
    share: Option<f64>,
    /// Of each, where it can be told.
    single: Vec<Option<f64>>,
}

/// Rows of the sample that satisfy all conditions, and each.
struct Passing {
    all: usize,
    single: Vec<usize>,
}

/// Rows that functions in FROM give side by side.
pub(super) fn function_rows(functions: &[RangeFunction]) -> f64 {
    let rows = |function: &RangeFunction| match &function.call {
        Expr::Func(call) if call.retset => {
            let is_unnest = builtin::proc(call.func).is_some_and(|proc| proc.name == "unnest");
            match call.args.as_slice() {
                [array] if is_unnest => array_elements(array),
                _ => FUNCTION_ROWS,
            }
        }
        _ => 1.0,
    };
    functions.iter().map(rows).fold(1.0, f64::max)
}

/// Elements of the array that an expression is.
fn array_elements(array: &Expr) -> f64 {
    match array {
        Expr::Array(array) => array.elements.len() as f64,
        Expr::Const(c) => match &c.value {
            Datum::Array(array) => array.elements.len() as f64,
            _ => 1.0,
        },
        Expr::Relabel(relabel) => array_elements(&relabel.arg),
        _ => ARRAY_ELEMENTS,
    }
}

/// Whether a condition can be evaluated on the relation's row alone, before the statement runs.
pub(super) fn is_known(condition: &Expr, rel: RangeIndex) -> bool {
    let mut known = !quals::is_volatile(condition);
    walk::deep(condition, 0, &mut |e, _| {
        known &= match e {
            Expr::Var(v) => v.level == 0 && v.rel == rel,
            Expr::Param(_) | Expr::SubLink(_) => false,
            _ => walk::level(e).is_none(),
        };
    });
    known
}

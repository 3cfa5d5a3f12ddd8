//! ORDER BY: rows sorted by the bytes of their keys.
//!
//! With a limit known before the first row, no more than about twice as many rows are kept.

use super::limit::row_count;
use super::{
    ExecState, KeyColumn, NodeRef, Operator, PlanNode, Program, Row, df, encode_key, row_bytes,
};
use crate::error::{Result, code};
use crate::exec::explain::Description;
use crate::types::Oid;
use datafusion::physical_expr::LexOrdering;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use std::sync::Arc;

pub(in crate::exec) struct Sort {
    pub input: NodeRef,
    pub keys: Arc<Vec<KeyColumn>>,
    /// LIMIT and OFFSET above: no more rows than their sum are needed.
    pub bound: Option<RowBound>,
}

struct Run {
    input: Box<dyn Operator>,
    keys: Arc<Vec<KeyColumn>>,
    bound: Option<RowBound>,
    sorted: Option<std::vec::IntoIter<(Vec<u8>, Row)>>,
}

impl PlanNode for Sort {
    fn column_types(&self) -> Option<Vec<Oid>> {
        self.input.operator().column_types()
    }

    fn describe(&self) -> Description {
        Description::new("Sort", &[&self.input])
    }

    fn open(&self, state: &ExecState) -> Box<dyn Operator> {
        let (keys, bound) = (self.keys.clone(), self.bound.clone());
        Box::new(Run {
            input: state.wanting(false, || self.input.open(state)),
            keys,
            bound,
            sorted: None,
        })
    }

    /// Each partition sorted, the sorted ones merged. With a bound no more rows than it are kept.
    fn lower(&self, needed: &df::Needed, cx: &df::Lowering<'_>) -> Option<df::Lowered> {
        let rows_max = rows_max(self.bound.as_ref(), &cx.state()).ok()?;
        // So many rows are not held in memory: they are sorted like all, which spills.
        let rows_max = rows_max.filter(|max| *max <= BOUNDED_ROWS_MAX);
        let mut below = needed.clone();
        self.keys.iter().try_for_each(|key| below.read(&key.value))?;
        let input = cx.below_breaker(|| self.input.lower(&below, cx))?;
        let keys = self.keys.iter().map(|key| df::sort_key(key, &input.columns, cx));
        let order = LexOrdering::new(keys.collect::<Option<Vec<_>>>()?)?;
        let sort = SortExec::new(order.clone(), input.plan)
            .with_preserve_partitioning(true)
            .with_fetch(rows_max);
        let merge = SortPreservingMergeExec::new(order, Arc::new(sort)).with_fetch(rows_max);
        Some(df::Lowered { plan: Arc::new(merge), columns: input.columns })
    }
}

/// Rows up to which a bounded sort keeps those that it needs and no others.
const BOUNDED_ROWS_MAX: usize = 1_000_000;

/// LIMIT and OFFSET above a sort.
type RowBound = (Arc<Program>, Option<Arc<Program>>);

/// How many of the first rows are needed.
fn rows_max(bound: Option<&RowBound>, state: &ExecState) -> Result<Option<usize>> {
    let Some((limit, offset)) = bound else { return Ok(None) };
    let error = code::INVALID_ROW_COUNT_IN_RESULT_OFFSET_CLAUSE;
    let offset = row_count(offset.as_deref(), state, "OFFSET", error)?;
    let error = code::INVALID_ROW_COUNT_IN_LIMIT_CLAUSE;
    let Some(limit) = row_count(Some(&**limit), state, "LIMIT", error)? else {
        return Ok(None);
    };
    Ok(limit.checked_add(offset.unwrap_or(0)).and_then(|n| usize::try_from(n).ok()))
}

impl Run {
    fn sort(&mut self, state: &ExecState) -> Result<Vec<(Vec<u8>, Row)>> {
        let rows_max = rows_max(self.bound.as_ref(), state)?;
        let mut rows: Vec<(Vec<u8>, Row)> = Vec::new();
        while let Some(row) = self.input.next(state)? {
            let mut key = Vec::new();
            encode_key(&self.keys, state, &row, &mut key)?;
            match rows_max {
                Some(max) => {
                    rows.push((key, row));
                    if rows.len() >= max.saturating_mul(2).saturating_add(1024) {
                        rows.sort_by(|a, b| a.0.cmp(&b.0));
                        rows.truncate(max);
                    }
                }
                None => {
                    state.charge(row_bytes(&row) + key.len())?;
                    rows.push((key, row));
                }
            }
            state.cx.cancel.check()?;
        }
        // Stable, so that equal rows keep their input's order, as small sorts in PostgreSQL do.
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        rows.truncate(rows_max.unwrap_or(usize::MAX));
        Ok(rows)
    }
}

impl Operator for Run {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        if self.sorted.is_none() {
            self.sorted = Some(self.sort(state)?.into_iter());
        }
        Ok(self.sorted.as_mut().and_then(Iterator::next).map(|(_, row)| row))
    }
}

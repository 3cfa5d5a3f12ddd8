//! Row operators, one per file.
//!
//! A plan is a tree of [`PlanNode`]s: immutable, shared by all executions. Opening one gives a
//! running [`Operator`] that pulls rows from its inputs' (the Volcano model). Operators keep what
//! outlives a single pull (sorted rows, hash tables) in themselves and what several share
//! (materialised CTEs, subplans' results) in the [`ExecState`].
//!
//! Every operator checks for cancellation where it loops without giving a row.

mod aggregate;
mod append;
mod cte;
mod distinct;
mod filter;
mod function_scan;
mod hash_join;
mod hash_join_lower;
mod limit;
mod lock_rows;
mod nested_loop;
mod project;
mod project_set;
mod recursive;
mod result;
mod set_operation;
mod sort;
mod window;
mod window_frame;

pub(in crate::exec) use aggregate::{AggregateCall, AggregateNode, Grouping, Maker};
pub(in crate::exec) use append::{Append, Pruned};
pub(in crate::exec) use cte::{CteScan, Store, With, WorkTableScan};
pub(in crate::exec) use distinct::{Distinct, DistinctOn};
pub(in crate::exec) use filter::{Filter, OneTimeFilter, holds};
pub(in crate::exec) use function_scan::{FunctionScan, SetCall};
pub(in crate::exec) use hash_join::HashJoin;
pub(in crate::exec) use limit::Limit;
pub(in crate::exec) use lock_rows::{LockRows, LockedTable, RowLockSpec};
pub(in crate::exec) use nested_loop::NestedLoop;
pub(in crate::exec) use project::Project;
pub(in crate::exec) use project_set::ProjectSet;
pub(in crate::exec) use recursive::RecursiveUnion;
pub(in crate::exec) use result::{OneRow, Values};
pub(in crate::exec) use set_operation::SetOp;
pub(in crate::exec) use sort::Sort;
pub(in crate::exec) use window::{WindowCall, WindowKind, WindowNode};
pub(in crate::exec) use window_frame::{Bound, Frame, RangeSupport};

use super::explain::Description;
use super::expr::Program;
use super::{ExecState, Operator, Row, df};
use crate::error::Result;
use crate::types::{self, Datum, Oid};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// An operator of a plan: immutable, shared by executions.
pub(in crate::exec) trait PlanNode: Send + Sync {
    /// Starts it. Nothing is read before the first row is asked for.
    fn open(&self, state: &ExecState) -> Box<dyn Operator>;

    /// The types of its rows' columns, where it knows them.
    fn column_types(&self) -> Option<Vec<Oid>> {
        None
    }

    /// The operator as EXPLAIN shows it.
    fn describe(&self) -> Description;

    /// The same as DataFusion's operators, with at least the needed columns; `None`: only row
    /// operators do it.
    fn lower(&self, _needed: &df::Needed, _cx: &df::Lowering<'_>) -> Option<df::Lowered> {
        None
    }
}

/// An operator, and what the planner expects of it.
pub(in crate::exec) struct Planned {
    operator: Box<dyn PlanNode>,
    pub estimate: Estimate,
    /// For EXPLAIN: what the query calls the relation read, and conditions and keys.
    pub alias: Option<String>,
    pub notes: Vec<Note>,
    /// For EXPLAIN VERBOSE: the schema of the relation read, and the columns of the rows where they
    /// are not those of the inputs.
    pub schema: Option<String>,
    pub output: Vec<String>,
}

/// A line of EXPLAIN below an operator, such as its filter.
pub(in crate::exec) struct Note {
    pub label: &'static str,
    pub texts: Vec<String>,
    /// JSON shows a list, of one text too.
    pub is_list: bool,
}

/// What the planner expects of an operator.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::exec) struct Estimate {
    pub rows: f64,
    /// Of all its rows, its inputs' work included; in microseconds, roughly.
    pub cost: f64,
    /// Columns of a row.
    pub columns: usize,
}

pub(in crate::exec) type NodeRef = Arc<Planned>;

impl Planned {
    pub fn new(operator: impl PlanNode + 'static, estimate: Estimate) -> NodeRef {
        let operator = Box::new(operator);
        let (alias, notes, schema, output) = (None, Vec::new(), None, Vec::new());
        Arc::new(Planned { operator, estimate, alias, notes, schema, output })
    }

    /// Starts the operator, on DataFusion where that is worthwhile and possible; under EXPLAIN
    /// ANALYZE it is measured.
    pub fn open(self: &Arc<Self>, state: &ExecState) -> Box<dyn Operator> {
        let running = df::columnar(self, state).unwrap_or_else(|| self.operator.open(state));
        self.measured(running, state)
    }

    /// Starts it on rows, which come in the operator's own order.
    pub fn open_rows(&self, state: &ExecState) -> Box<dyn Operator> {
        self.measured(self.operator.open(state), state)
    }

    fn measured(&self, running: Box<dyn Operator>, state: &ExecState) -> Box<dyn Operator> {
        match &state.cx.measurements {
            None => running,
            Some(measurements) => measurements.measured(self, running),
        }
    }

    /// The operator itself.
    pub fn operator(&self) -> &dyn PlanNode {
        &*self.operator
    }

    pub fn describe(&self) -> Description {
        self.operator.describe()
    }

    /// The same as DataFusion's operators, as an input of one; `None`: only row operators do it.
    pub fn lower(
        self: &Arc<Self>,
        needed: &df::Needed,
        cx: &df::Lowering<'_>,
    ) -> Option<df::Lowered> {
        self.lower_whole(needed, cx).or_else(|| df::gathered(self, cx))
    }

    /// The same of a whole plan: there is no use in batches of a row operator's rows alone.
    pub fn lower_whole(&self, needed: &df::Needed, cx: &df::Lowering<'_>) -> Option<df::Lowered> {
        let lowered = self.operator.lower(needed, cx)?;
        let Some(measurements) = cx.measurements() else { return Some(lowered) };
        let lowered = df::measured(lowered);
        measurements.lowered(self, &lowered.plan);
        Some(lowered)
    }
}

/// How a join treats rows without a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::exec) enum JoinType {
    Inner,
    Left,
    Right,
    Full,
    /// Left rows that have a partner, once each.
    Semi,
    /// Left rows that have none.
    Anti,
}

/// One column of a sort, group or join key.
#[derive(Clone)]
pub(in crate::exec) struct KeyColumn {
    pub value: Program,
    pub type_oid: Oid,
    pub descending: bool,
    pub nulls_first: bool,
}

impl KeyColumn {
    /// For equality only.
    pub fn ascending(value: Program, type_oid: Oid) -> KeyColumn {
        KeyColumn { value, type_oid, descending: false, nulls_first: false }
    }
}

/// Values by the bytes of a key ([`encode_key`]).
type ByKey<T> = HashMap<Vec<u8>, T, foldhash::fast::RandomState>;

/// The bytes of keys.
type Keys = HashSet<Vec<u8>, foldhash::fast::RandomState>;

/// The bytes that compare as the row's key columns do.
pub(in crate::exec) fn encode_key(
    columns: &[KeyColumn],
    state: &ExecState,
    row: &[Datum],
    out: &mut Vec<u8>,
) -> Result<()> {
    for column in columns {
        let value = column.value.eval(state, row)?;
        types::key::encode(column.type_oid, &value, column.descending, column.nulls_first, out);
    }
    Ok(())
}

/// The same; `false` where a column is NULL, which joins nothing.
pub(in crate::exec) fn encode_join_key(
    columns: &[KeyColumn],
    state: &ExecState,
    row: &[Datum],
    out: &mut Vec<u8>,
) -> Result<bool> {
    for column in columns {
        let value = column.value.eval(state, row)?;
        if value.is_null() {
            return Ok(false);
        }
        types::key::encode(column.type_oid, &value, false, false, out);
    }
    Ok(true)
}

/// Bytes a row holds, roughly: what the memory limit counts.
pub fn row_bytes(row: &[Datum]) -> usize {
    48 + row.iter().map(Datum::memory_bytes).sum::<usize>()
}

/// A left row followed by a right row.
pub(in crate::exec) fn concat(left: &[Datum], right: &[Datum]) -> Row {
    let mut row = Row::with_capacity(left.len() + right.len());
    row.extend_from_slice(left);
    row.extend_from_slice(right);
    row
}

/// A row extended by NULLs, as outer joins make them.
pub(in crate::exec) fn pad_right(mut row: Row, width: usize) -> Row {
    row.resize(row.len() + width, Datum::Null);
    row
}

/// The types of a join's columns.
pub(in crate::exec) fn joined_types(
    kind: JoinType,
    left: &NodeRef,
    right: &NodeRef,
) -> Option<Vec<Oid>> {
    let left = left.operator().column_types()?;
    match kind {
        JoinType::Semi | JoinType::Anti => Some(left),
        _ => Some([left, right.operator().column_types()?].concat()),
    }
}

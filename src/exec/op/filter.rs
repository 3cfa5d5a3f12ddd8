//! WHERE, HAVING: the rows for which all conditions are true.

use super::{ExecState, NodeRef, Operator, PlanNode, Program, Row, df};
use crate::error::Result;
use crate::exec::explain::Description;
use datafusion::physical_plan::filter::FilterExec;
use std::sync::Arc;

pub(in crate::exec) struct Filter {
    pub input: NodeRef,
    /// Tested in order; the planner puts cheap ones first.
    pub conditions: Arc<Vec<Program>>,
}

struct Run {
    input: Box<dyn Operator>,
    conditions: Arc<Vec<Program>>,
}

impl PlanNode for Filter {
    fn describe(&self) -> Description {
        Description::new("Filter", &[&self.input])
    }

    fn open(&self, state: &ExecState) -> Box<dyn Operator> {
        Box::new(Run { input: self.input.open(state), conditions: self.conditions.clone() })
    }

    fn lower(&self, cx: &df::Lowering) -> Option<df::Lowered> {
        filtered(self.input.lower(cx)?, &self.conditions, cx)
    }
}

impl Operator for Run {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        while let Some(row) = self.input.next(state)? {
            if holds(&self.conditions, state, &row)? {
                return Ok(Some(row));
            }
            state.cx.cancel.check()?;
        }
        Ok(None)
    }
}

/// Whether all conditions are true of the row.
pub(in crate::exec) fn holds(
    conditions: &[Program],
    state: &ExecState,
    row: &[crate::types::Datum],
) -> Result<bool> {
    for condition in conditions {
        if !condition.is_true(state, row)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A lowered input filtered: native conditions first, then the others, each on the rows that are
/// left, so that a condition guards those after it.
pub(in crate::exec) fn filtered(
    input: df::Lowered,
    conditions: &[Program],
    cx: &df::Lowering,
) -> Option<df::Lowered> {
    let types = Arc::new(input.types);
    let mut lowered = Vec::with_capacity(conditions.len());
    for condition in conditions {
        lowered.push(df::predicate(condition, &types, cx)?);
    }
    lowered.sort_by_key(|(_, native)| !native);
    let mut plan = input.plan;
    for (predicate, _) in lowered {
        plan = Arc::new(FilterExec::try_new(predicate, plan).ok()?);
    }
    Some(df::Lowered { plan, types: types.to_vec() })
}

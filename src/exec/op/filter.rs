//! WHERE, HAVING: the rows for which all conditions are true.

use super::{ExecState, NodeRef, Operator, PlanNode, Program, Row};
use crate::error::Result;
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
    fn open(&self) -> Box<dyn Operator> {
        Box::new(Run { input: self.input.open(), conditions: self.conditions.clone() })
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

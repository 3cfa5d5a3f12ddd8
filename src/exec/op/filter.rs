//! WHERE, HAVING: the rows for which all conditions are true.

use super::{ExecState, NodeRef, Operator, PlanNode, Program, Row, df};
use crate::error::Result;
use crate::exec::explain::Description;
use crate::types::Oid;
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
    fn column_types(&self) -> Option<Vec<Oid>> {
        self.input.operator().column_types()
    }

    fn describe(&self) -> Description {
        Description::new("Filter", &[&self.input])
    }

    fn open(&self, state: &ExecState) -> Box<dyn Operator> {
        Box::new(Run { input: self.input.open(state), conditions: self.conditions.clone() })
    }

    fn lower(&self, needed: &df::Needed, cx: &df::Lowering<'_>) -> Option<df::Lowered> {
        let mut below = needed.clone();
        self.conditions.iter().try_for_each(|condition| below.read(condition))?;
        let rows = self.input.estimate.rows;
        df::filtered(self.input.lower(&below, cx)?, &self.conditions, rows, needed, cx)
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

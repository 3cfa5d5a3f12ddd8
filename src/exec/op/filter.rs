//! WHERE, HAVING: the rows for which all conditions are true, whether these are about each row or about
//! none.

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

/// All rows or none: the conditions read no column of them, but parameters, outer rows' columns and
/// the session. They are tested before anything below starts.
pub(in crate::exec) struct OneTimeFilter {
    pub input: NodeRef,
    pub conditions: Arc<Vec<Program>>,
}

struct OneTimeRun {
    input: NodeRef,
    conditions: Arc<Vec<Program>>,
    few_rows: bool,
    rows: Option<Box<dyn Operator>>,
    done: bool,
}

impl PlanNode for OneTimeFilter {
    fn column_types(&self) -> Option<Vec<Oid>> {
        self.input.operator().column_types()
    }

    fn describe(&self) -> Description {
        Description::new("Result", &[&self.input])
    }

    fn open(&self, state: &ExecState) -> Box<dyn Operator> {
        Box::new(OneTimeRun {
            input: self.input.clone(),
            conditions: self.conditions.clone(),
            few_rows: state.wants_few_rows(),
            rows: None,
            done: false,
        })
    }

    fn lower(&self, needed: &df::Needed, cx: &df::Lowering<'_>) -> Option<df::Lowered> {
        let mut below = needed.clone();
        self.conditions.iter().try_for_each(|condition| below.read(condition))?;
        let rows = self.input.estimate.rows;
        df::filtered(self.input.lower(&below, cx)?, &self.conditions, rows, needed, cx)
    }
}

impl Operator for OneTimeRun {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        if self.done {
            return Ok(None);
        }
        let rows = match &mut self.rows {
            Some(rows) => rows,
            None if holds(&self.conditions, state, &[])? => {
                let rows = state.wanting(self.few_rows, || self.input.open(state));
                self.rows.insert(rows)
            }
            None => {
                self.done = true;
                return Ok(None);
            }
        };
        rows.next(state)
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

//! Rows out of nothing: SELECT without FROM, VALUES.

use super::{ExecState, Operator, PlanNode, Program, Row};
use crate::error::Result;
use crate::exec::explain::Description;
use crate::types::Oid;
use std::sync::Arc;

/// One row without columns.
pub(in crate::exec) struct OneRow;

struct OneRowRun {
    done: bool,
}

impl PlanNode for OneRow {
    fn describe(&self) -> Description {
        Description::new("Result", &[])
    }

    fn open(&self, _state: &ExecState) -> Box<dyn Operator> {
        Box::new(OneRowRun { done: false })
    }
}

impl Operator for OneRowRun {
    fn next(&mut self, _state: &ExecState) -> Result<Option<Row>> {
        let first = !std::mem::replace(&mut self.done, true);
        Ok(first.then(Row::new))
    }
}

/// The rows of VALUES.
pub(in crate::exec) struct Values {
    pub rows: Arc<Vec<Vec<Program>>>,
}

struct ValuesRun {
    rows: Arc<Vec<Vec<Program>>>,
    at: usize,
}

impl PlanNode for Values {
    fn column_types(&self) -> Option<Vec<Oid>> {
        Some(self.rows.first()?.iter().map(Program::type_oid).collect())
    }

    fn describe(&self) -> Description {
        Description {
            target: " on \"*VALUES*\"".to_owned(),
            ..Description::new("Values Scan", &[])
        }
    }

    fn open(&self, _state: &ExecState) -> Box<dyn Operator> {
        Box::new(ValuesRun { rows: self.rows.clone(), at: 0 })
    }
}

impl Operator for ValuesRun {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        let Some(row) = self.rows.get(self.at) else { return Ok(None) };
        self.at += 1;
        row.iter().map(|value| value.eval(state, &[])).collect::<Result<Row>>().map(Some)
    }
}

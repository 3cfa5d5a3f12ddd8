//! The select list.

use super::{ExecState, NodeRef, Operator, PlanNode, Program, Row};
use crate::error::Result;
use std::sync::Arc;

pub(in crate::exec) struct Project {
    pub input: NodeRef,
    pub columns: Arc<Vec<Program>>,
}

struct Run {
    input: Box<dyn Operator>,
    columns: Arc<Vec<Program>>,
}

impl PlanNode for Project {
    fn open(&self) -> Box<dyn Operator> {
        Box::new(Run { input: self.input.open(), columns: self.columns.clone() })
    }
}

impl Operator for Run {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        let Some(row) = self.input.next(state)? else { return Ok(None) };
        self.columns
            .iter()
            .map(|column| column.eval(state, &row))
            .collect::<Result<Row>>()
            .map(Some)
    }
}

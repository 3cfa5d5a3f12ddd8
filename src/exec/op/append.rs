//! UNION ALL: one input after the other.

use super::{ExecState, NodeRef, Operator, PlanNode, Row};
use crate::error::Result;
use crate::exec::explain::Description;

pub(in crate::exec) struct Append {
    pub inputs: Vec<NodeRef>,
}

struct Run {
    /// Inputs not yet started, last first.
    waiting: Vec<NodeRef>,
    current: Option<Box<dyn Operator>>,
}

impl PlanNode for Append {
    fn describe(&self) -> Description {
        Description::new("Append", &self.inputs.iter().collect::<Vec<_>>())
    }

    fn open(&self) -> Box<dyn Operator> {
        Box::new(Run { waiting: self.inputs.iter().rev().cloned().collect(), current: None })
    }
}

impl Operator for Run {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        loop {
            if let Some(current) = &mut self.current
                && let Some(row) = current.next(state)?
            {
                return Ok(Some(row));
            }
            match self.waiting.pop() {
                Some(input) => self.current = Some(input.open()),
                None => return Ok(None),
            }
        }
    }
}

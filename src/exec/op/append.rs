//! UNION ALL: one input after the other.

use super::{ExecState, NodeRef, Operator, PlanNode, Row, df};
use crate::error::Result;
use crate::exec::explain::Description;
use datafusion::physical_plan::union::UnionExec;

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

    fn open(&self, _state: &ExecState) -> Box<dyn Operator> {
        Box::new(Run { waiting: self.inputs.iter().rev().cloned().collect(), current: None })
    }

    fn lower(&self, needed: &df::Needed, cx: &df::Lowering<'_>) -> Option<df::Lowered> {
        let inputs = self.inputs.iter().map(|input| input.lower(needed, cx));
        let inputs: Vec<df::Lowered> = cx.beside(|| inputs.collect::<Option<_>>())?;
        let columns = inputs.first()?.columns.clone();
        let alike = inputs.iter().all(|input| input.columns.travels_as(&columns));
        let plans = inputs.into_iter().map(|input| input.plan).collect();
        let plan = alike.then(|| UnionExec::try_new(plans).ok())??;
        Some(df::Lowered { plan, columns })
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
                Some(input) => self.current = Some(input.open(state)),
                None => return Ok(None),
            }
        }
    }
}

//! UNION ALL, and tables with descendants: one input after the other.
//!
//! Of partitions those that conditions on the key leave out by now are not read.

use super::{ExecState, NodeRef, Operator, PlanNode, Row, df};
use crate::error::Result;
use crate::exec::explain::Description;
use crate::exec::partition::Pruning;
use datafusion::physical_plan::union::UnionExec;
use std::sync::Arc;

pub(in crate::exec) struct Append {
    pub inputs: Vec<NodeRef>,
    /// Where the inputs are partitions, and values known when the plan runs leave some out.
    pub pruning: Option<Pruned>,
}

/// How partitions are left out of an execution.
#[derive(Clone)]
pub(in crate::exec) struct Pruned {
    pub conditions: Arc<Pruning>,
    /// Each input's position in the order of bounds.
    pub positions: Arc<[usize]>,
}

impl Append {
    pub fn of(inputs: Vec<NodeRef>) -> Append {
        Append { inputs, pruning: None }
    }
}

impl Pruned {
    /// The inputs to read.
    fn survivors(&self, inputs: &[NodeRef], state: &ExecState) -> Result<Vec<NodeRef>> {
        let survives = self.conditions.survivors(state)?;
        let kept = inputs.iter().zip(self.positions.iter()).filter(|(_, at)| survives[**at]);
        Ok(kept.map(|(input, _)| input.clone()).collect())
    }
}

struct Run {
    /// Inputs not yet started, last first.
    waiting: Vec<NodeRef>,
    /// Not looked at yet.
    pruning: Option<Pruned>,
    current: Option<Box<dyn Operator>>,
}

impl PlanNode for Append {
    fn describe(&self) -> Description {
        Description::new("Append", &self.inputs.iter().collect::<Vec<_>>())
    }

    fn open(&self, _state: &ExecState) -> Box<dyn Operator> {
        let waiting = self.inputs.iter().rev().cloned().collect();
        Box::new(Run { waiting, pruning: self.pruning.clone(), current: None })
    }

    fn lower(&self, needed: &df::Needed, cx: &df::Lowering<'_>) -> Option<df::Lowered> {
        let read = match &self.pruning {
            Some(pruning) => pruning.survivors(&self.inputs, &cx.state()).ok()?,
            None => self.inputs.clone(),
        };
        let inputs = read.iter().map(|input| input.lower(needed, cx));
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
        if let Some(pruning) = self.pruning.take() {
            self.waiting.reverse();
            let mut kept = pruning.survivors(&self.waiting, state)?;
            kept.reverse();
            self.waiting = kept;
        }
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

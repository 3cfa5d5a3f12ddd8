//! DISTINCT (by hash, first row of equals wins) and DISTINCT ON (of sorted rows).

use super::{ExecState, KeyColumn, Keys, NodeRef, Operator, PlanNode, Row, df, encode_key};
use crate::error::Result;
use crate::exec::explain::Description;
use std::sync::Arc;

pub(in crate::exec) struct Distinct {
    pub input: NodeRef,
    pub keys: Arc<Vec<KeyColumn>>,
}

struct DistinctRun {
    input: Box<dyn Operator>,
    keys: Arc<Vec<KeyColumn>>,
    seen: Keys,
}

impl PlanNode for Distinct {
    fn describe(&self) -> Description {
        Description::new("HashAggregate", &[&self.input])
    }

    fn open(&self, state: &ExecState) -> Box<dyn Operator> {
        let keys = self.keys.clone();
        Box::new(DistinctRun { input: self.input.open(state), keys, seen: Keys::default() })
    }

    fn lower(&self, _needed: &df::Needed, cx: &df::Lowering<'_>) -> Option<df::Lowered> {
        let below = df::Needed::all(self.input.estimate.columns);
        let input = cx.below_breaker(|| self.input.lower(&below, cx))?;
        df::distinct(input, &self.keys, cx)
    }
}

impl Operator for DistinctRun {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        while let Some(row) = self.input.next(state)? {
            let mut key = Vec::new();
            encode_key(&self.keys, state, &row, &mut key)?;
            let bytes = key.len() + 48;
            if self.seen.insert(key) {
                state.charge(bytes)?;
                return Ok(Some(row));
            }
            state.cx.cancel.check()?;
        }
        Ok(None)
    }
}

/// The first row of each run of equal keys.
pub(in crate::exec) struct DistinctOn {
    pub input: NodeRef,
    pub keys: Arc<Vec<KeyColumn>>,
}

struct DistinctOnRun {
    input: Box<dyn Operator>,
    keys: Arc<Vec<KeyColumn>>,
    last: Option<Vec<u8>>,
}

impl PlanNode for DistinctOn {
    fn describe(&self) -> Description {
        Description::new("Unique", &[&self.input])
    }

    fn open(&self, state: &ExecState) -> Box<dyn Operator> {
        let keys = self.keys.clone();
        Box::new(DistinctOnRun { input: self.input.open(state), keys, last: None })
    }
}

impl Operator for DistinctOnRun {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        while let Some(row) = self.input.next(state)? {
            let mut key = Vec::new();
            encode_key(&self.keys, state, &row, &mut key)?;
            if self.last.as_ref() != Some(&key) {
                self.last = Some(key);
                return Ok(Some(row));
            }
            state.cx.cancel.check()?;
        }
        Ok(None)
    }
}

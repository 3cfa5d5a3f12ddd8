//! INTERSECT and EXCEPT, with and without ALL.
//!
//! Counts both sides' copies of each row: INTERSECT ALL gives min(l, r) copies, EXCEPT ALL l − r;
//! without ALL one where that is positive (for EXCEPT: where r = 0).

use super::{ByKey, ExecState, KeyColumn, NodeRef, Operator, PlanNode, Row, encode_key, row_bytes};
use crate::error::Result;
use crate::exec::explain::Description;
use crate::nodes::SetOperator;
use std::sync::Arc;

pub(in crate::exec) struct SetOp {
    pub op: SetOperator,
    pub all: bool,
    pub left: NodeRef,
    pub right: NodeRef,
    pub keys: Arc<Vec<KeyColumn>>,
}

struct Run {
    op: SetOperator,
    all: bool,
    left: Box<dyn Operator>,
    right: Box<dyn Operator>,
    keys: Arc<Vec<KeyColumn>>,
    output: Option<std::vec::IntoIter<(Row, usize)>>,
    /// The row being repeated, and how often it still is to be given.
    repeat: Option<(Row, usize)>,
}

impl PlanNode for SetOp {
    fn describe(&self) -> Description {
        Description::new("HashSetOp", &[&self.left, &self.right])
    }

    fn open(&self, state: &ExecState) -> Box<dyn Operator> {
        Box::new(Run {
            op: self.op,
            all: self.all,
            left: state.wanting(false, || self.left.open(state)),
            right: state.wanting(false, || self.right.open(state)),
            keys: self.keys.clone(),
            output: None,
            repeat: None,
        })
    }
}

impl Run {
    /// The distinct left rows in their first appearance's order, each with its number of copies.
    fn count(&mut self, state: &ExecState) -> Result<Vec<(Row, usize)>> {
        let mut index: ByKey<usize> = ByKey::default();
        let mut rows: Vec<(Row, usize, usize)> = Vec::new();
        while let Some(row) = self.left.next(state)? {
            let mut key = Vec::new();
            encode_key(&self.keys, state, &row, &mut key)?;
            state.cx.cancel.check()?;
            match index.get(&key) {
                Some(&at) => rows[at].1 += 1,
                None => {
                    state.charge(row_bytes(&row) + key.len())?;
                    index.insert(key, rows.len());
                    rows.push((row, 1, 0));
                }
            }
        }
        while let Some(row) = self.right.next(state)? {
            let mut key = Vec::new();
            encode_key(&self.keys, state, &row, &mut key)?;
            state.cx.cancel.check()?;
            if let Some(&at) = index.get(&key) {
                rows[at].2 += 1;
            }
        }
        Ok(rows.into_iter().map(|(row, l, r)| (row, self.copies(l, r))).collect())
    }

    fn copies(&self, left: usize, right: usize) -> usize {
        match (self.op, self.all) {
            (SetOperator::Intersect, true) => left.min(right),
            (SetOperator::Intersect, false) => left.min(right).min(1),
            (SetOperator::Except, true) => left.saturating_sub(right),
            (SetOperator::Except, false) => usize::from(right == 0),
            (SetOperator::Union, _) => left,
        }
    }
}

impl Operator for Run {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        if self.output.is_none() {
            self.output = Some(self.count(state)?.into_iter());
        }
        loop {
            if let Some((row, left)) = &mut self.repeat
                && *left > 0
            {
                *left -= 1;
                return Ok(Some(row.clone()));
            }
            self.repeat = self.output.as_mut().and_then(Iterator::next);
            if self.repeat.is_none() {
                return Ok(None);
            }
        }
    }
}

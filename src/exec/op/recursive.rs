//! WITH RECURSIVE: the first arm's rows, then rounds of the second arm over the last round's rows,
//! until a round gives none. UNION drops rows that came before.

use super::{ExecState, KeyColumn, Keys, NodeRef, Operator, PlanNode, Row, encode_key, row_bytes};
use crate::error::Result;
use crate::exec::explain::Description;
use crate::types::Datum;
use std::sync::Arc;

pub(in crate::exec) struct RecursiveUnion {
    pub first: NodeRef,
    pub recursive: NodeRef,
    /// Slot of the working table.
    pub slot: usize,
    /// An outer value that is different in every round: what subplans of the recursive arm depend
    /// on, so that their kept results are not used across rounds.
    pub round: usize,
    /// UNION's columns; `None`: UNION ALL.
    pub distinct: Option<Arc<Vec<KeyColumn>>>,
}

struct Run {
    running: Box<dyn Operator>,
    recursive: NodeRef,
    slot: usize,
    round: usize,
    distinct: Option<Arc<Vec<KeyColumn>>>,
    seen: Keys,
    /// This round's rows: the next round's working table.
    next_table: Vec<Row>,
    rounds: i64,
    done: bool,
}

impl PlanNode for RecursiveUnion {
    fn describe(&self) -> Description {
        Description::new("Recursive Union", &[&self.first, &self.recursive])
    }

    fn open(&self, state: &ExecState) -> Box<dyn Operator> {
        Box::new(Run {
            running: self.first.open(state),
            recursive: self.recursive.clone(),
            slot: self.slot,
            round: self.round,
            distinct: self.distinct.clone(),
            seen: Keys::default(),
            next_table: Vec::new(),
            rounds: 0,
            done: false,
        })
    }
}

impl Run {
    fn is_new(&mut self, state: &ExecState, row: &[Datum]) -> Result<bool> {
        let Some(columns) = &self.distinct else { return Ok(true) };
        let mut key = Vec::new();
        encode_key(columns, state, row, &mut key)?;
        state.charge(key.len() + 48)?;
        Ok(self.seen.insert(key))
    }

    fn next_round(&mut self, state: &ExecState) {
        let table = Arc::new(std::mem::take(&mut self.next_table));
        self.done = table.is_empty();
        self.rounds += 1;
        state.outer.borrow_mut()[self.round] = Datum::Int8(self.rounds);
        state.shared.borrow_mut()[self.slot] = Some(Box::new(table));
        self.running = self.recursive.open(state);
    }
}

impl Operator for Run {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        while !self.done {
            state.cx.cancel.check()?;
            let Some(row) = self.running.next(state)? else {
                self.next_round(state);
                continue;
            };
            if self.is_new(state, &row)? {
                state.charge(row_bytes(&row))?;
                self.next_table.push(row.clone());
                return Ok(Some(row));
            }
        }
        Ok(None)
    }
}

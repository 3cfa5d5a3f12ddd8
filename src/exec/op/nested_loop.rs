//! Joins that run the right side once per left row: LATERAL, index lookups, conditions that are
//! not equalities.
//!
//! The left row's columns that the right side refers to are set as outer values before it is opened.
//! A right side that depends on nothing is read once and kept.

use super::filter::holds;
use super::{
    ExecState, JoinType, NodeRef, Operator, PlanNode, Program, Row, concat, joined_types,
    pad_right, row_bytes,
};
use crate::error::Result;
use crate::exec::explain::Description;
use crate::types::{Datum, Oid};
use std::sync::Arc;

pub(in crate::exec) struct NestedLoop {
    pub kind: JoinType,
    pub left: NodeRef,
    pub right: NodeRef,
    pub left_width: usize,
    pub right_width: usize,
    /// On the joined row.
    pub conditions: Arc<Vec<Program>>,
    /// What the right side needs of the left row, by number of outer value.
    pub captures: Arc<Vec<(usize, Program)>>,
    /// The right side depends on the left row: it cannot be kept.
    pub correlated: bool,
}

struct Run {
    kind: JoinType,
    left: Box<dyn Operator>,
    right: Right,
    left_width: usize,
    right_width: usize,
    conditions: Arc<Vec<Program>>,
    captures: Arc<Vec<(usize, Program)>>,
    current: Option<Row>,
    matched: bool,
    /// Right and full joins: which kept right rows found a partner.
    right_matched: Vec<bool>,
    /// Next unmatched right row to give, at the end.
    unmatched_at: usize,
    /// Bytes held before the right side's first run.
    held_bytes: Option<usize>,
}

enum Right {
    /// Opened anew for every left row.
    Rerun { node: NodeRef, running: Option<Box<dyn Operator>> },
    /// Read once.
    Kept { node: NodeRef, rows: Option<Vec<Row>>, at: usize },
}

impl PlanNode for NestedLoop {
    fn column_types(&self) -> Option<Vec<Oid>> {
        joined_types(self.kind, &self.left, &self.right)
    }

    fn describe(&self) -> Description {
        Description {
            join: Some(self.kind),
            ..Description::new("Nested Loop", &[&self.left, &self.right])
        }
    }

    fn open(&self, state: &ExecState) -> Box<dyn Operator> {
        let node = self.right.clone();
        let right = match self.correlated {
            true => Right::Rerun { node, running: None },
            false => Right::Kept { node, rows: None, at: 0 },
        };
        Box::new(Run {
            kind: self.kind,
            left: self.left.open(state),
            right,
            left_width: self.left_width,
            right_width: self.right_width,
            conditions: self.conditions.clone(),
            captures: self.captures.clone(),
            current: None,
            matched: false,
            right_matched: Vec::new(),
            unmatched_at: 0,
            held_bytes: None,
        })
    }
}

impl Right {
    fn restart(&mut self, state: &ExecState) {
        match self {
            Right::Rerun { node, running } => *running = Some(node.open(state)),
            Right::Kept { at, .. } => *at = 0,
        }
    }

    /// The next right row, and its number where rows are kept.
    fn next(&mut self, state: &ExecState) -> Result<Option<(Row, usize)>> {
        match self {
            Right::Rerun { running, .. } => match running {
                Some(running) => Ok(running.next(state)?.map(|row| (row, 0))),
                None => Ok(None),
            },
            Right::Kept { node, rows, at } => {
                if rows.is_none() {
                    *rows = Some(read_all(node, state)?);
                }
                let row = rows.as_ref().and_then(|rows| rows.get(*at)).cloned();
                *at += 1;
                Ok(row.map(|row| (row, *at - 1)))
            }
        }
    }
}

/// All rows of a plan.
pub(in crate::exec) fn read_all(node: &NodeRef, state: &ExecState) -> Result<Vec<Row>> {
    let mut running = node.open(state);
    let mut rows = Vec::new();
    while let Some(row) = running.next(state)? {
        state.charge(row_bytes(&row))?;
        rows.push(row);
    }
    Ok(rows)
}

impl Run {
    /// Moves to the next left row; `false` at the end.
    fn advance(&mut self, state: &ExecState) -> Result<bool> {
        state.cx.cancel.check()?;
        let Some(row) = self.left.next(state)? else { return Ok(false) };
        for (index, program) in self.captures.iter() {
            let value = program.eval(state, &row)?;
            state.outer.borrow_mut()[*index] = value;
        }
        (self.current, self.matched) = (Some(row), false);
        if let Right::Rerun { .. } = self.right {
            // The last run's operators are dropped, and what they held with them.
            let held = *self.held_bytes.get_or_insert(state.memory_bytes.get());
            state.memory_bytes.set(held);
        }
        self.right.restart(state);
        Ok(true)
    }

    /// The next pair of the current left row that satisfies the conditions.
    fn pair(&mut self, left: &[Datum], state: &ExecState) -> Result<Option<Row>> {
        while let Some((right, number)) = self.right.next(state)? {
            let joined = concat(left, &right);
            if holds(&self.conditions, state, &joined)? {
                self.matched = true;
                self.mark(number);
                return Ok(Some(joined));
            }
            state.cx.cancel.check()?;
        }
        Ok(None)
    }

    fn mark(&mut self, number: usize) {
        if matches!(self.kind, JoinType::Right | JoinType::Full) {
            if self.right_matched.len() <= number {
                self.right_matched.resize(number + 1, false);
            }
            self.right_matched[number] = true;
        }
    }

    /// Right rows without partner, padded on the left, after everything else.
    fn unmatched(&mut self, state: &ExecState) -> Result<Option<Row>> {
        if !matches!(self.kind, JoinType::Right | JoinType::Full) {
            return Ok(None);
        }
        loop {
            let Right::Kept { at, .. } = &mut self.right else { return Ok(None) };
            *at = self.unmatched_at;
            let Some((right, number)) = self.right.next(state)? else { return Ok(None) };
            self.unmatched_at += 1;
            if !self.right_matched.get(number).copied().unwrap_or(false) {
                return Ok(Some(concat(&vec![Datum::Null; self.left_width], &right)));
            }
        }
    }
}

impl Operator for Run {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        loop {
            let Some(left) = self.current.take() else {
                if self.advance(state)? {
                    continue;
                }
                return self.unmatched(state);
            };
            let pair = self.pair(&left, state)?;
            match (self.kind, pair) {
                (JoinType::Semi, Some(_)) => return Ok(Some(left)),
                (JoinType::Semi, None) | (JoinType::Anti, Some(_)) => {}
                (JoinType::Anti, None) => return Ok(Some(left)),
                (_, Some(joined)) => {
                    self.current = Some(left);
                    return Ok(Some(joined));
                }
                (JoinType::Left | JoinType::Full, None) if !self.matched => {
                    return Ok(Some(pad_right(left, self.right_width)));
                }
                _ => {}
            }
        }
    }
}

//! Equality joins: the right side is hashed by its key bytes, the left side probes.

use super::filter::holds;
use super::hash_join_lower::lower;
use super::{
    ByKey, ExecState, JoinType, KeyColumn, NodeRef, Operator, PlanNode, Program, Row, concat, df,
    encode_join_key, joined_types, pad_right, row_bytes,
};
use crate::error::Result;
use crate::exec::explain::Description;
use crate::types::{Datum, Oid};
use std::sync::Arc;

pub(in crate::exec) struct HashJoin {
    pub kind: JoinType,
    pub left: NodeRef,
    pub right: NodeRef,
    pub left_width: usize,
    pub right_width: usize,
    pub left_keys: Arc<Vec<KeyColumn>>,
    pub right_keys: Arc<Vec<KeyColumn>>,
    /// Further conditions on the joined row.
    pub conditions: Arc<Vec<Program>>,
    /// NOT IN: a NULL key on the right side leaves no row; a NULL key on the left leaves none
    /// unless the right side is empty.
    pub null_aware: bool,
}

/// The hashed right side.
#[derive(Default)]
struct Table {
    rows: Vec<Row>,
    /// Row numbers by key: `next[n]` chains rows of the same key.
    first: ByKey<usize>,
    next: Vec<usize>,
    matched: Vec<bool>,
    has_null_key: bool,
}

const END: usize = usize::MAX;

struct Run {
    plan: RunPlan,
    left: Box<dyn Operator>,
    right: Option<Box<dyn Operator>>,
    table: Table,
    /// The key of the left row, while it is looked for.
    key: Vec<u8>,
    current: Option<Row>,
    /// Next candidate of the current left row.
    candidate: usize,
    matched: bool,
    unmatched_at: usize,
}

struct RunPlan {
    kind: JoinType,
    left_width: usize,
    right_width: usize,
    left_keys: Arc<Vec<KeyColumn>>,
    right_keys: Arc<Vec<KeyColumn>>,
    conditions: Arc<Vec<Program>>,
    null_aware: bool,
}

impl PlanNode for HashJoin {
    fn column_types(&self) -> Option<Vec<Oid>> {
        joined_types(self.kind, &self.left, &self.right)
    }

    fn describe(&self) -> Description {
        Description {
            join: Some(self.kind),
            ..Description::new("Hash Join", &[&self.left, &self.right])
        }
    }

    fn open(&self, state: &ExecState) -> Box<dyn Operator> {
        Box::new(Run {
            plan: RunPlan {
                kind: self.kind,
                left_width: self.left_width,
                right_width: self.right_width,
                left_keys: self.left_keys.clone(),
                right_keys: self.right_keys.clone(),
                conditions: self.conditions.clone(),
                null_aware: self.null_aware,
            },
            left: self.left.open(state),
            right: Some(state.wanting(false, || self.right.open(state))),
            table: Table::default(),
            key: Vec::new(),
            current: None,
            candidate: END,
            matched: false,
            unmatched_at: 0,
        })
    }

    fn lower(&self, needed: &df::Needed, cx: &df::Lowering<'_>) -> Option<df::Lowered> {
        lower(self, needed, cx)
    }
}

impl Run {
    fn build(&mut self, state: &ExecState) -> Result<()> {
        let Some(mut right) = self.right.take() else { return Ok(()) };
        let keep_unmatched = matches!(self.plan.kind, JoinType::Right | JoinType::Full);
        // Chains give rows in the order in which they are linked: link at the tail.
        let mut tails: Vec<usize> = Vec::new();
        while let Some(row) = right.next(state)? {
            state.cx.cancel.check()?;
            let mut key = Vec::new();
            let joins = encode_join_key(&self.plan.right_keys, state, &row, &mut key)?;
            self.table.has_null_key |= !joins;
            if !joins && !keep_unmatched {
                continue;
            }
            state.charge(row_bytes(&row) + key.len())?;
            let number = self.table.rows.len();
            self.table.rows.push(row);
            self.table.next.push(END);
            tails.push(number);
            if joins {
                let head = *self.table.first.entry(key).or_insert(number);
                if head != number {
                    self.table.next[tails[head]] = number;
                    tails[head] = number;
                }
            }
        }
        self.table.matched = vec![false; self.table.rows.len()];
        Ok(())
    }

    /// Moves to the next left row; `false` at the end.
    fn advance(&mut self, state: &ExecState) -> Result<bool> {
        loop {
            state.cx.cancel.check()?;
            let Some(row) = self.left.next(state)? else { return Ok(false) };
            self.key.clear();
            let joins = encode_join_key(&self.plan.left_keys, state, &row, &mut self.key)?;
            let empty = self.table.rows.is_empty() && !self.table.has_null_key;
            if self.plan.null_aware && !empty && (self.table.has_null_key || !joins) {
                continue;
            }
            let first = joins.then(|| self.table.first.get(&self.key).copied()).flatten();
            (self.current, self.matched) = (Some(row), false);
            self.candidate = first.unwrap_or(END);
            return Ok(true);
        }
    }

    /// Joins a left row with its next partner. The last one takes the row's values along.
    fn pair(&mut self, left: &mut Row, state: &ExecState) -> Result<Option<Row>> {
        while self.candidate != END {
            let number = self.candidate;
            self.candidate = self.table.next[number];
            let right = &self.table.rows[number];
            let mut joined = match self.candidate {
                END => {
                    let mut joined = std::mem::take(left);
                    joined.extend_from_slice(right);
                    joined
                }
                _ => concat(left, right),
            };
            if holds(&self.plan.conditions, state, &joined)? {
                (self.matched, self.table.matched[number]) = (true, true);
                return Ok(Some(joined));
            }
            if self.candidate == END {
                joined.truncate(self.plan.left_width);
                *left = joined;
            }
        }
        Ok(None)
    }

    fn has_partner(&mut self, left: &[Datum], state: &ExecState) -> Result<bool> {
        while self.candidate != END {
            let number = self.candidate;
            self.candidate = self.table.next[number];
            let conditions = &self.plan.conditions;
            if conditions.is_empty()
                || holds(conditions, state, &concat(left, &self.table.rows[number]))?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn unmatched(&mut self) -> Option<Row> {
        if !matches!(self.plan.kind, JoinType::Right | JoinType::Full) {
            return None;
        }
        while self.unmatched_at < self.table.rows.len() {
            let number = self.unmatched_at;
            self.unmatched_at += 1;
            if !self.table.matched[number] {
                let nulls = vec![Datum::Null; self.plan.left_width];
                return Some(concat(&nulls, &self.table.rows[number]));
            }
        }
        None
    }
}

impl Operator for Run {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        self.build(state)?;
        loop {
            let Some(mut left) = self.current.take() else {
                if self.advance(state)? {
                    continue;
                }
                return Ok(self.unmatched());
            };
            let kind = self.plan.kind;
            if matches!(kind, JoinType::Semi | JoinType::Anti) {
                if self.has_partner(&left, state)? == (kind == JoinType::Semi) {
                    return Ok(Some(left));
                }
                continue;
            }
            if let Some(joined) = self.pair(&mut left, state)? {
                self.current = (self.candidate != END).then_some(left);
                return Ok(Some(joined));
            }
            if matches!(kind, JoinType::Left | JoinType::Full) && !self.matched {
                return Ok(Some(pad_right(left, self.plan.right_width)));
            }
        }
    }
}

//! Equality joins: the right side is hashed by its key bytes, the left side probes.

use super::filter::holds;
use super::{
    ExecState, JoinType, KeyColumn, NodeRef, Operator, PlanNode, Program, Row, concat, df,
    encode_join_key, pad_right, row_bytes,
};
use crate::error::Result;
use crate::exec::explain::Description;
use crate::types::{Datum, Oid};
use datafusion::common::{JoinSide, JoinType as Arrow, NullEquality};
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::joins::utils::{ColumnIndex, JoinFilter};
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};
use std::collections::HashMap;
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
    first: HashMap<Vec<u8>, usize>,
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
    fn describe(&self) -> Description {
        let name = match self.kind {
            JoinType::Inner => "Hash Join",
            JoinType::Left => "Hash Left Join",
            JoinType::Right => "Hash Right Join",
            JoinType::Full => "Hash Full Join",
            JoinType::Semi => "Hash Semi Join",
            JoinType::Anti => "Hash Anti Join",
        };
        Description::new(name, &[&self.left, &self.right])
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
            current: None,
            candidate: END,
            matched: false,
            unmatched_at: 0,
        })
    }

    /// DataFusion hashes its left input: ours are exchanged, and the columns put back in order.
    fn lower(&self, cx: &df::Lowering) -> Option<df::Lowered> {
        if self.null_aware {
            return None;
        }
        let (left, right) = (self.left.lower(cx)?, self.right.lower(cx)?);
        let (left_types, right_types) = (Arc::new(left.types), Arc::new(right.types));
        let on = vec![(
            df::key(&self.right_keys, true, &right_types, cx)?,
            df::key(&self.left_keys, true, &left_types, cx)?,
        )];
        let both = Arc::new([left_types.as_slice(), right_types.as_slice()].concat());
        let filter = self.join_filter(left_types.len(), &both, cx)?;
        let join_type = match self.kind {
            JoinType::Inner => Arrow::Inner,
            JoinType::Left => Arrow::Right,
            JoinType::Right => Arrow::Left,
            JoinType::Full => Arrow::Full,
            JoinType::Semi => Arrow::RightSemi,
            JoinType::Anti => Arrow::RightAnti,
        };
        let semi = matches!(self.kind, JoinType::Semi | JoinType::Anti);
        let order = (right_types.len()..both.len()).chain(0..right_types.len()).collect();
        let build = Arc::new(CoalescePartitionsExec::new(right.plan));
        let join = HashJoinExec::try_new(
            build,
            left.plan,
            on,
            filter,
            &join_type,
            (!semi).then_some(order),
            PartitionMode::CollectLeft,
            NullEquality::NullEqualsNothing,
            false,
        );
        let types = if semi { left_types.to_vec() } else { both.to_vec() };
        Some(df::Lowered { plan: Arc::new(join.ok()?), types })
    }
}

impl HashJoin {
    /// The further conditions, over rows of our left and right columns; `Some(None)`: there are none.
    #[allow(clippy::option_option)]
    fn join_filter(
        &self,
        left_width: usize,
        types: &Arc<Vec<Oid>>,
        cx: &df::Lowering,
    ) -> Option<Option<JoinFilter>> {
        let mut conditions = self.conditions.iter();
        let Some(first) = conditions.next() else { return Some(None) };
        // One condition at most: DataFusion would evaluate all sides of an AND.
        if conditions.next().is_some() {
            return None;
        }
        let (expression, _) = df::predicate(first, types, cx)?;
        let column = |n: usize| match n.checked_sub(left_width) {
            Some(index) => ColumnIndex { index, side: JoinSide::Left },
            None => ColumnIndex { index: n, side: JoinSide::Right },
        };
        let columns = (0..types.len()).map(column).collect();
        Some(Some(JoinFilter::new(expression, columns, df::schema(types))))
    }
}

impl Run {
    fn build(&mut self, state: &ExecState) -> Result<()> {
        let Some(mut right) = self.right.take() else { return Ok(()) };
        let keep_unmatched = matches!(self.plan.kind, JoinType::Right | JoinType::Full);
        // Chains give rows in the order in which they are linked: link at the tail.
        let mut tails: HashMap<usize, usize> = HashMap::new();
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
            if joins {
                let head = *self.table.first.entry(key).or_insert(number);
                if let Some(tail) = tails.insert(head, number) {
                    self.table.next[tail] = number;
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
            let mut key = Vec::new();
            let joins = encode_join_key(&self.plan.left_keys, state, &row, &mut key)?;
            let empty = self.table.rows.is_empty() && !self.table.has_null_key;
            if self.plan.null_aware && !empty && (self.table.has_null_key || !joins) {
                continue;
            }
            let first = joins.then(|| self.table.first.get(&key).copied()).flatten();
            (self.current, self.matched) = (Some(row), false);
            self.candidate = first.unwrap_or(END);
            return Ok(true);
        }
    }

    fn pair(&mut self, left: &[Datum], state: &ExecState) -> Result<Option<Row>> {
        while self.candidate != END {
            let number = self.candidate;
            self.candidate = self.table.next[number];
            let joined = concat(left, &self.table.rows[number]);
            if holds(&self.plan.conditions, state, &joined)? {
                (self.matched, self.table.matched[number]) = (true, true);
                return Ok(Some(joined));
            }
        }
        Ok(None)
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
            let Some(left) = self.current.take() else {
                if self.advance(state)? {
                    continue;
                }
                return Ok(self.unmatched());
            };
            let pair = self.pair(&left, state)?;
            match (self.plan.kind, pair) {
                (JoinType::Semi, Some(_)) | (JoinType::Anti, None) => return Ok(Some(left)),
                (JoinType::Semi, None) | (JoinType::Anti, Some(_)) => {}
                (_, Some(joined)) => {
                    self.current = Some(left);
                    return Ok(Some(joined));
                }
                (JoinType::Left | JoinType::Full, None) if !self.matched => {
                    return Ok(Some(pad_right(&left, self.plan.right_width)));
                }
                _ => {}
            }
        }
    }
}

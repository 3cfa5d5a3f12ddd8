//! Window functions of one window clause: rows are sorted by partition and order, each function's
//! value is appended to each row.

use super::window_frame::{Frame, Walk};
use super::{
    AggregateCall, ExecState, KeyColumn, NodeRef, Operator, PlanNode, Program, Row, encode_key,
    row_bytes,
};
use crate::error::{PgError, Result, SqlState, code};
use crate::exec::explain::Description;
use crate::functions::AggregateState;
use crate::types::Datum;
use std::ops::Range;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::exec) enum WindowKind {
    RowNumber,
    Rank,
    DenseRank,
    PercentRank,
    CumeDist,
    Ntile,
    Lag,
    Lead,
    FirstValue,
    LastValue,
    NthValue,
}

pub(in crate::exec) enum WindowCall {
    Function { kind: WindowKind, args: Vec<Program> },
    Aggregate(Box<AggregateCall>),
}

pub(in crate::exec) struct WindowNode {
    pub input: NodeRef,
    pub partition: Arc<Vec<KeyColumn>>,
    pub order: Arc<Vec<KeyColumn>>,
    pub frame: Arc<Frame>,
    pub calls: Arc<Vec<WindowCall>>,
}

struct Run {
    input: Option<Box<dyn Operator>>,
    partition: Arc<Vec<KeyColumn>>,
    order: Arc<Vec<KeyColumn>>,
    frame: Arc<Frame>,
    calls: Arc<Vec<WindowCall>>,
    output: std::vec::IntoIter<Row>,
}

impl PlanNode for WindowNode {
    fn describe(&self) -> Description {
        Description::new("WindowAgg", &[&self.input])
    }

    fn open(&self, state: &ExecState) -> Box<dyn Operator> {
        Box::new(Run {
            input: Some(state.wanting(false, || self.input.open(state))),
            partition: self.partition.clone(),
            order: self.order.clone(),
            frame: self.frame.clone(),
            calls: self.calls.clone(),
            output: Vec::new().into_iter(),
        })
    }
}

impl Operator for Run {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        if let Some(input) = self.input.take() {
            self.output = self.compute(input, state)?.into_iter();
        }
        Ok(self.output.next())
    }
}

/// A row with its partition's and its order's key.
struct Keyed {
    partition: Vec<u8>,
    order: Vec<u8>,
    row: Row,
}

impl Run {
    fn compute(&self, mut input: Box<dyn Operator>, state: &ExecState) -> Result<Vec<Row>> {
        let mut keyed = Vec::new();
        while let Some(row) = input.next(state)? {
            state.cx.cancel.check()?;
            let (mut partition, mut order) = (Vec::new(), Vec::new());
            encode_key(&self.partition, state, &row, &mut partition)?;
            encode_key(&self.order, state, &row, &mut order)?;
            state.charge(row_bytes(&row) + partition.len() + order.len())?;
            keyed.push(Keyed { partition, order, row });
        }
        keyed.sort_by(|a, b| (&a.partition, &a.order).cmp(&(&b.partition, &b.order)));
        let mut output = Vec::with_capacity(keyed.len());
        let mut keyed = keyed.into_iter().peekable();
        while let Some(first) = keyed.next() {
            let (mut rows, mut orders) = (vec![first.row], vec![first.order]);
            while let Some(next) = keyed.next_if(|k| k.partition == first.partition) {
                rows.push(next.row);
                orders.push(next.order);
            }
            self.partition_rows(rows, &orders, state, &mut output)?;
        }
        Ok(output)
    }

    fn partition_rows(
        &self,
        mut rows: Vec<Row>,
        orders: &[Vec<u8>],
        state: &ExecState,
        output: &mut Vec<Row>,
    ) -> Result<()> {
        let peers = peers(orders);
        let mut values: Vec<Vec<Datum>> = Vec::with_capacity(self.calls.len());
        for call in self.calls.iter() {
            values.push(match call {
                WindowCall::Function { kind, args } => {
                    let mut partition = Partition {
                        rows: &rows,
                        walk: self.frame.walk(&rows, &peers, state)?,
                        state,
                    };
                    partition.function(*kind, args)?
                }
                WindowCall::Aggregate(call) => {
                    let mut partition = Partition {
                        rows: &rows,
                        walk: self.frame.walk(&rows, &peers, state)?,
                        state,
                    };
                    partition.aggregate(call)?
                }
            });
        }
        for column in values {
            for (row, value) in rows.iter_mut().zip(column) {
                row.push(value);
            }
        }
        output.append(&mut rows);
        Ok(())
    }
}

/// Per row, the range of rows with the same order key.
fn peers(orders: &[Vec<u8>]) -> Vec<Range<usize>> {
    let mut peers = Vec::with_capacity(orders.len());
    while peers.len() < orders.len() {
        let start = peers.len();
        let same = orders[start..].iter().take_while(|key| **key == orders[start]).count();
        peers.extend(std::iter::repeat_n(start..start + same, same));
    }
    peers
}

/// One partition, for one function.
struct Partition<'a> {
    rows: &'a [Row],
    walk: Walk<'a>,
    state: &'a ExecState,
}

impl Partition<'_> {
    fn function(&mut self, kind: WindowKind, args: &[Program]) -> Result<Vec<Datum>> {
        let ntile = match kind {
            WindowKind::Ntile => self.ntile_buckets(args)?,
            _ => None,
        };
        let mut dense_rank = 0i64;
        let mut values = Vec::with_capacity(self.rows.len());
        for i in 0..self.rows.len() {
            self.state.cx.cancel.check()?;
            let peer = self.walk.peers[i].clone();
            dense_rank += i64::from(peer.start == i);
            let total = self.rows.len();
            values.push(match kind {
                WindowKind::RowNumber => int8(i + 1),
                WindowKind::Rank => int8(peer.start + 1),
                WindowKind::DenseRank => Datum::Int8(dense_rank),
                WindowKind::PercentRank if total == 1 => Datum::Float8(0.0),
                WindowKind::PercentRank => Datum::Float8(peer.start as f64 / (total - 1) as f64),
                WindowKind::CumeDist => Datum::Float8(peer.end as f64 / total as f64),
                WindowKind::Ntile => {
                    ntile.map_or(Datum::Null, |n| Datum::Int4(bucket(i, total, n)))
                }
                WindowKind::Lag => self.shifted(i, args, -1)?,
                WindowKind::Lead => self.shifted(i, args, 1)?,
                WindowKind::FirstValue => self.nth(i, args, Nth::First(0))?,
                WindowKind::LastValue => self.nth(i, args, Nth::Last)?,
                WindowKind::NthValue => match self.arg(i, args, 1)? {
                    Datum::Int4(n) => {
                        let n = positive(n, "nth_value", code::INVALID_ARGUMENT_FOR_NTH_VALUE)?;
                        self.nth(i, args, Nth::First(n - 1))?
                    }
                    _ => Datum::Null,
                },
            });
        }
        Ok(values)
    }

    fn arg(&self, row: usize, args: &[Program], n: usize) -> Result<Datum> {
        args.get(n).map_or(Ok(Datum::Null), |arg| arg.eval(self.state, &self.rows[row]))
    }

    /// NTILE's argument, taken from the partition's first row.
    fn ntile_buckets(&self, args: &[Program]) -> Result<Option<usize>> {
        match self.arg(0, args, 0)? {
            Datum::Int4(n) => positive(n, "ntile", code::INVALID_ARGUMENT_FOR_NTILE).map(Some),
            _ => Ok(None),
        }
    }

    /// LAG and LEAD: the value some rows away, else the default.
    fn shifted(&self, i: usize, args: &[Program], sign: i64) -> Result<Datum> {
        let offset = match args.len() {
            1 => 1,
            _ => match self.arg(i, args, 1)? {
                Datum::Int4(n) => i64::from(n),
                _ => return Ok(Datum::Null),
            },
        };
        let at = (i as i64).checked_add(sign * offset).and_then(|at| usize::try_from(at).ok());
        match at.filter(|at| *at < self.rows.len()) {
            Some(at) => self.arg(at, args, 0),
            None => self.arg(i, args, 2),
        }
    }

    fn nth(&mut self, i: usize, args: &[Program], nth: Nth) -> Result<Datum> {
        let frame = self.walk.bounds(i, self.state)?;
        let mut included = frame.filter(|j| !self.walk.excludes(i, *j));
        let at = match nth {
            Nth::First(n) => included.nth(n),
            Nth::Last => included.next_back(),
        };
        at.map_or(Ok(Datum::Null), |at| self.arg(at, args, 0))
    }

    /// An aggregate over each row's frame. While the frame only grows at its end the state is kept;
    /// where its start moves, rows are taken back out if the aggregate can, else it starts again.
    fn aggregate(&mut self, call: &AggregateCall) -> Result<Vec<Datum>> {
        let mut values: Vec<Datum> = Vec::with_capacity(self.rows.len());
        let mut running = call.start(self.state, &[])?;
        let mut covered = 0..0;
        let mut exact = false;
        for i in 0..self.rows.len() {
            self.state.cx.cancel.check()?;
            let frame = self.walk.bounds(i, self.state)?;
            if self.walk.has_exclusion() {
                let mut state = call.start(self.state, &[])?;
                for j in frame.filter(|j| !self.walk.excludes(i, *j)) {
                    self.update(call, &mut *state, j)?;
                }
                values.push(self.kept(state.finish(&call.ctx(self.state))?)?);
                continue;
            }
            if exact && frame == covered {
                let last = values.last().cloned().unwrap_or_default();
                values.push(last);
                continue;
            }
            if !self.shrink(call, &mut *running, &covered, &frame)? {
                running = call.start(self.state, &[])?;
                covered = frame.start..frame.start;
            }
            for j in covered.end.max(frame.start)..frame.end {
                self.update(call, &mut *running, j)?;
            }
            (covered, exact) = (frame, true);
            values.push(self.kept(running.finish(&call.ctx(self.state))?)?);
        }
        Ok(values)
    }

    /// A result that stays until its row is given out. Those of `string_agg` grow with each row.
    fn kept(&self, value: Datum) -> Result<Datum> {
        self.state.charge(value.memory_bytes())?;
        Ok(value)
    }

    /// Takes rows before the new frame out of the state; `false`: start again.
    fn shrink(
        &self,
        call: &AggregateCall,
        running: &mut dyn AggregateState,
        covered: &Range<usize>,
        frame: &Range<usize>,
    ) -> Result<bool> {
        if frame.end < covered.end || frame.start < covered.start || frame.start >= covered.end {
            return Ok(covered.is_empty() && frame.start == covered.start);
        }
        for j in covered.start..frame.start {
            if let Some(args) = call.arguments(self.state, &self.rows[j])?
                && !running.retract(&call.ctx(self.state), &args)?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn update(&self, call: &AggregateCall, to: &mut dyn AggregateState, row: usize) -> Result<()> {
        match call.arguments(self.state, &self.rows[row])? {
            Some(args) => to.update(&call.ctx(self.state), &args),
            None => Ok(()),
        }
    }
}

enum Nth {
    First(usize),
    Last,
}

fn int8(n: usize) -> Datum {
    Datum::Int8(n as i64)
}

fn positive(n: i32, function: &str, error: SqlState) -> Result<usize> {
    usize::try_from(n).ok().filter(|n| *n > 0).ok_or_else(|| {
        PgError::new(error, format!("argument of {function} must be greater than zero"))
    })
}

/// The bucket (from 1) of row `i` of `total` in `buckets`: the first `total % buckets` have one row
/// more.
fn bucket(i: usize, total: usize, buckets: usize) -> i32 {
    let (size, larger) = (total / buckets, total % buckets);
    let in_larger = larger * (size + 1);
    let bucket = match i < in_larger {
        true => i / (size + 1),
        false => larger + (i - in_larger) / size.max(1),
    };
    i32::try_from(bucket + 1).unwrap_or(i32::MAX)
}

//! A subtree that runs on DataFusion if it can; else its own inputs may try.

use super::columns::{Needed, Place};
use super::lowering::{Inexact, Lowering};
use super::runtime::{pg_error, task_context, threads};
use crate::error::{PgError, Result};
use crate::exec::op::NodeRef;
use crate::exec::{ExecState, Operator, Row, block_on};
use crate::types::{Datum, arrow};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::config::ConfigOptions;
use datafusion::error::DataFusionError;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::filter_pushdown::FilterPushdown;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::StreamExt;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Batches that the plan may be ahead of its reader.
const BATCHES_AHEAD: usize = 2;

/// Cost from which DataFusion is worth starting.
const COST_MIN: f64 = 25_000.0;

/// A running node that tries DataFusion first; `None`: not worth it. `force_parallel_mode` makes it
/// always so: tests compare both engines by it.
pub(in crate::exec) fn columnar(node: &NodeRef, state: &ExecState) -> Option<Box<dyn Operator>> {
    let big = node.estimate.cost > COST_MIN && !state.wants_few_rows();
    let worthwhile = big || state.cx.force_parallel;
    worthwhile.then(|| Box::new(Run::Waiting { node: node.clone(), exact: false }) as _)
}

enum Run {
    /// Not started.
    Waiting {
        node: NodeRef,
        /// See [`super::lowering`].
        exact: bool,
    },
    /// On row operators.
    Rows(Box<dyn Operator>),
    /// On DataFusion.
    Batches(Batches),
}

struct Batches {
    node: NodeRef,
    receiver: mpsc::Receiver<std::result::Result<RecordBatch, Failure>>,
    /// The plan's task; dropping this ends it, in the middle of whatever it does.
    task: JoinSet<()>,
    /// Where each column of a row is.
    columns: Vec<Place>,
    current: Option<RecordBatch>,
    /// Next row of the current batch.
    at: usize,
    /// A batch has come.
    begun: bool,
}

/// Why a plan ends early.
enum Failure {
    Error(PgError),
    /// It is to start anew.
    Inexact,
}

impl From<DataFusionError> for Failure {
    fn from(error: DataFusionError) -> Failure {
        match error.find_root() {
            DataFusionError::External(source) if source.is::<Inexact>() => Failure::Inexact,
            _ => Failure::Error(pg_error(error)),
        }
    }
}

/// Starts a node, on DataFusion if it can be lowered.
fn start(node: &NodeRef, exact: bool, state: &ExecState) -> Result<Run> {
    let rows = || Ok(Run::Rows(node.operator().open(state)));
    let width = node.estimate.columns;
    let cx = Lowering::new(state, exact);
    let Some(lowered) = node.lower_whole(&Needed::all(width), &cx) else { return rows() };
    let columns = (0..width).map(|slot| lowered.columns.get(slot)).collect::<Option<Vec<_>>>();
    let Some(columns) = columns else { return rows() };
    // An error may be of a row that nobody would have asked for.
    if cx.gathered().iter().try_for_each(|rows| rows.fill(state)).is_err() {
        state.cx.cancel.check()?;
        return rows();
    }
    let plan = push_down(lowered.plan)?;
    let context = task_context()?;
    let (sender, receiver) = mpsc::channel(BATCHES_AHEAD);
    let run = async move {
        let mut stream = match execute_stream(plan, context) {
            Ok(stream) => stream,
            Err(error) => {
                // The reader may be gone; then nobody wants the error.
                let _ = sender.send(Err(error.into())).await;
                return;
            }
        };
        while let Some(batch) = stream.next().await {
            if sender.send(batch.map_err(Failure::from)).await.is_err() {
                return;
            }
        }
    };
    let mut task = JoinSet::new();
    task.spawn_on(run, threads()?.handle());
    Ok(Run::Batches(Batches {
        node: node.clone(),
        receiver,
        task,
        columns,
        current: None,
        at: 0,
        begun: false,
    }))
}

/// Moves filters to the scans that take them, and has joins and bounded sorts tell scans, while they
/// run, which rows are of no use. No other rule of DataFusion's optimizer touches the plan.
fn push_down(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let options = ConfigOptions::new();
    let plan = FilterPushdown::new().optimize(plan, &options).map_err(pg_error)?;
    FilterPushdown::new_post_optimization().optimize(plan, &options).map_err(pg_error)
}

impl Operator for Run {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        loop {
            match self {
                Run::Waiting { node, exact } => *self = start(&node.clone(), *exact, state)?,
                Run::Rows(running) => return running.next(state),
                Run::Batches(batches) => {
                    if let Some(row) = batches.row() {
                        return Ok(Some(row));
                    }
                    match block_on(&state.cx.cancel, batches.receiver.recv())? {
                        None => {
                            batches.ended(state)?;
                            return Ok(None);
                        }
                        Some(Ok(batch)) => {
                            (batches.current, batches.at, batches.begun) = (Some(batch), 0, true);
                        }
                        Some(Err(Failure::Error(error))) => return Err(error),
                        Some(Err(Failure::Inexact)) if batches.begun => {
                            return Err(PgError::internal("a decimal did not fit after rows"));
                        }
                        Some(Err(Failure::Inexact)) => {
                            *self = Run::Waiting { node: batches.node.clone(), exact: true };
                        }
                    }
                }
            }
        }
    }
}

impl Batches {
    /// The plan has given its last batch: it has not ended by a panic.
    fn ended(&mut self, state: &ExecState) -> Result<()> {
        match block_on(&state.cx.cancel, self.task.join_next())? {
            Some(Err(error)) => Err(PgError::internal(error.to_string())),
            _ => Ok(()),
        }
    }

    /// The next row of the current batch.
    fn row(&mut self) -> Option<Row> {
        let batch = self.current.as_ref().filter(|batch| self.at < batch.num_rows())?;
        self.at += 1;
        let value = |p: &Place| arrow::datum_at(batch.column(p.at), self.at - 1, p.ty);
        Some(self.columns.iter().map(value).collect::<Vec<Datum>>())
    }
}

//! A subtree that runs on DataFusion if it can; else its own inputs may try.

use super::expr::Lowering;
use super::runtime::{pg_error, task_context, threads};
use crate::error::Result;
use crate::exec::op::NodeRef;
use crate::exec::{ExecState, Operator, Row, block_on};
use crate::types::{Datum, Oid, arrow};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::physical_plan::execute_stream;
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Batches that the plan may be ahead of its reader.
const BATCHES_AHEAD: usize = 2;

/// Cost from which DataFusion is worth starting.
const COST_MIN: f64 = 25_000.0;

/// A running node that tries DataFusion first; `None`: not worth it.
pub(in crate::exec) fn columnar(node: &NodeRef, state: &ExecState) -> Option<Box<dyn Operator>> {
    let worthwhile = node.estimate.cost > COST_MIN && !state.wants_few_rows();
    worthwhile.then(|| Box::new(Run::Waiting(node.clone())) as Box<dyn Operator>)
}

enum Run {
    /// Not started.
    Waiting(NodeRef),
    /// On row operators.
    Rows(Box<dyn Operator>),
    /// On DataFusion.
    Batches {
        batches: mpsc::Receiver<Result<RecordBatch>>,
        /// The plan's task; dropping this ends it, in the middle of whatever it does.
        _task: JoinSet<()>,
        types: Vec<Oid>,
        current: Option<RecordBatch>,
        at: usize,
    },
}

/// Starts a node, on DataFusion if it can be lowered.
fn start(node: &NodeRef, state: &ExecState) -> Result<Run> {
    let Some(lowered) = node.lower(&Lowering::new(state)) else {
        return Ok(Run::Rows(node.operator().open(state)));
    };
    let context = task_context()?;
    let (sender, batches) = mpsc::channel(BATCHES_AHEAD);
    let plan = lowered.plan;
    let run = async move {
        let mut stream = match execute_stream(plan, context) {
            Ok(stream) => stream,
            Err(error) => {
                // The reader may be gone; then nobody wants the error.
                let _ = sender.send(Err(pg_error(error))).await;
                return;
            }
        };
        while let Some(batch) = stream.next().await {
            if sender.send(batch.map_err(pg_error)).await.is_err() {
                return;
            }
        }
    };
    let mut task = JoinSet::new();
    task.spawn_on(run, threads()?.handle());
    Ok(Run::Batches { batches, _task: task, types: lowered.types, current: None, at: 0 })
}

impl Operator for Run {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        loop {
            match self {
                Run::Waiting(node) => *self = start(&node.clone(), state)?,
                Run::Rows(running) => return running.next(state),
                Run::Batches { batches, types, current, at, .. } => {
                    if let Some(batch) = current
                        && *at < batch.num_rows()
                    {
                        *at += 1;
                        return Ok(Some(row(batch, *at - 1, types)));
                    }
                    match block_on(&state.cx.cancel, batches.recv())? {
                        Some(batch) => (*current, *at) = (Some(batch?), 0),
                        None => return Ok(None),
                    }
                }
            }
        }
    }
}

fn row(batch: &RecordBatch, at: usize, types: &[Oid]) -> Row {
    let columns = batch.columns().iter().zip(types);
    columns
        .map(|(array, type_oid)| arrow::datum_at(&**array, at, *type_oid))
        .collect::<Vec<Datum>>()
}

//! Starting a plan and reading its rows.
//!
//! Small plans run where they are called, a batch of rows per call: a point query never leaves its
//! thread. Plans that are estimated to read much run on a thread of the blocking pool and send
//! batches through a channel, so that they do not stall other sessions' tasks.

use super::op::Store;
use super::plan::Root;
use super::{ExecState, Operator, Plan, Row, StatementContext, dml};
use crate::error::Result;
use crate::types::Datum;
use datafusion::arrow::record_batch::RecordBatch;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Rows per batch.
const BATCH_ROWS: usize = 256;

/// Batches that a big query may be ahead of its reader.
const BATCHES_AHEAD: usize = 4;

/// Estimated rows from which a query runs apart.
const BIG_PLAN_ROWS: f64 = 20_000.0;

/// A started statement.
pub struct Execution {
    pub rows: RowStream,
    /// INSERT, UPDATE, DELETE: rows affected. DML has run to its end before `execute` returns, as in
    /// PostgreSQL, also where RETURNING's rows are fetched later.
    pub affected: Option<u64>,
}

/// Rows as they come.
pub enum RowBatch {
    Rows(Vec<Row>),
    Arrow(RecordBatch),
}

/// The rows of a running statement; dropping it stops the statement.
pub struct RowStream(Source);

enum Source {
    /// Runs in the caller's thread.
    Here { running: Box<dyn Operator>, state: Box<ExecState> },
    /// Runs in a thread of its own.
    Apart(mpsc::Receiver<Result<Vec<Row>>>),
    /// All there.
    Done(Option<Vec<Row>>),
}

impl RowStream {
    /// At least one more row, or `None` at the end.
    pub async fn next(&mut self) -> Result<Option<RowBatch>> {
        let rows = match &mut self.0 {
            Source::Here { running, state } => batch(&mut **running, state)?,
            Source::Apart(batches) => batches.recv().await.transpose()?.unwrap_or_default(),
            Source::Done(rows) => rows.take().unwrap_or_default(),
        };
        Ok((!rows.is_empty()).then_some(RowBatch::Rows(rows)))
    }
}

/// The next rows, none at the end.
fn batch(running: &mut dyn Operator, state: &ExecState) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    while rows.len() < BATCH_ROWS {
        match running.next(state)? {
            Some(row) => rows.push(row),
            None => break,
        }
    }
    Ok(rows)
}

/// Starts a plan. DML runs to its end here; SELECT runs as its rows are read.
pub async fn execute(
    plan: &Arc<Plan>,
    params: Vec<Datum>,
    cx: Arc<StatementContext>,
) -> Result<Execution> {
    let mut state = Box::new(plan.state(cx, params.into()));
    for (slot, modify) in &plan.modifying {
        let modified = modify.run(&mut state).await?;
        state.shared.get_mut()[*slot] = Some(Box::new(Store::complete(modified.rows)));
    }
    match &plan.root {
        Root::Modify(modify) => {
            let modified = modify.run(&mut state).await?;
            dml::finish_statement(&state)?;
            let rows = RowStream(Source::Done(Some(modified.rows)));
            Ok(Execution { rows, affected: Some(modified.affected) })
        }
        Root::Rows(node) => {
            dml::finish_statement(&state)?;
            let running = node.open();
            let source = match plan.cost > BIG_PLAN_ROWS {
                true => Source::Apart(run_apart(running, state)),
                false => Source::Here { running, state },
            };
            Ok(Execution { rows: RowStream(source), affected: None })
        }
    }
}

/// Runs a query in a thread of its own. It ends when its reader is gone.
fn run_apart(
    mut running: Box<dyn Operator>,
    state: Box<ExecState>,
) -> mpsc::Receiver<Result<Vec<Row>>> {
    let (sender, receiver) = mpsc::channel(BATCHES_AHEAD);
    tokio::task::spawn_blocking(move || {
        loop {
            let next = batch(&mut *running, &state);
            let last = !matches!(&next, Ok(rows) if !rows.is_empty());
            if sender.blocking_send(next).is_err() || last {
                return;
            }
        }
    });
    receiver
}

/// Waits for a future where code is not async: a lock taken in the middle of a query. The thread's
/// other tasks move elsewhere meanwhile.
pub(in crate::exec) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let handle = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| handle.block_on(future))
}

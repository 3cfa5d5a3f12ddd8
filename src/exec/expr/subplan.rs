//! Subqueries inside expressions.
//!
//! A subplan is run when its value is needed: the columns of outer rows that it refers to are copied
//! into [`ExecState::outer`], then its operators are opened and read as far as the kind needs. The
//! last result is kept with the outer values it was computed for, so an uncorrelated subquery runs
//! once, and one correlated by few values seldom.

use super::eval::{self, Eval};
use super::{Program, array};
use crate::error::{PgError, Result, code};
use crate::exec::op::NodeRef;
use crate::exec::{ExecState, Row};
use crate::types::{Datum, Oid};
use std::sync::Arc;

pub(in crate::exec) enum SubPlanKind {
    Exists,
    Scalar,
    /// Its element type, and whether the subquery's column is itself an array.
    Array {
        element_type: Oid,
        nested: bool,
    },
    /// `test` is evaluated on the outer row followed by a row of the subquery.
    Any(Program),
    All(Program),
    /// `(a, b) < (SELECT …)`: the test on the one row.
    RowCompare(Program),
}

pub(in crate::exec) struct SubPlan {
    pub kind: SubPlanKind,
    pub plan: NodeRef,
    /// Outer columns to set: where in [`ExecState::outer`], and their value on the current row.
    pub captures: Vec<(usize, Program)>,
    /// All outer columns that the subquery's result depends on.
    pub depends_on: Vec<usize>,
    /// Volatile functions inside: a correlated run is never reused.
    pub volatile: bool,
    /// Where in [`ExecState::shared`] the last result is.
    pub cache: usize,
}

/// The last run: the outer values, then what it gave.
struct Cached {
    outer: Vec<Datum>,
    result: Output,
}

/// What a run gives: a value, or for ANY and ALL the rows to test.
#[derive(Clone)]
enum Output {
    Value(Datum),
    Rows(Arc<Vec<Row>>),
}

impl SubPlan {
    /// Whether the subquery has one value for all rows.
    pub fn is_constant(&self) -> bool {
        let value = matches!(self.kind, SubPlanKind::Exists | SubPlanKind::Scalar);
        value && self.captures.is_empty() && self.depends_on.is_empty() && !self.volatile
    }

    /// The value of a constant subquery.
    pub fn value(&self, state: &ExecState) -> Result<Datum> {
        match self.output(state)? {
            Output::Value(value) => Ok(value),
            Output::Rows(_) => Err(PgError::internal("a subquery gave rows for a value")),
        }
    }

    pub fn eval(&self, cx: &Eval<'_>) -> Result<Datum> {
        for (index, program) in &self.captures {
            let value = program.root.eval(cx)?;
            cx.state.outer.borrow_mut()[*index] = value;
        }
        match (self.output(cx.state)?, &self.kind) {
            (Output::Value(value), _) => Ok(value),
            (Output::Rows(rows), SubPlanKind::Any(test)) => quantified(&rows, test, true, cx),
            (Output::Rows(rows), SubPlanKind::All(test)) => quantified(&rows, test, false, cx),
            (Output::Rows(rows), SubPlanKind::RowCompare(test)) => match rows.first() {
                Some(row) => on_row(test, row, cx),
                None => Ok(Datum::Null),
            },
            _ => Err(PgError::internal("a subquery gave rows for a value")),
        }
    }

    /// The last result if the outer values are the same, else a new run's.
    fn output(&self, state: &ExecState) -> Result<Output> {
        if self.is_constant()
            && let Some(value) = state.known.get(self.cache)
        {
            return Ok(Output::Value(value));
        }
        let outer: Vec<Datum> = {
            let values = state.outer.borrow();
            self.depends_on.iter().map(|&i| values[i].clone()).collect()
        };
        if let Some(Some(slot)) = state.shared.borrow().get(self.cache)
            && let Some(cached) = slot.downcast_ref::<Cached>()
            && cached.outer == outer
            && (outer.is_empty() || !self.volatile)
        {
            return Ok(cached.result.clone());
        }
        let result = self.run(state)?;
        let cached = Cached { outer, result: result.clone() };
        state.shared.borrow_mut()[self.cache] = Some(Box::new(cached));
        Ok(result)
    }

    /// What the run's operators held is free again after it.
    fn run(&self, state: &ExecState) -> Result<Output> {
        let held = state.memory_bytes.get();
        let output = self.read(state);
        state.memory_bytes.set(held);
        output
    }

    fn read(&self, state: &ExecState) -> Result<Output> {
        state.cx.cancel.check()?;
        let few = matches!(self.kind, SubPlanKind::Exists);
        let mut rows = state.wanting(few, || self.plan.open(state));
        match &self.kind {
            SubPlanKind::Exists => Ok(Output::Value(Datum::Bool(rows.next(state)?.is_some()))),
            SubPlanKind::Scalar => {
                let value = rows.next(state)?.and_then(|row| row.into_iter().next());
                if value.is_some() && rows.next(state)?.is_some() {
                    return Err(more_than_one_row());
                }
                Ok(Output::Value(value.unwrap_or_default()))
            }
            SubPlanKind::RowCompare(_) => {
                let row = rows.next(state)?;
                if row.is_some() && rows.next(state)?.is_some() {
                    return Err(more_than_one_row());
                }
                Ok(Output::Rows(Arc::new(row.into_iter().collect())))
            }
            SubPlanKind::Array { element_type, nested } => {
                let mut elements = Vec::new();
                while let Some(row) = rows.next(state)? {
                    elements.extend(row.into_iter().next());
                }
                Ok(Output::Value(match nested {
                    true => array::accumulate_arrays(*element_type, &elements)?,
                    false => eval::collect_array(*element_type, elements),
                }))
            }
            SubPlanKind::Any(_) | SubPlanKind::All(_) => {
                let mut all = Vec::new();
                while let Some(row) = rows.next(state)? {
                    all.push(row);
                }
                Ok(Output::Rows(Arc::new(all)))
            }
        }
    }
}

fn more_than_one_row() -> PgError {
    PgError::new(
        code::CARDINALITY_VIOLATION,
        "more than one row returned by a subquery used as an expression",
    )
}

fn on_row(test: &Program, row: &[Datum], cx: &Eval<'_>) -> Result<Datum> {
    let joined: Row = cx.row.iter().chain(row).cloned().collect();
    test.root.eval(&Eval { row: &joined, ..*cx })
}

/// OR of the test over the rows for ANY, AND for ALL; NULL is unknown.
fn quantified(rows: &[Row], test: &Program, any: bool, cx: &Eval<'_>) -> Result<Datum> {
    let width = cx.row.len();
    let mut joined: Row = cx.row.to_vec();
    let mut unknown = false;
    for row in rows {
        joined.truncate(width);
        joined.extend_from_slice(row);
        match test.root.eval(&Eval { row: &joined, ..*cx })? {
            Datum::Bool(b) if b == any => return Ok(Datum::Bool(any)),
            Datum::Bool(_) => {}
            _ => unknown = true,
        }
    }
    Ok(if unknown { Datum::Null } else { Datum::Bool(!any) })
}

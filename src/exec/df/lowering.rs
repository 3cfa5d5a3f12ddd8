//! What lowering a plan knows, and what it decides once for the whole plan.
//!
//! Parameters, outer values and the values of subqueries that depend on nothing are constants of one
//! execution: [`Lowering`] reads them, or has them computed, when the plan starts.
//!
//! # Decimals that may not fit
//!
//! Products of decimals may have more digits than Decimal128 holds, though real values hardly ever
//! do. Where that can happen a plan computes with Decimal128 nevertheless, and checks: a value that
//! does not fit ends the run with [`Inexact`], and the whole plan starts anew with `exact` set, when
//! such expressions run as row programs on numerics of any length. That is sound only if nobody has
//! seen a row yet, so it is done only below an operator that reads all its input before it gives
//! anything: [`Lowering::below_breaker`] says where those are.

use super::row_expr::Bindings;
use super::rows::RowsExec;
use crate::exec::expr::{Reads, SubPlan};
use crate::exec::op::NodeRef;
use crate::exec::{CancelToken, ExecState, StatementContext};
use crate::storage::ReadView;
use crate::types::Datum;
use crate::types::arrow::ColumnType;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::Arc;

/// One plan's lowering.
pub(in crate::exec) struct Lowering<'a> {
    running: &'a ExecState,
    bindings: Arc<Bindings>,
    pub view: ReadView,
    /// The plan must not compute with decimals that may not fit.
    exact: bool,
    /// What is being lowered is read to its end before the plan gives a row.
    below_breaker: Cell<bool>,
    /// Something beside it may have given rows by then.
    beside_rows: Cell<bool>,
    /// Columns named so far.
    named: Cell<usize>,
    /// Row operators to be read before the plan starts.
    gathered: RefCell<Vec<Arc<RowsExec>>>,
}

impl<'a> Lowering<'a> {
    pub fn new(state: &'a ExecState, exact: bool) -> Lowering<'a> {
        let outer = state.outer.borrow().clone();
        let bindings = Bindings {
            cx: state.cx.clone(),
            params: state.params.clone(),
            outer,
            known: state.known.clone(),
        };
        Lowering {
            running: state,
            bindings: Arc::new(bindings),
            view: state.view.clone(),
            exact,
            below_breaker: Cell::new(false),
            beside_rows: Cell::new(false),
            named: Cell::new(0),
            gathered: RefCell::default(),
        }
    }

    pub(super) fn bindings(&self) -> &Arc<Bindings> {
        &self.bindings
    }

    /// Where EXPLAIN ANALYZE notes what ran.
    pub fn measurements(&self) -> Option<&crate::exec::explain::Measurements> {
        self.bindings.cx.measurements.as_deref()
    }

    pub fn cancel(&self) -> CancelToken {
        self.context().cancel.clone()
    }

    fn context(&self) -> &StatementContext {
        &self.bindings.cx
    }

    /// A name that no other column of the plan has: DataFusion moves filters from operator to operator
    /// by name.
    pub fn name(&self) -> String {
        self.named.set(self.named.get() + 1);
        format!("c{}", self.named.get())
    }

    /// Columns of these types with names of their own.
    pub fn schema(&self, types: &[ColumnType]) -> SchemaRef {
        let field = |ty: &ColumnType| ty.field(&self.name());
        Arc::new(Schema::new(types.iter().map(field).collect::<Vec<_>>()))
    }

    /// Has the rows of an operator read before the plan starts.
    pub(super) fn gather(&self, rows: Arc<RowsExec>) {
        self.gathered.borrow_mut().push(rows);
    }

    /// What is to be read now.
    pub(super) fn gathered(self) -> Vec<Arc<RowsExec>> {
        self.gathered.into_inner()
    }

    /// A fresh state, for evaluating key bounds.
    pub fn state(&self) -> ExecState {
        self.bindings.state()
    }

    /// Lowers what an operator reads to its end before it gives its first row.
    pub fn below_breaker<T>(&self, lower: impl FnOnce() -> T) -> T {
        let around = self.below_breaker.replace(true);
        let lowered = lower();
        self.below_breaker.set(around);
        lowered
    }

    /// Lowers inputs that are read one beside the other: while one is read to its end, another may
    /// give rows, unless something above keeps them back.
    pub fn beside<T>(&self, lower: impl FnOnce() -> T) -> T {
        let seen = self.beside_rows.get() || !self.below_breaker.get();
        let around = self.beside_rows.replace(seen);
        let lowered = lower();
        self.beside_rows.set(around);
        lowered
    }

    /// Whether a value that does not fit may end the run.
    pub fn may_restart(&self) -> bool {
        !self.exact && self.below_breaker.get() && !self.beside_rows.get()
    }

    /// Whether a plan of one row, which depends on nothing, gives NULL.
    pub(super) fn is_null(&self, plan: &NodeRef) -> bool {
        let row = plan.open_rows(self.running).next(self.running);
        matches!(row, Ok(Some(row)) if row.first().is_none_or(Datum::is_null))
    }

    pub(super) fn param(&self, index: usize) -> Option<&Datum> {
        self.bindings.params.get(index)
    }

    pub(super) fn outer(&self, index: usize) -> Option<&Datum> {
        self.bindings.outer.get(index)
    }

    /// Has the subqueries that an expression reads computed; `None` where one fails: the row
    /// operators find out whether its value is needed at all.
    pub(super) fn compute(&self, reads: &Reads<'_>) -> Option<()> {
        reads.sub_plans.iter().try_for_each(|plan| self.sub_plan(plan).map(|_| ()))
    }

    /// The value of a subquery that depends on no row of the plan.
    pub(super) fn sub_plan(&self, plan: &SubPlan) -> Option<Datum> {
        if let Some(value) = self.running.known.get(plan.cache) {
            return Some(value);
        }
        let value = plan.value(self.running).ok()?;
        self.running.known.set(plan.cache, value.clone());
        Some(value)
    }
}

/// A decimal does not fit: see the module's text.
#[derive(Debug)]
pub(super) struct Inexact;

impl fmt::Display for Inexact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a decimal has more digits than Decimal128 holds")
    }
}

impl std::error::Error for Inexact {}

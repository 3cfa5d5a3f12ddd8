//! COPY FROM's write path: rows of some columns, one after the other.
//!
//! The rest of each row is filled with defaults, as an INSERT that does not name the columns would.
//! All rows are one statement: what they make due (foreign keys) is checked at its end, or, where
//! no later row can change the outcome, now and then, so that a long load does not queue up.

use super::defaults::default_of;
use super::{Target, finish_statement};
use crate::catalog::{Catalog, Relation};
use crate::error::Result;
use crate::exec::expr::Program;
use crate::exec::{ExecState, Layout, Row, StatementContext};
use crate::nodes::{AttrNumber, Expr};
use crate::types::Datum;
use std::sync::Arc;

/// A table ready to be filled.
pub struct BulkInsert {
    target: Target,
    /// For each value given, its place in the row.
    places: Vec<usize>,
    /// Places that are not given, and what fills them.
    defaults: Vec<(usize, Program)>,
    /// COPY … WHERE.
    filter: Option<Program>,
}

impl BulkInsert {
    /// `columns` are those whose values will be given, in order; `filter` is over the whole row.
    pub fn compile(
        catalog: &Catalog,
        table: &Arc<Relation>,
        columns: &[AttrNumber],
        filter: Option<&Expr>,
    ) -> Result<BulkInsert> {
        let target = Target::compile(catalog, table)?;
        let mut defaults = Vec::new();
        for column in table.live_columns() {
            let given = columns.contains(&column.attno) || column.generated;
            if !given {
                let expr = default_of(catalog, table, column);
                let program = Program::compile(&expr, &Layout::default(), catalog)?;
                defaults.push((place(column.attno), program));
            }
        }
        let layout = super::target::row_layout(table);
        let filter = filter.map(|expr| Program::compile(expr, &layout, catalog)).transpose()?;
        let places = columns.iter().map(|attno| place(*attno)).collect();
        Ok(BulkInsert { target, places, defaults, filter })
    }

    /// Starts loading, inside a statement of the transaction.
    pub fn start(self, cx: Arc<StatementContext>) -> BulkLoad {
        let table = self.target.relation().oid;
        let refers_to_itself = self.target.outgoing.iter().any(|key| key.key.references == table);
        let state = ExecState::new(cx, Arc::from([]));
        BulkLoad { insert: self, state, check_early: !refers_to_itself, unchecked: 0 }
    }

    fn insert_row(&self, state: &ExecState, values: Row) -> Result<bool> {
        state.cx.cancel.check()?;
        let mut row = vec![Datum::Null; self.target.relation().columns.len()];
        for (value, place) in values.into_iter().zip(&self.places) {
            row[*place] = value;
        }
        for (place, program) in &self.defaults {
            row[*place] = program.eval(state, &[])?;
        }
        if let Some(filter) = &self.filter
            && !filter.is_true(state, &row)?
        {
            return Ok(false);
        }
        self.target.complete(state, &mut row)?;
        self.target.insert(state, row)?;
        Ok(true)
    }
}

/// A load under way.
pub struct BulkLoad {
    insert: BulkInsert,
    state: ExecState,
    /// No row's check depends on rows to come.
    check_early: bool,
    /// Rows since the last check.
    unchecked: usize,
}

impl BulkLoad {
    /// Inserts a row; `false` where COPY's WHERE leaves it out.
    pub fn insert(&mut self, values: Row) -> Result<bool> {
        self.unchecked += 1;
        self.insert.insert_row(&self.state, values)
    }

    /// Runs the checks that are due by now.
    pub fn check(&mut self) -> Result<()> {
        if self.check_early && self.unchecked >= CHECKED_ROWS {
            self.unchecked = 0;
            finish_statement(&self.state)?;
        }
        Ok(())
    }

    /// Runs the checks that are left.
    pub fn finish(self) -> Result<()> {
        finish_statement(&self.state)
    }
}

/// Rows between early checks.
const CHECKED_ROWS: usize = 1000;

fn place(attno: AttrNumber) -> usize {
    usize::try_from(attno - 1).expect("user columns count from 1")
}

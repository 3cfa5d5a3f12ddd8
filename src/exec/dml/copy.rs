//! COPY FROM's write path: rows of some columns, inserted in batches.
//!
//! The rest of each row is filled with defaults, as an INSERT that does not name the columns would.

use super::defaults::default_of;
use super::{Target, finish_statement};
use crate::catalog::{Catalog, Relation};
use crate::error::{PgError, Result};
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

/// What failed, and at which row of the batch; `None`: a check at the batch's end.
pub struct BulkError {
    pub row: Option<usize>,
    pub error: PgError,
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

    /// Inserts a batch, inside a statement of the transaction; gives the number inserted.
    pub fn insert(&self, cx: &Arc<StatementContext>, rows: Vec<Row>) -> Result<u64, BulkError> {
        let state = ExecState::new(cx.clone(), Arc::from([]));
        let mut inserted = 0;
        for (at, values) in rows.into_iter().enumerate() {
            match self.insert_row(&state, values) {
                Ok(kept) => inserted += u64::from(kept),
                Err(error) => return Err(BulkError { row: Some(at), error }),
            }
        }
        finish_statement(&state).map_err(|error| BulkError { row: None, error })?;
        Ok(inserted)
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

fn place(attno: AttrNumber) -> usize {
    usize::try_from(attno - 1).expect("user columns count from 1")
}

//! COPY FROM's write path: rows of some columns, one after the other.
//!
//! The rest of each row is filled with defaults, as an INSERT that does not name the columns would.
//! All rows are one statement: what they make due is checked at its end, or, for foreign keys where
//! no later row can change the outcome, now and then, so that a long load does not queue up.
//!
//! Rows gather in batches as large as PostgreSQL's, whose keys are claimed together. Where a whole
//! batch lies beyond everything loaded before it and no row is stored among its keys, one look tells
//! that all of them are free, and the encoded rows join the transaction's writes without a detour:
//!
//! ```text
//!   rows ─▶ batch ─▶ lock keys, free? ──yes──▶ sorted puts ──▶ statement's buffer
//!                         └──no──▶ row by row, as INSERT does ──────▲
//! ```

use super::defaults::default_of;
use super::family::{Family, StatementParts};
use super::foreign_key::{self, Parents};
use super::target::Stored;
use super::{Target, finish_statement};
use crate::catalog::{Catalog, Relation};
use crate::error::{PgError, Result};
use crate::exec::expr::Program;
use crate::exec::{ExecState, Layout, Row, StatementContext};
use crate::nodes::{AttrNumber, Expr, PolicyCheckKind};
use crate::storage::{SortedPuts, Space};
use crate::types::Datum;
use bytes::Bytes;
use std::sync::Arc;

/// A table ready to be filled.
pub struct BulkInsert {
    target: Target,
    /// Of a partitioned table: where its rows go, one by one.
    family: Option<Arc<Family>>,
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
        let family = Family::of(catalog, table, StatementParts::default());
        let family = family.filter(|family| family.is_partitioned());
        Ok(BulkInsert { target, family, places, defaults, filter })
    }

    /// Starts loading, inside a statement of the transaction.
    pub fn start(self, cx: Arc<StatementContext>) -> BulkLoad {
        let table = self.target.relation().oid;
        // A partition may refer to another.
        let refers_to_itself = self.family.is_some()
            || self.target.outgoing.iter().any(|key| key.key.references == table);
        BulkLoad {
            insert: self,
            state: ExecState::new(cx, Arc::from([])),
            check_early: !refers_to_itself,
            parents: Parents::default(),
            batch: Vec::new(),
            batch_bytes: 0,
            puts: SortedPuts::new(Space::Rows),
        }
    }

    /// The whole row; `None` where COPY's WHERE leaves it out.
    fn whole(&self, state: &ExecState, values: Row) -> Result<Option<Row>> {
        state.cx.cancel.check()?;
        let mut row = self.spread(values);
        for (place, program) in &self.defaults {
            row[*place] = program.eval(state, &[])?;
        }
        if let Some(filter) = &self.filter
            && !filter.is_true(state, &row)?
        {
            return Ok(None);
        }
        Ok(Some(row))
    }

    /// Puts each value in its column's place.
    fn spread(&self, values: Row) -> Row {
        let width = self.target.relation().columns.len();
        if values.len() == width && self.places.iter().copied().eq(0..width) {
            return values;
        }
        let mut row = vec![Datum::Null; width];
        for (value, place) in values.into_iter().zip(&self.places) {
            row[*place] = value;
        }
        row
    }
}

/// A load under way.
pub struct BulkLoad {
    insert: BulkInsert,
    state: ExecState,
    /// No row's foreign keys depend on rows to come.
    check_early: bool,
    /// Parents found by early checks.
    parents: Parents,
    /// Completed rows that are not written yet, each with its line.
    batch: Vec<(Row, u64)>,
    /// Bytes of input that they came from.
    batch_bytes: usize,
    /// Encoded rows in key order, on their way to the statement's buffer.
    puts: SortedPuts,
}

/// An error, and the line of the input that it is about; 0: of none.
pub type LineError = (u64, PgError);

impl BulkLoad {
    /// Inserts the row of a line of `bytes` bytes; `false` where COPY's WHERE leaves it out. The
    /// error may be about an earlier line.
    pub fn insert(&mut self, values: Row, line: u64, bytes: usize) -> Result<bool, LineError> {
        let row = self.insert.whole(&self.state, values).map_err(|e| (line, e))?;
        let Some(mut row) = row else { return Ok(false) };
        if let Some(family) = self.insert.family.clone() {
            self.insert_routed(&family, row).map_err(|e| (line, e))?;
            return Ok(true);
        }
        let completed = self.insert.target.complete(&self.state, &mut row, PolicyCheckKind::Insert);
        completed.map_err(|e| (line, e))?;
        self.batch.push((row, line));
        self.batch_bytes += bytes;
        if self.batch.len() >= BATCH_ROWS_MAX || self.batch_bytes >= BATCH_BYTES_MAX {
            self.write_batch()?;
        }
        Ok(true)
    }

    /// Inserts a row into the partition that takes it.
    fn insert_routed(&mut self, family: &Family, row: Row) -> Result<()> {
        let (named, state) = (&self.insert.target, &self.state);
        if !named.takes(state, &row)? {
            return Err(named.bound_violation(state, &row));
        }
        let target = family.route(state, &row)?;
        let mut row = target.own_row(row);
        target.complete(state, &mut row, PolicyCheckKind::Insert)?;
        target.insert(state, row)?;
        target.schema.activity.inserted.add(1);
        let due = state.dml.events.borrow().len();
        if self.check_early && due >= BATCH_ROWS_MAX { finish_statement(state) } else { Ok(()) }
    }

    /// Writes what is left and runs the checks that are due.
    pub fn finish(mut self) -> Result<(), LineError> {
        self.write_batch()?;
        self.hand_over().and_then(|()| finish_statement(&self.state)).map_err(|e| (0, e))
    }

    fn write_batch(&mut self) -> Result<(), LineError> {
        self.batch_bytes = 0;
        let batch = std::mem::take(&mut self.batch);
        self.insert.target.schema.activity.inserted.add(batch.len() as u64);
        let keys = self.keys(&batch).map_err(|e| (0, e))?;
        match self.order_of_free(&keys).map_err(|e| (0, e))? {
            Some(order) => self.write_sorted(batch, keys, &order)?,
            None => self.write_one_by_one(batch)?,
        }
        // Whatever is due by now reads the rows it is about.
        if self.check_early && !self.state.dml.events.borrow().is_empty() {
            self.hand_over().and_then(|()| finish_statement(&self.state)).map_err(|e| (0, e))?;
        }
        Ok(())
    }

    /// The rows' key suffixes.
    fn keys(&self, batch: &[(Row, u64)]) -> Result<Vec<Bytes>> {
        batch.iter().map(|(row, _)| self.insert.target.new_suffix(&self.state, row)).collect()
    }

    /// The batch's places in key order, if every key is new: locked for us, different from the
    /// others, beyond those already gathered, and with no row stored among them.
    fn order_of_free(&self, keys: &[Bytes]) -> Result<Option<Vec<usize>>> {
        let target = &self.insert.target;
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_by(|a, b| keys[*a].cmp(&keys[*b]));
        let distinct = order.windows(2).all(|pair| keys[pair[0]] != keys[pair[1]]);
        let (Some(first), Some(last)) = (order.first(), order.last()) else {
            return Ok(Some(order));
        };
        let row_key = |at: &usize| target.schema.row_key(&keys[*at]);
        let (first, last) = (row_key(first), row_key(last));
        let beyond = self.puts.last_key().is_none_or(|key| key < &first[..]);
        if !distinct || !beyond {
            return Ok(None);
        }
        // Nobody else has or gets a hidden row id.
        if target.primary_index().is_none() {
            return Ok(Some(order));
        }
        let txn = &self.state.cx.txn;
        let locked =
            txn.lock_new_rows(target.relation().storage, keys.iter().map(|suffix| &suffix[..]));
        Ok((locked && txn.is_free(Space::Rows, &first, &last)?).then_some(order))
    }

    fn write_sorted(
        &mut self,
        batch: Vec<(Row, u64)>,
        keys: Vec<Bytes>,
        order: &[usize],
    ) -> Result<(), LineError> {
        let BulkLoad { insert, state, check_early, puts, parents, .. } = self;
        let target = &insert.target;
        for at in order {
            let (row, line) = &batch[*at];
            let key = target.schema.row_key(&keys[*at]);
            let encode = |out: &mut Vec<u8>| target.schema.layout.encode(row, 0, out);
            puts.push(&key, encode).map_err(|e| (*line, e.into()))?;
        }
        if !(target.indexes.is_empty() && target.outgoing.is_empty()) {
            for ((row, line), suffix) in batch.into_iter().zip(keys) {
                target.clear_expired(state, &row).map_err(|e| (line, e))?;
                let stored = Stored::inserted(suffix, row);
                let mut indexes = target.indexes.iter();
                let index = indexes.try_for_each(|index| index.insert(target, state, &stored));
                index.map_err(|e| (line, e))?;
                match *check_early {
                    true => parents.check(target, state, &stored).map_err(|e| (0, e))?,
                    false => foreign_key::inserted(target, state, &stored),
                }
            }
        }
        match self.puts.bytes() >= PUTS_BYTES_MAX {
            true => self.hand_over().map_err(|e| (0, e)),
            false => Ok(()),
        }
    }

    fn write_one_by_one(&mut self, batch: Vec<(Row, u64)>) -> Result<(), LineError> {
        self.hand_over().map_err(|e| (0, e))?;
        for (row, line) in batch {
            self.insert.target.insert(&self.state, row).map_err(|e| (line, e))?;
        }
        Ok(())
    }

    /// Moves the gathered rows to where the transaction sees them.
    fn hand_over(&mut self) -> Result<()> {
        if self.puts.is_empty() {
            return Ok(());
        }
        let puts = std::mem::replace(&mut self.puts, SortedPuts::new(Space::Rows));
        Ok(self.state.cx.txn.put_sorted(puts)?)
    }
}

/// A batch ends with this many rows, or when its lines have this many bytes, as PostgreSQL's does:
/// it decides which of several errors is reported.
const BATCH_ROWS_MAX: usize = 1000;
const BATCH_BYTES_MAX: usize = 65_535;
/// Bytes of rows that gather before they are handed over.
const PUTS_BYTES_MAX: usize = 8 << 20;

fn place(attno: AttrNumber) -> usize {
    usize::try_from(attno - 1).expect("user columns count from 1")
}

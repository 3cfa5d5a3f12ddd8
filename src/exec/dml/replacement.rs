//! Replacing a table's rows by others where they differ (REFRESH MATERIALIZED VIEW CONCURRENTLY).
//!
//! Rows are compared whole, as they are stored, each as often as it occurs: old rows without a new one
//! go, new rows without an old one come, the rest is not touched.

use super::target::Stored;
use super::{Target, finish_statement};
use crate::catalog::Relation;
use crate::error::{PgError, Result, code};
use crate::exec::{ExecState, Row, StatementContext};
use crate::functions::text_out;
use crate::nodes::{LockWait, RowLockMode};
use crate::storage::{Direction, KeyRange, Space, keys};
use crate::types::{Datum, Record, oids};
use std::collections::HashMap;
use std::sync::Arc;

pub struct RowsReplacement {
    target: Target,
    state: ExecState,
    /// Encoded rows, and how many of each.
    new: HashMap<Vec<u8>, (Row, usize)>,
}

impl RowsReplacement {
    pub fn new(table: &Arc<Relation>, cx: Arc<StatementContext>) -> Result<RowsReplacement> {
        let target = Target::compile(&cx.catalog, table)?;
        let state = ExecState::new(cx, Arc::from([]));
        Ok(RowsReplacement { target, state, new: HashMap::new() })
    }

    /// A row that there shall be. 21000 for a second one without NULLs: unique keys tell rows apart.
    pub fn add(&mut self, row: Row) -> Result<()> {
        let key = self.encoded(&row)?;
        self.state.charge(key.len() + crate::exec::op::row_bytes(&row))?;
        let complete = row.iter().all(|value| !value.is_null());
        let (row, count) = self.new.entry(key).or_insert((row, 0));
        *count += 1;
        if *count > 1 && complete {
            let name = &self.target.relation().name;
            let message = format!(
                "new data for materialized view \"{name}\" contains duplicate rows without any null columns"
            );
            let columns = self.target.relation().columns.iter();
            let fields = columns.map(|c| c.type_oid).zip(row.iter().cloned()).collect();
            let record = Datum::Record(Arc::new(Record { fields, names: None }));
            let mut shown = Vec::new();
            text_out(self.state.env(), oids::RECORD, &record, &mut shown);
            let shown = String::from_utf8_lossy(&shown);
            return Err(
                PgError::new(code::CARDINALITY_VIOLATION, message).detail(format!("Row: {shown}"))
            );
        }
        Ok(())
    }

    /// Deletes and inserts what differs.
    pub fn finish(mut self) -> Result<()> {
        for old in self.superfluous()? {
            let wait = LockWait::Block;
            self.target.lock_to_write(&self.state, &old.suffix, RowLockMode::Update, wait)?;
            self.target.delete(&self.state, &old)?;
        }
        for (row, count) in std::mem::take(&mut self.new).into_values() {
            for _ in 0..count {
                self.state.cx.cancel.check()?;
                self.target.insert(&self.state, row.clone())?;
            }
        }
        finish_statement(&self.state)
    }

    /// The old rows that there is no new one for; takes those that stay out of the new ones.
    fn superfluous(&mut self) -> Result<Vec<Stored>> {
        let range = KeyRange::storage(self.target.relation().storage);
        let mut scan = self.state.view.scan(Space::Rows, range, Direction::Forward);
        let mut found = Vec::new();
        while let Some((key, value)) = scan.next()? {
            self.state.cx.cancel.check()?;
            let old = self.target.stored(keys::suffix(key), value)?;
            match self.new.get_mut(&self.encoded(&old.row)?) {
                Some((_, count)) if *count > 0 => *count -= 1,
                _ => {
                    self.state.charge(crate::exec::op::row_bytes(&old.row))?;
                    found.push(old);
                }
            }
        }
        Ok(found)
    }

    fn encoded(&self, row: &Row) -> Result<Vec<u8>> {
        let mut key = Vec::new();
        self.target.schema.layout.encode(row, 0, &mut key)?;
        Ok(key)
    }
}

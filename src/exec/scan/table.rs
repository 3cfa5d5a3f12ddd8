//! A table's rows in the order of their keys: all, a range, or one.

use super::bounds::ByteRange;
use super::{Bounds, Source};
use crate::catalog::schema::Owner;
use crate::error::Result;
use crate::exec::explain::Description;
use crate::exec::op::PlanNode;
use crate::exec::{ExecState, Operator, Row, df};
use crate::storage::{Direction, KeyRange, Scan, Space, keys};
use crate::types::Oid;
use std::sync::Arc;

pub(in crate::exec) struct TableScan {
    pub source: Arc<Source>,
    /// On the row key's columns.
    pub bounds: Arc<Bounds>,
    /// The bounds name at most one row.
    pub point: bool,
    pub backward: bool,
    /// Somebody relies on the rows' order.
    pub ordered: bool,
    /// Rows that it is estimated to read.
    pub rows: f64,
}

struct Run {
    source: Arc<Source>,
    bounds: Arc<Bounds>,
    backward: bool,
    ranges: Option<std::vec::IntoIter<ByteRange>>,
    scan: Option<Scan>,
    rows_since_check: u32,
}

/// The row with a whole primary key given: one get.
struct PointRun {
    source: Arc<Source>,
    bounds: Arc<Bounds>,
    done: bool,
}

impl PlanNode for TableScan {
    fn column_types(&self) -> Option<Vec<Oid>> {
        Some(self.source.column_types())
    }

    fn describe(&self) -> Description {
        let relation = &self.source.schema.relation.name;
        let by_key = self.point || !self.bounds.is_whole();
        let name = if by_key { "Primary Key Scan" } else { "Seq Scan" };
        Description { target: format!(" on {relation}"), ..Description::new(name, &[]) }
    }

    fn open(&self, _state: &ExecState) -> Box<dyn Operator> {
        let (source, bounds) = (self.source.clone(), self.bounds.clone());
        match self.point || !bounds.is_whole() {
            true => source.schema.note_key_scan(),
            false => source.schema.activity.scans.add(1),
        }
        match self.point {
            true => Box::new(PointRun { source, bounds, done: false }),
            false => Box::new(Run {
                source,
                bounds,
                backward: self.backward,
                ranges: None,
                scan: None,
                rows_since_check: 0,
            }),
        }
    }

    /// A scan of ranges in any order; the wanted order of a backward or point scan is for rows.
    fn lower(&self, needed: &df::Needed, cx: &df::Lowering<'_>) -> Option<df::Lowered> {
        if self.point || self.ordered {
            return None;
        }
        let state = cx.state();
        let ranges = self.bounds.ranges(&self.source.rows_prefix(&state), &state).ok()?;
        // Segments of user tables have all users' rows; a user's are a range of them.
        let conditions = match self.source.owner(&state) {
            Owner::Everyone => self.bounds.conditions(&state).ok()?,
            _ => None,
        };
        let lowered = df::table(&self.source, ranges, conditions, cx)?;
        self.source.schema.activity.scans.add(1);
        df::filtered(lowered, &self.source.conditions, self.rows, needed, cx)
    }
}

impl Operator for PointRun {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        if std::mem::replace(&mut self.done, true) {
            return Ok(None);
        }
        let mut key = self.source.rows_prefix(state);
        if !self.bounds.prefix(state, &mut key)? {
            return Ok(None);
        }
        match state.view.get(Space::Rows, &key)? {
            Some(value) => self.source.row(keys::suffix(&key), &value, state),
            None => Ok(None),
        }
    }
}

/// Starts reading a range.
pub(super) fn start(
    space: Space,
    range: ByteRange,
    backward: bool,
    state: &ExecState,
) -> Result<Scan> {
    let range = KeyRange { start: range.start.into(), end: range.end.map(Into::into) };
    let direction = if backward { Direction::Backward } else { Direction::Forward };
    Ok(state.view.scan(space, range, direction))
}

/// Ranges of keys that begin with `within`, in the order in which a scan visits them.
pub(super) fn visits(
    bounds: &Bounds,
    within: &[u8],
    backward: bool,
    state: &ExecState,
) -> Result<std::vec::IntoIter<ByteRange>> {
    let mut ranges = bounds.ranges(within, state)?;
    if backward {
        ranges.reverse();
    }
    Ok(ranges.into_iter())
}

impl Run {
    /// Moves to the next range; `false` after the last.
    fn advance(&mut self, state: &ExecState) -> Result<bool> {
        let ranges = match &mut self.ranges {
            Some(ranges) => ranges,
            None => {
                let within = self.source.rows_prefix(state);
                let ranges = visits(&self.bounds, &within, self.backward, state)?;
                self.ranges.insert(ranges)
            }
        };
        let Some(range) = ranges.next() else { return Ok(false) };
        self.scan = Some(start(Space::Rows, range, self.backward, state)?);
        Ok(true)
    }
}

impl Operator for Run {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        loop {
            let Some(scan) = &mut self.scan else {
                if self.advance(state)? {
                    continue;
                }
                return Ok(None);
            };
            while let Some((key, value)) = scan.next()? {
                self.rows_since_check += 1;
                if self.rows_since_check & 0xff == 0 {
                    state.cx.cancel.check()?;
                }
                if let Some(row) = self.source.row(keys::suffix(key), value, state)? {
                    return Ok(Some(row));
                }
            }
            self.scan = None;
        }
    }
}

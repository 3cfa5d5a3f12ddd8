//! Window frames: which rows of its partition a row's function sees (manual, 4.2.8).
//!
//! Rows are taken in order, so both ends of a frame only move forward.

use super::{ExecState, Program, Row};
use crate::error::{PgError, Result, code};
use crate::exec::expr::Callee;
use crate::nodes::{FrameExclusion, FrameMode};
use crate::types::Datum;
use std::ops::Range;

/// One end of a frame.
pub(in crate::exec) enum Bound {
    UnboundedPreceding,
    Preceding(Program),
    CurrentRow,
    Following(Program),
    UnboundedFollowing,
}

pub(in crate::exec) struct Frame {
    pub mode: FrameMode,
    pub start: Bound,
    pub end: Bound,
    pub exclusion: FrameExclusion,
    /// RANGE with an offset: the ordering column's value and its `in_range` function.
    pub range: Option<RangeSupport>,
}

pub(in crate::exec) struct RangeSupport {
    pub column: Program,
    pub in_range: Callee,
    pub descending: bool,
    pub nulls_first: bool,
}

/// A partition being walked.
pub(in crate::exec) struct Walk<'a> {
    frame: &'a Frame,
    rows: &'a [Row],
    /// Per row, the rows equal to it in the window's order.
    pub peers: &'a [Range<usize>],
    /// Per row, the number of its peer group; per group, its rows.
    group_of: Vec<usize>,
    groups: Vec<Range<usize>>,
    start_offset: Datum,
    end_offset: Datum,
    head: usize,
    tail: usize,
    /// The ordering column per row, for RANGE with an offset.
    values: Vec<Datum>,
}

impl Frame {
    /// Evaluates the offsets; they cannot depend on rows.
    fn offset(&self, bound: &Bound, which: &str, state: &ExecState) -> Result<Datum> {
        let (Bound::Preceding(program) | Bound::Following(program)) = bound else {
            return Ok(Datum::Null);
        };
        match program.eval(state, &[])? {
            Datum::Null => Err(PgError::new(
                code::NULL_VALUE_NOT_ALLOWED,
                format!("frame {which} offset must not be null"),
            )),
            Datum::Int8(n) if n < 0 && self.mode != FrameMode::Range => Err(PgError::new(
                code::INVALID_PRECEDING_OR_FOLLOWING_SIZE,
                format!("frame {which} offset must not be negative"),
            )),
            value => Ok(value),
        }
    }

    /// Begins a partition.
    pub fn walk<'a>(
        &'a self,
        rows: &'a [Row],
        peers: &'a [Range<usize>],
        state: &ExecState,
    ) -> Result<Walk<'a>> {
        let mut groups: Vec<Range<usize>> = Vec::new();
        let mut group_of = Vec::with_capacity(rows.len());
        for (i, peer) in peers.iter().enumerate() {
            if peer.start == i {
                groups.push(peer.clone());
            }
            group_of.push(groups.len() - 1);
        }
        let values = match &self.range {
            Some(range) => {
                rows.iter().map(|row| range.column.eval(state, row)).collect::<Result<_>>()?
            }
            None => Vec::new(),
        };
        Ok(Walk {
            frame: self,
            rows,
            peers,
            group_of,
            groups,
            start_offset: self.offset(&self.start, "starting", state)?,
            end_offset: self.offset(&self.end, "ending", state)?,
            head: 0,
            tail: 0,
            values,
        })
    }
}

/// An offset of ROWS or GROUPS, cut to what a partition can have.
fn count(offset: &Datum) -> usize {
    match offset {
        Datum::Int8(n) => usize::try_from(*n).unwrap_or(0),
        _ => 0,
    }
}

impl Walk<'_> {
    /// The frame of row `i`, before exclusion. Called for rows in order.
    pub fn bounds(&mut self, i: usize, state: &ExecState) -> Result<Range<usize>> {
        let start = self.start(i, state)?;
        let end = self.end(i, state)?;
        Ok(start.min(self.rows.len())..end.clamp(start.min(self.rows.len()), self.rows.len()))
    }

    fn start(&mut self, i: usize, state: &ExecState) -> Result<usize> {
        let n = count(&self.start_offset);
        Ok(match (&self.frame.start, self.frame.mode) {
            (Bound::UnboundedPreceding, _) => 0,
            (Bound::UnboundedFollowing, _) => self.rows.len(),
            (Bound::CurrentRow, FrameMode::Rows) => i,
            (Bound::CurrentRow, _) => self.peers[i].start,
            (Bound::Preceding(_), FrameMode::Rows) => i.saturating_sub(n),
            (Bound::Following(_), FrameMode::Rows) => i.saturating_add(n),
            (Bound::Preceding(_), FrameMode::Groups) => {
                self.groups[self.group_of[i].saturating_sub(n)].start
            }
            (Bound::Following(_), FrameMode::Groups) => {
                let group = self.group_of[i].saturating_add(n);
                self.groups.get(group).map_or(self.rows.len(), |g| g.start)
            }
            (Bound::Preceding(_), FrameMode::Range) => self.range_head(i, true, state)?,
            (Bound::Following(_), FrameMode::Range) => self.range_head(i, false, state)?,
        })
    }

    fn end(&mut self, i: usize, state: &ExecState) -> Result<usize> {
        let n = count(&self.end_offset);
        Ok(match (&self.frame.end, self.frame.mode) {
            (Bound::UnboundedPreceding, _) => 0,
            (Bound::UnboundedFollowing, _) => self.rows.len(),
            (Bound::CurrentRow, FrameMode::Rows) => i + 1,
            (Bound::CurrentRow, _) => self.peers[i].end,
            (Bound::Preceding(_), FrameMode::Rows) => (i + 1).saturating_sub(n),
            (Bound::Following(_), FrameMode::Rows) => (i + 1).saturating_add(n),
            (Bound::Preceding(_), FrameMode::Groups) => {
                self.group_of[i].checked_sub(n).map_or(0, |group| self.groups[group].end)
            }
            (Bound::Following(_), FrameMode::Groups) => {
                let group = self.group_of[i].saturating_add(n);
                self.groups.get(group).map_or(self.rows.len(), |g| g.end)
            }
            (Bound::Preceding(_), FrameMode::Range) => self.range_tail(i, true, state)?,
            (Bound::Following(_), FrameMode::Range) => self.range_tail(i, false, state)?,
        })
    }

    /// The first row that is at or after the current value plus (or minus) the offset.
    fn range_head(&mut self, i: usize, preceding: bool, state: &ExecState) -> Result<usize> {
        while self.head < self.rows.len() {
            let within = match self.null_order(self.head, i) {
                Some(order) => order.is_ge(),
                None => self.in_range(self.head, i, preceding, false, state)?,
            };
            if within {
                break;
            }
            self.head += 1;
        }
        Ok(self.head)
    }

    /// One past the last row that is at or before the current value plus (or minus) the offset.
    fn range_tail(&mut self, i: usize, preceding: bool, state: &ExecState) -> Result<usize> {
        while self.tail < self.rows.len() {
            let within = match self.null_order(self.tail, i) {
                Some(order) => order.is_le(),
                None => self.in_range(self.tail, i, preceding, true, state)?,
            };
            if !within {
                break;
            }
            self.tail += 1;
        }
        Ok(self.tail)
    }

    /// How row `a` is ordered to row `b` where one of them is NULL: NULLs are peers.
    fn null_order(&self, a: usize, b: usize) -> Option<std::cmp::Ordering> {
        let nulls_first = self.frame.range.as_ref().is_some_and(|r| r.nulls_first);
        let (a, b) = (self.values[a].is_null(), self.values[b].is_null());
        match (a || b, nulls_first) {
            (false, _) => None,
            (true, true) => Some(b.cmp(&a)),
            (true, false) => Some(a.cmp(&b)),
        }
    }

    fn in_range(
        &self,
        row: usize,
        current: usize,
        preceding: bool,
        tail: bool,
        state: &ExecState,
    ) -> Result<bool> {
        let Some(range) = &self.frame.range else {
            return Err(PgError::internal("RANGE with an offset without in_range"));
        };
        let offset = if tail { &self.end_offset } else { &self.start_offset };
        // In descending order "preceding" means greater, and the comparison turns around.
        let args = [
            self.values[row].clone(),
            self.values[current].clone(),
            offset.clone(),
            Datum::Bool(preceding != range.descending),
            Datum::Bool(tail != range.descending),
        ];
        Ok(range.in_range.call(state.env(), &args)? == Datum::Bool(true))
    }

    /// Whether EXCLUDE takes row `j` out of the frame of row `i`.
    pub fn excludes(&self, i: usize, j: usize) -> bool {
        match self.frame.exclusion {
            FrameExclusion::None => false,
            FrameExclusion::CurrentRow => i == j,
            FrameExclusion::Group => self.peers[i].contains(&j),
            FrameExclusion::Ties => i != j && self.peers[i].contains(&j),
        }
    }

    pub fn has_exclusion(&self) -> bool {
        self.frame.exclusion != FrameExclusion::None
    }
}

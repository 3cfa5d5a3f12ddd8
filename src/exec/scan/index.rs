//! A table's rows by a secondary index, in the index's order.
//!
//! An entry's value is the row's key suffix; each is followed by a get. A unique index with all its
//! columns given is one get more.

use super::bounds::ByteRange;
use super::table::{start, visits};
use super::{Bounds, Source};
use crate::catalog::schema::IndexSchema;
use crate::error::Result;
use crate::exec::explain::Description;
use crate::exec::expr::Program;
use crate::exec::op::PlanNode;
use crate::exec::{ExecState, Operator, Row};
use crate::storage::{Scan, Space};
use crate::types::{Oid, key, range};
use std::sync::Arc;

pub(in crate::exec) struct IndexScan {
    pub source: Arc<Source>,
    pub index: Arc<IndexSchema>,
    pub bounds: IndexBounds,
    pub backward: bool,
}

/// Which entries are read.
#[derive(Clone)]
pub(in crate::exec) enum IndexBounds {
    Columns(Arc<Bounds>),
    /// Of an index on ranges those that a condition may be true for.
    Ranges(Arc<RangeSearch>),
}

/// A condition on the column of an index on ranges.
pub(in crate::exec) struct RangeSearch {
    pub operator: range::search::Operator,
    /// Over no row.
    pub value: Program,
}

impl RangeSearch {
    /// The entries to read of those that begin with `within`, in key order.
    fn visits(&self, within: &[u8], state: &ExecState) -> Result<std::vec::IntoIter<ByteRange>> {
        let spans = range::search::spans(self.operator, &self.value.eval(state, &[])?);
        // Each key begins by saying that it is not NULL's.
        let key = |bytes: &[u8]| [within, &[key::NOT_NULL], bytes].concat();
        let span = |(start, end): &range::search::Span| ByteRange {
            start: key(start),
            end: Some(key(end)),
        };
        Ok(spans.iter().map(span).collect::<Vec<_>>().into_iter())
    }
}

struct Run {
    source: Arc<Source>,
    index: Arc<IndexSchema>,
    bounds: IndexBounds,
    backward: bool,
    ranges: Option<std::vec::IntoIter<ByteRange>>,
    scan: Option<Scan>,
}

impl PlanNode for IndexScan {
    fn column_types(&self) -> Option<Vec<Oid>> {
        Some(self.source.column_types())
    }

    fn describe(&self) -> Description {
        self.source.described("Index Scan", &self.index)
    }

    fn open(&self, _state: &ExecState) -> Box<dyn Operator> {
        self.source.count_scan(&self.index);
        Box::new(Run {
            source: self.source.clone(),
            index: self.index.clone(),
            bounds: self.bounds.clone(),
            backward: self.backward,
            ranges: None,
            scan: None,
        })
    }
}

impl Run {
    fn advance(&mut self, state: &ExecState) -> Result<bool> {
        let ranges = match &mut self.ranges {
            Some(ranges) => ranges,
            None => {
                let within = self.index.entries_prefix(self.source.owner(state), &[]);
                let ranges = match &self.bounds {
                    IndexBounds::Columns(bounds) => visits(bounds, &within, self.backward, state)?,
                    IndexBounds::Ranges(search) => search.visits(&within, state)?,
                };
                self.ranges.insert(ranges)
            }
        };
        let Some(range) = ranges.next() else { return Ok(false) };
        self.scan = Some(start(Space::Index, range, self.backward, state)?);
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
            while let Some((_, suffix)) = scan.next()? {
                if let Some(row) = self.source.indexed_row(suffix, state)? {
                    return Ok(Some(row));
                }
            }
            self.scan = None;
        }
    }
}

//! A table's rows by an inverted index: rows under the keys that conditions ask for.
//!
//! The rows of each key are read from the index, in the order of their own keys, and joined as the search says.
//! What comes out may hold rows that do not satisfy the conditions, which are tested on each.

use super::Source;
use crate::catalog::schema::IndexSchema;
use crate::error::Result;
use crate::exec::explain::Description;
use crate::exec::expr::Program;
use crate::exec::op::PlanNode;
use crate::exec::{ExecState, Operator, Row};
use crate::storage::{Direction, KeyRange, Space};
use crate::types::Oid;
use crate::types::inverted::{self, Parts, Search};
use bytes::Bytes;
use std::sync::Arc;

/// A condition on a column of the index.
pub(in crate::exec) struct InvertedKey {
    /// Position in the index.
    pub column: usize,
    pub parts: Parts,
    pub operator: inverted::Operator,
    /// Over no row.
    pub value: Program,
}

pub(in crate::exec) struct InvertedScan {
    pub source: Arc<Source>,
    pub index: Arc<IndexSchema>,
    /// All must hold.
    pub keys: Arc<Vec<InvertedKey>>,
}

struct Run {
    source: Arc<Source>,
    index: Arc<IndexSchema>,
    keys: Arc<Vec<InvertedKey>>,
    /// Key suffixes of the rows found; `None`: not looked for yet.
    found: Option<std::vec::IntoIter<Bytes>>,
}

impl PlanNode for InvertedScan {
    fn column_types(&self) -> Option<Vec<Oid>> {
        Some(self.source.column_types())
    }

    fn describe(&self) -> Description {
        self.source.described("Inverted Index Scan", &self.index)
    }

    fn open(&self, _state: &ExecState) -> Box<dyn Operator> {
        self.source.count_scan(&self.index);
        let (source, index, keys) = (self.source.clone(), self.index.clone(), self.keys.clone());
        Box::new(Run { source, index, keys, found: None })
    }
}

impl Operator for Run {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        let found = match &mut self.found {
            Some(found) => found,
            None => {
                let rows = rows(&self.index, &self.source, &self.keys, state)?;
                self.found.insert(rows.into_iter())
            }
        };
        for suffix in found {
            if let Some(row) = self.source.indexed_row(&suffix, state)? {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }
}

/// The rows that all conditions may be true for, in key order.
fn rows(
    index: &IndexSchema,
    source: &Source,
    keys: &[InvertedKey],
    state: &ExecState,
) -> Result<Vec<Bytes>> {
    let owner = source.owner(state);
    let mut found: Option<Vec<Bytes>> = None;
    for key in keys {
        let value = key.value.eval(state, &[])?;
        let search = match is_always_true(key.operator, state) && !value.is_null() {
            true => Search::Everything,
            false => inverted::search(key.parts, key.operator, &value),
        };
        let rows = under(&search, &index.inverted_prefix(owner, key.column), state)?;
        found = Some(match found {
            Some(before) => in_both(before, &rows),
            None => rows,
        });
    }
    Ok(found.unwrap_or_default())
}

/// Whether an operator's threshold is so low that all values are above it.
fn is_always_true(operator: inverted::Operator, state: &ExecState) -> bool {
    let setting = operator.threshold().and_then(|name| state.env().setting(name));
    setting.and_then(|value| value.parse::<f64>().ok()).is_some_and(|threshold| threshold <= 0.0)
}

/// The rows with the keys of a search, each once and in key order; `within`: what the column's entries
/// begin with.
fn under(search: &Search, within: &[u8], state: &ExecState) -> Result<Vec<Bytes>> {
    match search {
        Search::Nothing => Ok(Vec::new()),
        Search::Key(key) => listed(&[within, key].concat(), state),
        // Rows of several keys.
        Search::Prefix(start) => listed(&[within, start].concat(), state).map(in_order),
        Search::Everything => listed(within, state).map(in_order),
        Search::AnyOf(all) => {
            let mut found = Vec::new();
            for search in all {
                found.append(&mut under(search, within, state)?);
            }
            Ok(in_order(found))
        }
        Search::EveryOf(all) => {
            let mut found: Option<Vec<Bytes>> = None;
            for search in all {
                if found.as_ref().is_some_and(Vec::is_empty) {
                    break;
                }
                let rows = under(search, within, state)?;
                found = Some(match found {
                    Some(before) => in_both(before, &rows),
                    None => rows,
                });
            }
            Ok(found.unwrap_or_default())
        }
    }
}

fn listed(prefix: &[u8], state: &ExecState) -> Result<Vec<Bytes>> {
    let mut scan = state.view.scan(Space::Index, KeyRange::prefix(prefix), Direction::Forward);
    let mut rows = Vec::new();
    while let Some((_, suffix)) = scan.next()? {
        state.cx.cancel.check()?;
        state.charge(size_of::<Bytes>() + suffix.len())?;
        rows.push(Bytes::copy_from_slice(suffix));
    }
    Ok(rows)
}

fn in_order(mut rows: Vec<Bytes>) -> Vec<Bytes> {
    rows.sort_unstable();
    rows.dedup();
    rows
}

/// What is in both of two lists in order.
fn in_both(mut rows: Vec<Bytes>, others: &[Bytes]) -> Vec<Bytes> {
    let mut rest = others;
    rows.retain(|row| {
        let passed = rest.partition_point(|other| other < row);
        rest = &rest[passed..];
        rest.first() == Some(row)
    });
    rows
}

//! WITH queries: read once, by as many references as there are, no further than they ask.
//!
//! [`With`] makes its queries' stores new each time it is started, so that a WITH inside a
//! correlated subquery is evaluated anew. A reference ([`CteScan`]) reads the rows that the store
//! has and lets it pull another when it needs one: `WITH RECURSIVE … LIMIT` ends.

use super::{ExecState, NodeRef, Operator, PlanNode, Row, row_bytes};
use crate::error::{PgError, Result};
use crate::exec::explain::Description;
use crate::types::Oid;
use std::sync::Arc;

/// A WITH query's rows so far, in its slot of [`ExecState::shared`].
pub(in crate::exec) struct Store {
    rows: Vec<Row>,
    /// What gives the rest; taken out while it runs, since it may look at other slots.
    source: Option<Box<dyn Operator>>,
}

impl Store {
    /// A store of rows already there: what RETURNING of a modifying WITH query gave.
    pub fn complete(rows: Vec<Row>) -> Store {
        Store { rows, source: None }
    }
}

pub(in crate::exec) struct With {
    /// Slot and query of each.
    pub queries: Arc<Vec<(usize, NodeRef)>>,
    pub body: NodeRef,
}

struct WithRun {
    queries: Arc<Vec<(usize, NodeRef)>>,
    body: NodeRef,
    running: Option<Box<dyn Operator>>,
}

impl PlanNode for With {
    fn describe(&self) -> Description {
        let mut inputs: Vec<&NodeRef> = self.queries.iter().map(|(_, query)| query).collect();
        inputs.push(&self.body);
        Description::new("CTE", &inputs)
    }

    fn open(&self, _state: &ExecState) -> Box<dyn Operator> {
        let (queries, body) = (self.queries.clone(), self.body.clone());
        Box::new(WithRun { queries, body, running: None })
    }
}

impl Operator for WithRun {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        if self.running.is_none() {
            for (slot, query) in self.queries.iter() {
                let store = Store { rows: Vec::new(), source: Some(query.open(state)) };
                state.shared.borrow_mut()[*slot] = Some(Box::new(store));
            }
        }
        self.running.get_or_insert_with(|| self.body.open(state)).next(state)
    }
}

/// A reference to a WITH query.
pub(in crate::exec) struct CteScan {
    pub slot: usize,
    pub types: Vec<Oid>,
}

struct CteRun {
    slot: usize,
    at: usize,
}

impl PlanNode for CteScan {
    fn column_types(&self) -> Option<Vec<Oid>> {
        Some(self.types.clone())
    }

    fn describe(&self) -> Description {
        Description::new("CTE Scan", &[])
    }

    fn open(&self, _state: &ExecState) -> Box<dyn Operator> {
        Box::new(CteRun { slot: self.slot, at: 0 })
    }
}

impl Operator for CteRun {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        let row = read(state, self.slot, self.at)?;
        self.at += usize::from(row.is_some());
        Ok(row)
    }
}

/// Applies `f` to the store in a slot.
fn with_store<T>(state: &ExecState, slot: usize, f: impl FnOnce(&mut Store) -> T) -> Result<T> {
    let mut shared = state.shared.borrow_mut();
    let store = shared.get_mut(slot).and_then(Option::as_mut).and_then(|s| s.downcast_mut());
    store.map(f).ok_or_else(|| PgError::internal("a WITH query was read before it was started"))
}

/// Row `at` of a store.
fn read(state: &ExecState, slot: usize, at: usize) -> Result<Option<Row>> {
    loop {
        let (row, source) = with_store(state, slot, |store| match store.rows.get(at) {
            Some(row) => (Some(row.clone()), None),
            None => (None, store.source.take()),
        })?;
        let Some(mut source) = source else { return Ok(row) };
        let pulled = source.next(state)?;
        if let Some(row) = &pulled {
            state.charge(row_bytes(row))?;
        }
        with_store(state, slot, |store| {
            if let Some(row) = pulled {
                store.rows.push(row);
                store.source = Some(source);
            }
        })?;
    }
}

/// The recursive reference: the rows of the last round, put there by
/// [`RecursiveUnion`](super::RecursiveUnion).
pub(in crate::exec) struct WorkTableScan {
    pub slot: usize,
}

struct WorkTableRun {
    slot: usize,
    rows: Option<Arc<Vec<Row>>>,
    at: usize,
}

impl PlanNode for WorkTableScan {
    fn describe(&self) -> Description {
        Description::new("WorkTable Scan", &[])
    }

    fn open(&self, _state: &ExecState) -> Box<dyn Operator> {
        Box::new(WorkTableRun { slot: self.slot, rows: None, at: 0 })
    }
}

impl Operator for WorkTableRun {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        if self.rows.is_none() {
            let shared = state.shared.borrow();
            let rows = shared.get(self.slot).and_then(Option::as_ref);
            let rows = rows.and_then(|s| s.downcast_ref::<Arc<Vec<Row>>>()).cloned();
            self.rows = Some(rows.unwrap_or_default());
        }
        let row = self.rows.as_ref().and_then(|rows| rows.get(self.at)).cloned();
        self.at += 1;
        Ok(row)
    }
}

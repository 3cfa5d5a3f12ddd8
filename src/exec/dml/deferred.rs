//! When constraints are checked: at the end of the statement, or of the transaction.
//!
//! SET CONSTRAINTS and INITIALLY DEFERRED decide for DEFERRABLE ones. What is deferred waits with
//! the transaction. Events name rows by key and are run on the state they find, so one whose row was
//! rolled back to a savepoint, or changed again, does no harm.

use super::foreign_key::{self, Event};
use super::state::target_of;
use crate::catalog::{Catalog, Constraint};
use crate::error::Result;
use crate::exec::{ExecState, StatementContext};
use crate::storage::Txn;
use crate::types::Oid;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// A transaction's deferred checks; kept as its attachment.
#[derive(Default)]
struct Deferred(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    /// SET CONSTRAINTS ALL.
    all: Option<bool>,
    /// SET CONSTRAINTS name: deferred or not, by constraint.
    named: HashMap<Oid, bool>,
    /// Each with its constraint.
    events: Vec<(Oid, Event)>,
}

/// Queues an event of a constraint for its time.
pub(super) fn schedule(state: &ExecState, constraint: &Constraint, event: Event) {
    if constraint.deferrable {
        let deferred = state.cx.txn.attachment::<Deferred>();
        let mut queue = deferred.0.lock();
        let said = |oid: Oid| queue.named.get(&oid).copied();
        let named = sources(&state.cx.catalog, constraint.oid).into_iter().find_map(said);
        if named.or(queue.all).unwrap_or(constraint.initially_deferred) {
            queue.events.push((constraint.oid, event));
            return;
        }
    }
    state.dml.events.borrow_mut().push_back(event);
}

/// A constraint, and those that it is derived from: what is said of them holds for it.
fn sources(catalog: &Catalog, constraint: Oid) -> Vec<Oid> {
    let mut found = vec![constraint];
    let mut at = constraint;
    while let Some((_, of)) = catalog.constraint(at)
        && of.origin.parent != 0
    {
        at = of.origin.parent;
        found.push(at);
    }
    found
}

/// Runs what is due at the end of a statement, and what that makes due.
pub(in crate::exec) fn finish_statement(state: &ExecState) -> Result<()> {
    loop {
        let next = state.dml.events.borrow_mut().pop_front();
        let Some(event) = next else { return Ok(()) };
        state.cx.cancel.check()?;
        run(state, &event)?;
    }
}

/// Runs every deferred check: before COMMIT, inside a statement of the transaction.
pub fn check_deferred(cx: &Arc<StatementContext>) -> Result<()> {
    let state = ExecState::new(cx.clone(), Arc::from([]));
    let deferred = cx.txn.attachment::<Deferred>();
    loop {
        let events = std::mem::take(&mut deferred.0.lock().events);
        if events.is_empty() {
            return Ok(());
        }
        for (_, event) in events {
            run(&state, &event)?;
            finish_statement(&state)?;
        }
    }
}

/// SET CONSTRAINTS: of all constraints (`None`) or the named ones. What is no longer deferred is
/// checked at once.
pub fn set_constraints(
    cx: &Arc<StatementContext>,
    constraints: Option<&[Oid]>,
    deferred: bool,
) -> Result<()> {
    let kept = cx.txn.attachment::<Deferred>();
    let mut queue = kept.0.lock();
    match constraints {
        None => {
            queue.named.clear();
            queue.all = Some(deferred);
        }
        Some(oids) => queue.named.extend(oids.iter().map(|oid| (*oid, deferred))),
    }
    if deferred {
        return Ok(());
    }
    let within = |oids: &[Oid], oid: Oid| {
        sources(&cx.catalog, oid).iter().any(|source| oids.contains(source))
    };
    let named = |oid: &Oid| constraints.is_none_or(|oids| within(oids, *oid));
    let (due, later) = queue.events.drain(..).partition(|(oid, _)| named(oid));
    queue.events = later;
    drop(queue);
    let due: Vec<(Oid, Event)> = due;
    let state = ExecState::new(cx.clone(), Arc::from([]));
    for (_, event) in due {
        run(&state, &event)?;
    }
    finish_statement(&state)
}

/// Whether the transaction has checks to run before it commits.
pub fn has_deferred(txn: &Txn) -> bool {
    txn.find_attachment::<Deferred>().is_some_and(|d| !d.0.lock().events.is_empty())
}

fn run(state: &ExecState, event: &Event) -> Result<()> {
    match event {
        Event::Child { table, constraint, suffix } => {
            foreign_key::check_child(state, *table, *constraint, suffix)
        }
        Event::Parent { key, owner, old, new } => {
            foreign_key::parent_changed(state, key, *owner, old, new.as_deref())
        }
        Event::Unique { table, index, suffix } => check_unique(state, *table, *index, suffix),
    }
}

/// No other row may have this row's key in a deferrable unique constraint's index.
fn check_unique(state: &ExecState, table: Oid, index: Oid, suffix: &[u8]) -> Result<()> {
    let target = target_of(state, table)?;
    let found = target.indexes.iter().find(|i| i.schema.relation.oid == index);
    let (Some(index), Some(row)) = (found, target.latest(state, suffix)?) else { return Ok(()) };
    let Some(values) = index.values(state, &row.row)? else { return Ok(()) };
    if !index.schema.is_unique_entry(&values) {
        return Ok(());
    }
    match index.has_to_itself(&target, state, &values, suffix)? {
        true => Ok(()),
        false => Err(index.violation(&target, state, &values)),
    }
}

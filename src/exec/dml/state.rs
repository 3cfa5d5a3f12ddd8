//! What a statement's modifications share until it ends.

use super::Target;
use super::foreign_key::Event;
use crate::catalog::Relation;
use crate::error::{PgError, Result, code};
use crate::exec::ExecState;
use crate::nodes::RowLockMode;
use crate::storage::StorageId;
use crate::types::Oid;
use bytes::Bytes;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

/// Part of [`ExecState`].
#[derive(Default)]
pub struct Modifications {
    /// Nothing else of the statement has written that a rerun would write again.
    may_restart: Cell<bool>,
    /// A row that another transaction holds, to be waited for before the statement runs again.
    wanted: RefCell<Option<WantedRow>>,
    /// Keys that the statement's snapshot shows rows under which it has met under a new key, and
    /// those new keys.
    followed: RefCell<Followed>,
    /// Checks and actions of constraints, due when the statement ends.
    pub(super) events: RefCell<VecDeque<Event>>,
    /// Write paths of tables that referential actions reach, by OID.
    targets: RefCell<HashMap<Oid, Arc<Target>>>,
}

/// See [`Modifications::has_met`].
#[derive(Default)]
struct Followed {
    from: HashSet<Bytes>,
    to: HashSet<Bytes>,
}

/// A row to lock, in order to write it.
pub(super) struct WantedRow {
    pub table: StorageId,
    pub suffix: Bytes,
    pub mode: RowLockMode,
}

impl Modifications {
    pub(super) fn allow_restart(&self, allowed: bool) {
        self.may_restart.set(allowed);
    }

    pub(super) fn may_restart(&self) -> bool {
        self.may_restart.get()
    }

    /// The row that the snapshot shows under one key is worked on under another.
    pub(super) fn follow(&self, from: Bytes, to: Bytes) {
        let mut followed = self.followed.borrow_mut();
        followed.from.insert(from);
        followed.to.insert(to);
    }

    /// Whether the statement has worked on the row that its snapshot shows under `key` already.
    /// `wrote`: whether it has written that key, which it may have for a row that others had moved
    /// there.
    pub(super) fn has_met(&self, key: &Bytes, wrote: bool) -> bool {
        let followed = self.followed.borrow();
        followed.from.contains(key) || (wrote && !followed.to.contains(key))
    }

    /// Asks to wait for a row outside the operators, and to run the statement, which has written
    /// nothing yet, again after that. The error ends the run.
    pub(super) fn want(&self, row: WantedRow) -> PgError {
        self.wanted.replace(Some(row));
        PgError::internal("a row is locked")
    }

    /// What the run that just failed waits for.
    pub(super) fn take_wanted(&self) -> Option<WantedRow> {
        self.followed.take();
        self.wanted.take()
    }
}

/// The write path of a table that the statement does not name.
pub(super) fn target(state: &ExecState, table: &Arc<Relation>) -> Result<Arc<Target>> {
    if let Some(known) = state.dml.targets.borrow().get(&table.oid) {
        return Ok(known.clone());
    }
    let target = Arc::new(Target::compile(&state.cx.catalog, table)?);
    state.dml.targets.borrow_mut().insert(table.oid, target.clone());
    Ok(target)
}

/// The same by OID.
pub(super) fn target_of(state: &ExecState, table: Oid) -> Result<Arc<Target>> {
    let relation = state.cx.catalog.relation(table).ok_or_else(|| {
        PgError::new(code::UNDEFINED_TABLE, format!("relation with OID {table} does not exist"))
    })?;
    target(state, relation)
}

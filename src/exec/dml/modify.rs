//! A planned INSERT, UPDATE, DELETE or MERGE, and its run.

use super::family::{self, Family};
use super::target::Stored;
use super::{Delete, Insert, Merge, Target, Update};
use crate::error::Result;
use crate::exec::expr::Program;
use crate::exec::op::NodeRef;
use crate::exec::{ExecState, Row};
use crate::nodes::LockWait;
use crate::types::Datum;
use std::sync::Arc;

/// A planned data-modifying statement.
pub(in crate::exec) struct Modify {
    pub(super) target: Arc<Target>,
    /// Where tables inherit from the target, or are its partitions.
    pub(super) family: Option<Arc<Family>>,
    pub(super) action: Action,
    pub(super) returning: Option<Vec<Program>>,
    /// RETURNING shows `xmin` or `xmax`.
    pub(super) returns_xid: bool,
    pub(super) verbose: Box<Verbose>,
}

/// What EXPLAIN VERBOSE shows of a data-modifying statement.
pub(super) struct Verbose {
    /// The target's schema.
    pub(super) schema: String,
    /// RETURNING's list.
    pub(super) output: Vec<String>,
}

pub(super) enum Action {
    Insert(Insert),
    Update(Update),
    Delete(Delete),
    Merge(Merge),
}

/// What a data-modifying statement did.
#[derive(Default)]
pub(in crate::exec) struct Modified {
    pub affected: u64,
    /// RETURNING's rows.
    pub rows: Vec<Row>,
}

impl Modify {
    pub(in crate::exec) fn target(&self) -> &Target {
        &self.target
    }

    /// The target as EXPLAIN calls it.
    pub(in crate::exec) fn target_name(&self, verbose: bool) -> String {
        let name = &self.target.relation().name;
        if verbose { format!("{}.{name}", self.verbose.schema) } else { name.clone() }
    }

    pub(in crate::exec) fn output(&self) -> &[String] {
        &self.verbose.output
    }

    /// What gives the rows to insert, change or delete.
    pub(in crate::exec) fn source(&self) -> &NodeRef {
        match &self.action {
            Action::Insert(insert) => &insert.node,
            Action::Update(update) => &update.rows.node,
            Action::Delete(delete) => &delete.rows.node,
            Action::Merge(merge) => &merge.rows.node,
        }
    }

    /// Runs it to its end; what it makes due is left to
    /// [`finish_statement`](super::finish_statement). Where the first row to change is locked, the
    /// run begins again, on the same snapshot, when the row is free: a thread that waited for it
    /// would serve nobody meanwhile.
    pub async fn run(&self, state: &mut ExecState) -> Result<Modified> {
        // With a modifying WITH beside it, a rerun would have to take that back, too.
        let alone = state.shared.get_mut().iter().all(Option::is_none);
        state.dml.allow_restart(alone);
        loop {
            let outcome = self.run_once(state);
            if let Some(row) = state.dml.take_wanted() {
                state.shared.get_mut().fill_with(|| None);
                let txn = state.cx.txn.clone();
                txn.lock_row_to_write(row.table, &row.suffix, row.mode, LockWait::Block).await?;
                continue;
            }
            return outcome;
        }
    }

    fn run_once(&self, state: &ExecState) -> Result<Modified> {
        let mut done = Modified::default();
        match &self.action {
            Action::Insert(insert) => insert.run(self, state, &mut done)?,
            Action::Update(update) => update.run(self, state, &mut done)?,
            Action::Delete(delete) => delete.run(self, state, &mut done)?,
            Action::Merge(merge) => merge.run(self, state, &mut done)?,
        }
        let activity = &self.target.schema.activity;
        let count = match &self.action {
            Action::Insert(_) => &activity.inserted,
            Action::Update(_) => &activity.updated,
            Action::Delete(_) => &activity.deleted,
            // It has counted each of the three.
            Action::Merge(_) => return Ok(done),
        };
        count.add(done.affected);
        Ok(done)
    }

    /// The write path that a new row, of the shape that the statement gives, goes to: the target's,
    /// or that of the partition which takes the row.
    pub(super) fn route(&self, state: &ExecState, row: &Row) -> Result<Arc<Target>> {
        match &self.family {
            Some(family) if family.is_partitioned() => {
                if !self.target.takes(state, row)? {
                    return Err(self.target.bound_violation(state, row));
                }
                family.route(state, row)
            }
            _ => Ok(self.target.clone()),
        }
    }

    /// The write path of the table that a row is of.
    pub(super) fn member(&self, state: &ExecState, table: &Datum) -> Result<Arc<Target>> {
        match (&self.family, table) {
            (Some(family), Datum::Oid(oid)) => family.member(state, *oid),
            _ => Ok(self.target.clone()),
        }
    }

    /// Replaces a locked row of one of the tables, in which it need not stay.
    pub(super) fn replace(
        &self,
        target: &Arc<Target>,
        state: &ExecState,
        old: &Stored,
        new: Row,
    ) -> Result<(Stored, Arc<Target>)> {
        family::replace(self.family.as_deref(), target, &self.target, state, old, new)
    }

    /// The transaction as RETURNING shows it in the rows that it has written; 0 where it does not: then
    /// the transaction needs no number.
    pub(super) fn xid(&self, state: &ExecState) -> u32 {
        if self.returns_xid { state.cx.txn.id() as u32 } else { 0 }
    }

    /// Counts a row written, and makes RETURNING's row of it.
    pub(super) fn affected(
        &self,
        state: &ExecState,
        done: &mut Modified,
        row: &[Datum],
    ) -> Result<()> {
        done.affected += 1;
        if let Some(returning) = &self.returning {
            let values = returning.iter().map(|program| program.eval(state, row));
            let row = values.collect::<Result<Row>>()?;
            state.charge(crate::exec::op::row_bytes(&row))?;
            done.rows.push(row);
        }
        Ok(())
    }
}

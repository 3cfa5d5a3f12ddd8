//! MERGE: each row of the join is worked on by the first WHEN clause that fits.
//!
//! A clause is chosen by the version of the target row that the statement's snapshot shows; only then
//! the row is locked. Where it has changed meanwhile, READ COMMITTED chooses again by the newest version
//! if that still matches the source row, and else goes on to WHEN NOT MATCHED (manual, 13.2.1).

use super::Target;
use super::matched::{Locked, Matched};
use super::modify::{Modified, Modify};
use super::target::Stored;
use crate::error::{PgError, Result, code};
use crate::exec::expr::Program;
use crate::exec::{ExecState, Row};
use crate::nodes::{LockWait, MergeKind, PolicyCheckKind, RowLockMode};
use crate::types::Datum;
use std::sync::Arc;

pub(super) struct Merge {
    pub(super) rows: Matched,
    /// In the order they are tried.
    pub(super) clauses: Vec<WhenClause>,
}

pub(super) struct WhenClause {
    pub(super) matched: bool,
    pub(super) filter: Option<Program>,
    pub(super) kind: MergeKind,
    /// Assigned columns: position and expression over the row of the join.
    pub(super) values: Vec<(usize, Program)>,
}

impl Merge {
    pub(super) fn run(
        &self,
        modify: &Modify,
        state: &ExecState,
        done: &mut Modified,
    ) -> Result<()> {
        self.rows.each(state, |mut row| {
            let matches = self.rows.has_target(&row);
            match matches && self.matched(modify, state, &mut row, done)? {
                true => Ok(()),
                false => self.not_matched(modify, state, &row, done),
            }
        })
    }

    /// Works on a target row; `false`: it does not match any more.
    fn matched(
        &self,
        modify: &Modify,
        state: &ExecState,
        row: &mut Row,
        done: &mut Modified,
    ) -> Result<bool> {
        let target = modify.member(state, &self.rows.table(row))?;
        let mut newest: Option<(Stored, RowLockMode)> = None;
        loop {
            let Some(clause) = self.choose(true, state, row)? else { return Ok(true) };
            let mode = match clause.kind {
                MergeKind::Update => RowLockMode::NoKeyUpdate,
                MergeKind::Delete => RowLockMode::Update,
                MergeKind::Insert | MergeKind::Nothing => return Ok(true),
            };
            let old = match newest.take() {
                Some((old, locked)) if locked >= mode => old,
                Some((old, _)) => {
                    target.lock_to_write(state, &old.suffix, mode, LockWait::Block)?;
                    old
                }
                None => match self.rows.lock_version(&target, state, row, mode)? {
                    Locked::Seen(old) => old,
                    Locked::Changed(old) => {
                        newest = Some((old, mode));
                        continue;
                    }
                    Locked::Gone => return Ok(false),
                    Locked::Met => return Err(second_time()),
                },
            };
            self.change(clause, modify, &target, state, &old, row)?;
            modify.affected(state, done, row)?;
            return Ok(true);
        }
    }

    fn change(
        &self,
        clause: &WhenClause,
        modify: &Modify,
        target: &Arc<Target>,
        state: &ExecState,
        old: &Stored,
        row: &Row,
    ) -> Result<()> {
        let activity = &target.schema.activity;
        let kind = match clause.kind {
            MergeKind::Delete => PolicyCheckKind::MergeDelete,
            _ => PolicyCheckKind::MergeUpdate,
        };
        target.check_policies(state, &old.row, kind)?;
        if clause.kind == MergeKind::Delete {
            activity.deleted.add(1);
            return target.delete(state, old);
        }
        let mut new = old.row.clone();
        for (at, value) in &clause.values {
            new[target.place(*at)] = value.eval(state, row)?;
        }
        activity.updated.add(1);
        modify.replace(target, state, old, new).map(drop)
    }

    fn not_matched(
        &self,
        modify: &Modify,
        state: &ExecState,
        row: &Row,
        done: &mut Modified,
    ) -> Result<()> {
        let clause = self.choose(false, state, row)?;
        let Some(clause) = clause.filter(|clause| clause.kind == MergeKind::Insert) else {
            return Ok(());
        };
        let mut new = vec![Datum::Null; modify.target.relation().columns.len()];
        for (at, value) in &clause.values {
            new[*at] = value.eval(state, row)?;
        }
        let target = modify.route(state, &new)?;
        let mut new = target.own_row(new);
        target.complete(state, &mut new, PolicyCheckKind::Insert)?;
        target.insert(state, new)?;
        target.schema.activity.inserted.add(1);
        modify.affected(state, done, row)
    }

    /// The first WHEN clause that fits.
    fn choose(&self, matched: bool, state: &ExecState, row: &Row) -> Result<Option<&WhenClause>> {
        for clause in self.clauses.iter().filter(|clause| clause.matched == matched) {
            let fits = match &clause.filter {
                Some(filter) => filter.is_true(state, row)?,
                None => true,
            };
            if fits {
                return Ok(Some(clause));
            }
        }
        Ok(None)
    }
}

fn second_time() -> PgError {
    let message = "MERGE command cannot affect row a second time";
    PgError::new(code::CARDINALITY_VIOLATION, message)
        .hint("Ensure that not more than one source row matches any one target row.")
}

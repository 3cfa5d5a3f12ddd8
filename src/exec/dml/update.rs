//! UPDATE: each matched row gets its new values.

use super::matched::Matched;
use super::modify::{Modified, Modify};
use crate::error::Result;
use crate::exec::ExecState;
use crate::exec::expr::Program;
use crate::nodes::RowLockMode;

pub(super) struct Update {
    pub(super) rows: Matched,
    /// Assigned columns: position and expression over the source row.
    pub(super) values: Vec<(usize, Program)>,
}

impl Update {
    pub(super) fn run(
        &self,
        modify: &Modify,
        state: &ExecState,
        done: &mut Modified,
    ) -> Result<()> {
        // The target asks for more where a key changes.
        self.rows.each_locked(modify, state, RowLockMode::NoKeyUpdate, |target, mut row, old| {
            let mut new = old.row.clone();
            for (at, value) in &self.values {
                new[target.place(*at)] = value.eval(state, &row)?;
            }
            let (new, written) = modify.replace(target, state, &old, new)?;
            self.rows.show_written(&written, &mut row, &new.row, modify.xid(state));
            modify.affected(state, done, &row)
        })
    }
}

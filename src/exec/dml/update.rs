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
        let mut source = self.rows.node.open_rows(state);
        while let Some(mut row) = source.next(state)? {
            state.cx.cancel.check()?;
            let target = modify.member(state, &self.rows.table(&row))?;
            // The target asks for more where a key changes.
            let locked = self.rows.lock(&target, state, &mut row, RowLockMode::NoKeyUpdate)?;
            let Some(old) = locked else { continue };
            let mut new = old.row.clone();
            for (at, value) in &self.values {
                new[target.place(*at)] = value.eval(state, &row)?;
            }
            let (new, written) = modify.replace(&target, state, &old, new)?;
            self.rows.show_written(&written, &mut row, &new.row);
            modify.affected(state, done, &row)?;
        }
        Ok(())
    }
}

//! DELETE: each matched row goes.

use super::matched::Matched;
use super::modify::{Modified, Modify};
use crate::error::Result;
use crate::exec::ExecState;
use crate::nodes::RowLockMode;

pub(super) struct Delete {
    pub(super) rows: Matched,
}

impl Delete {
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
            let locked = self.rows.lock(&target, state, &mut row, RowLockMode::Update)?;
            let Some(old) = locked else { continue };
            target.delete(state, &old)?;
            modify.affected(state, done, &row)?;
        }
        Ok(())
    }
}

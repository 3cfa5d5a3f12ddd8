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
        self.rows.each_locked(modify, state, RowLockMode::Update, |target, mut row, old| {
            target.delete(state, &old)?;
            self.rows.show_deleted(&mut row, modify.xid(state));
            modify.affected(state, done, &row)
        })
    }
}

//! INSERT: each source row becomes a row, or meets a conflict.

use super::modify::{Modified, Modify};
use super::on_conflict::{OnConflict, Outcome};
use crate::error::Result;
use crate::exec::expr::Program;
use crate::exec::op::NodeRef;
use crate::exec::{ExecState, Row};
use crate::nodes::PolicyCheckKind;
use crate::types::Datum;

pub(super) struct Insert {
    pub(super) node: NodeRef,
    /// Assigned columns: position and expression over the source row.
    pub(super) values: Vec<(usize, Program)>,
    pub(super) on_conflict: Option<OnConflict>,
}

impl Insert {
    pub(super) fn run(
        &self,
        modify: &Modify,
        state: &ExecState,
        done: &mut Modified,
    ) -> Result<()> {
        let width = modify.target.relation().columns.len();
        let mut source = self.node.open(state);
        while let Some(given) = source.next(state)? {
            state.cx.cancel.check()?;
            let mut row = vec![Datum::Null; width];
            for (at, value) in &self.values {
                row[*at] = value.eval(state, &given)?;
            }
            let target = modify.route(state, &row)?;
            let mut row = target.own_row(row);
            target.complete(state, &mut row, PolicyCheckKind::Insert)?;
            let outcome = match &self.on_conflict {
                None => Outcome::Inserted(target.insert(state, row)?),
                Some(conflict) => conflict.insert(&target, state, row)?,
            };
            let xmin = modify.xid(state);
            // PostgreSQL leaves its lock in a row that ON CONFLICT has updated; applications tell it from
            // an inserted one by that (`xmax = 0`).
            let (stored, xmax) = match outcome {
                Outcome::Inserted(stored) => (stored, 0),
                Outcome::Updated(stored) => (stored, xmin),
                Outcome::Nothing => continue,
            };
            let row = returned(target.named_row(stored.row), target.relation().oid, xmin, xmax);
            modify.affected(state, done, &row)?;
        }
        Ok(())
    }
}

/// RETURNING's row: the columns, `tableoid`, `_seq` and `_updated`, which come with the commit,
/// `_deleted`, `xmin`, `cmin`, `xmax` and `cmax`.
fn returned(mut row: Row, table: u32, xmin: u32, xmax: u32) -> Row {
    row.extend([Datum::Oid(table), Datum::Null, Datum::Null, Datum::Bool(false)]);
    row.extend([xmin, 0, xmax, 0].map(Datum::Oid));
    row
}

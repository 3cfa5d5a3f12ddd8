//! A table whose `_deleted` the query names: its living rows, then the dead ones.
//!
//! In each of the two `_deleted` is known, and so may be that a condition is never true; then that one is
//! not read at all. `WHERE _deleted` reads the dead rows alone, `WHERE NOT _deleted` the living ones by
//! any key they are found by.

use super::access::{Access, Found, layout_of, scan_column};
use super::cost;
use super::estimate::is_known;
use super::planner::{Built, Planner};
use super::quals::{self, Comparison};
use super::walk;
use crate::catalog::schema::TableSchema;
use crate::error::Result;
use crate::exec::Layout;
use crate::exec::expr::Program;
use crate::exec::op::{Append, Values};
use crate::exec::scan::{DeletedScan, Since, Source};
use crate::nodes::{
    AttrNumber, Const, DELETED_COLUMN, Expr, RangeIndex, SEQ_COLUMN, UPDATED_COLUMN, Var,
};
use crate::storage::KeyRange;
use crate::types::{Datum, Oid, oids};
use std::sync::Arc;

impl Planner {
    pub(super) fn with_deleted(
        &mut self,
        access: &Access<'_>,
        schema: Arc<TableSchema>,
        retention_us: i64,
    ) -> Result<Found> {
        match (self.may_give(access, false)?, self.may_give(access, true)?) {
            (true, false) => self.living(access, schema),
            (false, false) => {
                let layout = Arc::new(layout_of(access));
                let built = Built::new(Values { rows: Arc::default() }, layout, 0.0, cost::ROW);
                Ok(unordered(built))
            }
            (false, true) => Ok(unordered(self.dead(access, schema, retention_us)?)),
            (true, true) => {
                let living = self.living(&Access { order: &[], ..*access }, schema.clone())?.built;
                let dead = self.dead(access, schema, retention_us)?;
                let (rows, cost) = (living.rows + dead.rows, living.cost + dead.cost);
                let append = Append::of(vec![living.node, dead.node]);
                Ok(unordered(Built::new(append, living.layout, rows, cost)))
            }
        }
    }

    /// Whether the conditions leave room for living rows, or for dead ones.
    fn may_give(&mut self, access: &Access<'_>, dead: bool) -> Result<bool> {
        for condition in access.conditions {
            let condition = with_deleted_as(condition, access.rel, dead);
            if !quals::rels(&condition).is_empty() || !is_known(&condition, access.rel) {
                continue;
            }
            // Only what is the same whenever the plan is run has become a constant.
            let program = self.compile(&condition, &Arc::new(Layout::default()))?;
            if program.as_const().is_some_and(|value| *value != Datum::Bool(true)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The dead rows.
    fn dead(
        &mut self,
        access: &Access<'_>,
        schema: Arc<TableSchema>,
        retention_us: i64,
    ) -> Result<Built> {
        self.long = true;
        let relation = access.relation;
        let layout = Arc::new(layout_of(access));
        let columns = access.columns.iter().map(|a| scan_column(*a, relation));
        let columns = columns.collect::<Result<_>>()?;
        let conditions = access.conditions.iter();
        let conditions =
            conditions.map(|c| self.inner_condition(c, access, &layout)).collect::<Result<_>>()?;
        let since = Arc::new(Since {
            seq: self.lower_limit(access, SEQ_COLUMN, oids::INT8)?,
            updated: self.lower_limit(access, UPDATED_COLUMN, oids::TIMESTAMPTZ)?,
        });
        let owner = schema.owner(self.cx.env.current_role());
        let range = KeyRange::prefix(&schema.graves_prefix(owner));
        let graves = self.cx.txn.store().graves_within(&range)?;
        let source = Arc::new(Source { schema, columns, conditions });
        let scan = DeletedScan { source, retention_us, since };
        let kept: f64 = access.conditions.iter().map(|c| self.guess(c, access)).product();
        let built = Built::new(scan, layout, graves * kept, cost::SEARCH + graves * cost::SCAN);
        let note = self.condition_note("Filter", access.conditions);
        Ok(self.called(built, access).noted(note))
    }

    /// What a column is compared with, to be above or equal.
    fn lower_limit(
        &mut self,
        access: &Access<'_>,
        attno: AttrNumber,
        type_oid: Oid,
    ) -> Result<Option<Program>> {
        for condition in access.conditions {
            if let Some((Comparison::Gt | Comparison::Ge | Comparison::Eq, value)) =
                self.sargable(condition, access, (attno, type_oid, 0))
            {
                return Ok(Some(self.key_program(value, access)?));
            }
        }
        Ok(None)
    }
}

fn unordered(built: Built) -> Found {
    Found { built, ordered: false, by_key: false }
}

/// A condition on rows of which `_deleted` is known.
fn with_deleted_as(condition: &Expr, of: RangeIndex, deleted: bool) -> Expr {
    let mut condition = condition.clone();
    walk::deep_mut(&mut condition, 0, &mut |expr, depth| {
        if let Expr::Var(Var { rel, attno: DELETED_COLUMN, level, .. }) = expr
            && (*rel, *level) == (of, depth)
        {
            let (value, type_oid) = (Datum::Bool(deleted), oids::BOOL);
            *expr = Expr::Const(Const { value, type_oid, typmod: -1, collation: 0, location: -1 });
        }
    });
    condition
}

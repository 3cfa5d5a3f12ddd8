//! Where set-returning functions may stand (`check_srf_call_placement`).

use super::place::Place;
use super::state::Binder;
use crate::error::{PgError, Result, code};
use crate::nodes::Expr;

/// Whether an expression returns a set (`expression_returns_set`).
pub(super) fn returns_set(expr: &Expr) -> bool {
    expr.any(&mut |e| matches!(e, Expr::Func(f) if f.retset))
}

impl Binder<'_, '_> {
    /// Counts a set-returning call and refuses it where sets are not allowed. `before` is the count
    /// before its arguments were bound.
    pub fn check_srf_place(&mut self, location: i32, before: u32) -> Result<()> {
        let nested = self.scope_ref().srf_count != before;
        let inner = self.scope_ref().last_srf_location;
        let refused = |message: String| {
            let at = if nested { inner } else { location };
            Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).at(at))
        };
        match self.place() {
            Place::FromFunction if nested => {
                return refused("set-returning functions must appear at top level of FROM".into());
            }
            Place::FromFunction | Place::ValuesSingle => {}
            Place::SelectTarget
            | Place::InsertTarget
            | Place::GroupBy
            | Place::OrderBy
            | Place::DistinctOn
            | Place::WindowPartition
            | Place::WindowOrder => self.scope().has_target_srfs = true,
            Place::WindowFrameRange | Place::WindowFrameRows | Place::WindowFrameGroups => {
                return refused(
                    "set-returning functions are not allowed in window definitions".into(),
                );
            }
            place => {
                let place = place.refusal();
                return refused(format!("set-returning functions are not allowed in {place}"));
            }
        }
        self.scope().srf_count += 1;
        self.scope().last_srf_location = location;
        Ok(())
    }
}

//! The common type of several expressions: UNION, CASE, VALUES, ARRAY, IN (manual, section 10.5).

use super::coerce::Cast;
use super::state::Binder;
use crate::catalog::builtin::CastContext;
use crate::error::{PgError, Result, code};
use crate::nodes::Expr;
use crate::types::{Oid, oids};

impl Binder<'_, '_> {
    /// The type that all can be converted to, or an error that names the construct
    /// (`select_common_type`).
    pub fn common_type(&self, exprs: &[&Expr], construct: &str) -> Result<Oid> {
        let types: Vec<Oid> = exprs.iter().map(|e| e.type_oid()).collect();
        self.common_of_types(&types).map_err(|(a, b, at)| {
            let message = format!(
                "{construct} types {} and {} cannot be matched",
                self.type_name(a),
                self.type_name(b)
            );
            PgError::new(code::DATATYPE_MISMATCH, message).at(exprs[at].location())
        })
    }

    /// As [`Binder::common_type`]; `None` where there is none.
    pub fn try_common_type(&self, types: &[Oid]) -> Option<Oid> {
        self.common_of_types(types).ok()
    }

    /// The common type, or the two that do not match and the second's index.
    fn common_of_types(&self, types: &[Oid]) -> std::result::Result<Oid, (Oid, Oid, usize)> {
        let Some(&first) = types.first() else { return Ok(oids::TEXT) };
        if first != oids::UNKNOWN && types.iter().all(|t| *t == first) {
            return Ok(first);
        }
        let mut chosen = self.base_type(first, -1).0;
        for (at, &next) in types.iter().enumerate().skip(1) {
            let next = self.base_type(next, -1).0;
            if next == oids::UNKNOWN || next == chosen {
                continue;
            }
            let (old, new) = (self.facts(chosen), self.facts(next));
            if chosen == oids::UNKNOWN {
                chosen = next;
            } else if old.category != new.category {
                return Err((chosen, next, at));
            } else if !old.preferred
                && self.can_coerce(chosen, next, CastContext::Implicit)
                && !self.can_coerce(next, chosen, CastContext::Implicit)
            {
                chosen = next;
            }
        }
        Ok(if chosen == oids::UNKNOWN { oids::TEXT } else { chosen })
    }

    /// Converts to a common type (`coerce_to_common_type`).
    pub fn coerce_to_common(&mut self, expr: Expr, to: Oid, construct: &str) -> Result<Expr> {
        let from = expr.type_oid();
        if from == to {
            return Ok(expr);
        }
        if !self.can_coerce(from, to, CastContext::Implicit) {
            let message = format!(
                "{construct} could not convert type {} to {}",
                self.type_name(from),
                self.type_name(to)
            );
            return Err(PgError::new(code::CANNOT_COERCE, message).at(expr.location()));
        }
        self.coerce_type(expr, to, -1, Cast::IMPLICIT)
    }
}

/// The typmod that all share with the common type, else -1 (`select_common_typmod`).
pub(super) fn common_typmod(exprs: &[&Expr], common: Oid) -> i32 {
    let Some(first) = exprs.first() else { return -1 };
    let typmod = first.typmod();
    let agree = |e: &&Expr| e.type_oid() == common && e.typmod() == typmod;
    if exprs.iter().all(agree) { typmod } else { -1 }
}

//! Row comparison: `(a, b) < (c, d)`.

use super::eval::Eval;
use super::node::RowCompare;
use crate::error::Result;
use crate::nodes::RowCompareKind;
use crate::types::{self, Datum};
use std::cmp::Ordering;

/// The first column that differs decides; NULL in it, or in one before it, makes the result NULL.
pub(super) fn row_compare(r: &RowCompare, cx: &Eval<'_>) -> Result<Datum> {
    let mut order = Ordering::Equal;
    for (type_oid, left, right) in &r.columns {
        let (left, right) = (left.eval(cx)?, right.eval(cx)?);
        if left.is_null() || right.is_null() {
            return Ok(Datum::Null);
        }
        order = types::compare(*type_oid, &left, &right);
        if order.is_ne() {
            break;
        }
    }
    Ok(Datum::Bool(match r.kind {
        RowCompareKind::Lt => order.is_lt(),
        RowCompareKind::Le => order.is_le(),
        RowCompareKind::Ge => order.is_ge(),
        RowCompareKind::Gt => order.is_gt(),
    }))
}

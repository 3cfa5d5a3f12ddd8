//! The canonical form of ranges over discrete subtypes: `[lower, upper)`.

use super::Bound;
use crate::error::{PgError, Result, code};
use crate::types::Datum;
use crate::types::datetime::input::check_date;
use crate::types::datetime::{DATE_INFINITY, DATE_NEG_INFINITY};

/// Bounds of a range that is not empty, in canonical form; 22003 and 22008 where there is no next value.
pub(super) fn bounds(lower: Bound, upper: Bound) -> Result<(Bound, Bound)> {
    let lower = match !lower.inclusive {
        true => moved(lower)?,
        false => lower,
    };
    let upper = match upper.inclusive {
        true => moved(upper)?,
        false => upper,
    };
    Ok((lower, upper))
}

/// A bound at the next value, inclusive where it was not and the reverse; itself where values have none.
fn moved(bound: Bound) -> Result<Bound> {
    let out_of_range =
        |name: &str| PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, format!("{name} out of range"));
    let next =
        match &bound.value {
            Some(Datum::Int4(v)) => {
                Datum::Int4(v.checked_add(1).ok_or_else(|| out_of_range("integer"))?)
            }
            Some(Datum::Int8(v)) => {
                Datum::Int8(v.checked_add(1).ok_or_else(|| out_of_range("bigint"))?)
            }
            Some(Datum::Date(v)) if !matches!(*v, DATE_INFINITY | DATE_NEG_INFINITY) => {
                let next = check_date(i64::from(*v) + 1);
                Datum::Date(next.ok_or_else(|| {
                    PgError::new(code::DATETIME_FIELD_OVERFLOW, "date out of range")
                })?)
            }
            _ => return Ok(bound),
        };
    Ok(Bound { value: Some(next), inclusive: !bound.inclusive, ..bound })
}

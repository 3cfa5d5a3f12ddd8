//! Digits of seconds: `time(3)`, `timestamp(0)`.

use super::timestamp::{is_infinite, out_of_range};
use crate::error::{PgError, Result, code};

const PRECISION_MAX: i32 = 6;

/// The modifier of `time(p)` or `timestamp(p)`; `what` is `TIME` or `TIMESTAMP`, `zone` whether it
/// is one with time zone. More than six digits are six.
pub fn typmod_from_modifiers(modifiers: &[i32], what: &str, zone: bool) -> Result<i32> {
    let zone = if zone { " WITH TIME ZONE" } else { "" };
    match *modifiers {
        [precision] if precision < 0 => Err(PgError::new(
            code::INVALID_PARAMETER_VALUE,
            format!("{what}({precision}){zone} precision must not be negative"),
        )),
        [precision] => Ok(precision.min(PRECISION_MAX)),
        _ => Err(PgError::new(code::INVALID_PARAMETER_VALUE, "invalid type modifier")),
    }
}

/// Rounds half away from zero to `precision` digits of seconds; `None` on overflow.
pub fn round_micros(micros: i64, precision: i32) -> Option<i64> {
    let unit = match u32::try_from(precision) {
        Ok(digits @ 0..=5) => 10i64.pow(6 - digits),
        _ => return Some(micros),
    };
    let half = if micros < 0 { -unit / 2 } else { unit / 2 };
    Some(micros.checked_add(half)? / unit * unit)
}

/// A `time` fitted to a modifier.
pub fn apply_to_time(time: i64, typmod: i32) -> i64 {
    round_micros(time, typmod).expect("times are far from i64's bounds")
}

/// A `timestamp` or `timestamptz` fitted to a modifier. As in PostgreSQL the last instant of the
/// range may be rounded to just past it.
pub fn apply_to_timestamp(timestamp: i64, typmod: i32) -> Result<i64> {
    if is_infinite(timestamp) {
        return Ok(timestamp);
    }
    round_micros(timestamp, typmod).ok_or_else(out_of_range)
}

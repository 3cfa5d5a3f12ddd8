//! Dates: arithmetic and casts.

use super::fields::{date_out_of_range, is_finite};
use super::timestamp::{add_interval, finite, negated, zone};
use crate::error::{PgError, Result, code};
use crate::functions::Ctx;
use crate::functions::Implementation::{self, Scalar};
use crate::types::Datum;
use crate::types::datetime::calendar::POSTGRES_EPOCH_JDATE;
use crate::types::datetime::timestamp::{to_local, to_utc};
use crate::types::datetime::{
    DATE_INFINITY, DATE_NEG_INFINITY, DAY, Interval, SECOND, TIMESTAMP_INFINITY,
    TIMESTAMP_NEG_INFINITY,
};

/// 4714-11-24 BC, Julian day 0.
const DATE_MIN: i32 = -POSTGRES_EPOCH_JDATE;
/// 5874898-01-01, the first date out of range.
const DATE_END: i32 = 2_147_483_494 - POSTGRES_EPOCH_JDATE;
/// 294277-01-01, the first date without a time stamp.
const TIMESTAMP_END: i32 = 109_203_528 - POSTGRES_EPOCH_JDATE;

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("date_pli", Scalar(|_, a| add_days(a[0].as_date(), i64::from(a[1].as_int4())))),
    ("date_mii", Scalar(|_, a| add_days(a[0].as_date(), -i64::from(a[1].as_int4())))),
    ("date_mi", Scalar(difference)),
    ("date_pl_interval", Scalar(|_, a| plus_interval(a[0].as_date(), a[1].as_interval()))),
    (
        "date_mi_interval",
        Scalar(|_, a| plus_interval(a[0].as_date(), &negated(a[1].as_interval()))),
    ),
    ("date_finite", Scalar(|_, a| Ok(Datum::Bool(!is_infinite(a[0].as_date()))))),
    ("date_timestamp", Scalar(|_, a| to_timestamp(a[0].as_date()).map(Datum::Timestamp))),
    ("date_timestamptz", Scalar(|c, a| to_timestamptz(c, a[0].as_date()).map(Datum::TimestampTz))),
    (
        "datetime_timestamp",
        Scalar(|_, a| at_time(a[0].as_date(), a[1].as_time()).map(Datum::Timestamp)),
    ),
    ("datetimetz_timestamptz", Scalar(with_timetz)),
    ("timestamp_date", Scalar(|_, a| Ok(of_timestamp(a[0].as_timestamp())))),
    (
        "timestamptz_date",
        Scalar(|c, a| Ok(of_timestamp(to_local(a[0].as_timestamptz(), zone(c))?))),
    ),
];

fn is_infinite(date: i32) -> bool {
    date == DATE_INFINITY || date == DATE_NEG_INFINITY
}

fn add_days(date: i32, days: i64) -> Result<Datum> {
    if is_infinite(date) {
        return Ok(Datum::Date(date));
    }
    let sum = i32::try_from(i64::from(date) + days).ok();
    sum.filter(|sum| (DATE_MIN..DATE_END).contains(sum))
        .map(Datum::Date)
        .ok_or_else(date_out_of_range)
}

fn difference(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let (a, b) = (args[0].as_date(), args[1].as_date());
    if is_infinite(a) || is_infinite(b) {
        return Err(PgError::new(code::DATETIME_FIELD_OVERFLOW, "cannot subtract infinite dates"));
    }
    Ok(Datum::Int4(a - b))
}

/// Midnight of a date; 22008 for dates after the last time stamp.
pub(super) fn to_timestamp(date: i32) -> Result<i64> {
    match date {
        DATE_NEG_INFINITY => Ok(TIMESTAMP_NEG_INFINITY),
        DATE_INFINITY => Ok(TIMESTAMP_INFINITY),
        date if date >= TIMESTAMP_END => Err(out_of_range_for_timestamp()),
        date => Ok(i64::from(date) * DAY),
    }
}

/// Midnight in the session's time zone.
pub(super) fn to_timestamptz(ctx: &Ctx<'_>, date: i32) -> Result<i64> {
    let local = to_timestamp(date)?;
    to_utc(local, zone(ctx)).map_err(|_| out_of_range_for_timestamp())
}

fn out_of_range_for_timestamp() -> PgError {
    PgError::new(code::DATETIME_FIELD_OVERFLOW, "date out of range for timestamp")
}

fn plus_interval(date: i32, span: &Interval) -> Result<Datum> {
    add_interval(to_timestamp(date)?, span, None).map(Datum::Timestamp)
}

fn at_time(date: i32, time: i64) -> Result<i64> {
    let midnight = to_timestamp(date)?;
    if is_finite(midnight) { finite(midnight.saturating_add(time)) } else { Ok(midnight) }
}

fn with_timetz(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let Datum::TimeTz(time, seconds_west) = args[1] else {
        unreachable!("declared timetz");
    };
    let midnight = to_timestamp(args[0].as_date())?;
    if !is_finite(midnight) {
        return Ok(Datum::TimestampTz(midnight));
    }
    let micros = midnight.saturating_add(time).saturating_add(i64::from(seconds_west) * SECOND);
    finite(micros).map(Datum::TimestampTz).map_err(|_| out_of_range_for_timestamp())
}

fn of_timestamp(local: i64) -> Datum {
    Datum::Date(match local {
        TIMESTAMP_NEG_INFINITY => DATE_NEG_INFINITY,
        TIMESTAMP_INFINITY => DATE_INFINITY,
        local => local.div_euclid(DAY) as i32,
    })
}

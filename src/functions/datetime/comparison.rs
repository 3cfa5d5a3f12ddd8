//! Comparison of dates, times, time stamps and intervals, also of one with another.
//!
//! A date stands for its midnight, in the session's time zone where it meets a `timestamptz`. A
//! date beyond the last time stamp is greater than all of them but infinity, so the common scale is
//! microseconds in 128 bits.

use crate::functions::Ctx;
use crate::functions::Implementation::{self, Scalar};
use crate::functions::comparison::{extremes, of, operators};
use crate::types::Datum;
use crate::types::datetime::timestamp::to_utc;
use crate::types::datetime::{DATE_INFINITY, DATE_NEG_INFINITY, DAY, SECOND};
use std::cmp::Ordering;

operators! {
    ["date_" "date_" "" "date_cmp"] of!(DATE);
    ["time_" "time_" "" "time_cmp"] of!(TIME);
    ["timetz_" "timetz_" "" "timetz_cmp"] of!(TIMETZ);
    ["interval_" "interval_" "" "interval_cmp"] of!(INTERVAL);
    // The rows of `timestamp` and `timestamptz` share these.
    ["timestamp_" "timestamp_" "" "timestamp_cmp"] local;
    ["date_" "date_" "_timestamp" "date_cmp_timestamp"] local;
    ["timestamp_" "timestamp_" "_date" "timestamp_cmp_date"] local;
    ["date_" "date_" "_timestamptz" "date_cmp_timestamptz"] absolute;
    ["timestamptz_" "timestamptz_" "_date" "timestamptz_cmp_date"] absolute;
    ["timestamp_" "timestamp_" "_timestamptz" "timestamp_cmp_timestamptz"] absolute;
    ["timestamptz_" "timestamptz_" "_timestamp" "timestamptz_cmp_timestamp"] absolute;
}

extremes! {
    "date_": DATE;
    "time_": TIME;
    "timetz_": TIMETZ;
    "interval_": INTERVAL;
}

/// `max` and `min` of both kinds of time stamp.
pub(in crate::functions) const TIMESTAMP_EXTREMES: &[(&str, Implementation)] = &[
    ("timestamp_larger", Scalar(|c, a| Ok(a[usize::from(local(c, &a[0], &a[1]).is_lt())].clone()))),
    (
        "timestamp_smaller",
        Scalar(|c, a| Ok(a[usize::from(local(c, &a[0], &a[1]).is_gt())].clone())),
    ),
];

/// Neither side needs a time zone.
fn local(_: &Ctx<'_>, a: &Datum, b: &Datum) -> Ordering {
    local_micros(a).cmp(&local_micros(b))
}

/// Both sides as instants.
fn absolute(ctx: &Ctx<'_>, a: &Datum, b: &Datum) -> Ordering {
    utc_micros(ctx, a).cmp(&utc_micros(ctx, b))
}

fn local_micros(value: &Datum) -> i128 {
    match value {
        Datum::Date(DATE_NEG_INFINITY) => i128::from(i64::MIN),
        Datum::Date(DATE_INFINITY) => i128::MAX,
        Datum::Date(days) => i128::from(*days) * i128::from(DAY),
        Datum::Timestamp(micros) | Datum::TimestampTz(micros) => match *micros {
            i64::MAX => i128::MAX,
            micros => i128::from(micros),
        },
        other => unreachable!("a date or time stamp, found {other:?}"),
    }
}

fn utc_micros(ctx: &Ctx<'_>, value: &Datum) -> i128 {
    let local = local_micros(value);
    if let Datum::TimestampTz(_) = value {
        return local;
    }
    let zone = &ctx.env.format().time_zone;
    match i64::try_from(local) {
        Ok(i64::MIN) => local,
        // Conversion fails only past the ends of the range, where the offset must not wrap.
        Ok(micros) => to_utc(micros, zone).map_or_else(
            |_| local - i128::from(zone.offset_at_local(micros)) * i128::from(SECOND),
            i128::from,
        ),
        Err(_) => local,
    }
}

//! Time stamps: arithmetic, ages, casts.

use super::fields::{Fields, is_finite, timestamp_out_of_range};
use super::interval::{self, datum as interval_datum};
use crate::error::{PgError, Result, code};
use crate::functions::Ctx;
use crate::functions::Implementation::{self, Scalar};
use crate::types::datetime::calendar::days_in_month;
use crate::types::datetime::timestamp::{check_range, to_local, to_utc};
use crate::types::datetime::{DAY, Interval, TimeZone};
use crate::types::{Datum, apply_typmod, oids};

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    (
        "timestamp_pl_interval",
        Scalar(|_, a| {
            add_interval(a[0].as_timestamp(), a[1].as_interval(), None).map(Datum::Timestamp)
        }),
    ),
    (
        "timestamp_mi_interval",
        Scalar(|_, a| {
            add_interval(a[0].as_timestamp(), &negated(a[1].as_interval()), None)
                .map(Datum::Timestamp)
        }),
    ),
    (
        "timestamptz_pl_interval",
        Scalar(|c, a| {
            add_interval(a[0].as_timestamptz(), a[1].as_interval(), Some(zone(c)))
                .map(Datum::TimestampTz)
        }),
    ),
    (
        "timestamptz_mi_interval",
        Scalar(|c, a| {
            add_interval(a[0].as_timestamptz(), &negated(a[1].as_interval()), Some(zone(c)))
                .map(Datum::TimestampTz)
        }),
    ),
    ("timestamp_mi", Scalar(difference)),
    ("timestamp_age", Scalar(timestamp_age)),
    ("timestamptz_age", Scalar(timestamptz_age)),
    ("timestamp_finite", Scalar(|_, a| Ok(Datum::Bool(is_finite(micros_of(&a[0])))))),
    (
        "timestamp_scale",
        Scalar(|_, a| apply_typmod(oids::TIMESTAMP, a[1].as_int4(), true, a[0].clone())),
    ),
    (
        "timestamptz_scale",
        Scalar(|_, a| apply_typmod(oids::TIMESTAMPTZ, a[1].as_int4(), true, a[0].clone())),
    ),
    (
        "timestamp_timestamptz",
        Scalar(|c, a| to_utc(a[0].as_timestamp(), zone(c)).map(Datum::TimestampTz)),
    ),
    (
        "timestamptz_timestamp",
        Scalar(|c, a| to_local(a[0].as_timestamptz(), zone(c)).map(Datum::Timestamp)),
    ),
    ("timestamp_time", Scalar(|_, a| Ok(time_of(a[0].as_timestamp())))),
    ("timestamptz_time", Scalar(|c, a| Ok(time_of(to_local(a[0].as_timestamptz(), zone(c))?)))),
    ("timestamptz_timetz", Scalar(timestamptz_timetz)),
];

/// The session's time zone.
pub(super) fn zone<'a>(ctx: &'a Ctx<'_>) -> &'a TimeZone {
    &ctx.env.format().time_zone
}

/// Of either kind of time stamp: some `pg_proc` rows of both share an implementation.
pub(super) fn micros_of(value: &Datum) -> i64 {
    match value {
        Datum::Timestamp(micros) | Datum::TimestampTz(micros) => *micros,
        other => unreachable!("a time stamp, found {other:?}"),
    }
}

/// The span with every part's sign turned. The smallest value stays, and is out of range anyhow.
pub(super) fn negated(span: &Interval) -> Interval {
    Interval {
        months: span.months.wrapping_neg(),
        days: span.days.wrapping_neg(),
        micros: span.micros.wrapping_neg(),
    }
}

/// Adds months (keeping the day of the month where the month is long enough), then days, then time.
/// In a zone, months and days are the local calendar's and time is absolute. Infinities stay.
pub(in crate::functions) fn add_interval(
    timestamp: i64,
    span: &Interval,
    zone: Option<&TimeZone>,
) -> Result<i64> {
    if !is_finite(timestamp) {
        return Ok(timestamp);
    }
    let mut result = timestamp;
    if span.months != 0 {
        result = in_calendar(result, zone, |local| add_months(local, span.months))?;
    }
    if span.days != 0 {
        result = in_calendar(result, zone, |local| {
            let days = i64::from(span.days).checked_mul(DAY);
            days.and_then(|days| local.checked_add(days)).ok_or_else(timestamp_out_of_range)
        })?;
    }
    let result = result.checked_add(span.micros).ok_or_else(timestamp_out_of_range)?;
    finite(result)
}

fn in_calendar(
    timestamp: i64,
    zone: Option<&TimeZone>,
    change: impl FnOnce(i64) -> Result<i64>,
) -> Result<i64> {
    match zone {
        None => finite(change(timestamp)?),
        Some(zone) => to_utc(finite(change(to_local(timestamp, zone)?)?)?, zone),
    }
}

/// A computed time stamp must be in range; the infinities are not results of arithmetic.
pub(super) fn finite(timestamp: i64) -> Result<i64> {
    if is_finite(timestamp) { check_range(timestamp) } else { Err(timestamp_out_of_range()) }
}

fn add_months(local: i64, months: i32) -> Result<i64> {
    let mut fields = Fields::of_timestamp(local);
    let total = i64::from(fields.year) * 12 + i64::from(fields.month - 1) + i64::from(months);
    let year = total.div_euclid(12);
    if !(-4713..=294_276).contains(&year) {
        return Err(timestamp_out_of_range());
    }
    fields.year = year as i32;
    fields.month = total.rem_euclid(12) as i32 + 1;
    fields.day = fields.day.min(days_in_month(fields.year, fields.month));
    fields.timestamp()
}

/// The difference in days and time; months are for [`timestamp_age`].
fn difference(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let (a, b) = (micros_of(&args[0]), micros_of(&args[1]));
    if !is_finite(a) || !is_finite(b) {
        return Err(PgError::new(
            code::DATETIME_FIELD_OVERFLOW,
            "cannot subtract infinite timestamps",
        ));
    }
    let micros = a.checked_sub(b).ok_or_else(super::fields::interval_out_of_range)?;
    interval::justify_hours(&interval::of_micros(micros)).map(interval_datum)
}

fn timestamp_age(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let (a, b) = (args[0].as_timestamp(), args[1].as_timestamp());
    if !is_finite(a) || !is_finite(b) {
        return Err(timestamp_out_of_range());
    }
    Ok(age(a < b, &Fields::of_timestamp(a), &Fields::of_timestamp(b)))
}

/// Ages compare local times; a difference of offsets between the two is ignored on purpose.
fn timestamptz_age(ctx: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let (a, b) = (args[0].as_timestamptz(), args[1].as_timestamptz());
    if !is_finite(a) || !is_finite(b) {
        return Err(timestamp_out_of_range());
    }
    let a_fields = Fields::of_timestamptz(a, zone(ctx))?;
    Ok(age(a < b, &a_fields, &Fields::of_timestamptz(b, zone(ctx))?))
}

/// The symbolic difference: years, months, days and time each apart. Days are borrowed from the
/// month of the earlier point.
fn age(negative: bool, a: &Fields, b: &Fields) -> Datum {
    let (later, earlier) = if negative { (b, a) } else { (a, b) };
    let mut micros = later.time() - earlier.time();
    let mut days = later.day - earlier.day;
    let mut months = (later.year - earlier.year) * 12 + later.month - earlier.month;
    if micros < 0 {
        micros += DAY;
        days -= 1;
    }
    while days < 0 {
        days += days_in_month(earlier.year, earlier.month);
        months -= 1;
    }
    let span = Interval { months, days, micros };
    interval_datum(if negative { negated(&span) } else { span })
}

/// The time of day of a local time stamp; NULL for infinities.
fn time_of(local: i64) -> Datum {
    if is_finite(local) { Datum::Time(local.rem_euclid(DAY)) } else { Datum::Null }
}

fn timestamptz_timetz(ctx: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let timestamp = args[0].as_timestamptz();
    if !is_finite(timestamp) {
        return Ok(Datum::Null);
    }
    let offset = zone(ctx).offset_at(timestamp).seconds_east;
    let local = to_local(timestamp, zone(ctx))?;
    Ok(Datum::TimeTz(local.rem_euclid(DAY), -offset))
}

//! AT TIME ZONE: `timezone(zone, value)` for zones by name and by offset.

use super::fields::is_finite;
use super::interval::datum as interval_datum;
use super::time::{timetz, wrapped};
use super::timestamp::finite;
use crate::error::{PgError, Result, code};
use crate::functions::Ctx;
use crate::functions::Implementation::{self, Scalar};
use crate::types::datetime::timestamp::{to_local, to_utc};
use crate::types::datetime::{Interval, SECOND, TimeZone};
use crate::types::{Datum, Format, oids, text_out};

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    (
        "timestamp_zone",
        Scalar(|_, a| {
            to_utc(a[1].as_timestamp(), &named_zone(a[0].as_text())?).map(Datum::TimestampTz)
        }),
    ),
    (
        "timestamptz_zone",
        Scalar(|_, a| {
            to_local(a[1].as_timestamptz(), &named_zone(a[0].as_text())?).map(Datum::Timestamp)
        }),
    ),
    ("timetz_zone", Scalar(timetz_zone)),
    (
        "timestamp_izone",
        Scalar(|c, a| {
            let offset = offset_of(c, a[0].as_interval())?;
            moved(a[1].as_timestamp(), -offset).map(Datum::TimestampTz)
        }),
    ),
    (
        "timestamptz_izone",
        Scalar(|c, a| {
            let offset = offset_of(c, a[0].as_interval())?;
            moved(a[1].as_timestamptz(), offset).map(Datum::Timestamp)
        }),
    ),
    ("timetz_izone", Scalar(|c, a| Ok(shown_at(&a[1], offset_of(c, a[0].as_interval())?)))),
];

/// A zone by abbreviation, name or POSIX specification; 22023 where there is none.
pub(super) fn named_zone(name: &str) -> Result<TimeZone> {
    TimeZone::parse_or_abbreviation(name).ok_or_else(|| {
        let message = format!("time zone \"{name}\" not recognized");
        PgError::new(code::INVALID_PARAMETER_VALUE, message)
    })
}

/// Seconds east of a zone that is given as a span.
fn offset_of(ctx: &Ctx<'_>, span: &Interval) -> Result<i64> {
    if span.months == 0 && span.days == 0 {
        return Ok(span.micros / SECOND);
    }
    let message = format!(
        "interval time zone \"{}\" must not include months or days",
        span_text(span, ctx.env.format())
    );
    Err(PgError::new(code::INVALID_PARAMETER_VALUE, message))
}

fn span_text(span: &Interval, format: &Format) -> String {
    let mut text = Vec::new();
    text_out(oids::INTERVAL, &interval_datum(*span), format, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

fn moved(timestamp: i64, seconds: i64) -> Result<i64> {
    if !is_finite(timestamp) {
        return Ok(timestamp);
    }
    finite(timestamp.saturating_add(seconds.saturating_mul(SECOND)))
}

/// A zone whose offset changes has the one of the transaction's time.
fn timetz_zone(ctx: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let zone = named_zone(args[0].as_text())?;
    let offset = zone.offset_at(ctx.env.transaction_time()).seconds_east;
    Ok(shown_at(&args[1], i64::from(offset)))
}

/// The same moment of the day on a clock so many seconds east.
fn shown_at(value: &Datum, seconds_east: i64) -> Datum {
    let (time, west) = timetz(value);
    // Offsets beyond a day do not fit the type; they come only from absurd spans.
    let east = seconds_east.clamp(-i64::from(i32::MAX), i64::from(i32::MAX));
    let shift = (i64::from(west) + east) * SECOND;
    Datum::TimeTz(wrapped(time, shift), -(east as i32))
}

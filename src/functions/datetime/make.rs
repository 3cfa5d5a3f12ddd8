//! `make_date` and its kin, and `to_timestamp(double precision)`.

use super::fields::{date_out_of_range, interval_out_of_range, timestamp_from};
use super::interval::datum as interval_datum;
use super::timestamp::{finite, zone};
use super::zone::named_zone;
use crate::error::{PgError, Result, code};
use crate::functions::Ctx;
use crate::functions::Implementation::{self, Scalar};
use crate::functions::float_text::general;
use crate::types::Datum;
use crate::types::datetime::calendar::{
    POSTGRES_EPOCH_JDATE, UNIX_EPOCH_JDATE, date_to_julian, days_in_month,
};
use crate::types::datetime::timestamp::to_utc;
use crate::types::datetime::{
    DAY, HOUR, Interval, MINUTE, SECOND, TIMESTAMP_INFINITY, TIMESTAMP_NEG_INFINITY, TimeZone,
};

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("make_date", Scalar(make_date)),
    (
        "make_time",
        Scalar(|_, a| time_of(a[0].as_int4(), a[1].as_int4(), a[2].as_float8()).map(Datum::Time)),
    ),
    ("make_timestamp", Scalar(|_, a| local_timestamp(a).map(Datum::Timestamp))),
    (
        "make_timestamptz",
        Scalar(|c, a| to_utc(local_timestamp(a)?, zone(c)).map(Datum::TimestampTz)),
    ),
    (
        "make_timestamptz_at_timezone",
        Scalar(|_, a| {
            let local = local_timestamp(a)?;
            to_utc(local, &written_zone(a[6].as_text())?).map(Datum::TimestampTz)
        }),
    ),
    ("make_interval", Scalar(make_interval)),
    ("float8_timestamptz", Scalar(of_unix_time)),
];

/// The Julian day of a date whose year is negative before Christ; there is no year 0.
fn julian_day(year: i32, month: i32, day: i32) -> Result<i32> {
    let out_of_field = || {
        let message = format!("date field value out of range: {year}-{month:02}-{day:02}");
        PgError::new(code::DATETIME_FIELD_OVERFLOW, message)
    };
    // The smallest year has no opposite.
    if year == 0 || year == i32::MIN || !(1..=12).contains(&month) {
        return Err(out_of_field());
    }
    let astronomical = if year < 0 { year + 1 } else { year };
    if !(1..=31).contains(&day) {
        return Err(out_of_field());
    }
    // The calendar repeats every 400 years, which keeps absurd years from overflowing.
    if day > days_in_month(astronomical.rem_euclid(400), month) {
        return Err(out_of_field());
    }
    let in_range = (-4713..=5_874_897).contains(&astronomical);
    let julian = in_range.then(|| date_to_julian(astronomical, month, day));
    julian.filter(|day| *day >= 0).ok_or_else(|| {
        // PostgreSQL shows the astronomical year here.
        let message = format!("date out of range: {astronomical}-{month:02}-{day:02}");
        PgError::new(code::DATETIME_FIELD_OVERFLOW, message)
    })
}

fn make_date(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let julian = julian_day(args[0].as_int4(), args[1].as_int4(), args[2].as_int4())?;
    julian.checked_sub(POSTGRES_EPOCH_JDATE).map(Datum::Date).ok_or_else(date_out_of_range)
}

/// 24:00:00 and seconds of 60 are allowed, anything after is not.
fn time_of(hour: i32, minute: i32, second: f64) -> Result<i64> {
    let micros = (second * SECOND as f64).round_ties_even();
    let fields_fit = (0..=24).contains(&hour)
        && (0..60).contains(&minute)
        && (0.0..=60.0 * SECOND as f64).contains(&micros)
        && second >= 0.0;
    if fields_fit {
        let time = i64::from(hour) * HOUR + i64::from(minute) * MINUTE + micros as i64;
        if time <= DAY {
            return Ok(time);
        }
    }
    let message = format!("time field value out of range: {}", time_text(hour, minute, second));
    Err(PgError::new(code::DATETIME_FIELD_OVERFLOW, message))
}

/// As C's `%d:%02d:%02g`.
fn time_text(hour: i32, minute: i32, second: f64) -> String {
    format!("{hour}:{minute:02}:{:0>2}", general(second))
}

fn local_timestamp(args: &[Datum]) -> Result<i64> {
    let int = |i: usize| args[i].as_int4();
    let julian = julian_day(int(0), int(1), int(2))?;
    let second = args[5].as_float8();
    let time = time_of(int(3), int(4), second)?;
    timestamp_from(julian, time).map_err(|_| {
        let message = format!(
            "timestamp out of range: {}-{:02}-{:02} {}",
            int(0),
            int(1),
            int(2),
            time_text(int(3), int(4), second)
        );
        PgError::new(code::DATETIME_FIELD_OVERFLOW, message)
    })
}

/// A zone by name, or an offset that begins with its sign: `+5`, `-05:30`.
fn written_zone(text: &str) -> Result<TimeZone> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        let message = format!("invalid input syntax for type numeric time zone: \"{text}\"");
        return Err(PgError::new(code::INVALID_PARAMETER_VALUE, message)
            .hint("Numeric time zones must have \"-\" or \"+\" as first character."));
    }
    match numeric_offset(text) {
        Some(Some(offset)) => Ok(TimeZone::fixed(offset)),
        Some(None) => {
            let message = format!("numeric time zone \"{text}\" out of range");
            Err(PgError::new(code::INVALID_PARAMETER_VALUE, message))
        }
        None => named_zone(text),
    }
}

/// Seconds east of `±h`, `±hh`, `±hhmm`, `±hh:mm`, `±hh:mm:ss`; the inner `None`: out of range; the
/// outer: not an offset.
fn numeric_offset(text: &str) -> Option<Option<i32>> {
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits = text.strip_prefix(['+', '-'])?;
    let mut parts = Vec::new();
    for part in digits.split(':') {
        let numeric = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        parts.push(numeric.then(|| part.parse::<i32>().unwrap_or(i32::MAX))?);
    }
    let (hours, minutes, seconds) = match parts[..] {
        [hours] if digits.len() > 2 => (hours / 100, hours % 100, 0),
        [hours] => (hours, 0, 0),
        [hours, minutes] => (hours, minutes, 0),
        [hours, minutes, seconds] => (hours, minutes, seconds),
        _ => return None,
    };
    let in_range = hours <= 15 && minutes < 60 && seconds < 60;
    Some(in_range.then(|| sign * (hours * 3600 + minutes * 60 + seconds)))
}

fn make_interval(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let int = |i: usize| i64::from(args[i].as_int4());
    let seconds = (args[6].as_float8() * SECOND as f64).round_ties_even();
    // 2^63 itself is a float8 and does not fit.
    if !(-(2f64.powi(63))..2f64.powi(63)).contains(&seconds) {
        return Err(interval_out_of_range());
    }
    // Six ints of hours and minutes are far from overflowing microseconds' 64 bits.
    let clock = int(4) * HOUR + int(5) * MINUTE;
    let span = || {
        Some(Interval {
            months: i32::try_from(int(0) * 12 + int(1)).ok()?,
            days: i32::try_from(int(2) * 7 + int(3)).ok()?,
            micros: clock.checked_add(seconds as i64)?,
        })
    };
    span().map(interval_datum).ok_or_else(interval_out_of_range)
}

/// Seconds since 1970-01-01 UTC.
fn of_unix_time(_: &Ctx<'_>, args: &[Datum]) -> Result<Datum> {
    let seconds = args[0].as_float8();
    if seconds.is_infinite() {
        let infinity = if seconds > 0.0 { TIMESTAMP_INFINITY } else { TIMESTAMP_NEG_INFINITY };
        return Ok(Datum::TimestampTz(infinity));
    }
    if seconds.is_nan() {
        return Err(PgError::new(code::DATETIME_FIELD_OVERFLOW, "timestamp cannot be NaN"));
    }
    let epoch = f64::from(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * 86_400.0;
    let micros = ((seconds - epoch) * SECOND as f64).round_ties_even();
    let out_of_range = || {
        let message = format!("timestamp out of range: \"{}\"", general(seconds));
        PgError::new(code::DATETIME_FIELD_OVERFLOW, message)
    };
    if micros.abs() >= 2f64.powi(63) {
        return Err(out_of_range());
    }
    finite(micros as i64).map(Datum::TimestampTz).map_err(|_| out_of_range())
}

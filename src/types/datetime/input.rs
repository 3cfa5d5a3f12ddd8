//! Reading the types of this family from text.

use super::calendar::POSTGRES_EPOCH_JDATE;
use super::decode::{Decoded, date_time, time_of_day, to_timestamp};
use super::{DATE_INFINITY, DATE_NEG_INFINITY, typmod};
use crate::error::{PgError, Result, code};
use crate::types::{Datum, Format};

/// First and last `date`: 4714-11-24 BC and 5874897-12-31.
pub const DATE_MIN: i32 = -POSTGRES_EPOCH_JDATE;
pub const DATE_MAX: i32 = 2_145_031_948;

/// 22008 for a `date` out of range.
pub fn check_date(days: i64) -> Option<i32> {
    i32::try_from(days).ok().filter(|d| (DATE_MIN..=DATE_MAX).contains(d))
}

fn out_of_range(type_name: &str, text: &str) -> PgError {
    PgError::new(code::DATETIME_FIELD_OVERFLOW, format!("{type_name} out of range: \"{text}\""))
}

/// `date`.
pub fn date(text: &str, format: &Format) -> Result<Datum> {
    let days = match date_time(text, format).map_err(|e| e.report(text, "date"))? {
        Decoded::DateTime(civil, _) if civil.year.abs() > 6_000_000 => None,
        Decoded::DateTime(civil, _) => {
            check_date(i64::from(civil.julian()) - i64::from(POSTGRES_EPOCH_JDATE))
        }
        Decoded::Epoch => Some(-10_957),
        Decoded::Infinity => Some(DATE_INFINITY),
        Decoded::NegInfinity => Some(DATE_NEG_INFINITY),
    };
    days.map(Datum::Date).ok_or_else(|| out_of_range("date", text))
}

/// `time`.
pub fn time(text: &str, typmod: i32, format: &Format) -> Result<Datum> {
    let (time, _) = time_of_day(text, format).map_err(|e| e.report(text, "time"))?;
    Ok(Datum::Time(typmod::apply_to_time(time, typmod)))
}

/// `timetz`.
pub fn timetz(text: &str, typmod: i32, format: &Format) -> Result<Datum> {
    let (time, seconds_east) =
        time_of_day(text, format).map_err(|e| e.report(text, "time with time zone"))?;
    Ok(Datum::TimeTz(typmod::apply_to_time(time, typmod), -seconds_east))
}

/// `timestamp`.
pub fn timestamp(text: &str, typmod: i32, format: &Format) -> Result<Datum> {
    instant(text, typmod, format, false).map(Datum::Timestamp)
}

/// `timestamptz`.
pub fn timestamptz(text: &str, typmod: i32, format: &Format) -> Result<Datum> {
    instant(text, typmod, format, true).map(Datum::TimestampTz)
}

fn instant(text: &str, typmod: i32, format: &Format, with_zone: bool) -> Result<i64> {
    let type_name = if with_zone { "timestamp with time zone" } else { "timestamp" };
    let decoded = date_time(text, format).map_err(|e| e.report(text, type_name))?;
    let instant =
        to_timestamp(&decoded, with_zone).ok_or_else(|| out_of_range("timestamp", text))?;
    typmod::apply_to_timestamp(instant, typmod)
}

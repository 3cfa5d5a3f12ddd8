//! Reading the types of this family from text.

use super::calendar::{POSTGRES_EPOCH_JDATE, date_to_julian, days_in_month};
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
    if let Some(days) = iso_date(text.as_bytes()) {
        return Ok(Datum::Date(days));
    }
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

/// `2001-02-03`, which means the same in every `DateStyle` and is how most dates are written; `None`
/// for anything else, and for what is no date.
fn iso_date(text: &[u8]) -> Option<i32> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else { return None };
    if ![y1, y2, y3, y4, m1, m2, d1, d2].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = |digits: &[u8]| digits.iter().fold(0, |n, d| n * 10 + i32::from(d - b'0'));
    let (year, month, day) = (number(&[y1, y2, y3, y4]), number(&[m1, m2]), number(&[d1, d2]));
    let exists = year >= 1 && (1..=12).contains(&month) && day >= 1;
    (exists && day <= days_in_month(year, month))
        .then(|| date_to_julian(year, month, day) - POSTGRES_EPOCH_JDATE)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The short way gives what the long way does, and leaves to it what is no date.
    #[test]
    fn iso_dates_are_read_as_all_others() {
        for text in ["0001-01-01", "1999-12-31", "2000-02-29", "1900-03-01", "9999-12-31"] {
            let Ok(Decoded::DateTime(civil, _)) = date_time(text, &Format::default()) else {
                panic!("{text}");
            };
            assert_eq!(iso_date(text.as_bytes()), Some(civil.julian() - POSTGRES_EPOCH_JDATE));
        }
        for text in ["0000-01-01", "2001-02-29", "2001-13-01", "2001-00-01", "2001-01-1x"] {
            assert_eq!(iso_date(text.as_bytes()), None, "{text}");
        }
    }
}

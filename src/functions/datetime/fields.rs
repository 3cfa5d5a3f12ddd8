//! A point in time or a span split into calendar fields, as extraction and formatting see it.

use crate::error::{PgError, Result, code};
use crate::types::datetime::calendar::{
    self, POSTGRES_EPOCH_JDATE, date_to_julian, julian_to_date,
};
use crate::types::datetime::timestamp::{check_range, to_civil, to_local};
use crate::types::datetime::{DAY, HOUR, Interval, MINUTE, SECOND, TimeZone};

/// A local time. For spans, years and months are the span's months divided, and hours may exceed
/// 23.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    /// 0 is 1 BC.
    pub year: i32,
    pub month: i32,
    pub day: i32,
    pub hour: i64,
    pub minute: i32,
    pub second: i32,
    pub micros: i32,
    /// Seconds east of Greenwich and the zone's abbreviation; `None` without a zone.
    pub zone: Option<(i32, String)>,
}

impl Fields {
    /// The fields of a finite timestamp without time zone.
    pub fn of_timestamp(timestamp: i64) -> Fields {
        let civil = to_civil(timestamp);
        Fields {
            year: civil.year,
            month: civil.month,
            day: civil.day,
            hour: i64::from(civil.hour),
            minute: civil.minute,
            second: civil.second,
            micros: civil.micros,
            zone: None,
        }
    }

    /// The fields of a finite date.
    pub fn of_date(date: i32) -> Fields {
        let (year, month, day) = julian_to_date(date.saturating_add(POSTGRES_EPOCH_JDATE));
        Fields { year, month, day, ..Fields::default() }
    }

    /// The local fields of a finite instant; 22008 where the local time is out of range.
    pub fn of_timestamptz(timestamp: i64, zone: &TimeZone) -> Result<Fields> {
        let local = to_local(timestamp, zone)?;
        let offset = zone.offset_at(timestamp);
        let zone = Some((offset.seconds_east, offset.abbreviation));
        Ok(Fields { zone, ..Fields::of_timestamp(local) })
    }

    /// The fields of a time of day; the date is left zero.
    pub fn of_time(time: i64) -> Fields {
        Fields {
            hour: time / HOUR,
            minute: (time % HOUR / MINUTE) as i32,
            second: (time % MINUTE / SECOND) as i32,
            micros: (time % SECOND) as i32,
            ..Fields::default()
        }
    }

    /// Every field of a span has the span's own sign.
    pub fn of_interval(span: &Interval) -> Fields {
        let (year, month, day) = (span.months / 12, span.months % 12, span.days);
        Fields { year, month, day, ..Fields::of_time(span.micros) }
    }

    /// The date's Julian day.
    pub fn julian_day(&self) -> i32 {
        let (year, month) = self.normal_month();
        date_to_julian(year, month, self.day)
    }

    /// Year and month, the month within 1 to 12: spans have others.
    fn normal_month(&self) -> (i32, i32) {
        let months = self.month - 1;
        (self.year + months.div_euclid(12), months.rem_euclid(12) + 1)
    }

    /// 0 is Sunday.
    pub fn day_of_week(&self) -> i32 {
        calendar::day_of_week(self.julian_day())
    }

    /// From 1.
    pub fn day_of_year(&self) -> i32 {
        self.julian_day() - date_to_julian(self.year, 1, 1) + 1
    }

    /// ISO year and week of the date.
    pub fn iso_week(&self) -> (i32, i32) {
        let (year, month) = self.normal_month();
        let (week, year) = calendar::iso_week(year, month, self.day);
        (year, week)
    }

    /// Microseconds since midnight.
    pub fn time(&self) -> i64 {
        self.hour * HOUR
            + i64::from(self.minute) * MINUTE
            + i64::from(self.second) * SECOND
            + i64::from(self.micros)
    }

    /// The timestamp of these local fields, the zone ignored.
    pub fn timestamp(&self) -> Result<i64> {
        timestamp_from(self.julian_day(), self.time())
    }
}

/// A timestamp from a Julian day and microseconds into that day; 22008 where it is out of range.
pub(super) fn timestamp_from(julian_day: i32, time: i64) -> Result<i64> {
    let days = i64::from(julian_day) - i64::from(POSTGRES_EPOCH_JDATE);
    let timestamp = days.checked_mul(DAY).and_then(|day| day.checked_add(time));
    match timestamp {
        Some(finite) if is_finite(finite) => check_range(finite),
        _ => Err(timestamp_out_of_range()),
    }
}

/// Whether a timestamp is neither infinity.
pub(super) fn is_finite(timestamp: i64) -> bool {
    timestamp != i64::MIN && timestamp != i64::MAX
}

pub(super) fn timestamp_out_of_range() -> PgError {
    PgError::new(code::DATETIME_FIELD_OVERFLOW, "timestamp out of range")
}

pub(super) fn date_out_of_range() -> PgError {
    PgError::new(code::DATETIME_FIELD_OVERFLOW, "date out of range")
}

pub(super) fn interval_out_of_range() -> PgError {
    PgError::new(code::DATETIME_FIELD_OVERFLOW, "interval out of range")
}

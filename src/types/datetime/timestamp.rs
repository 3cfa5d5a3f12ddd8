//! Time stamps: broken-down form and back, and conversion between local time and UTC.

use super::calendar::{POSTGRES_EPOCH_JDATE, date_to_julian, julian_to_date};
use super::{DAY, HOUR, MINUTE, SECOND, TIMESTAMP_INFINITY, TIMESTAMP_NEG_INFINITY, TimeZone};
use crate::error::{PgError, Result, code};

/// First instant: 4714-11-24 00:00:00 BC.
pub const TIMESTAMP_MIN: i64 = -211_813_488_000_000_000;
/// First instant past the range: 294277-01-01 00:00:00.
pub const TIMESTAMP_END: i64 = 9_223_371_331_200_000_000;

/// A broken-down time stamp.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Civil {
    /// Astronomical: 0 is 1 BC.
    pub year: i32,
    pub month: i32,
    pub day: i32,
    pub hour: i32,
    pub minute: i32,
    pub second: i32,
    /// Microseconds.
    pub micros: i32,
}

impl Civil {
    /// Microseconds since midnight.
    pub fn time(&self) -> i64 {
        i64::from(self.hour) * HOUR
            + i64::from(self.minute) * MINUTE
            + i64::from(self.second) * SECOND
            + i64::from(self.micros)
    }

    /// Sets the time of day from microseconds since midnight.
    pub fn set_time(&mut self, micros: i64) {
        self.hour = (micros / HOUR) as i32;
        self.minute = (micros % HOUR / MINUTE) as i32;
        self.second = (micros % MINUTE / SECOND) as i32;
        self.micros = (micros % SECOND) as i32;
    }

    pub fn julian(&self) -> i32 {
        date_to_julian(self.year, self.month, self.day)
    }

    pub fn set_julian(&mut self, julian: i32) {
        (self.year, self.month, self.day) = julian_to_date(julian);
    }
}

/// The fields of a finite `timestamp` (no zone).
pub fn to_civil(timestamp: i64) -> Civil {
    let days = timestamp.div_euclid(DAY) as i32;
    let mut civil = Civil::default();
    civil.set_julian(days.saturating_add(POSTGRES_EPOCH_JDATE));
    civil.set_time(timestamp.rem_euclid(DAY));
    civil
}

/// The `timestamp` of fields; `None` out of range. Hours may be 24 and seconds 60.
pub fn from_civil(civil: &Civil) -> Option<i64> {
    let days = i64::from(civil.julian()) - i64::from(POSTGRES_EPOCH_JDATE);
    let timestamp = days.checked_mul(DAY)?.checked_add(civil.time())?;
    (TIMESTAMP_MIN..TIMESTAMP_END).contains(&timestamp).then_some(timestamp)
}

/// 22008 `timestamp out of range`.
pub fn out_of_range() -> PgError {
    PgError::new(code::DATETIME_FIELD_OVERFLOW, "timestamp out of range")
}

/// 22008 `timestamp out of range` unless within 4714-11-24 BC .. 294276-12-31 or infinite.
pub fn check_range(timestamp: i64) -> Result<i64> {
    let valid = is_infinite(timestamp) || (TIMESTAMP_MIN..TIMESTAMP_END).contains(&timestamp);
    if valid { Ok(timestamp) } else { Err(out_of_range()) }
}

pub fn is_infinite(timestamp: i64) -> bool {
    matches!(timestamp, TIMESTAMP_INFINITY | TIMESTAMP_NEG_INFINITY)
}

/// `timestamptz` → local `timestamp` in a zone; infinities stay.
pub fn to_local(timestamptz: i64, zone: &TimeZone) -> Result<i64> {
    if is_infinite(timestamptz) {
        return Ok(timestamptz);
    }
    let seconds = zone.seconds_east_at(timestamptz);
    shift(timestamptz, i64::from(seconds) * SECOND)
}

/// Local `timestamp` in a zone → `timestamptz`; in gaps and overlaps as PostgreSQL.
pub fn to_utc(timestamp: i64, zone: &TimeZone) -> Result<i64> {
    if is_infinite(timestamp) {
        return Ok(timestamp);
    }
    let seconds = zone.offset_at_local(timestamp);
    shift(timestamp, -i64::from(seconds) * SECOND)
}

fn shift(timestamp: i64, micros: i64) -> Result<i64> {
    timestamp.checked_add(micros).ok_or_else(out_of_range).and_then(check_range)
}

/// The fields of a `timestamptz` in a zone, which may lie outside `timestamp`'s range by a day: text
/// output shows them all the same.
pub(super) fn to_civil_in(timestamptz: i64, seconds_east: i32) -> Civil {
    to_civil(timestamptz.saturating_add(i64::from(seconds_east) * SECOND))
}

//! Dates, times, time stamps, intervals and time zones.

pub mod calendar;
pub mod interval;
pub mod timestamp;
pub mod zone;

pub use interval::Interval;
pub use zone::TimeZone;

/// Microseconds in a second, minute, hour, day.
pub const SECOND: i64 = 1_000_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// `infinity` and `-infinity` of timestamps and dates.
pub const TIMESTAMP_INFINITY: i64 = i64::MAX;
pub const TIMESTAMP_NEG_INFINITY: i64 = i64::MIN;
pub const DATE_INFINITY: i32 = i32::MAX;
pub const DATE_NEG_INFINITY: i32 = i32::MIN;

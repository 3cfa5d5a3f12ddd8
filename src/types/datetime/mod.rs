//! Dates, times, time stamps, intervals and time zones.

pub mod abbreviations;
pub mod calendar;
mod decode;
mod fields;
pub mod input;
pub mod interval;
mod interval_decode;
mod interval_iso;
mod interval_output;
mod lexer;
pub mod output;
mod posix;
pub mod timestamp;
mod tokens;
pub mod typmod;
pub(super) mod wire;
pub mod zone;

#[cfg(test)]
mod tests;

pub use interval::Interval;
pub use interval_output::interval as write_interval;
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

//! Time stamps: broken-down form and back.

use super::TimeZone;
use crate::error::Result;

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

/// The fields of a finite `timestamp` (no zone).
pub fn to_civil(_timestamp: i64) -> Civil {
    todo!()
}

/// The `timestamp` of fields; `None` out of range. Hours may be 24 and seconds 60.
pub fn from_civil(_civil: &Civil) -> Option<i64> {
    todo!()
}

/// 22008 `timestamp out of range` unless within 4714-11-24 BC .. 294276-12-31 or infinite.
pub fn check_range(_timestamp: i64) -> Result<i64> {
    todo!()
}

/// `timestamptz` → local `timestamp` in a zone; infinities stay.
pub fn to_local(_timestamptz: i64, _zone: &TimeZone) -> Result<i64> {
    todo!()
}

/// Local `timestamp` in a zone → `timestamptz`; in gaps and overlaps as PostgreSQL.
pub fn to_utc(_timestamp: i64, _zone: &TimeZone) -> Result<i64> {
    todo!()
}

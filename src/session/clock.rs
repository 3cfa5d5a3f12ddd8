//! The wall clock in PostgreSQL's unit: microseconds since 2000-01-01 00:00 UTC.

use std::time::{SystemTime, UNIX_EPOCH};

/// 2000-01-01 in Unix time.
const POSTGRES_EPOCH_UNIX_US: i64 = 946_684_800_000_000;

pub fn now() -> i64 {
    let since_unix = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_micros()).unwrap_or(i64::MAX),
    };
    since_unix.saturating_sub(POSTGRES_EPOCH_UNIX_US)
}

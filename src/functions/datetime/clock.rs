//! What time it is: the transaction's, the statement's and the wall clock's.

use super::fields::Fields;
use super::format::names::{DAYS, MONTHS, short};
use super::timestamp::zone;
use crate::error::Result;
use crate::functions::Ctx;
use crate::functions::Implementation::{self, Scalar};
use crate::types::Datum;
use crate::types::datetime::DAY;
use crate::types::datetime::calendar::{POSTGRES_EPOCH_JDATE, UNIX_EPOCH_JDATE};
use std::time::{SystemTime, UNIX_EPOCH};

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    // transaction_timestamp() is the same row's alias.
    ("now", Scalar(|c, _| Ok(Datum::TimestampTz(c.env.transaction_time())))),
    ("statement_timestamp", Scalar(|c, _| Ok(Datum::TimestampTz(c.env.statement_time())))),
    ("clock_timestamp", Scalar(|_, _| Ok(Datum::TimestampTz(wall_clock())))),
    ("timeofday", Scalar(timeofday)),
];

/// Microseconds since 2000-01-01 UTC. A clock before 1970 reads as 1970.
fn wall_clock() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let micros = i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX);
    micros - i64::from(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * DAY
}

/// `Sun Nov 22 08:37:58.123456 2026 UTC`
fn timeofday(ctx: &Ctx<'_>, _: &[Datum]) -> Result<Datum> {
    let now = Fields::of_timestamptz(wall_clock(), zone(ctx))?;
    let day = short(DAYS[now.day_of_week() as usize]);
    let month = short(MONTHS[now.month as usize - 1]);
    let abbreviation = now.zone.as_ref().map_or("", |(_, name)| name.as_str());
    Ok(Datum::text(format!(
        "{day} {month} {:02} {:02}:{:02}:{:02}.{:06} {} {abbreviation}",
        now.day, now.hour, now.minute, now.second, now.micros, now.year
    )))
}

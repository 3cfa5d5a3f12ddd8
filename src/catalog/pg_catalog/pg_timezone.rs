//! pg_timezone_names and pg_timezone_abbrevs: zones and abbreviations with what they mean now.

use super::Row;
use super::values::text;
use crate::types::datetime::abbreviations::{ABBREVIATIONS, Meaning};
use crate::types::datetime::{SECOND, TimeZone};
use crate::types::{Datum, Interval};
use std::sync::Arc;

fn offset(seconds_east: i32) -> Datum {
    let micros = i64::from(seconds_east) * SECOND;
    Datum::Interval(Arc::new(Interval { months: 0, days: 0, micros }))
}

/// Name, abbreviation, offset and whether it is summer time, at a time (microseconds since
/// 2000-01-01 UTC).
pub fn names(now: i64) -> Vec<Row> {
    let row = |name: &'static str| {
        let now = TimeZone::parse(name)?.offset_at(now);
        let is_dst = Datum::Bool(now.is_dst);
        Some(vec![text(name), text(&now.abbreviation), offset(now.seconds_east), is_dst])
    };
    TimeZone::names().filter_map(row).collect()
}

/// Abbreviation, offset and whether it is summer time.
pub fn abbreviations(now: i64) -> Vec<Row> {
    let row = |(name, meaning): &(&'static str, Meaning)| {
        let (seconds_east, is_dst) = match meaning {
            Meaning::Offset(seconds) => (*seconds, false),
            Meaning::Daylight(seconds) => (*seconds, true),
            Meaning::InZone(_) => {
                let now = TimeZone::parse_or_abbreviation(name)?.offset_at(now);
                (now.seconds_east, now.is_dst)
            }
        };
        Some(vec![text(name), offset(seconds_east), Datum::Bool(is_dst)])
    };
    ABBREVIATIONS.iter().filter_map(row).collect()
}

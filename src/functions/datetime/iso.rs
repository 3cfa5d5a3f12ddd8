//! Dates and times in ISO 8601, as JSON and XML show them whatever the session's DateStyle.

use super::fields::{Fields, is_finite};
use crate::error::Result;
use crate::types::datetime::{DATE_INFINITY, DATE_NEG_INFINITY, SECOND, TimeZone};

/// `2001-02-03`
pub(in crate::functions) fn date(date: i32) -> String {
    match date {
        DATE_INFINITY => infinity(false),
        DATE_NEG_INFINITY => infinity(true),
        date => {
            let fields = Fields::of_date(date);
            day(&fields) + era(&fields)
        }
    }
}

/// `2001-02-03T04:05:06.7`
pub(in crate::functions) fn timestamp(timestamp: i64) -> String {
    if !is_finite(timestamp) {
        return infinity(timestamp < 0);
    }
    let fields = Fields::of_timestamp(timestamp);
    day(&fields) + "T" + &clock(&fields) + era(&fields)
}

/// A timestamptz on a clock so many seconds east.
pub(in crate::functions) fn timestamp_at(timestamp: i64, seconds_east: i32) -> String {
    if !is_finite(timestamp) {
        return infinity(timestamp < 0);
    }
    let fields = Fields::of_timestamp(timestamp + i64::from(seconds_east) * SECOND);
    day(&fields) + "T" + &clock(&fields) + &zone_text(seconds_east) + era(&fields)
}

/// `04:05:06.7`
pub(in crate::functions) fn time(time: i64) -> String {
    clock(&Fields::of_time(time))
}

/// `04:05:06.7+01:00`
pub(in crate::functions) fn timetz(time: i64, seconds_west: i32) -> String {
    clock(&Fields::of_time(time)) + &zone_text(-seconds_west)
}

/// `2001-02-03T04:05:06.7+00:00`
pub(in crate::functions) fn timestamptz(timestamp: i64, zone: &TimeZone) -> Result<String> {
    if !is_finite(timestamp) {
        return Ok(infinity(timestamp < 0));
    }
    let fields = Fields::of_timestamptz(timestamp, zone)?;
    let offset = fields.zone.as_ref().map_or(0, |(offset, _)| *offset);
    Ok(day(&fields) + "T" + &clock(&fields) + &zone_text(offset) + era(&fields))
}

fn infinity(negative: bool) -> String {
    if negative { "-infinity" } else { "infinity" }.to_owned()
}

fn day(fields: &Fields) -> String {
    let year = if fields.year > 0 { fields.year } else { 1 - fields.year };
    format!("{year:04}-{:02}-{:02}", fields.month, fields.day)
}

fn era(fields: &Fields) -> &'static str {
    if fields.year > 0 { "" } else { " BC" }
}

fn clock(fields: &Fields) -> String {
    let mut text = format!("{:02}:{:02}:{:02}", fields.hour, fields.minute, fields.second);
    if fields.micros != 0 {
        text.push_str(format!(".{:06}", fields.micros).trim_end_matches('0'));
    }
    text
}

fn zone_text(offset: i32) -> String {
    let (sign, seconds) = (if offset < 0 { '-' } else { '+' }, offset.abs());
    let mut text = format!("{sign}{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
    if seconds % 60 != 0 {
        text.push_str(&format!(":{:02}", seconds % 60));
    }
    text
}

//! Writing dates, times and time stamps in the session's `DateStyle`.

use super::calendar::{POSTGRES_EPOCH_JDATE, day_of_week};
use super::timestamp::{Civil, is_infinite, to_civil, to_civil_in};
use super::zone::ZoneOffset;
use super::{DATE_INFINITY, DATE_NEG_INFINITY, TIMESTAMP_NEG_INFINITY};
use crate::types::{DateOrder, DateStyle, Format};
use std::io::Write;

pub const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
pub const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Longest zone abbreviation shown.
const ABBREVIATION_MAX: usize = 10;

macro_rules! put {
    ($out:expr, $($arg:tt)*) => {
        write!($out, $($arg)*).expect("writing to memory succeeds")
    };
}
pub(super) use put;

pub fn date(days: i32, format: &Format, out: &mut Vec<u8>) {
    match days {
        DATE_INFINITY => put!(out, "infinity"),
        DATE_NEG_INFINITY => put!(out, "-infinity"),
        _ => {
            let mut civil = Civil::default();
            civil.set_julian(days.saturating_add(POSTGRES_EPOCH_JDATE));
            match format.date_style {
                DateStyle::Postgres => postgres_date(&civil, format.date_order, out),
                _ => numeric_date(&civil, format, out),
            }
            era(&civil, out);
        }
    }
}

pub fn time(micros: i64, out: &mut Vec<u8>) {
    let mut civil = Civil::default();
    civil.set_time(micros);
    clock(&civil, out);
}

pub fn timetz(micros: i64, seconds_west: i32, out: &mut Vec<u8>) {
    time(micros, out);
    offset(-seconds_west, out);
}

pub fn timestamp(value: i64, format: &Format, out: &mut Vec<u8>) {
    if !infinite(value, out) {
        date_time(&to_civil(value), None, format, out);
    }
}

pub fn timestamptz(value: i64, format: &Format, out: &mut Vec<u8>) {
    if infinite(value, out) {
        return;
    }
    // ISO output has no use for the abbreviation.
    let zone = match format.date_style {
        DateStyle::Iso => ZoneOffset {
            seconds_east: format.time_zone.seconds_east_at(value),
            is_dst: false,
            abbreviation: String::new(),
        },
        _ => format.time_zone.offset_at(value),
    };
    date_time(&to_civil_in(value, zone.seconds_east), Some(&zone), format, out);
}

fn infinite(value: i64, out: &mut Vec<u8>) -> bool {
    if is_infinite(value) {
        put!(out, "{}infinity", if value == TIMESTAMP_NEG_INFINITY { "-" } else { "" });
        return true;
    }
    false
}

/// Years before 1 count from 1 BC down.
fn shown_year(civil: &Civil) -> i32 {
    if civil.year > 0 { civil.year } else { 1 - civil.year }
}

fn era(civil: &Civil, out: &mut Vec<u8>) {
    if civil.year <= 0 {
        put!(out, " BC");
    }
}

fn numeric_date(civil: &Civil, format: &Format, out: &mut Vec<u8>) {
    let (year, month, day) = (shown_year(civil), civil.month, civil.day);
    match (format.date_style, format.date_order) {
        (DateStyle::Sql, DateOrder::Dmy) => put!(out, "{day:02}/{month:02}/{year:04}"),
        (DateStyle::Sql, _) => put!(out, "{month:02}/{day:02}/{year:04}"),
        (DateStyle::German, _) => put!(out, "{day:02}.{month:02}.{year:04}"),
        _ => put!(out, "{year:04}-{month:02}-{day:02}"),
    }
}

/// The traditional style's form of a date alone.
fn postgres_date(civil: &Civil, order: DateOrder, out: &mut Vec<u8>) {
    let (year, month, day) = (shown_year(civil), civil.month, civil.day);
    match order {
        DateOrder::Dmy => put!(out, "{day:02}-{month:02}-{year:04}"),
        _ => put!(out, "{month:02}-{day:02}-{year:04}"),
    }
}

fn date_time(civil: &Civil, zone: Option<&ZoneOffset>, format: &Format, out: &mut Vec<u8>) {
    if format.date_style == DateStyle::Postgres {
        let weekday = WEEKDAYS[day_of_week(civil.julian()) as usize];
        let month = MONTHS[(civil.month - 1) as usize];
        match format.date_order {
            DateOrder::Dmy => put!(out, "{weekday} {:02} {month} ", civil.day),
            _ => put!(out, "{weekday} {month} {:02} ", civil.day),
        }
        clock(civil, out);
        put!(out, " {:04}", shown_year(civil));
    } else {
        numeric_date(civil, format, out);
        out.push(b' ');
        clock(civil, out);
    }
    match zone {
        Some(zone) if format.date_style == DateStyle::Iso => offset(zone.seconds_east, out),
        Some(zone) => {
            let end = zone.abbreviation.floor_char_boundary(ABBREVIATION_MAX);
            put!(out, " {}", &zone.abbreviation[..end]);
        }
        None => {}
    }
    era(civil, out);
}

/// `hh:mm:ss[.ffffff]` without trailing zeros.
fn clock(civil: &Civil, out: &mut Vec<u8>) {
    put!(out, "{:02}:{:02}:{:02}", civil.hour, civil.minute, civil.second);
    fraction(civil.micros, out);
}

/// `.5`, or nothing.
pub(super) fn fraction(micros: i32, out: &mut Vec<u8>) {
    if micros != 0 {
        put!(out, ".{:06}", micros.abs());
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
}

/// `+hh[:mm[:ss]]`.
fn offset(seconds_east: i32, out: &mut Vec<u8>) {
    let total = seconds_east.abs();
    let (hour, minute, second) = (total / 3600, total / 60 % 60, total % 60);
    put!(out, "{}{hour:02}", if seconds_east < 0 { '-' } else { '+' });
    if minute != 0 || second != 0 {
        put!(out, ":{minute:02}");
    }
    if second != 0 {
        put!(out, ":{second:02}");
    }
}

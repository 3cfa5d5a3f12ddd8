//! Writing intervals in the session's `IntervalStyle`.

use super::output::{fraction, put};
use super::{HOUR, Interval, MINUTE, SECOND};
use crate::types::IntervalStyle;
use std::io::Write;

/// An interval's fields, each with its sign.
struct Fields {
    year: i32,
    month: i32,
    day: i32,
    hour: i64,
    minute: i64,
    second: i64,
    micros: i32,
}

pub fn interval(value: &Interval, style: IntervalStyle, out: &mut Vec<u8>) {
    let fields = Fields {
        year: value.months / 12,
        month: value.months % 12,
        day: value.days,
        hour: value.micros / HOUR,
        minute: value.micros % HOUR / MINUTE,
        second: value.micros % MINUTE / SECOND,
        micros: (value.micros % SECOND) as i32,
    };
    match style {
        IntervalStyle::Postgres => postgres(&fields, out),
        IntervalStyle::PostgresVerbose => verbose(&fields, out),
        IntervalStyle::SqlStandard => sql_standard(&fields, out),
        IntervalStyle::Iso8601 => iso_8601(&fields, out),
    }
}

impl Fields {
    fn has_time(&self) -> bool {
        self.hour != 0 || self.minute != 0 || self.second != 0 || self.micros != 0
    }

    /// The time's fields have one sign.
    fn time_is_negative(&self) -> bool {
        self.hour < 0 || self.minute < 0 || self.second < 0 || self.micros < 0
    }

    fn seconds(&self, out: &mut Vec<u8>, width: usize) {
        put!(out, "{:0width$}", self.second.abs());
        fraction(self.micros, out);
    }
}

/// `1 year -2 mons +3 days 04:05:06`.
fn postgres(f: &Fields, out: &mut Vec<u8>) {
    let start = out.len();
    let mut negative_before = false;
    for (value, unit) in [(f.year, "year"), (f.month, "mon"), (f.day, "day")] {
        if value == 0 {
            continue;
        }
        let blank = if out.len() > start { " " } else { "" };
        // A sign change must be visible, or the reader would carry the minus over.
        let plus = if negative_before && value > 0 { "+" } else { "" };
        put!(out, "{blank}{plus}{value} {unit}{}", if value == 1 { "" } else { "s" });
        negative_before = value < 0;
    }
    if out.len() > start && !f.has_time() {
        return;
    }
    let sign = match f.time_is_negative() {
        true => "-",
        false if negative_before => "+",
        false => "",
    };
    let blank = if out.len() > start { " " } else { "" };
    put!(out, "{blank}{sign}{:02}:{:02}:", f.hour.abs(), f.minute.abs());
    f.seconds(out, 2);
}

/// `@ 1 year 2 mons ago`: signs are relative to the first field's.
fn verbose(f: &Fields, out: &mut Vec<u8>) {
    put!(out, "@");
    let mut ago: Option<bool> = None;
    let mut part = |value: i64, unit: &str, out: &mut Vec<u8>| {
        if value != 0 {
            let negated = *ago.get_or_insert(value < 0);
            let shown = if negated { -i128::from(value) } else { i128::from(value) };
            put!(out, " {shown} {unit}{}", if shown == 1 { "" } else { "s" });
        }
    };
    part(f.year.into(), "year", out);
    part(f.month.into(), "mon", out);
    part(f.day.into(), "day", out);
    part(f.hour, "hour", out);
    part(f.minute, "min", out);
    if f.second != 0 || f.micros != 0 {
        let negative = f.second < 0 || f.micros < 0;
        let negated = *ago.get_or_insert(negative);
        put!(out, " {}", if negative != negated { "-" } else { "" });
        f.seconds(out, 1);
        put!(out, " sec{}", if f.second.abs() != 1 || f.micros != 0 { "s" } else { "" });
    }
    match ago {
        None => put!(out, " 0"),
        Some(true) => put!(out, " ago"),
        Some(false) => {}
    }
}

/// `1-2`, `3 4:05:06`, `+1-2 +3 +4:05:06`.
fn sql_standard(f: &Fields, out: &mut Vec<u8>) {
    let has_year_month = f.year != 0 || f.month != 0;
    let has_day = f.day != 0;
    let negative = f.year < 0 || f.month < 0 || f.day < 0 || f.time_is_negative();
    let positive = f.year > 0
        || f.month > 0
        || f.day > 0
        || f.hour > 0
        || f.minute > 0
        || f.second > 0
        || f.micros > 0;
    let has_day_time = has_day || f.has_time();
    if !negative && !positive {
        put!(out, "0");
    } else if negative && positive || has_year_month && has_day_time {
        // Not of one of the standard's two classes: every part gets its sign.
        let sign = |is_negative: bool| if is_negative { '-' } else { '+' };
        let (year_month, day, time) =
            (sign(f.year < 0 || f.month < 0), sign(f.day < 0), sign(f.time_is_negative()));
        put!(
            out,
            "{year_month}{}-{} {day}{} {time}{}:{:02}:",
            f.year.abs(),
            f.month.abs(),
            i64::from(f.day).abs(),
            f.hour.abs(),
            f.minute.abs()
        );
        f.seconds(out, 2);
    } else {
        let minus = if negative { "-" } else { "" };
        if has_year_month {
            put!(out, "{minus}{}-{}", f.year.abs(), f.month.abs());
            return;
        }
        put!(out, "{minus}");
        if has_day {
            put!(out, "{} ", i64::from(f.day).abs());
        }
        put!(out, "{}:{:02}:", f.hour.abs(), f.minute.abs());
        f.seconds(out, 2);
    }
}

/// `P1Y2M3DT4H5M6S`.
fn iso_8601(f: &Fields, out: &mut Vec<u8>) {
    let start = out.len();
    put!(out, "P");
    for (value, unit) in [(f.year, 'Y'), (f.month, 'M'), (f.day, 'D')] {
        if value != 0 {
            put!(out, "{value}{unit}");
        }
    }
    if f.has_time() {
        put!(out, "T");
        for (value, unit) in [(f.hour, 'H'), (f.minute, 'M')] {
            if value != 0 {
                put!(out, "{value}{unit}");
            }
        }
        if f.second != 0 || f.micros != 0 {
            put!(out, "{}", if f.second < 0 || f.micros < 0 { "-" } else { "" });
            f.seconds(out, 1);
            put!(out, "S");
        }
    } else if out.len() == start + 1 {
        put!(out, "T0S");
    }
}

//! `to_char`: a value's fields written by a template (manual, 9.8).

use super::names::{DAYS, MONTHS, NAME_WIDTH, ROMAN_MONTHS, in_case, short};
use super::pattern::{self, Case, Field, Keyword, Node, Ordinal};
use crate::error::{PgError, Result, code};
use crate::functions::datetime::fields::Fields;
use crate::types::datetime::calendar::iso_week_to_julian;

/// What a template is applied to.
pub(super) struct Value {
    pub fields: Fields,
    /// Days count from 1 (in a span: an approximation of its length in days).
    pub day_of_year: i32,
    pub is_interval: bool,
}

/// Writes `value` by `template`.
pub(super) fn format(template: &str, value: &Value) -> Result<String> {
    let mut out = String::new();
    for node in pattern::parse(template) {
        match node {
            Node::Literal(c) | Node::Plain(c) | Node::Separator(c) | Node::Space(c) => out.push(c),
            Node::Field { keyword, fill, translated, ordinal } => {
                let names = matches!(keyword.field, Field::DayName | Field::MonthName);
                let fill = fill || (translated && names);
                write_field(&mut out, &keyword, fill, ordinal, value)?;
            }
        }
    }
    Ok(out)
}

fn write_field(
    out: &mut String,
    keyword: &Keyword,
    fill: bool,
    suffix: Ordinal,
    value: &Value,
) -> Result<()> {
    if value.is_interval && needs_date(keyword.field) {
        return Err(PgError::new(
            code::INVALID_DATETIME_FORMAT,
            "invalid format specification for an interval value",
        )
        .hint("Intervals are not tied to specific calendar dates."));
    }
    match number(keyword.field, value) {
        Some((number, width)) => {
            let start = out.len();
            let padded = !fill || fraction(keyword.field, 0).is_some();
            push_number(out, number, if padded { width } else { 0 });
            // Years with a comma are the one number that is more than its digits.
            if keyword.field == Field::YearComma {
                out.truncate(start);
                out.push_str(&format!("{},{:03}", number / 1000, number % 1000));
            }
            push_ordinal(out, start, suffix);
        }
        None => out.push_str(&text(keyword, fill, value)),
    }
    Ok(())
}

/// Fields that only a calendar date has.
fn needs_date(field: Field) -> bool {
    use Field::*;
    matches!(
        field,
        EraDotted
            | Era
            | DayName
            | DayNameShort
            | DayOfWeek
            | IsoDayOfWeek
            | MonthName
            | MonthNameShort
            | ZoneOffset
            | ZoneHours
            | ZoneMinutes
            | ZoneName
    )
}

/// A numeric field's value and its width with zeros in front; `None`: the field is text.
fn number(field: Field, value: &Value) -> Option<(i64, usize)> {
    let f = &value.fields;
    let (number, width) = match field {
        Field::Hour12 => (if f.hour % 12 == 0 { 12 } else { f.hour % 12 }, sign_width(f.hour, 2)),
        Field::Hour24 => (f.hour, sign_width(f.hour, 2)),
        Field::Minute => (i64::from(f.minute), sign_width(f.minute, 2)),
        Field::Second => (i64::from(f.second), sign_width(f.second, 2)),
        Field::SecondOfDay => (f.hour * 3600 + i64::from(f.minute) * 60 + i64::from(f.second), 0),
        Field::Century => century(value),
        Field::MonthNumber => (i64::from(f.month), sign_width(f.month, 2)),
        Field::DayOfYear => (i64::from(value.day_of_year), 3),
        Field::IsoDayOfYear => (i64::from(iso_day_of_year(f)), 3),
        Field::DayOfMonth => (i64::from(f.day), 2),
        Field::DayOfWeek => (i64::from(f.day_of_week() + 1), 0),
        Field::IsoDayOfWeek => (i64::from((f.day_of_week() + 6) % 7 + 1), 0),
        Field::Week => (i64::from((value.day_of_year - 1) / 7 + 1), 2),
        Field::IsoWeek => (i64::from(f.iso_week().1), 2),
        Field::WeekOfMonth => (i64::from((f.day - 1) / 7 + 1), 0),
        Field::Quarter if f.month != 0 => (i64::from((f.month - 1) / 3 + 1), 0),
        Field::JulianDay => (i64::from(f.julian_day()), 0),
        Field::YearComma => (i64::from(shown_year(f.year, value)), 0),
        Field::Year(digits) => last_digits(shown_year(f.year, value), digits),
        Field::IsoYear(digits) => {
            let (year, _) = f.iso_week();
            // The width makes room for the sign of the year itself.
            let (number, _) = last_digits(shown_year(year, value), digits);
            (number, last_digits(shown_year(f.year, value), digits).1)
        }
        _ => return fraction(field, f.micros),
    };
    Some((number, width))
}

/// Fractional seconds cut to a number of digits.
fn fraction(field: Field, micros: i32) -> Option<(i64, usize)> {
    let digits = match field {
        Field::Fraction(digits) => digits,
        Field::Milliseconds => 3,
        Field::Microseconds => 6,
        _ => return None,
    };
    let cut = micros / 10_i32.pow(6 - u32::from(digits));
    Some((i64::from(cut), usize::from(digits)))
}

/// A negative number has room for its sign.
fn sign_width(number: impl Into<i64>, width: usize) -> usize {
    if number.into() < 0 { width + 1 } else { width }
}

/// Years BC count from 1; a span's years are just a number.
fn shown_year(year: i32, value: &Value) -> i32 {
    if year <= 0 && !value.is_interval { 1 - year } else { year }
}

fn last_digits(year: i32, digits: u8) -> (i64, usize) {
    let width = if digits == 1 { 0 } else { sign_width(year, usize::from(digits)) };
    let kept = if digits == 4 { year } else { year % 10_i32.pow(u32::from(digits)) };
    (i64::from(kept), width)
}

fn century(value: &Value) -> (i64, usize) {
    let year = i64::from(value.fields.year);
    let century = match year {
        year if value.is_interval => year / 100,
        year if year > 0 => (year - 1) / 100 + 1,
        year => year / 100 - 1,
    };
    let width = if (-99..=99).contains(&century) { sign_width(century, 2) } else { 0 };
    (century, width)
}

fn iso_day_of_year(f: &Fields) -> i32 {
    let (year, _) = f.iso_week();
    f.julian_day() - iso_week_to_julian(year, 1) + 1
}

fn text(keyword: &Keyword, fill: bool, value: &Value) -> String {
    let f = &value.fields;
    match keyword.field {
        Field::EraDotted => in_case(if f.year <= 0 { "B.C." } else { "A.D." }, keyword.case),
        Field::Era => in_case(if f.year <= 0 { "BC" } else { "AD" }, keyword.case),
        Field::HalfDayDotted => in_case(if afternoon(f) { "P.M." } else { "A.M." }, keyword.case),
        Field::HalfDay => in_case(if afternoon(f) { "PM" } else { "AM" }, keyword.case),
        Field::DayName => padded(day_name(f), keyword.case, fill, NAME_WIDTH),
        Field::DayNameShort => in_case(short(day_name(f)), keyword.case),
        Field::MonthName => month_name(f)
            .map_or_else(String::new, |name| padded(name, keyword.case, fill, NAME_WIDTH)),
        Field::MonthNameShort => {
            month_name(f).map_or_else(String::new, |name| in_case(short(name), keyword.case))
        }
        Field::RomanMonth => roman_month(f, keyword.case, fill),
        _ => zone_text(keyword, fill, f),
    }
}

fn padded(name: &str, case: Case, fill: bool, width: usize) -> String {
    let width = if fill { 0 } else { width };
    format!("{:<width$}", in_case(name, case))
}

fn afternoon(f: &Fields) -> bool {
    f.hour % 24 >= 12
}

fn day_name(f: &Fields) -> &'static str {
    DAYS[f.day_of_week() as usize]
}

fn month_name(f: &Fields) -> Option<&'static str> {
    MONTHS.get(usize::try_from(f.month - 1).ok()?).copied()
}

/// In a span, months count backwards from December where they are negative, and whole years are
/// a December (January where negative); an empty span has no month.
fn roman_month(f: &Fields, case: Case, fill: bool) -> String {
    let from_december = match (f.month, f.year) {
        (0, 0) => return String::new(),
        (0, year) => {
            if year > 0 {
                0
            } else {
                11
            }
        }
        (month, _) if month < 0 => -(month + 1),
        (month, _) => 12 - month,
    };
    padded(ROMAN_MONTHS[from_december as usize], case, fill, 4)
}

fn zone_text(keyword: &Keyword, fill: bool, f: &Fields) -> String {
    // A value without a zone has an empty name and a zero offset.
    let (offset, name) = f.zone.as_ref().map_or((0, ""), |(offset, name)| (*offset, name.as_str()));
    let sign = if offset >= 0 { '+' } else { '-' };
    let (hours, minutes) = (offset.abs() / 3600, offset.abs() % 3600 / 60);
    match keyword.field {
        Field::ZoneName => {
            in_case(name, if keyword.case == Case::Lower { Case::Lower } else { Case::Title })
        }
        Field::ZoneHours => format!("{sign}{hours:02}"),
        Field::ZoneMinutes => format!("{minutes:02}"),
        Field::ZoneOffset => {
            let width = if fill { 0 } else { 2 };
            let minutes = if offset % 3600 == 0 { String::new() } else { format!(":{minutes:02}") };
            format!("{sign}{hours:0width$}{minutes}")
        }
        // FX has no output of its own; a quarter without a month has none.
        _ => String::new(),
    }
}

fn push_number(out: &mut String, number: i64, width: usize) {
    out.push_str(&format!("{number:0width$}"));
}

/// `st`, `nd`, `rd` or `th` after the number that begins at `start`.
fn push_ordinal(out: &mut String, start: usize, suffix: Ordinal) {
    let Some(case) = suffix else { return };
    let digits = &out.as_bytes()[start..];
    let teens = digits.len() > 1 && digits[digits.len() - 2] == b'1';
    let ending = match digits.last() {
        Some(b'1') if !teens => "st",
        Some(b'2') if !teens => "nd",
        Some(b'3') if !teens => "rd",
        _ => "th",
    };
    out.push_str(&in_case(ending, if case == Case::Upper { Case::Upper } else { Case::Lower }));
}

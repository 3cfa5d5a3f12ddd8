//! The date and time that the numbers of [`super::input`] stand for.
//!
//! Fields may be given in several ways at once (`CC` and `YY`, `J`, `WW`, `DDD`); the order of the
//! steps below decides which wins, as in PostgreSQL.

use super::input::Parsed;
use super::pattern::Convention;
use crate::error::{PgError, Result, code};
use crate::functions::datetime::fields::Fields;
use crate::types::datetime::calendar::{
    days_in_month, is_leap, iso_week_to_julian, julian_to_date,
};

/// A date and time of day, in range each by itself; the zone as seconds east, if one was read.
pub(super) struct Moment {
    pub fields: Fields,
    pub offset: Option<i32>,
}

/// Which parts of the date were given.
#[derive(Default)]
struct Given {
    year: bool,
    month: bool,
    day: bool,
}

impl Given {
    const ALL: Given = Given { year: true, month: true, day: true };
}

/// Makes a moment of the numbers read from `text`.
pub(super) fn resolve(mut parsed: Parsed, text: &str) -> Result<Moment> {
    let mut fields = Fields { month: 1, day: 1, ..Fields::default() };
    resolve_time(&parsed, &mut fields)?;
    let mut given = Given::default();
    resolve_year(&mut parsed, &mut fields, &mut given);
    resolve_day(&mut parsed, &mut fields, &mut given)?;
    let micros = i64::from(parsed.milliseconds) * 1000 + i64::from(parsed.microseconds);
    check_date(&fields, &given, text)?;
    check_time(&fields, micros, text)?;
    fields.micros = micros as i32;
    Ok(Moment { fields, offset: zone_offset(&parsed, text)? })
}

fn resolve_time(parsed: &Parsed, fields: &mut Fields) -> Result<()> {
    let of_day = parsed.second_of_day;
    fields.hour = i64::from(of_day / 3600);
    (fields.minute, fields.second) = (of_day % 3600 / 60, of_day % 60);
    for (given, slot) in [(parsed.second, &mut fields.second), (parsed.minute, &mut fields.minute)]
    {
        if given != 0 {
            *slot = given;
        }
    }
    if parsed.hour != 0 {
        fields.hour = i64::from(parsed.hour);
    }
    if parsed.twelve_hour_clock {
        if !(1..=12).contains(&fields.hour) {
            let message = format!("hour \"{}\" is invalid for the 12-hour clock", fields.hour);
            return Err(PgError::new(code::INVALID_DATETIME_FORMAT, message)
                .hint("Use the 24-hour clock, or give an hour between 1 and 12."));
        }
        fields.hour = fields.hour % 12 + if parsed.afternoon != 0 { 12 } else { 0 };
    }
    Ok(())
}

/// A two-digit year lies in the century given, if one is; a century alone is its first year.
fn resolve_year(parsed: &mut Parsed, fields: &mut Fields, given: &mut Given) {
    let before_christ = parsed.before_christ != 0;
    let century = if before_christ { parsed.century.wrapping_neg() } else { parsed.century };
    if parsed.year != 0 {
        given.year = true;
        if parsed.century != 0 && parsed.year_digits <= 2 {
            fields.year = year_of_century(century, parsed.year % 100);
        } else {
            let year = if before_christ { parsed.year.wrapping_neg() } else { parsed.year };
            fields.year = if year < 0 { year + 1 } else { year };
        }
    } else if parsed.century != 0 {
        given.year = true;
        let start = if century >= 0 { century.wrapping_sub(1) } else { century };
        fields.year = start.wrapping_mul(100).wrapping_add(1);
    }
}

/// The 21st century is 2001 to 2100, the 6th BC is 600 BC to 501 BC.
fn year_of_century(century: i32, year: i32) -> i32 {
    match (year, century >= 0) {
        (0, true) => century.wrapping_mul(100),
        (0, false) => century.wrapping_mul(100).wrapping_add(1),
        (year, true) => century.wrapping_sub(1).wrapping_mul(100).wrapping_add(year),
        (year, false) => {
            century.wrapping_add(1).wrapping_mul(100).wrapping_sub(year).wrapping_add(1)
        }
    }
}

fn resolve_day(parsed: &mut Parsed, fields: &mut Fields, given: &mut Given) -> Result<()> {
    let iso = parsed.convention == Some(Convention::IsoWeek);
    if parsed.julian_day != 0 {
        set_julian(parsed.julian_day, fields, given);
    }
    if parsed.week != 0 {
        if iso {
            let monday = iso_week_start(fields.year, parsed.week);
            // Sunday is 1 but ends the ISO week.
            let days = match parsed.day_of_week {
                0 => 0,
                1 => 6,
                day => day.wrapping_sub(2),
            };
            set_julian(monday.wrapping_add(days), fields, given);
        } else {
            parsed.day_of_year = parsed.week.wrapping_sub(1).wrapping_mul(7).wrapping_add(1);
        }
    }
    if parsed.week_of_month != 0 {
        parsed.day = parsed.week_of_month.wrapping_sub(1).wrapping_mul(7).wrapping_add(1);
    }
    if parsed.day != 0 {
        (fields.day, given.day) = (parsed.day, true);
    }
    if parsed.month != 0 {
        (fields.month, given.month) = (parsed.month, true);
    }
    if parsed.day_of_year != 0 && (fields.month <= 1 || fields.day <= 1) {
        resolve_day_of_year(parsed, iso, fields, given)?;
    }
    Ok(())
}

fn resolve_day_of_year(
    parsed: &Parsed,
    iso: bool,
    fields: &mut Fields,
    given: &mut Given,
) -> Result<()> {
    if fields.year == 0 && parsed.before_christ == 0 {
        return Err(PgError::new(
            code::INVALID_DATETIME_FORMAT,
            "cannot calculate day of year without year information",
        ));
    }
    if iso {
        let before = iso_week_start(fields.year, 1).wrapping_sub(1);
        set_julian(before.wrapping_add(parsed.day_of_year), fields, given);
        return Ok(());
    }
    let (mut month, mut day) = (1, parsed.day_of_year);
    while month <= 12 && day > month_length(fields.year, month) {
        day -= month_length(fields.year, month);
        month += 1;
    }
    if fields.month <= 1 {
        fields.month = month;
    }
    if fields.day <= 1 {
        fields.day = day;
    }
    (given.month, given.day) = (true, true);
    Ok(())
}

fn month_length(year: i32, month: i32) -> i32 {
    match month {
        2 => 28 + i32::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Years far out of range would overflow the day count; any date out of range does as well.
fn iso_week_start(year: i32, week: i32) -> i32 {
    const YEARS_MAX: i32 = 5_000_000;
    iso_week_to_julian(year.clamp(-YEARS_MAX, YEARS_MAX), week.clamp(-YEARS_MAX, YEARS_MAX))
}

fn set_julian(julian_day: i32, fields: &mut Fields, given: &mut Given) {
    (fields.year, fields.month, fields.day) = julian_to_date(julian_day);
    *given = Given::ALL;
}

fn check_date(fields: &Fields, given: &Given, text: &str) -> Result<()> {
    let month_bad = given.month && !(1..=12).contains(&fields.month);
    let day_bad = given.day && !(1..=31).contains(&fields.day);
    if month_bad || day_bad {
        return Err(out_of_range(text));
    }
    let complete = given.year && given.month && given.day;
    if complete && fields.day > days_in_month(fields.year, fields.month) {
        return Err(out_of_range(text));
    }
    Ok(())
}

fn check_time(fields: &Fields, micros: i64, text: &str) -> Result<()> {
    let valid = (0..24).contains(&fields.hour)
        && (0..60).contains(&fields.minute)
        && (0..60).contains(&fields.second)
        && (0..1_000_000).contains(&micros);
    if valid { Ok(()) } else { Err(out_of_range(text)) }
}

fn zone_offset(parsed: &Parsed, text: &str) -> Result<Option<i32>> {
    if parsed.zone_sign == 0 {
        return Ok(None);
    }
    let (hours, minutes) = (parsed.zone_hours, parsed.zone_minutes);
    if !(0..=15).contains(&hours) || !(0..60).contains(&minutes) {
        let message = format!("time zone displacement out of range: \"{text}\"");
        return Err(PgError::new(code::INVALID_TIME_ZONE_DISPLACEMENT_VALUE, message));
    }
    Ok(Some(parsed.zone_sign * (hours * 3600 + minutes * 60)))
}

fn out_of_range(text: &str) -> PgError {
    let message = format!("date/time field value out of range: \"{text}\"");
    PgError::new(code::DATETIME_FIELD_OVERFLOW, message)
}

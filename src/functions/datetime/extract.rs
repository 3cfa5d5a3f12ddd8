//! `extract` (exact, as numeric) and `date_part` (the same as float8).
//!
//! A part is computed once as a [`Part`], which knows both results: `extract` must show six digits
//! of a second, and `date_part` add the same float8 terms as PostgreSQL.

use super::fields::{Fields, is_finite};
use super::time::timetz;
use super::timestamp::zone;
use super::unit::{Unit, not_recognized, not_supported};
use crate::error::Result;
use crate::functions::Ctx;
use crate::functions::Implementation::{self, Scalar};
use crate::types::datetime::calendar::{POSTGRES_EPOCH_JDATE, UNIX_EPOCH_JDATE};
use crate::types::datetime::{DATE_INFINITY, DATE_NEG_INFINITY, DAY, Interval, SECOND};
use crate::types::{Datum, Numeric, Oid, oids};

pub(in crate::functions) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("extract_date", Scalar(|_, a| of_date(&a[0], &a[1])?.numeric())),
    ("extract_time", Scalar(|_, a| of_time(&a[0], &a[1])?.numeric())),
    ("extract_timetz", Scalar(|_, a| of_timetz(&a[0], &a[1])?.numeric())),
    ("extract_timestamp", Scalar(|_, a| of_timestamp(&a[0], &a[1])?.numeric())),
    ("extract_timestamptz", Scalar(|c, a| of_timestamptz(c, &a[0], &a[1])?.numeric())),
    ("extract_interval", Scalar(|_, a| of_interval(&a[0], &a[1])?.numeric())),
    ("time_part", Scalar(|_, a| of_time(&a[0], &a[1])?.float())),
    ("timetz_part", Scalar(|_, a| of_timetz(&a[0], &a[1])?.float())),
    ("timestamp_part", Scalar(|_, a| of_timestamp(&a[0], &a[1])?.float())),
    ("timestamptz_part", Scalar(|c, a| of_timestamptz(c, &a[0], &a[1])?.float())),
    ("interval_part", Scalar(|_, a| of_interval(&a[0], &a[1])?.float())),
];

/// 2000-01-01 after 1970-01-01, in microseconds.
const EPOCH_OFFSET: i64 = (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) as i64 * DAY;

enum Part {
    /// Undefined: units that come round, of an infinity.
    Null,
    Infinity {
        negative: bool,
    },
    Integer(i64),
    /// Seconds and microseconds of the minute.
    Second(i64, i64),
    /// The same, shown in milliseconds.
    Millisecond(i64, i64),
    /// Microseconds shown as seconds.
    Micros(i128),
    /// A span's seconds.
    SpanEpoch(Interval),
    /// A Julian day and the time of that day.
    Julian(i32, i64),
}

impl Part {
    fn numeric(self) -> Result<Datum> {
        Ok(Datum::Numeric(match self {
            Part::Null => return Ok(Datum::Null),
            Part::Infinity { negative: false } => Numeric::infinity(),
            Part::Infinity { negative: true } => Numeric::neg_infinity(),
            Part::Integer(value) => Numeric::from_i64(value),
            Part::Second(second, micros) => Numeric::new(i128::from(second * SECOND + micros), 6),
            Part::Millisecond(second, micros) => {
                Numeric::new(i128::from(second * SECOND + micros), 3)
            }
            Part::Micros(micros) => Numeric::new(micros, 6),
            Part::SpanEpoch(span) => {
                // Years are 365.25 days: count in quarters.
                let quarter_days = 1461 * i128::from(span.months / 12)
                    + 120 * i128::from(span.months % 12)
                    + 4 * i128::from(span.days);
                Numeric::new(quarter_days * i128::from(DAY) / 4 + i128::from(span.micros), 6)
            }
            Part::Julian(day, time) => {
                let fraction = Numeric::from_i64(time).div(&Numeric::from_i64(DAY))?;
                Numeric::from_i64(i64::from(day)).add(&fraction)?
            }
        }))
    }

    fn float(self) -> Result<Datum> {
        let second = SECOND as f64;
        Ok(Datum::Float8(match self {
            Part::Null => return Ok(Datum::Null),
            Part::Infinity { negative: false } => f64::INFINITY,
            Part::Infinity { negative: true } => f64::NEG_INFINITY,
            Part::Integer(value) => value as f64,
            Part::Second(seconds, micros) => seconds as f64 + micros as f64 / second,
            Part::Millisecond(seconds, micros) => seconds as f64 * 1000.0 + micros as f64 / 1000.0,
            Part::Micros(micros) => micros as f64 / second,
            Part::SpanEpoch(span) => {
                // In PostgreSQL's order, which decides the last digit.
                let day = (DAY / SECOND) as f64;
                span.micros as f64 / second
                    + 365.25 * day * f64::from(span.months / 12)
                    + 30.0 * day * f64::from(span.months % 12)
                    + day * f64::from(span.days)
            }
            Part::Julian(day, time) => f64::from(day) + time as f64 / DAY as f64,
        }))
    }
}

/// Reads a unit's name for a type. Words of date input are known to dates alone.
fn unit_of(name: &Datum, type_oid: Oid) -> Result<Unit> {
    let dateless = matches!(type_oid, oids::TIME | oids::TIMETZ | oids::INTERVAL);
    let unit = Unit::parse(name.as_text()).filter(|unit| !dateless || *unit != Unit::Word);
    unit.ok_or_else(|| not_recognized(name.as_text(), type_oid))
}

/// The part or the error that the type has no such unit.
fn supported(part: Option<Part>, name: &Datum, type_oid: Oid) -> Result<Part> {
    part.ok_or_else(|| not_supported(name.as_text(), type_oid))
}

fn of_timestamp(name: &Datum, value: &Datum) -> Result<Part> {
    let unit = unit_of(name, oids::TIMESTAMP)?;
    let timestamp = value.as_timestamp();
    let part = if is_finite(timestamp) {
        of_point(unit, &Fields::of_timestamp(timestamp), timestamp)
    } else {
        // The zone's units are refused only for finite values, as in PostgreSQL.
        of_infinity(unit, timestamp < 0)
    };
    supported(part, name, oids::TIMESTAMP)
}

fn of_timestamptz(ctx: &Ctx<'_>, name: &Datum, value: &Datum) -> Result<Part> {
    let unit = unit_of(name, oids::TIMESTAMPTZ)?;
    let timestamp = value.as_timestamptz();
    let part = if is_finite(timestamp) {
        let fields = Fields::of_timestamptz(timestamp, zone(ctx))?;
        of_point(unit, &fields, timestamp)
    } else {
        of_infinity(unit, timestamp < 0)
    };
    supported(part, name, oids::TIMESTAMPTZ)
}

fn of_infinity(unit: Unit, negative: bool) -> Option<Part> {
    match unit {
        Unit::Word => None,
        unit if unit.is_monotonic() => Some(Part::Infinity { negative }),
        _ => Some(Part::Null),
    }
}

/// `fields` are `timestamp`'s, local where it has a zone.
fn of_point(unit: Unit, fields: &Fields, timestamp: i64) -> Option<Part> {
    match unit {
        Unit::Epoch => Some(Part::Micros(i128::from(timestamp) + i128::from(EPOCH_OFFSET))),
        Unit::Julian => Some(Part::Julian(fields.julian_day(), fields.time())),
        unit => of_clock(unit, fields)
            .or_else(|| of_calendar(unit, fields).map(Part::Integer))
            .or_else(|| of_zone(unit, fields.zone.as_ref()?.0).map(Part::Integer)),
    }
}

fn of_clock(unit: Unit, fields: &Fields) -> Option<Part> {
    let (second, micros) = (i64::from(fields.second), i64::from(fields.micros));
    Some(match unit {
        Unit::Microsecond => Part::Integer(second * SECOND + micros),
        Unit::Millisecond => Part::Millisecond(second, micros),
        Unit::Second => Part::Second(second, micros),
        Unit::Minute => Part::Integer(i64::from(fields.minute)),
        Unit::Hour => Part::Integer(fields.hour),
        _ => return None,
    })
}

fn of_calendar(unit: Unit, fields: &Fields) -> Option<i64> {
    let year = fields.year;
    // There is no year 0: before 1 AD, years count from 1 BC backwards.
    let shown_year = if year > 0 { year } else { year - 1 };
    Some(i64::from(match unit {
        Unit::Day => fields.day,
        Unit::Month => fields.month,
        Unit::Quarter => (fields.month - 1) / 3 + 1,
        Unit::Week => fields.iso_week().1,
        Unit::IsoYear => match fields.iso_week().0 {
            iso_year if iso_year > 0 => iso_year,
            iso_year => iso_year - 1,
        },
        Unit::Year => shown_year,
        Unit::Decade => year.div_euclid(10),
        Unit::Century => rounded_away(year, 100),
        Unit::Millennium => rounded_away(year, 1000),
        Unit::DayOfWeek => fields.day_of_week(),
        Unit::IsoDayOfWeek => (fields.day_of_week() + 6) % 7 + 1,
        Unit::DayOfYear => fields.day_of_year(),
        _ => return None,
    }))
}

/// Centuries and millennia: the first is 1 to 100 AD, the one before it 100 BC to 1 BC is -1.
fn rounded_away(year: i32, unit: i32) -> i32 {
    if year > 0 { (year + unit - 1) / unit } else { -((unit - year) / unit) }
}

fn of_zone(unit: Unit, seconds_east: i32) -> Option<i64> {
    Some(i64::from(match unit {
        Unit::Timezone => seconds_east,
        Unit::TimezoneHour => seconds_east / 3600,
        Unit::TimezoneMinute => seconds_east / 60 % 60,
        _ => return None,
    }))
}

fn of_date(name: &Datum, value: &Datum) -> Result<Part> {
    let unit = unit_of(name, oids::DATE)?;
    let date = value.as_date();
    let days = i64::from(date) + i64::from(POSTGRES_EPOCH_JDATE);
    let has_unit = !matches!(unit, Unit::Timezone | Unit::TimezoneHour | Unit::TimezoneMinute)
        && of_clock(unit, &Fields::default()).is_none();
    let part = if !has_unit {
        None
    } else if date == DATE_INFINITY || date == DATE_NEG_INFINITY {
        of_infinity(unit, date < 0)
    } else {
        match unit {
            Unit::Julian => Some(Part::Integer(days)),
            Unit::Epoch => {
                Some(Part::Integer((days - i64::from(UNIX_EPOCH_JDATE)) * (DAY / SECOND)))
            }
            unit => of_calendar(unit, &Fields::of_date(date)).map(Part::Integer),
        }
    };
    supported(part, name, oids::DATE)
}

fn of_time(name: &Datum, value: &Datum) -> Result<Part> {
    let unit = unit_of(name, oids::TIME)?;
    let time = value.as_time();
    let part = match unit {
        Unit::Epoch => Some(Part::Micros(i128::from(time))),
        unit => of_clock(unit, &Fields::of_time(time)),
    };
    supported(part, name, oids::TIME)
}

fn of_timetz(name: &Datum, value: &Datum) -> Result<Part> {
    let unit = unit_of(name, oids::TIMETZ)?;
    let (time, west) = timetz(value);
    let part = match unit {
        Unit::Epoch => Some(Part::Micros(i128::from(time + i64::from(west) * SECOND))),
        unit => of_clock(unit, &Fields::of_time(time))
            .or_else(|| of_zone(unit, -west).map(Part::Integer)),
    };
    supported(part, name, oids::TIMETZ)
}

fn of_interval(name: &Datum, value: &Datum) -> Result<Part> {
    let unit = unit_of(name, oids::INTERVAL)?;
    let span = value.as_interval();
    let fields = Fields::of_interval(span);
    let integer = |value: i32| Some(Part::Integer(i64::from(value)));
    let part = match unit {
        Unit::Day => integer(fields.day),
        Unit::Month => integer(fields.month),
        Unit::Quarter => integer(fields.month / 3 + 1),
        Unit::Year => integer(fields.year),
        Unit::Decade => integer(fields.year / 10),
        Unit::Century => integer(fields.year / 100),
        Unit::Millennium => integer(fields.year / 1000),
        Unit::Epoch => Some(Part::SpanEpoch(*span)),
        unit => of_clock(unit, &fields),
    };
    supported(part, name, oids::INTERVAL)
}

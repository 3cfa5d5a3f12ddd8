//! `interval`: months, days and microseconds, kept apart because neither months nor days have a
//! fixed length.

use super::{DAY, HOUR, MINUTE};
use crate::error::{PgError, Result, code};
use crate::types::IntervalStyle;
use std::cmp::Ordering;

/// A span of time, as PostgreSQL keeps it. `==` compares fields; [`Interval::compare`] is SQL's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Interval {
    pub months: i32,
    pub days: i32,
    pub micros: i64,
}

/// The fields of `interval year to month` and the like: bits of the type modifier.
pub mod fields {
    use super::super::tokens::Unit;

    pub const MONTH: i32 = 1 << 1;
    pub const YEAR: i32 = 1 << 2;
    pub const DAY: i32 = 1 << 3;
    pub const HOUR: i32 = 1 << 10;
    pub const MINUTE: i32 = 1 << 11;
    pub const SECOND: i32 = 1 << 12;
    /// No restriction.
    pub const FULL: i32 = 0x7fff;

    /// The least field of a range: what a number without unit counts.
    pub fn rightmost(range: i32) -> Unit {
        match range {
            FULL => Unit::Second,
            _ if range & SECOND != 0 => Unit::Second,
            _ if range & MINUTE != 0 => Unit::Minute,
            _ if range & HOUR != 0 => Unit::Hour,
            _ if range & DAY != 0 => Unit::Day,
            _ if range & MONTH != 0 => Unit::Month,
            _ if range & YEAR != 0 => Unit::Year,
            _ => Unit::Second,
        }
    }

    /// A range as SQL writes it, with a leading blank.
    pub fn name(range: i32) -> &'static str {
        const YEAR_TO_MONTH: i32 = YEAR | MONTH;
        const DAY_TO_HOUR: i32 = DAY | HOUR;
        const DAY_TO_MINUTE: i32 = DAY | HOUR | MINUTE;
        const DAY_TO_SECOND: i32 = DAY | HOUR | MINUTE | SECOND;
        const HOUR_TO_MINUTE: i32 = HOUR | MINUTE;
        const HOUR_TO_SECOND: i32 = HOUR | MINUTE | SECOND;
        const MINUTE_TO_SECOND: i32 = MINUTE | SECOND;
        match range {
            YEAR => " year",
            MONTH => " month",
            DAY => " day",
            HOUR => " hour",
            MINUTE => " minute",
            SECOND => " second",
            YEAR_TO_MONTH => " year to month",
            DAY_TO_HOUR => " day to hour",
            DAY_TO_MINUTE => " day to minute",
            DAY_TO_SECOND => " day to second",
            HOUR_TO_MINUTE => " hour to minute",
            HOUR_TO_SECOND => " hour to second",
            MINUTE_TO_SECOND => " minute to second",
            _ => "",
        }
    }
}

/// No restriction of digits, in a modifier's low half.
const FULL_PRECISION: i32 = 0xffff;
const PRECISION_MAX: i32 = 6;

/// The range of fields of a type modifier.
pub fn range_of(typmod: i32) -> i32 {
    if typmod < 0 { fields::FULL } else { typmod >> 16 & 0x7fff }
}

/// Digits of seconds of a type modifier.
pub fn precision_of(typmod: i32) -> Option<i32> {
    (typmod >= 0 && typmod & 0xffff != FULL_PRECISION).then_some(typmod & 0xffff)
}

/// The modifier of `interval [fields] [(p)]`: the grammar gives the range, then the precision.
pub fn typmod_from_modifiers(modifiers: &[i32]) -> Result<i32> {
    let invalid = |message: String| PgError::new(code::INVALID_PARAMETER_VALUE, message);
    let range = modifiers.first().copied().unwrap_or(-1);
    if range != fields::FULL && fields::name(range).is_empty() {
        return Err(invalid("invalid INTERVAL type modifier".to_owned()));
    }
    match modifiers {
        [fields::FULL] => Ok(-1),
        [_] => Ok(range << 16 | FULL_PRECISION),
        [_, precision] if *precision < 0 => {
            Err(invalid(format!("INTERVAL({precision}) precision must not be negative")))
        }
        [_, precision] => Ok(range << 16 | (*precision).min(PRECISION_MAX)),
        _ => Err(invalid("invalid INTERVAL type modifier".to_owned())),
    }
}

/// A modifier as SQL writes it: ` day to second(3)`.
pub fn typmod_out(typmod: i32) -> String {
    let range = fields::name(range_of(typmod));
    match precision_of(typmod) {
        Some(precision) => format!("{range}({precision})"),
        None => range.to_owned(),
    }
}

/// 22008 `interval out of range`.
pub fn out_of_range() -> PgError {
    PgError::new(code::DATETIME_FIELD_OVERFLOW, "interval out of range")
}

impl Interval {
    /// What comparison goes by, in microseconds: months count 30 days, days 24 hours.
    pub fn span(&self) -> i128 {
        let days = i128::from(self.months) * 30 + i128::from(self.days);
        days * i128::from(DAY) + i128::from(self.micros)
    }

    /// SQL's order: months count 30 days, days 24 hours.
    pub fn compare(&self, o: &Interval) -> Ordering {
        self.span().cmp(&o.span())
    }

    /// Reads text as `interval` with typmod -1, style `postgres`.
    pub fn parse(text: &str) -> Result<Interval> {
        Interval::parse_with(text, -1, IntervalStyle::Postgres)
    }

    /// Reads text with a type modifier; 22007, 22008, 22015.
    pub fn parse_with(text: &str, typmod: i32, style: IntervalStyle) -> Result<Interval> {
        super::interval_decode::interval(text, style, range_of(typmod))
            .map_err(|e| e.report(text, "interval"))?
            .apply_typmod(typmod)
    }

    /// Cuts off the fields below the modifier's range and rounds the seconds.
    pub fn apply_typmod(mut self, typmod: i32) -> Result<Interval> {
        let range = range_of(typmod);
        if range != fields::FULL {
            self.cut(range);
        }
        if let Some(precision) = precision_of(typmod) {
            self.micros =
                super::typmod::round_micros(self.micros, precision).ok_or_else(out_of_range)?;
        }
        Ok(self)
    }

    fn cut(&mut self, range: i32) {
        if range & (fields::DAY | fields::HOUR | fields::MINUTE | fields::SECOND) == 0 {
            if range & fields::MONTH == 0 {
                self.months = self.months / 12 * 12;
            }
            (self.days, self.micros) = (0, 0);
        } else if range & fields::SECOND == 0 {
            self.micros = match range {
                _ if range & fields::MINUTE != 0 => self.micros / MINUTE * MINUTE,
                _ if range & fields::HOUR != 0 => self.micros / HOUR * HOUR,
                _ => 0,
            };
        }
    }
}

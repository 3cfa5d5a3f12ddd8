//! From text to interval: `1 year 2 days 03:04`, `P1Y2DT3H`, `1-2`, with the fields that a type
//! modifier allows.
//!
//! Fields are taken from right to left, so that a unit is known before its number.

use super::decode::ParseError;
use super::interval::{Interval, fields};
use super::lexer::{Field, FieldKind, split};
use super::tokens::{Unit, Word, interval_word};
use super::{DAY, HOUR, MINUTE, SECOND};
use crate::types::IntervalStyle;

const DAYS_PER_MONTH: f64 = 30.0;

/// Sums of the parts, checked.
#[derive(Default)]
pub(super) struct Sum {
    /// Apart from months: each may be large, only what they come to together is limited.
    pub years: i32,
    pub months: i32,
    pub days: i32,
    pub micros: i64,
}

impl Sum {
    fn add_micros(&mut self, micros: i64) -> Result<(), ParseError> {
        self.micros = self.micros.checked_add(micros).ok_or(ParseError::FieldOverflow)?;
        Ok(())
    }

    /// `value + fraction` units of `scale` microseconds, rounded.
    pub fn micros(&mut self, value: i64, fraction: f64, scale: i64) -> Result<(), ParseError> {
        self.add_micros(value.checked_mul(scale).ok_or(ParseError::FieldOverflow)?)?;
        self.fraction_micros(fraction, scale)
    }

    fn fraction_micros(&mut self, fraction: f64, scale: i64) -> Result<(), ParseError> {
        let exact = fraction * scale as f64;
        let whole = exact.trunc();
        let rest = exact - whole;
        let round = i64::from(rest > 0.5) - i64::from(rest < -0.5);
        self.add_micros(whole as i64 + round)
    }

    /// `value + fraction` units of `scale` days; what is less than a day becomes time.
    pub fn days(&mut self, value: i64, fraction: f64, scale: i32) -> Result<(), ParseError> {
        let whole = i32::try_from(value)
            .ok()
            .and_then(|v| v.checked_mul(scale))
            .and_then(|v| self.days.checked_add(v))
            .ok_or(ParseError::FieldOverflow)?;
        self.days = whole;
        self.fraction_days(fraction, f64::from(scale))
    }

    fn fraction_days(&mut self, fraction: f64, scale: f64) -> Result<(), ParseError> {
        let exact = fraction * scale;
        let extra = exact.trunc();
        self.days = self.days.checked_add(extra as i32).ok_or(ParseError::FieldOverflow)?;
        self.fraction_micros(exact - extra, DAY)
    }

    /// `value + fraction` months; what is less than a month becomes days.
    pub fn months(&mut self, value: i64, fraction: f64) -> Result<(), ParseError> {
        self.add_months(value)?;
        self.fraction_days(fraction, DAYS_PER_MONTH)
    }

    /// `value + fraction` units of `scale` years; what is less than a month is rounded away.
    pub fn years(&mut self, value: i64, fraction: f64, scale: i64) -> Result<(), ParseError> {
        self.years = value
            .checked_mul(scale)
            .and_then(|v| i32::try_from(v).ok())
            .and_then(|v| self.years.checked_add(v))
            .ok_or(ParseError::FieldOverflow)?;
        self.add_months((fraction * scale as f64 * 12.0).round_ties_even() as i64)
    }

    fn add_months(&mut self, value: i64) -> Result<(), ParseError> {
        self.months = i32::try_from(value)
            .ok()
            .and_then(|m| self.months.checked_add(m))
            .ok_or(ParseError::FieldOverflow)?;
        Ok(())
    }

    fn total(&self) -> Result<Interval, ParseError> {
        let months = i64::from(self.years) * 12 + i64::from(self.months);
        match i32::try_from(months) {
            Ok(months) => Ok(Interval { months, days: self.days, micros: self.micros }),
            Err(_) => Err(ParseError::IntervalRange),
        }
    }

    fn negated(self) -> Result<Sum, ParseError> {
        let negated = || {
            Some(Sum {
                years: self.years.checked_neg()?,
                months: self.months.checked_neg()?,
                days: self.days.checked_neg()?,
                micros: self.micros.checked_neg()?,
            })
        };
        negated().ok_or(ParseError::FieldOverflow)
    }
}

/// `.5` as a fraction; a point alone is 0.
pub(super) fn fraction(text: &str) -> Result<f64, ParseError> {
    let digits = text.strip_prefix('.').ok_or(ParseError::BadFormat)?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(ParseError::BadFormat);
    }
    Ok(if digits.is_empty() { 0.0 } else { text.parse().map_err(|_| ParseError::BadFormat)? })
}

/// Reads an interval. `range` is the type modifier's set of fields.
pub fn interval(text: &str, style: IntervalStyle, range: i32) -> Result<Interval, ParseError> {
    let verbose = split(text).and_then(|fields| Decoder::new(&fields, style, range).run());
    let decoded = match verbose {
        Err(ParseError::BadFormat) => super::interval_iso::decode(text),
        other => other,
    };
    match decoded {
        Ok(sum) => sum.total(),
        Err(ParseError::FieldOverflow) => Err(ParseError::IntervalOverflow),
        Err(e) => Err(e),
    }
}

struct Decoder<'a> {
    fields: &'a [Field],
    range: i32,
    /// SQL's style: a leading sign without others counts for all fields.
    force_negative: bool,
    sum: Sum,
    /// Units seen; none may come twice.
    seen: u32,
    /// The unit of the next number to the left.
    unit: Option<Unit>,
    ago: bool,
}

/// Bits of `seen` for what a field with colons sets.
const TIME_BITS: u32 = 1 << Unit::Hour as u32 | 1 << Unit::Minute as u32 | SECOND_BITS;
const SECOND_BITS: u32 =
    1 << Unit::Second as u32 | 1 << Unit::Millisecond as u32 | 1 << Unit::Microsecond as u32;

impl<'a> Decoder<'a> {
    fn new(fields: &'a [Field], style: IntervalStyle, range: i32) -> Decoder<'a> {
        let signed = |f: &Field, signs: &[char]| f.text.starts_with(signs);
        let force_negative = style == IntervalStyle::SqlStandard
            && fields.first().is_some_and(|f| signed(f, &['-']))
            && !fields[1..].iter().any(|f| signed(f, &['-', '+']));
        let sum = Sum::default();
        Decoder { fields, range, force_negative, sum, seen: 0, unit: None, ago: false }
    }

    fn run(mut self) -> Result<Sum, ParseError> {
        for field in self.fields.iter().rev() {
            let set = match field.kind {
                FieldKind::Time => self.time(&field.text, false)?,
                FieldKind::Zone if field.text.contains(':') => self.signed_time(&field.text)?,
                FieldKind::Zone | FieldKind::Date | FieldKind::Number => {
                    self.number(&field.text)?
                }
                FieldKind::String | FieldKind::Special => {
                    self.word(&field.text)?;
                    0
                }
            };
            if self.seen & set != 0 {
                return Err(ParseError::BadFormat);
            }
            self.seen |= set;
        }
        if self.seen == 0 {
            return Err(ParseError::BadFormat);
        }
        if self.ago { self.sum.negated() } else { Ok(self.sum) }
    }

    fn signed_time(&mut self, text: &str) -> Result<u32, ParseError> {
        match self.time(&text[1..], text.starts_with('-')) {
            Err(_) => self.number(text),
            set => set,
        }
    }

    /// `hh:mm[:ss[.f]]` or `mm:ss.f`; a day may stand before it.
    fn time(&mut self, text: &str, negative: bool) -> Result<u32, ParseError> {
        let mut micros = time_micros(text, self.range)?;
        if negative || self.force_negative && micros > 0 {
            micros = -micros;
        }
        self.sum.add_micros(micros)?;
        self.unit = Some(Unit::Day);
        Ok(TIME_BITS)
    }

    fn number(&mut self, text: &str) -> Result<u32, ParseError> {
        let mut unit = self.unit.unwrap_or_else(|| fields::rightmost(self.range));
        let negative = text.starts_with('-');
        let (mut value, rest) = super::fields::leading_int(text)
            .or_else(|e| if text.starts_with('.') { Ok((0, text)) } else { Err(e) })?;
        let mut part = 0.0;
        if let Some(months) = rest.strip_prefix('-') {
            // SQL's years-months.
            let (months, rest) = super::fields::leading_int_or_zero(months)?;
            if !(0..12).contains(&months) {
                return Err(ParseError::FieldOverflow);
            }
            if !rest.is_empty() {
                return Err(ParseError::BadFormat);
            }
            unit = Unit::Month;
            let months = if negative { -months } else { months };
            value = value
                .checked_mul(12)
                .and_then(|v| v.checked_add(months))
                .ok_or(ParseError::FieldOverflow)?;
        } else if !rest.is_empty() {
            part = fraction(rest)?;
            if negative {
                part = -part;
            }
        }
        if self.force_negative {
            value = -value.abs();
            part = -part.abs();
        }
        self.add(unit, value, part)
    }

    fn add(&mut self, unit: Unit, value: i64, part: f64) -> Result<u32, ParseError> {
        let sum = &mut self.sum;
        self.unit = Some(unit);
        match unit {
            Unit::Microsecond => sum.micros(value, part, 1)?,
            Unit::Millisecond => sum.micros(value, part, 1000)?,
            Unit::Second => {
                sum.micros(value, part, SECOND)?;
                if part != 0.0 {
                    return Ok(SECOND_BITS);
                }
            }
            Unit::Minute => sum.micros(value, part, MINUTE)?,
            Unit::Hour => {
                sum.micros(value, part, HOUR)?;
                self.unit = Some(Unit::Day);
            }
            Unit::Day => sum.days(value, part, 1)?,
            Unit::Week => sum.days(value, part, 7)?,
            Unit::Month => sum.months(value, part)?,
            Unit::Year => sum.years(value, part, 1)?,
            Unit::Decade => sum.years(value, part, 10)?,
            Unit::Century => sum.years(value, part, 100)?,
            Unit::Millennium => sum.years(value, part, 1000)?,
            Unit::Julian | Unit::Other => return Err(ParseError::BadFormat),
        }
        Ok(1 << unit as u32)
    }

    fn word(&mut self, text: &str) -> Result<(), ParseError> {
        match interval_word(text) {
            Some(Word::Unit(unit)) => self.unit = Some(unit),
            Some(Word::Ago) => {
                self.ago = true;
                // A number right before it has no unit.
                self.unit = Some(Unit::Other);
            }
            _ => return Err(ParseError::BadFormat),
        }
        Ok(())
    }
}

fn time_micros(text: &str, range: i32) -> Result<i64, ParseError> {
    use super::fields::leading_int_or_zero as leading_int;
    let (mut hour, rest) = leading_int(text)?;
    let (mut minute, rest) = leading_int(rest.strip_prefix(':').ok_or(ParseError::BadFormat)?)?;
    let (mut second, mut micros) = (0, 0);
    if rest.starts_with('.') {
        (hour, minute, second) = (0, hour, minute);
        micros = super::fields::fraction_micros(rest)?;
    } else if let Some(rest) = rest.strip_prefix(':') {
        let (seconds, rest) = leading_int(rest)?;
        second = seconds;
        if !rest.is_empty() {
            micros = super::fields::fraction_micros(rest)?;
        }
    } else if !rest.is_empty() {
        return Err(ParseError::BadFormat);
    } else if range == fields::MINUTE | fields::SECOND {
        (hour, minute, second) = (0, hour, minute);
    }
    if hour < 0 || !(0..60).contains(&minute) || !(0..=60).contains(&second) {
        return Err(ParseError::FieldOverflow);
    }
    hour.checked_mul(HOUR)
        .and_then(|h| h.checked_add(minute * MINUTE + second * SECOND + i64::from(micros)))
        .ok_or(ParseError::FieldOverflow)
}

//! From text to date, time and zone, in every form PostgreSQL reads (manual, appendix B.1).
//!
//! Fields are taken from left to right; each sets parts of the result and no part may be set twice.
//! What a bare number means depends on the parts set so far and on `DateStyle`'s order.

use super::abbreviations::{self, Meaning};
use super::calendar::{POSTGRES_EPOCH_JDATE, date_to_julian, days_in_month};
use super::fields::{
    Parts, decode_date, decode_number, decode_number_field, decode_time, decode_zone,
    fraction_micros, leading_int,
};
use super::lexer::{Field, FieldKind, split};
use super::timestamp::{Civil, from_civil, to_civil_in};
use super::tokens::{Special, Unit, Word, date_word};
use super::{DAY, SECOND, TimeZone};
use crate::error::{PgError, code};
use crate::types::Format;

/// Why a text is not a date, time or interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseError {
    BadFormat,
    FieldOverflow,
    /// A month or day out of range, perhaps because of another field order.
    MonthDayOverflow,
    IntervalOverflow,
    /// Each field of an interval is in range, but not its months in all.
    IntervalRange,
    ZoneDisplacement,
    UnknownZone(String),
}

impl ParseError {
    /// The error for the client, about the whole text.
    pub fn report(self, text: &str, type_name: &str) -> PgError {
        let field = || format!("date/time field value out of range: \"{text}\"");
        match self {
            ParseError::BadFormat => PgError::new(
                code::INVALID_DATETIME_FORMAT,
                format!("invalid input syntax for type {type_name}: \"{text}\""),
            ),
            ParseError::FieldOverflow => PgError::new(code::DATETIME_FIELD_OVERFLOW, field()),
            ParseError::MonthDayOverflow => PgError::new(code::DATETIME_FIELD_OVERFLOW, field())
                .hint("Perhaps you need a different \"datestyle\" setting."),
            ParseError::IntervalOverflow => PgError::new(
                code::INTERVAL_FIELD_OVERFLOW,
                format!("interval field value out of range: \"{text}\""),
            ),
            ParseError::IntervalRange => super::interval::out_of_range(),
            ParseError::ZoneDisplacement => PgError::new(
                code::INVALID_TIME_ZONE_DISPLACEMENT_VALUE,
                format!("time zone displacement out of range: \"{text}\""),
            ),
            ParseError::UnknownZone(zone) => PgError::new(
                code::INVALID_PARAMETER_VALUE,
                format!("time zone \"{zone}\" not recognized"),
            ),
        }
    }
}

/// What a text says.
pub enum Decoded {
    /// Date, time and offset in seconds east (of the session's zone where none is given).
    DateTime(Civil, i32),
    Epoch,
    Infinity,
    NegInfinity,
}

/// How a zone was given.
enum Zone {
    Seconds(i32),
    /// Needs the date to become an offset.
    Region(TimeZone),
}

struct Decoder<'a> {
    format: &'a Format,
    /// Reads a time of day: dates are allowed only where they tell a zone's offset.
    time_only: bool,
    fields: &'a [Field],
    parts: Parts,
    zone: Option<Zone>,
    /// The unit that the previous field named for the next one.
    unit: Option<Unit>,
    /// The previous field was `t`.
    expect_time: bool,
    has_text_month: bool,
    is_julian: bool,
    bc: bool,
    /// `Some(true)`: pm.
    meridiem: Option<bool>,
    special: Option<Decoded>,
}

/// Reads a date with or without a time of day.
pub fn date_time(text: &str, format: &Format) -> Result<Decoded, ParseError> {
    let fields = split(text)?;
    let mut decoder = Decoder::new(format, false, &fields);
    decoder.run()?;
    if let Some(special) = decoder.special.take() {
        return Ok(special);
    }
    decoder.finish_date_time()
}

/// Reads a time of day: microseconds since midnight and seconds east of Greenwich.
pub fn time_of_day(text: &str, format: &Format) -> Result<(i64, i32), ParseError> {
    let fields = split(text)?;
    let mut decoder = Decoder::new(format, true, &fields);
    decoder.run()?;
    decoder.finish_time()
}

impl<'a> Decoder<'a> {
    fn new(format: &'a Format, time_only: bool, fields: &'a [Field]) -> Decoder<'a> {
        Decoder {
            format,
            time_only,
            fields,
            parts: Parts::new(format.date_order),
            zone: None,
            unit: None,
            expect_time: false,
            has_text_month: false,
            is_julian: false,
            bc: false,
            meridiem: None,
            special: None,
        }
    }

    fn run(&mut self) -> Result<(), ParseError> {
        for (i, field) in self.fields.iter().enumerate() {
            let set = match field.kind {
                FieldKind::Date => self.date_field(i, &field.text)?,
                FieldKind::Time => {
                    if self.time_only {
                        self.expect_time = false;
                        decode_time(&field.text, &mut self.parts)?
                    } else {
                        self.take_unit_for_time()?;
                        let set = decode_time(&field.text, &mut self.parts)?;
                        self.check_time()?;
                        set
                    }
                }
                FieldKind::Zone => {
                    self.zone = Some(Zone::Seconds(decode_zone(&field.text)?));
                    Parts::ZONE
                }
                FieldKind::Number => self.number_field(i, &field.text)?,
                FieldKind::String | FieldKind::Special => self.word_field(i, &field.text)?,
            };
            self.parts.add(set)?;
        }
        Ok(())
    }

    /// A time may follow `t`, but no other unit.
    fn take_unit_for_time(&mut self) -> Result<(), ParseError> {
        self.expect_time = false;
        if self.unit.take().is_some() { Err(ParseError::BadFormat) } else { Ok(()) }
    }

    fn date_field(&mut self, i: usize, text: &str) -> Result<u32, ParseError> {
        if self.unit == Some(Unit::Julian) {
            self.unit = None;
            let (julian, rest) = leading_int(text)?;
            self.set_julian(julian)?;
            self.zone = Some(Zone::Seconds(decode_zone(rest)?));
            return Ok(Parts::DATE | Parts::TIME | Parts::ZONE);
        }
        let is_date = match self.time_only {
            false => {
                self.unit.is_none()
                    && !self.expect_time
                    && !self.parts.has(Parts::MONTH | Parts::DAY)
            }
            true => {
                let last = self.fields.last().is_some_and(|f| f.kind == FieldKind::Date);
                i == 0 && self.fields.len() >= 2 && (last || self.fields[1].kind == FieldKind::Time)
            }
        };
        if is_date {
            return decode_date(text, &mut self.parts);
        }
        if text.starts_with(|c: char| c.is_ascii_digit()) || self.expect_time || self.unit.is_some()
        {
            // hhmmss-zz
            self.take_unit_for_time()?;
            if self.parts.has(Parts::TIME) {
                return Err(ParseError::BadFormat);
            }
            let at = text.find('-').ok_or(ParseError::BadFormat)?;
            self.zone = Some(Zone::Seconds(decode_zone(&text[at..])?));
            let date_known = if self.time_only { Parts::DATE } else { 0 };
            let set = decode_number_field(&text[..at], date_known, &mut self.parts)?;
            return Ok(set | Parts::ZONE);
        }
        // A zone name with punctuation.
        let zone = TimeZone::parse(text).ok_or_else(|| ParseError::UnknownZone(text.to_owned()))?;
        self.zone = Some(Zone::Region(zone));
        Ok(Parts::ZONE)
    }

    fn set_julian(&mut self, julian: i64) -> Result<(), ParseError> {
        let julian = i32::try_from(julian).map_err(|_| ParseError::FieldOverflow)?;
        self.parts.civil.set_julian(julian);
        self.is_julian = true;
        Ok(())
    }

    fn number_field(&mut self, i: usize, text: &str) -> Result<u32, ParseError> {
        if self.expect_time {
            self.expect_time = false;
            let set = decode_number_field(text, Parts::DATE, &mut self.parts)?;
            return if set == Parts::TIME { Ok(set) } else { Err(ParseError::BadFormat) };
        }
        if let Some(unit) = self.unit.take() {
            return self.labelled_number(unit, text);
        }
        let known = if self.time_only { Parts::DATE } else { 0 };
        let length = text.len();
        match text.find('.') {
            Some(_) if self.time_only && i == 0 && self.date_is_last() => {
                decode_date(text, &mut self.parts)
            }
            Some(_) if !self.time_only && !self.parts.has_any(Parts::DATE) => {
                decode_date(text, &mut self.parts)
            }
            Some(point) if point > 2 => decode_number_field(text, known, &mut self.parts),
            Some(_) if self.time_only => Err(ParseError::BadFormat),
            None if self.time_only && length > 4 => {
                decode_number_field(text, known, &mut self.parts)
            }
            None if !self.time_only
                && length >= 6
                && (!self.parts.has_any(Parts::DATE) || !self.parts.has_any(Parts::TIME)) =>
            {
                decode_number_field(text, known, &mut self.parts)
            }
            _ => decode_number(text, self.has_text_month, known, &mut self.parts),
        }
    }

    fn date_is_last(&self) -> bool {
        self.fields.len() >= 2 && self.fields.last().is_some_and(|f| f.kind == FieldKind::Date)
    }

    /// A number behind a label: `y2001m02d04`, `J2451187`.
    fn labelled_number(&mut self, unit: Unit, text: &str) -> Result<u32, ParseError> {
        let (value, rest) = leading_int(text)?;
        let small = i32::try_from(value).map_err(|_| ParseError::FieldOverflow)?;
        let has_fraction = rest.starts_with('.');
        let fraction_allowed = matches!(unit, Unit::Julian | Unit::Second);
        if !(rest.is_empty() || has_fraction && fraction_allowed) {
            return Err(ParseError::BadFormat);
        }
        let civil = &mut self.parts.civil;
        Ok(match unit {
            Unit::Year => {
                civil.year = small;
                Parts::YEAR
            }
            // Between hour and minute, `m` is for minutes.
            Unit::Month
                if self.parts.set & Parts::MONTH != 0 && self.parts.set & Parts::HOUR != 0 =>
            {
                civil.minute = small;
                Parts::MINUTE
            }
            Unit::Month => {
                civil.month = small;
                Parts::MONTH
            }
            Unit::Day => {
                civil.day = small;
                Parts::DAY
            }
            Unit::Hour => {
                civil.hour = small;
                Parts::HOUR
            }
            Unit::Minute => {
                civil.minute = small;
                Parts::MINUTE
            }
            Unit::Second => {
                civil.second = small;
                if has_fraction {
                    civil.micros = fraction_micros(rest)?;
                    return Ok(Parts::SECOND | Parts::FRACTION);
                }
                Parts::SECOND
            }
            Unit::Julian => {
                self.set_julian(value)?;
                if !has_fraction {
                    return Ok(Parts::DATE);
                }
                let fraction: f64 =
                    format!("0{rest}").parse().map_err(|_| ParseError::BadFormat)?;
                self.parts.civil.set_time((fraction * DAY as f64) as i64);
                Parts::DATE | Parts::TIME
            }
            _ => return Err(ParseError::BadFormat),
        })
    }

    fn word_field(&mut self, i: usize, text: &str) -> Result<u32, ParseError> {
        // Zone abbreviations come before all other words.
        match abbreviations::lookup(text) {
            Some(Meaning::Offset(seconds)) => {
                self.zone = Some(Zone::Seconds(seconds));
                return Ok(Parts::ZONE);
            }
            Some(Meaning::Daylight(seconds)) => {
                self.zone = Some(Zone::Seconds(seconds));
                return Ok(Parts::ZONE | Parts::DAYLIGHT);
            }
            Some(Meaning::InZone(region)) => {
                self.zone = TimeZone::abbreviation_in(text, region).map(Zone::Region);
                return Ok(Parts::ZONE);
            }
            None => {}
        }
        match date_word(text) {
            Some(Word::Ignore) => Ok(0),
            Some(Word::Special(special)) => self.special_word(special),
            Some(Word::Month(month)) if !self.time_only => Ok(self.month_word(month)),
            Some(Word::Weekday) if !self.time_only => Ok(Parts::WEEKDAY),
            Some(Word::Meridiem(pm)) => {
                self.meridiem = Some(pm);
                Ok(Parts::MERIDIEM)
            }
            Some(Word::Era(bc)) => {
                self.bc = bc;
                Ok(Parts::ERA)
            }
            Some(Word::DaylightModifier) => {
                let Some(Zone::Seconds(seconds)) = &mut self.zone else {
                    return Err(ParseError::BadFormat);
                };
                *seconds += 3600;
                Ok(Parts::DAYLIGHT)
            }
            Some(Word::Unit(unit)) => {
                self.unit = Some(unit);
                Ok(0)
            }
            Some(Word::IsoTime) => {
                let next = self.fields.get(i + 1).map(|f| f.kind);
                let time_follows =
                    matches!(next, Some(FieldKind::Number | FieldKind::Time | FieldKind::Date));
                if !time_follows || !(self.time_only || self.parts.has(Parts::DATE)) {
                    return Err(ParseError::BadFormat);
                }
                self.expect_time = true;
                Ok(0)
            }
            None => {
                // Perhaps a zone's name without punctuation.
                self.zone = Some(Zone::Region(TimeZone::parse(text).ok_or(ParseError::BadFormat)?));
                Ok(Parts::ZONE)
            }
            Some(_) => Err(ParseError::BadFormat),
        }
    }

    fn month_word(&mut self, month: i32) -> u32 {
        let parts = &mut self.parts;
        let mut set = Parts::MONTH;
        // A number taken for the month before must have been the day.
        if parts.has(Parts::MONTH)
            && !self.has_text_month
            && !parts.has(Parts::DAY)
            && (1..=31).contains(&parts.civil.month)
        {
            parts.civil.day = parts.civil.month;
            set = Parts::DAY;
        }
        self.has_text_month = true;
        parts.civil.month = month;
        set
    }

    fn special_word(&mut self, special: Special) -> Result<u32, ParseError> {
        const ALL: u32 = Parts::DATE | Parts::TIME | Parts::ZONE;
        let seconds_east = self.format.time_zone.seconds_east_at(self.format.now);
        let mut now = to_civil_in(self.format.now, seconds_east);
        if special == Special::Zulu {
            self.parts.civil.set_time(0);
            self.zone = Some(Zone::Seconds(0));
            return Ok(Parts::TIME | Parts::ZONE);
        }
        if self.time_only && special != Special::Now {
            return Err(ParseError::BadFormat);
        }
        match special {
            Special::Now => {
                self.zone = Some(Zone::Seconds(seconds_east));
                self.parts.civil = now;
                return Ok(if self.time_only { Parts::TIME | Parts::ZONE } else { ALL });
            }
            Special::Epoch => self.special = Some(Decoded::Epoch),
            Special::Infinity => self.special = Some(Decoded::Infinity),
            Special::NegInfinity => self.special = Some(Decoded::NegInfinity),
            Special::Today | Special::Tomorrow | Special::Yesterday | Special::Zulu => {
                now.set_time(self.parts.civil.time());
                now.set_julian(match special {
                    Special::Tomorrow => now.julian() + 1,
                    Special::Yesterday => now.julian() - 1,
                    _ => now.julian(),
                });
                self.parts.civil = now;
                return Ok(Parts::DATE);
            }
        }
        // They stand for everything, and PostgreSQL lets other fields stand beside them.
        Ok(Parts::SPECIAL)
    }

    /// Applies era, two-digit years, day of year; checks month and day.
    fn validate_date(&mut self) -> Result<(), ParseError> {
        let parts = &mut self.parts;
        if parts.has(Parts::YEAR) && !self.is_julian {
            let year = &mut parts.civil.year;
            match () {
                _ if self.bc && *year <= 0 => return Err(ParseError::FieldOverflow),
                _ if self.bc => *year = 1 - *year,
                _ if parts.two_digit_year => *year += if *year < 70 { 2000 } else { 1900 },
                _ if *year <= 0 => return Err(ParseError::FieldOverflow),
                _ => {}
            }
        }
        if parts.has(Parts::DAY_OF_YEAR) {
            let new_year = date_to_julian(parts.civil.year, 1, 1);
            let julian = new_year.saturating_add(parts.day_of_year - 1);
            parts.civil.set_julian(julian);
        }
        let civil = &parts.civil;
        if parts.has(Parts::MONTH) && !(1..=12).contains(&civil.month)
            || parts.has(Parts::DAY) && !(1..=31).contains(&civil.day)
        {
            return Err(ParseError::MonthDayOverflow);
        }
        if parts.has(Parts::DATE) && civil.day > days_in_month(civil.year, civil.month) {
            return Err(ParseError::FieldOverflow);
        }
        Ok(())
    }

    fn apply_meridiem(&mut self) -> Result<(), ParseError> {
        let hour = &mut self.parts.civil.hour;
        match self.meridiem {
            Some(_) if *hour > 12 => return Err(ParseError::FieldOverflow),
            Some(false) if *hour == 12 => *hour = 0,
            Some(true) if *hour != 12 => *hour += 12,
            _ => {}
        }
        Ok(())
    }

    fn check_time(&self) -> Result<(), ParseError> {
        let civil = &self.parts.civil;
        let valid = civil.hour >= 0
            && (0..60).contains(&civil.minute)
            && (0..=60).contains(&civil.second)
            && civil.hour <= 24
            && civil.time() <= DAY;
        if valid { Ok(()) } else { Err(ParseError::FieldOverflow) }
    }

    fn finish_date_time(mut self) -> Result<Decoded, ParseError> {
        self.validate_date()?;
        self.apply_meridiem()?;
        if !self.parts.has(Parts::DATE) {
            return Err(ParseError::BadFormat);
        }
        let civil = self.parts.civil;
        let daylight = self.parts.set & Parts::DAYLIGHT != 0;
        let seconds_east = match &self.zone {
            Some(Zone::Seconds(seconds)) => *seconds,
            _ if daylight => return Err(ParseError::BadFormat),
            Some(Zone::Region(zone)) => offset_at(zone, &civil),
            None => offset_at(&self.format.time_zone, &civil),
        };
        Ok(Decoded::DateTime(civil, seconds_east))
    }

    fn finish_time(mut self) -> Result<(i64, i32), ParseError> {
        self.validate_date()?;
        self.apply_meridiem()?;
        self.check_time()?;
        if !self.parts.has(Parts::TIME) {
            return Err(ParseError::BadFormat);
        }
        let has_date = self.parts.has(Parts::DATE);
        let time = self.parts.civil.time();
        let seconds_east = match &self.zone {
            Some(Zone::Seconds(seconds)) => *seconds,
            Some(Zone::Region(zone)) => match zone.fixed_offset() {
                Some(seconds) => seconds,
                None if has_date => offset_at(zone, &self.parts.civil),
                None if zone.is_abbreviation() => self.offset_today(zone, time),
                None => return Err(ParseError::BadFormat),
            },
            None if has_date => offset_at(&self.format.time_zone, &self.parts.civil),
            None => self.offset_today(&self.format.time_zone, time),
        };
        Ok((time, seconds_east))
    }

    /// A zone's offset at a time of the session's current day.
    fn offset_today(&self, zone: &TimeZone, time: i64) -> i32 {
        let session_zone = &self.format.time_zone;
        let now = self.format.now;
        let mut today = to_civil_in(now, session_zone.seconds_east_at(now));
        today.set_time(time);
        offset_at(zone, &today)
    }
}

/// A zone's offset at a local time, also for times a little out of range.
fn offset_at(zone: &TimeZone, civil: &Civil) -> i32 {
    let days = i64::from(civil.julian()) - i64::from(POSTGRES_EPOCH_JDATE);
    zone.offset_at_local(days.saturating_mul(DAY).saturating_add(civil.time()))
}

/// A `timestamp` or `timestamptz` of what was read; `None` out of range.
pub fn to_timestamp(decoded: &Decoded, with_zone: bool) -> Option<i64> {
    match decoded {
        Decoded::DateTime(civil, seconds_east) if with_zone => {
            // The local time may lie outside the range where the instant does not.
            let days = i64::from(civil.julian()) - i64::from(POSTGRES_EPOCH_JDATE);
            let local = days.checked_mul(DAY)?.checked_add(civil.time())?;
            let instant = local.checked_sub(i64::from(*seconds_east) * SECOND)?;
            (super::timestamp::TIMESTAMP_MIN..super::timestamp::TIMESTAMP_END)
                .contains(&instant)
                .then_some(instant)
        }
        Decoded::DateTime(civil, _) => from_civil(civil),
        Decoded::Epoch => Some(-10_957 * DAY),
        Decoded::Infinity => Some(super::TIMESTAMP_INFINITY),
        Decoded::NegInfinity => Some(super::TIMESTAMP_NEG_INFINITY),
    }
}

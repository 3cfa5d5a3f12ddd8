//! The numeric fields of dates and times: `2001-02-03`, `20010203`, `04:05:06.7`, `+05:30`.

use super::decode::ParseError;
use super::timestamp::Civil;
use super::tokens::{Word, date_word};
use crate::types::DateOrder;

/// Largest offset from Greenwich, in hours, exclusive.
const ZONE_HOURS_END: i32 = 16;

/// The parts of a date and time set so far.
pub struct Parts {
    pub civil: Civil,
    /// Which parts are set.
    pub set: u32,
    pub day_of_year: i32,
    /// The year had one or two digits: 70..99 are of the 20th century.
    pub two_digit_year: bool,
    order: DateOrder,
}

impl Parts {
    pub const YEAR: u32 = 1;
    pub const MONTH: u32 = 1 << 1;
    pub const DAY: u32 = 1 << 2;
    pub const DATE: u32 = Self::YEAR | Self::MONTH | Self::DAY;
    pub const HOUR: u32 = 1 << 3;
    pub const MINUTE: u32 = 1 << 4;
    pub const SECOND: u32 = 1 << 5;
    pub const FRACTION: u32 = 1 << 6;
    pub const TIME: u32 = Self::HOUR | Self::MINUTE | Self::SECOND | Self::FRACTION;
    pub const ZONE: u32 = 1 << 7;
    pub const DAY_OF_YEAR: u32 = 1 << 8;
    pub const WEEKDAY: u32 = 1 << 9;
    pub const MERIDIEM: u32 = 1 << 10;
    pub const ERA: u32 = 1 << 11;
    pub const DAYLIGHT: u32 = 1 << 12;
    /// `infinity` or `epoch`.
    pub const SPECIAL: u32 = 1 << 13;

    pub fn new(order: DateOrder) -> Parts {
        Parts { civil: Civil::default(), set: 0, day_of_year: 0, two_digit_year: false, order }
    }

    /// All of these are set.
    pub fn has(&self, parts: u32) -> bool {
        self.set & parts == parts
    }

    pub fn has_any(&self, parts: u32) -> bool {
        self.set & parts != 0
    }

    /// Marks parts as set; none may be set twice.
    pub fn add(&mut self, parts: u32) -> Result<(), ParseError> {
        if self.set & parts != 0 {
            return Err(ParseError::BadFormat);
        }
        self.set |= parts;
        Ok(())
    }
}

/// The digits at the start, perhaps signed, and what follows.
pub fn leading_int(text: &str) -> Result<(i64, &str), ParseError> {
    let signs = usize::from(text.starts_with(['+', '-']));
    let digits = text[signs..].bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return Err(ParseError::BadFormat);
    }
    let (number, rest) = text.split_at(signs + digits);
    Ok((number.parse().map_err(|_| ParseError::FieldOverflow)?, rest))
}

/// As [`leading_int`]; nothing counts as 0, as with C's `strtol`.
pub fn leading_int_or_zero(text: &str) -> Result<(i64, &str), ParseError> {
    match leading_int(text) {
        Err(ParseError::BadFormat) => Ok((0, text)),
        other => other,
    }
}

fn leading_i32(text: &str) -> Result<(i32, &str), ParseError> {
    let (value, rest) = leading_int_or_zero(text)?;
    Ok((i32::try_from(value).map_err(|_| ParseError::FieldOverflow)?, rest))
}

/// `.123456` in microseconds, rounded; up to a full second.
pub fn fraction_micros(text: &str) -> Result<i32, ParseError> {
    let fraction = super::interval_decode::fraction(text)?;
    Ok((fraction * 1_000_000.0).round_ties_even() as i32)
}

/// `hh:mm`, `hh:mm:ss`, `hh:mm:ss.f` or `mm:ss.f`.
pub fn decode_time(text: &str, parts: &mut Parts) -> Result<u32, ParseError> {
    let civil = &mut parts.civil;
    let (hour, rest) = leading_i32(text)?;
    let (minute, rest) = leading_i32(rest.strip_prefix(':').ok_or(ParseError::BadFormat)?)?;
    (civil.hour, civil.minute, civil.second, civil.micros) = (hour, minute, 0, 0);
    if rest.starts_with('.') {
        (civil.hour, civil.minute, civil.second) = (0, hour, minute);
        civil.micros = fraction_micros(rest)?;
    } else if let Some(rest) = rest.strip_prefix(':') {
        let (second, rest) = leading_i32(rest)?;
        civil.second = second;
        if !rest.is_empty() {
            civil.micros = fraction_micros(rest)?;
        }
    } else if !rest.is_empty() {
        return Err(ParseError::BadFormat);
    }
    let valid =
        civil.hour >= 0 && (0..60).contains(&civil.minute) && (0..=60).contains(&civil.second);
    if valid { Ok(Parts::TIME) } else { Err(ParseError::FieldOverflow) }
}

/// `+hh`, `+hhmm`, `+hh:mm`, `+hh:mm:ss`: seconds east of Greenwich.
pub fn decode_zone(text: &str) -> Result<i32, ParseError> {
    let negative = match text.as_bytes().first() {
        Some(b'-') => true,
        Some(b'+') => false,
        _ => return Err(ParseError::BadFormat),
    };
    let zone_overflow = |e| match e {
        ParseError::FieldOverflow => ParseError::ZoneDisplacement,
        other => other,
    };
    let next = |text| leading_i32(text).map_err(zone_overflow);
    let (mut hour, mut rest) = next(&text[1..])?;
    let (mut minute, mut second) = (0, 0);
    if let Some(after) = rest.strip_prefix(':') {
        (minute, rest) = next(after)?;
        if let Some(after) = rest.strip_prefix(':') {
            (second, rest) = next(after)?;
        }
    } else if rest.is_empty() && text.len() > 3 {
        (hour, minute) = (hour / 100, hour % 100);
    }
    let small = |n: i32| (0..60).contains(&n);
    if !(0..ZONE_HOURS_END).contains(&hour) || !small(minute) || !small(second) {
        return Err(ParseError::ZoneDisplacement);
    }
    if !rest.is_empty() {
        return Err(ParseError::BadFormat);
    }
    let seconds = (hour * 60 + minute) * 60 + second;
    Ok(if negative { -seconds } else { seconds })
}

/// A date in one field: parts of digits or letters with anything between.
pub fn decode_date(text: &str, parts: &mut Parts) -> Result<u32, ParseError> {
    let before = parts.set;
    let pieces = split_date(text)?;
    let mut has_text_month = false;
    for word in pieces.iter().filter(|p| p.starts_with(|c: char| c.is_ascii_alphabetic())) {
        match date_word(word) {
            Some(Word::Ignore) => continue,
            Some(Word::Month(month)) => parts.civil.month = month,
            _ => return Err(ParseError::BadFormat),
        }
        has_text_month = true;
        parts.add(Parts::MONTH)?;
    }
    for number in pieces.iter().filter(|p| p.starts_with(|c: char| c.is_ascii_digit())) {
        let set = decode_number(number, has_text_month, 0, parts)?;
        parts.add(set)?;
    }
    if parts.set & !(Parts::DAY_OF_YEAR | Parts::ZONE) != Parts::DATE {
        return Err(ParseError::BadFormat);
    }
    // The caller adds what the field set.
    let set = parts.set & !before;
    parts.set = before;
    Ok(set)
}

/// Runs of digits or of letters; one other character may follow each.
fn split_date(text: &str) -> Result<Vec<&str>, ParseError> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        rest = rest.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
        let first = rest.bytes().next().ok_or(ParseError::BadFormat)?;
        let same_kind = |b: &u8| match first.is_ascii_digit() {
            true => b.is_ascii_digit(),
            false => b.is_ascii_alphabetic(),
        };
        let length = rest.bytes().take_while(same_kind).count();
        pieces.push(&rest[..length]);
        rest = rest.get(length + 1..).unwrap_or("");
    }
    Ok(pieces)
}

/// A number without label. `known`: parts to treat as set.
pub fn decode_number(
    text: &str,
    has_text_month: bool,
    known: u32,
    parts: &mut Parts,
) -> Result<u32, ParseError> {
    let (value, rest) = leading_int(text)?;
    let value = i32::try_from(value).map_err(|_| ParseError::FieldOverflow)?;
    if rest.starts_with('.') {
        // Three digits before the point: a date or time run together.
        if text.len() - rest.len() > 2 {
            return decode_number_field(text, known | Parts::DATE, parts);
        }
        parts.civil.micros = fraction_micros(rest)?;
    } else if !rest.is_empty() {
        return Err(ParseError::BadFormat);
    }
    let date = (parts.set | known) & Parts::DATE;
    if text.len() == 3 && date == Parts::YEAR && (1..=366).contains(&value) {
        parts.day_of_year = value;
        return Ok(Parts::DAY_OF_YEAR | Parts::MONTH | Parts::DAY);
    }
    if date == Parts::DATE {
        return decode_number_field(text, known, parts);
    }
    let part = date_part(date, text.len(), has_text_month, parts)?;
    match part {
        Parts::YEAR => {
            parts.civil.year = value;
            parts.two_digit_year = text.len() <= 2;
        }
        Parts::MONTH => parts.civil.month = value,
        _ => parts.civil.day = value,
    }
    Ok(part)
}

/// Which part of a date comes next, by the parts there are, the digits and `DateStyle`.
fn date_part(
    date: u32,
    digits: usize,
    has_text_month: bool,
    parts: &mut Parts,
) -> Result<u32, ParseError> {
    const YEAR_MONTH: u32 = Parts::YEAR | Parts::MONTH;
    const MONTH_DAY: u32 = Parts::MONTH | Parts::DAY;
    let year_first = digits >= 3 || parts.order == DateOrder::Ymd;
    Ok(match date {
        0 if year_first => Parts::YEAR,
        0 if parts.order == DateOrder::Dmy => Parts::DAY,
        0 => Parts::MONTH,
        Parts::YEAR => Parts::MONTH,
        Parts::MONTH if has_text_month && year_first => Parts::YEAR,
        Parts::MONTH => Parts::DAY,
        // What was taken for a two-digit year was the day: DD-MON-YYYY in YMD order.
        YEAR_MONTH if has_text_month && digits >= 3 && parts.two_digit_year => {
            parts.civil.day = parts.civil.year;
            parts.set = parts.set & !Parts::YEAR | Parts::DAY;
            Parts::YEAR
        }
        YEAR_MONTH => Parts::DAY,
        Parts::DAY => Parts::MONTH,
        MONTH_DAY => Parts::YEAR,
        _ => return Err(ParseError::BadFormat),
    })
}

/// Digits run together: `yyyymmdd`, `yymmdd`, `hhmmss`, `hhmm`, perhaps with a fraction of seconds.
pub fn decode_number_field(text: &str, known: u32, parts: &mut Parts) -> Result<u32, ParseError> {
    let (digits, fraction) = match text.find('.') {
        Some(at) => (&text[..at], Some(&text[at..])),
        None => (text, None),
    };
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(ParseError::BadFormat);
    }
    let number = |range: std::ops::Range<usize>| {
        digits[range].parse::<i32>().map_err(|_| ParseError::FieldOverflow)
    };
    let set = parts.set | known;
    let n = digits.len();
    if let Some(fraction) = fraction {
        parts.civil.micros = fraction_micros(fraction)?;
    } else if set & Parts::DATE != Parts::DATE && n >= 6 {
        parts.civil.day = number(n - 2..n)?;
        parts.civil.month = number(n - 4..n - 2)?;
        parts.civil.year = number(0..n - 4)?;
        parts.two_digit_year |= n == 6;
        return Ok(Parts::DATE);
    }
    if set & Parts::TIME == Parts::TIME || !matches!(n, 4 | 6) {
        return Err(ParseError::BadFormat);
    }
    parts.civil.hour = number(0..2)?;
    parts.civil.minute = number(2..4)?;
    parts.civil.second = if n == 6 { number(4..6)? } else { 0 };
    Ok(Parts::TIME)
}

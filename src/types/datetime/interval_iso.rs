//! ISO 8601 intervals: `P1Y2M3DT4H5M6.7S`, `P1W`, and the alternative form `P0001-02-03T04:05:06`.

use super::decode::ParseError;
use super::interval_decode::Sum;
use super::{HOUR, MINUTE, SECOND};

/// Reads one; also `P00010203T040506`.
pub(super) fn decode(text: &str) -> Result<Sum, ParseError> {
    let mut rest = text.strip_prefix('P').ok_or(ParseError::BadFormat)?;
    if rest.is_empty() {
        return Err(ParseError::BadFormat);
    }
    let mut sum = Sum::default();
    let mut date_part = true;
    let mut has_field = false;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('T') {
            (date_part, has_field, rest) = (false, false, after);
            continue;
        }
        let start = rest;
        let (value, fraction, after) = number(rest)?;
        let width = start.bytes().take_while(|b| b.is_ascii_digit()).count()
            + usize::from(start.starts_with('-'));
        let unit = after.chars().next();
        rest = unit.map_or("", |u| &after[u.len_utf8()..]);
        match (date_part, unit) {
            (true, Some('Y')) => sum.years(value, fraction, 1)?,
            (true, Some('M')) => sum.months(value, fraction)?,
            (true, Some('W')) => sum.days(value, fraction, 7)?,
            (true, Some('D')) => sum.days(value, fraction, 1)?,
            (true, None | Some('T' | '-')) if !has_field => {
                rest = alternative_date(&mut sum, value, fraction, width, after)?;
                date_part = false;
                has_field = false;
                continue;
            }
            (false, Some('H')) => sum.micros(value, fraction, HOUR)?,
            (false, Some('M')) => sum.micros(value, fraction, MINUTE)?,
            (false, Some('S')) => sum.micros(value, fraction, SECOND)?,
            (false, None | Some(':')) if !has_field => {
                return alternative_time(sum, value, fraction, width, after);
            }
            _ => return Err(ParseError::BadFormat),
        }
        has_field = true;
    }
    Ok(sum)
}

/// A number with an optional sign and fraction, both parts with the sign.
fn number(text: &str) -> Result<(i64, f64, &str), ParseError> {
    let signs = usize::from(text.starts_with(['-', '+']));
    let length =
        signs + text[signs..].bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count();
    let (digits, rest) = text.split_at(length);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.len() + part.len() <= signs || part.contains('.') {
        return Err(ParseError::BadFormat);
    }
    let negative = text.starts_with('-');
    let value = match &whole[signs..] {
        "" => 0,
        digits => digits.parse::<i64>().map_err(|_| ParseError::FieldOverflow)?,
    };
    let fraction = format!("0.{part}0").parse::<f64>().map_err(|_| ParseError::BadFormat)?;
    Ok(if negative { (-value, -fraction, rest) } else { (value, fraction, rest) })
}

/// The rest of `yyyy-mm-dd` or `yyyymmdd`, up to and including `T`; gives what follows.
fn alternative_date<'a>(
    sum: &mut Sum,
    value: i64,
    fraction: f64,
    width: usize,
    rest: &'a str,
) -> Result<&'a str, ParseError> {
    let after_t = |rest: &'a str| match rest {
        "" => Ok(rest),
        _ => rest.strip_prefix('T').ok_or(ParseError::BadFormat),
    };
    if !rest.starts_with('-') && width == 8 {
        sum.years(value / 10_000, 0.0, 1)?;
        sum.months(value / 100 % 100, 0.0)?;
        sum.days(value % 100, fraction, 1)?;
        return after_t(rest);
    }
    sum.years(value, fraction, 1)?;
    let Some(rest) = rest.strip_prefix('-') else { return after_t(rest) };
    let (months, fraction, rest) = number(rest)?;
    sum.months(months, fraction)?;
    let Some(rest) = rest.strip_prefix('-') else { return after_t(rest) };
    let (days, fraction, rest) = number(rest)?;
    sum.days(days, fraction, 1)?;
    after_t(rest)
}

/// The rest of `hh:mm:ss` or `hhmmss`.
fn alternative_time(
    mut sum: Sum,
    value: i64,
    fraction: f64,
    width: usize,
    rest: &str,
) -> Result<Sum, ParseError> {
    let end = |rest: &str| if rest.is_empty() { Ok(()) } else { Err(ParseError::BadFormat) };
    if !rest.starts_with(':') && width == 6 {
        sum.micros(value / 10_000, 0.0, HOUR)?;
        sum.micros(value / 100 % 100, 0.0, MINUTE)?;
        sum.micros(value % 100, fraction, SECOND)?;
        return end(rest).map(|()| sum);
    }
    sum.micros(value, fraction, HOUR)?;
    let Some(rest) = rest.strip_prefix(':') else { return end(rest).map(|()| sum) };
    let (minutes, fraction, rest) = number(rest)?;
    sum.micros(minutes, fraction, MINUTE)?;
    let Some(rest) = rest.strip_prefix(':') else { return end(rest).map(|()| sum) };
    let (seconds, fraction, rest) = number(rest)?;
    sum.micros(seconds, fraction, SECOND)?;
    end(rest).map(|()| sum)
}

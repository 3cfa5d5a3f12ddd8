//! The text form: `-12.50`, `1e10`, `NaN`, `Infinity`.

use super::digits::{POW10, pow10};
use super::{Numeric, Repr, overflow};
use crate::error::Result;
use num_bigint::BigInt;
use std::fmt;

impl Numeric {
    /// Reads the text form: optional blanks, sign, digits with a point, exponent; or a special
    /// value in any case. 22P02, 22003.
    pub fn parse(text: &str) -> Result<Numeric> {
        if let Some(plain) = parse_plain(text.as_bytes()) {
            return Ok(plain);
        }
        let trimmed = text.trim_matches(crate::types::input::is_space);
        parse_special(trimmed)
            .map(Ok)
            .or_else(|| parse_decimal(trimmed))
            .unwrap_or_else(|| Err(crate::types::input::invalid_input("numeric", text)))
    }
}

/// Digits with a point or none, few enough for an `i64`: what most numerics look like. `None` for
/// anything else.
fn parse_plain(text: &[u8]) -> Option<Numeric> {
    /// Any number of this many digits fits an `i64`.
    const DIGITS_MAX: usize = 18;
    let (negative, unsigned) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let (mut value, mut digits, mut point) = (0i64, 0, None);
    for &byte in unsigned {
        match byte {
            b'0'..=b'9' if digits < DIGITS_MAX => {
                value = value * 10 + i64::from(byte - b'0');
                digits += 1;
            }
            b'.' if point.is_none() => point = Some(digits),
            _ => return None,
        }
    }
    let scale = u16::try_from(digits - point.unwrap_or(digits)).ok()?;
    let coefficient = if negative { -value } else { value };
    (digits > 0).then_some(Numeric(Repr::Small { coefficient, scale }))
}

fn parse_special(text: &str) -> Option<Numeric> {
    let is = |name: &str| text.eq_ignore_ascii_case(name);
    if is("nan") {
        Some(Numeric::nan())
    } else if ["infinity", "+infinity", "inf", "+inf"].into_iter().any(is) {
        Some(Numeric::infinity())
    } else if ["-infinity", "-inf"].into_iter().any(is) {
        Some(Numeric::neg_infinity())
    } else {
        None
    }
}

/// `None`: not a number.
fn parse_decimal(text: &str) -> Option<Result<Numeric>> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let exponent = match exponent {
        Some(text) => parse_exponent(text)?,
        None => Ok(0),
    };
    Some(exponent.and_then(|e| assemble(negative, whole, fraction, e)))
}

/// A signed integer; out of any use: 22003, not an integer: `None`.
fn parse_exponent(text: &str) -> Option<Result<i32>> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    const LIMIT: i32 = i32::MAX / 2;
    Some(match text.parse::<i32>() {
        Ok(e) if e > -LIMIT && e < LIMIT => Ok(e),
        _ => Err(overflow()),
    })
}

fn assemble(negative: bool, whole: &str, fraction: &str, exponent: i32) -> Result<Numeric> {
    let digits = [whole, fraction].concat();
    let significant = digits.trim_start_matches('0');
    let scale = i64::try_from(fraction.len()).map_err(|_| overflow())? - i64::from(exponent);
    if significant.len() <= 18 && (0..=i64::from(super::SCALE_MAX)).contains(&scale) {
        let value = significant.parse::<i128>().unwrap_or(0);
        return Ok(Numeric::new(if negative { -value } else { value }, scale as u16));
    }
    if significant.is_empty() {
        return Numeric::from_parts(BigInt::ZERO, i32::try_from(scale.max(0)).unwrap_or(i32::MAX));
    }
    // Before building anything: 1e1000000000 must not.
    if significant.len() as i64 - scale > super::INTEGER_DIGITS_MAX as i64
        || scale > i64::from(super::SCALE_MAX)
    {
        return Err(overflow());
    }
    let mut coefficient = BigInt::parse_bytes(significant.as_bytes(), 10).ok_or_else(overflow)?;
    if scale < 0 {
        coefficient *= pow10(scale.unsigned_abs() as u32);
    }
    if negative {
        coefficient = -coefficient;
    }
    Numeric::from_parts(coefficient, scale.max(0) as i32)
}

impl fmt::Display for Numeric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Small { coefficient, scale: 0 } => write!(f, "{coefficient}"),
            Repr::Small { coefficient, scale } if *scale <= 18 => {
                let unit = POW10[usize::from(*scale)] as u64;
                let magnitude = coefficient.unsigned_abs();
                let sign = if *coefficient < 0 { "-" } else { "" };
                let width = usize::from(*scale);
                write!(f, "{sign}{}.{:0width$}", magnitude / unit, magnitude % unit)
            }
            Repr::Small { coefficient, scale } => {
                write_digits(f, *coefficient < 0, &coefficient.unsigned_abs().to_string(), *scale)
            }
            Repr::Wide(w) => {
                let negative = w.coefficient.sign() == num_bigint::Sign::Minus;
                write_digits(f, negative, &w.coefficient.magnitude().to_string(), w.scale)
            }
            Repr::NaN => f.write_str("NaN"),
            Repr::Infinity => f.write_str("Infinity"),
            Repr::NegInfinity => f.write_str("-Infinity"),
        }
    }
}

fn write_digits(
    f: &mut fmt::Formatter<'_>,
    negative: bool,
    digits: &str,
    scale: u16,
) -> fmt::Result {
    let scale = usize::from(scale);
    let sign = if negative { "-" } else { "" };
    if scale == 0 {
        return write!(f, "{sign}{digits}");
    }
    match digits.len().checked_sub(scale) {
        Some(point @ 1..) => write!(f, "{sign}{}.{}", &digits[..point], &digits[point..]),
        _ => write!(f, "{sign}0.{digits:0>scale$}"),
    }
}

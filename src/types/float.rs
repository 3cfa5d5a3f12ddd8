//! `real` and `double precision`.
//!
//! Output is the shortest decimal that reads back the same value, in PostgreSQL's layout: `%g`-like,
//! with the exponent form from 1e15 (1e6 for `real`) on. One rule differs from Rust's shortest
//! form: a decimal exactly half way between two floats is not used (1e23 is 9.999999999999999e+22).

use super::input::{invalid_input, is_space};
use crate::error::{PgError, Result, code};
use num_bigint::BigInt;
use std::cmp::Ordering;
use std::io::Write;

/// Reads a `double precision`; 22P02, 22003.
pub fn parse_f64(text: &str) -> Result<f64> {
    parse(text, "double precision", f64::is_infinite, |v| *v == 0.0)
}

/// Reads a `real`.
pub fn parse_f32(text: &str) -> Result<f32> {
    parse(text, "real", |v: f32| v.is_infinite(), |v| *v == 0.0)
}

fn parse<T>(
    text: &str,
    type_name: &str,
    is_infinite: impl Fn(T) -> bool,
    is_zero: impl Fn(&T) -> bool,
) -> Result<T>
where
    T: std::str::FromStr + Copy,
{
    let trimmed = text.trim_matches(is_space);
    let unsigned = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
    let special = ["infinity", "inf", "nan"].iter().any(|s| unsigned.eq_ignore_ascii_case(s));
    let looks_numeric = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    if !special && !looks_numeric {
        return Err(invalid_input(type_name, text));
    }
    let value = trimmed.parse::<T>().map_err(|_| invalid_input(type_name, text))?;
    let mantissa = unsigned.split(['e', 'E']).next().unwrap_or(unsigned);
    let underflow = is_zero(&value) && mantissa.bytes().any(|b| (b'1'..=b'9').contains(&b));
    if !special && (is_infinite(value) || underflow) {
        return Err(PgError::new(
            code::NUMERIC_VALUE_OUT_OF_RANGE,
            format!("\"{trimmed}\" is out of range for type {type_name}"),
        ));
    }
    Ok(value)
}

/// PostgreSQL's order: NaN equals NaN and is the greatest; -0 equals 0.
pub fn compare_f64(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

/// As [`compare_f64`].
pub fn compare_f32(a: f32, b: f32) -> Ordering {
    compare_f64(f64::from(a), f64::from(b))
}

/// Appends a `double precision`'s text.
pub fn write_f64(v: f64, extra_float_digits: i32, out: &mut Vec<u8>) {
    if write_special(v, out) {
        return;
    }
    if extra_float_digits <= 0 {
        return write_rounded(v, 15 + extra_float_digits, out);
    }
    let mut text = format!("{v:e}");
    let bits = v.to_bits();
    // Half-way decimals of at most 17 digits exist only between these bounds.
    if v.abs() > 4e15 && v.abs() < 1e41 && bits & 1 == 0 {
        let exact =
            Exact { mantissa: bits & ((1 << 52) - 1) | 1 << 52, exponent: bits >> 52 & 0x7ff };
        if exact.is_halfway(&text) {
            let print = |digits: usize| format!("{v:.digits$e}");
            text = exact.shortest_inside(17, print, |t| t.parse() == Ok(v));
        }
    }
    write_layout(&text, 15, out);
}

/// Appends a `real`'s text.
pub fn write_f32(v: f32, extra_float_digits: i32, out: &mut Vec<u8>) {
    if write_special(f64::from(v), out) {
        return;
    }
    if extra_float_digits <= 0 {
        return write_rounded(f64::from(v), 6 + extra_float_digits, out);
    }
    let mut text = format!("{v:e}");
    let bits = v.to_bits();
    if v.abs() > 8e6 && v.abs() < 1e20 && bits & 1 == 0 {
        // In the scale of f64: the bias differs, and so does the mantissa's width.
        let exact = Exact {
            mantissa: u64::from(bits & ((1 << 23) - 1) | 1 << 23),
            exponent: u64::from(bits >> 23 & 0xff) + 1023 - 127 + 29,
        };
        if exact.is_halfway(&text) {
            let print = |digits: usize| format!("{v:.digits$e}");
            text = exact.shortest_inside(9, print, |t| t.parse() == Ok(v));
        }
    }
    write_layout(&text, 6, out);
}

fn write_special(v: f64, out: &mut Vec<u8>) -> bool {
    let text: &[u8] = match v {
        _ if v.is_nan() => b"NaN",
        f64::INFINITY => b"Infinity",
        f64::NEG_INFINITY => b"-Infinity",
        _ => return false,
    };
    out.extend_from_slice(text);
    true
}

/// A normal float's magnitude, `mantissa * 2^(exponent - 1075)`.
struct Exact {
    mantissa: u64,
    exponent: u64,
}

impl Exact {
    /// Whether a decimal (`d.ddde±x`) lies exactly between the float and a neighbour.
    fn is_halfway(&self, text: &str) -> bool {
        let Some((digits, power)) = decimal_parts(text) else { return false };
        let unit = self.exponent as i64 - 1075;
        let halves = BigInt::from(self.mantissa) * 2;
        let ten = BigInt::from(10).pow(power.unsigned_abs());
        let two = BigInt::from(1) << unit.unsigned_abs();
        let (mut left, mut right) = (digits * 2, BigInt::from(1));
        if power >= 0 {
            left *= ten
        } else {
            right *= ten
        }
        if unit >= 0 {
            right *= two
        } else {
            left *= two
        }
        left == (&halves + 1) * &right || left == (&halves - 1) * &right
    }

    /// The shortest correctly rounded decimal that reads back and is not half way.
    fn shortest_inside(
        &self,
        digits_max: usize,
        print: impl Fn(usize) -> String,
        reads_back: impl Fn(&str) -> bool,
    ) -> String {
        (0..digits_max - 1)
            .map(&print)
            .find(|text| reads_back(text) && !self.is_halfway(text))
            .unwrap_or_else(|| print(digits_max - 1))
    }
}

/// The digits of `-d.ddde±x` as an integer without sign, and the power of ten to multiply it by.
fn decimal_parts(text: &str) -> Option<(BigInt, i32)> {
    let (mantissa, exponent) = text.trim_start_matches('-').split_once('e')?;
    let digits = mantissa.replace('.', "");
    let power = exponent.parse::<i32>().ok()? - (digits.len() as i32 - 1);
    Some((BigInt::parse_bytes(digits.as_bytes(), 10)?, power))
}

/// Lays `d.ddde±x` out as PostgreSQL does: plain for exponents of -4 up to `exponent_limit`.
fn write_layout(text: &str, exponent_limit: i32, out: &mut Vec<u8>) {
    let (mantissa, exponent) = text.split_once('e').expect("{:e} prints an exponent");
    let exponent: i32 = exponent.parse().expect("{:e} prints a decimal exponent");
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    out.extend_from_slice(sign.as_bytes());
    if exponent < -4 || exponent >= exponent_limit {
        let direction = if exponent < 0 { '-' } else { '+' };
        write!(out, "{mantissa}e{direction}{:02}", exponent.abs())
    } else {
        let digits = mantissa.replace('.', "");
        match usize::try_from(exponent + 1) {
            Ok(point @ 1..) if point >= digits.len() => write!(out, "{digits:0<point$}"),
            Ok(point @ 1..) => write!(out, "{}.{}", &digits[..point], &digits[point..]),
            _ => write!(out, "0.{}{digits}", "0".repeat((-exponent - 1) as usize)),
        }
    }
    .expect("writing to memory succeeds");
}

/// C's `%.{digits}g`.
fn write_rounded(v: f64, digits: i32, out: &mut Vec<u8>) {
    let digits = digits.max(1);
    let text = format!("{v:.*e}", (digits - 1) as usize);
    let (mantissa, exponent) = text.split_once('e').expect("{:e} prints an exponent");
    let mantissa = match mantissa.contains('.') {
        true => mantissa.trim_end_matches('0').trim_end_matches('.'),
        false => mantissa,
    };
    write_layout(&format!("{mantissa}e{exponent}"), digits, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn f64_text(v: f64, extra: i32) -> String {
        let mut out = Vec::new();
        write_f64(v, extra, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn f32_text(v: f32, extra: i32) -> String {
        let mut out = Vec::new();
        write_f32(v, extra, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn shortest_text_in_postgres_layout() {
        for (v, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.5, "1.5"),
            (1e14, "100000000000000"),
            (1e15, "1e+15"),
            (1e20, "1e+20"),
            (1e23, "9.999999999999999e+22"),
            (2e23, "1.9999999999999998e+23"),
            (8.5e23, "8.5e+23"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.0 / 3.0, "0.3333333333333333"),
            (1e-300, "1e-300"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(f64_text(v, 1), text);
        }
        for (v, text) in [
            (1.1f32, "1.1"),
            (123456.0, "123456"),
            (1e6, "1e+06"),
            (1234567.0, "1.234567e+06"),
            (16777216.0, "1.6777216e+07"),
            (3.4028235e38, "3.4028235e+38"),
        ] {
            assert_eq!(f32_text(v, 1), text);
        }
    }

    #[test]
    fn rounded_text() {
        assert_eq!(f64_text(1.0 / 3.0, 0), "0.333333333333333");
        assert_eq!(f64_text(0.1 + 0.2, 0), "0.3");
        assert_eq!(f64_text(123456.789, -13), "1.2e+05");
        assert_eq!(f32_text(1.1, 0), "1.1");
        assert_eq!(f32_text(1.0 / 3.0, -6), "0.3");
    }

    #[test]
    fn input_errors() {
        assert_eq!(parse_f64(" 1e3 ").unwrap(), 1000.0);
        assert!(parse_f64("-Inf").unwrap() < f64::MIN);
        for (text, message) in [
            ("", "invalid input syntax for type double precision: \"\""),
            ("x", "invalid input syntax for type double precision: \"x\""),
            ("1e400", "\"1e400\" is out of range for type double precision"),
            ("1e-400", "\"1e-400\" is out of range for type double precision"),
        ] {
            assert_eq!(parse_f64(text).unwrap_err().message(), message);
        }
        assert_eq!(
            parse_f32("1e40").unwrap_err().message(),
            "\"1e40\" is out of range for type real"
        );
    }

    #[test]
    fn nan_is_the_greatest() {
        assert!(compare_f64(f64::NAN, f64::INFINITY).is_gt());
        assert!(compare_f64(f64::NAN, f64::NAN).is_eq());
        assert!(compare_f64(-0.0, 0.0).is_eq());
    }
}

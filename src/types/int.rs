//! `smallint`, `integer`, `bigint`, and the identifiers `oid`, `xid`, `cid`, `tid`.

use super::input::{invalid_input, is_space, value_out_of_range};
use super::{Datum, Oid};
use crate::error::Result;

/// Reads a decimal integer with blanks around it; 22P02, 22003.
pub fn parse<T: TryFrom<i64>>(text: &str, type_name: &str) -> Result<T> {
    let trimmed = text.trim_matches(is_space);
    let signs = usize::from(trimmed.starts_with(['+', '-']));
    let digits = trimmed[signs..].bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return Err(invalid_input(type_name, text));
    }
    let (number, rest) = trimmed.split_at(signs + digits);
    let value = |number: &str| number.parse::<i64>().ok().and_then(|v| T::try_from(v).ok());
    if rest.is_empty() {
        return value(number).ok_or_else(|| value_out_of_range(type_name, text));
    }
    // Digits that do not fit even as a negative number are reported before what follows them.
    match value(&format!("-{}", &number[signs..])) {
        Some(_) => Err(invalid_input(type_name, text)),
        None => Err(value_out_of_range(type_name, text)),
    }
}

/// Reads an `oid`; negative numbers down to -2147483648 wrap around, as with C's `strtoul`.
pub fn parse_oid(text: &str) -> Result<Oid> {
    match parse::<i64>(text, "oid")? {
        v @ 0.. => u32::try_from(v).ok(),
        v => i32::try_from(v).ok().map(|v| v as u32),
    }
    .ok_or_else(|| value_out_of_range("oid", text))
}

/// Reads an `xid` or `cid`: the low half of [`unsigned`], as the C cast takes it.
pub fn parse_xid(text: &str) -> u32 {
    unsigned(text) as u32
}

/// An `xid8`. Held with the sign bit turned, so that signed integers have its order.
pub fn xid8(value: u64) -> Datum {
    Datum::Int8((value ^ (1 << 63)) as i64)
}

/// The value of an `xid8` from what [`xid8`] holds.
pub fn xid8_value(held: i64) -> u64 {
    held as u64 ^ (1 << 63)
}

/// Reads a `pg_lsn`: two hexadecimal halves. Held as an `xid8` is.
pub fn parse_lsn(text: &str) -> Result<Datum> {
    let half = |digits: &str| match digits.len() {
        1..=8 if digits.bytes().all(|b| b.is_ascii_hexdigit()) => {
            u64::from_str_radix(digits, 16).ok()
        }
        _ => None,
    };
    let halves = text.split_once('/').and_then(|(high, low)| Some((half(high)?, half(low)?)));
    halves.map(|(high, low)| xid8(high << 32 | low)).ok_or_else(|| invalid_input("pg_lsn", text))
}

/// C's `strtoul`: the leading number in C's notation (0x10, 010), 0 where there is none, without
/// complaint.
pub fn unsigned(text: &str) -> u64 {
    let text = text.trim_start_matches(is_space);
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &text[2..]),
        [b'0', ..] => (8, text),
        _ => (10, text),
    };
    let value = digits
        .chars()
        .map_while(|c| c.to_digit(radix))
        .fold(0u64, |v, d| v.saturating_mul(u64::from(radix)).saturating_add(u64::from(d)));
    if negative { value.wrapping_neg() } else { value }
}

/// Reads a `tid`, `(block,offset)`, held as `block << 16 | offset`.
pub fn parse_tid(text: &str) -> Result<Datum> {
    let parts = text
        .trim_start_matches(is_space)
        .strip_prefix('(')
        .and_then(|t| t.split_once(')'))
        .and_then(|(inner, _)| inner.split_once(','));
    let numbers = parts.and_then(|(block, offset)| {
        let block = block.trim_start_matches(is_space).parse::<i64>().ok()?;
        // Negative blocks wrap around, as with C's `strtoul`.
        let in_range = (i64::from(i32::MIN)..=i64::from(u32::MAX)).contains(&block);
        Some((
            in_range.then_some(block as u32)?,
            offset.trim_start_matches(is_space).parse::<u16>().ok()?,
        ))
    });
    match numbers {
        Some((block, offset)) => Ok(tid(block, offset)),
        None => Err(invalid_input("tid", text)),
    }
}

/// A `tid` from its parts.
pub fn tid(block: u32, offset: u16) -> Datum {
    Datum::Int8(i64::from(block) << 16 | i64::from(offset))
}

/// Block and offset of a `tid`.
pub fn tid_parts(value: i64) -> (u32, u16) {
    ((value >> 16) as u32, value as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_as_postgres_reads_them() {
        assert_eq!(parse::<i32>(" -42 ", "integer").unwrap(), -42);
        assert_eq!(parse::<i64>("+9223372036854775807", "bigint").unwrap(), i64::MAX);
        for (text, message) in [
            ("", "invalid input syntax for type integer: \"\""),
            ("1.5", "invalid input syntax for type integer: \"1.5\""),
            ("- 1", "invalid input syntax for type integer: \"- 1\""),
            ("2147483648", "value \"2147483648\" is out of range for type integer"),
            (
                "99999999999999999999",
                "value \"99999999999999999999\" is out of range for type integer",
            ),
        ] {
            assert_eq!(parse::<i32>(text, "integer").unwrap_err().message(), message);
        }
    }

    #[test]
    fn identifiers() {
        assert_eq!(parse_oid("-1").unwrap(), u32::MAX);
        assert_eq!(parse_oid("4294967295").unwrap(), u32::MAX);
        assert!(parse_oid("4294967296").is_err());
        assert_eq!(parse_xid("0x1F"), 31);
        assert_eq!(parse_xid("abc"), 0);
        assert_eq!(parse_tid("(3,4)").unwrap(), tid(3, 4));
        assert!(parse_tid("3,4").is_err());
    }
}

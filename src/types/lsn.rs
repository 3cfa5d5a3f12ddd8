//! `pg_lsn`: a position in a log, two hexadecimal halves. Held as an `xid8` is, so that signed integers
//! have its order.

use super::Datum;
use super::input::invalid_input;
use super::int::{xid8, xid8_value};
use crate::error::Result;

/// Most digits of a half.
const DIGITS_MAX: usize = 8;

/// Reads `16/B374D848`.
pub fn parse(text: &str) -> Result<Datum> {
    let half = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit());
        (digits && text.len() <= DIGITS_MAX).then(|| u64::from_str_radix(text, 16).ok())?
    };
    let halves = text.split_once('/').and_then(|(high, low)| Some((half(high)?, half(low)?)));
    halves.map(|(high, low)| datum(high << 32 | low)).ok_or_else(|| invalid_input("pg_lsn", text))
}

/// Appends the text of a held value.
pub fn write(held: i64, out: &mut Vec<u8>) {
    let value = xid8_value(held);
    out.extend_from_slice(format!("{:X}/{:X}", value >> 32, value as u32).as_bytes());
}

/// A position as a datum.
pub fn datum(position: u64) -> Datum {
    xid8(position)
}

/// The position that a datum is.
pub fn position(value: &Datum) -> u64 {
    xid8_value(value.as_int8())
}

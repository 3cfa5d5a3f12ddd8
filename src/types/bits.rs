//! `bit` and `varbit`: strings of bits, held as their binary form.
//!
//! ```text
//! number of bits, u32 big endian | the bits from the first on, the last byte filled with zeros
//! B'101':  00 00 00 03 | a0
//! ```
//!
//! Strings compare as their bits do, one that begins another before it: their bytes first, their lengths
//! after them.

use super::input::Reader;
use super::{Datum, Oid, oids};
use crate::error::{PgError, Result, code};
use std::cmp::Ordering;

/// Bytes before the bits.
const HEADER: usize = 4;

/// PostgreSQL's most bits of a value.
pub const BITS_MAX: usize = (i32::MAX - 7) as usize;

/// PostgreSQL's greatest declared length: bits of 10 MiB.
const LENGTH_MAX: i32 = 10 * 1024 * 1024 * 8;

/// Whether values of the type are bit strings.
pub fn is_bits(type_oid: Oid) -> bool {
    matches!(type_oid, oids::BIT | oids::VARBIT)
}

/// The bits of a held value, and how many they are.
pub fn parts(held: &[u8]) -> (usize, &[u8]) {
    let (length, bytes) = held.split_first_chunk().expect("a bit string has its length");
    (u32::from_be_bytes(*length) as usize, bytes)
}

/// A value of so many bits; bytes beyond them are dropped or added, bits beyond them cleared.
pub fn datum(length: usize, mut bytes: Vec<u8>) -> Datum {
    bytes.resize(length.div_ceil(8), 0);
    if let Some(last) = bytes.last_mut() {
        *last &= 0xff << (bytes_to_bits(length) - length);
    }
    let length = u32::try_from(length).expect("bit strings are shorter than 2^31");
    Datum::bytea([&length.to_be_bytes()[..], &bytes].concat())
}

fn bytes_to_bits(length: usize) -> usize {
    length.div_ceil(8) * 8
}

/// The bit at a position from 0.
pub fn bit_at(bytes: &[u8], at: usize) -> bool {
    bytes[at / 8] >> (7 - at % 8) & 1 == 1
}

/// `length` bits from a position on. The string has them.
pub fn slice(bytes: &[u8], start: usize, length: usize) -> Datum {
    let (first, shift) = (start / 8, start % 8);
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
    let shifted = |i: usize| {
        let both = u16::from_be_bytes([byte(first + i), byte(first + i + 1)]);
        (both << shift >> 8) as u8
    };
    datum(length, (0..length.div_ceil(8)).map(shifted).collect())
}

/// Reads `101`, `b101` or `x1F`, and checks a declared length.
pub fn parse(type_oid: Oid, typmod: i32, text: &str) -> Result<Datum> {
    let (digits, hexadecimal) = match text.as_bytes() {
        [b'b' | b'B', ..] => (&text[1..], false),
        [b'x' | b'X', ..] => (&text[1..], true),
        _ => (text, false),
    };
    let bits_of_digit = if hexadecimal { 4 } else { 1 };
    let length = digits.len() * bits_of_digit;
    if length > BITS_MAX {
        return Err(too_long());
    }
    check_length(type_oid, typmod, length)?;
    let mut bytes = vec![0; length.div_ceil(8)];
    for (i, c) in digits.chars().enumerate() {
        let Some(digit) = c.to_digit(1 << bits_of_digit) else {
            let name = if hexadecimal { "hexadecimal" } else { "binary" };
            let message = format!("\"{c}\" is not a valid {name} digit");
            return Err(PgError::new(code::INVALID_TEXT_REPRESENTATION, message));
        };
        let end = (i + 1) * bits_of_digit;
        bytes[(end - 1) / 8] |= (digit as u8) << (bytes_to_bits(end) - end);
    }
    Ok(datum(length, bytes))
}

/// 54000.
pub fn too_long() -> PgError {
    let message = format!("bit string length exceeds the maximum allowed ({BITS_MAX})");
    PgError::new(code::PROGRAM_LIMIT_EXCEEDED, message)
}

/// 22026 for a `bit(n)` of another length, 22001 for a `varbit(n)` that is too long.
fn check_length(type_oid: Oid, typmod: i32, length: usize) -> Result<()> {
    let Some(declared) = declared_length(typmod) else { return Ok(()) };
    if type_oid == oids::BIT && length != declared {
        let message = format!("bit string length {length} does not match type bit({declared})");
        return Err(PgError::new(code::STRING_DATA_LENGTH_MISMATCH, message));
    }
    if type_oid == oids::VARBIT && length > declared {
        let message = format!("bit string too long for type bit varying({declared})");
        return Err(PgError::new(code::STRING_DATA_RIGHT_TRUNCATION, message));
    }
    Ok(())
}

fn declared_length(typmod: i32) -> Option<usize> {
    usize::try_from(typmod).ok().filter(|n| (1..=BITS_MAX).contains(n))
}

/// Fits a value to a declared length: an explicit cast cuts it, and fills a `bit`.
pub fn fit(type_oid: Oid, typmod: i32, explicit: bool, value: Datum) -> Result<Datum> {
    let (length, bytes) = parts(value.as_bytea());
    let Some(declared) = declared_length(typmod) else { return Ok(value) };
    if length == declared || type_oid == oids::VARBIT && length < declared {
        return Ok(value);
    }
    if !explicit {
        check_length(type_oid, typmod, length)?;
    }
    Ok(datum(declared, bytes.to_vec()))
}

/// The type modifier of `bit(n)`: the length itself.
pub fn typmod_from_modifiers(modifiers: &[i32], type_name: &str) -> Result<i32> {
    let invalid = |message: String| PgError::new(code::INVALID_PARAMETER_VALUE, message);
    match *modifiers {
        [n] if n < 1 => Err(invalid(format!("length for type {type_name} must be at least 1"))),
        [n] if n > LENGTH_MAX => {
            Err(invalid(format!("length for type {type_name} cannot exceed {LENGTH_MAX}")))
        }
        [n] => Ok(n),
        _ => Err(invalid("invalid type modifier".to_owned())),
    }
}

/// Appends the bits as digits.
pub fn write(held: &[u8], out: &mut Vec<u8>) {
    let (length, bytes) = parts(held);
    out.extend((0..length).map(|at| if bit_at(bytes, at) { b'1' } else { b'0' }));
}

/// Reads the binary form, which is what is held.
pub fn receive(type_oid: Oid, typmod: i32, reader: &mut Reader<'_>) -> Result<Datum> {
    let Ok(length) = usize::try_from(reader.i32()?) else {
        let message = "invalid length in external bit string";
        return Err(PgError::new(code::INVALID_BINARY_REPRESENTATION, message));
    };
    check_length(type_oid, typmod, length)?;
    Ok(datum(length, reader.take(length.div_ceil(8))?.to_vec()))
}

/// The order of two held values.
pub fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let ((a_length, a), (b_length, b)) = (parts(a), parts(b));
    a.cmp(b).then(a_length.cmp(&b_length))
}

/// The bits' bytes and the header, in the order in which they compare.
pub fn key_parts(held: &[u8]) -> (&[u8], &[u8]) {
    let (header, bytes) = held.split_at(HEADER);
    (bytes, header)
}

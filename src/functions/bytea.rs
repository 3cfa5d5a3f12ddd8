//! Functions of `bytea`: those text has, over bytes, and access to single bits and bytes.

use super::Implementation::{self, Scalar};
use super::integer::out_of_range;
use super::text::{count, overlay_range, window};
use crate::error::{PgError, Result, code};
use crate::types::Datum;

/// Eight times the length, which must fit an `integer`.
pub(super) fn bit_length(bytes: &[u8]) -> Result<Datum> {
    let bits = i32::try_from(bytes.len()).ok().and_then(|n| n.checked_mul(8));
    bits.map(Datum::Int4).ok_or_else(|| out_of_range("integer"))
}

fn substring(bytes: &[u8], start: i32, length: Option<i32>) -> Result<&[u8]> {
    let (skip, take) = window(start, length)?;
    let rest = &bytes[skip.min(bytes.len())..];
    Ok(&rest[..take.min(rest.len())])
}

fn overlay(bytes: &[u8], new: &[u8], start: i32, length: i32) -> Result<Datum> {
    let (before, after) = overlay_range(start, length)?;
    let head = substring(bytes, 1, Some(before))?;
    Ok(Datum::bytea([head, new, substring(bytes, after, None)?].concat()))
}

fn position(bytes: &[u8], needle: &[u8]) -> Datum {
    if needle.is_empty() {
        return Datum::Int4(1);
    }
    match bytes.windows(needle.len()).position(|window| window == needle) {
        Some(at) => count(at + 1),
        None => Datum::Int4(0),
    }
}

fn trim<'a>(mut bytes: &'a [u8], set: &[u8], left: bool, right: bool) -> &'a [u8] {
    while let [first, rest @ ..] = bytes
        && left
        && set.contains(first)
    {
        bytes = rest;
    }
    while let [rest @ .., last] = bytes
        && right
        && set.contains(last)
    {
        bytes = rest;
    }
    bytes
}

fn index_error(index: i64, length: i64) -> PgError {
    let message = format!("index {index} out of valid range, 0..{}", length - 1);
    PgError::new(code::ARRAY_SUBSCRIPT_ERROR, message)
}

fn byte_index(bytes: &[u8], index: i32) -> Result<usize> {
    let found = usize::try_from(index).ok().filter(|&i| i < bytes.len());
    found.ok_or_else(|| index_error(index.into(), bytes.len() as i64))
}

/// Byte and bit (the least significant first) of bit number `index`.
fn bit_index(bytes: &[u8], index: i64) -> Result<(usize, u8)> {
    let byte = usize::try_from(index).ok().map(|i| i / 8).filter(|&i| i < bytes.len());
    match byte {
        Some(byte) => Ok((byte, (index % 8) as u8)),
        None => Err(index_error(index, bytes.len() as i64 * 8)),
    }
}

fn get_bit(bytes: &[u8], index: i64) -> Result<Datum> {
    let (byte, bit) = bit_index(bytes, index)?;
    Ok(Datum::Int4(i32::from(bytes[byte] >> bit & 1)))
}

fn set_bit(bytes: &[u8], index: i64, value: i32) -> Result<Datum> {
    let (byte, bit) = bit_index(bytes, index)?;
    let mut changed = bytes.to_vec();
    match value {
        0 => changed[byte] &= !(1 << bit),
        1 => changed[byte] |= 1 << bit,
        _ => return Err(PgError::new(code::INVALID_PARAMETER_VALUE, "new bit must be 0 or 1")),
    }
    Ok(Datum::bytea(changed))
}

fn set_byte(bytes: &[u8], index: i32, value: i32) -> Result<Datum> {
    let at = byte_index(bytes, index)?;
    let mut changed = bytes.to_vec();
    // The low eight bits count, as in PostgreSQL.
    changed[at] = value as u8;
    Ok(Datum::bytea(changed))
}

fn bit_count(bytes: &[u8]) -> Datum {
    Datum::Int8(bytes.iter().map(|byte| i64::from(byte.count_ones())).sum())
}

fn length_in_encoding(bytes: &[u8], encoding: &str) -> Result<Datum> {
    let text = super::encoding::decode_as(bytes, encoding)?;
    Ok(count(text.chars().count()))
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("byteaoctetlen", Scalar(|_, a| Ok(count(a[0].as_bytea().len())))),
    ("bit_length(bytea)", Scalar(|_, a| bit_length(a[0].as_bytea()))),
    ("length_in_encoding", Scalar(|_, a| length_in_encoding(a[0].as_bytea(), a[1].as_text()))),
    ("byteacat", Scalar(|_, a| Ok(Datum::bytea([a[0].as_bytea(), a[1].as_bytea()].concat())))),
    (
        "bytea_substr",
        Scalar(|_, a| {
            substring(a[0].as_bytea(), a[1].as_int4(), Some(a[2].as_int4())).map(Datum::bytea)
        }),
    ),
    (
        "bytea_substr_no_len",
        Scalar(|_, a| substring(a[0].as_bytea(), a[1].as_int4(), None).map(Datum::bytea)),
    ),
    (
        "byteaoverlay",
        Scalar(|_, a| overlay(a[0].as_bytea(), a[1].as_bytea(), a[2].as_int4(), a[3].as_int4())),
    ),
    (
        "byteaoverlay_no_len",
        Scalar(|_, a| {
            let new = a[1].as_bytea();
            overlay(a[0].as_bytea(), new, a[2].as_int4(), count(new.len()).as_int4())
        }),
    ),
    ("byteapos", Scalar(|_, a| Ok(position(a[0].as_bytea(), a[1].as_bytea())))),
    (
        "byteatrim",
        Scalar(|_, a| Ok(Datum::bytea(trim(a[0].as_bytea(), a[1].as_bytea(), true, true)))),
    ),
    (
        "bytealtrim",
        Scalar(|_, a| Ok(Datum::bytea(trim(a[0].as_bytea(), a[1].as_bytea(), true, false)))),
    ),
    (
        "byteartrim",
        Scalar(|_, a| Ok(Datum::bytea(trim(a[0].as_bytea(), a[1].as_bytea(), false, true)))),
    ),
    (
        "byteaGetByte",
        Scalar(|_, a| {
            let bytes = a[0].as_bytea();
            Ok(Datum::Int4(bytes[byte_index(bytes, a[1].as_int4())?].into()))
        }),
    ),
    ("byteaSetByte", Scalar(|_, a| set_byte(a[0].as_bytea(), a[1].as_int4(), a[2].as_int4()))),
    ("byteaGetBit", Scalar(|_, a| get_bit(a[0].as_bytea(), a[1].as_int8()))),
    ("byteaSetBit", Scalar(|_, a| set_bit(a[0].as_bytea(), a[1].as_int8(), a[2].as_int4()))),
    ("bytea_bit_count", Scalar(|_, a| Ok(bit_count(a[0].as_bytea())))),
];

#[cfg(test)]
mod tests {
    use crate::functions::testing::{error, value};
    use crate::types::Datum::{self, Int4, Int8};

    fn b(bytes: &[u8]) -> Datum {
        Datum::bytea(bytes)
    }

    #[test]
    fn bits_count_from_the_least_significant() {
        assert_eq!(value("byteaGetBit", &[b(&[0x12, 0x34]), Int8(1)]), Int4(1));
        assert_eq!(value("byteaSetBit", &[b(&[0x12]), Int8(0), Int4(1)]), b(&[0x13]));
        assert_eq!(value("byteaSetByte", &[b(&[1, 2]), Int4(1), Int4(300)]), b(&[1, 44]));
        assert_eq!(
            error("byteaGetByte", &[b(&[1, 2]), Int4(2)]),
            ("2202E", "index 2 out of valid range, 0..1")
        );
        assert_eq!(
            error("byteaGetBit", &[b(&[1, 2]), Int8(-1)]),
            ("2202E", "index -1 out of valid range, 0..15")
        );
        assert_eq!(
            error("byteaSetBit", &[b(&[1]), Int8(0), Int4(2)]),
            ("22023", "new bit must be 0 or 1")
        );
    }

    #[test]
    fn bytes_have_texts_functions() {
        assert_eq!(value("byteapos", &[b(b"abcd"), b(b"cd")]), Int4(3));
        assert_eq!(value("byteatrim", &[b(b"xxaxx"), b(b"x")]), b(b"a"));
        assert_eq!(value("bytea_substr", &[b(b"abcd"), Int4(2), Int4(2)]), b(b"bc"));
        assert_eq!(value("bytea_bit_count", &[b(&[0xff, 1])]), Int8(9));
    }
}

//! Functions and operators of `bit` and `varbit`. Positions count bits from the first, which is the most
//! significant where a string stands for a number.

use super::Implementation::{self, Scalar};
use super::comparison::{of, operators};
use super::integer::out_of_range;
use super::text::{count, overlay_range, window};
use crate::error::{PgError, Result, code};
use crate::types::bits::{self, BITS_MAX};
use crate::types::{Datum, Oid, apply_typmod, oids};

operators! {
    ["bit" "bit" "" "bitcmp"] of!(BIT);
}

fn parts(value: &Datum) -> (usize, &[u8]) {
    bits::parts(value.as_bytea())
}

/// What is done to the bits of two strings of one length.
#[derive(Clone, Copy)]
pub(super) enum Combination {
    And,
    Or,
    Xor,
}

/// 22026 where the lengths differ.
pub(super) fn combined(how: Combination, a: &Datum, b: &Datum) -> Result<Datum> {
    let ((length, a), (other, b)) = (parts(a), parts(b));
    let name = match how {
        Combination::And => "AND",
        Combination::Or => "OR",
        Combination::Xor => "XOR",
    };
    if length != other {
        let message = format!("cannot {name} bit strings of different sizes");
        return Err(PgError::new(code::STRING_DATA_LENGTH_MISMATCH, message));
    }
    let both = |(a, b): (&u8, &u8)| match how {
        Combination::And => a & b,
        Combination::Or => a | b,
        Combination::Xor => a ^ b,
    };
    Ok(bits::datum(length, a.iter().zip(b).map(both).collect()))
}

fn not(a: &[Datum]) -> Datum {
    let (length, bytes) = parts(&a[0]);
    bits::datum(length, bytes.iter().map(|byte| !byte).collect())
}

/// Bits that leave the string at one end are lost; zeros come in at the other.
fn shifted(value: &Datum, left: i64) -> Datum {
    let (length, bytes) = parts(value);
    let by = usize::try_from(left.unsigned_abs()).unwrap_or(usize::MAX).min(length);
    if left >= 0 {
        let kept = bits::slice(bytes, by, length - by);
        return bits::datum(length, parts(&kept).1.to_vec());
    }
    let zeros = bits::datum(by, Vec::new());
    let kept = bits::slice(bytes, 0, length - by);
    joined(&zeros, &kept)
}

/// One string after another.
fn joined(a: &Datum, b: &Datum) -> Datum {
    let ((a_length, a), (b_length, b)) = (parts(a), parts(b));
    let mut out = a.to_vec();
    let used = a_length % 8;
    for byte in b {
        if used == 0 {
            out.push(*byte);
        } else {
            let last = out.last_mut().expect("bits of a string that is not empty");
            *last |= byte >> used;
            out.push(byte << (8 - used));
        }
    }
    bits::datum(a_length + b_length, out)
}

fn concatenated(a: &Datum, b: &Datum) -> Result<Datum> {
    if parts(a).0 + parts(b).0 > BITS_MAX {
        return Err(bits::too_long());
    }
    Ok(joined(a, b))
}

fn substring(value: &Datum, start: i32, length: Option<i32>) -> Result<Datum> {
    let (bits, bytes) = parts(value);
    let (skip, take) = window(start, length)?;
    let skip = skip.min(bits);
    Ok(bits::slice(bytes, skip, take.min(bits - skip)))
}

fn overlay(value: &Datum, new: &Datum, start: i32, length: i32) -> Result<Datum> {
    let (before, after) = overlay_range(start, length)?;
    let head = concatenated(&substring(value, 1, Some(before))?, new)?;
    concatenated(&head, &substring(value, after, None)?)
}

fn position(a: &[Datum]) -> Datum {
    let ((length, bytes), (wanted, needle)) = (parts(&a[0]), parts(&a[1]));
    if length == 0 || wanted > length {
        return Datum::Int4(0);
    }
    let is_at = |at: usize| parts(&bits::slice(bytes, at, wanted)).1 == needle;
    (0..=length - wanted).find(|at| is_at(*at)).map_or(Datum::Int4(0), |at| count(at + 1))
}

fn index(length: usize, index: i32) -> Result<usize> {
    let found = usize::try_from(index).ok().filter(|i| *i < length);
    found.ok_or_else(|| {
        let last = length as i64 - 1;
        let message = format!("bit index {index} out of valid range (0..{last})");
        PgError::new(code::ARRAY_SUBSCRIPT_ERROR, message)
    })
}

fn get_bit(a: &[Datum]) -> Result<Datum> {
    let (length, bytes) = parts(&a[0]);
    let at = index(length, a[1].as_int4())?;
    Ok(Datum::Int4(bits::bit_at(bytes, at).into()))
}

fn set_bit(a: &[Datum]) -> Result<Datum> {
    let (length, bytes) = parts(&a[0]);
    let at = index(length, a[1].as_int4())?;
    let (mut bytes, mask) = (bytes.to_vec(), 0x80 >> (at % 8));
    match a[2].as_int4() {
        0 => bytes[at / 8] &= !mask,
        1 => bytes[at / 8] |= mask,
        _ => return Err(PgError::new(code::INVALID_PARAMETER_VALUE, "new bit must be 0 or 1")),
    }
    Ok(bits::datum(length, bytes))
}

/// The number's low bits, its sign's copies before them where more are asked for.
fn from_number(number: i64, length: i32) -> Datum {
    let length = usize::try_from(length).unwrap_or(0).clamp(1, BITS_MAX);
    let extra = length.saturating_sub(64);
    let fill = if number < 0 { 0xff } else { 0 };
    let signs = bits::datum(extra, vec![fill; extra.div_ceil(8)]);
    let low = bits::slice(&number.to_be_bytes(), 64 - length.min(64), length.min(64));
    joined(&signs, &low)
}

/// The number whose low bits the string is; `None`: it has more bits.
fn to_number(value: &Datum, bits_max: usize) -> Option<u64> {
    let (length, bytes) = parts(value);
    let number = bytes.iter().take(8).fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
    let beyond = bytes.len() * 8 - length;
    (length <= bits_max).then_some(number >> beyond)
}

fn length_cast(type_oid: Oid, a: &[Datum]) -> Result<Datum> {
    apply_typmod(type_oid, a[1].as_int4(), a[2].as_bool(), a[0].clone())
}

pub(super) const STRINGS: &[(&str, Implementation)] = &[
    ("bit_and", Scalar(|_, a| combined(Combination::And, &a[0], &a[1]))),
    ("bit_or", Scalar(|_, a| combined(Combination::Or, &a[0], &a[1]))),
    ("bitxor", Scalar(|_, a| combined(Combination::Xor, &a[0], &a[1]))),
    ("bitnot", Scalar(|_, a| Ok(not(a)))),
    ("bitshiftleft", Scalar(|_, a| Ok(shifted(&a[0], a[1].as_int4().into())))),
    ("bitshiftright", Scalar(|_, a| Ok(shifted(&a[0], -i64::from(a[1].as_int4()))))),
    ("bitcat", Scalar(|_, a| concatenated(&a[0], &a[1]))),
    ("bitsubstr", Scalar(|_, a| substring(&a[0], a[1].as_int4(), Some(a[2].as_int4())))),
    ("bitsubstr_no_len", Scalar(|_, a| substring(&a[0], a[1].as_int4(), None))),
    ("bitoverlay", Scalar(|_, a| overlay(&a[0], &a[1], a[2].as_int4(), a[3].as_int4()))),
    (
        "bitoverlay_no_len",
        Scalar(|_, a| overlay(&a[0], &a[1], a[2].as_int4(), count(parts(&a[1]).0).as_int4())),
    ),
    ("bitposition", Scalar(|_, a| Ok(position(a)))),
    ("bitlength", Scalar(|_, a| Ok(count(parts(&a[0]).0)))),
    ("bit_length(bit)", Scalar(|_, a| Ok(count(parts(&a[0]).0)))),
    ("bitoctetlength", Scalar(|_, a| Ok(count(parts(&a[0]).1.len())))),
    (
        "bit_bit_count",
        Scalar(|_, a| {
            Ok(Datum::Int8(parts(&a[0]).1.iter().map(|byte| i64::from(byte.count_ones())).sum()))
        }),
    ),
    ("bitgetbit", Scalar(|_, a| get_bit(a))),
    ("bitsetbit", Scalar(|_, a| set_bit(a))),
    ("bit", Scalar(|_, a| length_cast(oids::BIT, a))),
    ("varbit", Scalar(|_, a| length_cast(oids::VARBIT, a))),
    ("bitfromint4", Scalar(|_, a| Ok(from_number(a[0].as_int4().into(), a[1].as_int4())))),
    ("bitfromint8", Scalar(|_, a| Ok(from_number(a[0].as_int8(), a[1].as_int4())))),
    (
        "bittoint4",
        Scalar(|_, a| {
            let number = to_number(&a[0], 32).ok_or_else(|| out_of_range("integer"))?;
            Ok(Datum::Int4(number as u32 as i32))
        }),
    ),
    (
        "bittoint8",
        Scalar(|_, a| {
            let number = to_number(&a[0], 64).ok_or_else(|| out_of_range("bigint"))?;
            Ok(Datum::Int8(number.cast_signed()))
        }),
    ),
];

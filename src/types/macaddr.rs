//! `macaddr` and `macaddr8`: hardware addresses of six and eight bytes, held as these.

use super::input::{Reader, insufficient_data, invalid_input, is_space};
use super::{Datum, Oid, oids};
use crate::error::{PgError, Result, code};

/// What stands in the middle of an address of eight bytes that was one of six.
const MIDDLE: [u8; 2] = [0xff, 0xfe];

/// The forms of a `macaddr`: digits that an octet may have, and what stands after each octet.
const FORMS: [(usize, [&str; 5]); 7] = [
    (usize::MAX, [":", ":", ":", ":", ":"]),
    (usize::MAX, ["-", "-", "-", "-", "-"]),
    (2, ["", "", ":", "", ""]),
    (2, ["", "", "-", "", ""]),
    (2, ["", ".", "", ".", ""]),
    (2, ["", "-", "", "-", ""]),
    (2, ["", "", "", "", ""]),
];

/// Reads a `macaddr`.
pub fn parse(text: &str) -> Result<Datum> {
    let read = |(width, separators): &(usize, [&str; 5])| octets(text, *width, separators);
    let octets = FORMS.iter().find_map(read).ok_or_else(|| invalid_input("macaddr", text))?;
    let bytes: Option<Vec<u8>> = octets.iter().map(|octet| u8::try_from(*octet).ok()).collect();
    bytes.map(Datum::bytea).ok_or_else(|| {
        let message = format!("invalid octet value in \"macaddr\" value: \"{text}\"");
        PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, message)
    })
}

fn octets(mut text: &str, width: usize, separators: &[&str; 5]) -> Option<[u32; 6]> {
    let mut octets = [0; 6];
    for (i, octet) in octets.iter_mut().enumerate() {
        *octet = scan_hexadecimal(&mut text, width)?;
        text = text.strip_prefix(separators.get(i).copied().unwrap_or(""))?;
    }
    text.chars().all(is_space).then_some(octets)
}

/// C's `%x` with a width: blanks, a sign, `0x`, digits.
fn scan_hexadecimal(text: &mut &str, width: usize) -> Option<u32> {
    let start = text.trim_start_matches(is_space);
    let field = &start[..start.floor_char_boundary(width.min(start.len()))];
    let unsigned = field.trim_start_matches(['+', '-']);
    let signs = field.len() - unsigned.len();
    let prefix = if unsigned.starts_with("0x") || unsigned.starts_with("0X") { 2 } else { 0 };
    let digits = unsigned[prefix..].chars().take_while(char::is_ascii_hexdigit).count();
    if signs > 1 || digits == 0 {
        return None;
    }
    let digits_start = signs + prefix;
    let written = &field[digits_start..digits_start + digits];
    let value = u64::from_str_radix(written, 16).unwrap_or(u64::MAX);
    *text = &start[digits_start + digits..];
    // Only the low half is kept, as C's conversion does.
    Some(if field.starts_with('-') { value.wrapping_neg() as u32 } else { value as u32 })
}

/// Reads a `macaddr8`: pairs of digits, the same separator wherever there is one. Six of them get the
/// middle of an EUI-64.
pub fn parse8(text: &str) -> Result<Datum> {
    bytes8(text).map(Datum::bytea).ok_or_else(|| invalid_input("macaddr8", text))
}

fn bytes8(text: &str) -> Option<Vec<u8>> {
    let mut rest = text.trim_start_matches(is_space).as_bytes();
    let mut bytes = Vec::new();
    let mut separator = None;
    let digit = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
    while let [high, low, after @ ..] = rest {
        bytes.push(digit(*high)? << 4 | digit(*low)?);
        if bytes.len() > 8 {
            return None;
        }
        rest = after;
        if let [found @ (b':' | b'-' | b'.'), after @ ..] = rest {
            if *separator.get_or_insert(*found) != *found {
                return None;
            }
            rest = after;
        }
        let blank = |b: &u8| is_space(char::from(*b));
        if matches!(bytes.len(), 6 | 8) && rest.first().is_some_and(blank) {
            if !rest.iter().all(blank) {
                return None;
            }
            rest = &[];
        }
    }
    match bytes.len() {
        6 => Some(widened(&bytes)),
        8 => Some(bytes),
        _ => None,
    }
}

/// An address of six bytes as one of eight.
pub fn widened(six: &[u8]) -> Vec<u8> {
    [&six[..3], &MIDDLE, &six[3..]].concat()
}

/// An address of eight bytes as one of six; 22003 unless it is a widened one.
pub fn narrowed(eight: &[u8]) -> Result<Vec<u8>> {
    if eight[3..5] == MIDDLE {
        return Ok([&eight[..3], &eight[5..]].concat());
    }
    let message = "macaddr8 data out of range to convert to macaddr";
    Err(PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, message).hint(
        "Only addresses that have FF and FE as values in the 4th and 5th bytes from the left, \
         for example xx:xx:xx:ff:fe:xx:xx:xx, are eligible to be converted from macaddr8 to macaddr.",
    ))
}

/// Appends the text of an address of either length.
pub fn write(address: &[u8], out: &mut Vec<u8>) {
    for (i, byte) in address.iter().enumerate() {
        if i > 0 {
            out.push(b':');
        }
        super::bytea::write_hex(&[*byte], out);
    }
}

/// Reads the binary form, the bytes; a `macaddr8` may come as a `macaddr`.
pub fn receive(type_oid: Oid, reader: &mut Reader<'_>) -> Result<Datum> {
    if type_oid == oids::MACADDR {
        return reader.array::<6>().map(Datum::bytea);
    }
    match reader.0.len() {
        6 => reader.array::<6>().map(|six| Datum::bytea(widened(&six))),
        8.. => reader.array::<8>().map(Datum::bytea),
        _ => Err(insufficient_data()),
    }
}

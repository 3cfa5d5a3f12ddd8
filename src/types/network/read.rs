//! The text of network addresses, as PostgreSQL's `inet_net_pton.c` (from BIND) reads it: an `inet`
//! is an address whose missing octets a prefix length must account for; a `cidr` may leave out zeros
//! at the end, and its prefix length, which then follows from the address's class.

use super::super::input::invalid_input;
use super::super::{Datum, Oid, oids};
use super::{Inet, type_name};
use crate::error::{PgError, Result, code};

/// Reads an `inet` or a `cidr`.
pub fn parse(type_oid: Oid, text: &str) -> Result<Datum> {
    let bytes = text.as_bytes();
    let found = match (bytes.contains(&b':'), type_oid) {
        (true, _) => v6(bytes),
        (false, oids::CIDR) => v4_network(bytes),
        (false, _) => v4_address(bytes),
    };
    let value = found.ok_or_else(|| invalid_input(type_name(type_oid), text))?;
    if type_oid == oids::CIDR && value.network() != value {
        let message = format!("invalid cidr value: \"{text}\"");
        return Err(PgError::new(code::INVALID_TEXT_REPRESENTATION, message)
            .detail("Value has bits set to right of mask."));
    }
    Ok(value.datum())
}

fn v4(octets: &[u8], bits: u8) -> Inet {
    let mut address = [0; 16];
    address[..octets.len()].copy_from_slice(octets);
    Inet { is_v6: false, bits, address: u128::from_be_bytes(address) }
}

/// Takes a number of up to three digits, 255 at most.
fn octet(text: &mut &[u8]) -> Option<u8> {
    let length = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(length);
    let value = digits.iter().try_fold(0u8, |v, b| v.checked_mul(10)?.checked_add(b - b'0'))?;
    *text = rest;
    (length > 0).then_some(value)
}

/// What follows an IPv4 address: nothing, or a slash and its bits.
fn v4_bits(rest: &[u8]) -> Option<Option<u8>> {
    match rest {
        [] => Some(None),
        [b'/', digits @ ..] if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => {
            let bits = std::str::from_utf8(digits).ok()?.parse::<u8>().ok()?;
            (bits <= 32).then_some(Some(bits))
        }
        _ => None,
    }
}

fn v4_address(mut text: &[u8]) -> Option<Inet> {
    let mut octets = Vec::new();
    while text.first().is_some_and(u8::is_ascii_digit) {
        if octets.len() == 4 {
            return None;
        }
        octets.push(octet(&mut text)?);
        match text.first() {
            Some(b'.') => text = &text[1..],
            None | Some(b'/') => break,
            _ => return None,
        }
    }
    if octets.is_empty() {
        return None;
    }
    let bits = match v4_bits(text)? {
        Some(bits) => bits,
        None if octets.len() == 4 => 32,
        None => return None,
    };
    (usize::from(bits) / 8 <= octets.len()).then(|| v4(&octets, bits))
}

fn v4_network(text: &[u8]) -> Option<Inet> {
    let (mut octets, rest) = match text {
        [b'0', b'x' | b'X', digits @ ..] if digits.first()?.is_ascii_hexdigit() => {
            hexadecimal(digits)
        }
        _ => dotted(text)?,
    };
    if octets.len() > 4 {
        return None;
    }
    let bits = v4_bits(rest)?.unwrap_or_else(|| class_bits(octets[0], octets.len()));
    let covered = usize::from(bits).div_ceil(8);
    if covered > octets.len() {
        octets.resize(covered, 0);
    }
    Some(v4(&octets, bits))
}

fn dotted(mut text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut octets = vec![octet(&mut text)?];
    while let [b'.', rest @ ..] = text {
        text = rest;
        octets.push(octet(&mut text)?);
    }
    Some((octets, text))
}

/// Pairs of digits; the last may be a single one, the high half of its octet.
fn hexadecimal(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let length = text.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    let (digits, rest) = text.split_at(length);
    let digit = |b: u8| char::from(b).to_digit(16).unwrap_or(0) as u8;
    let pair = |pair: &[u8]| digit(pair[0]) << 4 | pair.get(1).map_or(0, |b| digit(*b));
    (digits.chunks(2).map(pair).collect(), rest)
}

/// The prefix length of the address's class, or of the octets written if they are more.
fn class_bits(first: u8, octets: usize) -> u8 {
    let class = match first {
        240.. => 32,
        224.. => 8,
        192.. => 24,
        128.. => 16,
        _ => 8,
    };
    let bits = class.max(octets as u8 * 8);
    if bits == 8 && first == 224 { 4 } else { bits }
}

fn v6(text: &[u8]) -> Option<Inet> {
    let mut rest = match text {
        [b':', b':', ..] => &text[1..],
        [b':', ..] => return None,
        _ => text,
    };
    // Where the current group began: it may turn out to be an IPv4 address.
    let mut group_start = rest;
    let (mut bytes, mut gap, mut bits) = (Vec::new(), None, 128);
    let (mut value, mut digits) = (0u16, 0);
    while let [c, after @ ..] = rest {
        rest = after;
        if let Some(digit) = char::from(*c).to_digit(16) {
            digits += 1;
            if digits > 4 {
                return None;
            }
            value = value << 4 | digit as u16;
            continue;
        }
        match c {
            b':' => {
                group_start = rest;
                if digits == 0 {
                    if gap.replace(bytes.len()).is_some() {
                        return None;
                    }
                    continue;
                }
                if rest.is_empty() || bytes.len() + 2 > 16 {
                    return None;
                }
                bytes.extend_from_slice(&value.to_be_bytes());
                (value, digits) = (0, 0);
            }
            b'.' if bytes.len() + 4 <= 16 => {
                let (octets, given) = embedded_v4(group_start)?;
                bytes.extend_from_slice(&octets);
                bits = given.unwrap_or(bits);
                digits = 0;
                break;
            }
            b'/' => {
                bits = prefix_length(rest)?;
                break;
            }
            _ => return None,
        }
    }
    if digits > 0 {
        if bytes.len() + 2 > 16 {
            return None;
        }
        bytes.extend_from_slice(&value.to_be_bytes());
    }
    if let Some(at) = gap {
        if bytes.len() == 16 {
            return None;
        }
        let tail = bytes.split_off(at);
        bytes.resize(16 - tail.len(), 0);
        bytes.extend_from_slice(&tail);
    }
    let address = u128::from_be_bytes(bytes.try_into().ok()?);
    Some(Inet { is_v6: true, bits, address })
}

/// A number without leading zeros.
fn plain_number(digits: &[u8]) -> Option<u8> {
    if digits.len() > 1 && digits[0] == b'0' || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn prefix_length(digits: &[u8]) -> Option<u8> {
    plain_number(digits).filter(|bits| *bits <= 128)
}

/// The octets at an IPv6 address's end, zeros in place of missing ones, and the bits behind them.
fn embedded_v4(text: &[u8]) -> Option<([u8; 4], Option<u8>)> {
    let (address, bits) = match text.iter().position(|b| *b == b'/') {
        Some(slash) => (&text[..slash], Some(prefix_length(&text[slash + 1..])?)),
        None => (text, None),
    };
    // Nothing before a point or a slash is a zero, too.
    if bits.is_none() && address.ends_with(b".") {
        return None;
    }
    let mut octets = [0; 4];
    for (i, part) in address.split(|b| *b == b'.').enumerate() {
        *octets.get_mut(i)? = if part.is_empty() { 0 } else { plain_number(part)? };
    }
    Some((octets, bits))
}

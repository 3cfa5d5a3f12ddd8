//! The text of network addresses, as `inet_net_ntop.c` and `inet_cidr_ntop.c` write it.

use super::super::{Datum, Oid, oids};
use super::Inet;
use std::io::Write;
use std::ops::Range;

/// Appends a value: the address, and the bits where they are not all, or the type is `cidr`.
pub fn write(type_oid: Oid, value: &Datum, out: &mut Vec<u8>) {
    let value = Inet::of(value);
    write_address(value, out);
    if value.bits != value.bits_max() || type_oid == oids::CIDR {
        put(format_args!("/{}", value.bits), out);
    }
}

fn put(value: impl std::fmt::Display, out: &mut Vec<u8>) {
    write!(out, "{value}").expect("writing to memory succeeds");
}

/// Appends the address alone.
pub fn write_address(value: Inet, out: &mut Vec<u8>) {
    let bytes = value.address.to_be_bytes();
    if !value.is_v6 {
        write_octets(&bytes[..4], out);
        return;
    }
    let words = words(&bytes);
    let zeros = longest_zeros(&words);
    for (i, word) in words.iter().enumerate() {
        if zeros.contains(&i) {
            if i == zeros.start {
                out.push(b':');
            }
            continue;
        }
        if i > 0 {
            out.push(b':');
        }
        if i == 6 && has_v4_tail(&zeros, &words) {
            write_octets(&bytes[12..], out);
            return;
        }
        put(format_args!("{word:x}"), out);
    }
    if zeros.end == words.len() {
        out.push(b':');
    }
}

fn write_octets(octets: &[u8], out: &mut Vec<u8>) {
    for (i, octet) in octets.iter().enumerate() {
        if i > 0 {
            out.push(b'.');
        }
        put(octet, out);
    }
}

fn words(bytes: &[u8; 16]) -> [u16; 8] {
    std::array::from_fn(|i| u16::from_be_bytes([bytes[2 * i], bytes[2 * i + 1]]))
}

/// The first of the longest runs of two or more zeros; an empty range past any word where there is
/// none.
fn longest_zeros(words: &[u16]) -> Range<usize> {
    let none = usize::MAX..usize::MAX;
    let mut best = none.clone();
    let mut start = 0;
    for i in 0..=words.len() {
        if words.get(i) == Some(&0) {
            continue;
        }
        if i - start >= 2 && i - start > best.len() {
            best = start..i;
        }
        start = i + 1;
    }
    best
}

/// Whether the last 32 bits are shown as an IPv4 address.
fn has_v4_tail(zeros: &Range<usize>, words: &[u16; 8]) -> bool {
    zeros.start == 0
        && match zeros.len() {
            6 => true,
            7 => words[7] != 1,
            5 => words[5] == 0xffff,
            _ => false,
        }
}

/// `abbrev(cidr)`: no more of the address than its bits, and the bits.
pub fn abbreviated_cidr(value: Inet, out: &mut Vec<u8>) {
    let bytes = value.network().address.to_be_bytes();
    match (value.is_v6, value.bits) {
        (false, 0) => out.push(b'0'),
        (false, bits) => write_octets(&bytes[..usize::from(bits).div_ceil(8)], out),
        (true, 0) => out.extend_from_slice(b"::"),
        (true, bits) => abbreviated_v6(&bytes, bits, out),
    }
    put(format_args!("/{}", value.bits), out);
}

fn abbreviated_v6(bytes: &[u8; 16], bits: u8, out: &mut Vec<u8>) {
    // A single word would read as the end of an address.
    let shown = usize::from(bits).div_ceil(16).max(2);
    let words = &words(bytes)[..shown];
    let (start, length) = zeros_of_prefix(words);
    let v4 = start == 0
        && length != shown
        && (length == 6
            || length == 5 && bytes[10] == 0xff && bytes[11] == 0xff
            || length == 7 && bytes[14] != 0 && bytes[15] != 1);
    let begin = out.len();
    for (i, word) in words.iter().enumerate() {
        if length != 0 && (start..start + length).contains(&i) {
            if i == start {
                out.push(b':');
            }
            if i == shown - 1 {
                out.push(b':');
            }
        } else if v4 && i > 5 {
            out.push(if i == 6 { b':' } else { b'.' });
            put(word >> 8, out);
            // The last octet may be beyond the prefix.
            if i != 7 || bits > 120 {
                out.push(b'.');
                put(word & 0xff, out);
            }
        } else {
            if out.len() > begin {
                out.push(b':');
            }
            put(format_args!("{word:x}"), out);
        }
    }
}

/// The run of zeros that is left out: its start and length, as PostgreSQL finds it. A run no longer
/// than the best so far is not forgotten: the next one is counted on top of it.
fn zeros_of_prefix(words: &[u16]) -> (usize, usize) {
    let (mut best, mut run) = ((0, 0), (0, 0));
    for (i, word) in words.iter().enumerate() {
        if *word == 0 {
            if run.1 == 0 {
                run.0 = i;
            }
            run.1 += 1;
        } else if run.1 > best.1 {
            best = run;
            run.1 = 0;
        }
    }
    if run.1 > best.1 { run } else { best }
}

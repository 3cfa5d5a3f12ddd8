//! `bytea`: hex and escape formats.

use super::ByteaOutput;
use crate::error::{PgError, Result, code};
use std::io::Write;

/// Reads `\x0a1b` or the escape format (`\\`, `\ooo`).
pub fn parse(text: &str) -> Result<Vec<u8>> {
    match text.strip_prefix("\\x") {
        Some(hex) => parse_hex(hex),
        None => parse_escape(text.as_bytes()),
    }
}

/// Reads pairs of hexadecimal digits with blanks between pairs; 22023. `decode(…, 'hex')` does, too.
pub fn parse_hex(text: &str) -> Result<Vec<u8>> {
    let invalid = |message: String| PgError::new(code::INVALID_PARAMETER_VALUE, message);
    let digit = |c: char| {
        c.to_digit(16).ok_or_else(|| invalid(format!("invalid hexadecimal digit: \"{c}\"")))
    };
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if matches!(c, ' ' | '\n' | '\t' | '\r') {
            continue;
        }
        let high = digit(c)?;
        let low = chars
            .next()
            .ok_or_else(|| invalid("invalid hexadecimal data: odd number of digits".to_owned()))?;
        bytes.push((high << 4 | digit(low)?) as u8);
    }
    Ok(bytes)
}

/// Reads the escape format; 22P02.
pub fn parse_escape(mut text: &[u8]) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    loop {
        let (byte, length) = match *text {
            [] => return Ok(bytes),
            [b'\\', b'\\', ..] => (b'\\', 2),
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] => {
                ((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'), 4)
            }
            [b'\\', ..] => {
                return Err(PgError::new(
                    code::INVALID_TEXT_REPRESENTATION,
                    "invalid input syntax for type bytea",
                ));
            }
            [byte, ..] => (byte, 1),
        };
        bytes.push(byte);
        text = &text[length..];
    }
}

/// Appends the text form.
pub fn write(bytes: &[u8], output: ByteaOutput, out: &mut Vec<u8>) {
    match output {
        ByteaOutput::Hex => {
            out.extend_from_slice(b"\\x");
            write_hex(bytes, out);
        }
        ByteaOutput::Escape => write_escape(bytes, out),
    }
}

/// Appends lower-case hexadecimal digits.
pub fn write_hex(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.reserve(bytes.len() * 2);
    for b in bytes {
        out.push(DIGITS[usize::from(b >> 4)]);
        out.push(DIGITS[usize::from(b & 15)]);
    }
}

fn write_escape(bytes: &[u8], out: &mut Vec<u8>) {
    for &b in bytes {
        match b {
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x20..=0x7e => out.push(b),
            _ => write!(out, "\\{b:03o}").expect("writing to memory succeeds"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats() {
        assert_eq!(parse("\\x 0a FF").unwrap(), [10, 255]);
        assert_eq!(parse("a\\\\b\\001").unwrap(), b"a\\b\x01");
        for (text, message) in [
            ("\\x1", "invalid hexadecimal data: odd number of digits"),
            ("\\xzz", "invalid hexadecimal digit: \"z\""),
            ("\\9", "invalid input syntax for type bytea"),
        ] {
            assert_eq!(parse(text).unwrap_err().message(), message);
        }
        let mut out = Vec::new();
        write(b"a\\\x00\xff", ByteaOutput::Escape, &mut out);
        assert_eq!(out, b"a\\\\\\000\\377");
        out.clear();
        write(b"a\xff", ByteaOutput::Hex, &mut out);
        assert_eq!(out, b"\\x61ff");
    }
}

//! `boolean` and `"char"`.

use super::input::{invalid_input, is_space};
use crate::error::Result;

/// Reads a boolean: a unique prefix of true, false, yes, no, on, off; or 1, 0.
pub fn parse(text: &str) -> Result<bool> {
    parse_word(text.trim_matches(is_space)).ok_or_else(|| invalid_input("boolean", text))
}

/// As [`parse`] without blanks; settings read booleans so, too.
pub fn parse_word(word: &str) -> Option<bool> {
    let lower = word.to_ascii_lowercase();
    let prefix_of = |full: &str, least: usize| lower.len() >= least && full.starts_with(&lower);
    match () {
        _ if prefix_of("true", 1) || prefix_of("yes", 1) || prefix_of("on", 2) || lower == "1" => {
            Some(true)
        }
        _ if prefix_of("false", 1) || prefix_of("no", 1) || prefix_of("off", 2) || lower == "0" => {
            Some(false)
        }
        _ => None,
    }
}

/// Reads a `"char"`: the byte that three octal digits behind a backslash say, else the first byte; 0
/// of an empty text.
pub fn parse_char(text: &str) -> u8 {
    let octal = |b: u8| matches!(b, b'0'..=b'7');
    match text.as_bytes() {
        [b'\\', a, b, c] if octal(*a) && octal(*b) && octal(*c) => {
            [a, b, c].iter().fold(0u8, |v, d| v.wrapping_mul(8).wrapping_add(*d - b'0'))
        }
        bytes => bytes.first().copied().unwrap_or(0),
    }
}

/// Writes a `"char"`: nothing for 0, an octal escape for a byte that is no character by itself.
pub fn write_char(byte: u8, out: &mut Vec<u8>) {
    match byte {
        0 => {}
        1..=127 => out.push(byte),
        _ => out.extend_from_slice(format!("\\{byte:03o}").as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans() {
        for text in ["t", "TRUE", " tr ", "y", "yes", "on", "1"] {
            assert!(parse(text).unwrap(), "{text}");
        }
        for text in ["f", "fal", "n", "No", "of", "off", "0"] {
            assert!(!parse(text).unwrap(), "{text}");
        }
        for text in ["", "o", "2", "truee", "tf"] {
            let message = format!("invalid input syntax for type boolean: \"{text}\"");
            assert_eq!(parse(text).unwrap_err().message(), message);
        }
    }
}

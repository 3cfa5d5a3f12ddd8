//! `text`, `varchar`, `bpchar`, `name`: lengths, padding and encoding.

use crate::error::{PgError, Result, code};
use std::borrow::Cow;

/// Longest `name`, in bytes: identifiers are cut to it.
pub const NAME_BYTES_MAX: usize = 63;
/// Bytes that PostgreSQL adds to the type modifier of variable-length types.
const HEADER: i32 = 4;
/// Longest declared length of `varchar` and `bpchar`.
const LENGTH_MAX: i32 = 10_485_760;

/// Cuts an identifier to the length of a `name`, at a character boundary.
pub fn truncate_name(text: &str) -> &str {
    &text[..text.floor_char_boundary(NAME_BYTES_MAX)]
}

/// What a `citext` is compared by: in the C locale, which databases here have, only ASCII has two cases.
pub fn folded(text: &str) -> Cow<'_, str> {
    match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(text.to_ascii_lowercase()),
        false => Cow::Borrowed(text),
    }
}

/// `varchar(n)`: too long is 22001, unless explicit or only blanks are lost.
pub fn fit_varchar(text: &str, typmod: i32, explicit: bool) -> Result<&str> {
    fit(text, typmod, explicit, "character varying")
}

/// `character(n)`: as [`fit_varchar`], then padded with blanks.
pub fn fit_bpchar(text: &str, typmod: i32, explicit: bool) -> Result<Cow<'_, str>> {
    let Some(length) = declared_length(typmod) else { return Ok(Cow::Borrowed(text)) };
    let fitted = fit(text, typmod, explicit, "character")?;
    let missing = length - fitted.chars().count().min(length);
    if missing == 0 {
        return Ok(Cow::Borrowed(fitted));
    }
    let mut padded = String::with_capacity(fitted.len() + missing);
    padded.push_str(fitted);
    padded.extend(std::iter::repeat_n(' ', missing));
    Ok(Cow::Owned(padded))
}

/// Characters allowed by a type modifier.
pub fn declared_length(typmod: i32) -> Option<usize> {
    typmod.checked_sub(HEADER).and_then(|n| usize::try_from(n).ok())
}

fn fit<'a>(text: &'a str, typmod: i32, explicit: bool, type_name: &str) -> Result<&'a str> {
    let Some(length) = declared_length(typmod) else { return Ok(text) };
    if text.len() <= length {
        return Ok(text);
    }
    let Some((end, _)) = text.char_indices().nth(length) else { return Ok(text) };
    if !explicit && text[end..].bytes().any(|b| b != b' ') {
        return Err(PgError::new(
            code::STRING_DATA_RIGHT_TRUNCATION,
            format!("value too long for type {type_name}({length})"),
        ));
    }
    Ok(&text[..end])
}

/// The modifier of `varchar(n)` (`type_name` varchar) or `character(n)` (char); 22023.
pub fn typmod_from_modifiers(modifiers: &[i32], type_name: &str) -> Result<i32> {
    let invalid = |message: String| PgError::new(code::INVALID_PARAMETER_VALUE, message);
    match *modifiers {
        [n] if n < 1 => Err(invalid(format!("length for type {type_name} must be at least 1"))),
        [n] if n > LENGTH_MAX => {
            Err(invalid(format!("length for type {type_name} cannot exceed {LENGTH_MAX}")))
        }
        [n] => Ok(n + HEADER),
        _ => Err(invalid("invalid type modifier".to_owned())),
    }
}

/// What `bpchar` compares and hashes by: trailing blanks do not count.
pub fn trim_blanks(text: &str) -> &str {
    text.trim_end_matches(' ')
}

/// Checks bytes from a client to be text: UTF-8 without NUL. 22021 names the offending bytes.
pub fn from_utf8(bytes: &[u8]) -> Result<&str> {
    let valid = match std::str::from_utf8(bytes) {
        Ok(text) => match nul_position(bytes) {
            None => return Ok(text),
            Some(at) => at,
        },
        Err(e) => nul_position(&bytes[..e.valid_up_to()]).unwrap_or(e.valid_up_to()),
    };
    let rest = &bytes[valid..];
    let shown = sequence_length(rest[0]).min(rest.len());
    let hex: Vec<String> = rest[..shown].iter().map(|b| format!("0x{b:02x}")).collect();
    Err(PgError::new(
        code::CHARACTER_NOT_IN_REPERTOIRE,
        format!("invalid byte sequence for encoding \"UTF8\": {}", hex.join(" ")),
    ))
}

fn nul_position(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|b| *b == 0)
}

/// Bytes that a UTF-8 lead byte announces.
fn sequence_length(lead: u8) -> usize {
    match lead {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf7 => 4,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_characters() {
        assert_eq!(fit_varchar("äöü", 7, false).unwrap(), "äöü");
        assert_eq!(fit_varchar("ab  ", 6, false).unwrap(), "ab");
        assert_eq!(fit_varchar("abcd", 6, true).unwrap(), "ab");
        assert_eq!(
            fit_varchar("abcd", 6, false).unwrap_err().message(),
            "value too long for type character varying(2)"
        );
        assert_eq!(fit_bpchar("ä", 7, false).unwrap(), "ä  ");
        assert_eq!(
            fit_bpchar("abcd", 6, false).unwrap_err().message(),
            "value too long for type character(2)"
        );
    }

    #[test]
    fn names_are_cut_between_characters() {
        assert_eq!(truncate_name(&"ä".repeat(40)).len(), 62);
        assert_eq!(truncate_name("short"), "short");
    }

    #[test]
    fn bad_bytes_are_named() {
        for (bytes, shown) in [
            (&b"a\xff"[..], "0xff"),
            (b"\xc3(", "0xc3 0x28"),
            (b"a\0b", "0x00"),
            (b"\xe2\x82", "0xe2 0x82"),
        ] {
            assert_eq!(
                from_utf8(bytes).unwrap_err().message(),
                format!("invalid byte sequence for encoding \"UTF8\": {shown}")
            );
        }
    }
}

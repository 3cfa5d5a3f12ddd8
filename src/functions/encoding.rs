//! `encode`/`decode`, digests, `convert_*` between encodings, Unicode
//! escapes and normal forms.
//!
//! The server's encoding is UTF8; what the others are is in [`Charset`].

use super::Implementation::{self, Scalar};
use crate::error::{PgError, Result, code};
use crate::types::{Charset, Datum};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use unicode_normalization::UnicodeNormalization;

fn invalid(message: String) -> PgError {
    PgError::new(code::INVALID_PARAMETER_VALUE, message)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// MIME's line length (RFC 2045).
const BASE64_LINE: usize = 76;

fn base64_lines(bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    let mut out = String::with_capacity(encoded.len() + encoded.len() / BASE64_LINE);
    for (i, c) in encoded.chars().enumerate() {
        if i > 0 && i % BASE64_LINE == 0 {
            out.push('\n');
        }
        out.push(c);
    }
    out
}

/// Zero and high bytes in octal, backslashes doubled.
fn escape(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            0 | 128.. => out.push_str(&format!("\\{byte:03o}")),
            _ => out.push(char::from(byte)),
        }
    }
    out
}

fn unescape(text: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        (rest, _) = match (byte, after) {
            (b'\\', [b'\\', after @ ..]) => (after, out.push(b'\\')),
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..]) => {
                (after, out.push(((a - b'0') << 6) | ((b - b'0') << 3) | (c - b'0')))
            }
            (b'\\', _) => {
                let message = "invalid input syntax for type bytea";
                return Err(PgError::new(code::INVALID_TEXT_REPRESENTATION, message));
            }
            (byte, after) => (after, out.push(byte)),
        };
    }
    Ok(out)
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\t' | b'\r')
}

/// The character at a byte of text, for messages.
fn char_at(text: &str, at: usize) -> char {
    text[at..].chars().next().unwrap_or('\u{FFFD}')
}

/// Blanks may stand between pairs of digits, not within.
fn unhex(text: &str) -> Result<Vec<u8>> {
    let digit = |at: usize| {
        let digit = char_at(text, at);
        match digit.to_digit(16) {
            Some(value) => Ok(value as u8),
            None => Err(invalid(format!("invalid hexadecimal digit: \"{digit}\""))),
        }
    };
    let mut out = Vec::with_capacity(text.len() / 2);
    let mut at = 0;
    while at < text.len() {
        if is_blank(text.as_bytes()[at]) {
            at += 1;
            continue;
        }
        let high = digit(at)?;
        if at + 1 >= text.len() {
            return Err(invalid("invalid hexadecimal data: odd number of digits".into()));
        }
        out.push((high << 4) | digit(at + 1)?);
        at += 2;
    }
    Ok(out)
}

fn base64_value(byte: u8) -> Option<u32> {
    Some(u32::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

/// The library's decoder neither skips blanks nor reports errors as PostgreSQL words them.
fn unbase64(text: &str) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut group, mut filled) = (0u32, 0);
    // Bytes that the padded last group holds.
    let mut last_bytes = None;
    for (at, byte) in text.bytes().enumerate().filter(|&(_, byte)| !is_blank(byte)) {
        let value = match byte {
            b'=' => {
                if last_bytes.is_none() {
                    last_bytes = Some(match filled {
                        2 => 1,
                        3 => 2,
                        _ => {
                            let message = "unexpected \"=\" while decoding base64 sequence";
                            return Err(invalid(message.into()));
                        }
                    });
                }
                0
            }
            _ => base64_value(byte).ok_or_else(|| {
                let symbol = char_at(text, at);
                invalid(format!("invalid symbol \"{symbol}\" found while decoding base64 sequence"))
            })?,
        };
        group = (group << 6) | value;
        filled += 1;
        if filled == 4 {
            out.extend_from_slice(&group.to_be_bytes()[1..][..last_bytes.unwrap_or(3)]);
            (group, filled) = (0, 0);
        }
    }
    if filled != 0 {
        return Err(invalid("invalid base64 end sequence".into())
            .hint("Input data is missing padding, is truncated, or is otherwise corrupted."));
    }
    Ok(out)
}

fn encode(bytes: &[u8], format: &str) -> Result<Datum> {
    Ok(Datum::text(match format.to_ascii_lowercase().as_str() {
        "hex" => hex(bytes),
        "base64" => base64_lines(bytes),
        "escape" => escape(bytes),
        _ => return Err(invalid(format!("unrecognized encoding: \"{format}\""))),
    }))
}

fn decode(text: &str, format: &str) -> Result<Datum> {
    Ok(Datum::bytea(match format.to_ascii_lowercase().as_str() {
        "hex" => unhex(text)?,
        "base64" => unbase64(text)?,
        "escape" => unescape(text.as_bytes())?,
        _ => return Err(invalid(format!("unrecognized encoding: \"{format}\""))),
    }))
}

/// An encoding by name; `role` is `source` or `destination`, for the message.
fn charset(name: &str, role: &str) -> Result<Charset> {
    let charset = Charset::named(name)
        .ok_or_else(|| invalid(format!("invalid {role} encoding name \"{name}\"")))?;
    charset.check_supported()?;
    Ok(charset)
}

/// Bytes of a named encoding as text.
pub(super) fn decode_as(bytes: &[u8], encoding: &str) -> Result<String> {
    let from = charset(encoding, "source")?;
    check_conversion(from, Charset::UTF8)?;
    from.verify(bytes)?;
    Ok(from.decode(bytes)?.into_owned())
}

fn encode_as(text: &str, encoding: &str) -> Result<Datum> {
    let to = charset(encoding, "destination")?;
    check_conversion(Charset::UTF8, to)?;
    Ok(Datum::bytea(&to.encode(text)?[..]))
}

fn convert(bytes: &[u8], from: &str, to: &str) -> Result<Datum> {
    let (from, to) = (charset(from, "source")?, charset(to, "destination")?);
    from.verify(bytes)?;
    if from == to || to == Charset::SQL_ASCII {
        return Ok(Datum::bytea(bytes));
    }
    if from == Charset::SQL_ASCII {
        to.verify(bytes)?;
        return Ok(Datum::bytea(bytes));
    }
    check_conversion(from, to)?;
    Ok(Datum::bytea(&to.encode(&from.decode(bytes)?)?[..]))
}

/// The pairs of encodings that convert though neither is UTF8 (`pg_conversion`).
const DIRECT: [[&str; 2]; 9] = [
    ["EUC_JP", "SJIS"],
    ["EUC_TW", "BIG5"],
    ["KOI8R", "ISO_8859_5"],
    ["KOI8R", "WIN1251"],
    ["KOI8R", "WIN866"],
    ["WIN1251", "ISO_8859_5"],
    ["WIN866", "ISO_8859_5"],
    ["WIN1251", "WIN866"],
    ["LATIN2", "WIN1250"],
];

/// 42883 where PostgreSQL has no conversion.
fn check_conversion(from: Charset, to: Charset) -> Result<()> {
    let pair = [from.name(), to.name()];
    let direct = |[a, b]: &[&str; 2]| pair == [*a, *b] || pair == [*b, *a];
    let converts = from.is_servers() || to.is_servers();
    if (converts && from.converts() && to.converts()) || DIRECT.iter().any(direct) {
        return Ok(());
    }
    let message = format!(
        "default conversion function for encoding \"{}\" to \"{}\" does not exist",
        pair[0], pair[1]
    );
    Err(PgError::new(code::UNDEFINED_FUNCTION, message))
}

fn escape_error() -> PgError {
    PgError::new(code::SYNTAX_ERROR, "invalid Unicode escape")
        .hint("Unicode escapes must be \\XXXX, \\+XXXXXX, \\uXXXX, or \\UXXXXXXXX.")
}

fn surrogate_error() -> PgError {
    PgError::new(code::SYNTAX_ERROR, "invalid Unicode surrogate pair")
}

/// The value of the escape after a backslash, and what follows it.
fn unicode_escape(rest: &str) -> Result<(u32, &str)> {
    let (digits, rest) = match rest.as_bytes().first() {
        Some(b'+') => (6, &rest[1..]),
        Some(b'u') => (4, &rest[1..]),
        Some(b'U') => (8, &rest[1..]),
        _ => (4, rest),
    };
    let number = rest.get(..digits).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
    let value = number.and_then(|d| u32::from_str_radix(d, 16).ok()).ok_or_else(escape_error)?;
    Ok((value, &rest[digits..]))
}

/// Replaces Unicode escapes; surrogates must come in pairs.
fn unistr(text: &str) -> Result<Datum> {
    let mut out = String::with_capacity(text.len());
    let mut high: Option<u32> = None;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        let value = match rest.strip_prefix('\\') {
            _ if c != '\\' => u32::from(c),
            Some(after) => {
                rest = after;
                u32::from('\\')
            }
            None => {
                let (value, after) = unicode_escape(rest)?;
                rest = after;
                value
            }
        };
        match (high.take(), value) {
            (None, 0xD800..=0xDBFF) => high = Some(value),
            (Some(first), 0xDC00..=0xDFFF) => {
                let code_point = 0x10000 + ((first - 0xD800) << 10) + (value - 0xDC00);
                out.push(char::from_u32(code_point).expect("a surrogate pair is a character"));
            }
            (Some(_), _) | (None, 0xDC00..=0xDFFF) => return Err(surrogate_error()),
            (None, 1..) => out.push(
                char::from_u32(value)
                    .ok_or_else(|| invalid(format!("invalid Unicode code point: {value:04X}")))?,
            ),
            (None, 0) => {
                return Err(invalid("invalid Unicode code point: 0000".into()));
            }
        }
    }
    if high.is_some() { Err(surrogate_error()) } else { Ok(Datum::text(out)) }
}

/// Text in a Unicode normal form (NFC, NFD, NFKC, NFKD).
fn normalize(text: &str, form: &str) -> Result<String> {
    Ok(match form.to_ascii_uppercase().as_str() {
        "NFC" => text.nfc().collect(),
        "NFD" => text.nfd().collect(),
        "NFKC" => text.nfkc().collect(),
        "NFKD" => text.nfkd().collect(),
        _ => return Err(invalid(format!("invalid normalization form: {form}"))),
    })
}

fn md5_hex(bytes: &[u8]) -> Datum {
    Datum::text(hex(&Md5::digest(bytes)))
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("binary_encode", Scalar(|_, a| encode(a[0].as_bytea(), a[1].as_text()))),
    ("binary_decode", Scalar(|_, a| decode(a[0].as_text(), a[1].as_text()))),
    ("md5_text", Scalar(|_, a| Ok(md5_hex(a[0].as_text().as_bytes())))),
    ("md5_bytea", Scalar(|_, a| Ok(md5_hex(a[0].as_bytea())))),
    ("sha224_bytea", Scalar(|_, a| Ok(Datum::bytea(&Sha224::digest(a[0].as_bytea())[..])))),
    ("sha256_bytea", Scalar(|_, a| Ok(Datum::bytea(&Sha256::digest(a[0].as_bytea())[..])))),
    ("sha384_bytea", Scalar(|_, a| Ok(Datum::bytea(&Sha384::digest(a[0].as_bytea())[..])))),
    ("sha512_bytea", Scalar(|_, a| Ok(Datum::bytea(&Sha512::digest(a[0].as_bytea())[..])))),
    ("pg_convert_from", Scalar(|_, a| decode_as(a[0].as_bytea(), a[1].as_text()).map(Datum::text))),
    ("pg_convert_to", Scalar(|_, a| encode_as(a[0].as_text(), a[1].as_text()))),
    ("pg_convert", Scalar(|_, a| convert(a[0].as_bytea(), a[1].as_text(), a[2].as_text()))),
    (
        "unicode_normalize_func",
        Scalar(|_, a| normalize(a[0].as_text(), a[1].as_text()).map(Datum::text)),
    ),
    (
        "unicode_is_normalized",
        Scalar(|_, a| {
            let text = a[0].as_text();
            Ok(Datum::Bool(normalize(text, a[1].as_text())? == text))
        }),
    ),
    ("unistr", Scalar(|_, a| unistr(a[0].as_text()))),
];

#[cfg(test)]
mod tests {
    use crate::functions::testing::{error, t, value};
    use crate::types::Datum;

    fn b(bytes: &[u8]) -> Datum {
        Datum::bytea(bytes)
    }

    #[test]
    fn encodes_and_decodes() {
        let bytes = b(b"\x00\x124\xff");
        assert_eq!(value("binary_encode", &[bytes.clone(), t("escape")]), t("\\000\x124\\377"));
        assert_eq!(value("binary_encode", &[bytes.clone(), t("BASE64")]), t("ABI0/w=="));
        assert_eq!(value("binary_decode", &[t("AB I0\n/w=="), t("base64")]), bytes);
        assert_eq!(value("binary_decode", &[t("001234ff"), t("hex")]), bytes);
        assert_eq!(value("binary_decode", &[t("\\000\x124\\377"), t("escape")]), bytes);
        let long = value("binary_encode", &[b(&[b'x'; 80]), t("base64")]);
        assert_eq!(long.as_text().find('\n'), Some(76));
    }

    #[test]
    fn malformed_input_is_explained() {
        let decode = |text, format| error("binary_decode", &[t(text), t(format)]);
        assert_eq!(decode("zz", "hex"), ("22023", "invalid hexadecimal digit: \"z\""));
        assert_eq!(decode("1é", "hex"), ("22023", "invalid hexadecimal digit: \"é\""));
        assert_eq!(
            decode("abc", "hex"),
            ("22023", "invalid hexadecimal data: odd number of digits")
        );
        assert_eq!(decode("YWI", "base64"), ("22023", "invalid base64 end sequence"));
        assert_eq!(
            decode("=", "base64"),
            ("22023", "unexpected \"=\" while decoding base64 sequence")
        );
        assert_eq!(decode("\\0", "escape"), ("22P02", "invalid input syntax for type bytea"));
        assert_eq!(decode("", "foo"), ("22023", "unrecognized encoding: \"foo\""));
    }

    #[test]
    fn charsets_convert() {
        assert_eq!(value("pg_convert_from", &[b(b"\xe9"), t("latin1")]), t("é"));
        assert_eq!(value("pg_convert_to", &[t("é"), t("LATIN1")]), b(b"\xe9"));
        assert_eq!(
            error("pg_convert_from", &[b(b"\xff"), t("utf8")]),
            ("22021", "invalid byte sequence for encoding \"UTF8\": 0xff")
        );
        assert_eq!(error("pg_convert_to", &[t("€"), t("latin1")]).0, "22P05");
    }

    #[test]
    fn unistr_joins_surrogates() {
        assert_eq!(value("unistr", &[t(r"\0061\+000062\u0063\U00000064\\")]), t("abcd\\"));
        assert_eq!(value("unistr", &[t(r"\d83d\de00")]), t("😀"));
        assert_eq!(error("unistr", &[t(r"\d83dx")]), ("42601", "invalid Unicode surrogate pair"));
        assert_eq!(error("unistr", &[t(r"\00")]), ("42601", "invalid Unicode escape"));
    }

    #[test]
    fn digests() {
        assert_eq!(value("md5_text", &[t("abc")]), t("900150983cd24fb0d6963f7d28e17f72"));
    }
}

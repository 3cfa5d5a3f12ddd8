//! Encodings other than the server's own UTF8: which byte sequences are characters, and which.
//!
//! Only clients see them (`client_encoding`, COPY's ENCODING) and the functions `convert`,
//! `convert_from`, `convert_to`. The tables ([`map`]) are PostgreSQL's, exported by
//! `scripts/export-encodings`, so what has an equivalent has the same one there; what is a character at
//! all follows PostgreSQL's `wchar.c` ([`Charset::character`]).
//!
//! Text passes unchanged, and without being copied, where both sides mean the same: UTF8, SQL_ASCII
//! (bytes as they are), and pure ASCII in every encoding.

mod map;
mod names;

use super::string;
use crate::error::{PgError, Result, code};
use map::Map;
use std::borrow::Cow;
use std::sync::atomic::{AtomicU8, Ordering};

/// An encoding, by PostgreSQL's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charset(u8);

/// What begins a byte sequence.
enum Next {
    /// A character of so many bytes.
    Character(usize),
    /// The beginning of one; more bytes are needed to tell.
    Incomplete,
    Invalid,
}

impl Default for Charset {
    fn default() -> Charset {
        Charset::UTF8
    }
}

impl Charset {
    pub const SQL_ASCII: Charset = Charset(0);
    pub const UTF8: Charset = Charset(6);
    const EUC_JP: Charset = Charset(1);
    const EUC_CN: Charset = Charset(2);
    const EUC_KR: Charset = Charset(3);
    const EUC_TW: Charset = Charset(4);
    const EUC_JIS_2004: Charset = Charset(5);
    const MULE_INTERNAL: Charset = Charset(7);
    const SJIS: Charset = Charset(35);
    const BIG5: Charset = Charset(36);
    const GBK: Charset = Charset(37);
    const UHC: Charset = Charset(38);
    const GB18030: Charset = Charset(39);
    const JOHAB: Charset = Charset(40);
    const SHIFT_JIS_2004: Charset = Charset(41);

    /// An encoding by any spelling of its name.
    pub fn named(name: &str) -> Option<Charset> {
        names::number(name).map(Charset)
    }

    /// An encoding by PostgreSQL's number.
    pub fn numbered(number: i32) -> Option<Charset> {
        let number = u8::try_from(number).ok()?;
        (usize::from(number) < names::ENCODINGS.len()).then_some(Charset(number))
    }

    pub fn number(self) -> i32 {
        i32::from(self.0)
    }

    pub fn name(self) -> &'static str {
        names::ENCODINGS[usize::from(self.0)].0
    }

    /// Greatest bytes per character.
    pub fn bytes_max(self) -> i32 {
        names::ENCODINGS[usize::from(self.0)].1
    }

    /// Whether its text is the server's, byte by byte.
    pub fn is_servers(self) -> bool {
        self == Charset::UTF8 || self == Charset::SQL_ASCII
    }

    /// 0A000 for an encoding that PostgreSQL converts and we do not: their characters may be pairs of
    /// Unicode's.
    pub fn check_supported(self) -> Result<()> {
        match self {
            Charset::EUC_JIS_2004 | Charset::SHIFT_JIS_2004 => {
                Err(PgError::unsupported(format!("encoding {}", self.name())))
            }
            _ => Ok(()),
        }
    }

    /// Whether PostgreSQL has a conversion between this encoding and UTF8.
    pub fn converts(self) -> bool {
        self != Charset::MULE_INTERNAL
    }

    /// Text in this encoding as UTF-8. 22021: bytes that are no character; 22P05: one that UTF-8 does
    /// not have.
    pub fn decode(self, bytes: &[u8]) -> Result<Cow<'_, str>> {
        match self.decode_some(bytes) {
            (_, _, Some(error)) => Err(error),
            (text, used, None) if used == bytes.len() => Ok(text),
            (_, used, None) => Err(self.invalid(&bytes[used..])),
        }
    }

    /// The same for the beginning of a text: a character at the end that is not complete stays.
    /// Gives what comes before an error, how many bytes that were, and the error.
    pub fn decode_some(self, bytes: &[u8]) -> (Cow<'_, str>, usize, Option<PgError>) {
        if self.is_servers() {
            return match string::from_utf8(bytes) {
                Ok(text) => (Cow::Borrowed(text), bytes.len(), None),
                Err(error) => (Cow::Borrowed(""), 0, Some(error)),
            };
        }
        if let Some(text) = ascii(bytes) {
            return (Cow::Borrowed(text), bytes.len(), None);
        }
        let map = match self.map() {
            Ok(map) => map,
            Err(error) => return (Cow::Borrowed(""), 0, Some(error)),
        };
        let mut text = String::with_capacity(bytes.len() * 2);
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            let length = match self.character(rest) {
                Next::Character(length) => length,
                Next::Incomplete => break,
                Next::Invalid => return (Cow::Owned(text), at, Some(self.invalid(rest))),
            };
            match (rest[0], map.read(&rest[..length])) {
                (ascii @ 1..0x80, _) if length == 1 => text.push(char::from(ascii)),
                (_, Some(character)) => text.push(character),
                (_, None) => {
                    let error = no_equivalent(&rest[..length], self, Charset::UTF8);
                    return (Cow::Owned(text), at, Some(error));
                }
            }
            at += length;
        }
        (Cow::Owned(text), at, None)
    }

    /// UTF-8 text in this encoding. 22P05: a character that it does not have.
    pub fn encode(self, text: &str) -> Result<Cow<'_, [u8]>> {
        if self.is_servers() || text.is_ascii() {
            return Ok(Cow::Borrowed(text.as_bytes()));
        }
        let map = self.map()?;
        let mut bytes = Vec::with_capacity(text.len());
        for character in text.chars() {
            if !map.write(character, &mut bytes) {
                let utf8 = character.encode_utf8(&mut [0; 4]).len();
                let shown = &character.to_string().into_bytes()[..utf8];
                return Err(no_equivalent(shown, Charset::UTF8, self));
            }
        }
        Ok(Cow::Owned(bytes))
    }

    /// The same where nobody can be told of an error: what has no equivalent is a question mark.
    pub fn encode_lossy(self, text: &str) -> Cow<'_, [u8]> {
        if self.is_servers() || text.is_ascii() {
            return Cow::Borrowed(text.as_bytes());
        }
        let map = self.map().ok();
        let mut bytes = Vec::with_capacity(text.len());
        for character in text.chars() {
            if !map.is_some_and(|map| map.write(character, &mut bytes)) {
                bytes.push(b'?');
            }
        }
        Cow::Owned(bytes)
    }

    /// Encodes in place what was appended to a buffer, which is text, from `start` on.
    pub fn encode_tail(self, out: &mut Vec<u8>, start: usize) -> Result<()> {
        if self.is_servers() || out[start..].is_ascii() {
            return Ok(());
        }
        let encoded = match self.encode(string::from_utf8(&out[start..])?)? {
            Cow::Borrowed(_) => return Ok(()),
            Cow::Owned(encoded) => encoded,
        };
        out.truncate(start);
        out.extend_from_slice(&encoded);
        Ok(())
    }

    /// Counts characters; 22021 where the bytes are not text of this encoding.
    pub fn verify(self, bytes: &[u8]) -> Result<usize> {
        if self == Charset::UTF8 {
            let text = string::from_utf8(bytes)?;
            return Ok(text.chars().count());
        }
        let (mut at, mut count) = (0, 0);
        while at < bytes.len() {
            match self.character(&bytes[at..]) {
                Next::Character(length) => at += length,
                Next::Incomplete | Next::Invalid => return Err(self.invalid(&bytes[at..])),
            }
            count += 1;
        }
        Ok(count)
    }

    fn map(self) -> Result<&'static Map> {
        map::of(self).ok_or_else(|| PgError::unsupported(format!("encoding {}", self.name())))
    }

    /// The length of a character by its first bytes (`pg_*_mblen`).
    fn announced(self, bytes: &[u8]) -> usize {
        let first = bytes[0];
        match self {
            _ if first < 0x80 => 1,
            Charset::EUC_JP
            | Charset::EUC_KR
            | Charset::EUC_TW
            | Charset::JOHAB
            | Charset::EUC_JIS_2004 => match first {
                0x8e if self == Charset::EUC_TW => 4,
                0x8f => 3,
                _ => 2,
            },
            Charset::SJIS | Charset::SHIFT_JIS_2004 if matches!(first, 0xa1..=0xdf) => 1,
            Charset::GB18030 if matches!(bytes.get(1), Some(0x30..=0x39)) => 4,
            Charset::EUC_CN
            | Charset::SJIS
            | Charset::SHIFT_JIS_2004
            | Charset::BIG5
            | Charset::GBK
            | Charset::UHC
            | Charset::GB18030 => 2,
            _ => 1,
        }
    }

    /// Whether a character begins here (`pg_*_verifychar`).
    fn character(self, bytes: &[u8]) -> Next {
        let length = self.announced(bytes);
        if bytes[0] == 0 {
            return Next::Invalid;
        }
        if bytes.len() < length || (self == Charset::GB18030 && length == 2 && bytes.len() < 2) {
            return Next::Incomplete;
        }
        let high = |byte: u8| matches!(byte, 0xa1..=0xfe);
        let valid = match (self, &bytes[..length]) {
            (_, [0x01..=0x7f]) => true,
            (Charset::EUC_JP | Charset::EUC_JIS_2004, [0x8e, b]) => matches!(b, 0xa1..=0xdf),
            (Charset::EUC_JP | Charset::EUC_JIS_2004, [0x8f, b, c]) => high(*b) && high(*c),
            (Charset::EUC_TW, [0x8e, b, c, d]) => matches!(b, 0xa1..=0xa7) && high(*c) && high(*d),
            (Charset::JOHAB, [_, trail @ ..]) => trail.iter().all(|byte| high(*byte)),
            (
                Charset::EUC_JP
                | Charset::EUC_JIS_2004
                | Charset::EUC_CN
                | Charset::EUC_KR
                | Charset::EUC_TW,
                [a, b],
            ) => high(*a) && high(*b),
            (Charset::SJIS | Charset::SHIFT_JIS_2004, [_]) => true,
            (Charset::SJIS | Charset::SHIFT_JIS_2004, [a, b]) => {
                matches!(a, 0x81..=0x9f | 0xe0..=0xfc) && matches!(b, 0x40..=0x7e | 0x80..=0xfc)
            }
            (Charset::BIG5 | Charset::GBK | Charset::UHC, [_, b]) => *b != 0,
            (Charset::GB18030, [0x81..=0xfe, b, c, d]) => {
                b.is_ascii_digit() && matches!(c, 0x81..=0xfe) && d.is_ascii_digit()
            }
            (Charset::GB18030, [0x81..=0xfe, b]) => matches!(b, 0x40..=0x7e | 0x80..=0xfe),
            _ => self.bytes_max() == 1,
        };
        if valid { Next::Character(length) } else { Next::Invalid }
    }

    /// 22021, with as many bytes as the first one announces.
    fn invalid(self, bytes: &[u8]) -> PgError {
        let shown = self.announced(bytes).min(bytes.len());
        let (name, shown) = (self.name(), byte_list(&bytes[..shown]));
        let message = format!("invalid byte sequence for encoding \"{name}\": {shown}");
        PgError::new(code::CHARACTER_NOT_IN_REPERTOIRE, message)
    }
}

fn ascii(bytes: &[u8]) -> Option<&str> {
    match bytes.is_ascii() && !bytes.contains(&0) {
        true => std::str::from_utf8(bytes).ok(),
        false => None,
    }
}

fn byte_list(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("0x{byte:02x}")).collect::<Vec<_>>().join(" ")
}

fn no_equivalent(bytes: &[u8], from: Charset, to: Charset) -> PgError {
    let message = format!(
        "character with byte sequence {} in encoding \"{}\" has no equivalent in encoding \"{}\"",
        byte_list(bytes),
        from.name(),
        to.name()
    );
    PgError::new(code::UNTRANSLATABLE_CHARACTER, message)
}

/// The encoding of a session's client, which the connection reads while the session changes it.
#[derive(Debug)]
pub struct SharedCharset(AtomicU8);

impl Default for SharedCharset {
    fn default() -> SharedCharset {
        SharedCharset(AtomicU8::new(Charset::UTF8.0))
    }
}

impl SharedCharset {
    pub fn get(&self) -> Charset {
        Charset(self.0.load(Ordering::Relaxed))
    }

    pub fn set(&self, charset: Charset) {
        self.0.store(charset.0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Charset {
        Charset::named(name).unwrap()
    }

    #[test]
    fn names_and_numbers_are_postgresqls() {
        assert_eq!(named("utf-8"), Charset::UTF8);
        assert_eq!(named("Unicode"), Charset::UTF8);
        assert_eq!((named("latin9").number(), named("ISO-8859-1").number()), (16, 8));
        assert_eq!(Charset::numbered(39).map(Charset::name), Some("GB18030"));
        assert_eq!((Charset::numbered(42), Charset::named("foo")), (None, None));
    }

    #[test]
    fn every_supported_encoding_has_a_map() {
        for number in 0..42 {
            let charset = Charset::numbered(number).unwrap();
            let converts = charset.converts() && charset.check_supported().is_ok();
            assert_eq!(charset.is_servers() || charset.map().is_ok(), converts, "{charset:?}");
        }
    }

    #[test]
    fn characters_convert_and_back() {
        for (name, text, bytes) in [
            ("latin1", "é", &b"\xe9"[..]),
            ("win1252", "€", b"\x80"),
            ("euc_jp", "あ漢", b"\xa4\xa2\xb4\xc1"),
            ("sjis", "あ", b"\x82\xa0"),
            ("gb18030", "中😀", b"\xd6\xd0\x94\x39\xfc\x36"),
            ("koi8r", "я", b"\xd1"),
        ] {
            assert_eq!(&*named(name).encode(text).unwrap(), bytes, "{name}");
            assert_eq!(named(name).decode(bytes).unwrap(), text, "{name}");
        }
    }

    #[test]
    fn errors_name_the_bytes() {
        let read = |name: &str, bytes: &[u8]| {
            let error = named(name).decode(bytes).unwrap_err();
            (error.code().as_str().to_owned(), error.message().to_owned())
        };
        let (state, message) = read("euc_jp", b"a\xa1");
        assert_eq!(state, "22021");
        assert_eq!(message, "invalid byte sequence for encoding \"EUC_JP\": 0xa1");
        let (state, message) = read("win1252", b"\x81");
        assert_eq!(state, "22P05");
        assert_eq!(
            message,
            "character with byte sequence 0x81 in encoding \"WIN1252\" has no equivalent in \
             encoding \"UTF8\""
        );
        assert_eq!(read("latin1", b"a\0").0, "22021");
        let error = named("latin1").encode("あ").unwrap_err();
        assert_eq!(error.code(), code::UNTRANSLATABLE_CHARACTER);
    }

    #[test]
    fn incomplete_characters_wait_for_their_rest() {
        let (text, used, error) = named("euc_jp").decode_some(b"a\xa4\xa2\xa4");
        assert_eq!((&*text, used, error.is_none()), ("aあ", 3, true));
    }
}

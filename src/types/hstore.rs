//! `hstore`: keys with values that are texts or NULL, each key once.
//!
//! The extension's type has its place here because rows, keys and segments hold its values. Keys are in
//! PostgreSQL's order, shorter ones first, then by their bytes. A value is bytes whose order is the type's
//! (`hstore_cmp`: all strings end to end, then the number of pairs, then where each string ends and which
//! are NULL), so comparison, keys, groups and joins need nothing else. No string has a zero byte.
//!
//! ```text
//! ''                    (nothing)
//! a=>1, bb=>NULL        "a1bb" 00, 2, (1 f) (2 f) (4 f) (4 t)
//! ```

use super::Datum;
use super::input::{Reader, incorrect_format, is_space};
use super::{json, string};
use crate::error::{PgError, Result, code};
use std::borrow::Cow;

/// A key and its value.
pub type Pair<'a> = (Cow<'a, str>, Option<Cow<'a, str>>);

/// The pairs of a value, in the order of their keys.
pub fn pairs(value: &[u8]) -> impl ExactSizeIterator<Item = (&str, Option<&str>)> {
    // What ends the strings, and the number of pairs; where a string ends, and whether it is NULL.
    const HEADER_BYTES: usize = 5;
    const ENTRY_BYTES: usize = 5;
    let strings_end = value.iter().position(|byte| *byte == 0).unwrap_or(0);
    let (strings, rest) = value.split_at(strings_end);
    let entries = rest.get(HEADER_BYTES..).unwrap_or_default();
    let end_of = move |at: usize| {
        let entry = &entries[at * ENTRY_BYTES..];
        let end = u32::from_be_bytes(*entry.first_chunk().expect("an entry has its end"));
        (end as usize, entry[ENTRY_BYTES - 1] != 0)
    };
    let string = move |from: usize, to: usize| {
        std::str::from_utf8(&strings[from..to]).expect("made of strings")
    };
    (0..entries.len() / (2 * ENTRY_BYTES)).map(move |at| {
        let start = if at == 0 { 0 } else { end_of(2 * at - 1).0 };
        let ((key, _), (end, is_null)) = (end_of(2 * at), end_of(2 * at + 1));
        (string(start, key), (!is_null).then(|| string(key, end)))
    })
}

/// The value with these pairs; of those with the same key the first counts.
pub fn datum(mut pairs: Vec<Pair<'_>>) -> Datum {
    if pairs.is_empty() {
        return Datum::bytea(Vec::new());
    }
    pairs.sort_by(|(a, _), (b, _)| (a.len(), a.as_bytes()).cmp(&(b.len(), b.as_bytes())));
    pairs.dedup_by(|(next, _), (kept, _)| next == kept);
    let mut strings = Vec::new();
    let mut entries = Vec::with_capacity(pairs.len() * 10);
    for (key, value) in &pairs {
        for (string, is_null) in
            [(&**key, false), (value.as_deref().unwrap_or(""), value.is_none())]
        {
            strings.extend_from_slice(string.as_bytes());
            let end = u32::try_from(strings.len()).unwrap_or(u32::MAX);
            entries.extend_from_slice(&end.to_be_bytes());
            entries.push(u8::from(is_null));
        }
    }
    strings.push(0);
    strings.extend_from_slice(&u32::try_from(pairs.len()).unwrap_or(u32::MAX).to_be_bytes());
    strings.extend_from_slice(&entries);
    Datum::bytea(strings)
}

/// `"a"=>"1", "b"=>NULL`.
pub fn write(value: &[u8], out: &mut Vec<u8>) {
    let quoted = |text: &str, out: &mut Vec<u8>| {
        out.push(b'"');
        for byte in text.bytes() {
            if matches!(byte, b'"' | b'\\') {
                out.push(b'\\');
            }
            out.push(byte);
        }
        out.push(b'"');
    };
    for (at, (key, value)) in pairs(value).enumerate() {
        if at > 0 {
            out.extend_from_slice(b", ");
        }
        quoted(key, out);
        out.extend_from_slice(b"=>");
        match value {
            Some(value) => quoted(value, out),
            None => out.extend_from_slice(b"NULL"),
        }
    }
}

/// Reads `a=>1, "b c"=>NULL`.
pub fn parse(text: &str) -> Result<Datum> {
    let mut parser = Parser { text, at: 0 };
    let mut pairs = Vec::new();
    while let Some((key, _)) = parser.word('=')? {
        parser.expect('=')?;
        parser.expect_at_once('>')?;
        let (value, quoted) = parser.word(',')?.ok_or_else(unexpected_end)?;
        let is_null = !quoted && value.eq_ignore_ascii_case("null");
        pairs.push((Cow::Owned(key), (!is_null).then_some(Cow::Owned(value))));
        parser.skip_spaces();
        match parser.peek() {
            None => break,
            Some(',') => parser.advance(),
            Some(_) => return Err(parser.syntax()),
        }
    }
    Ok(datum(pairs))
}

/// The errors of this syntax have the code that PostgreSQL 15 gives them, of internal errors.
fn malformed(message: impl Into<String>) -> PgError {
    PgError::new(code::INTERNAL_ERROR, message.into())
}

fn unexpected_end() -> PgError {
    malformed("Unexpected end of string")
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn advance(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    fn skip_spaces(&mut self) {
        while self.peek().is_some_and(is_space) {
            self.advance();
        }
    }

    fn syntax(&self) -> PgError {
        let near = self.peek().map_or_else(String::new, String::from);
        malformed(format!("Syntax error near \"{near}\" at position {}", self.at))
    }

    fn expect(&mut self, wanted: char) -> Result<()> {
        self.skip_spaces();
        self.expect_at_once(wanted)
    }

    fn expect_at_once(&mut self, wanted: char) -> Result<()> {
        match self.peek() {
            Some(found) if found == wanted => {
                self.advance();
                Ok(())
            }
            Some(_) => Err(self.syntax()),
            None => Err(unexpected_end()),
        }
    }

    /// A key, which ends before `=`, or a value, which ends before `,`, and whether it is in quotes;
    /// `None`: there is none.
    fn word(&mut self, end: char) -> Result<Option<(String, bool)>> {
        self.skip_spaces();
        let mut word = String::new();
        match self.peek() {
            None => return Ok(None),
            Some('"') => {
                self.advance();
                loop {
                    match self.peek().ok_or_else(unexpected_end)? {
                        '"' => {
                            self.advance();
                            return Ok(Some((word, true)));
                        }
                        c => word.push(self.unescaped(c)?),
                    }
                }
            }
            Some('=') if end == '=' => return Err(self.syntax()),
            // Whatever else a word begins with is part of it.
            Some(c) => word.push(self.unescaped(c)?),
        }
        while let Some(c) = self.peek().filter(|c| *c != end && !is_space(*c)) {
            word.push(self.unescaped(c)?);
        }
        Ok(Some((word, false)))
    }

    /// The next character, or the one behind a backslash.
    fn unescaped(&mut self, c: char) -> Result<char> {
        self.advance();
        if c != '\\' {
            return Ok(c);
        }
        let escaped = self.peek().ok_or_else(unexpected_end)?;
        self.advance();
        Ok(escaped)
    }
}

/// As JSON: values are strings; `loose`: what reads as a number or a boolean is one.
pub fn to_json(value: &[u8], loose: bool) -> String {
    let mut out = "{".to_owned();
    for (at, (key, value)) in pairs(value).enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        json::write_string(key, &mut out);
        out.push_str(": ");
        match value {
            None => out.push_str("null"),
            Some("t") if loose => out.push_str("true"),
            Some("f") if loose => out.push_str("false"),
            Some(number) if loose && is_number(number) => out.push_str(number),
            Some(value) => json::write_string(value, &mut out),
        }
    }
    out.push('}');
    out
}

fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c == '-' || c.is_ascii_digit())
        && !text.contains(char::is_whitespace)
        && json::validate(text).is_ok()
}

/// The number of pairs, then each key and value behind its length; -1 is NULL.
pub fn send(value: &[u8], out: &mut Vec<u8>) {
    let string = |string: &str, out: &mut Vec<u8>| {
        out.extend_from_slice(&i32::try_from(string.len()).unwrap_or(i32::MAX).to_be_bytes());
        out.extend_from_slice(string.as_bytes());
    };
    let pairs = pairs(value);
    out.extend_from_slice(&i32::try_from(pairs.len()).unwrap_or(i32::MAX).to_be_bytes());
    for (key, value) in pairs {
        string(key, out);
        match value {
            Some(value) => string(value, out),
            None => out.extend_from_slice(&(-1_i32).to_be_bytes()),
        }
    }
}

/// The most pairs that PostgreSQL reads, each of which it makes a record of.
const PAIRS_MAX: i32 = 26_843_545;

pub fn receive(reader: &mut Reader<'_>) -> Result<Datum> {
    let count = reader.i32()?;
    if !(0..=PAIRS_MAX).contains(&count) {
        let message =
            format!("number of pairs ({count}) exceeds the maximum allowed ({PAIRS_MAX})");
        return Err(PgError::new(code::PROGRAM_LIMIT_EXCEEDED, message));
    }
    let mut pairs = Vec::new();
    for _ in 0..count {
        let key = string(reader)?.ok_or_else(null_key)?;
        pairs.push((Cow::Borrowed(key), string(reader)?.map(Cow::Borrowed)));
    }
    Ok(datum(pairs))
}

pub fn null_key() -> PgError {
    PgError::new(code::NULL_VALUE_NOT_ALLOWED, "null value not allowed for hstore key")
}

fn string<'a>(reader: &mut Reader<'a>) -> Result<Option<&'a str>> {
    match usize::try_from(reader.i32()?) {
        Ok(length) => {
            let bytes = reader.take(length)?;
            // What ends strings here cannot be in them.
            if bytes.contains(&0) {
                return Err(incorrect_format());
            }
            string::from_utf8(bytes).map(Some)
        }
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut out = Vec::new();
        write(parse(text).unwrap().as_bytea(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_is_read_and_written_as_by_postgresql() {
        for (text, written) in [
            ("", ""),
            ("a=>1,", "\"a\"=>\"1\""),
            ("a=>NULL,b=>\"NULL\", c => d\\ e", "\"a\"=>NULL, \"b\"=>\"NULL\", \"c\"=>\"d e\""),
            ("bb=>1, a=>2, a=>3", "\"a\"=>\"2\", \"bb\"=>\"1\""),
            ("\"a\\\"\"=>\"\\\\\"", "\"a\\\"\"=>\"\\\\\""),
        ] {
            assert_eq!(shown(text), written);
        }
        for (text, message) in [
            ("a", "Unexpected end of string"),
            ("a=>", "Unexpected end of string"),
            ("a=1", "Syntax error near \"1\" at position 2"),
            ("=>1", "Syntax error near \"=\" at position 0"),
            ("a=>1 b=>2", "Syntax error near \"b\" at position 5"),
            ("é x", "Syntax error near \"x\" at position 3"),
        ] {
            assert_eq!(parse(text).unwrap_err().message(), message);
        }
    }

    #[test]
    fn binary_form_goes_there_and_back() {
        let value = parse("a=>1, bb=>NULL, \"\"=>\"\"").unwrap();
        let mut sent = Vec::new();
        send(value.as_bytea(), &mut sent);
        let mut reader = Reader(&sent);
        assert_eq!(receive(&mut reader).unwrap(), value);
        assert!(reader.finish().is_ok());
    }
}

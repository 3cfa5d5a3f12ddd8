//! `json`: RFC 8259 text, checked and kept as it is; and the parser that `jsonb` is built with.
//!
//! The parser gives what it reads to a [`Build`], which for `json` builds nothing.

use crate::error::{PgError, Result, code};
use std::sync::Arc;

/// Nesting beyond this is PostgreSQL's `stack depth limit exceeded`.
const DEPTH_MAX: usize = 6000;
/// The stack left below which a new segment is added, and that segment's size.
const STACK_RED_ZONE: usize = 64 * 1024;
const STACK_SEGMENT: usize = 1024 * 1024;
/// How much of the line before an error is shown.
const CONTEXT_BYTES: usize = 50;

/// Makes values of what the parser reads.
pub trait Build {
    type Value;
    type Key;
    /// Whether strings are needed: escapes are then decoded and checked to be valid text.
    const STRINGS: bool;
    fn null(&mut self) -> Self::Value;
    fn bool(&mut self, v: bool) -> Self::Value;
    fn number(&mut self, text: &str) -> Result<Self::Value>;
    fn string(&mut self, text: String) -> Self::Value;
    fn key(&mut self, text: String) -> Self::Key;
    fn array(&mut self, items: Vec<Self::Value>) -> Self::Value;
    fn object(&mut self, pairs: Vec<(Self::Key, Self::Value)>) -> Self::Value;
}

struct Nothing;

impl Build for Nothing {
    type Value = ();
    type Key = ();
    const STRINGS: bool = false;
    fn null(&mut self) {}
    fn bool(&mut self, _: bool) {}
    fn number(&mut self, _: &str) -> Result<()> {
        Ok(())
    }
    fn string(&mut self, _: String) {}
    fn key(&mut self, _: String) {}
    fn array(&mut self, _: Vec<()>) {}
    fn object(&mut self, _: Vec<((), ())>) {}
}

/// Checks that a text is JSON; 22P02 says what was expected, and where.
pub fn validate(text: &str) -> Result<()> {
    parse(text, &mut Nothing)
}

/// Reads a JSON text.
pub fn parse<B: Build>(text: &str, build: &mut B) -> Result<B::Value> {
    let mut parser = Parser {
        text,
        at: 0,
        line: 1,
        line_start: 0,
        token: Token::End,
        token_start: 0,
        token_end: 0,
        depth: 0,
        string: String::new(),
        build,
    };
    parser.advance()?;
    let value = parser.value()?;
    match parser.token {
        Token::End => Ok(value),
        _ => Err(parser.expected("end of input")),
    }
}

/// Appends a string as JSON writes it, quotes included.
pub fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Punctuation(u8),
    String,
    Number,
    True,
    False,
    Null,
    End,
}

struct Parser<'a, B> {
    text: &'a str,
    at: usize,
    line: usize,
    line_start: usize,
    token: Token,
    token_start: usize,
    token_end: usize,
    depth: usize,
    /// The last string token, decoded.
    string: String,
    build: &'a mut B,
}

impl<B: Build> Parser<'_, B> {
    fn value(&mut self) -> Result<B::Value> {
        let value = match self.token {
            Token::Punctuation(b'{') => return self.nested(Self::object),
            Token::Punctuation(b'[') => return self.nested(Self::array),
            Token::String => {
                let text = std::mem::take(&mut self.string);
                self.build.string(text)
            }
            Token::Number => self.build.number(&self.text[self.token_start..self.token_end])?,
            Token::True => self.build.bool(true),
            Token::False => self.build.bool(false),
            Token::Null => self.build.null(),
            _ => return Err(self.expected("JSON value")),
        };
        self.advance()?;
        Ok(value)
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<B::Value>) -> Result<B::Value> {
        if self.depth >= DEPTH_MAX {
            return Err(PgError::new(code::STATEMENT_TOO_COMPLEX, "stack depth limit exceeded"));
        }
        self.depth += 1;
        let value = stacker::maybe_grow(STACK_RED_ZONE, STACK_SEGMENT, || read(self))?;
        self.depth -= 1;
        Ok(value)
    }

    fn object(&mut self) -> Result<B::Value> {
        let mut pairs = Vec::new();
        self.advance()?;
        if self.token != Token::Punctuation(b'}') {
            loop {
                if self.token != Token::String {
                    return Err(self.expected(match pairs.is_empty() {
                        true => "string or \"}\"",
                        false => "string",
                    }));
                }
                let text = std::mem::take(&mut self.string);
                let key = self.build.key(text);
                self.advance()?;
                if self.token != Token::Punctuation(b':') {
                    return Err(self.expected("\":\""));
                }
                self.advance()?;
                pairs.push((key, self.value()?));
                match self.token {
                    Token::Punctuation(b',') => self.advance()?,
                    Token::Punctuation(b'}') => break,
                    _ => return Err(self.expected("\",\" or \"}\"")),
                }
            }
        }
        self.advance()?;
        Ok(self.build.object(pairs))
    }

    fn array(&mut self) -> Result<B::Value> {
        let mut items = Vec::new();
        self.advance()?;
        if self.token != Token::Punctuation(b']') {
            loop {
                items.push(self.value()?);
                match self.token {
                    Token::Punctuation(b',') => self.advance()?,
                    Token::Punctuation(b']') => break,
                    _ => return Err(self.expected("\",\" or \"]\"")),
                }
            }
        }
        self.advance()?;
        Ok(self.build.array(items))
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn advance(&mut self) -> Result<()> {
        while let Some(b @ (b' ' | b'\t' | b'\n' | b'\r')) = self.byte() {
            self.at += 1;
            if b == b'\n' {
                self.line += 1;
                self.line_start = self.at;
            }
        }
        self.token_start = self.at;
        self.token_end = self.at;
        self.token = match self.byte() {
            None => Token::End,
            Some(b @ (b'{' | b'}' | b'[' | b']' | b':' | b',')) => {
                self.at += 1;
                Token::Punctuation(b)
            }
            Some(b'"') => {
                self.read_string()?;
                Token::String
            }
            Some(b'-' | b'0'..=b'9') => self.read_number()?,
            Some(_) => self.read_word()?,
        };
        self.token_end = self.at;
        Ok(())
    }

    fn skip_word(&mut self) {
        while self.byte().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80) {
            self.at += 1;
        }
    }

    fn read_word(&mut self) -> Result<Token> {
        self.skip_word();
        match &self.text[self.token_start..self.at] {
            "true" => Ok(Token::True),
            "false" => Ok(Token::False),
            "null" => Ok(Token::Null),
            "" => {
                self.at += 1;
                Err(self.invalid_token())
            }
            _ => Err(self.invalid_token()),
        }
    }

    fn skip_digits(&mut self) -> bool {
        let start = self.at;
        while self.byte().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        self.at > start
    }

    fn read_number(&mut self) -> Result<Token> {
        let mut valid = true;
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        match self.byte() {
            Some(b'0') => self.at += 1,
            _ => valid &= self.skip_digits(),
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            valid &= self.skip_digits();
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.byte(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            valid &= self.skip_digits();
        }
        // Letters and digits right behind belong to the token, which is then no number.
        let end = self.at;
        self.skip_word();
        if valid && self.at == end { Ok(Token::Number) } else { Err(self.invalid_token()) }
    }

    fn read_string(&mut self) -> Result<()> {
        self.string.clear();
        self.at += 1;
        let mut high_surrogate = None;
        loop {
            let Some(c) = self.text[self.at..].chars().next() else {
                return Err(self.invalid_token());
            };
            if c == '\\' {
                self.read_escape(&mut high_surrogate)?;
                continue;
            }
            if high_surrogate.is_some() {
                self.at += c.len_utf8();
                return Err(self.lone_surrogate());
            }
            match c {
                '"' => {
                    self.at += 1;
                    return Ok(());
                }
                c if c < ' ' => {
                    let detail =
                        format!("Character with value 0x{:02x} must be escaped.", c as u32);
                    return Err(self.invalid(detail));
                }
                c => {
                    if B::STRINGS {
                        self.string.push(c);
                    }
                    self.at += c.len_utf8();
                }
            }
        }
    }

    fn read_escape(&mut self, high_surrogate: &mut Option<u32>) -> Result<()> {
        self.at += 1;
        let Some(c) = self.text[self.at..].chars().next() else {
            return Err(self.invalid_token());
        };
        self.at += c.len_utf8();
        if c == 'u' {
            return self.read_unicode(high_surrogate);
        }
        if high_surrogate.is_some() {
            return Err(self.lone_surrogate());
        }
        let plain = match c {
            '"' | '\\' | '/' => c,
            'b' => '\x08',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            _ => return Err(self.invalid(format!("Escape sequence \"\\{c}\" is invalid."))),
        };
        self.string.push(plain);
        Ok(())
    }

    fn read_unicode(&mut self, high_surrogate: &mut Option<u32>) -> Result<()> {
        let mut unit = 0;
        for _ in 0..4 {
            let c = self.text[self.at..].chars().next();
            let digit = c.and_then(|c| c.to_digit(16));
            self.at += c.map_or(0, char::len_utf8);
            unit = unit * 16
                + digit.ok_or_else(|| {
                    self.invalid("\"\\u\" must be followed by four hexadecimal digits.".to_owned())
                })?;
        }
        if !B::STRINGS {
            return Ok(());
        }
        match (unit, high_surrogate.take()) {
            (0xd800..=0xdbff, None) => *high_surrogate = Some(unit),
            (0xd800..=0xdbff, Some(_)) => {
                let detail = "Unicode high surrogate must not follow a high surrogate.";
                return Err(self.invalid(detail.to_owned()));
            }
            (0xdc00..=0xdfff, Some(high)) => {
                let c = 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00);
                self.string.push(char::from_u32(c).expect("surrogates make a valid character"));
            }
            (0xdc00..=0xdfff, None) | (_, Some(_)) => return Err(self.lone_surrogate()),
            (0, None) => {
                let error = PgError::new(
                    code::UNTRANSLATABLE_CHARACTER,
                    "unsupported Unicode escape sequence",
                );
                let detail = "\\u0000 cannot be converted to text.";
                return Err(error.detail(detail).context(self.context()));
            }
            (unit, None) => {
                self.string.push(char::from_u32(unit).expect("surrogates are handled above"));
            }
        }
        Ok(())
    }

    fn lone_surrogate(&self) -> PgError {
        self.invalid("Unicode low surrogate must follow a high surrogate.".to_owned())
    }

    fn invalid_token(&self) -> PgError {
        let end = self.text.ceil_char_boundary(self.at);
        self.invalid(format!("Token \"{}\" is invalid.", &self.text[self.token_start..end]))
    }

    fn expected(&self, what: &str) -> PgError {
        match self.token {
            Token::End => self.invalid("The input string ended unexpectedly.".to_owned()),
            _ => {
                let found = &self.text[self.token_start..self.token_end];
                self.invalid(format!("Expected {what}, but found \"{found}\"."))
            }
        }
    }

    fn invalid(&self, detail: String) -> PgError {
        PgError::new(code::INVALID_TEXT_REPRESENTATION, "invalid input syntax for type json")
            .detail(detail)
            .context(self.context())
    }

    /// The line up to the error, with dots where it is cut.
    fn context(&self) -> String {
        let end = self.text.ceil_char_boundary(self.at);
        let mut start = self.line_start;
        if end - start >= CONTEXT_BYTES {
            start = self.text.ceil_char_boundary(end - CONTEXT_BYTES + 1);
        }
        if start - self.line_start <= 3 {
            start = self.line_start;
        }
        let before = if start > self.line_start { "..." } else { "" };
        let cut = self.text[end..].starts_with(|c| c != '\n' && c != '\r');
        let after = if cut { "..." } else { "" };
        format!("JSON data, line {}: {before}{}{after}", self.line, &self.text[start..end])
    }
}

/// Builds [`super::jsonb::Value`]s.
pub(super) struct Values;

impl Build for Values {
    type Value = super::jsonb::Value;
    type Key = Arc<str>;
    const STRINGS: bool = true;
    fn null(&mut self) -> Self::Value {
        Self::Value::Null
    }
    fn bool(&mut self, v: bool) -> Self::Value {
        Self::Value::Bool(v)
    }
    fn number(&mut self, text: &str) -> Result<Self::Value> {
        super::Numeric::parse(text).map(Self::Value::Number)
    }
    fn string(&mut self, text: String) -> Self::Value {
        Self::Value::String(text.into())
    }
    fn key(&mut self, text: String) -> Arc<str> {
        text.into()
    }
    fn array(&mut self, items: Vec<Self::Value>) -> Self::Value {
        Self::Value::Array(items)
    }
    fn object(&mut self, pairs: Vec<(Arc<str>, Self::Value)>) -> Self::Value {
        Self::Value::Object(pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_texts() {
        for text in
            ["1", " -0.5e+3 ", "\"\\u0000\"", "[]", "{}", "{\"a\":[1,{\"b\":null}]}", "true"]
        {
            validate(text).unwrap();
        }
        validate(&("[".repeat(5000) + &"]".repeat(5000))).unwrap();
    }

    #[test]
    fn errors_say_what_was_expected_and_where() {
        for (text, detail, context) in [
            ("", "The input string ended unexpectedly.", "JSON data, line 1: "),
            ("{", "The input string ended unexpectedly.", "JSON data, line 1: {"),
            ("abc", "Token \"abc\" is invalid.", "JSON data, line 1: abc"),
            ("[1,]", "Expected JSON value, but found \"]\".", "JSON data, line 1: [1,]"),
            ("{\"a\" 1}", "Expected \":\", but found \"1\".", "JSON data, line 1: {\"a\" 1..."),
            ("{1:2}", "Expected string or \"}\", but found \"1\".", "JSON data, line 1: {1..."),
            ("[1 2]", "Expected \",\" or \"]\", but found \"2\".", "JSON data, line 1: [1 2..."),
            ("1 2", "Expected end of input, but found \"2\".", "JSON data, line 1: 1 2"),
            ("01", "Token \"01\" is invalid.", "JSON data, line 1: 01"),
            ("\"a", "Token \"\"a\" is invalid.", "JSON data, line 1: \"a"),
            ("\"\\x\"", "Escape sequence \"\\x\" is invalid.", "JSON data, line 1: \"\\x..."),
            ("{\n\"a\":\n}", "Expected JSON value, but found \"}\".", "JSON data, line 3: }"),
        ] {
            let e = validate(text).unwrap_err();
            assert_eq!(e.message(), "invalid input syntax for type json", "{text}");
            assert_eq!(
                (e.detail_text(), e.context_text()),
                (Some(detail), Some(context)),
                "{text}"
            );
        }
    }
}

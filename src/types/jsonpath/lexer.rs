//! Text → tokens.
//!
//! Of the rules that fit, the one that takes most text wins: `1e5` is a number, `1e5x` a number with
//! junk behind it, and `1e5xy` a name. A name may have escapes; it ends at a blank, a special
//! character or a quote.

use super::Method;
use crate::error::{PgError, Result, code};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Name,
    Keyword(Keyword),
    String,
    Variable,
    Integer,
    Decimal,
    /// One character with a meaning of its own.
    Special(char),
    And,
    Or,
    Not,
    Any,
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
    GreaterOrEqual,
    Greater,
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    Is,
    To,
    Lax,
    Flag,
    Last,
    Null,
    True,
    With,
    False,
    Exists,
    Starts,
    Strict,
    Unknown,
    Datetime,
    LikeRegex,
    Method(Method),
}

/// Words that are keywords in any case.
const KEYWORDS: &[(&str, Keyword)] = &[
    ("is", Keyword::Is),
    ("to", Keyword::To),
    ("abs", Keyword::Method(Method::Abs)),
    ("lax", Keyword::Lax),
    ("flag", Keyword::Flag),
    ("last", Keyword::Last),
    ("size", Keyword::Method(Method::Size)),
    ("type", Keyword::Method(Method::Type)),
    ("with", Keyword::With),
    ("floor", Keyword::Method(Method::Floor)),
    ("double", Keyword::Method(Method::Double)),
    ("exists", Keyword::Exists),
    ("starts", Keyword::Starts),
    ("strict", Keyword::Strict),
    ("ceiling", Keyword::Method(Method::Ceiling)),
    ("unknown", Keyword::Unknown),
    ("datetime", Keyword::Datetime),
    ("keyvalue", Keyword::Method(Method::KeyValue)),
    ("like_regex", Keyword::LikeRegex),
];

/// JSON's own words, which must be in lower case.
const CONSTANTS: &[(&str, Keyword)] =
    &[("null", Keyword::Null), ("true", Keyword::True), ("false", Keyword::False)];

fn keyword(name: &str) -> Option<Keyword> {
    let any_case = KEYWORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(name));
    any_case.or_else(|| CONSTANTS.iter().find(|(word, _)| *word == name)).map(|(_, k)| *k)
}

pub(super) struct Lexer<'a> {
    rest: &'a str,
    /// The current token's value: a name, string or number as it is meant.
    pub value: String,
    /// The text that was matched last, which errors point at. Empty at the end, and behind a name
    /// that the next token ended.
    pub matched: &'a str,
}

fn is_special(c: char) -> bool {
    "?%$.[]{}()|&!=<>@#,*:-+/".contains(c)
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c')
}

/// A character of names.
fn is_other(c: char) -> bool {
    !is_special(c) && !is_blank(c) && c != '\\' && c != '"'
}

/// Bytes at the start of `text` that satisfy `f`.
fn span(text: &str, f: impl Fn(char) -> bool) -> usize {
    text.find(|c| !f(c)).unwrap_or(text.len())
}

/// An error at the text matched.
pub(super) fn error_at(matched: &str, message: &str) -> PgError {
    let message = match matched {
        "" => format!("{message} at end of jsonpath input"),
        text => format!("{message} at or near \"{text}\" of jsonpath input"),
    };
    PgError::new(code::SYNTAX_ERROR, message)
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str) -> Lexer<'a> {
        Lexer { rest: text, value: String::new(), matched: "" }
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        (self.matched, self.rest) = self.rest.split_at(bytes);
        self.matched
    }

    fn error(&self, message: &str) -> PgError {
        error_at(self.matched, message)
    }

    pub fn next(&mut self) -> Result<Token> {
        self.value.clear();
        loop {
            self.take(span(self.rest, is_blank));
            if !self.rest.starts_with("/*") {
                break;
            }
            self.comment()?;
        }
        let Some(first) = self.rest.chars().next() else {
            self.matched = "";
            return Ok(Token::End);
        };
        if let Some((token, bytes)) = number(self.rest) {
            return self.number(token, bytes);
        }
        match first {
            '"' => self.quoted(Token::String),
            '$' if self.rest[1..].starts_with('"') => {
                self.take(1);
                self.quoted(Token::Variable)
            }
            '$' if self.rest[1..].starts_with(is_other) => {
                let text = self.take(1 + span(&self.rest[1..], is_other));
                self.value.push_str(&text[1..]);
                Ok(Token::Variable)
            }
            c if is_special(c) => Ok(self.special(c)),
            _ => self.name(),
        }
    }

    fn special(&mut self, first: char) -> Token {
        const PAIRS: &[(&str, Token)] = &[
            ("&&", Token::And),
            ("||", Token::Or),
            ("**", Token::Any),
            ("<=", Token::LessOrEqual),
            ("==", Token::Equal),
            ("<>", Token::NotEqual),
            ("!=", Token::NotEqual),
            (">=", Token::GreaterOrEqual),
        ];
        if let Some((pair, token)) = PAIRS.iter().find(|(pair, _)| self.rest.starts_with(pair)) {
            self.take(pair.len());
            return *token;
        }
        self.take(1);
        match first {
            '!' => Token::Not,
            '<' => Token::Less,
            '>' => Token::Greater,
            c => Token::Special(c),
        }
    }

    /// The lengths that rules take decide; see the module's opening.
    fn number(&mut self, number: Number, bytes: usize) -> Result<Token> {
        let name = span(self.rest, is_other);
        let token = match number {
            _ if name > bytes => return self.name(),
            Number::Integer => Token::Integer,
            Number::Decimal => Token::Decimal,
            Number::Unfinished => {
                self.take(bytes);
                return Err(self.error("invalid numeric literal"));
            }
            Number::Junk => {
                self.take(bytes);
                return Err(self.error("trailing junk after numeric literal"));
            }
        };
        let text = self.take(bytes);
        self.value.push_str(text);
        Ok(token)
    }

    fn comment(&mut self) -> Result<()> {
        self.take(2);
        match self.rest.find("*/") {
            Some(end) => {
                self.take(end + 2);
                Ok(())
            }
            None => Err(error_at("", "unexpected end of comment")),
        }
    }

    /// A name or keyword. One that a comment ends is forgotten, as in PostgreSQL.
    fn name(&mut self) -> Result<Token> {
        loop {
            let text = self.take(span(self.rest, is_other));
            self.value.push_str(text);
            match self.rest.chars().next() {
                Some('\\') => self.escape()?,
                Some('/') if self.rest.starts_with("/*") => {
                    self.comment()?;
                    return self.next();
                }
                Some(c) if is_blank(c) => {
                    self.take(span(self.rest, is_blank));
                    break;
                }
                _ => {
                    self.matched = "";
                    break;
                }
            }
        }
        Ok(keyword(&self.value).map_or(Token::Name, Token::Keyword))
    }

    fn quoted(&mut self, token: Token) -> Result<Token> {
        self.take(1);
        loop {
            let text = self.take(span(self.rest, |c| c != '"' && c != '\\'));
            self.value.push_str(text);
            match self.rest.chars().next() {
                Some('"') => {
                    self.take(1);
                    return Ok(token);
                }
                Some(_) => self.escape()?,
                None => return Err(error_at("", "unexpected end of quoted string")),
            }
        }
    }

    /// Reads a backslash and what belongs to it.
    fn escape(&mut self) -> Result<()> {
        let Some(c) = self.rest[1..].chars().next().filter(|c| *c != '\n') else {
            self.take(1);
            return Err(self.error("unexpected end after backslash"));
        };
        let plain = match c {
            'u' => return self.unicode(),
            'x' => return self.hex(),
            'b' => '\x08',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\x0b',
            c => c,
        };
        self.take(1 + c.len_utf8());
        self.value.push(plain);
        Ok(())
    }

    /// `\x41`
    fn hex(&mut self) -> Result<()> {
        let digits = span(&self.rest[2..], |c| c.is_ascii_hexdigit()).min(2);
        let text = self.take(2 + digits);
        if digits < 2 {
            return Err(self.error("invalid hex character sequence"));
        }
        self.push_code(u32::from_str_radix(&text[2..], 16).expect("hexadecimal digits"))
    }

    /// A run of `\u0041` and `\u{41}`, in which surrogates pair up.
    fn unicode(&mut self) -> Result<()> {
        let (mut units, mut length) = (Vec::new(), 0);
        while self.rest[length..].starts_with("\\u") {
            let Some((unit, bytes)) = unicode_escape(&self.rest[length..]) else {
                self.take(length + unfinished_escape(&self.rest[length..]));
                return Err(self.error("invalid unicode sequence"));
            };
            units.push(unit);
            length += bytes;
        }
        self.take(length);
        let mut high = None;
        for unit in units {
            match (unit, high) {
                (0xd800..=0xdbff, None) => high = Some((unit & 0x3ff) << 10),
                (0xd800..=0xdbff, Some(_)) => {
                    return Err(surrogate(
                        "Unicode high surrogate must not follow a high surrogate.",
                    ));
                }
                (0xdc00..=0xdfff, Some(bits)) => {
                    self.push_code(0x10000 + bits + (unit & 0x3ff))?;
                    high = None;
                }
                (0xdc00..=0xdfff, None) | (_, Some(_)) => return Err(low_surrogate()),
                (code, None) => self.push_code(code)?,
            }
        }
        if high.is_some() { Err(low_surrogate()) } else { Ok(()) }
    }

    fn push_code(&mut self, point: u32) -> Result<()> {
        if point == 0 {
            let message = "unsupported Unicode escape sequence";
            return Err(PgError::new(code::UNTRANSLATABLE_CHARACTER, message)
                .detail("\\u0000 cannot be converted to text."));
        }
        let invalid = || PgError::new(code::SYNTAX_ERROR, "invalid Unicode code point");
        self.value.push(char::from_u32(point).ok_or_else(invalid)?);
        Ok(())
    }
}

fn surrogate(detail: &str) -> PgError {
    let message = "invalid input syntax for type jsonpath";
    PgError::new(code::INVALID_TEXT_REPRESENTATION, message).detail(detail)
}

fn low_surrogate() -> PgError {
    surrogate("Unicode low surrogate must follow a high surrogate.")
}

/// The code of a `\u` escape and its length.
fn unicode_escape(text: &str) -> Option<(u32, usize)> {
    let (digits, length) = match text[2..].strip_prefix('{') {
        Some(braced) => {
            let end = braced.find('}').filter(|end| (1..=6).contains(end))?;
            (&braced[..end], end + 4)
        }
        None => (text.get(2..6)?, 6),
    };
    let hexadecimal = digits.bytes().all(|b| b.is_ascii_hexdigit());
    hexadecimal.then(|| (u32::from_str_radix(digits, 16).expect("hexadecimal digits"), length))
}

/// How much of a faulty `\u` escape an error shows.
fn unfinished_escape(text: &str) -> usize {
    let hexadecimal = |c: char| c.is_ascii_hexdigit();
    match text[2..].strip_prefix('{') {
        Some(braced) => 3 + span(braced, hexadecimal).min(6),
        None => 2 + span(&text[2..], hexadecimal).min(3),
    }
}

#[derive(Clone, Copy)]
enum Number {
    Integer,
    Decimal,
    /// An exponent's sign without digits.
    Unfinished,
    /// A number and the character of a name.
    Junk,
}

/// A number at the start of `text`, and the bytes that the rule takes.
fn number(text: &str) -> Option<(Number, usize)> {
    let digits = |from: usize| span(&text[from..], |c| c.is_ascii_digit());
    // No integer has leading zeros.
    let whole = if text.starts_with('0') { 1 } else { digits(0) };
    let fraction = match text[whole..].strip_prefix('.') {
        Some(_) => 1 + digits(whole + 1),
        None => 0,
    };
    if whole == 0 && fraction < 2 {
        return None;
    }
    let mantissa = whole + fraction;
    let kind = if fraction > 0 { Number::Decimal } else { Number::Integer };
    let (kind, end) = match exponent(&text[mantissa..]) {
        Some((length, true)) => (Number::Decimal, mantissa + length),
        Some((length, false)) => return Some((Number::Unfinished, mantissa + length)),
        None => (kind, mantissa),
    };
    match text[end..].chars().next().filter(|c| is_other(*c)) {
        Some(junk) => Some((Number::Junk, end + junk.len_utf8())),
        None => Some((kind, end)),
    }
}

/// The length of an exponent, and whether it has digits.
fn exponent(text: &str) -> Option<(usize, bool)> {
    let unsigned = text.strip_prefix(['e', 'E'])?;
    let sign = usize::from(unsigned.starts_with(['+', '-']));
    match span(&unsigned[sign..], |c| c.is_ascii_digit()) {
        0 if sign == 0 => None,
        0 => Some((2, false)),
        digits => Some((1 + sign + digits, true)),
    }
}

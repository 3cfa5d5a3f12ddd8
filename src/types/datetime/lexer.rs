//! Splits the text of a date, time or interval into fields by their first characters.

use super::decode::ParseError;

/// The most fields that are looked at.
const FIELDS_MAX: usize = 25;
/// The longest text that can be a date, time or interval.
const TEXT_BYTES_MAX: usize = 153;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Digits, perhaps with one point.
    Number,
    /// Letters.
    String,
    /// Parts joined by `-`, `/` or `.`; also a zone name with punctuation.
    Date,
    /// Digits with colons.
    Time,
    /// A sign and digits.
    Zone,
    /// A sign and letters: `-infinity`.
    Special,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub kind: FieldKind,
    /// In lower case.
    pub text: String,
}

struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn peek(&self) -> u8 {
        self.0.first().copied().unwrap_or(0)
    }

    fn bump(&mut self, text: &mut String) {
        text.push(char::from(self.peek().to_ascii_lowercase()));
        self.0 = &self.0[1..];
    }

    fn take_while(&mut self, text: &mut String, accept: impl Fn(u8) -> bool) {
        while !self.0.is_empty() && accept(self.peek()) {
            self.bump(text);
        }
    }

    fn skip_spaces(&mut self) {
        while super::super::input::is_space(char::from(self.peek())) {
            self.0 = &self.0[1..];
        }
    }
}

fn digit(b: u8) -> bool {
    b.is_ascii_digit()
}

/// The fields of a text, in order.
pub fn split(text: &str) -> Result<Vec<Field>, ParseError> {
    if !text.is_ascii() || text.len() >= TEXT_BYTES_MAX {
        return Err(ParseError::BadFormat);
    }
    let mut cursor = Cursor(text.as_bytes());
    let mut fields = Vec::new();
    loop {
        cursor.skip_spaces();
        let mut text = String::new();
        let kind = match cursor.peek() {
            0 => return if cursor.0.is_empty() { Ok(fields) } else { Err(ParseError::BadFormat) },
            b'0'..=b'9' => number_like(&mut cursor, &mut text),
            b'.' => {
                cursor.bump(&mut text);
                cursor.take_while(&mut text, digit);
                FieldKind::Number
            }
            b if b.is_ascii_alphabetic() => word_like(&mut cursor, &mut text),
            b'+' | b'-' => signed(&mut cursor, &mut text)?,
            b if b.is_ascii_punctuation() => {
                cursor.0 = &cursor.0[1..];
                continue;
            }
            _ => return Err(ParseError::BadFormat),
        };
        if fields.len() >= FIELDS_MAX {
            return Err(ParseError::BadFormat);
        }
        fields.push(Field { kind, text });
    }
}

fn number_like(cursor: &mut Cursor<'_>, text: &mut String) -> FieldKind {
    cursor.take_while(text, digit);
    match cursor.peek() {
        b':' => {
            cursor.take_while(text, |b| digit(b) || matches!(b, b':' | b'.'));
            FieldKind::Time
        }
        delimiter @ (b'-' | b'/' | b'.') => {
            cursor.bump(text);
            if !digit(cursor.peek()) {
                cursor.take_while(text, |b| b.is_ascii_alphanumeric() || b == delimiter);
                return FieldKind::Date;
            }
            cursor.take_while(text, digit);
            if cursor.peek() == delimiter {
                cursor.bump(text);
                cursor.take_while(text, |b| digit(b) || b == delimiter);
                return FieldKind::Date;
            }
            if delimiter == b'.' { FieldKind::Number } else { FieldKind::Date }
        }
        _ => FieldKind::Number,
    }
}

/// A word; with punctuation or digits behind it a date that starts with its month, or a zone.
fn word_like(cursor: &mut Cursor<'_>, text: &mut String) -> FieldKind {
    cursor.take_while(text, |b| b.is_ascii_alphabetic());
    let joined = match cursor.peek() {
        b'-' | b'/' | b'.' => true,
        b'+' | b'0'..=b'9' => super::tokens::date_word(text).is_none(),
        _ => false,
    };
    if !joined {
        return FieldKind::String;
    }
    cursor.take_while(text, |b| {
        b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'/' | b'_' | b'.' | b':')
    });
    FieldKind::Date
}

fn signed(cursor: &mut Cursor<'_>, text: &mut String) -> Result<FieldKind, ParseError> {
    cursor.bump(text);
    cursor.skip_spaces();
    match cursor.peek() {
        b'0'..=b'9' => {
            cursor.take_while(text, |b| digit(b) || matches!(b, b':' | b'.' | b'-'));
            Ok(FieldKind::Zone)
        }
        b if b.is_ascii_alphabetic() => {
            cursor.take_while(text, |b| b.is_ascii_alphabetic());
            Ok(FieldKind::Special)
        }
        _ => Err(ParseError::BadFormat),
    }
}

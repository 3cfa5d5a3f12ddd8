//! Walking the text of a `json` value. The text was checked when it was read, so this only finds
//! where values begin and end.

use crate::error::{PgError, Result, code};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Object,
    Array,
    String,
    Number,
    Boolean,
    Null,
}

/// A JSON value as written, without the white space around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Raw<'a>(&'a str);

const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

impl<'a> Raw<'a> {
    pub fn new(text: &'a str) -> Raw<'a> {
        Raw(text.trim_matches(SPACE))
    }

    pub fn as_str(self) -> &'a str {
        self.0
    }

    pub fn kind(self) -> Kind {
        match self.0.as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Boolean,
            Some(b'n') => Kind::Null,
            _ => Kind::Number,
        }
    }

    /// The elements of an array; nothing of other values.
    pub fn items(self) -> impl Iterator<Item = Raw<'a>> + use<'a> {
        let mut rest = self.inside('[', ']');
        std::iter::from_fn(move || next_value(&mut rest))
    }

    /// Keys (as written, quoted) and values of an object, in the order written, duplicates too.
    pub fn pairs(self) -> impl Iterator<Item = (Raw<'a>, Raw<'a>)> + use<'a> {
        let mut rest = self.inside('{', '}');
        std::iter::from_fn(move || Some((next_value(&mut rest)?, next_value(&mut rest)?)))
    }

    /// An object's value by key; of duplicates the last.
    pub fn get(self, key: &str) -> Result<Option<Raw<'a>>> {
        let mut found = None;
        for (name, value) in self.pairs() {
            if name.unquoted()? == key {
                found = Some(value);
            }
        }
        Ok(found)
    }

    /// An array's element; negative counts from the end.
    pub fn at(self, index: i64) -> Option<Raw<'a>> {
        let index = match usize::try_from(index) {
            Ok(index) => index,
            Err(_) => {
                let length = i64::try_from(self.items().count()).ok()?;
                usize::try_from(length.checked_add(index)?).ok()?
            }
        };
        self.items().nth(index)
    }

    /// A string's characters; other values as written. Escapes are decoded only here, so their
    /// errors appear only here.
    pub fn unquoted(self) -> Result<String> {
        match self.0.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
            Some(inside) => decode(inside),
            None => Ok(self.0.to_owned()),
        }
    }

    fn inside(self, open: char, close: char) -> &'a str {
        let inside = self.0.strip_prefix(open).and_then(|text| text.strip_suffix(close));
        inside.unwrap_or("")
    }
}

/// Takes a value and the comma or colon after it.
fn next_value<'a>(rest: &mut &'a str) -> Option<Raw<'a>> {
    let text = rest.trim_start_matches(SPACE);
    if text.is_empty() {
        return None;
    }
    let (value, after) = text.split_at(value_length(text));
    let after = after.trim_start_matches(SPACE);
    *rest = after.strip_prefix([',', ':']).unwrap_or(after);
    Some(Raw::new(value))
}

/// The bytes of the value that a text begins with.
fn value_length(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' if in_string => drop(bytes.next()),
            b'"' => {
                in_string = !in_string;
                if !in_string && depth == 0 {
                    return at + 1;
                }
            }
            _ if in_string => {}
            b'[' | b'{' => depth += 1,
            b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            b',' | b':' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

fn decode(text: &str) -> Result<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let mut chars = rest[at + 1..].chars();
        let escape = chars.next().unwrap_or('\\');
        rest = chars.as_str();
        match escape {
            'b' => out.push('\x08'),
            'f' => out.push('\x0c'),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'u' => out.push(unicode(&mut rest)?),
            other => out.push(other),
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// The character of `\uXXXX`, or of a pair of surrogates.
fn unicode(rest: &mut &str) -> Result<char> {
    let high = hex(rest)?;
    match high {
        0 => {
            Err(PgError::new(code::UNTRANSLATABLE_CHARACTER, "unsupported Unicode escape sequence")
                .detail("\\u0000 cannot be converted to text."))
        }
        0xD800..0xDC00 => {
            let low = match rest.strip_prefix("\\u") {
                Some(mut after) => {
                    let low = hex(&mut after)?;
                    *rest = after;
                    low
                }
                None => 0,
            };
            if !(0xDC00..0xE000).contains(&low) {
                return Err(broken("Unicode low surrogate must follow a high surrogate."));
            }
            let scalar = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
            char::from_u32(scalar).ok_or_else(|| broken("Unicode escape value is too large."))
        }
        scalar => char::from_u32(scalar)
            .ok_or_else(|| broken("Unicode low surrogate must follow a high surrogate.")),
    }
}

fn hex(rest: &mut &str) -> Result<u32> {
    let bad = || broken("\"\\u\" must be followed by four hexadecimal digits.");
    let digits = rest.get(..4).ok_or_else(bad)?;
    let value = u32::from_str_radix(digits, 16).map_err(|_| bad())?;
    *rest = &rest[4..];
    Ok(value)
}

fn broken(detail: &str) -> PgError {
    PgError::new(code::INVALID_TEXT_REPRESENTATION, "invalid input syntax for type json")
        .detail(detail)
}

/// Appends a string literal.
pub(super) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

//! The text of ranges: `[1,5)`, `(,"a value")`, `empty`.

use super::{Bound, Range, Subtype};
use crate::error::{PgError, Result, code};
use crate::types::input::is_space;
use crate::types::{Datum, Format, Oid, codec};

fn malformed(text: &str, detail: &str) -> PgError {
    let message = format!("malformed range literal: \"{text}\"");
    PgError::new(code::INVALID_TEXT_REPRESENTATION, message).detail(detail)
}

/// What follows blanks and, in whatever case, `empty`.
pub(super) fn after_empty(text: &str) -> Option<&str> {
    const EMPTY: &str = "empty";
    let word = text.get(..EMPTY.len())?;
    word.eq_ignore_ascii_case(EMPTY).then(|| &text[EMPTY.len()..])
}

/// Reads a range over a built-in subtype; the type modifier is the bounds'.
pub fn text_in(subtype: Subtype, typmod: i32, text: &str, format: &Format) -> Result<Range> {
    text_in_by(subtype, text, &mut |text| codec::text_in(subtype.oid, typmod, text, format))
}

/// Reads a range whose bounds `read` reads.
pub fn text_in_by(
    subtype: Subtype,
    text: &str,
    read: &mut dyn FnMut(&str) -> Result<Datum>,
) -> Result<Range> {
    let rest = text.trim_start_matches(is_space);
    if let Some(rest) = after_empty(rest) {
        return match rest.chars().all(is_space) {
            true => Ok(Range::empty(subtype)),
            false => Err(malformed(text, "Junk after \"empty\" key word.")),
        };
    }
    let (lower_inclusive, rest) = match rest.strip_prefix('[') {
        Some(rest) => (true, rest),
        None => match rest.strip_prefix('(') {
            Some(rest) => (false, rest),
            None => return Err(malformed(text, "Missing left parenthesis or bracket.")),
        },
    };
    let (lower, rest) = bound(text, rest)?;
    let Some(rest) = rest.strip_prefix(',') else {
        return Err(malformed(text, "Missing comma after lower bound."));
    };
    let (upper, rest) = bound(text, rest)?;
    let (upper_inclusive, rest) = match rest.strip_prefix(']') {
        Some(rest) => (true, rest),
        None => match rest.strip_prefix(')') {
            Some(rest) => (false, rest),
            None => return Err(malformed(text, "Too many commas.")),
        },
    };
    if !rest.chars().all(is_space) {
        return Err(malformed(text, "Junk after right parenthesis or bracket."));
    }
    let mut value = |written: Option<String>| written.map(|text| read(&text)).transpose();
    let lower = Bound::lower(value(lower)?, lower_inclusive);
    Range::new(subtype, lower, Bound::upper(value(upper)?, upper_inclusive))
}

/// A bound's text up to its delimiter, without quotes and backslashes; `None`: there is nothing.
fn bound<'a>(text: &str, rest: &'a str) -> Result<(Option<String>, &'a str)> {
    const DELIMITERS: [char; 3] = [',', ')', ']'];
    if rest.starts_with(DELIMITERS) {
        return Ok((None, rest));
    }
    let unexpected_end = || malformed(text, "Unexpected end of input.");
    let (mut value, mut quoted) = (String::new(), false);
    let mut chars = rest.char_indices().peekable();
    loop {
        let (at, c) = chars.next().ok_or_else(unexpected_end)?;
        match c {
            _ if !quoted && DELIMITERS.contains(&c) => return Ok((Some(value), &rest[at..])),
            '\\' => value.push(chars.next().ok_or_else(unexpected_end)?.1),
            '"' if quoted && chars.next_if(|(_, next)| *next == '"').is_some() => value.push('"'),
            '"' => quoted = !quoted,
            c => value.push(c),
        }
    }
}

/// Appends a range's text.
pub fn text_out(range: &Range, format: &Format, out: &mut Vec<u8>) {
    let Some((lower, upper)) = &range.bounds else {
        out.extend_from_slice(b"empty");
        return;
    };
    out.push(if lower.inclusive { b'[' } else { b'(' });
    write_bound(range.subtype.oid, lower, format, out);
    out.push(b',');
    write_bound(range.subtype.oid, upper, format, out);
    out.push(if upper.inclusive { b']' } else { b')' });
}

fn write_bound(subtype: Oid, bound: &Bound, format: &Format, out: &mut Vec<u8>) {
    let Some(value) = &bound.value else { return };
    let mut text = Vec::new();
    codec::text_out(subtype, value, format, &mut text);
    let special = |b: &u8| matches!(b, b'"' | b'\\' | b'(' | b')' | b'[' | b']' | b',');
    let quoted = text.is_empty() || text.iter().any(|b| special(b) || is_space(char::from(*b)));
    if !quoted {
        out.extend_from_slice(&text);
        return;
    }
    out.push(b'"');
    for byte in text {
        if matches!(byte, b'"' | b'\\') {
            out.push(byte);
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// Whether the bounds are inclusive, as a constructor's third argument says: `[)`.
pub fn bound_flags(value: &Datum) -> Result<(bool, bool)> {
    let Datum::Text(flags) = value else {
        let message = "range constructor flags argument must not be null";
        return Err(PgError::new(code::DATA_EXCEPTION, message));
    };
    match &**flags {
        "[]" => Ok((true, true)),
        "[)" => Ok((true, false)),
        "(]" => Ok((false, true)),
        "()" => Ok((false, false)),
        _ => Err(PgError::new(code::SYNTAX_ERROR, "invalid range bound flags")
            .hint("Valid values are \"[]\", \"[)\", \"(]\", and \"()\".")),
    }
}

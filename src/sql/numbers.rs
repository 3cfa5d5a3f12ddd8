//! Numeric literals that PostgreSQL 15 does not know: `0x1F`, `0o7`, `0b1`, `1_000`.
//!
//! The grammar is 18's, which reads them; 15 refuses them as trailing junk. Text that parsed is
//! scanned once more here, but only if it holds a digit beside such a letter at all.

use crate::error::{PgError, code};

/// The error for the first literal of the text that 15 refuses. The text is known to parse.
pub(super) fn refused(text: &str) -> Option<PgError> {
    let bytes = text.as_bytes();
    let suspect = |w: &[u8]| w[0].is_ascii_digit() && b"_xXoObB".contains(&w[1]);
    if !bytes.windows(2).any(suspect) {
        return None;
    }
    let mut at = 0;
    while at < bytes.len() {
        let end = token_end(bytes, at);
        let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
        if (digit(at) || (bytes[at] == b'.' && digit(at + 1)))
            && bytes.get(end).is_some_and(|b| starts_identifier(*b))
        {
            let shown = text.get(at..end + identifier_length(&bytes[end..]))?;
            let message = format!("trailing junk after numeric literal at or near \"{shown}\"");
            let position = i32::try_from(at).unwrap_or(-1);
            return Some(PgError::new(code::SYNTAX_ERROR, message).at(position));
        }
        at = end;
    }
    None
}

/// Where the token, blank or character that begins at `at` ends; always further on.
fn token_end(text: &[u8], at: usize) -> usize {
    let rest = &text[at..];
    match rest {
        [b'-', b'-', ..] => at + rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => at + comment_length(rest),
        [b'e' | b'E', b'\'', ..] => at + 1 + quoted_length(&rest[1..], true),
        [b'\'' | b'"', ..] => at + quoted_length(rest, false),
        [b'$', b'0'..=b'9', ..] => at + 1 + run(&rest[1..], |b| b.is_ascii_digit()),
        [b'$', ..] => at + dollar_quoted_length(rest),
        [b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..] => at + number_length(rest),
        [b, ..] if starts_identifier(*b) => at + identifier_length(rest),
        _ => at + 1,
    }
}

fn starts_identifier(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn run(text: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|b| !belongs(*b)).unwrap_or(text.len())
}

fn identifier_length(text: &[u8]) -> usize {
    run(text, |b| starts_identifier(b) || b.is_ascii_digit() || b == b'$')
}

/// Digits, fraction and exponent as 15 reads them. Two points after digits are a range, not a fraction.
fn number_length(text: &[u8]) -> usize {
    let digits = |at: usize| run(text.get(at..).unwrap_or_default(), |b| b.is_ascii_digit());
    let mut at = digits(0);
    if text.get(at) == Some(&b'.') && text.get(at + 1) != Some(&b'.') {
        at += 1 + digits(at + 1);
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at + 1 + sign);
        if exponent > 0 {
            at += 1 + sign + exponent;
        }
    }
    at
}

/// A string or quoted identifier; its doubled quotes make two tokens, which does no harm here.
fn quoted_length(text: &[u8], escapes: bool) -> usize {
    let mut at = 1;
    while at < text.len() {
        match text[at] {
            b'\\' if escapes => at += 2,
            b if b == text[0] => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

fn comment_length(text: &[u8]) -> usize {
    let (mut at, mut depth) = (2, 1);
    while at < text.len() && depth > 0 {
        match &text[at..] {
            [b'/', b'*', ..] => {
                depth += 1;
                at += 2;
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                at += 2;
            }
            _ => at += 1,
        }
    }
    at.min(text.len())
}

/// `$tag$ … $tag$`, or the dollar sign alone.
fn dollar_quoted_length(text: &[u8]) -> usize {
    let tag = 1 + run(&text[1..], |b| starts_identifier(b) || b.is_ascii_digit());
    if text.get(tag) != Some(&b'$') {
        return 1;
    }
    let (quote, rest) = text.split_at(tag + 1);
    let end = rest.windows(quote.len()).position(|w| w == quote);
    end.map_or(text.len(), |end| 2 * quote.len() + end)
}

#[cfg(test)]
mod tests {
    use super::refused;

    #[test]
    fn literals_of_later_versions_are_junk() {
        let message = |text: &str| refused(text).map(|e| e.to_string());
        for text in ["SELECT 0x10", "SELECT 1_000", "SELECT 0b1", "SELECT 0o7", "SELECT 1.5_0"] {
            let message = message(text).expect("an error");
            assert!(message.contains("trailing junk after numeric literal"), "{message}");
        }
    }

    #[test]
    fn other_text_is_left_alone() {
        for text in [
            "SELECT '0x10', \"1_0\", a0x1, a1_000, $1, 1e5, 1.5e-3, .5, 1. -- 0x10",
            "SELECT /* 0x1 /* 1_0 */ 0x1 */ 1, E'a\\'0x1', $$0x1$$, $a$ 1_0 $$ $a$, 'it''s 0x1'",
        ] {
            assert!(refused(text).is_none(), "{text}");
        }
    }
}

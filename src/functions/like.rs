//! LIKE and ILIKE, of text and bytea.
//!
//! `%` matches any run, `_` one character (of bytea: one byte), a backslash makes the next character
//! literal. The match works on bytes: no UTF-8 sequence contains another's bytes, so only `_` needs
//! to know characters. Case folds in ASCII, as the C collation does.

use super::Ctx;
use super::Implementation::{self, Scalar};
use crate::error::{PgError, Result, code};
use crate::types::Datum;

/// How `_` steps and letters compare.
#[derive(Clone, Copy)]
struct Mode {
    characters: bool,
    fold: bool,
}

impl Mode {
    /// The length of the character at the start of non-empty `s`.
    fn step(self, s: &[u8]) -> usize {
        if !self.characters {
            return 1;
        }
        1 + s[1..].iter().take_while(|&&byte| byte & 0xC0 == 0x80).count()
    }

    fn same(self, a: u8, b: u8) -> bool {
        if self.fold { a.eq_ignore_ascii_case(&b) } else { a == b }
    }
}

fn trailing_escape() -> PgError {
    PgError::new(code::INVALID_ESCAPE_SEQUENCE, "LIKE pattern must not end with escape character")
}

/// What a pattern begins with, wildcards left out, and whether that is all of it.
pub(super) fn fixed(pattern: &str) -> (String, bool) {
    let (mut text, mut chars) = (String::new(), pattern.chars());
    while let Some(c) = chars.next() {
        let literal = match c {
            '%' | '_' => None,
            '\\' => chars.next(),
            other => Some(other),
        };
        match literal {
            Some(literal) => text.push(literal),
            None => return (text, false),
        }
    }
    (text, true)
}

/// Retries between looks at whether the statement is cancelled.
const RETRIES_UNCHECKED: u32 = 256;

/// Greedy matching with one point of return: on a mismatch only the last `%` can take more, since
/// whatever an earlier one could give up, the last one could take as well.
fn matches(ctx: &Ctx<'_>, mut s: &[u8], mut pattern: &[u8], mode: Mode) -> Result<bool> {
    let mut retries = 0u32;
    // Where to go on after a mismatch: the pattern behind the last `%`, and the text it tried.
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        let matched = match pattern {
            [b'%', rest @ ..] => {
                pattern = rest;
                retry = Some((rest, s));
                continue;
            }
            [] if s.is_empty() => return Ok(true),
            [] => None,
            [b'_', rest @ ..] => (!s.is_empty()).then(|| (rest, mode.step(s))),
            [b'\\'] if s.is_empty() => None,
            [b'\\'] => return Err(trailing_escape()),
            [b'\\', literal, rest @ ..] | [literal, rest @ ..] => {
                s.first().filter(|&&byte| mode.same(byte, *literal)).map(|_| (rest, 1))
            }
        };
        match (matched, &mut retry) {
            (Some((rest, taken)), _) => {
                pattern = rest;
                s = &s[taken..];
            }
            (None, Some((behind, tried))) if !tried.is_empty() => {
                *tried = &tried[mode.step(tried)..];
                (pattern, s) = (behind, tried);
                // Each may have compared as much as the pattern is long.
                retries = retries.wrapping_add(1);
                if retries.is_multiple_of(RETRIES_UNCHECKED) {
                    ctx.env.session().check_for_interrupts()?;
                }
            }
            (None, _) => return Ok(false),
        }
    }
}

const TEXT: Mode = Mode { characters: true, fold: false };
const TEXT_FOLDED: Mode = Mode { characters: true, fold: true };
const BYTES: Mode = Mode { characters: false, fold: false };

fn like_text(ctx: &Ctx<'_>, a: &[Datum], mode: Mode, wanted: bool) -> Result<Datum> {
    let (s, pattern) = (a[0].as_text().as_bytes(), a[1].as_text().as_bytes());
    Ok(Datum::Bool(matches(ctx, s, pattern, mode)? == wanted))
}

fn like_bytes(ctx: &Ctx<'_>, a: &[Datum], wanted: bool) -> Result<Datum> {
    Ok(Datum::Bool(matches(ctx, a[0].as_bytea(), a[1].as_bytea(), BYTES)? == wanted))
}

/// `pattern ESCAPE escape` with the backslash as escape: the given escape becomes a backslash, and
/// backslashes of the pattern are escaped. An empty escape leaves none.
fn like_escape(pattern: &str, escape: &str) -> Result<String> {
    let mut characters = escape.chars();
    let escape = characters.next();
    if characters.next().is_some() {
        let message = "invalid escape string";
        return Err(PgError::new(code::INVALID_ESCAPE_SEQUENCE, message)
            .hint("Escape string must be empty or one character."));
    }
    if escape == Some('\\') {
        return Ok(pattern.to_owned());
    }
    let mut out = String::with_capacity(pattern.len());
    let mut escaped = false;
    for c in pattern.chars() {
        if Some(c) == escape && !escaped {
            out.push('\\');
            escaped = true;
            continue;
        }
        if c == '\\' && !escaped {
            out.push('\\');
        }
        // An escaped backslash keeps the one backslash that the escape became.
        out.push(c);
        escaped = false;
    }
    Ok(out)
}

fn like_escape_bytes(pattern: &[u8], escape: &[u8]) -> Result<Vec<u8>> {
    // Bytes as the characters of the same number: the rules see no difference.
    let widen = |bytes: &[u8]| bytes.iter().map(|&byte| char::from(byte)).collect::<String>();
    let escaped = like_escape(&widen(pattern), &widen(escape))?;
    Ok(escaped.chars().map(|c| u8::try_from(u32::from(c)).expect("came from a byte")).collect())
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("textlike", Scalar(|c, a| like_text(c, a, TEXT, true))),
    ("textnlike", Scalar(|c, a| like_text(c, a, TEXT, false))),
    ("namelike", Scalar(|c, a| like_text(c, a, TEXT, true))),
    ("namenlike", Scalar(|c, a| like_text(c, a, TEXT, false))),
    ("texticlike", Scalar(|c, a| like_text(c, a, TEXT_FOLDED, true))),
    ("texticnlike", Scalar(|c, a| like_text(c, a, TEXT_FOLDED, false))),
    ("nameiclike", Scalar(|c, a| like_text(c, a, TEXT_FOLDED, true))),
    ("nameicnlike", Scalar(|c, a| like_text(c, a, TEXT_FOLDED, false))),
    ("bytealike", Scalar(|c, a| like_bytes(c, a, true))),
    ("byteanlike", Scalar(|c, a| like_bytes(c, a, false))),
    ("like_escape", Scalar(|_, a| like_escape(a[0].as_text(), a[1].as_text()).map(Datum::text))),
    (
        "like_escape_bytea",
        Scalar(|_, a| like_escape_bytes(a[0].as_bytea(), a[1].as_bytea()).map(Datum::bytea)),
    ),
];

#[cfg(test)]
mod tests {
    use crate::functions::testing::{error, t, value};
    use crate::types::Datum::{self, Bool};

    fn like(s: &str, pattern: &str) -> Datum {
        value("textlike", &[t(s), t(pattern)])
    }

    #[test]
    fn patterns_match_the_whole_text() {
        for (s, pattern, expected) in [
            ("abc", "abc", true),
            ("abc", "a%", true),
            ("abc", "_b_", true),
            ("abc", "b", false),
            ("aéc", "a_c", true),
            ("", "%", true),
            ("", "", true),
            ("", "_", false),
            ("abcabd", "%ab_", true),
            ("aXbXc", "a%b%c", true),
            ("mississippi", "%iss%ip%", true),
            ("a%c", "a\\%c", true),
            ("abc", "a\\%c", false),
            ("a\\c", "a\\\\c", true),
        ] {
            assert_eq!(like(s, pattern), Bool(expected), "{s} LIKE {pattern}");
        }
        assert_eq!(value("texticlike", &[t("ABC"), t("a%")]), Bool(true));
        assert_eq!(value("texticlike", &[t("É"), t("é")]), Bool(false));
    }

    #[test]
    fn a_pattern_may_not_end_with_its_escape() {
        assert_eq!(
            error("textlike", &[t("abc"), t("ab\\")]),
            ("22025", "LIKE pattern must not end with escape character")
        );
    }

    #[test]
    fn escapes_are_rewritten_to_backslashes() {
        assert_eq!(value("like_escape", &[t("a#%b\\c##"), t("#")]), t("a\\%b\\\\c\\#"));
        assert_eq!(value("like_escape", &[t("a\\%"), t("")]), t("a\\\\%"));
        assert_eq!(error("like_escape", &[t("a"), t("ab")]), ("22025", "invalid escape string"));
    }
}

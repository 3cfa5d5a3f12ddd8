//! Basic functions of text: lengths, substrings, case, padding, searching, characters.
//!
//! Positions and lengths count characters from 1. The database's collation is C: `upper`, `lower`
//! and `initcap` change ASCII letters only, as PostgreSQL does under that collation.

use super::Implementation::{self, Scalar};
use super::integer::out_of_range;
use crate::error::{PgError, Result, code};
use crate::types::Datum;
use std::collections::HashMap;

/// The longest value PostgreSQL will build: 1 GB minus its header.
const LENGTH_MAX: usize = 0x3FFF_FFFF - 4;

pub(super) fn negative_length() -> PgError {
    PgError::new(code::SUBSTRING_ERROR, "negative substring length not allowed")
}

fn too_large() -> PgError {
    PgError::new(code::PROGRAM_LIMIT_EXCEEDED, "requested length too large")
}

/// A character count as SQL's integer; values are shorter than 1 GB.
pub(super) fn count(n: usize) -> Datum {
    Datum::Int4(i32::try_from(n).expect("a text value is shorter than 2^31"))
}

/// Byte offset of character `n` (from 0); the length where there are fewer.
pub(super) fn offset_of(s: &str, n: usize) -> usize {
    if s.is_ascii() {
        return n.min(s.len());
    }
    s.char_indices().nth(n).map_or(s.len(), |(i, _)| i)
}

/// Where `[start, start + length)`, from 1, lies within a value's positions, as (skip, take).
/// The part before position 1 counts towards the length but yields nothing.
pub(super) fn window(start: i32, length: Option<i32>) -> Result<(usize, usize)> {
    let skip = usize::try_from(start.max(1) - 1).expect("at least 0");
    let Some(length) = length else {
        return Ok((skip, usize::MAX));
    };
    if length < 0 {
        return Err(negative_length());
    }
    let take = match start.checked_add(length) {
        Some(end) => usize::try_from(i64::from(end) - i64::from(start.max(1))).unwrap_or(0),
        None => usize::MAX,
    };
    Ok((skip, take))
}

pub(super) fn substring(s: &str, start: i32, length: Option<i32>) -> Result<&str> {
    let (skip, take) = window(start, length)?;
    let rest = &s[offset_of(s, skip)..];
    Ok(&rest[..offset_of(rest, take)])
}

/// `overlay(s placing new from start for length)`; `start` and its end as PostgreSQL checks them.
pub(super) fn overlay_range(start: i32, length: i32) -> Result<(i32, i32)> {
    if start <= 0 {
        return Err(negative_length());
    }
    let end = start.checked_add(length).ok_or_else(|| out_of_range("integer"))?;
    Ok((start - 1, end))
}

fn overlay(s: &str, new: &str, start: i32, length: i32) -> Result<Datum> {
    let (before, after) = overlay_range(start, length)?;
    let head = substring(s, 1, Some(before))?;
    Ok(Datum::text([head, new, substring(s, after, None)?].concat()))
}

fn char_count(s: &str) -> usize {
    s.chars().count()
}

fn chars_i32(s: &str) -> i32 {
    i32::try_from(char_count(s)).expect("a text value is shorter than 2^31")
}

/// `left(s, n)`: the first n characters; a negative n drops that many at the end.
fn left(s: &str, n: i32) -> &str {
    let keep = if n < 0 { chars_i32(s).saturating_add(n) } else { n };
    &s[..offset_of(s, usize::try_from(keep).unwrap_or(0))]
}

fn right(s: &str, n: i32) -> &str {
    let skip = match n {
        0.. => char_count(s).saturating_sub(n as usize),
        // The least number has no positive counterpart; PostgreSQL then skips nothing.
        _ => n.checked_neg().map_or(0, |n| n as usize),
    };
    &s[offset_of(s, skip)..]
}

/// Position of a needle in characters, 0 where absent; the empty needle is found at 1.
fn position(s: &str, needle: &str) -> Datum {
    match s.find(needle) {
        Some(at) => count(char_count(&s[..at]) + 1),
        None => Datum::Int4(0),
    }
}

fn initcap(s: &str) -> String {
    let mut inside = false;
    s.chars()
        .map(|c| {
            let mapped = if inside { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() };
            inside = c.is_ascii_alphanumeric();
            mapped
        })
        .collect()
}

enum Side {
    Left,
    Right,
}

/// `lpad` and `rpad`: cut at the right where `s` is longer than the target.
fn pad(s: &str, length: i32, fill: &str, side: Side) -> Result<Datum> {
    let length = usize::try_from(length).unwrap_or(0);
    let have = char_count(s).min(length);
    let target = if fill.is_empty() { have } else { length };
    // PostgreSQL allows for four bytes per character before it looks at any.
    if target.checked_mul(4).is_none_or(|bytes| bytes > LENGTH_MAX) {
        return Err(too_large());
    }
    let kept = &s[..offset_of(s, have)];
    let padding = fill.chars().cycle().take(target - have);
    Ok(Datum::text(match side {
        Side::Left => padding.chain(kept.chars()).collect::<String>(),
        Side::Right => kept.chars().chain(padding).collect::<String>(),
    }))
}

fn repeat(s: &str, times: i32) -> Result<Datum> {
    let times = usize::try_from(times).unwrap_or(0);
    match s.len().checked_mul(times) {
        Some(bytes) if bytes <= LENGTH_MAX => Ok(Datum::text(s.repeat(times))),
        _ => Err(too_large()),
    }
}

fn replace(a: &[Datum]) -> Result<Datum> {
    let (s, from, to) = (a[0].as_text(), a[1].as_text(), a[2].as_text());
    // An empty pattern replaces nothing (Rust's would match between all characters).
    if from.is_empty() || !s.contains(from) {
        return Ok(a[0].clone());
    }
    let replaced = s.matches(from).count();
    check_length(
        (s.len() - replaced * from.len()).saturating_add(replaced.saturating_mul(to.len())),
    )?;
    Ok(Datum::text(s.replace(from, to)))
}

/// Refuses a value of so many bytes before it is made.
pub(super) fn check_length(bytes: usize) -> Result<()> {
    match bytes <= LENGTH_MAX {
        true => Ok(()),
        false => Err(PgError::new(code::PROGRAM_LIMIT_EXCEEDED, "out of memory")
            .detail(format!("Cannot make a value of {bytes} bytes."))),
    }
}

/// Each character of `from` becomes the one at its place in `to`, or goes where `to` is shorter.
fn translate(s: &str, from: &str, to: &str) -> String {
    let mut to = to.chars();
    let mut becomes: HashMap<char, Option<char>> = HashMap::new();
    for c in from.chars() {
        // Of a character that stands twice in `from` the first place counts.
        let new = to.next();
        becomes.entry(c).or_insert(new);
    }
    s.chars().filter_map(|c| becomes.get(&c).copied().unwrap_or(Some(c))).collect()
}

fn chr(value: i32) -> Result<Datum> {
    let limit = |message: String| Err(PgError::new(code::PROGRAM_LIMIT_EXCEEDED, message));
    match u32::try_from(value) {
        Err(_) => {
            Err(PgError::new(code::INVALID_PARAMETER_VALUE, "character number must be positive"))
        }
        Ok(0) => limit("null character not permitted".into()),
        Ok(c) if c > 0x10_FFFF => limit(format!("requested character too large for encoding: {c}")),
        Ok(c) => match char::from_u32(c) {
            Some(c) => Ok(Datum::text(String::from(c))),
            None => limit(format!("requested character not valid for encoding: {c}")),
        },
    }
}

fn ascii(s: &str) -> Datum {
    Datum::Int4(s.chars().next().map_or(0, |c| c as i32))
}

/// The `trim` family: characters of a set, off one end or both.
fn trim<'a>(s: &'a str, set: &str, left: bool, right: bool) -> &'a str {
    let in_set = |c| set.contains::<char>(c);
    let s = if left { s.trim_start_matches(in_set) } else { s };
    if right { s.trim_end_matches(in_set) } else { s }
}

macro_rules! trims {
    ($($name:literal, $name1:literal: $left:literal, $right:literal;)*) => {
        /// `trim`, `ltrim`, `rtrim`, of given characters or of blanks.
        pub(super) const TRIM: &[(&str, Implementation)] = &[$(
            ($name, Scalar(|_, a| Ok(Datum::text(trim(a[0].as_text(), a[1].as_text(), $left, $right))))),
            ($name1, Scalar(|_, a| Ok(Datum::text(trim(a[0].as_text(), " ", $left, $right))))),
        )*];
    };
}

trims! {
    "btrim", "btrim1": true, true;
    "ltrim", "ltrim1": true, false;
    "rtrim", "rtrim1": false, true;
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("textlen", Scalar(|_, a| Ok(count(char_count(a[0].as_text()))))),
    // Trailing blanks of char(n) are padding, not content.
    ("bpcharlen", Scalar(|_, a| Ok(count(char_count(a[0].as_text().trim_end_matches(' ')))))),
    ("textoctetlen", Scalar(|_, a| Ok(count(a[0].as_text().len())))),
    ("bpcharoctetlen", Scalar(|_, a| Ok(count(a[0].as_text().len())))),
    ("bit_length(text)", Scalar(|_, a| super::bytea::bit_length(a[0].as_text().as_bytes()))),
    ("upper", Scalar(|_, a| Ok(Datum::text(a[0].as_text().to_ascii_uppercase())))),
    ("lower", Scalar(|_, a| Ok(Datum::text(a[0].as_text().to_ascii_lowercase())))),
    ("initcap", Scalar(|_, a| Ok(Datum::text(initcap(a[0].as_text()))))),
    (
        "text_substr",
        Scalar(|_, a| {
            substring(a[0].as_text(), a[1].as_int4(), Some(a[2].as_int4())).map(Datum::text)
        }),
    ),
    (
        "text_substr_no_len",
        Scalar(|_, a| substring(a[0].as_text(), a[1].as_int4(), None).map(Datum::text)),
    ),
    (
        "textoverlay",
        Scalar(|_, a| overlay(a[0].as_text(), a[1].as_text(), a[2].as_int4(), a[3].as_int4())),
    ),
    (
        "textoverlay_no_len",
        Scalar(|_, a| {
            let new = a[1].as_text();
            overlay(a[0].as_text(), new, a[2].as_int4(), chars_i32(new))
        }),
    ),
    ("text_left", Scalar(|_, a| Ok(Datum::text(left(a[0].as_text(), a[1].as_int4()))))),
    ("text_right", Scalar(|_, a| Ok(Datum::text(right(a[0].as_text(), a[1].as_int4()))))),
    ("textpos", Scalar(|_, a| Ok(position(a[0].as_text(), a[1].as_text())))),
    (
        "text_starts_with",
        Scalar(|_, a| Ok(Datum::Bool(a[0].as_text().starts_with(a[1].as_text())))),
    ),
    ("lpad", Scalar(|_, a| pad(a[0].as_text(), a[1].as_int4(), a[2].as_text(), Side::Left))),
    ("rpad", Scalar(|_, a| pad(a[0].as_text(), a[1].as_int4(), a[2].as_text(), Side::Right))),
    ("lpad(text,int4)", Scalar(|_, a| pad(a[0].as_text(), a[1].as_int4(), " ", Side::Left))),
    ("rpad(text,int4)", Scalar(|_, a| pad(a[0].as_text(), a[1].as_int4(), " ", Side::Right))),
    ("repeat", Scalar(|_, a| repeat(a[0].as_text(), a[1].as_int4()))),
    ("replace_text", Scalar(|_, a| replace(a))),
    (
        "text_reverse",
        Scalar(|_, a| Ok(Datum::text(a[0].as_text().chars().rev().collect::<String>()))),
    ),
    (
        "translate",
        Scalar(|_, a| Ok(Datum::text(translate(a[0].as_text(), a[1].as_text(), a[2].as_text())))),
    ),
    ("ascii", Scalar(|_, a| Ok(ascii(a[0].as_text())))),
    ("chr", Scalar(|_, a| chr(a[0].as_int4()))),
    ("to_hex32", Scalar(|_, a| Ok(Datum::text(format!("{:x}", a[0].as_int4()))))),
    ("to_hex64", Scalar(|_, a| Ok(Datum::text(format!("{:x}", a[0].as_int8()))))),
];

#[cfg(test)]
mod tests {
    use crate::functions::testing::{error, t, value};
    use crate::types::Datum::Int4;

    #[test]
    fn substrings_may_start_before_the_text() {
        let sub = |s, from, n| value("text_substr", &[t(s), Int4(from), Int4(n)]);
        assert_eq!(sub("héllo", 2, 3), t("éll"));
        assert_eq!(sub("hello", -1, 3), t("h"));
        assert_eq!(sub("hello", 2, i32::MAX), t("ello"));
        assert_eq!(sub("hello", i32::MAX, i32::MAX), t(""));
        assert_eq!(value("text_substr_no_len", &[t("hello"), Int4(-5)]), t("hello"));
        assert_eq!(
            error("text_substr", &[t("hello"), Int4(2), Int4(-1)]),
            ("22011", "negative substring length not allowed")
        );
    }

    #[test]
    fn overlay_replaces_a_range() {
        let overlay = |n| value("textoverlay", &[t("Txxxxas"), t("hom"), Int4(2), Int4(n)]);
        assert_eq!(overlay(4), t("Thomas"));
        assert_eq!(overlay(0), t("Thomxxxxas"));
        assert_eq!(
            error("textoverlay_no_len", &[t("a"), t("b"), Int4(0)]),
            ("22011", "negative substring length not allowed")
        );
    }

    #[test]
    fn negative_counts_drop_from_the_other_end() {
        assert_eq!(value("text_left", &[t("abcdé"), Int4(-2)]), t("abc"));
        assert_eq!(value("text_right", &[t("abcdé"), Int4(-2)]), t("cdé"));
        // The least number has no positive counterpart.
        assert_eq!(value("text_right", &[t("abc"), Int4(i32::MIN)]), t("abc"));
        assert_eq!(value("text_left", &[t("abc"), Int4(i32::MIN)]), t(""));
    }

    #[test]
    fn padding_cuts_longer_text() {
        assert_eq!(value("lpad", &[t("hi"), Int4(5), t("xyz")]), t("xyzhi"));
        assert_eq!(value("lpad", &[t("hello"), Int4(3), t("x")]), t("hel"));
        assert_eq!(value("rpad", &[t("hi"), Int4(5), t("")]), t("hi"));
        assert_eq!(
            error("rpad(text,int4)", &[t("a"), Int4(2_000_000_000)]),
            ("54000", "requested length too large")
        );
    }

    #[test]
    fn case_follows_the_c_collation() {
        assert_eq!(value("upper", &[t("straße")]), t("STRAßE"));
        assert_eq!(value("initcap", &[t("éa bc-dE")]), t("éA Bc-De"));
    }

    #[test]
    fn chr_refuses_what_is_no_character() {
        assert_eq!(value("chr", &[Int4(8364)]), t("€"));
        assert_eq!(error("chr", &[Int4(-1)]), ("22023", "character number must be positive"));
        assert_eq!(
            error("chr", &[Int4(55296)]),
            ("54000", "requested character not valid for encoding: 55296")
        );
    }

    #[test]
    fn trims_take_a_set_of_characters() {
        assert_eq!(value("btrim", &[t("yxTomxx"), t("xyz")]), t("Tom"));
        assert_eq!(value("ltrim1", &[t("  a ")]), t("a "));
        assert_eq!(value("translate", &[t("12345"), t("143"), t("ax")]), t("a2x5"));
    }
}

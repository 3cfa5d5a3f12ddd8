//! The operators `~ ~* !~ !~*` and the `regexp_*` functions.

use super::super::Implementation::{self, Scalar, Set};
use super::super::Rows;
use super::super::text::{count, offset_of};
use super::{Match, Options, Pattern, next_start};
use crate::error::{PgError, Result, code};
use crate::functions::text::check_length;
use crate::types::{Array, Datum, oids};
use std::ops::Range;
use std::sync::Arc;

fn test(a: &[Datum], fold: bool, wanted: bool) -> Result<Datum> {
    let pattern = Pattern::get(a[1].as_text(), Options { fold, ..Options::default() })?;
    Ok(Datum::Bool(pattern.is_match(a[0].as_text())? == wanted))
}

/// The flags argument at `i`, if the call has one.
fn flags(a: &[Datum], i: usize) -> Result<Options> {
    a.get(i).map_or(Ok(Options::default()), |flags| Options::parse(flags.as_text()))
}

/// Flags of a function that has no use for `g`.
fn flags_without_global(a: &[Datum], i: usize, function: &str) -> Result<Options> {
    let options = flags(a, i)?;
    if options.global {
        let message = format!("{function}() does not support the \"global\" option");
        return Err(PgError::new(code::INVALID_PARAMETER_VALUE, message));
    }
    Ok(options)
}

/// The integer argument at `i`, at least `least`; `default` where the call has none.
fn parameter(a: &[Datum], i: usize, name: &str, least: i32, default: i32) -> Result<usize> {
    let value = a.get(i).map_or(default, Datum::as_int4);
    if value < least {
        let message = format!("invalid value for parameter \"{name}\": {value}");
        return Err(PgError::new(code::INVALID_PARAMETER_VALUE, message));
    }
    Ok(value as usize)
}

/// Byte offset of the 1-based character `start`; `None`: past the end.
fn start_offset(text: &str, start: usize) -> Option<usize> {
    (start - 1 <= text.chars().count()).then(|| offset_of(text, start - 1))
}

/// Every match from byte `from` on.
fn all_matches(pattern: &Pattern, text: &str, from: Option<usize>) -> Result<Vec<Match>> {
    let mut found = Vec::new();
    let mut from = from;
    while let Some(start) = from {
        let Some(m) = pattern.find(text, start)? else { break };
        from = next_start(text, &m.whole);
        found.push(m);
    }
    Ok(found)
}

/// The `n`-th match (from 1).
fn nth_match(
    pattern: &Pattern,
    text: &str,
    from: Option<usize>,
    n: usize,
) -> Result<Option<Match>> {
    let mut from = from;
    let mut remaining = n;
    while let Some(start) = from {
        let Some(m) = pattern.find(text, start)? else { break };
        remaining -= 1;
        if remaining == 0 {
            return Ok(Some(m));
        }
        from = next_start(text, &m.whole);
    }
    Ok(None)
}

fn slice(text: &str, range: Option<Range<usize>>) -> Datum {
    range.map_or(Datum::Null, |range| Datum::text(&text[range]))
}

/// The groups' texts, or the whole match's where the pattern has no groups.
fn match_array(text: &str, found: &Match) -> Datum {
    let elements = match found.groups.is_empty() {
        true => vec![Datum::text(&text[found.whole.clone()])],
        false => found.groups.iter().map(|group| slice(text, group.clone())).collect(),
    };
    Datum::Array(Arc::new(Array::from_elements(oids::TEXT, elements)))
}

fn regexp_match(a: &[Datum]) -> Result<Datum> {
    let options = flags_without_global(a, 2, "regexp_match").map_err(|e| {
        match e.message().contains("global") {
            true => e.hint("Use the regexp_matches function instead."),
            false => e,
        }
    })?;
    let text = a[0].as_text();
    let found = Pattern::get(a[1].as_text(), options)?.find(text, 0)?;
    Ok(found.map_or(Datum::Null, |m| match_array(text, &m)))
}

fn regexp_matches(a: &[Datum]) -> Result<Rows> {
    let options = flags(a, 2)?;
    let pattern = Pattern::get(a[1].as_text(), Options { global: false, ..options })?;
    let text = a[0].as_text();
    let found = match options.global {
        true => all_matches(&pattern, text, Some(0))?,
        false => pattern.find(text, 0)?.into_iter().collect(),
    };
    let rows: Vec<Datum> = found.iter().map(|m| match_array(text, m)).collect();
    Ok(Box::new(rows.into_iter().map(|row| Ok(vec![row]))))
}

/// The pieces between matches. An empty match at either end of the text or right behind another
/// match does not split.
fn split(a: &[Datum], function: &str) -> Result<Vec<Datum>> {
    let options = flags_without_global(a, 2, function)?;
    let pattern = Pattern::get(a[1].as_text(), options)?;
    let text = a[0].as_text();
    let mut pieces = Vec::new();
    let mut behind = 0;
    for m in all_matches(&pattern, text, Some(0))? {
        if m.whole.start < text.len() && m.whole.end > behind {
            pieces.push(Datum::text(&text[behind..m.whole.start]));
            behind = m.whole.end;
        }
    }
    pieces.push(Datum::text(&text[behind..]));
    Ok(pieces)
}

fn split_to_array(a: &[Datum]) -> Result<Datum> {
    let pieces = split(a, "regexp_split_to_array")?;
    Ok(Datum::Array(Arc::new(Array::from_elements(oids::TEXT, pieces))))
}

fn split_to_table(a: &[Datum]) -> Result<Rows> {
    let pieces = split(a, "regexp_split_to_table")?;
    Ok(Box::new(pieces.into_iter().map(|piece| Ok(vec![piece]))))
}

/// Appends the replacement for a match: `\1` to `\9` are groups, `\&` the match, `\\` a backslash.
fn substitute(out: &mut String, replacement: &str, text: &str, found: &Match) {
    let mut rest = replacement;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match rest.as_bytes().first() {
            Some(&digit @ b'1'..=b'9') => {
                let group = found.groups.get(usize::from(digit - b'1'));
                if let Some(Some(range)) = group {
                    out.push_str(&text[range.clone()]);
                }
                rest = &rest[1..];
            }
            Some(b'&') => {
                out.push_str(&text[found.whole.clone()]);
                rest = &rest[1..];
            }
            Some(b'\\') => {
                out.push('\\');
                rest = &rest[1..];
            }
            _ => out.push('\\'),
        }
    }
    out.push_str(rest);
}

/// Replaces match number `n`, or all where it is 0.
fn replace(a: &[Datum], options: Options, start: usize, n: usize) -> Result<Datum> {
    let pattern = Pattern::get(a[1].as_text(), Options { global: false, ..options })?;
    let (text, replacement) = (a[0].as_text(), a[2].as_text());
    let from = start_offset(text, start);
    let found = match n {
        0 => all_matches(&pattern, text, from)?,
        n => nth_match(&pattern, text, from, n)?.into_iter().collect(),
    };
    let mut out = String::with_capacity(text.len());
    let mut behind = 0;
    for m in &found {
        out.push_str(&text[behind..m.whole.start]);
        substitute(&mut out, replacement, text, m);
        check_length(out.len())?;
        behind = m.whole.end;
    }
    out.push_str(&text[behind..]);
    Ok(Datum::text(out))
}

/// `regexp_replace(string, pattern, replacement, flags)`.
fn replace_with_flags(a: &[Datum]) -> Result<Datum> {
    let flags = a[3].as_text();
    let options = Options::parse(flags).map_err(|e| {
        match flags.starts_with(|c: char| c.is_ascii_digit()) {
            true => e.hint(
                "If you meant to use regexp_replace() with a start parameter, cast the fourth \
                 argument to integer explicitly.",
            ),
            false => e,
        }
    })?;
    replace(a, options, 1, usize::from(!options.global))
}

/// `regexp_replace(string, pattern, replacement, start [, n [, flags]])`.
fn replace_extended(a: &[Datum]) -> Result<Datum> {
    let start = parameter(a, 3, "start", 1, 1)?;
    let n = parameter(a, 4, "n", 0, 1)?;
    replace(a, flags(a, 5)?, start, n)
}

fn regexp_count(a: &[Datum]) -> Result<Datum> {
    let start = parameter(a, 2, "start", 1, 1)?;
    let pattern = Pattern::get(a[1].as_text(), flags_without_global(a, 3, "regexp_count")?)?;
    let text = a[0].as_text();
    Ok(count(all_matches(&pattern, text, start_offset(text, start))?.len()))
}

/// The range that `n` and `subexpr` choose: the match itself for 0, else a group.
fn chosen(found: Option<Match>, subexpr: usize) -> Option<Range<usize>> {
    let found = found?;
    match subexpr {
        0 => Some(found.whole),
        n => found.groups.get(n - 1).cloned().flatten(),
    }
}

fn regexp_instr(a: &[Datum]) -> Result<Datum> {
    let start = parameter(a, 2, "start", 1, 1)?;
    let n = parameter(a, 3, "n", 1, 1)?;
    let end_option = parameter(a, 4, "endoption", 0, 0)?;
    if end_option > 1 {
        let message = format!("invalid value for parameter \"endoption\": {end_option}");
        return Err(PgError::new(code::INVALID_PARAMETER_VALUE, message));
    }
    let subexpr = parameter(a, 6, "subexpr", 0, 0)?;
    let pattern = Pattern::get(a[1].as_text(), flags_without_global(a, 5, "regexp_instr")?)?;
    let text = a[0].as_text();
    let found = nth_match(&pattern, text, start_offset(text, start), n)?;
    Ok(match chosen(found, subexpr) {
        Some(range) => {
            let at = if end_option == 1 { range.end } else { range.start };
            count(text[..at].chars().count() + 1)
        }
        None => Datum::Int4(0),
    })
}

fn regexp_substr(a: &[Datum]) -> Result<Datum> {
    let start = parameter(a, 2, "start", 1, 1)?;
    let n = parameter(a, 3, "n", 1, 1)?;
    let subexpr = parameter(a, 5, "subexpr", 0, 0)?;
    let pattern = Pattern::get(a[1].as_text(), flags_without_global(a, 4, "regexp_substr")?)?;
    let text = a[0].as_text();
    let found = nth_match(&pattern, text, start_offset(text, start), n)?;
    Ok(slice(text, chosen(found, subexpr)))
}

fn regexp_like(a: &[Datum]) -> Result<Datum> {
    let pattern = Pattern::get(a[1].as_text(), flags_without_global(a, 2, "regexp_like")?)?;
    pattern.is_match(a[0].as_text()).map(Datum::Bool)
}

/// `substring(string from pattern)`: the first group if there is one, else the match.
pub(super) fn substring(text: &str, pattern: &str) -> Result<Datum> {
    let pattern = Pattern::get(pattern, Options::default())?;
    let found = pattern.find(text, 0)?;
    Ok(slice(text, chosen(found, usize::from(pattern.groups > 0))))
}

pub(in super::super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("textregexeq", Scalar(|_, a| test(a, false, true))),
    ("textregexne", Scalar(|_, a| test(a, false, false))),
    ("texticregexeq", Scalar(|_, a| test(a, true, true))),
    ("texticregexne", Scalar(|_, a| test(a, true, false))),
    ("nameregexeq", Scalar(|_, a| test(a, false, true))),
    ("nameregexne", Scalar(|_, a| test(a, false, false))),
    ("nameicregexeq", Scalar(|_, a| test(a, true, true))),
    ("nameicregexne", Scalar(|_, a| test(a, true, false))),
    ("textregexsubstr", Scalar(|_, a| substring(a[0].as_text(), a[1].as_text()))),
    ("regexp_match", Scalar(|_, a| regexp_match(a))),
    ("regexp_match_no_flags", Scalar(|_, a| regexp_match(a))),
    ("regexp_matches", Set(|_, a| regexp_matches(a))),
    ("regexp_matches_no_flags", Set(|_, a| regexp_matches(a))),
    ("regexp_split_to_array", Scalar(|_, a| split_to_array(a))),
    ("regexp_split_to_array_no_flags", Scalar(|_, a| split_to_array(a))),
    ("regexp_split_to_table", Set(|_, a| split_to_table(a))),
    ("regexp_split_to_table_no_flags", Set(|_, a| split_to_table(a))),
    ("textregexreplace_noopt", Scalar(|_, a| replace(a, Options::default(), 1, 1))),
    ("textregexreplace", Scalar(|_, a| replace_with_flags(a))),
    ("textregexreplace_extended", Scalar(|_, a| replace_extended(a))),
    ("textregexreplace_extended_no_flags", Scalar(|_, a| replace_extended(a))),
    ("textregexreplace_extended_no_n", Scalar(|_, a| replace_extended(a))),
    ("regexp_count", Scalar(|_, a| regexp_count(a))),
    ("regexp_count_no_flags", Scalar(|_, a| regexp_count(a))),
    ("regexp_count_no_start", Scalar(|_, a| regexp_count(a))),
    ("regexp_instr", Scalar(|_, a| regexp_instr(a))),
    ("regexp_instr_no_subexpr", Scalar(|_, a| regexp_instr(a))),
    ("regexp_instr_no_flags", Scalar(|_, a| regexp_instr(a))),
    ("regexp_instr_no_endoption", Scalar(|_, a| regexp_instr(a))),
    ("regexp_instr_no_n", Scalar(|_, a| regexp_instr(a))),
    ("regexp_instr_no_start", Scalar(|_, a| regexp_instr(a))),
    ("regexp_substr", Scalar(|_, a| regexp_substr(a))),
    ("regexp_substr_no_subexpr", Scalar(|_, a| regexp_substr(a))),
    ("regexp_substr_no_flags", Scalar(|_, a| regexp_substr(a))),
    ("regexp_substr_no_n", Scalar(|_, a| regexp_substr(a))),
    ("regexp_substr_no_start", Scalar(|_, a| regexp_substr(a))),
    ("regexp_like", Scalar(|_, a| regexp_like(a))),
    ("regexp_like_no_flags", Scalar(|_, a| regexp_like(a))),
];

#[cfg(test)]
mod tests {
    use crate::functions::testing::{error, rows, t, value};
    use crate::types::Datum::{self, Bool, Int4, Null};

    fn groups(text: &str, pattern: &str) -> Vec<Datum> {
        value("regexp_match_no_flags", &[t(text), t(pattern)]).as_array().elements.clone()
    }

    #[test]
    fn the_longest_alternative_wins() {
        assert_eq!(groups("abcd", "ab|abcd"), [t("abcd")]);
        assert_eq!(groups("foobarbequebaz", "(bar)(beque)"), [t("bar"), t("beque")]);
        assert_eq!(groups("ab", "(a)|(b)"), [t("a"), Null]);
    }

    #[test]
    fn the_first_quantifier_decides_for_all() {
        let pattern = "(.*?)([0-9]+)(.*)";
        assert_eq!(groups("abc01234xyz", pattern), [t("abc"), t("0"), t("")]);
        assert_eq!(groups("abc01234xyz", "(.*)([0-9]+)(.*)"), [t("abc0123"), t("4"), t("xyz")]);
        assert_eq!(groups("XY1234Z", "Y*([0-9]{1,3})"), [t("123")]);
        assert_eq!(groups("XY1234Z", "Y*?([0-9]{1,3})"), [t("1")]);
    }

    #[test]
    fn classes_are_ascii_under_the_c_collation() {
        for (text, pattern, expected) in [
            ("é", "\\w", false),
            ("é", ".", true),
            ("a\nb", "a.b", true),
            ("a\nb", "(?n)a.b", false),
            ("foo bar", "\\mbar\\M", true),
            ("foobar", "\\mbar", false),
            ("a-b", "[a-]-", true),
            ("x{", "x{", true),
            ("abab", "(ab)\\1", true),
            ("]", "[]]", true),
            ("a.c", "***=a.c", true),
            ("abc", "***=a.c", false),
            ("pg_class", "^(pg_class)$", true),
        ] {
            assert_eq!(value("textregexeq", &[t(text), t(pattern)]), Bool(expected), "{pattern}");
        }
        assert_eq!(value("texticregexeq", &[t("ABC"), t("[a-b]bc")]), Bool(true));
        assert_eq!(value("texticregexeq", &[t("É"), t("é")]), Bool(false));
    }

    #[test]
    fn malformed_patterns_have_postgresqls_messages() {
        for (pattern, reason) in [
            ("(", "parentheses () not balanced"),
            ("a)", "parentheses () not balanced"),
            ("[a", "brackets [] not balanced"),
            ("a{2,1}", "invalid repetition count(s)"),
            ("a{300}", "invalid repetition count(s)"),
            ("a{1", "braces {} not balanced"),
            ("*a", "quantifier operand invalid"),
            ("a**", "quantifier operand invalid"),
            ("^*", "quantifier operand invalid"),
            ("\\", "invalid escape \\ sequence"),
            ("[z-a]", "invalid character range"),
            ("[a-c-e]", "invalid character range"),
            ("[[:foo:]]", "invalid character class"),
            ("[[.foo.]]", "invalid collating element"),
            ("(a)\\2", "invalid backreference number"),
            ("(?z)a", "invalid embedded option"),
        ] {
            let (state, message) = error("textregexeq", &[t("a"), t(pattern)]);
            assert_eq!(
                (state, message),
                ("2201B", &*format!("invalid regular expression: {reason}"))
            );
        }
    }

    #[test]
    fn replacements_refer_to_groups() {
        let replace = |text, pattern, new, flags| {
            value("textregexreplace", &[t(text), t(pattern), t(new), t(flags)])
        };
        assert_eq!(replace("foobarbaz", "b..", "X", ""), t("fooXbaz"));
        assert_eq!(
            replace("foobarbaz", "b(..)", "X\\1Y\\&\\\\0", "g"),
            t("fooXarYbar\\0XazYbaz\\0")
        );
        assert_eq!(replace("abc", "x*", "-", "g"), t("-a-b-c-"));
        let third = [t("aaa"), t("a"), t("b"), Int4(1), Int4(2)];
        assert_eq!(value("textregexreplace_extended_no_flags", &third), t("aba"));
    }

    #[test]
    fn splits_ignore_empty_matches_at_the_ends() {
        let split = |text, pattern| {
            value("regexp_split_to_array_no_flags", &[t(text), t(pattern)])
                .as_array()
                .elements
                .clone()
        };
        assert_eq!(split("hello world", "\\s+"), [t("hello"), t("world")]);
        assert_eq!(split("abc", "x*"), [t("a"), t("b"), t("c")]);
        assert_eq!(split("", "x"), [t("")]);
    }

    #[test]
    fn matches_are_counted_and_located() {
        assert_eq!(value("regexp_count", &[t("aXbXc"), t("x"), Int4(1), t("i")]), Int4(2));
        let nth = [t("abcabc"), t("b"), Int4(1), Int4(2)];
        assert_eq!(value("regexp_instr_no_endoption", &nth), Int4(5));
        let group = [t("abcd"), t("(b)(c)"), Int4(1), Int4(1), t(""), Int4(2)];
        assert_eq!(value("regexp_substr", &group), t("c"));
        assert_eq!(rows("regexp_matches", &[t("abc"), t("x*"), t("g")]).len(), 4);
        assert_eq!(
            error("regexp_count_no_flags", &[t("a"), t("a"), Int4(0)]),
            ("22023", "invalid value for parameter \"start\": 0")
        );
    }
}

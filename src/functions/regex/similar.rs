//! SIMILAR TO: SQL's regular expressions, rewritten to advanced ones (manual, 9.7.2).

use super::super::Implementation::{self, Scalar};
use super::functions::substring;
use crate::error::{PgError, Result, SqlState, code};
use crate::types::Datum;

const INVALID_USE_OF_ESCAPE_CHARACTER: SqlState = SqlState(*b"2200C");

/// Rewrites a pattern. `escape` is `None` where the escape string is empty. Two escaped double
/// quotes mark the part that `substring` wants: the parts around it match as little as they can.
fn rewrite(pattern: &str, escape: Option<char>) -> Result<String> {
    let mut out = String::from("^(?:");
    let (mut escaped, mut in_brackets, mut separators) = (false, false, 0);
    for c in pattern.chars() {
        if escaped {
            escaped = false;
            if c == '"' && !in_brackets {
                out.push_str(separator(separators)?);
                separators += 1;
            } else {
                out.extend(['\\', c]);
            }
        } else if Some(c) == escape {
            escaped = true;
        } else if in_brackets {
            in_brackets = c != ']';
            push_quoted(&mut out, c, &['\\']);
        } else {
            in_brackets = c == '[';
            match c {
                '%' => out.push_str(".*"),
                '_' => out.push('.'),
                '(' => out.push_str("(?:"),
                c => push_quoted(&mut out, c, &['\\', '.', '^', '$']),
            }
        }
    }
    out.push_str(")$");
    Ok(out)
}

fn push_quoted(out: &mut String, c: char, special: &[char]) {
    if special.contains(&c) {
        out.push('\\');
    }
    out.push(c);
}

fn separator(seen: u32) -> Result<&'static str> {
    match seen {
        0 => Ok("){1,1}?("),
        1 => Ok("){1,1}(?:"),
        _ => Err(PgError::new(
            INVALID_USE_OF_ESCAPE_CHARACTER,
            "SQL regular expression may not contain more than two escape-double-quote separators",
        )),
    }
}

fn escape_char(escape: &str) -> Result<Option<char>> {
    let mut characters = escape.chars();
    match (characters.next(), characters.next()) {
        (escape, None) => Ok(escape),
        _ => Err(PgError::new(code::INVALID_ESCAPE_SEQUENCE, "invalid escape string")
            .hint("Escape string must be empty or one character.")),
    }
}

fn with_escape(pattern: &Datum, escape: &Datum) -> Result<Datum> {
    rewrite(pattern.as_text(), escape_char(escape.as_text())?).map(Datum::text)
}

pub(in super::super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("similar_to_escape_1", Scalar(|_, a| rewrite(a[0].as_text(), Some('\\')).map(Datum::text))),
    ("similar_to_escape_2", Scalar(|_, a| with_escape(&a[0], &a[1]))),
    // The older form takes a NULL escape for the default one.
    (
        "similar_escape",
        Scalar(|_, a| match (&a[0], &a[1]) {
            (Datum::Null, _) => Ok(Datum::Null),
            (pattern, Datum::Null) => rewrite(pattern.as_text(), Some('\\')).map(Datum::text),
            (pattern, escape) => with_escape(pattern, escape),
        }),
    ),
    (
        "substring(text,text,text)",
        Scalar(|_, a| substring(a[0].as_text(), with_escape(&a[1], &a[2])?.as_text())),
    ),
];

#[cfg(test)]
mod tests {
    use crate::functions::testing::{error, t, value};

    #[test]
    fn rewrites_to_an_anchored_expression() {
        for (pattern, expected) in [
            ("a%b_c", "^(?:a.*b.c)$"),
            ("(a|b)[%_].", "^(?:(?:a|b)[%_]\\.)$"),
            ("a\\%", "^(?:a\\%)$"),
        ] {
            assert_eq!(value("similar_to_escape_1", &[t(pattern)]), t(expected));
        }
    }

    #[test]
    fn substring_takes_the_marked_part() {
        let part =
            |text, pattern| value("substring(text,text,text)", &[t(text), t(pattern), t("#")]);
        assert_eq!(part("foobar", "%#\"o_b#\"%"), t("oob"));
        assert_eq!(part("abcdefg", "a#\"%#\"g"), t("bcdef"));
        assert_eq!(part("oobar", "#\"o_b#\"%"), t("oob"));
        assert_eq!(error("similar_to_escape_2", &[t("#\"#\"#\""), t("#")]).0, "2200C");
    }
}

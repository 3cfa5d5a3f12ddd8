//! Quoting: identifiers and literals as SQL writes them, and taking qualified names apart.

use super::Ctx;
use super::Implementation::{self, Scalar};
use crate::catalog::builtin::{self, KeywordCategory};
use crate::error::{PgError, Result, code};
use crate::types::{Array, Datum, oids};
use std::borrow::Cow;
use std::sync::Arc;

/// The identifier, in double quotes where it must have them: it is not all lower-case letters,
/// digits and underscores, starts with a digit, or is a key word that is not unreserved.
pub fn quote_identifier(name: &str) -> Cow<'_, str> {
    let plain = |b: u8| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit();
    let safe = name.bytes().all(plain)
        && name.bytes().next().is_some_and(|b| !b.is_ascii_digit())
        && builtin::keyword(name).is_none_or(|k| k.category == KeywordCategory::Unreserved);
    if safe {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(format!("\"{}\"", name.replace('"', "\"\"")))
    }
}

/// `schema.name`, each quoted as needed.
pub fn quote_qualified(schema: Option<&str>, name: &str) -> String {
    match schema {
        Some(schema) => format!("{}.{}", quote_identifier(schema), quote_identifier(name)),
        None => quote_identifier(name).into_owned(),
    }
}

/// The text as a string literal; with backslashes, an escape string whatever
/// `standard_conforming_strings` says.
pub fn quote_literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if text.contains('\\') {
        format!("E'{}'", doubled.replace('\\', "\\\\"))
    } else {
        format!("'{doubled}'")
    }
}

fn literal_of_any(ctx: &Ctx<'_>, value: &Datum) -> Result<Datum> {
    let text = super::text_cast::cast(ctx, ctx.arg_types[0], value)?;
    Ok(Datum::text(quote_literal(&text)))
}

fn nullable(value: &Datum, literal: impl FnOnce(&Datum) -> Result<Datum>) -> Result<Datum> {
    if value.is_null() { Ok(Datum::text("NULL")) } else { literal(value) }
}

/// What ails a name that [`split_identifier`] cannot split.
struct Malformed(Option<String>);

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c' | '\x0b')
}

fn starts_identifier(c: char) -> bool {
    c == '_' || c.is_ascii_alphabetic() || !c.is_ascii()
}

fn continues_identifier(c: char) -> bool {
    starts_identifier(c) || c.is_ascii_digit() || c == '$'
}

/// Reads a double-quoted identifier after its opening quote.
fn quoted_part(rest: &str) -> Result<(String, &str), Malformed> {
    let mut part = String::new();
    let mut rest = rest;
    loop {
        let Some(end) = rest.find('"') else {
            return Err(Malformed(Some("String has unclosed double quotes.".into())));
        };
        part.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                part.push('"');
                rest = after;
            }
            None if part.is_empty() => {
                return Err(Malformed(Some("Quoted identifier must not be empty.".into())));
            }
            None => return Ok((part, rest)),
        }
    }
}

/// Splits `a."B c".D` into folded parts; gives them and what follows.
fn split_identifier(text: &str) -> Result<(Vec<String>, &str), Malformed> {
    let mut parts = Vec::new();
    let mut rest = text.trim_start_matches(is_blank);
    let mut after_dot = false;
    loop {
        if let Some(quoted) = rest.strip_prefix('"') {
            let (part, after) = quoted_part(quoted)?;
            parts.push(part);
            rest = after;
        } else if rest.starts_with(starts_identifier) {
            let end = rest.find(|c| !continues_identifier(c)).unwrap_or(rest.len());
            parts.push(rest[..end].to_ascii_lowercase());
            rest = &rest[end..];
        } else if rest.starts_with('.') {
            return Err(Malformed(Some("No valid identifier before \".\".".into())));
        } else if after_dot {
            return Err(Malformed(Some("No valid identifier after \".\".".into())));
        } else {
            return Err(Malformed(None));
        }
        rest = rest.trim_start_matches(is_blank);
        match rest.strip_prefix('.') {
            Some(after) => {
                after_dot = true;
                rest = after.trim_start_matches(is_blank);
            }
            None => return Ok((parts, rest)),
        }
    }
}

fn parse_ident(text: &str, strict: bool) -> Result<Datum> {
    let malformed = |detail: Option<String>| {
        let message = format!("string is not a valid identifier: \"{text}\"");
        let error = PgError::new(code::INVALID_PARAMETER_VALUE, message);
        match detail {
            Some(detail) => error.detail(detail),
            None => error,
        }
    };
    let (parts, rest) = split_identifier(text).map_err(|Malformed(detail)| malformed(detail))?;
    if strict && !rest.is_empty() {
        return Err(malformed(None));
    }
    let elements = parts.into_iter().map(Datum::text).collect();
    Ok(Datum::Array(Arc::new(Array::from_elements(oids::TEXT, elements))))
}

/// Parts of a possibly qualified name given as text, for `regclass` and its kin: 42602 where it is
/// not one.
pub(super) fn qualified_name(text: &str) -> Result<Vec<String>> {
    let invalid = || PgError::new(code::INVALID_NAME, "invalid name syntax");
    match split_identifier(text) {
        Ok((parts, "")) => {
            Ok(parts.iter().map(|part| super::text_cast::clip_name(part).to_owned()).collect())
        }
        _ => Err(invalid()),
    }
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("quote_ident", Scalar(|_, a| Ok(Datum::text(quote_identifier(a[0].as_text()))))),
    ("quote_literal", Scalar(|_, a| Ok(Datum::text(quote_literal(a[0].as_text()))))),
    ("quote_literal(anyelement)", Scalar(|c, a| literal_of_any(c, &a[0]))),
    (
        "quote_nullable",
        Scalar(|_, a| nullable(&a[0], |v| Ok(Datum::text(quote_literal(v.as_text()))))),
    ),
    ("quote_nullable(anyelement)", Scalar(|c, a| nullable(&a[0], |v| literal_of_any(c, v)))),
    ("parse_ident", Scalar(|_, a| parse_ident(a[0].as_text(), a[1].as_bool()))),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::testing::{call, t, value};

    #[test]
    fn identifiers_are_quoted_only_where_needed() {
        for (name, quoted) in [
            ("abc_1", "abc_1"),
            ("begin", "begin"),
            ("select", "\"select\""),
            ("left", "\"left\""),
            ("Abc", "\"Abc\""),
            ("1a", "\"1a\""),
            ("a$", "\"a$\""),
            ("a\"b", "\"a\"\"b\""),
            ("", "\"\""),
        ] {
            assert_eq!(quote_identifier(name), quoted);
        }
    }

    #[test]
    fn literals_with_backslashes_are_escape_strings() {
        assert_eq!(quote_literal("it's"), "'it''s'");
        assert_eq!(quote_literal("a\\b"), "E'a\\\\b'");
        assert_eq!(value("quote_nullable", &[Datum::Null]), t("NULL"));
    }

    #[test]
    fn parse_ident_folds_and_explains() {
        let parts = |text, strict| call("parse_ident", &[t(text), Datum::Bool(strict)]);
        let array = parts(" a.\"B c\" . D", true).unwrap();
        assert_eq!(array.as_array().elements, [t("a"), t("B c"), t("d")]);
        assert_eq!(parts("a b", false).unwrap().as_array().elements, [t("a")]);
        let error = parts("a..b", true).unwrap_err();
        assert_eq!(error.message(), "string is not a valid identifier: \"a..b\"");
        assert_eq!(error.detail_text(), Some("No valid identifier before \".\"."));
        assert_eq!(parts("1a", true).unwrap_err().detail_text(), None);
    }
}

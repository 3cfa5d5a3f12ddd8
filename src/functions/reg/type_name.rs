//! Type names in text, for `regtype` and its kin: `int[]`, `pg_catalog.int4`,
//! `timestamp(3) with time zone`. Modifiers are read and dropped.

use super::super::Env;
use super::super::quote::qualified_name;
use crate::error::{PgError, Result, code};
use crate::types::{Oid, oids};

/// Names that SQL's grammar gives a meaning of its own, longest first where one starts another.
const SPELLINGS: &[(&str, Oid)] = &[
    ("national character varying", oids::VARCHAR),
    ("national char varying", oids::VARCHAR),
    ("character varying", oids::VARCHAR),
    ("char varying", oids::VARCHAR),
    ("nchar varying", oids::VARCHAR),
    ("national character", oids::BPCHAR),
    ("national char", oids::BPCHAR),
    ("double precision", oids::FLOAT8),
    ("timestamp with time zone", oids::TIMESTAMPTZ),
    ("timestamp without time zone", oids::TIMESTAMP),
    ("time with time zone", oids::TIMETZ),
    ("time without time zone", oids::TIME),
    ("bit varying", oids::VARBIT),
    ("timestamp", oids::TIMESTAMP),
    ("time", oids::TIME),
    ("bit", oids::BIT),
    ("character", oids::BPCHAR),
    ("char", oids::BPCHAR),
    ("nchar", oids::BPCHAR),
    ("varchar", oids::VARCHAR),
    ("boolean", oids::BOOL),
    ("smallint", oids::INT2),
    ("integer", oids::INT4),
    ("int", oids::INT4),
    ("bigint", oids::INT8),
    ("real", oids::FLOAT4),
    ("float", oids::FLOAT8),
    ("decimal", oids::NUMERIC),
    ("dec", oids::NUMERIC),
    ("numeric", oids::NUMERIC),
    ("interval year to month", oids::INTERVAL),
    ("interval day to hour", oids::INTERVAL),
    ("interval day to minute", oids::INTERVAL),
    ("interval day to second", oids::INTERVAL),
    ("interval hour to minute", oids::INTERVAL),
    ("interval hour to second", oids::INTERVAL),
    ("interval minute to second", oids::INTERVAL),
    ("interval year", oids::INTERVAL),
    ("interval month", oids::INTERVAL),
    ("interval day", oids::INTERVAL),
    ("interval hour", oids::INTERVAL),
    ("interval minute", oids::INTERVAL),
    ("interval second", oids::INTERVAL),
    ("interval", oids::INTERVAL),
];

/// A type name taken apart: its base, and whether it is an array of it.
struct TypeName {
    base: String,
    array: bool,
}

fn syntax_error(text: &str) -> PgError {
    PgError::new(code::SYNTAX_ERROR, format!("invalid type name \"{text}\""))
}

/// Drops `(…)` modifiers and array bounds, which quotes protect; folds white space.
fn take_apart(text: &str) -> Result<TypeName> {
    let (mut base, mut array) = (String::new(), false);
    let mut quoted = false;
    let mut closing: Option<char> = None;
    for c in text.trim().chars() {
        match (c, closing) {
            (c, Some(end)) => {
                if c == end {
                    closing = None;
                } else if !(c.is_ascii_digit() || c == ',' || c == ' ' || c == '-') {
                    return Err(syntax_error(text));
                }
            }
            ('"', None) => {
                quoted = !quoted;
                base.push(c);
            }
            ('(', None) if !quoted => closing = Some(')'),
            ('[', None) if !quoted => (closing, array) = (Some(']'), true),
            (c, None) if c.is_ascii_whitespace() && !quoted => {
                if !base.ends_with(' ') {
                    base.push(' ');
                }
            }
            (c, None) => base.push(c),
        }
    }
    if closing.is_some() || quoted {
        return Err(syntax_error(text));
    }
    let mut base = base.trim_end().to_owned();
    if base.to_ascii_lowercase().ends_with(" array") {
        base.truncate(base.len() - " array".len());
        array = true;
    }
    Ok(TypeName { base, array })
}

/// The type that a text names. `Ok(None)`: a well-formed name of nothing.
pub(in super::super) fn resolve(env: &dyn Env, text: &str) -> Result<Option<Oid>> {
    let name = take_apart(text)?;
    let Some(base) = resolve_base(env, &name.base, text)? else {
        return Ok(None);
    };
    if !name.array {
        return Ok(Some(base));
    }
    Ok(env.catalog().type_(base).map(|found| found.array).filter(|array| *array != 0))
}

fn resolve_base(env: &dyn Env, base: &str, text: &str) -> Result<Option<Oid>> {
    let folded = base.to_ascii_lowercase();
    if let Some((_, oid)) = SPELLINGS.iter().find(|(spelling, _)| *spelling == folded) {
        return Ok(Some(*oid));
    }
    let parts = qualified_name(base).map_err(|_| syntax_error(text))?;
    let catalog = env.catalog();
    match parts.as_slice() {
        [name] => {
            let in_schema = |schema: &Oid| catalog.type_named(*schema, name).map(|t| t.oid);
            Ok(env.search_path().iter().find_map(in_schema))
        }
        [schema, name] => {
            let namespace = catalog.namespace_named(schema).ok_or_else(|| no_schema(schema))?;
            Ok(catalog.type_named(namespace.oid, name).map(|t| t.oid))
        }
        _ => Err(syntax_error(text)),
    }
}

pub(super) fn no_schema(name: &str) -> PgError {
    PgError::new(code::INVALID_SCHEMA_NAME, format!("schema \"{name}\" does not exist"))
}

/// The types in a parenthesised list; `none` for the missing operand of a prefix operator.
pub(super) fn list(env: &dyn Env, text: &str) -> Result<Vec<Option<Oid>>> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    split_list(text)
        .into_iter()
        .map(|part| {
            if part.trim().eq_ignore_ascii_case("none") {
                return Ok(None);
            }
            let no_type = || {
                let message = format!("type \"{}\" does not exist", part.trim());
                PgError::new(code::UNDEFINED_OBJECT, message)
            };
            resolve(env, part)?.ok_or_else(no_type).map(Some)
        })
        .collect()
}

/// Splits at commas outside parentheses and quotes.
fn split_list(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut quoted) = (Vec::new(), 0, 0, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '(' | '[' if !quoted => depth += 1,
            ')' | ']' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

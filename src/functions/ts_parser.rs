//! `ts_token_type`: the kinds of tokens that the default parser of text search tells apart (manual,
//! table 12.1). Configurations map them to dictionaries.

use super::Implementation::{self, Set};
use super::Rows;
use crate::error::{PgError, Result, code};
use crate::types::{Datum, Oid};

/// The only parser there is.
const DEFAULT: Oid = 3722;

/// Aliases and descriptions, numbered from 1.
const TOKEN_TYPES: [(&str, &str); 23] = [
    ("asciiword", "Word, all ASCII"),
    ("word", "Word, all letters"),
    ("numword", "Word, letters and digits"),
    ("email", "Email address"),
    ("url", "URL"),
    ("host", "Host"),
    ("sfloat", "Scientific notation"),
    ("version", "Version number"),
    ("hword_numpart", "Hyphenated word part, letters and digits"),
    ("hword_part", "Hyphenated word part, all letters"),
    ("hword_asciipart", "Hyphenated word part, all ASCII"),
    ("blank", "Space symbols"),
    ("tag", "XML tag"),
    ("protocol", "Protocol head"),
    ("numhword", "Hyphenated word, letters and digits"),
    ("asciihword", "Hyphenated word, all ASCII"),
    ("hword", "Hyphenated word, all letters"),
    ("url_path", "URL path"),
    ("file", "File or path name"),
    ("float", "Decimal notation"),
    ("int", "Signed integer"),
    ("uint", "Unsigned integer"),
    ("entity", "XML entity"),
];

fn rows() -> Rows {
    Box::new((1..).zip(TOKEN_TYPES).map(|(number, (alias, description))| {
        Ok(vec![Datum::Int4(number), Datum::text(alias), Datum::text(description)])
    }))
}

fn missing(parser: &str) -> PgError {
    let message = format!("text search parser \"{parser}\" does not exist");
    PgError::new(code::UNDEFINED_OBJECT, message)
}

fn by_oid(parser: Oid) -> Result<Rows> {
    match parser {
        DEFAULT => Ok(rows()),
        other => Err(missing(&other.to_string())),
    }
}

fn by_name(parser: &str) -> Result<Rows> {
    match parser {
        "default" | "pg_catalog.default" => Ok(rows()),
        other => Err(missing(other)),
    }
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("ts_token_type_byid", Set(|_, a| by_oid(a[0].as_oid()))),
    ("ts_token_type_byname", Set(|_, a| by_name(a[0].as_text()))),
];

//! `ts_parse` and `ts_token_type`: the tokens that the default parser of text search makes of a text, and the
//! kinds that it tells apart (manual, table 12.1). Configurations map them to dictionaries.

use super::super::Implementation::{self, Set};
use super::super::Rows;
use crate::error::{PgError, Result, code};
use crate::types::textsearch::parser::Parser;
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

fn check_oid(parser: Oid) -> Result<()> {
    match parser {
        DEFAULT => Ok(()),
        other => Err(missing(&other.to_string())),
    }
}

fn check_name(parser: &str) -> Result<()> {
    match parser {
        "default" | "pg_catalog.default" => Ok(()),
        other => Err(missing(other)),
    }
}

fn tokens(text: &str) -> Rows {
    let row = |(kind, text): (i32, String)| Ok(vec![Datum::Int4(kind), Datum::text(text)]);
    let tokens = Parser::new(text).map(|token| (token.kind as i32, token.text.to_owned()));
    Box::new(tokens.collect::<Vec<_>>().into_iter().map(row))
}

pub(in super::super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("ts_parse_byid", Set(|_, a| check_oid(a[0].as_oid()).map(|()| tokens(a[1].as_text())))),
    ("ts_parse_byname", Set(|_, a| check_name(a[0].as_text()).map(|()| tokens(a[1].as_text())))),
    ("ts_token_type_byid", Set(|_, a| check_oid(a[0].as_oid()).map(|()| rows()))),
    ("ts_token_type_byname", Set(|_, a| check_name(a[0].as_text()).map(|()| rows()))),
];

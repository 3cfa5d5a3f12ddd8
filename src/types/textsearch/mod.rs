//! `tsvector` and `tsquery`: documents and queries of text search, as values. Searching itself and the
//! dictionaries that make lexemes of words are not here.
//!
//! Both are held as their binary form. Their order, an arbitrary one that only indexes see, is that of the
//! bytes that [`encode_key`] makes.

mod lexer;
pub mod parser;
mod query;
mod vector;

pub use query::{Operand, Operator, Query};
pub use vector::{Lexeme, Position, Vector};

use super::input::Reader;
use super::{Datum, Oid, oids};
use crate::error::Result;

/// Bytes of a lexeme, exclusive.
const LEXEME_BYTES_END: usize = (1 << 11) - 1;
/// Positions from 1 to one less than this; greater ones become the last.
const POSITION_END: u16 = 1 << 14;

/// Whether a type is one of these.
pub fn is_textsearch(type_oid: Oid) -> bool {
    matches!(type_oid, oids::TSVECTOR | oids::TSQUERY)
}

/// Reads a value's text.
pub fn text_in(type_oid: Oid, text: &str) -> Result<Datum> {
    match type_oid {
        oids::TSVECTOR => Vector::parse(text).map(|vector| vector.datum()),
        _ => Query::parse(text).map(|query| query.datum()),
    }
}

/// Appends a value's text.
pub fn text_out(type_oid: Oid, value: &Datum, out: &mut Vec<u8>) {
    match type_oid {
        oids::TSVECTOR => Vector::of(value).write(out),
        _ => Query::of(value).write(out),
    }
}

/// Reads the binary form.
pub fn binary_in(type_oid: Oid, reader: &mut Reader<'_>) -> Result<Datum> {
    match type_oid {
        oids::TSVECTOR => Vector::receive(reader).map(|vector| vector.datum()),
        _ => Query::receive(reader).map(|query| query.datum()),
    }
}

/// Appends bytes of which none begin with others, in the order of the type.
pub fn encode_key(type_oid: Oid, value: &Datum, out: &mut Vec<u8>) {
    match type_oid {
        oids::TSVECTOR => Vector::of(value).encode_key(out),
        _ => Query::of(value).encode_key(out),
    }
}

/// Appends a lexeme in quotes.
fn write_quoted(word: &str, out: &mut Vec<u8>) {
    out.push(b'\'');
    for byte in word.bytes() {
        if matches!(byte, b'\'' | b'\\') {
            out.push(byte);
        }
        out.push(byte);
    }
    out.push(b'\'');
}

/// Reads a text that a zero ends.
fn zero_terminated<'a>(reader: &mut Reader<'a>) -> Result<&'a str> {
    let length = reader.0.iter().position(|byte| *byte == 0);
    let length = length.ok_or_else(|| {
        crate::error::PgError::new(
            crate::error::code::PROTOCOL_VIOLATION,
            "invalid string in message",
        )
    })?;
    let text = super::string::from_utf8(reader.take(length)?)?;
    reader.take(1)?;
    Ok(text)
}

//! Input of composite types: `(1,"a b",)` and the binary form, field by field.

use super::Env;
use super::io::{binary_in, null_in, text_in};
use super::reg;
use crate::catalog::Relation;
use crate::error::{PgError, Result, code};
use crate::types::input::{Reader, incorrect_format, is_space};
use crate::types::{Datum, Oid, Record, oids};
use std::sync::Arc;

fn malformed(text: &str, detail: &'static str) -> PgError {
    let message = format!("malformed record literal: \"{text}\"");
    PgError::new(code::INVALID_TEXT_REPRESENTATION, message).detail(detail)
}

/// `record_in` for a row type.
pub(super) fn input(env: &dyn Env, relation: &Relation, text: &str) -> Result<Datum> {
    let mut parser = Parser { text, rest: text };
    parser.skip_spaces();
    if !parser.take('(') {
        return Err(malformed(text, "Missing left parenthesis."));
    }
    let mut fields = Vec::new();
    for (at, column) in relation.live_columns().enumerate() {
        if at > 0 && !parser.take(',') {
            return Err(malformed(text, "Too few columns."));
        }
        let value = match parser.field()? {
            Some(field) => text_in(env, column.type_oid, column.typmod, &field)?,
            None => null_in(env, column.type_oid)?,
        };
        fields.push((column.type_oid, value));
    }
    if !parser.take(')') {
        return Err(malformed(text, "Too many columns."));
    }
    parser.skip_spaces();
    if !parser.rest.is_empty() {
        return Err(malformed(text, "Junk after right parenthesis."));
    }
    Ok(row(relation, fields))
}

/// A value of a row type.
fn row(relation: &Relation, fields: Vec<(Oid, Datum)>) -> Datum {
    let names = relation.live_columns().map(|column| column.name.clone()).collect();
    Datum::Record(Arc::new(Record { fields, names: Some(names) }))
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
}

impl Parser<'_> {
    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start_matches(is_space);
    }

    fn take(&mut self, wanted: char) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// One field's text, up to a comma or parenthesis outside quotes; nothing at all is NULL.
    fn field(&mut self) -> Result<Option<String>> {
        if self.rest.starts_with([',', ')']) {
            return Ok(None);
        }
        let mut field = String::new();
        let mut quoted = false;
        let mut chars = self.rest.char_indices();
        loop {
            let Some((at, c)) = chars.next() else {
                return Err(malformed(self.text, "Unexpected end of input."));
            };
            match c {
                '\\' => match chars.next() {
                    Some((_, escaped)) => field.push(escaped),
                    None => return Err(malformed(self.text, "Unexpected end of input.")),
                },
                '"' if quoted && chars.as_str().starts_with('"') => {
                    chars.next();
                    field.push('"');
                }
                '"' => quoted = !quoted,
                ',' | ')' if !quoted => {
                    self.rest = &self.rest[at..];
                    return Ok(Some(field));
                }
                c => field.push(c),
            }
        }
    }
}

/// `record_recv` for a row type.
pub(super) fn receive(env: &dyn Env, relation: &Relation, bytes: &[u8]) -> Result<Datum> {
    let mut reader = Reader(bytes);
    let (count, columns) = (reader.i32()?, relation.live_columns().count());
    if usize::try_from(count) != Ok(columns) {
        let message = format!("wrong number of columns: {count}, expected {columns}");
        return Err(PgError::new(code::DATATYPE_MISMATCH, message));
    }
    let mut fields = Vec::new();
    for (at, column) in relation.live_columns().enumerate() {
        let sent = reader.array().map(u32::from_be_bytes)?;
        if sent != column.type_oid {
            let name = |oid| reg::output(env, oids::REGTYPE, oid);
            let message = format!(
                "binary data has type {sent} ({}) instead of expected {} ({}) in record column {}",
                name(sent),
                column.type_oid,
                name(column.type_oid),
                at + 1
            );
            return Err(PgError::new(code::DATATYPE_MISMATCH, message));
        }
        let value = match reader.i32()? {
            -1 => null_in(env, column.type_oid)?,
            length => {
                let length = usize::try_from(length).map_err(|_| incorrect_format())?;
                binary_in(env, column.type_oid, column.typmod, reader.take(length)?)?
            }
        };
        fields.push((column.type_oid, value));
    }
    reader.finish()?;
    Ok(row(relation, fields))
}

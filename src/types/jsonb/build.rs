//! Building documents: from text, or from values put together by functions.

use super::{ARRAY, FALSE, Jsonb, NULL, NUMBER, Node, OBJECT, STRING, TRUE, WORD, compare_keys};
use crate::error::{PgError, Result, code};
use crate::types::{Numeric, json};
use std::sync::Arc;

/// Largest document, in bytes: PostgreSQL's limit for an object's or array's contents.
const DOCUMENT_BYTES_MAX: usize = 0x0fff_ffff;

/// A document under construction; objects may have duplicate keys (the last one wins) in any order.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Number(Numeric),
    String(Arc<str>),
    Array(Vec<Value>),
    Object(Vec<(Arc<str>, Value)>),
    /// An existing document or part of one, embedded.
    Embedded(Jsonb),
}

impl From<Node<'_>> for Value {
    fn from(node: Node<'_>) -> Value {
        Value::Embedded(node.to_jsonb())
    }
}

impl Jsonb {
    /// Reads JSON text; 22P02 as for `json`.
    pub fn parse(text: &str) -> Result<Jsonb> {
        Jsonb::build(&json::parse(text, &mut json::Values)?)
    }

    /// A document of a value; 54000 where it is too large.
    pub fn build(value: &Value) -> Result<Jsonb> {
        if let Value::Embedded(document) = value {
            return Ok(document.clone());
        }
        let mut out = Vec::new();
        write(value, &mut out)?;
        Ok(Jsonb(out.into()))
    }
}

fn write(value: &Value, out: &mut Vec<u8>) -> Result<()> {
    match value {
        Value::Null => out.push(NULL),
        Value::Bool(v) => out.push(if *v { TRUE } else { FALSE }),
        Value::Number(v) => {
            out.push(NUMBER);
            v.encode(out);
        }
        Value::String(v) => {
            out.push(STRING);
            out.extend_from_slice(v.as_bytes());
        }
        Value::Embedded(document) => out.extend_from_slice(&document.0),
        Value::Array(items) => {
            return stacker::maybe_grow(64 * 1024, 1024 * 1024, || write_array(items, out));
        }
        Value::Object(pairs) => {
            return stacker::maybe_grow(64 * 1024, 1024 * 1024, || write_object(pairs, out));
        }
    }
    Ok(())
}

fn push_word(value: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&(value as u32).to_le_bytes());
}

/// Sets a table's entry to the number of bytes behind `base`.
fn set_end(out: &mut [u8], table: usize, index: usize, base: usize) -> Result<()> {
    let end = out.len() - base;
    if end > DOCUMENT_BYTES_MAX {
        return Err(PgError::new(
            code::PROGRAM_LIMIT_EXCEEDED,
            format!(
                "total size of jsonb array elements exceeds the maximum of {DOCUMENT_BYTES_MAX} bytes"
            ),
        ));
    }
    let at = table + index * WORD;
    out[at..at + WORD].copy_from_slice(&(end as u32).to_le_bytes());
    Ok(())
}

fn write_array(items: &[Value], out: &mut Vec<u8>) -> Result<()> {
    out.push(ARRAY);
    push_word(items.len(), out);
    let table = out.len();
    out.resize(table + items.len() * WORD, 0);
    let base = out.len();
    for (i, item) in items.iter().enumerate() {
        write(item, out)?;
        set_end(out, table, i, base)?;
    }
    Ok(())
}

fn write_object(pairs: &[(Arc<str>, Value)], out: &mut Vec<u8>) -> Result<()> {
    let mut sorted: Vec<&(Arc<str>, Value)> = pairs.iter().collect();
    // Stable, so the last of equal keys is the last given; it wins.
    sorted.sort_by(|a, b| compare_keys(&a.0, &b.0));
    sorted.reverse();
    sorted.dedup_by(|later, first| later.0 == first.0);
    sorted.reverse();
    out.push(OBJECT);
    push_word(sorted.len(), out);
    let key_table = out.len();
    let value_table = key_table + sorted.len() * WORD;
    out.resize(value_table + sorted.len() * WORD, 0);
    let base = out.len();
    for (i, (key, _)) in sorted.iter().enumerate() {
        out.extend_from_slice(key.as_bytes());
        set_end(out, key_table, i, base)?;
    }
    let base = out.len();
    for (i, (_, value)) in sorted.iter().enumerate() {
        write(value, out)?;
        set_end(out, value_table, i, base)?;
    }
    Ok(())
}

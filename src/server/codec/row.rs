//! DataRow messages, written straight from result batches.
//!
//! Columns of Arrow batches are downcast once per batch; the common types are then written from the
//! array without a value in between. Everything else goes through [`Datum`] and the type's output
//! function, which append to the same buffer.

use super::backend::message;
use crate::error::{PgError, Result, code};
use crate::functions::{self, Env};
use crate::session::{Encoding, OutputColumn, Rows};
use crate::types::{self, Datum, Oid, oids};
use datafusion::arrow::array::{
    Array, BooleanArray, Int16Array, Int32Array, Int64Array, StringViewArray,
};
use datafusion::arrow::record_batch::RecordBatch;

/// The array type over `aclitem`.
const ACLITEM_ARRAY: Oid = 1034;

/// Appends one DataRow per row.
pub fn append(
    out: &mut Vec<u8>,
    rows: Rows<'_>,
    columns: &[OutputColumn],
    env: &dyn Env,
) -> Result<()> {
    match rows {
        Rows::Datums(rows) => {
            for row in rows {
                data_row(out, columns.len(), |out, column| {
                    value(out, &row[column], columns[column], env)
                })?;
            }
        }
        Rows::Arrow(batch) => arrow_rows(out, batch, columns, env)?,
    }
    Ok(())
}

fn arrow_rows(
    out: &mut Vec<u8>,
    batch: &RecordBatch,
    columns: &[OutputColumn],
    env: &dyn Env,
) -> Result<()> {
    let sources: Vec<Source<'_>> = columns
        .iter()
        .zip(batch.columns())
        .map(|(column, array)| Source::new(array.as_ref(), *column))
        .collect();
    for row in 0..batch.num_rows() {
        data_row(out, columns.len(), |out, column| {
            sources[column].append(out, row, columns[column], env)
        })?;
    }
    Ok(())
}

/// One DataRow; `append` appends the value of a column, its length first. A row that fails leaves
/// nothing behind.
fn data_row(
    out: &mut Vec<u8>,
    columns: usize,
    mut append: impl FnMut(&mut Vec<u8>, usize) -> Result<()>,
) -> Result<()> {
    let start = out.len();
    let mut result = Ok(());
    message(out, b'D', |out| {
        let count = u16::try_from(columns).expect("the binder limits result columns");
        out.extend_from_slice(&count.to_be_bytes());
        result = (0..columns).try_for_each(|column| append(out, column));
    });
    if result.is_err() {
        out.truncate(start);
    }
    result
}

/// A value with its length in front, or the length that means NULL.
fn value(out: &mut Vec<u8>, datum: &Datum, column: OutputColumn, env: &dyn Env) -> Result<()> {
    if datum.is_null() {
        out.extend_from_slice(&(-1i32).to_be_bytes());
        return Ok(());
    }
    sized(out, |out| encode(out, datum, column, env))
}

/// Appends a value that is not NULL in its column's form.
pub fn encode(out: &mut Vec<u8>, datum: &Datum, column: OutputColumn, env: &dyn Env) -> Result<()> {
    match column.encoding {
        Encoding::Binary if matches!(column.type_oid, oids::ACLITEM | ACLITEM_ARRAY) => {
            let message = "no binary output function available for type aclitem";
            Err(PgError::new(code::UNDEFINED_FUNCTION, message))
        }
        Encoding::Binary => functions::send(env, column.type_oid, datum, out),
        Encoding::Text => {
            let start = out.len();
            functions::text_out(env, column.type_oid, datum, out);
            env.format().client_encoding.encode_tail(out, start)
        }
    }
}

/// What `body` appends, with its length in front; the length does not count itself.
fn sized(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<()> {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    body(out)?;
    let length = i32::try_from(out.len() - start - 4).expect("values are shorter than 1 GiB");
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

/// An Arrow column, downcast to what can be written directly in its form.
enum Source<'a> {
    Bool(&'a BooleanArray),
    Int2(&'a Int16Array),
    Int4(&'a Int32Array),
    Int8(&'a Int64Array),
    Text(&'a StringViewArray),
    Other(&'a dyn Array),
}

impl<'a> Source<'a> {
    fn new(array: &'a dyn Array, column: OutputColumn) -> Source<'a> {
        let any = array.as_any();
        let source = match column.type_oid {
            oids::BOOL => any.downcast_ref().map(Source::Bool),
            oids::INT2 => any.downcast_ref().map(Source::Int2),
            oids::INT4 => any.downcast_ref().map(Source::Int4),
            oids::INT8 => any.downcast_ref().map(Source::Int8),
            oids::TEXT | oids::VARCHAR | oids::BPCHAR => any.downcast_ref().map(Source::Text),
            _ => None,
        };
        source.unwrap_or(Source::Other(array))
    }

    fn is_null(&self, row: usize) -> bool {
        match self {
            Source::Bool(a) => a.is_null(row),
            Source::Int2(a) => a.is_null(row),
            Source::Int4(a) => a.is_null(row),
            Source::Int8(a) => a.is_null(row),
            Source::Text(a) => a.is_null(row),
            // DataFusion's NULL-typed arrays have no validity bitmap.
            Source::Other(a) => a.logical_nulls().is_some_and(|nulls| nulls.is_null(row)),
        }
    }

    fn append(
        &self,
        out: &mut Vec<u8>,
        row: usize,
        column: OutputColumn,
        env: &dyn Env,
    ) -> Result<()> {
        if self.is_null(row) {
            out.extend_from_slice(&(-1i32).to_be_bytes());
            return Ok(());
        }
        sized(out, |out| {
            match (self, column.encoding) {
                (Source::Bool(a), Encoding::Text) => {
                    out.push(if a.value(row) { b't' } else { b'f' })
                }
                (Source::Bool(a), Encoding::Binary) => out.push(u8::from(a.value(row))),
                (Source::Int2(a), Encoding::Text) => decimal(out, a.value(row)),
                (Source::Int4(a), Encoding::Text) => decimal(out, a.value(row)),
                (Source::Int8(a), Encoding::Text) => decimal(out, a.value(row)),
                (Source::Int2(a), Encoding::Binary) => out.extend(a.value(row).to_be_bytes()),
                (Source::Int4(a), Encoding::Binary) => out.extend(a.value(row).to_be_bytes()),
                (Source::Int8(a), Encoding::Binary) => out.extend(a.value(row).to_be_bytes()),
                (Source::Text(a), _) => {
                    let text = env.format().client_encoding.encode(a.value(row))?;
                    out.extend_from_slice(&text);
                }
                (Source::Other(a), _) => {
                    let datum = types::arrow::datum_at(*a, row, column.type_oid);
                    encode(out, &datum, column, env)?;
                }
            }
            Ok(())
        })
    }
}

fn decimal(out: &mut Vec<u8>, value: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

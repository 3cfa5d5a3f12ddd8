//! Row values: `(1,"a b",)`.

use super::input::is_space;
use super::{Datum, Format, Oid, Record, array, codec};
use crate::error::{PgError, Result, code};

/// 0A000: only named composite types could be read.
pub fn no_input() -> PgError {
    PgError::new(
        code::FEATURE_NOT_SUPPORTED,
        "input of anonymous composite types is not implemented",
    )
}

/// Appends a row's text.
pub fn text_out(record: &Record, format: &Format, out: &mut Vec<u8>) {
    out.push(b'(');
    for (i, (type_oid, value)) in record.fields.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        if value.is_null() {
            continue;
        }
        let start = out.len();
        codec::text_out(*type_oid, value, format, out);
        let special =
            |b: &u8| matches!(b, b'"' | b'\\' | b'(' | b')' | b',') || is_space(char::from(*b));
        if out.len() == start || out[start..].iter().any(special) {
            let text = out.split_off(start);
            out.push(b'"');
            for b in text {
                if matches!(b, b'"' | b'\\') {
                    out.push(b);
                }
                out.push(b);
            }
            out.push(b'"');
        }
    }
    out.push(b')');
}

/// `record_send`: the field count, then each field's type, length and value.
pub fn binary_out(record: &Record, out: &mut Vec<u8>) {
    binary_out_by(record, out, &mut codec::binary_out);
}

/// Appends a row's binary form, its fields by a function.
pub fn binary_out_by(
    record: &Record,
    out: &mut Vec<u8>,
    write: &mut dyn FnMut(Oid, &Datum, &mut Vec<u8>),
) {
    let count = i32::try_from(record.fields.len()).expect("rows have few columns");
    out.extend_from_slice(&count.to_be_bytes());
    for (type_oid, value) in &record.fields {
        out.extend_from_slice(&type_oid.to_be_bytes());
        array::write_field(value, out, &mut |value, out| write(*type_oid, value, out));
    }
}

/// Whether two rows can be compared; 42804 names the first pair of columns of different types.
pub fn check_comparable(a: &Record, b: &Record) -> Result<()> {
    let name = |oid| super::names::type_name(oid).unwrap_or_else(|| "???".to_owned());
    for (i, ((x, _), (y, _))) in a.fields.iter().zip(&b.fields).enumerate() {
        if x != y {
            return Err(PgError::new(
                code::DATATYPE_MISMATCH,
                format!(
                    "cannot compare dissimilar column types {} and {} at record column {}",
                    name(*x),
                    name(*y),
                    i + 1
                ),
            ));
        }
    }
    if a.fields.len() != b.fields.len() {
        return Err(PgError::new(
            code::DATATYPE_MISMATCH,
            "cannot compare record types with different numbers of columns",
        ));
    }
    Ok(())
}

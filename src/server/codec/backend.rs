//! Messages to the client, appended to the connection's output buffer.

use crate::error::{PgError, SqlState};
use crate::types::Oid;

/// One column of a RowDescription.
pub struct Field<'a> {
    pub name: &'a str,
    pub table: Oid,
    pub attno: i16,
    pub type_oid: Oid,
    pub type_length: i16,
    pub typmod: i32,
    pub format: i16,
}

/// The body of an ErrorResponse or NoticeResponse that is not in the [`PgError`]: severity, and the
/// 1-based character position in the statement's text.
pub struct Report<'a> {
    pub severity: &'static str,
    pub error: &'a PgError,
    pub position: Option<usize>,
}

/// Appends one message: its tag, its length once known, and what `body` appends.
pub fn message(out: &mut Vec<u8>, tag: u8, body: impl FnOnce(&mut Vec<u8>)) {
    out.push(tag);
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    body(out);
    finish_length(out, start);
}

/// Writes at `start` the number of bytes from there to the end, as messages and values carry it.
pub fn finish_length(out: &mut [u8], start: usize) {
    let length = u32::try_from(out.len() - start).expect("messages are shorter than 4 GiB");
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
}

pub fn string(out: &mut Vec<u8>, text: &str) {
    // A NUL cannot occur in a value of ours; were there one, it must not end the field early.
    out.extend(text.bytes().filter(|b| *b != 0));
    out.push(0);
}

fn i16(out: &mut Vec<u8>, value: i16) {
    out.extend_from_slice(&value.to_be_bytes());
}

fn i32(out: &mut Vec<u8>, value: i32) {
    out.extend_from_slice(&value.to_be_bytes());
}

fn u32(out: &mut Vec<u8>, value: u32) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// A count of columns or parameters; both are limited far below 65536 by the binder.
fn count(out: &mut Vec<u8>, n: usize) {
    let n = u16::try_from(n).expect("the binder limits columns and parameters");
    out.extend_from_slice(&n.to_be_bytes());
}

/// Messages without a body.
pub fn empty(out: &mut Vec<u8>, tag: u8) {
    message(out, tag, |_| {});
}

pub fn authentication(out: &mut Vec<u8>, kind: i32, data: &[u8]) {
    message(out, b'R', |out| {
        i32(out, kind);
        out.extend_from_slice(data);
    });
}

pub fn backend_key_data(out: &mut Vec<u8>, pid: i32, secret: i32) {
    message(out, b'K', |out| {
        i32(out, pid);
        i32(out, secret);
    });
}

pub fn negotiate_protocol_version(out: &mut Vec<u8>, unknown_options: &[&str]) {
    message(out, b'v', |out| {
        i32(out, 0x0003_0000);
        i32(out, i32::try_from(unknown_options.len()).expect("a startup packet is small"));
        unknown_options.iter().for_each(|name| string(out, name));
    });
}

pub fn parameter_status(out: &mut Vec<u8>, name: &str, value: &str) {
    message(out, b'S', |out| {
        string(out, name);
        string(out, value);
    });
}

/// `status`: `I` idle, `T` in a transaction block, `E` in a failed one.
pub fn ready_for_query(out: &mut Vec<u8>, status: u8) {
    message(out, b'Z', |out| out.push(status));
}

pub fn command_complete(out: &mut Vec<u8>, tag: &str) {
    message(out, b'C', |out| string(out, tag));
}

pub fn parameter_description(out: &mut Vec<u8>, types: &[Oid]) {
    message(out, b't', |out| {
        count(out, types.len());
        types.iter().for_each(|oid| u32(out, *oid));
    });
}

pub fn row_description<'a>(out: &mut Vec<u8>, fields: impl ExactSizeIterator<Item = Field<'a>>) {
    message(out, b'T', |out| {
        count(out, fields.len());
        for field in fields {
            string(out, field.name);
            u32(out, field.table);
            i16(out, field.attno);
            u32(out, field.type_oid);
            i16(out, field.type_length);
            i32(out, field.typmod);
            i16(out, field.format);
        }
    });
}

pub fn notification(out: &mut Vec<u8>, pid: i32, channel: &str, payload: &str) {
    message(out, b'A', |out| {
        i32(out, pid);
        string(out, channel);
        string(out, payload);
    });
}

/// A function's result; `None`: NULL.
pub fn function_call_response(out: &mut Vec<u8>, form: Option<&[u8]>) {
    message(out, b'V', |out| match form {
        None => i32(out, -1),
        Some(form) => {
            i32(out, i32::try_from(form.len()).expect("values are shorter than 1 GiB"));
            out.extend_from_slice(form);
        }
    });
}

/// CopyInResponse (`G`) or CopyOutResponse (`H`).
pub fn copy_response(out: &mut Vec<u8>, tag: u8, binary: bool, columns: usize) {
    message(out, tag, |out| {
        out.push(u8::from(binary));
        count(out, columns);
        (0..columns).for_each(|_| i16(out, i16::from(binary)));
    });
}

/// ErrorResponse (`E`) or NoticeResponse (`N`), with every field that is set.
pub fn report(out: &mut Vec<u8>, tag: u8, report: &Report<'_>) {
    let error = report.error;
    let object = error.object();
    message(out, tag, |out| {
        let mut field = |tag: u8, text: Option<&str>| {
            if let Some(text) = text {
                out.push(tag);
                string(out, text);
            }
        };
        field(b'S', Some(report.severity));
        field(b'V', Some(report.severity));
        field(b'C', Some(SqlState::as_str(&error.code())));
        field(b'M', Some(error.message()));
        field(b'D', error.detail_text());
        field(b'H', error.hint_text());
        field(b'P', report.position.map(|p| p.to_string()).as_deref());
        field(b'W', error.context_text());
        field(b's', object.schema.as_deref());
        field(b't', object.table.as_deref());
        field(b'c', object.column.as_deref());
        field(b'd', object.datatype.as_deref());
        field(b'n', object.constraint.as_deref());
        field(b'R', error.routine_name());
        out.push(0);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::code;

    #[test]
    fn lengths_count_themselves() {
        let mut out = Vec::new();
        ready_for_query(&mut out, b'I');
        command_complete(&mut out, "SELECT 1");
        assert_eq!(out, b"Z\0\0\0\x05IC\0\0\0\x0dSELECT 1\0");
    }

    #[test]
    fn errors_carry_their_fields_in_order() {
        let error = PgError::new(code::UNIQUE_VIOLATION, "dup").detail("d").table("t");
        let mut out = Vec::new();
        report(&mut out, b'E', &Report { severity: "ERROR", error: &error, position: Some(7) });
        assert_eq!(&out[5..], b"SERROR\0VERROR\0C23505\0Mdup\0Dd\0P7\0tt\0\0");
    }
}

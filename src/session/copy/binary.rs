//! COPY's binary format (manual, COPY, "Binary Format"): a signature, then per row a field count and
//! each field's length and bytes, -1 for NULL; a count of -1 ends the data.

use super::lines::bad_format;
use crate::catalog::Column;
use crate::error::Result;
use crate::exec::Row;
use crate::functions::{self, Env};

const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
/// Signature, flags, length of the header's extension.
const HEADER_BYTES: usize = 19;
/// Flags that a reader must understand; we know none.
const CRITICAL_FLAGS: u32 = 0xffff_0000;

/// Appends the header.
pub(super) fn write_header(out: &mut Vec<u8>) {
    out.extend_from_slice(SIGNATURE);
    out.extend_from_slice(&[0; 8]);
}

/// Appends the end marker.
pub(super) fn write_trailer(out: &mut Vec<u8>) {
    out.extend_from_slice(&(-1i16).to_be_bytes());
}

/// Reads rows from pieces of any size.
#[derive(Default)]
pub(super) struct Reader {
    buffer: Vec<u8>,
    /// Consumed bytes of `buffer`.
    at: usize,
    /// What comes before the rows has been read.
    pub header_read: bool,
    at_end: bool,
    /// Rows read.
    pub rows: u64,
    /// The column that was being read when an error came.
    pub column: Option<String>,
}

impl Reader {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.at);
        self.at = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next row. `None`: more input is needed, or (`last`) there is no more.
    pub(super) fn next(
        &mut self,
        columns: &[Column],
        last: bool,
        env: &dyn Env,
    ) -> Result<Option<Row>> {
        if !self.header_read && !self.read_header(last)? {
            return Ok(None);
        }
        let rest = &self.buffer[self.at..];
        if self.at_end {
            return match rest {
                [] => Ok(None),
                _ => Err(bad_format("received copy data after EOF marker")),
            };
        }
        if last && rest.is_empty() {
            return Ok(None);
        }
        let mut cursor = Cursor { rest, column: None };
        let parsed = cursor.row(columns, env).inspect_err(|_| {
            self.column = cursor.column.map(str::to_owned);
        });
        match parsed? {
            Parsed::Row(row) => {
                self.at = self.buffer.len() - cursor.rest.len();
                self.rows += 1;
                Ok(Some(row))
            }
            Parsed::End => {
                self.at = self.buffer.len() - cursor.rest.len();
                self.at_end = true;
                self.next(columns, last, env)
            }
            Parsed::Incomplete if last => Err(bad_format("unexpected EOF in COPY data")),
            Parsed::Incomplete => Ok(None),
        }
    }

    fn read_header(&mut self, last: bool) -> Result<bool> {
        let known = self.buffer.len().min(SIGNATURE.len());
        if self.buffer[..known] != SIGNATURE[..known] || (last && known < SIGNATURE.len()) {
            return Err(bad_format("COPY file signature not recognized"));
        }
        let Some(header) = self.buffer.get(..HEADER_BYTES) else {
            return match last {
                true => Err(bad_format("invalid COPY file header (missing flags)")),
                false => Ok(false),
            };
        };
        let number =
            |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().expect("4 bytes"));
        if number(11) & CRITICAL_FLAGS != 0 {
            return Err(bad_format("unrecognized critical flags in COPY file header"));
        }
        let extension = number(15) as usize;
        if self.buffer.len() - HEADER_BYTES < extension {
            return match last {
                true => Err(bad_format("invalid COPY file header (wrong length)")),
                false => Ok(false),
            };
        }
        self.at = HEADER_BYTES + extension;
        self.header_read = true;
        Ok(true)
    }
}

enum Parsed {
    Row(Row),
    End,
    Incomplete,
}

struct Cursor<'a> {
    rest: &'a [u8],
    /// The column being read.
    column: Option<&'a str>,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.rest.split_at_checked(n)?;
        self.rest = rest;
        Some(head)
    }

    fn row(&mut self, columns: &'a [Column], env: &dyn Env) -> Result<Parsed> {
        let Some(count) = self.take(2) else { return Ok(Parsed::Incomplete) };
        let count = i16::from_be_bytes([count[0], count[1]]);
        if count == -1 {
            return Ok(Parsed::End);
        }
        if usize::try_from(count) != Ok(columns.len()) {
            let message = format!("row field count is {count}, expected {}", columns.len());
            return Err(bad_format(message));
        }
        let mut row = Row::with_capacity(columns.len());
        for column in columns {
            self.column = Some(&column.name);
            let Some(length) = self.take(4) else { return Ok(Parsed::Incomplete) };
            let length = i32::from_be_bytes([length[0], length[1], length[2], length[3]]);
            if length == -1 {
                row.push(functions::null_in(env, column.type_oid)?);
                continue;
            }
            let Ok(length) = usize::try_from(length) else {
                return Err(bad_format("invalid field size"));
            };
            let Some(bytes) = self.take(length) else { return Ok(Parsed::Incomplete) };
            row.push(functions::receive(env, column.type_oid, column.typmod, bytes)?);
        }
        Ok(Parsed::Row(row))
    }
}

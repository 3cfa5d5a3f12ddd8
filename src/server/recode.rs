//! Text of messages between the client's encoding (`client_encoding`) and the server's, UTF-8.
//!
//! Whole messages are rewritten: before they are decoded, and after they are made. So nothing else knows
//! of encodings but values, whose text forms [`row`](super::codec::row) converts and whose binary forms
//! [`functions::send`](crate::functions::send), and COPY's data, which has an option of its own.
//!
//! A client of UTF-8, and a message all in ASCII, cost a comparison.

use crate::error::Result;
use crate::types::Charset;
use bytes::Bytes;

/// Tag and length of a message.
const HEADER_BYTES: usize = 5;
/// What follows a column's name in a RowDescription.
const FIELD_BYTES: usize = 18;

/// A client's message with its strings and text parameters as UTF-8. 22021, 22P05: they are none.
///
/// A body that does not fit its layout comes back with what does not fit as it was: decoding it will
/// say what is wrong.
pub fn incoming(tag: u8, body: Bytes, charset: Charset) -> Result<Bytes> {
    if charset.is_servers() || body.is_ascii() {
        return Ok(body);
    }
    let mut message = Message { rest: &body, out: Vec::with_capacity(body.len() * 2) };
    let mut decode = |text: &[u8], out: &mut Vec<u8>| {
        out.extend_from_slice(charset.decode(text)?.as_bytes());
        Ok(())
    };
    match tag {
        b'Q' | b'E' | b'f' => drop(message.string(&mut decode)?),
        b'P' => drop(message.strings(2, &mut decode)?),
        b'D' | b'C' => {
            message.copy(1);
            message.string(&mut decode)?;
        }
        b'B' => {
            message.strings(2, &mut decode)?;
            message.parameters(&mut decode)?;
        }
        b'F' => {
            message.copy(4);
            message.parameters(&mut decode)?;
        }
        _ => {}
    }
    Ok(message.finish().into())
}

/// Rewrites the message at the end of a buffer, from `start` on, in the client's encoding. Characters
/// that it does not have become question marks; in rows, whose values matter, they are errors.
pub fn outgoing(out: &mut Vec<u8>, start: usize, charset: Charset) {
    if charset.is_servers() || out[start..].is_ascii() {
        return;
    }
    let body = out.split_off(start + HEADER_BYTES);
    let mut message = Message { rest: &body, out: std::mem::take(out) };
    let mut encode = |text: &[u8], out: &mut Vec<u8>| {
        let text = std::str::from_utf8(text).expect("messages are made of text");
        out.extend_from_slice(&charset.encode_lossy(text));
        Ok(())
    };
    let written = match message.out[start] {
        b'C' => message.string(&mut encode),
        b'S' => message.strings(2, &mut encode),
        b'A' => {
            message.copy(4);
            message.strings(2, &mut encode)
        }
        b'T' => {
            let columns = message.count();
            (0..columns).try_fold(true, |_, _| {
                message.string(&mut encode)?;
                Ok(message.copy(FIELD_BYTES))
            })
        }
        // Fields of a byte and a string each, then a byte that is 0.
        b'E' | b'N' => loop {
            match message.rest.first() {
                None | Some(0) => break Ok(true),
                Some(_) => message.copy(1),
            };
            if let Err(error) = message.string(&mut encode) {
                break Err(error);
            }
        },
        _ => Ok(true),
    };
    written.expect("what has no equivalent is a question mark");
    *out = message.finish();
    let length = u32::try_from(out.len() - start - 1).expect("messages are shorter than 4 GiB");
    out[start + 1..start + HEADER_BYTES].copy_from_slice(&length.to_be_bytes());
}

/// A message on its way from one form to the other.
struct Message<'a> {
    rest: &'a [u8],
    out: Vec<u8>,
}

/// Appends a text in the other encoding.
type Convert<'c> = dyn FnMut(&[u8], &mut Vec<u8>) -> Result<()> + 'c;

/// Each gives `false`, and does nothing, where the rest of the message is too short.
impl Message<'_> {
    fn copy(&mut self, bytes: usize) -> bool {
        let Some((head, rest)) = self.rest.split_at_checked(bytes) else { return false };
        self.out.extend_from_slice(head);
        self.rest = rest;
        true
    }

    /// A count of what follows; copied.
    fn count(&mut self) -> usize {
        match self.rest {
            [high, low, ..] => {
                let count = u16::from_be_bytes([*high, *low]);
                self.copy(2);
                usize::from(count)
            }
            _ => 0,
        }
    }

    fn string(&mut self, convert: &mut Convert<'_>) -> Result<bool> {
        let Some(end) = self.rest.iter().position(|byte| *byte == 0) else { return Ok(false) };
        convert(&self.rest[..end], &mut self.out)?;
        self.out.push(0);
        self.rest = &self.rest[end + 1..];
        Ok(true)
    }

    fn strings(&mut self, count: usize, convert: &mut Convert<'_>) -> Result<bool> {
        (0..count).try_fold(true, |_, _| self.string(convert))
    }

    /// Format codes and values, as in Bind and FunctionCall: those in text form are converted.
    fn parameters(&mut self, convert: &mut Convert<'_>) -> Result<()> {
        let formats = self.count();
        let codes = &self.rest[..self.rest.len().min(formats * 2)];
        self.copy(codes.len());
        let is_text = |at: usize| match formats {
            0 => true,
            1 => codes == [0, 0],
            _ => codes.get(at * 2..at * 2 + 2) == Some(&[0, 0]),
        };
        for at in 0..self.count() {
            let Some((length, rest)) = self.rest.split_first_chunk::<4>() else { return Ok(()) };
            let length = usize::try_from(i32::from_be_bytes(*length));
            let value = length.ok().and_then(|length| rest.split_at_checked(length));
            match value {
                Some((value, rest)) if is_text(at) => {
                    let start = self.out.len();
                    self.out.extend_from_slice(&[0; 4]);
                    convert(value, &mut self.out)?;
                    let bytes = self.out.len() - start - 4;
                    let bytes = u32::try_from(bytes).expect("parameters are shorter than 4 GiB");
                    self.out[start..start + 4].copy_from_slice(&bytes.to_be_bytes());
                    self.rest = rest;
                }
                Some((value, _)) => drop(self.copy(4 + value.len())),
                // NULL, or a length that decoding will refuse.
                None => drop(self.copy(4)),
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Vec<u8> {
        self.out.extend_from_slice(self.rest);
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::codec::backend;

    fn latin1() -> Charset {
        Charset::named("latin1").unwrap()
    }

    #[test]
    fn strings_and_text_parameters_become_utf8() {
        let read = |tag, body: &'static [u8]| incoming(tag, Bytes::from_static(body), latin1());
        assert_eq!(&read(b'Q', b"SELECT '\xe9'\0").unwrap()[..], "SELECT 'é'\0".as_bytes());
        let bind = b"\xe9\0s\0\0\x02\0\0\0\x01\0\x02\0\0\0\x01\xe9\0\0\0\x01\xe9\0\0";
        let expected = b"\xc3\xa9\0s\0\0\x02\0\0\0\x01\0\x02\0\0\0\x02\xc3\xa9\0\0\0\x01\xe9\0\0";
        assert_eq!(&read(b'B', bind).unwrap()[..], expected);
        for end in 0..bind.len() {
            // Too short: decoding will say so.
            drop(read(b'B', &bind[..end]).unwrap());
        }
    }

    #[test]
    fn messages_are_written_in_the_clients_encoding() {
        let mut out = b"before".to_vec();
        backend::parameter_status(&mut out, "application_name", "é");
        outgoing(&mut out, 6, latin1());
        assert_eq!(&out[6..], b"S\0\0\0\x17application_name\0\xe9\0");
        let mut out = Vec::new();
        let name = "aé\u{3042}";
        let field = backend::Field {
            name,
            table: 1,
            attno: 2,
            type_oid: 3,
            type_length: 4,
            typmod: -1,
            format: 0,
        };
        backend::row_description(&mut out, [field].into_iter());
        outgoing(&mut out, 0, latin1());
        assert_eq!(&out[..11], b"T\0\0\0\x1c\0\x01a\xe9?\0");
    }
}

//! Messages from the client.
//!
//! Three kinds of bad input, as PostgreSQL tells them apart:
//! - a frame whose type or length cannot be right: the stream is out of step, so the session ends
//!   ([`frame`] gives a FATAL error);
//! - a body that does not fit its layout: 08P01, the session goes on;
//! - text that is not valid UTF-8: 22021, the session goes on.

use crate::error::{PgError, Result, code};
pub use crate::session::FunctionCall;
pub use crate::session::utf8;
use crate::types::Oid;

/// Longest body of a message that carries SQL, parameters or COPY data, in bytes.
const LARGE_MESSAGE_MAX: usize = (1 << 30) - 2;
/// Longest body of any other message, in bytes.
const SMALL_MESSAGE_MAX: usize = 10_000;

/// What a Describe or Close names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Statement,
    Portal,
}

/// One message, borrowing from its body.
#[derive(Debug, PartialEq)]
pub enum Message<'a> {
    Query(&'a str),
    Parse {
        name: &'a str,
        query: &'a str,
        types: Vec<Oid>,
    },
    Bind(Bind<'a>),
    Describe(Target, &'a str),
    /// `max_rows` 0: all.
    Execute {
        portal: &'a str,
        max_rows: i32,
    },
    Close(Target, &'a str),
    Flush,
    Sync,
    Terminate,
    FunctionCall(FunctionCall<'a>),
    CopyData(&'a [u8]),
    CopyDone,
    CopyFail(&'a str),
    /// PasswordMessage, SASLInitialResponse or SASLResponse: which one, the state of the
    /// authentication tells.
    Password(&'a [u8]),
}

#[derive(Debug, PartialEq)]
pub struct Bind<'a> {
    pub portal: &'a str,
    pub statement: &'a str,
    /// Format codes: none (all text), one for all, or one for each.
    pub parameter_formats: Vec<i16>,
    pub parameters: Vec<Option<&'a [u8]>>,
    pub result_formats: Vec<i16>,
}

/// The body length of a message, from its first five bytes; FATAL where the stream cannot be
/// PostgreSQL's protocol.
pub fn frame(tag: u8, length: i32) -> Result<usize> {
    let body_max = match tag {
        b'Q' | b'P' | b'B' | b'F' | b'd' | b'p' => LARGE_MESSAGE_MAX,
        b'D' | b'E' | b'C' | b'H' | b'S' | b'X' | b'c' | b'f' => SMALL_MESSAGE_MAX,
        _ => return Err(violation(format!("invalid frontend message type {tag}")).fatal()),
    };
    match usize::try_from(i64::from(length) - 4) {
        Ok(body) if body <= body_max => Ok(body),
        _ => Err(violation("invalid message length").fatal()),
    }
}

/// Decodes the body of a message whose frame was accepted by [`frame`].
pub fn decode(tag: u8, body: &[u8]) -> Result<Message<'_>> {
    let mut r = Reader { rest: body };
    let message = match tag {
        b'Q' => Message::Query(r.string()?),
        b'P' => Message::Parse { name: r.string()?, query: r.string()?, types: r.types()? },
        b'B' => Message::Bind(Bind {
            portal: r.string()?,
            statement: r.string()?,
            parameter_formats: r.formats()?,
            parameters: r.parameters()?,
            result_formats: r.formats()?,
        }),
        b'D' => Message::Describe(r.target("DESCRIBE")?, r.string()?),
        b'E' => Message::Execute { portal: r.string()?, max_rows: r.i32()? },
        b'C' => Message::Close(r.target("CLOSE")?, r.string()?),
        b'H' => Message::Flush,
        b'S' => Message::Sync,
        b'X' => return Ok(Message::Terminate),
        b'F' => Message::FunctionCall(FunctionCall {
            function: u32::from_be_bytes(r.array()?),
            formats: r.formats()?,
            arguments: r.parameters()?,
            result_format: r.i16()?,
        }),
        b'd' => return Ok(Message::CopyData(body)),
        b'c' => return Ok(Message::CopyDone),
        b'f' => Message::CopyFail(r.string()?),
        b'p' => return Ok(Message::Password(body)),
        _ => return Err(violation(format!("invalid frontend message type {tag}")).fatal()),
    };
    match r.rest {
        [] => Ok(message),
        _ => Err(violation("invalid message format")),
    }
}

pub(crate) fn violation(message: impl Into<std::borrow::Cow<'static, str>>) -> PgError {
    PgError::new(code::PROTOCOL_VIOLATION, message)
}

/// Takes fields off the front of a body.
pub(crate) struct Reader<'a> {
    pub(crate) rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn bytes(&mut self, n: usize) -> Result<&'a [u8]> {
        if n > self.rest.len() {
            return Err(violation("insufficient data left in message"));
        }
        let (head, rest) = self.rest.split_at(n);
        self.rest = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let bytes = self.bytes(N)?;
        Ok(bytes.try_into().expect("bytes() gave N bytes"))
    }

    pub(crate) fn i16(&mut self) -> Result<i16> {
        Ok(i16::from_be_bytes(self.array()?))
    }

    pub(crate) fn i32(&mut self) -> Result<i32> {
        Ok(i32::from_be_bytes(self.array()?))
    }

    /// A NUL-terminated string.
    pub(crate) fn string(&mut self) -> Result<&'a str> {
        let end = self.rest.iter().position(|b| *b == 0);
        let end = end.ok_or_else(|| violation("invalid string in message"))?;
        let text = utf8(&self.rest[..end])?;
        self.rest = &self.rest[end + 1..];
        Ok(text)
    }

    /// A count and as many items. The count is not trusted for allocation: items must follow.
    fn list<T>(&mut self, item: impl Fn(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        // Counts are unsigned in practice: drivers send up to 65535 parameters.
        let n = usize::from(u16::from_be_bytes(self.array()?));
        let mut items = Vec::with_capacity(n.min(self.rest.len()));
        for _ in 0..n {
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn types(&mut self) -> Result<Vec<Oid>> {
        self.list(|r| Ok(u32::from_be_bytes(r.array()?)))
    }

    fn formats(&mut self) -> Result<Vec<i16>> {
        self.list(|r| r.i16())
    }

    fn parameters(&mut self) -> Result<Vec<Option<&'a [u8]>>> {
        self.list(|r| match r.i32()? {
            -1 => Ok(None),
            n => match usize::try_from(n) {
                Ok(n) => r.bytes(n).map(Some),
                Err(_) => Err(violation("insufficient data left in message")),
            },
        })
    }

    fn target(&mut self, message: &str) -> Result<Target> {
        match self.array::<1>()?[0] {
            b'S' => Ok(Target::Statement),
            b'P' => Ok(Target::Portal),
            other => Err(violation(format!("invalid {message} message subtype {other}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_borrow_from_their_bytes() {
        assert_eq!(decode(b'Q', b"SELECT 1\0").unwrap(), Message::Query("SELECT 1"));
        let bind = decode(b'B', b"\0s\0\0\x01\0\x01\0\x02\0\0\0\x01x\xff\xff\xff\xff\0\0").unwrap();
        assert_eq!(
            bind,
            Message::Bind(Bind {
                portal: "",
                statement: "s",
                parameter_formats: vec![1],
                parameters: vec![Some(b"x"), None],
                result_formats: vec![],
            })
        );
    }

    #[test]
    fn every_prefix_of_a_message_is_refused() {
        let bind = b"p\0s\0\0\x01\0\x01\0\x02\0\0\0\x01x\xff\xff\xff\xff\0\x01\0\x01";
        assert!(decode(b'B', bind).is_ok());
        for end in 0..bind.len() {
            let error = decode(b'B', &bind[..end]).unwrap_err();
            assert_eq!(error.code(), code::PROTOCOL_VIOLATION, "{end}");
        }
    }

    #[test]
    fn bytes_after_the_message_are_refused() {
        assert_eq!(decode(b'S', b"x").unwrap_err().message(), "invalid message format");
        let nul_inside = decode(b'Q', b"SELECT\0 1\0").unwrap_err();
        assert_eq!(nul_inside.code(), code::PROTOCOL_VIOLATION);
    }

    #[test]
    fn negative_parameter_length_is_refused() {
        assert!(decode(b'B', b"\0\0\0\0\0\x01\xff\xff\xff\xfe\0\0").is_err());
    }

    #[test]
    fn invalid_utf8_names_the_bytes() {
        let error = decode(b'Q', b"SELECT '\xe2\x28\xa1'\0").unwrap_err();
        assert_eq!(error.code(), code::CHARACTER_NOT_IN_REPERTOIRE);
        assert_eq!(error.message(), "invalid byte sequence for encoding \"UTF8\": 0xe2 0x28 0xa1");
    }

    #[test]
    fn frames_that_cannot_be_are_fatal() {
        for (tag, length) in [(b'Q', 3), (b'Q', -1), (b'S', 100_000), (b'z', 4), (0xff, 4)] {
            assert!(frame(tag, length).unwrap_err().is_fatal());
        }
        assert_eq!(frame(b'Q', 13).unwrap(), 9);
    }

    #[test]
    fn any_bytes_decode_or_fail() {
        let mut seed = 1u64;
        for length in 0..400usize {
            let body: Vec<u8> = (0..length)
                .map(|_| {
                    seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    if seed >> 63 == 0 { 0 } else { (seed >> 40) as u8 }
                })
                .collect();
            for tag in b"QPBDECHSXFdcfp" {
                let _ = decode(*tag, &body);
            }
        }
    }
}

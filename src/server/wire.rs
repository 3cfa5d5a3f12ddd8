//! One client's socket: framed input, buffered output.
//!
//! Output goes to [`Wire::out`] and to the socket only in [`Wire::flush`]: on Sync and Flush, when
//! the buffer has passed [`FLUSH_AT_BYTES`], and before waiting for input. Both buffers are given
//! back while the client is idle, so an idle session costs little memory.

use super::codec::frontend;
use super::recode;
use crate::error::{PgError, code};
use crate::types::{Charset, SharedCharset};
use bytes::{Bytes, BytesMut};
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Output beyond this is written out while a result is still being made.
const FLUSH_AT_BYTES: usize = 64 * 1024;
/// Room that each read offers.
const READ_BYTES: usize = 8 * 1024;
/// An idle session keeps buffers up to this size.
const IDLE_BUFFER_BYTES: usize = 8 * 1024;

/// A connection's transport: TCP or Unix socket, plain or TLS.
pub trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Transport for T {}

/// A message's tag and body.
pub struct Frame {
    pub tag: u8,
    pub body: Bytes,
}

/// Why reading or writing stopped.
#[derive(Debug)]
pub enum WireError {
    /// The socket failed: nobody is left to tell.
    Io(io::Error),
    /// The bytes are not the protocol.
    Protocol(PgError),
}

impl From<io::Error> for WireError {
    fn from(e: io::Error) -> WireError {
        WireError::Io(e)
    }
}

/// A transport failure as an error that ends the session.
pub fn disconnected(error: WireError) -> PgError {
    match error {
        WireError::Protocol(error) => error.fatal(),
        WireError::Io(e) => {
            PgError::new(code::CONNECTION_FAILURE, format!("connection to client lost: {e}"))
                .fatal()
        }
    }
}

pub struct Wire {
    transport: Box<dyn Transport>,
    input: BytesMut,
    /// A message larger than an idle session's buffer has passed through `input`.
    input_grown: bool,
    /// Replies not yet written.
    pub out: Vec<u8>,
    /// The client's encoding: UTF8 until it has a session.
    pub charset: Arc<SharedCharset>,
}

impl Wire {
    pub fn new(transport: Box<dyn Transport>) -> Wire {
        Wire {
            transport,
            input: BytesMut::new(),
            input_grown: false,
            out: Vec::new(),
            charset: Arc::default(),
        }
    }

    /// Puts TLS (or another transport) around the bare socket. Bytes already read would have been
    /// sent before the handshake, by someone in the middle: they are refused (CVE-2021-23214).
    pub fn replace_transport(self) -> Result<Box<dyn Transport>, PgError> {
        match self.input.is_empty() {
            true => Ok(self.transport),
            false => Err(PgError::new(
                code::PROTOCOL_VIOLATION,
                "received unencrypted data after SSL request",
            )
            .fatal()),
        }
    }

    /// The next message; `None` where the client closed the connection between messages.
    pub async fn read(&mut self) -> Result<Option<Frame>, WireError> {
        self.read_at_most(usize::MAX).await
    }

    /// The same, with a body of at most `body_max` bytes.
    pub async fn read_at_most(&mut self, body_max: usize) -> Result<Option<Frame>, WireError> {
        if !self.fill(5).await? {
            return Ok(None);
        }
        let tag = self.input[0];
        let length = i32::from_be_bytes(self.input[1..5].try_into().expect("four bytes"));
        let body_bytes = frontend::frame(tag, length).map_err(WireError::Protocol)?;
        if body_bytes > body_max {
            let error = frontend::violation("invalid message length").fatal();
            return Err(WireError::Protocol(error));
        }
        self.input_grown |= body_bytes > IDLE_BUFFER_BYTES;
        if !self.fill(5 + body_bytes).await? {
            return Ok(None);
        }
        let mut frame = self.input.split_to(5 + body_bytes);
        let body = frame.split_off(5).freeze();
        Ok(Some(Frame { tag, body }))
    }

    /// A whole message is here already: answers may wait for it.
    pub fn has_input(&self) -> bool {
        let Some(header) = self.input.get(1..5) else { return false };
        let length = u32::from_be_bytes(header.try_into().expect("four bytes"));
        self.input.len() as u64 > u64::from(length)
    }

    /// A startup packet's body: no tag, at most `max` bytes. `None`: closed.
    pub async fn read_startup(&mut self, max: usize) -> Result<Option<Bytes>, WireError> {
        if !self.fill(4).await? {
            return Ok(None);
        }
        let length = i32::from_be_bytes(self.input[..4].try_into().expect("four bytes"));
        let length = usize::try_from(length).unwrap_or(0);
        if !(8..=max).contains(&length) {
            let error = frontend::violation("invalid length of startup packet").fatal();
            return Err(WireError::Protocol(error));
        }
        if !self.fill(length).await? {
            return Ok(None);
        }
        Ok(Some(self.input.split_to(length).split_off(4).freeze()))
    }

    /// Reads until `n` bytes are buffered; `false`: the client closed first.
    async fn fill(&mut self, n: usize) -> Result<bool, WireError> {
        while self.input.len() < n {
            // Grows with what arrives, not with what a length field promises.
            self.input.reserve(READ_BYTES.min(n.max(READ_BYTES)));
            if self.transport.read_buf(&mut self.input).await? == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub fn charset(&self) -> Charset {
        self.charset.get()
    }

    /// Appends a message that has strings, in the client's encoding.
    pub fn append(&mut self, message: impl FnOnce(&mut Vec<u8>)) {
        let start = self.out.len();
        message(&mut self.out);
        let charset = self.charset();
        recode::outgoing(&mut self.out, start, charset);
    }

    pub fn should_flush(&self) -> bool {
        self.out.len() >= FLUSH_AT_BYTES
    }

    /// Writes out what is buffered.
    pub async fn flush(&mut self) -> Result<(), WireError> {
        if !self.out.is_empty() {
            self.transport.write_all(&self.out).await?;
            self.out.clear();
            self.transport.flush().await?;
        }
        Ok(())
    }

    /// Gives memory back before a wait that may be long.
    pub fn shrink(&mut self) {
        if self.input_grown && self.input.is_empty() {
            self.input = BytesMut::new();
            self.input_grown = false;
        }
        if self.out.is_empty() && self.out.capacity() > IDLE_BUFFER_BYTES {
            self.out = Vec::new();
        }
    }

    /// Ends the connection in order, TLS's closing message included.
    pub async fn close(mut self) {
        // The client may be gone already; there is nobody to tell of a failure.
        let _ = self.flush().await;
        let _ = self.transport.shutdown().await;
    }
}

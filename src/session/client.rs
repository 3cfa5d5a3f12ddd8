//! What a session says to its client, and the one thing it asks of it: COPY data.
//!
//! The server implements [`Client`] over a socket. Everything but [`Client::flush`] and
//! [`Client::copy_read`] only appends to a buffer, so results are written with few system calls.

use crate::error::{PgError, Result, SqlState, code};
use crate::exec::ResultColumn;
use crate::functions::Env;
use crate::types::{Datum, Oid};
use bytes::Bytes;
use datafusion::arrow::record_batch::RecordBatch;

/// A value's form on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Text,
    Binary,
}

/// One output column as it is written: its type and form.
#[derive(Clone, Copy, Debug)]
pub struct OutputColumn {
    pub type_oid: Oid,
    pub encoding: Encoding,
}

/// Rows to write.
pub enum Rows<'a> {
    Datums(&'a [Vec<Datum>]),
    Arrow(&'a RecordBatch),
}

/// Severities of messages that are not errors, weakest first (`client_min_messages`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Notice,
    Warning,
    /// Sent whatever `client_min_messages` is.
    Info,
}

impl Severity {
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Notice => "NOTICE",
            Severity::Warning => "WARNING",
            Severity::Info => "INFO",
        }
    }
}

/// A NoticeResponse: an error's fields with a milder severity.
#[derive(Clone, Debug)]
pub struct Notice {
    pub severity: Severity,
    pub fields: PgError,
}

impl Notice {
    /// A warning with a SQLSTATE.
    pub fn warning(code: SqlState, message: impl Into<std::borrow::Cow<'static, str>>) -> Notice {
        Notice { severity: Severity::Warning, fields: PgError::new(code, message) }
    }

    /// A plain notice, 00000.
    pub fn plain(message: impl Into<std::borrow::Cow<'static, str>>) -> Notice {
        let fields = PgError::new(code::SUCCESSFUL_COMPLETION, message);
        Notice { severity: Severity::Notice, fields }
    }
}

/// A NOTIFY that reached this session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Notification {
    /// Process id of the session that sent it.
    pub pid: i32,
    pub channel: String,
    pub payload: String,
}

/// Messages without fields of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    ParseComplete,
    BindComplete,
    CloseComplete,
    NoData,
    EmptyQuery,
    PortalSuspended,
    CopyDone,
}

#[async_trait::async_trait]
pub trait Client: Send {
    fn reply(&mut self, reply: Reply);
    fn notice(&mut self, notice: &Notice);
    fn parameter_status(&mut self, name: &str, value: &str);
    fn notification(&mut self, notification: &Notification);
    fn parameter_description(&mut self, types: &[Oid]);
    /// `encodings`: none (all text), one for all columns, or one for each.
    fn row_description(&mut self, columns: &[ResultColumn], encodings: &[Encoding]);
    /// Appends one DataRow per row of `rows`.
    fn rows(&mut self, rows: Rows<'_>, columns: &[OutputColumn], env: &dyn Env) -> Result<()>;
    /// A function's result in the form asked for; `None`: NULL.
    fn function_result(&mut self, form: Option<&[u8]>);
    fn command_complete(&mut self, tag: &str);
    /// CopyInResponse; the client answers with data, read by [`Client::copy_read`].
    fn copy_in(&mut self, encoding: Encoding, columns: usize);
    /// CopyOutResponse.
    fn copy_out(&mut self, encoding: Encoding, columns: usize);
    /// One CopyData message, which `body` appends.
    fn copy_data(&mut self, body: &mut dyn FnMut(&mut Vec<u8>) -> Result<()>) -> Result<()>;
    /// Enough is buffered that it should go out before more is made.
    fn should_flush(&self) -> bool;
    async fn flush(&mut self) -> Result<()>;
    /// The next piece of COPY data; `None` after CopyDone. CopyFail is an error.
    async fn copy_read(&mut self) -> Result<Option<Bytes>>;
}

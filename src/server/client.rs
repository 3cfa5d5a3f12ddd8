//! A session's [`Client`], over a socket.

use super::codec::frontend::{self, Message};
use super::codec::{backend, row};
use super::recode;
use super::wire::{Wire, disconnected};
use crate::error::{PgError, Result, code};
use crate::exec::ResultColumn;
use crate::functions::Env;
use crate::session::{Client, Encoding, Notice, Notification, OutputColumn, Reply, Rows};
use crate::types::Oid;
use bytes::Bytes;

/// The session's view of its client.
pub struct SocketClient<'a>(pub &'a mut Wire);

#[async_trait::async_trait]
impl Client for SocketClient<'_> {
    fn reply(&mut self, reply: Reply) {
        let tag = match reply {
            Reply::ParseComplete => b'1',
            Reply::BindComplete => b'2',
            Reply::CloseComplete => b'3',
            Reply::NoData => b'n',
            Reply::EmptyQuery => b'I',
            Reply::PortalSuspended => b's',
            Reply::CopyDone => b'c',
        };
        backend::empty(&mut self.0.out, tag);
    }

    fn notice(&mut self, notice: &Notice) {
        let severity = notice.severity.as_str();
        let report = backend::Report { severity, error: &notice.fields, position: None };
        self.0.append(|out| backend::report(out, b'N', &report));
    }

    fn parameter_status(&mut self, name: &str, value: &str) {
        self.0.append(|out| backend::parameter_status(out, name, value));
    }

    fn notification(&mut self, n: &Notification) {
        self.0.append(|out| backend::notification(out, n.pid, &n.channel, &n.payload));
    }

    fn parameter_description(&mut self, types: &[Oid]) {
        backend::parameter_description(&mut self.0.out, types);
    }

    fn row_description(&mut self, columns: &[ResultColumn], encodings: &[Encoding]) {
        let fields = columns.iter().enumerate().map(|(i, column)| backend::Field {
            name: &column.name,
            table: column.table,
            attno: column.attno,
            type_oid: column.type_oid,
            type_length: column.type_length,
            typmod: column.typmod,
            format: match encodings {
                [] => 0,
                [one] => i16::from(*one == Encoding::Binary),
                each => i16::from(each[i] == Encoding::Binary),
            },
        });
        self.0.append(|out| backend::row_description(out, fields));
    }

    fn rows(&mut self, rows: Rows<'_>, columns: &[OutputColumn], env: &dyn Env) -> Result<()> {
        row::append(&mut self.0.out, rows, columns, env)
    }

    fn function_result(&mut self, form: Option<&[u8]>) {
        backend::function_call_response(&mut self.0.out, form);
    }

    fn command_complete(&mut self, tag: &str) {
        self.0.append(|out| backend::command_complete(out, tag));
    }

    fn copy_in(&mut self, encoding: Encoding, columns: usize) {
        backend::copy_response(&mut self.0.out, b'G', encoding == Encoding::Binary, columns);
    }

    fn copy_out(&mut self, encoding: Encoding, columns: usize) {
        backend::copy_response(&mut self.0.out, b'H', encoding == Encoding::Binary, columns);
    }

    fn copy_data(&mut self, body: &mut dyn FnMut(&mut Vec<u8>) -> Result<()>) -> Result<()> {
        let start = self.0.out.len();
        let mut outcome = Ok(());
        backend::message(&mut self.0.out, b'd', |out| outcome = body(out));
        if outcome.is_err() {
            self.0.out.truncate(start);
        }
        outcome
    }

    fn should_flush(&self) -> bool {
        self.0.should_flush()
    }

    async fn flush(&mut self) -> Result<()> {
        self.0.flush().await.map_err(disconnected)
    }

    async fn copy_read(&mut self) -> Result<Option<Bytes>> {
        if !self.0.has_input() {
            self.flush().await?;
        }
        loop {
            let Some(frame) = self.0.read().await.map_err(disconnected)? else {
                let message = "unexpected EOF on client connection with an open transaction";
                return Err(PgError::new(code::CONNECTION_FAILURE, message).fatal());
            };
            let body = recode::incoming(frame.tag, frame.body.clone(), self.0.charset())?;
            match frontend::decode(frame.tag, &body)? {
                Message::CopyData(_) => return Ok(Some(frame.body)),
                Message::CopyDone => return Ok(None),
                Message::CopyFail(reason) => {
                    let message = format!("COPY from stdin failed: {reason}");
                    return Err(PgError::new(code::QUERY_CANCELED, message));
                }
                // Clients of the extended protocol send these behind Execute.
                Message::Flush | Message::Sync => {}
                _ => {
                    let tag = frame.tag;
                    let message =
                        format!("unexpected message type 0x{tag:02X} during COPY from stdin");
                    return Err(frontend::violation(message).fatal());
                }
            }
        }
    }
}

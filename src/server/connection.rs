//! One client, from its first byte to its last: startup, then the message loop.
//!
//! The loop follows the protocol's two modes (manual, 55.2.2 and 55.2.3). After an error in the
//! extended protocol it reads and drops messages until Sync. Output is written when the client may
//! be waiting for it (after Sync, Flush and a simple query, unless more input is here already, and
//! after an error, since it swallows the Flush behind it) or when much has gathered.
//!
//! A panic in a statement is a bug, but one session's: it is caught here, told to the client as
//! XX000, and the session goes on with its transaction rolled back.

use super::Server;
use super::auth;
use super::client::SocketClient;
use super::codec::backend;
use super::codec::frontend::{self, Message, Target};
use super::recode;
use super::startup::StartupParameters;
use super::tls::Tls;
use super::wire::{Frame, Wire, WireError, disconnected};
use crate::error::{PgError, Result, code};
use crate::session::{Gone, Session, SessionOptions, Wakeup};
use futures::FutureExt;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio::time::Instant;
use tracing::{debug, error};

/// Where the client is; decides about trust.
#[derive(Clone)]
pub struct Peer {
    /// The client's address and the server's; `None`: a Unix socket.
    pub addresses: Option<(SocketAddr, SocketAddr)>,
    /// `None`: in clear.
    pub tls: Option<Tls>,
    pub gone: Gone,
    /// By when it must have a session.
    pub deadline: Instant,
}

impl Peer {
    pub fn new(addresses: Option<(SocketAddr, SocketAddr)>, gone: Gone) -> Peer {
        Peer { addresses, tls: None, gone, deadline: Instant::now() }
    }
}

/// Runs a session over a connection that has sent its startup packet.
pub async fn serve(server: Arc<Server>, mut wire: Wire, parameters: StartupParameters, peer: Peer) {
    let deadline = peer.deadline;
    let starting = start(&server, &mut wire, parameters, peer);
    let session = match tokio::time::timeout_at(deadline, starting).await {
        Ok(started) => started,
        Err(_) => {
            let message = "canceling authentication due to timeout";
            Err(PgError::new(code::QUERY_CANCELED, message))
        }
    };
    let session = match session {
        Ok(session) => session,
        Err(refusal) => {
            debug!(reason = %refusal, "connection refused");
            append_error(&mut wire, &refusal.fatal(), None);
            return wire.close().await;
        }
    };
    let mut connection =
        Connection { server, wire, session, skip_until_sync: false, flush_due: false };
    if let Err(end) = connection.run().await {
        append_error(&mut connection.wire, &end, None);
    }
    connection.session.end().await;
    connection.wire.close().await;
}

/// Authenticates, opens the session and greets.
async fn start(
    server: &Server,
    wire: &mut Wire,
    parameters: StartupParameters,
    peer: Peer,
) -> Result<Session> {
    if server.instance.requires_password() {
        let stored = server.instance.role_verifier(&parameters.user);
        let method = match (server.config.auth, &peer.tls) {
            (auth::Method::Cleartext, Some(_)) => auth::Method::Cleartext,
            // A password in clear text goes over TLS or not at all.
            _ => auth::Method::ScramSha256,
        };
        let challenge = auth::Challenge {
            user: &parameters.user,
            verifier: stored.as_deref().and_then(auth::scram::Verifier::parse),
            mock_secret: &server.mock_secret,
            channel: peer.tls.as_ref().and_then(|tls| tls.end_point.as_deref()),
        };
        auth::authenticate(wire, method, challenge).await?;
    }
    let options = SessionOptions {
        user: parameters.user,
        database: parameters.database,
        settings: parameters.settings,
        addresses: peer.addresses,
        encryption: peer.tls.map(|tls| tls.encryption),
        gone: peer.gone,
    };
    // As in PostgreSQL, who may not use the database learns it after being let in.
    auth::accept(wire);
    if server.is_nearly_full() && !server.instance.is_superuser(&options.user) {
        let message =
            "remaining connection slots are reserved for non-replication superuser connections";
        return Err(PgError::new(code::TOO_MANY_CONNECTIONS, message));
    }
    let mut session = Session::start(server.instance.clone(), options)?;
    wire.charset = session.client_charset();
    for (name, value) in session.reported_settings() {
        wire.append(|out| backend::parameter_status(out, name, &value));
    }
    let backend = session.backend();
    backend::backend_key_data(&mut wire.out, backend.pid, backend.secret);
    Ok(session)
}

struct Connection {
    server: Arc<Server>,
    wire: Wire,
    session: Session,
    /// An error in the extended protocol: everything up to Sync is dropped.
    skip_until_sync: bool,
    /// A ReadyForQuery waits to be written because more input was here: the messages that followed
    /// may ask for no answer.
    flush_due: bool,
}

/// Whether the loop goes on.
enum Next {
    Message,
    End,
}

impl Connection {
    /// Serves messages until the client leaves; an error is the session's FATAL last word.
    async fn run(&mut self) -> Result<()> {
        self.ready().await?;
        while let Some(frame) = self.next_frame().await? {
            match self.handle(&frame).await {
                Ok(Next::Message) => {}
                Ok(Next::End) => break,
                Err(error) if error.is_fatal() => return Err(error),
                Err(error) => self.failed(frame.tag, error).await?,
            }
        }
        Ok(())
    }

    /// The next message, delivering notifications and minding timeouts while there is none.
    async fn next_frame(&mut self) -> Result<Option<Frame>> {
        if self.wire.has_input() {
            return received(self.wire.read().await);
        }
        if std::mem::take(&mut self.flush_due) {
            self.wire.flush().await.map_err(disconnected)?;
        }
        self.wire.shrink();
        loop {
            tokio::select! {
                biased;
                frame = self.wire.read() => return received(frame),
                wakeup = self.session.idle() => match wakeup? {
                    Wakeup::Notifications => {
                        self.session.settle(&mut SocketClient(&mut self.wire));
                        self.wire.flush().await.map_err(disconnected)?;
                    }
                },
            }
        }
    }

    async fn handle(&mut self, frame: &Frame) -> Result<Next> {
        if self.skip_until_sync && !matches!(frame.tag, b'S' | b'X') {
            return Ok(Next::Message);
        }
        let body = recode::incoming(frame.tag, frame.body.clone(), self.wire.charset())?;
        let message = frontend::decode(frame.tag, &body)?;
        match message {
            Message::Terminate => return Ok(Next::End),
            // Left over from a COPY that failed: dropped, as PostgreSQL does.
            Message::CopyData(_) | Message::CopyDone | Message::CopyFail(_) => {}
            Message::Password(_) => {
                return Err(frontend::violation("invalid frontend message type 112").fatal());
            }
            Message::Flush => self.wire.flush().await.map_err(disconnected)?,
            Message::Sync => {
                self.skip_until_sync = false;
                let mut client = SocketClient(&mut self.wire);
                let work = self.session.sync(&mut client);
                let outcome = AssertUnwindSafe(work).catch_unwind().await;
                let outcome = outcome.unwrap_or_else(|panic| Err(self.panicked(panic.as_ref())));
                self.report_or_end(outcome)?;
                self.ready().await?;
            }
            statement => self.run_guarded(statement).await?,
        }
        Ok(Next::Message)
    }

    /// Runs what may execute user code; a panic becomes an error.
    async fn run_guarded(&mut self, message: Message<'_>) -> Result<()> {
        let simple = matches!(message, Message::Query(_) | Message::FunctionCall(_));
        let mut client = SocketClient(&mut self.wire);
        let session = &mut self.session;
        let outcome = match message {
            Message::Query(text) => {
                AssertUnwindSafe(session.simple_query(text, &mut client)).catch_unwind().await
            }
            Message::FunctionCall(call) => {
                AssertUnwindSafe(session.function_call(call, &mut client)).catch_unwind().await
            }
            Message::Execute { portal, max_rows } => {
                AssertUnwindSafe(session.execute(portal, max_rows, &mut client))
                    .catch_unwind()
                    .await
            }
            other => catch_unwind(AssertUnwindSafe(|| prepare(session, &mut client, other))),
        };
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(panic) => Err(self.panicked(panic.as_ref())),
        };
        if simple {
            self.report_or_end(outcome)?;
            self.ready().await?;
            return Ok(());
        }
        outcome?;
        if self.wire.should_flush() {
            self.wire.flush().await.map_err(disconnected)?;
        }
        Ok(())
    }

    fn panicked(&mut self, panic: &(dyn std::any::Any + Send)) -> PgError {
        let what = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("panic");
        error!(statement = &*self.session.shown_text(), panic = what, "a statement panicked");
        PgError::internal(format!("unexpected internal error: {what}"))
    }

    fn report_or_end(&mut self, outcome: Result<()>) -> Result<()> {
        match outcome {
            Err(error) if error.is_fatal() => Err(error),
            outcome => {
                self.report(outcome);
                Ok(())
            }
        }
    }

    /// Tells the client of an error and rolls back what it must.
    fn report(&mut self, outcome: Result<()>) {
        if let Err(error) = outcome {
            // What the statement had to say before it failed comes first.
            self.session.flush_notices(&mut SocketClient(&mut self.wire));
            append_error(&mut self.wire, &error, Some(self.session.statement_text()));
            self.session.statement_failed(&mut SocketClient(&mut self.wire));
        }
    }

    /// After an error outside the simple protocol: drop messages until Sync. A message that belongs
    /// to neither protocol is answered at once.
    async fn failed(&mut self, tag: u8, error: PgError) -> Result<()> {
        self.report(Err(error));
        if matches!(tag, b'P' | b'B' | b'D' | b'E' | b'C') {
            self.skip_until_sync = true;
            return self.wire.flush().await.map_err(disconnected);
        }
        self.ready().await
    }

    /// ReadyForQuery; written out unless the client's next message is here already.
    async fn ready(&mut self) -> Result<()> {
        self.session.settle(&mut SocketClient(&mut self.wire));
        backend::ready_for_query(&mut self.wire.out, self.session.transaction_status());
        self.flush_due = self.wire.has_input() && !self.wire.should_flush();
        if !self.flush_due {
            self.wire.flush().await.map_err(disconnected)?;
        }
        match self.server.is_stopping() {
            true => Err(shutting_down()),
            false => Ok(()),
        }
    }
}

/// The FATAL error that ends sessions when the server stops.
pub fn shutting_down() -> PgError {
    let message = "terminating connection due to administrator command";
    PgError::new(code::ADMIN_SHUTDOWN, message).fatal()
}

/// The extended protocol's messages that only get a statement ready.
fn prepare(
    session: &mut Session,
    client: &mut SocketClient<'_>,
    message: Message<'_>,
) -> Result<()> {
    match message {
        Message::Parse { name, query, types } => session.parse(name, query, types, client),
        Message::Bind(bind) => {
            let parameters = (bind.parameter_formats.as_slice(), bind.parameters.as_slice());
            session.bind(bind.portal, bind.statement, parameters, &bind.result_formats, client)
        }
        Message::Describe(Target::Statement, name) => session.describe_statement(name, client),
        Message::Describe(Target::Portal, name) => session.describe_portal(name, client),
        Message::Close(Target::Statement, name) => session.close_statement(name, client),
        Message::Close(Target::Portal, name) => session.close_portal(name, client),
        _ => unreachable!("handle() and run_guarded() keep the other messages"),
    }
}

/// A message read; `None` where the client has left, in whatever way.
fn received(frame: Result<Option<Frame>, WireError>) -> Result<Option<Frame>> {
    match frame {
        Ok(frame) => Ok(frame),
        Err(WireError::Io(_)) => Ok(None),
        Err(WireError::Protocol(error)) => Err(error),
    }
}

/// Appends an ErrorResponse. Positions count characters of `text` from 1.
pub fn append_error(wire: &mut Wire, error: &PgError, text: Option<&str>) {
    let severity = if error.is_fatal() { "FATAL" } else { "ERROR" };
    let position = error.location().zip(text).map(|(byte, text)| character_position(text, byte));
    let report = backend::Report { severity, error, position };
    wire.append(|out| backend::report(out, b'E', &report));
}

fn character_position(text: &str, byte: u32) -> usize {
    let byte = usize::try_from(byte).unwrap_or(usize::MAX);
    text.char_indices().take_while(|(at, _)| *at < byte).count() + 1
}

#[cfg(test)]
mod tests {
    use super::character_position;

    #[test]
    fn positions_count_characters() {
        assert_eq!(character_position("SELECT x", 7), 8);
        assert_eq!(character_position("SÉLECT x", 8), 8);
        assert_eq!(character_position("x", 99), 2);
    }
}

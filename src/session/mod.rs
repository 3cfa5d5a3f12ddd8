//! One client's session: settings, transaction block, prepared statements, portals.
//!
//! ```text
//! simple.rs    Query: every statement of a string     extended.rs  Parse, Bind, Describe, Execute
//!      └────────────┬─────────────────────────────────────┘
//!          pipeline.rs   parse → bind → plan → execute
//!          utility.rs    statements that are not queries, one file per kind
//! ```
//!
//! The session knows the protocol's messages only as [`Client`]'s methods. Functions called by a
//! statement see the session through [`state::SessionState`] and [`env::StatementEnv`].

mod acting;
mod answers;
mod backend;
mod client;
mod clock;
mod copy;
mod cursor;
mod env;
mod exported;
mod extended;
mod fastpath;
mod frequent;
mod functions;
mod instance;
mod notify;
mod parameters;
mod pipeline;
mod plans;
mod portal;
mod positioned;
mod prepared;
mod rows;
mod search_path;
mod settings;
mod simple;
mod start;
mod state;
#[cfg(test)]
mod tests;
mod transaction;
mod utf8;
mod utility;

pub use answers::AnswerOptions;
pub use backend::{Backend, Gone};
pub use client::{Client, Encoding, Notice, Notification, OutputColumn, Reply, Rows, Severity};
pub use fastpath::FunctionCall;
pub use instance::Instance;
pub use start::SessionOptions;
pub use utf8::utf8;

pub use crate::catalog::pg_catalog::Encryption;
use crate::error::{PgError, Result, code};
use crate::types::{Format, Oid, SharedCharset};
use backend::Timer;
use env::StatementEnv;
use frequent::Frequent;
use parameters::Parameters;
use portal::Portal;
use settings::REPORTED;
use state::SessionState;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use transaction::{Block, Savepoint};

pub struct Session {
    state: Arc<SessionState>,
    block: Block,
    /// Innermost last.
    savepoints: Vec<Savepoint>,
    /// Protocol portals and cursors share their names.
    portals: HashMap<String, Portal>,
    /// Counts portals, so that ROLLBACK TO knows which are younger than its savepoint.
    portals_made: u64,
    /// Those of the utility statement that runs.
    parameters: Parameters,
    /// Text that error positions point into.
    statement_text: Arc<str>,
    /// When the client's command arrived, microseconds since 2000-01-01 UTC.
    statement_time: i64,
    /// `statement_timeout` of the running command.
    timer: Option<Timer>,
    /// Channels that other sessions' NOTIFY reaches; LISTEN changes them at commit.
    registered: Vec<String>,
    derived: Option<Derived>,
    /// The last statement's environment, and the settings' version it is of.
    env: Option<(u64, Arc<StatementEnv>)>,
    frequent: Frequent,
    /// Values the client was told ([`REPORTED`]), and the settings' version then.
    reported: Vec<String>,
    reported_version: u64,
}

/// What follows from settings and catalog, kept while neither changes.
#[derive(Clone)]
struct Derived {
    settings_version: u64,
    catalog_version: u64,
    names_version: u64,
    session_role: Oid,
    current_role: Oid,
    search_path: Arc<[Oid]>,
    format: Arc<Format>,
    /// See [`settings::Settings::formats`].
    formats: Arc<str>,
    statement_timeout: Option<Duration>,
    lock_timeout: Option<Duration>,
    deadlock_timeout: Duration,
    memory_limit_bytes: usize,
    force_parallel: bool,
    restricts_views: bool,
    row_security: bool,
}

/// Why an idle session woke up.
pub enum Wakeup {
    Notifications,
}

impl Session {
    /// As ReadyForQuery tells it.
    pub fn transaction_status(&self) -> u8 {
        match self.block {
            Block::None | Block::Implicit => b'I',
            Block::Explicit => b'T',
            Block::Failed => b'E',
        }
    }

    /// The text that the position of the current statement's error counts in.
    pub fn statement_text(&self) -> &str {
        &self.statement_text
    }

    /// The statement's text as the log may have it.
    pub fn shown_text(&self) -> Arc<str> {
        self.state.query_text.lock().clone()
    }

    pub fn backend(&self) -> &Backend {
        &self.state.backend
    }

    /// Waits while the client is silent: for notifications to deliver, or for a reason to end the
    /// session, which is the error.
    pub async fn idle(&mut self) -> Result<Wakeup> {
        let limit = self.idle_limit();
        let backend = self.state.backend.clone();
        loop {
            if backend.is_terminating() {
                let message = "terminating connection due to administrator command";
                return Err(PgError::new(code::ADMIN_SHUTDOWN, message).fatal());
            }
            if self.may_notify() && !self.state.inbox.is_empty() {
                return Ok(Wakeup::Notifications);
            }
            tokio::select! {
                () = backend.woken() => {}
                () = sleep_or_never(limit) => return Err(self.idle_too_long()),
            }
        }
    }

    fn idle_limit(&mut self) -> Option<Duration> {
        let frequent = self.frequent();
        match self.block {
            Block::None | Block::Implicit => frequent.idle_session_timeout,
            Block::Explicit | Block::Failed => frequent.idle_in_transaction_timeout,
        }
    }

    fn idle_too_long(&self) -> PgError {
        let (code, message) = match self.block {
            Block::None | Block::Implicit => {
                (code::IDLE_SESSION_TIMEOUT, "terminating connection due to idle-session timeout")
            }
            Block::Explicit | Block::Failed => (
                code::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
                "terminating connection due to idle-in-transaction timeout",
            ),
        };
        PgError::new(code, message).fatal()
    }

    /// Notifications reach a client between transactions only.
    fn may_notify(&self) -> bool {
        self.block == Block::None
    }

    /// Before ReadyForQuery, and when woken: changed settings, then notifications.
    pub fn settle(&mut self, client: &mut dyn Client) {
        self.flush_notices(client);
        self.report_settings(client);
        if self.may_notify() {
            for notification in self.state.inbox.take() {
                client.notification(&notification);
            }
        }
        self.become_idle();
    }

    /// The settings a client is told at its start.
    pub fn reported_settings(&mut self) -> Vec<(&'static str, String)> {
        self.reported_version = self.state.settings.lock().version();
        let name = self.state.show("application_name").unwrap_or_default();
        self.state.backend.activity.lock().application_name = name;
        self.reported = REPORTED.map(|name| self.state.show(name).unwrap_or_default()).to_vec();
        REPORTED.into_iter().zip(self.reported.iter().cloned()).collect()
    }

    /// The encoding of the client's text, as settings change it.
    pub fn client_charset(&self) -> Arc<SharedCharset> {
        self.state.settings.lock().client_charset().clone()
    }

    fn report_settings(&mut self, client: &mut dyn Client) {
        let version = self.state.settings.lock().version();
        if version == self.reported_version {
            return;
        }
        let before = std::mem::take(&mut self.reported);
        let now = self.reported_settings();
        for ((name, value), old) in now.iter().zip(&before) {
            if value != old {
                client.parameter_status(name, value);
            }
        }
    }

    /// Sends the notices raised so far, those that `client_min_messages` lets through.
    pub fn flush_notices(&self, client: &mut dyn Client) {
        let notices = std::mem::take(&mut *self.state.notices.lock());
        if notices.is_empty() {
            return;
        }
        let least = match self.state.settings.lock().get("client_min_messages").as_deref() {
            Some("warning") => Severity::Warning,
            Some("error") => Severity::Info,
            _ => Severity::Notice,
        };
        for notice in notices.iter().filter(|n| n.severity >= least) {
            client.notice(notice);
        }
    }

    fn warn(&self, code: crate::error::SqlState, message: &'static str) {
        self.state.notice(Notice::warning(code, message));
    }

    fn become_idle(&self) {
        let state = match self.block {
            Block::None | Block::Implicit => "idle",
            Block::Explicit => "idle in transaction",
            Block::Failed => "idle in transaction (aborted)",
        };
        let mut activity = self.state.backend.activity.lock();
        activity.state = state;
        activity.state_change = clock::now();
    }
}

async fn sleep_or_never(limit: Option<Duration>) {
    match limit {
        Some(limit) => tokio::time::sleep(limit).await,
        None => std::future::pending().await,
    }
}

//! Sessions as other sessions see them: cancelling, terminating, pg_stat_activity.

use super::clock;
use crate::catalog::pg_catalog;
use crate::catalog::schema::{DatabaseActivity, database_activity};
use crate::error::Result;
use crate::exec::{CancelReason, CancelToken};
use crate::types::Oid;
use dashmap::DashMap;
use parking_lot::Mutex;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;
use tokio::sync::Notify;

/// Whether the client has closed its connection.
pub type Gone = Arc<dyn Fn() -> bool + Send + Sync>;

/// One session.
pub struct Backend {
    pub pid: i32,
    /// Proves a CancelRequest.
    pub secret: i32,
    pub database: Oid,
    pub database_name: String,
    pub role: Oid,
    pub role_name: String,
    /// The client's and the server's; `None`: a Unix socket.
    pub addresses: Option<(SocketAddr, SocketAddr)>,
    pub encryption: Option<pg_catalog::Encryption>,
    gone: Gone,
    /// Microseconds since 2000-01-01 UTC.
    pub started: i64,
    pub activity: Mutex<Activity>,
    /// How its transactions end, and those of others in the database.
    pub ends: Arc<DatabaseActivity>,
    /// Stops whatever the session's statements are doing: one for all of them, so that it reaches
    /// cursors that earlier statements opened.
    pub token: CancelToken,
    /// Wakes whoever waits inside a statement that is cancelled.
    cancelled: Notify,
    terminating: AtomicBool,
    /// Counts the timeouts that have ended: only the current one may cancel.
    timer: AtomicU64,
    /// Wakes an idle session: it is to end, or notifications came.
    wake: Notify,
}

/// What a session is doing (`pg_stat_activity`). Times are microseconds since 2000-01-01 UTC.
#[derive(Clone, Debug)]
pub struct Activity {
    pub application_name: String,
    pub state: &'static str,
    pub query: Arc<str>,
    pub query_start: Option<i64>,
    pub transaction_start: Option<i64>,
    pub state_change: i64,
}

impl Activity {
    fn new() -> Activity {
        Activity {
            application_name: String::new(),
            state: "idle",
            query: "".into(),
            query_start: None,
            transaction_start: None,
            state_change: clock::now(),
        }
    }
}

impl Backend {
    /// A new statement begins: cancellations of earlier ones do not reach it.
    pub fn begin_statement(&self) {
        self.token.reset();
        if self.is_terminating() {
            self.token.cancel(CancelReason::Shutdown);
        }
    }

    /// Stops the running statement, wherever it waits.
    pub fn cancel(&self, reason: CancelReason) {
        self.token.cancel(reason);
        self.cancelled.notify_waiters();
    }

    /// The session is to end: at once if idle, else after its statement.
    pub fn terminate(&self) {
        self.terminating.store(true, Ordering::Relaxed);
        self.wake.notify_one();
    }

    /// Cancels the statement after `limit`, unless the timer is dropped before.
    pub fn cancel_after(self: &Arc<Self>, limit: Duration) -> Timer {
        let backend = self.clone();
        let number = self.timer.load(Ordering::SeqCst);
        let task = tokio::spawn(async move {
            tokio::time::sleep(limit).await;
            // A task that is running already is not stopped by being aborted.
            if backend.timer.load(Ordering::SeqCst) == number {
                backend.cancel(CancelReason::StatementTimeout);
            }
        });
        Timer { task: task.abort_handle(), backend: self.clone() }
    }

    /// As `pg_terminate_backend`: the running statement stops too.
    pub fn terminate_now(&self) {
        self.terminate();
        self.cancel(CancelReason::Shutdown);
    }

    pub fn is_terminating(&self) -> bool {
        self.terminating.load(Ordering::Relaxed)
    }

    /// Wakes the session if it is idle.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    /// As pg_stat_activity shows it.
    pub fn describe(&self, waiting: bool) -> pg_catalog::Activity {
        let activity = self.activity.lock().clone();
        pg_catalog::Activity {
            pid: self.pid,
            database: self.database,
            role: self.role,
            application_name: activity.application_name,
            client_address: self.addresses.map(|(client, _)| client.ip()),
            client_port: self.addresses.map_or(-1, |(client, _)| i32::from(client.port())),
            encryption: self.encryption.clone(),
            backend_start: self.started,
            transaction_start: activity.transaction_start,
            query_start: activity.query_start,
            state_change: Some(activity.state_change),
            state: activity.state.to_owned(),
            query: activity.query.to_string(),
            waiting,
        }
    }

    /// Stops a statement that has run for some time and has no client left to tell.
    pub fn stop_if_abandoned(&self, running_us: i64) {
        let activity = self.activity.lock();
        let since = activity.state_change;
        let is_old = activity.state == "active" && clock::now().saturating_sub(since) > running_us;
        drop(activity);
        if is_old && (self.gone)() {
            self.cancel(CancelReason::ClientGone);
        }
    }

    /// Runs `work` until it is done or its statement is cancelled; then `work` is dropped where it
    /// waits.
    pub async fn or_cancelled<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::pin!(work);
        self.token.check()?;
        // Most work is done without waiting for anything.
        if let Poll::Ready(outcome) = futures::poll!(work.as_mut()) {
            return outcome;
        }
        loop {
            let cancelled = self.cancelled.notified();
            tokio::pin!(cancelled);
            // Registered before the check, so that a cancellation in between is not missed.
            cancelled.as_mut().enable();
            self.token.check()?;
            tokio::select! {
                biased;
                outcome = &mut work => return outcome,
                () = &mut cancelled => {}
            }
        }
    }
}

/// A running timeout; dropping it stops it.
pub struct Timer {
    task: tokio::task::AbortHandle,
    backend: Arc<Backend>,
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.backend.timer.fetch_add(1, Ordering::SeqCst);
        self.task.abort();
    }
}

/// All sessions of the server.
#[derive(Default)]
pub struct Backends {
    by_pid: DashMap<i32, Arc<Backend>>,
    last_pid: AtomicI32,
}

/// Who a new session is.
pub struct Identity {
    pub database: Oid,
    pub database_name: String,
    pub role: Oid,
    pub role_name: String,
    pub addresses: Option<(SocketAddr, SocketAddr)>,
    pub encryption: Option<pg_catalog::Encryption>,
    pub gone: Gone,
}

impl Backends {
    pub fn add(&self, who: Identity) -> Arc<Backend> {
        let backend = Arc::new(Backend {
            pid: self.next_pid(),
            secret: rand::random(),
            database: who.database,
            ends: database_activity(who.database),
            database_name: who.database_name,
            role: who.role,
            role_name: who.role_name,
            addresses: who.addresses,
            encryption: who.encryption,
            gone: who.gone,
            started: clock::now(),
            activity: Mutex::new(Activity::new()),
            token: CancelToken::new(),
            cancelled: Notify::new(),
            terminating: AtomicBool::new(false),
            timer: AtomicU64::new(0),
            wake: Notify::new(),
        });
        self.by_pid.insert(backend.pid, backend.clone());
        backend
    }

    /// Process ids count up from 1 and skip those in use after 2^31 sessions.
    fn next_pid(&self) -> i32 {
        loop {
            let pid = self.last_pid.fetch_add(1, Ordering::Relaxed).wrapping_add(1) & i32::MAX;
            if pid != 0 && !self.by_pid.contains_key(&pid) {
                return pid;
            }
        }
    }

    pub fn remove(&self, pid: i32) {
        self.by_pid.remove(&pid);
    }

    pub fn get(&self, pid: i32) -> Option<Arc<Backend>> {
        self.by_pid.get(&pid).map(|b| b.clone())
    }

    /// In process id order.
    pub fn all(&self) -> Vec<Arc<Backend>> {
        let mut all: Vec<_> = self.by_pid.iter().map(|b| b.value().clone()).collect();
        all.sort_by_key(|b| b.pid);
        all
    }
}

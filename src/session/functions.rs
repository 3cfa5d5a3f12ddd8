//! The session's side of functions with effects.

use super::client::{Notice, Notification, Severity};
use super::settings::{Scope, Source};
use super::state::{SessionState, no_such_setting};
use crate::catalog::system_schema::{JobRow, TierSizes};
use crate::catalog::{Relation, pg_catalog};
use crate::error::{PgError, Result, code};
use crate::functions::random::Generator;
use crate::functions::{Deparse, SessionFunctions, StorageAction};
use crate::jobs::{Job, JobKind};
use crate::nodes::LockWait;
use crate::storage::{AdvisoryKey, LockScope, Space, Txn, large_object};
use crate::types::Oid;
use futures::FutureExt;
use parking_lot::Mutex;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// Longest name of a channel and payload of a notification, in bytes, less one each.
const CHANNEL_BYTES_MAX: usize = 64;
const PAYLOAD_BYTES_MAX: usize = 8000;

impl SessionState {
    /// Waits inside a synchronous function; a cancellation ends the wait.
    pub(super) fn wait<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let mut work = pin!(self.backend.or_cancelled(work));
        match work.as_mut().now_or_never() {
            Some(done) => done,
            None => tokio::task::block_in_place(|| self.instance.runtime.block_on(work)),
        }
    }

    fn advisory_key(&self, (high, low, kind): (u32, u32, u16)) -> AdvisoryKey {
        AdvisoryKey { database: self.backend.database, high, low, kind }
    }

    /// The session's number to the lock manager.
    pub fn lock_owner(&self) -> u32 {
        self.backend.pid.unsigned_abs()
    }

    /// Bytes of a relation itself.
    fn bytes_of(&self, relation: &Relation) -> i64 {
        let (store, id) = (&self.instance.store, relation.storage);
        let size = match relation.index {
            Some(_) => store.approximate_size(Space::Index, id),
            None => store.table_size(id),
        };
        i64::try_from(size).unwrap_or(i64::MAX)
    }
}

impl SessionFunctions for SessionState {
    fn check_for_interrupts(&self) -> Result<()> {
        self.backend.token.check()
    }

    fn nextval(&self, sequence: Oid) -> Result<i64> {
        self.draw(sequence)
    }

    fn currval(&self, sequence: Oid) -> Result<i64> {
        self.drawn(sequence)
    }

    fn lastval(&self) -> Result<i64> {
        self.last_drawn()
    }

    fn setval(&self, sequence: Oid, value: i64, is_called: bool) -> Result<i64> {
        self.set_sequence(sequence, value, is_called)
    }

    fn set_config(&self, name: &str, value: Option<&str>, local: bool) -> Result<String> {
        let scope = if local { Scope::Local } else { Scope::Session };
        self.set(name, value, scope)?;
        self.show(name).ok_or_else(|| no_such_setting(name))
    }

    fn check_setting(&self, name: &str, value: &str) -> Result<()> {
        let source = Source::Statement { superuser: self.is_superuser() };
        self.settings.lock().check(name, value, source)
    }

    fn backend_pid(&self) -> i32 {
        self.backend.pid
    }

    fn addresses(&self) -> Option<(SocketAddr, SocketAddr)> {
        self.backend.addresses
    }

    fn advisory_lock(
        &self,
        key: (u32, u32, u16),
        shared: bool,
        transaction: bool,
        try_only: bool,
    ) -> Result<bool> {
        let txn = self.transaction()?.txn;
        let scope = if transaction { LockScope::Transaction } else { LockScope::Session };
        let wait = if try_only { LockWait::NoWait } else { LockWait::Block };
        let key = self.advisory_key(key);
        self.wait(async { Ok(txn.lock_advisory(key, shared, scope, wait).await?) })
    }

    fn advisory_unlock(&self, key: (u32, u32, u16), shared: bool) -> Result<bool> {
        let held =
            self.instance.store.unlock_advisory(self.lock_owner(), self.advisory_key(key), shared);
        if !held {
            let mode = if shared { "ShareLock" } else { "ExclusiveLock" };
            let message = format!("you don't own a lock of type {mode}");
            self.notice(Notice::warning(code::WARNING, message));
        }
        Ok(held)
    }

    fn advisory_unlock_all(&self) {
        self.instance.store.unlock_session(self.lock_owner());
    }

    fn notify(&self, channel: &str, payload: &str) -> Result<()> {
        let invalid = |message| Err(PgError::new(code::INVALID_PARAMETER_VALUE, message));
        if channel.is_empty() {
            return invalid("channel name cannot be empty");
        }
        if channel.len() >= CHANNEL_BYTES_MAX {
            return invalid("channel name too long");
        }
        if payload.len() >= PAYLOAD_BYTES_MAX {
            return invalid("payload string too long");
        }
        self.outbox.lock().push(Notification {
            pid: self.backend.pid,
            channel: channel.to_owned(),
            payload: payload.to_owned(),
        });
        Ok(())
    }

    fn sleep(&self, seconds: f64) -> Result<()> {
        /// Beyond this a sleep is for ever.
        const LONGEST_S: f64 = 1e9;
        if seconds.is_nan() || seconds <= 0.0 {
            return Ok(());
        }
        let duration = Duration::from_secs_f64(seconds.min(LONGEST_S));
        self.wait(async {
            tokio::time::sleep(duration).await;
            Ok(())
        })
    }

    fn random(&self) -> &Mutex<Generator> {
        &self.random
    }

    fn sequence_last_value(&self, sequence: Oid) -> Result<Option<i64>> {
        let (relation, params) = self.sequence(sequence)?;
        let state = self.instance.store.sequence_state(relation.storage, &params)?;
        Ok(state.is_called.then_some(state.last_value))
    }

    fn cursor_row(&self, cursor: &str, table: Oid, table_name: &str) -> Result<Option<Vec<u8>>> {
        self.row_under_cursor(cursor, table, table_name)
    }

    fn relation_size(&self, relation: Oid) -> Result<i64> {
        Ok(self.catalog().relation(relation).map_or(0, |r| self.bytes_of(r)))
    }

    fn database_size(&self, database: Oid) -> Result<i64> {
        let catalog = self.instance.catalog.latest().for_database(database);
        Ok(catalog.relations().map(|r| self.bytes_of(r)).sum())
    }

    fn transaction_id(&self, assign: bool) -> Result<Option<u64>> {
        let txn = self.transaction()?.txn;
        match assign || txn.has_writes() {
            true => Ok(Some(txn.id())),
            false => Ok(None),
        }
    }

    fn last_commit(&self) -> u64 {
        self.instance.store.last_seq()
    }

    fn query_text(&self) -> String {
        self.query_text.lock().to_string()
    }

    fn server_start_time(&self) -> i64 {
        self.instance.started
    }

    fn config_load_time(&self) -> i64 {
        self.instance.started
    }

    fn blocking_backends(&self, pid: i32) -> Vec<i32> {
        let waiting = u32::try_from(pid).unwrap_or_default();
        let blockers = self.instance.store.blocking_sessions(waiting);
        blockers.into_iter().filter_map(|pid| i32::try_from(pid).ok()).collect()
    }

    fn signal_backend(&self, pid: i32, terminate: bool) -> Result<bool> {
        let Some(backend) = self.instance.backends.get(pid) else {
            let message = format!("PID {pid} is not a PostgreSQL backend process");
            self.notice(Notice::warning(code::WARNING, message));
            return Ok(false);
        };
        match terminate {
            true => backend.terminate_now(),
            false => backend.cancel(crate::exec::CancelReason::UserRequest),
        }
        Ok(true)
    }

    fn listening_channels(&self) -> Vec<String> {
        self.listening.lock().clone()
    }

    fn temp_schema(&self) -> Option<Oid> {
        let name = format!("pg_temp_{}", self.backend.pid);
        self.catalog().namespace_named(&name).map(|n| n.oid)
    }

    fn deparse(&self, what: Deparse<'_>, pretty: bool) -> Result<Option<String>> {
        let catalog = self.catalog();
        let (_, role) = self.roles(&catalog);
        let path = {
            let settings = self.settings.lock();
            super::search_path::resolve(&settings, &catalog, role, &self.backend)
        };
        crate::sql::deparse::deparse(&catalog, &path, what, pretty)
    }

    fn storage_action(&self, action: StorageAction, table: Option<Oid>) -> Result<i64> {
        let kind = match action {
            StorageAction::Flush => JobKind::Flush,
            StorageAction::Compact => JobKind::Compact,
        };
        self.run_jobs(table, kind)
    }

    fn kill_job(&self, job: i64) -> Result<bool> {
        self.kill(job)
    }

    fn export_snapshot(&self) -> Result<String> {
        self.lend_snapshot()
    }

    fn transaction(&self) -> Result<Arc<Txn>> {
        Ok(SessionState::transaction(self)?.txn)
    }

    fn lock_large_object(&self, object: Oid) -> Result<()> {
        let txn = SessionState::transaction(self)?.txn;
        self.wait(async { Ok(large_object::lock(&txn, object).await?) })
    }

    fn warning(&self, code: crate::error::SqlState, message: String) {
        self.notice(Notice::warning(code, message));
    }

    fn send_notice(&self, fields: PgError) {
        self.notice(Notice { severity: Severity::Notice, fields });
    }
}

/// What pg_catalog's relations show of running sessions.
impl pg_catalog::Host for SessionState {
    fn activity(&self) -> Vec<pg_catalog::Activity> {
        let locks = self.instance.store.locks();
        let waiting =
            |pid: i32| locks.iter().any(|l| !l.granted && i64::from(l.session) == i64::from(pid));
        self.instance.backends.all().iter().map(|b| b.describe(waiting(b.pid))).collect()
    }

    fn setting(&self, name: &str) -> Option<(String, &'static str)> {
        let settings = self.settings.lock();
        let source = if settings.is_changed(name) { "session" } else { "default" };
        // In the setting's own unit, where SHOW chooses one.
        let value = match settings.get(name) {
            Some(value) => value.into_owned(),
            None => return None,
        };
        Some((value, source))
    }

    fn jobs(&self) -> Vec<JobRow> {
        let row = |job: Job| JobRow {
            id: job.id,
            kind: job.kind.name(),
            status: job.status.name(),
            table: job.table,
            table_name: job.table_name,
            role: job.role,
            created_at: job.created_at,
            started_at: job.started_at,
            finished_at: job.finished_at,
            rows: job.rows,
            bytes: job.bytes,
            attempts: job.attempts,
            message: job.message,
        };
        self.instance.jobs.list().into_iter().map(row).collect()
    }

    fn tier_sizes(&self, table: &Relation) -> Result<TierSizes> {
        let store = &self.instance.store;
        let (cold_rows, cold_bytes) = store.cold_size(table.storage)?;
        Ok(TierSizes {
            hot_rows: store.hot_rows(table.storage)? as u64,
            cold_rows,
            hot_bytes: store.approximate_size(Space::Rows, table.storage),
            cold_bytes,
        })
    }

    fn prepared_statements(&self) -> Vec<pg_catalog::PreparedStatement> {
        let prepared = self.prepared.lock();
        let named = prepared.values().filter(|p| !p.name.is_empty());
        let mut list: Vec<_> = named.map(|p| p.describe()).collect();
        list.sort_by(|a, b| a.name.cmp(&b.name));
        list
    }

    fn cursors(&self) -> Vec<pg_catalog::Cursor> {
        let mut cursors = self.cursors.lock().clone();
        if let Some((name, text, created)) = &*self.executing.lock() {
            cursors.push(pg_catalog::Cursor {
                name: name.clone(),
                statement: crate::sql::own::redacted(text).to_string(),
                is_holdable: false,
                is_binary: false,
                is_scrollable: false,
                creation_time: *created,
            });
        }
        cursors
    }
}

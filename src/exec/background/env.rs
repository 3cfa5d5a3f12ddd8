//! The environment of statements without a session: the expressions of indexes, all that is evaluated
//! there, are immutable and ask for nothing but the catalog. What belongs to a session is refused.

use crate::catalog::{Catalog, builtin};
use crate::error::{PgError, Result};
use crate::functions::random::Generator;
use crate::functions::{Deparse, Env, SessionFunctions};
use crate::storage::now_us;
use crate::types::{Format, Oid};
use parking_lot::Mutex;
use std::sync::Arc;

pub(super) struct BackgroundEnv {
    catalog: Arc<Catalog>,
    role: Oid,
    format: Format,
    now_us: i64,
    random: Mutex<Generator>,
}

impl BackgroundEnv {
    pub fn new(catalog: Arc<Catalog>, role: Oid) -> BackgroundEnv {
        let (format, random) = (Format::default(), Mutex::default());
        BackgroundEnv { catalog, role, format, now_us: now_us(), random }
    }
}

impl Env for BackgroundEnv {
    fn format(&self) -> &Format {
        &self.format
    }

    fn transaction_time(&self) -> i64 {
        self.now_us
    }

    fn statement_time(&self) -> i64 {
        self.now_us
    }

    fn setting(&self, _name: &str) -> Option<String> {
        None
    }

    fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    fn database(&self) -> Oid {
        self.catalog.database_oid()
    }

    fn current_role(&self) -> Oid {
        self.role
    }

    fn acting(&self, role: Oid, _search_path: Option<Vec<Oid>>) -> Arc<dyn Env> {
        Arc::new(BackgroundEnv::new(self.catalog.clone(), role))
    }

    fn session_role(&self) -> Oid {
        self.role
    }

    fn search_path(&self) -> &[Oid] {
        &[builtin::oid::PG_CATALOG]
    }

    fn session(&self) -> &dyn SessionFunctions {
        self
    }
}

fn refused<T>() -> Result<T> {
    Err(PgError::unsupported("what needs a session, in a statement without one"))
}

impl SessionFunctions for BackgroundEnv {
    fn nextval(&self, _sequence: Oid) -> Result<i64> {
        refused()
    }

    fn currval(&self, _sequence: Oid) -> Result<i64> {
        refused()
    }

    fn lastval(&self) -> Result<i64> {
        refused()
    }

    fn setval(&self, _sequence: Oid, _value: i64, _is_called: bool) -> Result<i64> {
        refused()
    }

    fn check_setting(&self, _name: &str, _value: &str) -> Result<()> {
        refused()
    }

    fn set_config(&self, _name: &str, _value: Option<&str>, _local: bool) -> Result<String> {
        refused()
    }

    fn backend_pid(&self) -> i32 {
        0
    }

    fn advisory_lock(
        &self,
        _key: (u32, u32, u16),
        _shared: bool,
        _transaction: bool,
        _try_only: bool,
    ) -> Result<bool> {
        refused()
    }

    fn advisory_unlock(&self, _key: (u32, u32, u16), _shared: bool) -> Result<bool> {
        refused()
    }

    fn advisory_unlock_all(&self) {}

    fn notify(&self, _channel: &str, _payload: &str) -> Result<()> {
        refused()
    }

    fn sleep(&self, _seconds: f64) -> Result<()> {
        refused()
    }

    fn random(&self) -> &Mutex<Generator> {
        &self.random
    }

    fn sequence_last_value(&self, _sequence: Oid) -> Result<Option<i64>> {
        refused()
    }

    fn relation_size(&self, _relation: Oid) -> Result<i64> {
        refused()
    }

    fn database_size(&self, _database: Oid) -> Result<i64> {
        refused()
    }

    fn transaction_id(&self, _assign: bool) -> Result<Option<u64>> {
        refused()
    }

    fn query_text(&self) -> String {
        String::new()
    }

    fn server_start_time(&self) -> i64 {
        self.now_us
    }

    fn config_load_time(&self) -> i64 {
        self.now_us
    }

    fn blocking_backends(&self, _pid: i32) -> Vec<i32> {
        Vec::new()
    }

    fn signal_backend(&self, _pid: i32, _terminate: bool) -> Result<bool> {
        refused()
    }

    fn listening_channels(&self) -> Vec<String> {
        Vec::new()
    }

    fn temp_schema(&self) -> Option<Oid> {
        None
    }

    fn deparse(&self, _what: Deparse<'_>, _pretty: bool) -> Result<Option<String>> {
        refused()
    }
}

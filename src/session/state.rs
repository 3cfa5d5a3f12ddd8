//! What a session is to the functions it calls: settings, roles, sequences, advisory locks.
//!
//! Shared by the session and its statements' environments ([`super::env`]), so everything changes
//! under a lock of its own. No lock is held while waiting.

use super::backend::Backend;
use super::client::Notice;
use super::instance::Instance;
use super::notify::{Inbox, Outbox};
use super::positioned::CursorRow;
use super::prepared::Prepared;
use super::settings::{Scope, Settings, Source, parse_bool, unrecognized};
use crate::catalog::pg_catalog::Cursor;
use crate::catalog::{Catalog, Relation, Role, TxnCatalog};
use crate::error::{PgError, Result, code};
use crate::functions::random::{self, Generator};
use crate::nodes::LockWait;
use crate::storage::{IsolationLevel, SequenceParams, TableLockMode, Txn};
use crate::types::Oid;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// A transaction's modes (`SET TRANSACTION`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modes {
    /// As the user wrote it; READ UNCOMMITTED works as READ COMMITTED.
    pub isolation: &'static str,
    pub read_only: bool,
    pub deferrable: bool,
}

impl Modes {
    /// `default_transaction_…`.
    pub fn defaults(settings: &Settings) -> Modes {
        let isolation = settings.get("default_transaction_isolation").unwrap_or_default();
        Modes {
            isolation: isolation_named(&isolation).unwrap_or("read committed"),
            read_only: settings.is_on("default_transaction_read_only"),
            deferrable: settings.is_on("default_transaction_deferrable"),
        }
    }

    pub fn level(&self) -> IsolationLevel {
        match self.isolation {
            "serializable" => IsolationLevel::Serializable,
            "repeatable read" => IsolationLevel::RepeatableRead,
            _ => IsolationLevel::ReadCommitted,
        }
    }
}

/// `default_transaction_isolation`'s values.
const ISOLATION_LEVELS: [&str; 4] =
    ["serializable", "repeatable read", "read committed", "read uncommitted"];

fn isolation_named(name: &str) -> Option<&'static str> {
    ISOLATION_LEVELS.into_iter().find(|level| level.eq_ignore_ascii_case(name))
}

/// The open transaction, as statements use it.
#[derive(Clone)]
pub struct Transaction {
    pub txn: Arc<Txn>,
    pub catalog: Arc<TxnCatalog>,
    /// Microseconds since 2000-01-01 UTC.
    pub started: i64,
    pub modes: Modes,
    /// Inside a savepoint.
    pub nested: bool,
    /// In BEGIN … COMMIT.
    pub in_block: bool,
}

impl Transaction {
    /// Whether plans made by others suit it, and its plans others: not where its snapshot may be
    /// older than an index.
    pub fn shares_plans(&self) -> bool {
        self.txn.isolation() == IsolationLevel::ReadCommitted || self.catalog.is_as_begun()
    }
}

/// Sequence values that this session has drawn.
#[derive(Default)]
struct Drawn {
    by_sequence: HashMap<Oid, i64>,
    last: Option<Oid>,
}

pub struct SessionState {
    pub instance: Arc<Instance>,
    pub backend: Arc<Backend>,
    pub inbox: Arc<Inbox>,
    pub settings: Mutex<Settings>,
    pub transaction: Mutex<Option<Transaction>>,
    /// NOTIFYs of the open transaction.
    pub(super) outbox: Mutex<Outbox>,
    /// Notices that functions and DDL raised, for the client.
    pub notices: Mutex<Vec<Notice>>,
    pub listening: Mutex<Vec<String>>,
    /// The unnamed statement has the empty name.
    pub(super) prepared: Mutex<HashMap<String, Arc<Prepared>>>,
    /// For pg_cursors, as of the running command's begin.
    pub cursors: Mutex<Vec<Cursor>>,
    /// The cursors by name, for the running statement's WHERE CURRENT OF.
    pub cursor_rows: Mutex<HashMap<String, CursorRow>>,
    /// The protocol's portal being executed: name, text and when it was made.
    pub executing: Mutex<Option<(String, Arc<str>, i64)>>,
    /// The running statement's text.
    pub query_text: Mutex<Arc<str>>,
    /// The role of a running EXECUTE AS USER.
    pub(super) acting: Mutex<Option<Oid>>,
    drawn: Mutex<Drawn>,
    pub(super) random: Mutex<Generator>,
    /// The role that logged in; SET SESSION AUTHORIZATION does not change it.
    pub login_role: Oid,
}

impl SessionState {
    pub fn new(instance: Arc<Instance>, backend: Arc<Backend>, settings: Settings) -> SessionState {
        SessionState {
            inbox: instance.notifications.inbox(backend.clone()),
            settings: Mutex::new(settings),
            transaction: Mutex::default(),
            outbox: Mutex::default(),
            notices: Mutex::default(),
            listening: Mutex::default(),
            prepared: Mutex::default(),
            cursors: Mutex::default(),
            cursor_rows: Mutex::default(),
            executing: Mutex::default(),
            query_text: Mutex::new("".into()),
            acting: Mutex::default(),
            drawn: Mutex::default(),
            random: Mutex::default(),
            login_role: backend.role,
            instance,
            backend,
        }
    }

    /// The open transaction; every statement that calls functions runs in one.
    pub fn transaction(&self) -> Result<Transaction> {
        let message = "a statement runs outside a transaction";
        self.transaction.lock().clone().ok_or_else(|| PgError::internal(message))
    }

    /// The catalog as the session sees it now.
    pub fn catalog(&self) -> Arc<Catalog> {
        match &*self.transaction.lock() {
            Some(transaction) => transaction.catalog.current(),
            None => Arc::new(self.instance.catalog.latest().for_database(self.backend.database)),
        }
    }

    /// A NOTICE or WARNING for the client, in order with its other replies.
    pub fn notice(&self, notice: Notice) {
        self.notices.lock().push(notice);
    }
}

/// Roles.
impl SessionState {
    /// `session_user`'s and `current_user`'s OIDs.
    pub fn roles(&self, catalog: &Catalog) -> (Oid, Oid) {
        let settings = self.settings.lock();
        let named = |setting: &str| {
            let name = settings.get(setting)?;
            catalog.role_named(&name).map(|role| role.oid)
        };
        let session = named("session_authorization").unwrap_or(self.login_role);
        let acting = *self.acting.lock();
        (session, acting.or_else(|| named("role")).unwrap_or(session))
    }

    /// Whether the current role is a superuser.
    pub fn is_superuser(&self) -> bool {
        let catalog = self.instance.catalog.latest();
        let (_, current) = self.roles(&catalog);
        catalog.role(current).is_some_and(|r| r.superuser)
    }

    fn named_role(&self, name: &str) -> Result<Arc<Role>> {
        self.catalog().role_named(name).cloned().ok_or_else(|| {
            let message = format!("role \"{name}\" does not exist");
            PgError::new(code::INVALID_PARAMETER_VALUE, message)
        })
    }

    fn set_role(&self, name: Option<&str>, scope: Scope, source: Source) -> Result<()> {
        let Some(name) = name.filter(|n| *n != "none") else {
            self.settings.lock().store("role", Some("none".into()), scope, source);
            return Ok(());
        };
        let role = self.named_role(name)?;
        let catalog = self.catalog();
        let (session, _) = self.roles(&catalog);
        if !is_member(&catalog, session, role.oid) {
            let message = format!("permission denied to set role \"{name}\"");
            return Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message));
        }
        if role.oid != session && catalog.role(session).is_some_and(|r| r.superuser) {
            self.audit_switch("SET ROLE", name);
        }
        self.settings.lock().store("role", Some(role.name.as_str().into()), scope, source);
        Ok(())
    }

    /// A superuser acts for another from now on.
    fn audit_switch(&self, command: &str, role: &str) {
        let superuser = &self.backend.role_name;
        tracing::info!(target: "kalamdb::audit", superuser, acting_as = role, command);
    }

    fn set_session_authorization(
        &self,
        name: Option<&str>,
        scope: Scope,
        source: Source,
    ) -> Result<()> {
        let role = match name {
            Some(name) => self.named_role(name)?,
            None => {
                let login = self.catalog().role(self.login_role).cloned();
                login.ok_or_else(|| PgError::internal("the session's role is gone"))?
            }
        };
        let catalog = self.catalog();
        let superuser = catalog.role(self.login_role).is_some_and(|r| r.superuser);
        if role.oid != self.login_role && !superuser {
            let message = "permission denied to set session authorization";
            return Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message));
        }
        if role.oid != self.login_role {
            self.audit_switch("SET SESSION AUTHORIZATION", &role.name);
        }
        let mut settings = self.settings.lock();
        settings.store("session_authorization", Some(role.name.as_str().into()), scope, source);
        settings.store("role", Some("none".into()), scope, source);
        Ok(())
    }
}

/// Whether `member` may act as `role`: itself, a superuser, or a member at any distance.
fn is_member(catalog: &Catalog, member: Oid, role: Oid) -> bool {
    let Some(start) = catalog.role(member) else { return false };
    if start.superuser || member == role {
        return true;
    }
    let mut seen = vec![member];
    let mut at = 0;
    while at < seen.len() {
        let groups = catalog.role(seen[at]).into_iter().flat_map(|r| r.member_of.keys());
        for group in groups {
            if *group == role {
                return true;
            }
            if !seen.contains(group) {
                seen.push(*group);
            }
        }
        at += 1;
    }
    false
}

/// Settings.
impl SessionState {
    /// What SHOW and `current_setting` give; `None`: no such setting.
    pub fn show(&self, name: &str) -> Option<String> {
        let lower = name.to_ascii_lowercase();
        let modes = || match &*self.transaction.lock() {
            Some(transaction) => transaction.modes,
            None => Modes::defaults(&self.settings.lock()),
        };
        let on_off = |on: bool| Some(if on { "on" } else { "off" }.to_owned());
        match lower.as_str() {
            "transaction_isolation" => Some(modes().isolation.to_owned()),
            "transaction_read_only" => on_off(modes().read_only),
            "transaction_deferrable" => on_off(modes().deferrable),
            "is_superuser" => on_off(self.is_superuser()),
            "session_authorization" => {
                let catalog = self.catalog();
                let (session, _) = self.roles(&catalog);
                catalog.role(session).map(|r| r.name.clone())
            }
            _ => self.settings.lock().show(name),
        }
    }

    /// SET, SET LOCAL, `set_config`; `None` is DEFAULT.
    pub fn set(&self, name: &str, value: Option<&str>, scope: Scope) -> Result<()> {
        let source = Source::Statement { superuser: self.is_superuser() };
        match name.to_ascii_lowercase().as_str() {
            "transaction_isolation" | "transaction_read_only" | "transaction_deferrable" => {
                self.set_mode(name, value)
            }
            "role" => self.set_role(value, scope, source),
            "session_authorization" => self.set_session_authorization(value, scope, source),
            "is_superuser" => {
                let message = "parameter \"is_superuser\" cannot be changed";
                Err(PgError::new(code::CANT_CHANGE_RUNTIME_PARAM, message))
            }
            "seed" => self.set_seed(value),
            _ => self.settings.lock().set(name, value, scope, source),
        }
    }

    fn set_seed(&self, value: Option<&str>) -> Result<()> {
        let text = value.unwrap_or_default();
        match text.parse::<f64>() {
            Ok(seed) if (-1.0..=1.0).contains(&seed) => {
                *self.random.lock() = random::from_float_seed(seed)?;
                Ok(())
            }
            Ok(seed) => Err(PgError::new(
                code::INVALID_PARAMETER_VALUE,
                format!("{seed} is outside the valid range for parameter \"seed\" (-1 .. 1)"),
            )),
            Err(_) => Err(PgError::new(
                code::INVALID_PARAMETER_VALUE,
                format!("invalid value for parameter \"seed\": \"{text}\""),
            )),
        }
    }

    /// One of the transaction's modes, where PostgreSQL still allows it to change.
    pub fn set_mode(&self, name: &str, value: Option<&str>) -> Result<()> {
        let defaults = Modes::defaults(&self.settings.lock());
        let mut transaction = self.transaction.lock();
        let Some(transaction) = transaction.as_mut() else { return Ok(()) };
        let boolean = |default: bool| match value {
            None => Ok(default),
            Some(text) => parse_bool(text).ok_or_else(|| {
                let message = format!("parameter \"{name}\" requires a Boolean value");
                PgError::new(code::INVALID_PARAMETER_VALUE, message)
            }),
        };
        match name.to_ascii_lowercase().as_str() {
            "transaction_isolation" => {
                transaction.set_isolation(value.unwrap_or(defaults.isolation))
            }
            "transaction_read_only" => transaction.set_read_only(boolean(defaults.read_only)?),
            _ => transaction.set_deferrable(boolean(defaults.deferrable)?),
        }
    }
}

impl Transaction {
    fn set_isolation(&mut self, level: &str) -> Result<()> {
        let Some(level) = isolation_named(level) else {
            let message =
                format!("invalid value for parameter \"transaction_isolation\": \"{level}\"");
            let hint = format!("Available values: {}.", ISOLATION_LEVELS.join(", "));
            return Err(PgError::new(code::INVALID_PARAMETER_VALUE, message).hint(hint));
        };
        if self.modes.isolation == level {
            return Ok(());
        }
        if !self.txn.is_fresh() {
            return Err(active("SET TRANSACTION ISOLATION LEVEL must be called before any query"));
        }
        if self.nested {
            let message = "SET TRANSACTION ISOLATION LEVEL must not be called in a subtransaction";
            return Err(active(message));
        }
        self.modes.isolation = level;
        self.txn.set_isolation(self.modes.level());
        Ok(())
    }

    fn set_read_only(&mut self, read_only: bool) -> Result<()> {
        if self.modes.read_only && !read_only {
            if self.nested {
                let message =
                    "cannot set transaction read-write mode inside a read-only transaction";
                return Err(active(message));
            }
            if !self.txn.is_fresh() {
                return Err(active("transaction read-write mode must be set before any query"));
            }
        }
        self.modes.read_only = read_only;
        self.txn.set_read_only(read_only);
        Ok(())
    }

    fn set_deferrable(&mut self, deferrable: bool) -> Result<()> {
        if self.nested {
            let message =
                "SET TRANSACTION [NOT] DEFERRABLE cannot be called within a subtransaction";
            return Err(active(message));
        }
        if !self.txn.is_fresh() {
            let message = "SET TRANSACTION [NOT] DEFERRABLE must be called before any query";
            return Err(active(message));
        }
        self.modes.deferrable = deferrable;
        Ok(())
    }

    /// 25006 where a statement that writes meets a read-only transaction.
    pub fn check_may_write(&self, command: &str) -> Result<()> {
        match self.modes.read_only {
            false => Ok(()),
            true => Err(PgError::new(
                code::READ_ONLY_SQL_TRANSACTION,
                format!("cannot execute {command} in a read-only transaction"),
            )),
        }
    }
}

fn active(message: &'static str) -> PgError {
    PgError::new(code::ACTIVE_SQL_TRANSACTION, message)
}

/// Sequences.
impl SessionState {
    /// The sequence's storage parameters, and its relation.
    pub(super) fn sequence(&self, oid: Oid) -> Result<(Arc<Relation>, SequenceParams)> {
        // Whoever alters or drops it is waited for (`init_sequence`).
        let txn = self.transaction()?.txn;
        let (mode, block) = (TableLockMode::RowExclusive, LockWait::Block);
        self.wait(async { Ok(txn.lock_table(oid, mode, block).await?) })?;
        let relation = self.catalog().relation(oid).cloned();
        let relation = relation.ok_or_else(|| {
            let message = format!("could not open relation with OID {oid}");
            PgError::new(code::UNDEFINED_TABLE, message)
        })?;
        let Some(info) = &relation.sequence else {
            let message = format!("\"{}\" is not a sequence", relation.name);
            return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
        };
        let params = SequenceParams {
            name: relation.name.clone(),
            start: info.start,
            increment: info.increment,
            min: info.min,
            max: info.max,
            cycle: info.cycle,
        };
        Ok((relation, params))
    }

    pub(super) fn draw(&self, sequence: Oid) -> Result<i64> {
        let (relation, params) = self.sequence(sequence)?;
        let transaction = self.transaction()?;
        if relation.persistence != crate::catalog::Persistence::Temporary {
            transaction.check_may_write("nextval()")?;
        }
        let store = &self.instance.store;
        let value = store.nextval(&transaction.txn, relation.storage, &params)?;
        let mut drawn = self.drawn.lock();
        drawn.by_sequence.insert(sequence, value);
        drawn.last = Some(sequence);
        Ok(value)
    }

    pub(super) fn drawn(&self, sequence: Oid) -> Result<i64> {
        let (relation, _) = self.sequence(sequence)?;
        self.drawn.lock().by_sequence.get(&sequence).copied().ok_or_else(|| {
            let name = &relation.name;
            let message =
                format!("currval of sequence \"{name}\" is not yet defined in this session");
            PgError::new(code::OBJECT_NOT_IN_PREREQUISITE_STATE, message)
        })
    }

    pub(super) fn last_drawn(&self) -> Result<i64> {
        let drawn = self.drawn.lock();
        let value = drawn.last.and_then(|sequence| drawn.by_sequence.get(&sequence));
        value.copied().ok_or_else(|| {
            let message = "lastval is not yet defined in this session";
            PgError::new(code::OBJECT_NOT_IN_PREREQUISITE_STATE, message)
        })
    }

    pub(super) fn set_sequence(&self, sequence: Oid, value: i64, is_called: bool) -> Result<i64> {
        let (relation, params) = self.sequence(sequence)?;
        let transaction = self.transaction()?;
        if relation.persistence != crate::catalog::Persistence::Temporary {
            transaction.check_may_write("setval()")?;
        }
        if value < params.min || value > params.max {
            let (name, min, max) = (&params.name, params.min, params.max);
            let message = format!(
                "setval: value {value} is out of bounds for sequence \"{name}\" ({min}..{max})"
            );
            return Err(PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, message));
        }
        let store = &self.instance.store;
        store.setval(&transaction.txn, relation.storage, &params, value, is_called)?;
        if is_called {
            self.drawn.lock().by_sequence.insert(sequence, value);
        }
        Ok(value)
    }

    /// DISCARD SEQUENCES.
    pub fn forget_sequences(&self) {
        *self.drawn.lock() = Drawn::default();
    }
}

/// The error of a setting that does not exist, for SHOW and `current_setting`.
pub fn no_such_setting(name: &str) -> PgError {
    unrecognized(name)
}

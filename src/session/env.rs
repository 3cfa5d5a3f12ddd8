//! What functions see of the statement that calls them.

use super::search_path;
use super::settings::{FunctionSettings, Source};
use super::state::SessionState;
use crate::catalog::pg_catalog::{Activity, Cursor, Host, PreparedStatement};
use crate::catalog::system_schema::{JobRow, TierSizes};
use crate::catalog::{Catalog, Relation};
use crate::error::{PgError, Result};
use crate::exec::{self, StatementContext};
use crate::functions::{Env, SessionFunctions};
use crate::types::{Datum, Format, Oid};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One statement's environment; immutable, so it can be used from any thread.
#[derive(Clone)]
pub struct StatementEnv {
    pub format: Format,
    pub transaction_time: i64,
    pub statement_time: i64,
    pub catalog: Arc<Catalog>,
    pub current_role: Oid,
    pub session_role: Oid,
    pub search_path: Arc<[Oid]>,
    pub session: Arc<SessionState>,
    /// Settings of the functions that the statement is in.
    pub function: Option<Arc<FunctionSettings>>,
}

impl StatementEnv {
    /// A function's settings on top of those that hold.
    fn function_settings(&self, clauses: &BTreeMap<String, String>) -> Result<FunctionSettings> {
        let source = Source::Statement { superuser: self.session.is_superuser() };
        let mut session = self.session.settings.lock();
        FunctionSettings::new(clauses, &mut session, source, self.function.clone())
    }
}

impl Env for StatementEnv {
    fn format(&self) -> &Format {
        &self.format
    }

    fn transaction_time(&self) -> i64 {
        self.transaction_time
    }

    fn statement_time(&self) -> i64 {
        self.statement_time
    }

    fn setting(&self, name: &str) -> Option<String> {
        let own = self.function.as_ref().and_then(|function| function.get(name));
        own.or_else(|| self.session.show(name))
    }

    fn set_config(&self, name: &str, value: Option<&str>, local: bool) -> Result<String> {
        let function = self.function.as_ref().filter(|function| function.get(name).is_some());
        let Some(function) = function else {
            return self.session.set_config(name, value, local);
        };
        if FunctionSettings::is_taken(name) {
            let what = format!("changing {name} in a function that sets it");
            return Err(PgError::unsupported(what));
        }
        if !local {
            let set = self.session.set_config(name, value, local)?;
            function.forget(name);
            return Ok(set);
        }
        let reset = || self.session.settings.lock().reset_value(name).map(Cow::into_owned);
        let value = value.map(str::to_owned).or_else(reset).unwrap_or_default();
        let changed = BTreeMap::from([(name.to_owned(), value)]);
        let changed = self.function_settings(&changed)?;
        function.set(name, changed.in_unit(name).unwrap_or_default());
        Ok(changed.get(name).unwrap_or_default())
    }

    fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    fn database(&self) -> Oid {
        self.session.backend.database
    }

    fn current_role(&self) -> Oid {
        self.current_role
    }

    fn session_role(&self) -> Oid {
        self.session_role
    }

    fn search_path(&self) -> &[Oid] {
        &self.search_path
    }

    fn acting(&self, role: Oid, search_path: Option<Vec<Oid>>) -> Arc<dyn Env> {
        let search_path = search_path.map_or_else(|| self.search_path.clone(), Arc::from);
        Arc::new(StatementEnv { current_role: role, search_path, ..self.clone() })
    }

    fn within(&self, clauses: &BTreeMap<String, String>) -> Result<Option<Arc<dyn Env>>> {
        if clauses.is_empty() {
            return Ok(None);
        }
        let function = self.function_settings(clauses)?;
        let mut env = self.clone();
        function.apply_to(&mut env.format);
        if let Some(path) = clauses.get("search_path") {
            let backend = &self.session.backend;
            env.search_path = search_path::of_text(path, &self.catalog, self.current_role, backend);
        }
        env.function = Some(Arc::new(function));
        Ok(Some(Arc::new(env)))
    }

    fn session(&self) -> &dyn SessionFunctions {
        &*self.session
    }

    fn catalog_host(&self) -> &dyn Host {
        self
    }

    fn check_domain(&self, domain: Oid, value: &Datum) -> Result<()> {
        let txn = self.session.transaction()?.txn;
        let cx = StatementContext {
            view: txn.latest_view()?,
            txn,
            catalog: self.catalog.clone(),
            env: Arc::new(self.clone()),
            cancel: self.session.backend.token.clone(),
            memory_limit_bytes: 0,
            force_parallel: false,
            measurements: None,
            functions: Default::default(),
        };
        exec::check_domain(cx, domain, value)
    }
}

/// The session's, but for what functions set.
impl Host for StatementEnv {
    fn setting(&self, name: &str) -> Option<(String, &'static str)> {
        let own = self.function.as_ref().and_then(|function| function.in_unit(name));
        own.map(|value| (value, "session")).or_else(|| self.session.setting(name))
    }

    fn activity(&self) -> Vec<Activity> {
        self.session.activity()
    }

    fn prepared_statements(&self) -> Vec<PreparedStatement> {
        self.session.prepared_statements()
    }

    fn cursors(&self) -> Vec<Cursor> {
        self.session.cursors()
    }

    fn jobs(&self) -> Vec<JobRow> {
        self.session.jobs()
    }

    fn tier_sizes(&self, table: &Relation) -> Result<TierSizes> {
        self.session.tier_sizes(table)
    }
}

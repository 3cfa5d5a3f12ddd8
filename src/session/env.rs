//! What functions see of the statement that calls them.

use super::state::SessionState;
use crate::catalog::Catalog;
use crate::catalog::pg_catalog::Host;
use crate::error::Result;
use crate::exec::{self, StatementContext};
use crate::functions::{Env, SessionFunctions};
use crate::types::{Datum, Format, Oid};
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
        self.session.show(name)
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

    fn session(&self) -> &dyn SessionFunctions {
        &*self.session
    }

    fn catalog_host(&self) -> &dyn Host {
        &*self.session
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

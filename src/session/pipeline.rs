//! The life of a query: text → parse tree → bound tree → plan → rows.
//!
//! [`Session::run_query_text`] is all of it. What is kept between runs of one text (the plan) is
//! kept where it is cheap to find: in the prepared statement, or in the server's plan cache
//! ([`super::plans`]).

use super::Session;
use super::client::Client;
use super::env::StatementEnv;
use super::prepared::Planned;
use super::rows::RowReader;
use super::state::Transaction;
use super::{Derived, Encoding, OutputColumn, clock};
use crate::catalog::Catalog;
use crate::error::Result;
use crate::exec::explain::Measurements;
use crate::exec::{self, ResultColumn, StatementContext};
use crate::nodes::{CommandType, Expr, Query};
use crate::sql::bind::{self, BindContext, ParamTypes};
use crate::sql::{self, Statement};
use crate::storage::ReadView;
use crate::types::Datum;
use pg_raw_parse::Node;
use std::sync::Arc;
use std::time::Duration;

/// A started query.
pub(super) struct Running {
    pub planned: Arc<Planned>,
    pub rows: RowReader,
    /// Rows that INSERT, UPDATE or DELETE touched.
    pub affected: Option<u64>,
}

impl Running {
    /// The command tag after `sent` rows went to the client.
    pub(super) fn tag(&self, sent: u64) -> String {
        self.planned.plan.tag(self.affected.unwrap_or(sent))
    }
}

impl Session {
    /// Runs one SELECT, VALUES, INSERT, UPDATE or DELETE of a simple query; gives its tag.
    pub(super) async fn run_query_text(
        &mut self,
        statement: &Statement,
        client: &mut dyn Client,
    ) -> Result<String> {
        let planned = self.compile_kept(statement)?;
        let text = statement.text();
        let running = self.answer_or_start(planned.clone(), Vec::new(), text, &[]).await?;
        self.deliver_all(&planned, running, client).await
    }

    /// Runs a plan of a simple query to its end; gives its tag.
    pub(super) async fn run_planned(
        &mut self,
        planned: Arc<Planned>,
        params: Vec<Datum>,
        client: &mut dyn Client,
    ) -> Result<String> {
        let running = self.start_query(planned.clone(), params).await?;
        self.deliver_all(&planned, running, client).await
    }

    /// Sends a started query's description and rows; gives its tag.
    async fn deliver_all(
        &mut self,
        planned: &Planned,
        mut running: Running,
        client: &mut dyn Client,
    ) -> Result<String> {
        let columns = planned.plan.columns();
        if !columns.is_empty() || planned.plan.command() == CommandType::Select {
            client.row_description(columns, &[]);
        }
        let (sent, _) = running.rows.deliver(&output_columns(columns, &[]), 0, client).await?;
        Ok(running.tag(sent))
    }

    /// Binds and plans a query, and locks its relations.
    pub(super) fn compile(&mut self, node: Node<'_>, params: &mut ParamTypes) -> Result<Planned> {
        self.compile_by(exec::plan, node, params, |_, _| true).map(expected)
    }

    /// The same for a query that is changed between binding and planning.
    pub(super) fn compile_with(
        &mut self,
        node: Node<'_>,
        params: &mut ParamTypes,
        mut change: impl FnMut(&mut Query, &Catalog),
    ) -> Result<Planned> {
        let change = |query: &mut Query, catalog: &Catalog| {
            change(query, catalog);
            true
        };
        self.compile_by(exec::plan, node, params, change).map(expected)
    }

    /// The same for EXPLAIN.
    pub(super) fn compile_explained(
        &mut self,
        node: Node<'_>,
        params: &mut ParamTypes,
    ) -> Result<Planned> {
        self.compile_by(exec::plan_explained, node, params, |_, _| true).map(expected)
    }

    /// The columns of a query that cannot be planned; fails where it cannot be bound.
    pub(super) fn unplanned_columns(
        &mut self,
        node: Node<'_>,
        params: &mut ParamTypes,
    ) -> Result<(CommandType, Vec<ResultColumn>)> {
        let env = self.statement_env()?;
        let context = BindContext { catalog: &env.catalog, env: &*env };
        let query = bind::bind_node(node, &context, params)?;
        let columns = exec::result_columns(&query, &env.catalog);
        Ok((query.command, columns))
    }

    /// The same for queries that will do; `None` for others.
    pub(super) fn compile_if(
        &mut self,
        node: Node<'_>,
        params: &mut ParamTypes,
        will_do: impl Fn(&Query) -> bool,
    ) -> Result<Option<Planned>> {
        self.compile_by(exec::plan, node, params, |query, _| will_do(query))
    }

    fn compile_by(
        &mut self,
        plan: impl Fn(&Query, &Arc<StatementContext>) -> Result<Arc<exec::Plan>>,
        node: Node<'_>,
        params: &mut ParamTypes,
        change: impl FnMut(&mut Query, &Catalog) -> bool,
    ) -> Result<Option<Planned>> {
        match self.statement_text.len() < LONG_TEXT_BYTES {
            true => self.compile_here(plan, node, params, change),
            false => exec::off_worker(|| self.compile_here(plan, node, params, change)),
        }
    }

    /// Compiles again, where somebody changed the relations before the locks were had.
    fn compile_here(
        &mut self,
        plan: impl Fn(&Query, &Arc<StatementContext>) -> Result<Arc<exec::Plan>>,
        node: Node<'_>,
        params: &mut ParamTypes,
        mut change: impl FnMut(&mut Query, &Catalog) -> bool,
    ) -> Result<Option<Planned>> {
        loop {
            let env = self.statement_env()?;
            let context = BindContext { catalog: &env.catalog, env: &*env };
            let mut query = bind::bind_node(node, &context, params)?;
            if !change(&mut query, &env.catalog) {
                return Ok(None);
            }
            let transaction = self.state.transaction()?;
            let view = transaction.txn.read_view()?;
            let planning = self.statement_context(&env, &transaction, view);
            let plan = plan(&query, &planning)?;
            if self.derived.as_ref().is_some_and(|derived| derived.restricts_views) {
                plan.check_uses_no_views(&env.catalog)?;
            }
            let locks_rows = !query.row_marks.is_empty();
            let positioned = is_positioned(&query);
            let planned = Planned { plan, writes: writes(&query), locks_rows, positioned };
            if self.lock_relations(&planned.plan, env.catalog.version())? {
                return Ok(Some(planned));
            }
        }
    }

    /// Locks what a plan uses; whether the catalog is still the one it was made for.
    pub(super) fn lock_relations(&self, plan: &exec::Plan, version: u64) -> Result<bool> {
        let transaction = self.state.transaction()?;
        self.apply_lock_timeouts(&transaction);
        plan.lock(&transaction.txn, &self.state.backend.token)?;
        Ok(transaction.catalog.current().version() == version)
    }

    /// Starts a plan. Its DML is done when this returns; SELECT runs as its rows are read.
    pub(super) async fn start_query(
        &mut self,
        planned: Arc<Planned>,
        params: Vec<Datum>,
    ) -> Result<Running> {
        self.start_measured(planned, params, None).await
    }

    /// The same; EXPLAIN ANALYZE has its operators measured.
    pub(super) async fn start_measured(
        &mut self,
        planned: Arc<Planned>,
        params: Vec<Datum>,
        measurements: Option<Arc<Measurements>>,
    ) -> Result<Running> {
        let transaction = self.state.transaction()?;
        planned.check_may_run(&transaction)?;
        if planned.positioned {
            self.show_cursor_rows();
        }
        let env = self.statement_env()?;
        let view = transaction.txn.begin_statement()?;
        let mut context = self.statement_context(&env, &transaction, view);
        if measurements.is_some() {
            Arc::make_mut(&mut context).measurements = measurements;
        }
        let work = exec::execute(&planned.plan, params, context);
        match self.state.backend.or_cancelled(work).await {
            Ok(execution) => {
                transaction.txn.end_statement()?;
                let backend = self.state.backend.clone();
                let rows = RowReader::new(execution.rows, env, backend);
                Ok(Running { planned, rows, affected: execution.affected })
            }
            Err(error) => {
                transaction.txn.abort_statement();
                Err(error)
            }
        }
    }

    pub(super) fn statement_context(
        &self,
        env: &Arc<StatementEnv>,
        transaction: &Transaction,
        view: ReadView,
    ) -> Arc<StatementContext> {
        let derived = self.derived.as_ref();
        let memory_limit_bytes = derived.map_or(0, |d| d.memory_limit_bytes);
        let force_parallel = derived.is_some_and(|d| d.force_parallel);
        self.apply_lock_timeouts(transaction);
        Arc::new(StatementContext {
            txn: transaction.txn.clone(),
            view,
            catalog: env.catalog.clone(),
            env: env.clone(),
            cancel: self.state.backend.token.clone(),
            memory_limit_bytes,
            force_parallel,
            measurements: None,
            functions: Default::default(),
        })
    }

    /// What the statement's functions see, as of now.
    pub(super) fn statement_env(&mut self) -> Result<Arc<StatementEnv>> {
        let transaction = self.state.transaction()?;
        let catalog = transaction.catalog.current();
        let settings_version = self.state.settings.lock().version();
        if let Some((version, env)) = &self.env
            && *version == settings_version
            && Arc::ptr_eq(&env.catalog, &catalog)
            && env.transaction_time == transaction.started
            && env.statement_time == self.statement_time
        {
            return Ok(env.clone());
        }
        let derived = self.derive(&catalog);
        let mut format = (*derived.format).clone();
        format.now = transaction.started;
        let env = Arc::new(StatementEnv {
            format,
            transaction_time: transaction.started,
            statement_time: self.statement_time,
            catalog,
            current_role: derived.current_role,
            session_role: derived.session_role,
            search_path: derived.search_path,
            session: self.state.clone(),
            function: None,
        });
        self.env = Some((settings_version, env.clone()));
        Ok(env)
    }

    /// What follows from settings and catalog; worked out again only when one of them changed.
    pub(super) fn derive(&mut self, catalog: &crate::catalog::Catalog) -> Derived {
        let version = self.state.settings.lock().version();
        if let Some(derived) = &self.derived
            && derived.settings_version == version
            && derived.catalog_version == catalog.version()
        {
            return derived.clone();
        }
        let (session_role, current_role) = self.state.roles(catalog);
        let settings = self.state.settings.lock();
        let work_mem_kb = usize::try_from(settings.integer("work_mem")).unwrap_or(0);
        let derived = Derived {
            settings_version: version,
            catalog_version: catalog.version(),
            names_version: catalog.names_version(),
            session_role,
            current_role,
            search_path: super::search_path::resolve(
                &settings,
                catalog,
                current_role,
                &self.state.backend,
            ),
            format: settings.format().clone(),
            formats: settings.formats(),
            statement_timeout: settings.timeout("statement_timeout"),
            lock_timeout: settings.timeout("lock_timeout"),
            deadlock_timeout: settings.timeout("deadlock_timeout").unwrap_or_default(),
            memory_limit_bytes: work_mem_kb.saturating_mul(1024),
            force_parallel: settings.get("force_parallel_mode").is_some_and(|v| v != "off"),
            restricts_views: settings.restricts_views(),
            row_security: settings.is_on("row_security"),
        };
        drop(settings);
        self.derived = Some(derived.clone());
        derived
    }

    /// A command from the client begins: it can be cancelled, and its timeout runs.
    pub(super) fn begin_command(&mut self, text: &Arc<str>) {
        self.statement_text = text.clone();
        self.statement_time = clock::now();
        let shown = sql::own::redacted(text);
        *self.state.query_text.lock() = shown.clone();
        let mut activity = self.state.backend.activity.lock();
        activity.state = "active";
        activity.query = shown;
        activity.query_start = Some(self.statement_time);
        activity.state_change = self.statement_time;
        drop(activity);
        self.list_cursors();
        self.timer = None;
        self.state.backend.begin_statement();
        self.restart_timer();
    }

    /// `statement_timeout` runs anew for each statement of a query string.
    pub(super) fn restart_timer(&mut self) {
        // The old one's end would end the new one, too.
        self.timer = None;
        let limit = self.statement_timeout();
        self.timer = limit.map(|limit| self.state.backend.cancel_after(limit));
    }

    fn statement_timeout(&self) -> Option<Duration> {
        let settings = self.state.settings.lock();
        match &self.derived {
            Some(derived) if derived.settings_version == settings.version() => {
                derived.statement_timeout
            }
            _ => settings.timeout("statement_timeout"),
        }
    }

    /// The command is over: nothing cancels it any more.
    pub(super) fn end_command(&mut self) {
        self.timer = None;
    }
}

/// Parses a query string, `often` one that is likely to come again. A long one takes long, and this
/// thread serves others.
pub(super) fn parse_text(text: &Arc<str>, often: bool) -> Result<Vec<Statement>> {
    match (text.len() < LONG_TEXT_BYTES, often) {
        (true, true) => sql::parse_often(text),
        (true, false) => sql::parse(text.clone()),
        (false, _) => exec::off_worker(|| sql::parse(text.clone())),
    }
}

/// Texts of this many bytes are parsed, bound and planned after the worker's other tasks have been
/// given to another thread.
const LONG_TEXT_BYTES: usize = 2 << 10;

/// The plan of a query that nobody refuses to compile.
fn expected(planned: Option<Planned>) -> Planned {
    planned.expect("every query will do")
}

/// Whether the query changes data, itself or in WITH.
fn writes(query: &Query) -> bool {
    query.command != CommandType::Select
        || query.has_modifying_cte
        || query.ctes.iter().any(|cte| cte.query.command != CommandType::Select)
}

/// Whether the query has a WHERE CURRENT OF.
fn is_positioned(query: &Query) -> bool {
    matches!(query.from.filter, Some(Expr::CurrentOf { .. }))
        || query.ctes.iter().any(|cte| is_positioned(&cte.query))
}

/// How a result's columns are written; `encodings` as in [`Client::row_description`].
pub(super) fn output_columns(
    columns: &[ResultColumn],
    encodings: &[Encoding],
) -> Vec<OutputColumn> {
    let encoding = |i: usize| match encodings {
        [] => Encoding::Text,
        [one] => *one,
        each => each[i],
    };
    let column = |(i, c): (usize, &ResultColumn)| OutputColumn {
        type_oid: c.type_oid,
        encoding: encoding(i),
    };
    columns.iter().enumerate().map(column).collect()
}

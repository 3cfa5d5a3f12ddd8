//! Prepared statements, of the protocol and of PREPARE: one name space.

use super::Session;
use super::parameters::Parameters;
use super::state::Transaction;
use crate::catalog::{Catalog, pg_catalog};
use crate::error::{PgError, Result, code};
use crate::exec::{Plan, ResultColumn};
use crate::nodes::CommandType;
use crate::sql::bind::ParamTypes;
use crate::sql::own::{self, Own};
use crate::sql::{self, Statement};
use crate::types::Oid;
use parking_lot::Mutex;
use pg_raw_parse::Node;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// A plan, and what must be known before it runs.
pub(super) struct Planned {
    pub plan: Arc<Plan>,
    /// It changes data, itself or in WITH.
    pub writes: bool,
    /// FOR UPDATE or its kin at the top.
    pub locks_rows: bool,
    /// It has a WHERE CURRENT OF.
    pub positioned: bool,
}

impl Planned {
    /// 25006 where it would write in a read-only transaction.
    pub(super) fn check_may_run(&self, transaction: &Transaction) -> Result<()> {
        let command = match self.plan.command() {
            CommandType::Insert => "INSERT",
            CommandType::Update => "UPDATE",
            CommandType::Delete => "DELETE",
            CommandType::Merge => "MERGE",
            CommandType::Select if self.locks_rows => "SELECT FOR UPDATE",
            CommandType::Select => "SELECT",
        };
        let catalog = transaction.catalog.current();
        match (self.writes || self.locks_rows) && self.plan.changes_permanent(&catalog) {
            true => transaction.check_may_write(command),
            false => Ok(()),
        }
    }
}

/// What a statement is to the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An empty string.
    Empty,
    /// SELECT, VALUES, INSERT, UPDATE, DELETE: bound, planned, executed.
    Query,
    /// EXECUTE: runs another statement.
    Execute,
    /// Everything else.
    Utility,
}

impl Kind {
    pub(super) fn of(node: Node<'_>) -> Kind {
        match node {
            Node::SelectStmt(select) => match sql::into_clause(select) {
                None => Kind::Query,
                // SELECT INTO is CREATE TABLE AS.
                Some(_) => Kind::Utility,
            },
            Node::InsertStmt(_) | Node::UpdateStmt(_) | Node::DeleteStmt(_) => Kind::Query,
            Node::MergeStmt(_) => Kind::Query,
            Node::ExecuteStmt(_) => Kind::Execute,
            _ => Kind::Utility,
        }
    }
}

/// A prepared statement.
pub(super) struct Prepared {
    pub name: String,
    /// What Parse gave, or the whole PREPARE; `None`: an empty string.
    pub statement: Option<Statement>,
    pub kind: Kind,
    pub param_types: Vec<Oid>,
    /// `None`: the statement returns no rows.
    pub columns: Option<Arc<[ResultColumn]>>,
    /// Microseconds since 2000-01-01 UTC.
    pub prepared_at: i64,
    /// By PREPARE, not by the protocol.
    pub from_sql: bool,
    pub text: Arc<str>,
    /// EXECUTE AS USER: who runs it.
    pub user: Option<String>,
    plan: Mutex<Option<CachedPlan>>,
    /// How often it was planned or its plan used again, for pg_prepared_statements. All plans are
    /// generic ones: parameters' values play no part in them.
    plans: AtomicI64,
}

/// A plan and the circumstances it was made under.
struct CachedPlan {
    catalog_version: u64,
    names_version: u64,
    search_path: Arc<[Oid]>,
    /// [`Plan::is_of_system`](crate::exec::Plan::is_of_system).
    of_system: bool,
    planned: Arc<Planned>,
}

impl CachedPlan {
    /// Whether the catalog is the one it was made for, or as good as that.
    fn is_of(&self, catalog: &Catalog) -> bool {
        self.catalog_version == catalog.version()
            || self.of_system && self.names_version == catalog.names_version()
    }
}

impl Prepared {
    /// As pg_prepared_statements shows it.
    pub(super) fn describe(&self) -> pg_catalog::PreparedStatement {
        pg_catalog::PreparedStatement {
            name: self.name.clone(),
            statement: own::redacted(&self.text).to_string(),
            prepare_time: self.prepared_at,
            parameter_types: self.param_types.clone(),
            from_sql: self.from_sql,
            generic_plans: self.plans.load(Ordering::Relaxed),
            custom_plans: 0,
        }
    }

    /// The query itself: the inner one of PREPARE and EXECUTE AS USER.
    pub(super) fn node(&self) -> Node<'_> {
        let Some(statement) = &self.statement else { return Node::None };
        match (statement.node(), statement.own()) {
            (Node::PrepareStmt(prepare), _) if self.from_sql => prepare.query(),
            (_, Some(Own::ExecuteAs { statement, .. })) => statement.node(),
            (node, _) => node,
        }
    }
}

impl Session {
    /// Prepares a statement: types its parameters and describes its result.
    pub(super) fn prepare(
        &mut self,
        name: &str,
        statement: Option<Statement>,
        types: Vec<Oid>,
        text: Arc<str>,
        from_sql: bool,
    ) -> Result<Arc<Prepared>> {
        let mut prepared = Prepared {
            name: name.to_owned(),
            kind: Kind::Empty,
            statement,
            param_types: types,
            columns: None,
            prepared_at: super::clock::now(),
            from_sql,
            text,
            user: None,
            plan: Mutex::default(),
            plans: AtomicI64::default(),
        };
        let Some(statement) = &prepared.statement else { return Ok(Arc::new(prepared)) };
        let own = statement.own();
        prepared.kind = Kind::of(prepared.node());
        match (prepared.kind, own) {
            (Kind::Query, Some(Own::ExecuteAs { user, .. })) => {
                let user = Some(user.clone());
                self.as_user(user.as_deref(), |session| session.plan_prepared(&mut prepared))?;
                prepared.user = user;
            }
            (Kind::Query, _) => self.plan_prepared(&mut prepared)?,
            (_, Some(own)) => prepared.columns = self.own_columns(own)?.map(Arc::from),
            _ => {
                self.type_parameters(&mut prepared)?;
                let mut params = Parameters::new(&prepared.param_types, Vec::new()).param_types();
                let columns = self.utility_columns(prepared.node(), &mut params)?;
                prepared.columns = columns.map(Arc::from);
            }
        }
        Ok(Arc::new(prepared))
    }

    fn plan_prepared(&mut self, prepared: &mut Prepared) -> Result<()> {
        match self.compile_prepared(prepared) {
            Ok(planned) => {
                let command = planned.plan.command();
                prepared.columns = described(command, planned.plan.columns());
                self.remember_plan(prepared, planned);
            }
            // PostgreSQL computes constants when it plans, which is at Bind or EXECUTE.
            Err(error) if error.code().as_str().starts_with(DATA_EXCEPTION) => {
                let mut params = ParamTypes::Fixed(prepared.param_types.clone());
                match self.unplanned_columns(prepared.node(), &mut params) {
                    Ok((command, columns)) => prepared.columns = described(command, &columns),
                    // A literal that its type does not read: that is an error of Parse.
                    Err(_) => return Err(error),
                }
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// The plan of a new statement, which gets its parameters' types.
    fn compile_prepared(&mut self, prepared: &mut Prepared) -> Result<Arc<Planned>> {
        let given = std::mem::take(&mut prepared.param_types);
        let key = match prepared.from_sql {
            true => None,
            false => self.plan_key(&prepared.text, &given, false)?,
        };
        if let Some(kept) = self.kept_plan(key.as_ref())? {
            prepared.param_types = kept.param_types.clone();
            return Ok(kept.planned.clone());
        }
        let mut params = ParamTypes::Variable(given);
        let compiled = self.compile(prepared.node(), &mut params);
        if let ParamTypes::Variable(types) | ParamTypes::Fixed(types) = params {
            prepared.param_types = types;
        }
        let planned = Arc::new(compiled?);
        self.keep_plan(key, &planned, &prepared.param_types);
        Ok(planned)
    }

    fn remember_plan(&self, prepared: &Prepared, planned: Arc<Planned>) {
        // A transaction's own DDL is seen by nobody after a rollback, and its catalog's version is
        // its own: such a plan simply does not match later.
        let shared = self.state.transaction().is_ok_and(|t| t.shares_plans());
        if let (Some(derived), true) = (&self.derived, shared) {
            *prepared.plan.lock() = Some(CachedPlan {
                catalog_version: derived.catalog_version,
                names_version: derived.names_version,
                search_path: derived.search_path.clone(),
                of_system: self.is_of_system(&planned, &prepared.text),
                planned,
            });
        }
    }

    /// A prepared query's plan, made again where the catalog or the search path changed.
    pub(super) fn plan_of(&mut self, prepared: &Arc<Prepared>) -> Result<Arc<Planned>> {
        prepared.plans.fetch_add(1, Ordering::Relaxed);
        let env = self.statement_env()?;
        let row_security = self.derive(&env.catalog).row_security;
        let fits = |cached: &&CachedPlan| {
            cached.is_of(&env.catalog)
                && *cached.search_path == *env.search_path
                && cached.planned.plan.fits(env.current_role, row_security)
        };
        let cached = prepared.plan.lock().as_ref().filter(fits).map(|c| c.planned.clone());
        if let Some(planned) = cached
            && self.state.transaction()?.shares_plans()
            && self.lock_relations(&planned.plan, env.catalog.version())?
        {
            return Ok(planned);
        }
        let mut params = ParamTypes::Fixed(prepared.param_types.clone());
        let planned = Arc::new(self.compile(prepared.node(), &mut params)?);
        if let Some(described) = &prepared.columns
            && !same_row_type(described, planned.plan.columns())
        {
            let message = "cached plan must not change result type";
            // pgjdbc and others prepare again where it comes from here.
            let error = PgError::new(code::FEATURE_NOT_SUPPORTED, message);
            return Err(error.routine("RevalidateCachedQuery"));
        }
        self.remember_plan(prepared, planned.clone());
        Ok(planned)
    }

    pub(super) fn find_prepared(&self, name: &str) -> Result<Arc<Prepared>> {
        self.state.prepared.lock().get(name).cloned().ok_or_else(|| {
            let message = match name {
                "" => "unnamed prepared statement does not exist".to_owned(),
                name => format!("prepared statement \"{name}\" does not exist"),
            };
            PgError::new(code::INVALID_SQL_STATEMENT_NAME, message)
        })
    }

    /// Keeps a statement under its name; only the unnamed one is replaced.
    pub(super) fn keep_prepared(&mut self, prepared: Arc<Prepared>) -> Result<()> {
        let name = &prepared.name;
        if !name.is_empty() && self.state.prepared.lock().contains_key(name) {
            let message = format!("prepared statement \"{name}\" already exists");
            return Err(PgError::new(code::DUPLICATE_PREPARED_STATEMENT, message));
        }
        self.state.prepared.lock().insert(name.clone(), prepared);
        Ok(())
    }
}

/// The class of errors that computing a constant gives.
const DATA_EXCEPTION: &str = "22";

/// What a statement's description says of its columns.
fn described(command: CommandType, columns: &[ResultColumn]) -> Option<Arc<[ResultColumn]>> {
    let returns_rows = command == CommandType::Select || !columns.is_empty();
    returns_rows.then(|| columns.into())
}

/// Same names do not matter, types do.
fn same_row_type(a: &[ResultColumn], b: &[ResultColumn]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|(x, y)| x.type_oid == y.type_oid && x.typmod == y.typmod)
}

//! Running functions and procedures in LANGUAGE sql.
//!
//! A call runs the body's statements one after the other, with the arguments as `$1`, `$2`, …; the last
//! one's rows are the result. Bodies are planned when they first run in a statement and the plans kept
//! until it ends, so recursion plans once.
//!
//! A volatile function's statements see what came before them, the calling statement's changes too, each
//! on a snapshot of its own; those of other functions see what the calling statement sees, and may not
//! write (manual, 38.7).

use super::expr::Node;
use super::expr::eval::Eval;
use super::plan::{Plan, plan};
use super::run::{block_on, execute};
use super::{ExecState, Row, RowBatch, StatementContext};
use crate::catalog::depend::describe::type_name;
use crate::catalog::{Catalog, Function, FunctionBody};
use crate::error::{PgError, Result, code};
use crate::functions::Rows;
use crate::nodes::{CommandType, Query};
use crate::sql::bind::{self, BindContext};
use crate::storage::IsolationLevel;
use crate::types::{Datum, Oid, Record, arrow, oids};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// Calls within calls, beyond which a statement is taken to recurse without end.
const DEPTH_MAX: u32 = 500;

/// The plans of the functions that a statement has called, and how deep in calls it is.
#[derive(Clone, Default)]
pub struct FunctionCalls {
    plans: Arc<Mutex<HashMap<PlanKey, Plans>>>,
    depth: u32,
    /// The functions with SET clauses that it is in: values in a plan were read under their settings.
    within: Vec<Oid>,
}

impl FunctionCalls {
    /// Goes into a function with SET clauses; one that calls itself sets the same again.
    fn enter(&mut self, function: Oid) {
        if self.within.last() != Some(&function) {
            self.within.push(function);
        }
    }
}

type Plans = Arc<Vec<Arc<Plan>>>;

/// Function, types of its arguments and collation of the call, columns that the call gives its result, role, search
/// path, and the functions around it that set something.
type PlanKey = (Oid, (Vec<Oid>, Oid), Option<Vec<Oid>>, Oid, Vec<Oid>, Vec<Oid>);

/// A function as an expression calls it.
pub(in crate::exec) struct SqlFunction {
    function: Arc<Function>,
    arg_types: Vec<Oid>,
    /// What texts among the arguments are under.
    collation: Oid,
    /// The columns of the row that it returns; `None`: it returns one value, or rows of any kind.
    row: Option<Vec<Oid>>,
    /// The columns are the call's column definition list.
    defined: bool,
}

/// A call with compiled arguments.
pub(in crate::exec) struct SqlCall {
    pub function: SqlFunction,
    pub args: Vec<Node>,
}

impl SqlCall {
    pub fn eval(&self, cx: &Eval<'_>) -> Result<Datum> {
        let args = self.args.iter().map(|arg| arg.eval(cx)).collect::<Result<_>>()?;
        self.function.value(cx.state, args)
    }
}

impl SqlFunction {
    /// Whether a function is in SQL; others have a built-in implementation.
    pub fn is(catalog: &Catalog, func: Oid) -> bool {
        catalog.function(func).is_some_and(|function| function.body != FunctionBody::Internal)
    }

    /// The function in SQL with this OID; `None`: its implementation is a built-in one.
    pub fn find(catalog: &Catalog, func: Oid, arg_types: Vec<Oid>) -> Option<SqlFunction> {
        if !SqlFunction::is(catalog, func) {
            return None;
        }
        let function = catalog.function(func)?.clone();
        let out = function.proc.out_columns();
        let relation = catalog.row_type_relation(function.proc.return_type);
        let row = match relation {
            Some(relation) => Some(relation.live_columns().map(|c| c.type_oid).collect()),
            None => (out.len() > 1).then(|| out.iter().map(|(_, type_oid)| *type_oid).collect()),
        };
        Some(SqlFunction { function, arg_types, collation: 0, row, defined: false })
    }

    /// Makes it one that is called under a collation.
    pub fn call_under(&mut self, collation: Oid, catalog: &Catalog) -> Result<()> {
        if self.function.body != FunctionBody::Text && !catalog.is_bytewise(collation) {
            let what = "a body in the SQL standard's form under a collation of ICU";
            return Err(PgError::unsupported(what));
        }
        self.collation = collation;
        Ok(())
    }

    /// Whether it is not called for NULLs.
    pub fn is_strict(&self) -> bool {
        self.function.proc.strict
    }

    /// Makes it one that is called with a column definition list, if it needs one.
    pub fn define(&mut self, columns: Vec<Oid>) {
        if self.row.is_none() && self.function.proc.return_type == oids::RECORD {
            (self.row, self.defined) = (Some(columns), true);
        }
    }

    fn definition(&self) -> Option<&[Oid]> {
        self.row.as_deref().filter(|_| self.defined)
    }

    /// The value of a function that returns no set: of the first row, or NULL.
    pub fn value(&self, state: &ExecState, args: Vec<Datum>) -> Result<Datum> {
        let row = self.run(state, args, 1)?.into_iter().next();
        Ok(row.map_or(Datum::Null, |row| self.one_value(row)))
    }

    /// The rows of a function in FROM or a select list, each as one value.
    pub fn rows(&self, state: &ExecState, args: Vec<Datum>) -> Result<Rows> {
        let limit = if self.function.proc.returns_set { usize::MAX } else { 1 };
        let rows = self.run(state, args, limit)?;
        if rows.is_empty() && !self.function.proc.returns_set {
            return Ok(Box::new(std::iter::once(Ok(vec![Datum::Null]))));
        }
        if let Some(columns) = self.definition() {
            rows.iter().try_for_each(|row| check_record(row, columns, state))?;
        }
        let values: Vec<Row> = rows.into_iter().map(|row| vec![self.one_value(row)]).collect();
        Ok(Box::new(values.into_iter().map(Ok)))
    }

    /// A row as the function's result: itself where it returns rows, else its one column.
    fn one_value(&self, mut row: Row) -> Datum {
        let proc = &self.function.proc;
        if proc.return_type == oids::VOID {
            return Datum::Null;
        }
        let returns_row = proc.return_type == oids::RECORD || self.row.is_some();
        match row.as_slice() {
            [Datum::Record(_)] if returns_row => row.remove(0),
            [_] if !returns_row => row.remove(0),
            _ => {
                let types = self.row.as_deref().unwrap_or_default();
                let fields = row.into_iter().enumerate();
                let field = |(at, value): (usize, Datum)| {
                    (types.get(at).copied().unwrap_or(oids::TEXT), value)
                };
                Datum::Record(Arc::new(Record { fields: fields.map(field).collect(), names: None }))
            }
        }
    }

    fn run(&self, state: &ExecState, args: Vec<Datum>, limit: usize) -> Result<Vec<Row>> {
        if self.function.proc.strict && args.iter().any(Datum::is_null) {
            return Ok(Vec::new());
        }
        let calls = &state.cx.functions;
        if calls.depth >= DEPTH_MAX {
            let message = "stack depth limit exceeded";
            return Err(PgError::new(code::STATEMENT_TOO_COMPLEX, message).hint(
                "Increase the configuration parameter \"max_stack_depth\" (currently 2048kB), \
                 after ensuring the platform's stack depth limit is adequate.",
            ));
        }
        let context = self.context(state)?;
        stacker::maybe_grow(256 << 10, 2 << 20, || self.run_in(state, context, &args, limit))
    }

    /// The calling statement's context with what the function changes of it.
    fn context(&self, state: &ExecState) -> Result<StatementContext> {
        let outer = &state.cx;
        let function = &self.function;
        let mut env = match function.security_definer {
            true => outer.env.acting(function.owner, None),
            false => outer.env.clone(),
        };
        let mut functions = outer.functions.clone();
        functions.depth += 1;
        if let Some(within) = env.within(&function.settings)? {
            env = within;
            functions.enter(function.proc.oid);
        }
        let view = state.view.clone();
        Ok(StatementContext { env, functions, view, measurements: None, ..(**outer).clone() })
    }

    fn run_in(
        &self,
        state: &ExecState,
        context: StatementContext,
        args: &[Datum],
        limit: usize,
    ) -> Result<Vec<Row>> {
        let plans = self.plans(&context)?;
        let volatile = self.function.proc.volatility == b'v';
        let mut rows = Vec::new();
        for (at, plan) in plans.iter().enumerate() {
            let wanted = if at + 1 == plans.len() { limit } else { usize::MAX };
            let name = &self.function.proc.name;
            let in_function = |error: PgError| {
                error.nowhere().context(format!("SQL function \"{name}\" statement {}", at + 1))
            };
            rows = self
                .statement(state, &context, plan, args, volatile, wanted)
                .map_err(in_function)?;
        }
        Ok(rows)
    }

    fn statement(
        &self,
        state: &ExecState,
        context: &StatementContext,
        plan: &Arc<Plan>,
        args: &[Datum],
        volatile: bool,
        limit: usize,
    ) -> Result<Vec<Row>> {
        let txn = &state.cx.txn;
        let writes = plan.writes();
        if writes {
            let what = plan.command_name();
            if txn.read_only() && plan.changes_permanent(&context.catalog) {
                let message = format!("cannot execute {what} in a read-only transaction");
                return Err(PgError::new(code::READ_ONLY_SQL_TRANSACTION, message));
            }
        }
        plan.lock(txn, &context.cancel)?;
        let mut context = context.clone();
        context.view = match (volatile, writes, txn.isolation()) {
            (false, ..) => context.view,
            // What came before belongs to statements of its own from here on.
            (true, true, _) => {
                txn.end_statement()?;
                txn.begin_statement()?
            }
            (true, false, IsolationLevel::ReadCommitted) => txn.latest_view()?,
            (true, false, _) => txn.read_view()?,
        };
        let cancel = context.cancel.clone();
        let rows = block_on(&cancel, all_rows(plan, args.to_vec(), Arc::new(context), limit))??;
        if writes {
            txn.end_statement()?;
        }
        Ok(rows)
    }

    fn plans(&self, context: &StatementContext) -> Result<Plans> {
        let env = &context.env;
        let oid = self.function.proc.oid;
        let path = env.search_path().to_vec();
        let defined = self.definition().map(<[Oid]>::to_vec);
        let within = context.functions.within.clone();
        let called = (self.arg_types.clone(), self.collation);
        let key = (oid, called, defined, env.current_role(), path, within);
        if let Some(known) = context.functions.plans.lock().get(&key) {
            return Ok(known.clone());
        }
        let name = &self.function.proc.name;
        let at_startup = |error: PgError| {
            error.nowhere().context(format!("SQL function \"{name}\" during startup"))
        };
        let queries = self.queries(context).map_err(at_startup)?;
        let context = Arc::new(context.clone());
        let plans = queries.iter().map(|query| plan(query, &context)).collect::<Result<Vec<_>>>();
        // PostgreSQL might have put it into the statement around.
        let is_inline = self.function.settings.is_empty()
            && queries.iter().all(|query| query.command == CommandType::Select);
        let plans = if is_inline { plans? } else { plans.map_err(at_startup)? };
        let writing = plans.iter().find(|plan| plan.writes());
        if let Some(plan) = writing.filter(|_| self.function.proc.volatility != b'v') {
            let what = plan.command_name();
            let message = format!("{what} is not allowed in a non-volatile function");
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message)
                .context(format!("SQL function \"{name}\" during startup")));
        }
        let plans = Arc::new(plans);
        context.functions.plans.lock().insert(key, plans.clone());
        Ok(plans)
    }

    /// The body's statements, bound.
    fn queries(&self, context: &StatementContext) -> Result<Vec<Query>> {
        let proc = &self.function.proc;
        let bound = BindContext { catalog: &context.catalog, env: &*context.env };
        if self.function.body != FunctionBody::Text {
            let queries = bind::stored_body(self.function.queries(), &bound)?;
            return bind::with_result(queries, &bound, proc, self.definition());
        }
        let statements = crate::sql::parse(proc.src.as_ref())?;
        let called = (self.arg_types.clone(), self.collation);
        bind::bind_body(&statements, &bound, proc, called, self.definition())
    }
}

/// 42804 where a row of one record has other fields than the call's column definition list says.
fn check_record(row: &[Datum], columns: &[Oid], state: &ExecState) -> Result<()> {
    let [Datum::Record(record)] = row else { return Ok(()) };
    let mismatch = |detail: String| {
        let message = "function return row and query-specified return row do not match";
        Err(PgError::new(code::DATATYPE_MISMATCH, message).detail(detail))
    };
    let given = record.fields.len();
    if given != columns.len() {
        let s = if given == 1 { "" } else { "s" };
        return mismatch(format!(
            "Returned row contains {given} attribute{s}, but query expects {}.",
            columns.len()
        ));
    }
    let pairs = record.fields.iter().map(|(given, _)| *given).zip(columns.iter().copied());
    let wrong = pairs.enumerate().find(|(_, (given, wanted))| given != wanted);
    let Some((at, (given, wanted))) = wrong else { return Ok(()) };
    let shown = |oid: Oid| {
        let path = state.cx.env.search_path();
        type_name(&state.cx.catalog, oid, path).unwrap_or_else(|| oid.to_string())
    };
    mismatch(format!(
        "Returned type {} at ordinal position {}, but query expects {}.",
        shown(given),
        at + 1,
        shown(wanted)
    ))
}

/// All rows that a plan gives, or the first.
async fn all_rows(
    plan: &Arc<Plan>,
    args: Vec<Datum>,
    context: Arc<StatementContext>,
    limit: usize,
) -> Result<Vec<Row>> {
    let types: Vec<Oid> = plan.columns().iter().map(|c| c.type_oid).collect();
    let mut execution = execute(plan, args, context).await?;
    let mut rows: Vec<Row> = Vec::new();
    while rows.len() < limit {
        match execution.rows.next(limit - rows.len()).await? {
            Some(RowBatch::Rows(batch)) => {
                rows.extend(batch.into_iter().map(|mut row| {
                    row.truncate(types.len());
                    row
                }));
            }
            Some(RowBatch::Arrow(batch)) => {
                for at in 0..batch.num_rows() {
                    let values = batch.columns().iter().zip(&types);
                    rows.push(values.map(|(a, t)| arrow::datum_at(a, at, *t)).collect());
                }
            }
            None => break,
        }
    }
    Ok(rows)
}

//! Aggregates that users make: a state that functions take from row to row.
//!
//! ```text
//! CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0')
//!     state '0', then int4pl(state, row), …; the last state is the value, or what FINALFUNC makes of it
//! ```
//!
//! A strict transition function is not called for rows with a NULL, which
//! [`AggregateCall`](super::op::AggregateCall) leaves out; without an initial state the first row's value
//! is the state, and a state that has become NULL stays so.

use super::expr::Callee;
use super::sql_function::SqlFunction;
use super::{ExecState, StatementContext};
use crate::catalog::{AggregateInfo, Catalog};
use crate::error::{PgError, Result};
use crate::functions::{self, AggregateState, Ctx};
use crate::sql::bind::{self, BindContext};
use crate::storage::ReadView;
use crate::types::{Datum, Oid};
use std::sync::Arc;

/// An aggregate with its functions found for a call.
pub(in crate::exec) struct UserAggregate {
    transition: Step,
    finish: Option<Step>,
    /// NULLs that the final function takes behind the state.
    extra: usize,
    state_type: Oid,
    initial: Option<String>,
}

/// A function that is called with the state.
enum Step {
    BuiltIn(Callee),
    Sql(SqlFunction),
}

impl UserAggregate {
    /// The aggregate for a call with arguments and a result of these types.
    pub fn resolve(
        func: Oid,
        info: &AggregateInfo,
        arg_types: &[Oid],
        result_type: Oid,
        context: &BindContext<'_>,
    ) -> Result<UserAggregate> {
        let proc = context.catalog.proc(func);
        let declared = proc.map(|proc| proc.arg_types.clone()).unwrap_or_default();
        let state_type = info.steps.state_type;
        let state_type = bind::resolve_polymorphic(arg_types, &declared, state_type, context)?;
        UserAggregate::of_types(info, arg_types, state_type, result_type, context.catalog)
    }

    /// The aggregate with a state of this type.
    pub fn of_types(
        info: &AggregateInfo,
        arg_types: &[Oid],
        state_type: Oid,
        result_type: Oid,
        catalog: &Catalog,
    ) -> Result<UserAggregate> {
        let steps = &info.steps;
        let with_state = |args: &[Oid]| [&[state_type], args].concat();
        let transition =
            Step::resolve(steps.transition, with_state(arg_types), state_type, catalog)?;
        let extra = if steps.final_extra { arg_types.len() } else { 0 };
        let finish = match steps.final_func {
            0 => None,
            func => {
                let types = with_state(&arg_types[..extra]);
                Some(Step::resolve(func, types, result_type, catalog)?)
            }
        };
        Ok(UserAggregate { transition, finish, extra, state_type, initial: steps.initial.clone() })
    }

    /// Whether rows with a NULL are left out.
    pub fn is_strict(&self) -> bool {
        self.transition.is_strict()
    }

    /// The state of a group without rows.
    pub fn start(self: &Arc<Self>, state: &ExecState) -> Result<Box<dyn AggregateState>> {
        let value = match &self.initial {
            Some(text) => functions::text_in(state.env(), self.state_type, -1, text)?,
            None => Datum::Null,
        };
        Ok(Box::new(Running {
            aggregate: self.clone(),
            fresh: self.initial.is_none(),
            value,
            cx: state.cx.clone(),
            view: state.view.clone(),
        }))
    }
}

impl Step {
    fn resolve(func: Oid, arg_types: Vec<Oid>, result: Oid, catalog: &Catalog) -> Result<Step> {
        match SqlFunction::find(catalog, func, arg_types.clone()) {
            Some(function) => Ok(Step::Sql(function)),
            None => Callee::of(func, catalog.proc(func), arg_types, result).map(Step::BuiltIn),
        }
    }

    fn is_strict(&self) -> bool {
        match self {
            Step::BuiltIn(callee) => callee.strict,
            Step::Sql(function) => function.is_strict(),
        }
    }

    /// Calls the function, unless it is strict and an argument is NULL.
    fn call(&self, running: &Running, args: Vec<Datum>, ctx: &Ctx<'_>) -> Result<Datum> {
        match self {
            Step::BuiltIn(callee) => callee.call(ctx.env, &args),
            Step::Sql(function) => {
                let none = Arc::new([]) as Arc<[Datum]>;
                let mut state = ExecState::new(running.cx.clone(), none);
                state.view = running.view.clone();
                function.value(&state, args)
            }
        }
    }
}

/// The state of one group.
struct Running {
    aggregate: Arc<UserAggregate>,
    value: Datum,
    /// There is no state yet: the first row's value may become it.
    fresh: bool,
    cx: Arc<StatementContext>,
    view: ReadView,
}

impl AggregateState for Running {
    fn update(&mut self, ctx: &Ctx<'_>, args: &[Datum]) -> Result<()> {
        let aggregate = self.aggregate.clone();
        if aggregate.is_strict() && std::mem::take(&mut self.fresh) {
            let first = args.first().cloned();
            self.value = first.ok_or_else(|| PgError::internal("an aggregate without a state"))?;
            return Ok(());
        }
        let state = std::mem::take(&mut self.value);
        let args = std::iter::once(state).chain(args.iter().cloned()).collect();
        self.value = aggregate.transition.call(self, args, ctx)?;
        Ok(())
    }

    fn finish(&self, ctx: &Ctx<'_>) -> Result<Datum> {
        let Some(finish) = &self.aggregate.finish else { return Ok(self.value.clone()) };
        let mut args = vec![self.value.clone()];
        args.resize(1 + self.aggregate.extra, Datum::Null);
        finish.call(self, args, ctx)
    }

    fn size(&self) -> usize {
        size_of::<Running>() + self.value.memory_bytes()
    }
}

//! What a domain allows: NOT NULL first, then the CHECKs from the innermost domain outwards, those of one
//! domain by their names.
//!
//! A CHECK is a program over a row of one column, the value. NULL satisfies it, as in a table.

use super::eval::Eval;
use super::{Node, Program};
use crate::catalog::Catalog;
use crate::error::{PgError, Result, code};
use crate::exec::{ExecState, Layout, StatementContext};
use crate::functions::{Env, quote_identifier};
use crate::types::{Datum, Oid, oids};
use std::sync::Arc;

/// A cast to a domain.
pub(in crate::exec) struct DomainNode {
    /// The value, of the base type.
    pub arg: Node,
    pub domain: Domain,
}

/// A domain's constraints, with those of the domains that it is over.
pub(in crate::exec) struct Domain {
    oid: Oid,
    not_null: bool,
    checks: Vec<(String, Program)>,
}

impl DomainNode {
    pub fn eval(&self, cx: &Eval<'_>) -> Result<Datum> {
        let value = self.arg.eval(cx)?;
        self.domain.check(&value, cx.state)?;
        Ok(value)
    }
}

impl Domain {
    pub fn compile(catalog: &Catalog, oid: Oid) -> Result<Domain> {
        let layout = Layout::of([(1, 1)]);
        let (mut not_null, mut checks) = (false, Vec::new());
        for found in catalog.domains(oid) {
            let Some(domain) = found.domain() else { continue };
            not_null |= domain.not_null;
            let mut own: Vec<_> = domain.checks.iter().collect();
            own.sort_by(|a, b| a.name.cmp(&b.name));
            for check in own {
                let program = Program::compile(&check.expr, &layout, catalog)?;
                checks.push((check.name.clone(), program));
            }
        }
        Ok(Domain { oid, not_null, checks })
    }

    /// 23502 or 23514 unless the domain allows the value.
    pub fn check(&self, value: &Datum, state: &ExecState) -> Result<()> {
        if self.not_null && value.is_null() {
            let message = format!("domain {} does not allow null values", self.name(state.env()));
            let error = PgError::new(code::NOT_NULL_VIOLATION, message);
            return Err(self.named(error, state.env()));
        }
        for (name, program) in &self.checks {
            let holds = program.eval(state, std::slice::from_ref(value))?;
            if matches!(holds, Datum::Bool(false)) {
                return Err(self.violation(name, state.env()));
            }
        }
        Ok(())
    }

    fn violation(&self, check: &str, env: &dyn Env) -> PgError {
        let domain = self.name(env);
        let message = format!("value for domain {domain} violates check constraint \"{check}\"");
        let error = PgError::new(code::CHECK_VIOLATION, message).constraint(check.to_owned());
        self.named(error, env)
    }

    /// The error with the fields that name the domain.
    fn named(&self, error: PgError, env: &dyn Env) -> PgError {
        let catalog = env.catalog();
        let Some(found) = catalog.user_type(self.oid) else { return error };
        let schema = catalog.namespace(found.namespace).map_or("", |n| n.name.as_str());
        error.schema(schema).datatype(found.name.as_str())
    }

    fn name(&self, env: &dyn Env) -> String {
        let shown = crate::functions::output(env, oids::REGTYPE, &Datum::Oid(self.oid));
        shown.unwrap_or_else(|_| quote_identifier("?").into_owned())
    }
}

/// Whether a domain allows a value that was read outside an expression: a parameter, a field of COPY, an
/// element of an array's text.
pub fn check_domain(cx: StatementContext, domain: Oid, value: &Datum) -> Result<()> {
    let domain = Domain::compile(&cx.catalog, domain)?;
    if !domain.not_null && domain.checks.is_empty() {
        return Ok(());
    }
    domain.check(value, &ExecState::new(Arc::new(cx), Arc::new([])))
}

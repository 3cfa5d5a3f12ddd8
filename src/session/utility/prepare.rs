//! PREPARE, EXECUTE, DEALLOCATE.

use super::Outcome;
use crate::error::{PgError, Result, code};
use crate::exec::expr::Program;
use crate::exec::{ExecState, Layout};
use crate::session::Session;
use crate::session::prepared::Prepared;
use crate::sql::Statement;
use crate::sql::bind::{self, BindContext, ExprPlace};
use crate::types::{Datum, Oid};
use pg_raw_parse::{Node, nodes};
use std::sync::Arc;

impl Session {
    pub(super) fn prepare_statement(
        &mut self,
        statement: &Statement,
        s: &nodes::PrepareStmt,
    ) -> Result<Outcome> {
        let name = s.name().unwrap_or_default();
        if name.is_empty() {
            let message = "invalid statement name: must not be empty";
            return Err(PgError::new(code::INVALID_PSTATEMENT_DEFINITION, message));
        }
        let env = self.statement_env()?;
        let context = BindContext { catalog: &env.catalog, env: &*env };
        let types =
            s.argtypes().iter().map(|t| bind::resolve_type(t, &context).map(|(oid, _)| oid));
        let types: Vec<Oid> = types.collect::<Result<_>>()?;
        let text = self.statement_text.clone();
        let prepared = self.prepare(name, Some(statement.clone()), types, text, true)?;
        self.keep_prepared(prepared)?;
        Ok(Outcome::done("PREPARE"))
    }

    /// The statement that EXECUTE names, and its parameters' values.
    pub(in crate::session) fn resolve_execute(
        &mut self,
        node: Node<'_>,
    ) -> Result<(Arc<Prepared>, Vec<Datum>)> {
        let Node::ExecuteStmt(execute) = node else {
            return Err(PgError::internal("EXECUTE expected"));
        };
        let name = execute.name().unwrap_or_default();
        let prepared = self.find_prepared(name)?;
        let (given, required) = (execute.params().len(), prepared.param_types.len());
        if given != required {
            let message = format!("wrong number of parameters for prepared statement \"{name}\"");
            let detail = format!("Expected {required} parameters but got {given}.");
            return Err(PgError::new(code::SYNTAX_ERROR, message).detail(detail));
        }
        let params = self.execute_parameters(execute, &prepared.param_types)?;
        Ok((prepared, params))
    }

    fn execute_parameters(
        &mut self,
        execute: &nodes::ExecuteStmt,
        types: &[Oid],
    ) -> Result<Vec<Datum>> {
        if types.is_empty() {
            return Ok(Vec::new());
        }
        let env = self.statement_env()?;
        let bind = BindContext { catalog: &env.catalog, env: &*env };
        let transaction = self.state.transaction()?;
        let view = transaction.txn.read_view()?;
        let context = self.statement_context(&env, &transaction, view);
        let state = ExecState::new(context, Arc::from([]));
        let mut values = Vec::with_capacity(types.len());
        for (i, (node, type_oid)) in execute.params().into_iter().zip(types).enumerate() {
            let target = format!("${}", i + 1);
            let target = Some((target.as_str(), *type_oid, -1));
            let expr = bind::bind_expr(node, &bind, ExprPlace::ExecuteParameter, None, target)?;
            let program = Program::compile(&expr, &Layout::default(), &env.catalog)?;
            values.push(program.eval(&state, &[])?);
        }
        Ok(values)
    }

    pub(super) fn deallocate(&mut self, s: &nodes::DeallocateStmt) -> Result<Outcome> {
        match s.name() {
            None => {
                self.state.prepared.lock().clear();
                Ok(Outcome::done("DEALLOCATE ALL"))
            }
            Some(name) => {
                self.find_prepared(name)?;
                self.state.prepared.lock().remove(name);
                Ok(Outcome::done("DEALLOCATE"))
            }
        }
    }
}

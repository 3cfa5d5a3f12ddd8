//! Statements that are not queries, one file per kind.

mod call;
mod describe;
mod discard;
mod explain;
mod listen;
mod lock;
mod maintenance;
mod options;
mod own;
mod prepare;
mod storage;
mod transaction;
mod variables;

use super::Session;
use super::client::{Client, Encoding, Notice, Severity};
use super::portal::Portal;
use crate::error::{PgError, Result};
use crate::exec::ddl::{self, DdlContext};
use crate::exec::{ResultColumn, Row, off_worker};
use crate::sql::Statement;
use crate::types::{Oid, oids};
use pg_raw_parse::Node;
use std::sync::Arc;

/// What a utility statement did.
pub(super) enum Outcome {
    /// Its command tag.
    Done(String),
    Rows {
        columns: Vec<ResultColumn>,
        rows: Vec<Row>,
        encodings: Vec<Encoding>,
        tag: String,
    },
}

impl Outcome {
    pub(super) fn done(tag: &str) -> Outcome {
        Outcome::Done(tag.to_owned())
    }

    pub(super) fn into_tag(self) -> String {
        match self {
            Outcome::Done(tag) | Outcome::Rows { tag, .. } => tag,
        }
    }
}

/// A column of text of our own making, as SHOW and EXPLAIN have.
fn text_column(name: &str) -> ResultColumn {
    column(name, oids::TEXT)
}

fn column(name: &str, type_oid: Oid) -> ResultColumn {
    let type_length = crate::catalog::builtin::type_(type_oid).map_or(-1, |t| t.len);
    ResultColumn { name: name.to_owned(), type_oid, type_length, typmod: -1, table: 0, attno: 0 }
}

impl Session {
    /// Runs a statement that is not a query; `node` is it, or PREPARE's inner statement.
    pub(super) async fn run_utility(
        &mut self,
        statement: &Statement,
        node: Node<'_>,
        client: &mut dyn Client,
    ) -> Result<Outcome> {
        match node {
            Node::TransactionStmt(s) => self.transaction_statement(s).await,
            // On the heap, so that the futures of queries, which are everyday, stay small.
            _ => Box::pin(self.run_other_utility(statement, node, client)).await,
        }
    }

    async fn run_other_utility(
        &mut self,
        statement: &Statement,
        node: Node<'_>,
        client: &mut dyn Client,
    ) -> Result<Outcome> {
        if let Some(own) = statement.own() {
            return self.run_own(statement, own).await;
        }
        match node {
            Node::VariableSetStmt(s) => self.set_variable(s),
            Node::VariableShowStmt(s) => self.show_variable(s.name().unwrap_or_default()),
            Node::PrepareStmt(s) => self.prepare_statement(statement, s),
            Node::DeallocateStmt(s) => self.deallocate(s),
            Node::DeclareCursorStmt(s) => self.declare_cursor(s).await,
            Node::FetchStmt(s) => self.fetch(s).await,
            Node::ClosePortalStmt(s) => self.close_cursor(s.portalname()),
            Node::DiscardStmt(s) => self.discard(s).await,
            Node::ListenStmt(s) => self.listen(s.conditionname().unwrap_or_default()),
            Node::UnlistenStmt(s) => self.unlisten(s.conditionname()),
            Node::NotifyStmt(s) => self.notify(s),
            Node::LockStmt(s) => self.lock_tables(s).await,
            Node::ConstraintsSetStmt(s) => self.set_constraints(s),
            Node::CheckPointStmt(_) => self.checkpoint(),
            Node::VacuumStmt(s) => self.vacuum(s),
            Node::ExplainStmt(s) => self.explain(s).await,
            Node::CopyStmt(s) => self.copy(s, client).await,
            Node::DoStmt(_) => Err(PgError::unsupported("DO")),
            Node::CallStmt(_) => self.call(node).await,
            Node::LoadStmt(_) => Err(PgError::unsupported("LOAD")),
            _ => self.define(statement).await,
        }
    }

    /// Data definition.
    pub(super) async fn define(&mut self, statement: &Statement) -> Result<Outcome> {
        let transaction = self.state.transaction()?;
        let env = self.statement_env()?;
        let command = statement.own().map(|own| own.command());
        let command = command.unwrap_or_else(|| describe::command_name(statement.node()));
        transaction.check_may_write(command)?;
        let state = self.state.clone();
        let notice = move |fields: PgError| {
            let severity = match fields.is_warning() {
                true => Severity::Warning,
                false => Severity::Notice,
            };
            state.notice(Notice { severity, fields });
        };
        let env: Arc<dyn crate::functions::Env> = env;
        let executed = match statement.node() {
            Node::CreateTableAsStmt(s) => match s.query() {
                execute @ Node::ExecuteStmt(_) => Some(self.resolve_execute(execute)?),
                _ => None,
            },
            _ => None,
        };
        let executed = executed.as_ref().map(|(prepared, params)| ddl::PreparedQuery {
            query: prepared.node(),
            types: prepared.param_types.clone(),
            params: params.clone(),
        });
        let own = || ddl::PreparedQuery {
            query: match statement.node() {
                Node::CreateTableAsStmt(s) => s.query(),
                select => select,
            },
            types: self.parameters.types().to_vec(),
            params: self.parameters.values.clone(),
        };
        let prepared = executed.or_else(|| (!self.parameters.is_empty()).then(own));
        let memory_limit_bytes = self.derived.as_ref().map_or(0, |d| d.memory_limit_bytes);
        self.apply_lock_timeouts(&transaction);
        let in_use = self.portals.values().flat_map(Portal::reads).collect();
        let context = DdlContext {
            in_use: &in_use,
            txn: &transaction.txn,
            catalog: &transaction.catalog,
            env: &env,
            cancel: &self.state.backend.token,
            memory_limit_bytes,
            notice: &notice,
            in_block: transaction.in_block,
            prepared: prepared.as_ref(),
            table_kind: statement.table_kind(),
        };
        let mark = transaction.catalog.mark();
        transaction.txn.begin_statement()?;
        let work = self.state.backend.or_cancelled(ddl::execute(statement, &context));
        // It may rewrite or check a table.
        match off_worker(|| self.state.instance.runtime.block_on(work)) {
            Ok(tag) => {
                transaction.txn.end_statement()?;
                Ok(Outcome::Done(tag))
            }
            Err(error) => {
                transaction.txn.abort_statement();
                transaction.catalog.rollback_to(mark);
                Err(error)
            }
        }
    }
}

//! The simple query protocol: a string of statements, each run to its end.
//!
//! The statements of a string are one transaction, unless BEGIN and COMMIT among them say otherwise
//! (manual, 55.2.2.1). A failing statement ends the string.

use super::Session;
use super::client::{Client, Reply};
use super::pipeline::{output_columns, parse_text};
use super::prepared::Kind;
use super::rows::RowReader;
use super::transaction::Block;
use super::utility::Outcome;
use crate::error::Result;
use crate::sql::Statement;
use crate::sql::own::Own;
use pg_raw_parse::Node;
use std::sync::Arc;

impl Session {
    /// Runs a query string. After an error the caller calls [`Session::statement_failed`].
    pub async fn simple_query(&mut self, text: &str, client: &mut dyn Client) -> Result<()> {
        let text: Arc<str> = text.into();
        self.begin_command(&text);
        *self.state.executing.lock() = None;
        // A simple query ends the unnamed statement and portal.
        self.state.prepared.lock().remove("");
        self.portals.remove("");
        if self.block != Block::Failed
            && let Some(tag) = self.answer_text(&text, client).await?
        {
            self.finish_unblocked().await?;
            self.flush_notices(client);
            client.command_complete(&tag);
            self.end_command();
            return Ok(());
        }
        if self.block != Block::Failed
            && let Some((planned, values)) = self.plan_by_template(&text)?
        {
            let tag = self.run_planned(planned, values, client).await?;
            self.finish_unblocked().await?;
            self.flush_notices(client);
            client.command_complete(&tag);
            self.end_command();
            return Ok(());
        }
        let statements = parse_text(&text, !has_literals(&text))?;
        if statements.is_empty() {
            self.finish_unblocked().await?;
            client.reply(Reply::EmptyQuery);
        }
        let count = statements.len();
        for (i, statement) in statements.iter().enumerate() {
            if i > 0 {
                self.restart_timer();
            }
            let tag = self.run_statement(statement, count > 1, client).await?;
            let is_last = i + 1 == count;
            if is_last && self.block == Block::Implicit {
                self.set_block(Block::None);
            }
            if is_last || matches!(statement.node(), Node::TransactionStmt(_)) {
                self.finish_unblocked().await?;
            }
            self.flush_notices(client);
            client.command_complete(&tag);
        }
        self.end_command();
        Ok(())
    }

    /// Rolls back after an error.
    pub fn statement_failed(&mut self, client: &mut dyn Client) {
        self.end_command();
        self.flush_notices(client);
        self.abort();
    }

    async fn run_statement(
        &mut self,
        statement: &Statement,
        one_of_many: bool,
        client: &mut dyn Client,
    ) -> Result<String> {
        if !is_transaction_exit(statement.node()) {
            self.check_not_failed()?;
        }
        self.ensure_transaction();
        if one_of_many && self.block == Block::None {
            self.set_block(Block::Implicit);
        }
        if let Some(Own::ExecuteAs { user, statement }) = statement.own() {
            // On the heap, so that the futures of other statements stay small.
            return Box::pin(self.execute_as(user, statement, client)).await;
        }
        match Kind::of(statement.node()) {
            Kind::Query => self.run_query_text(statement, client).await,
            Kind::Execute => self.run_execute(statement, client).await,
            Kind::Empty | Kind::Utility => {
                let outcome = self.run_utility(statement, statement.node(), client).await?;
                self.deliver_outcome(outcome, client).await
            }
        }
    }

    /// EXECUTE of a prepared query: its rows and its tag.
    async fn run_execute(
        &mut self,
        statement: &Statement,
        client: &mut dyn Client,
    ) -> Result<String> {
        let (prepared, params) = self.resolve_execute(statement.node())?;
        if prepared.kind != Kind::Query {
            let inner = prepared.statement.clone();
            let Some(inner) = inner else { return Ok(String::new()) };
            let outcome = self.run_utility(&inner, prepared.node(), client).await?;
            return self.deliver_outcome(outcome, client).await;
        }
        let planned = self.plan_of(&prepared)?;
        let mut running = self.start_query(planned.clone(), params).await?;
        let columns = planned.plan.columns();
        if prepared.columns.is_some() {
            client.row_description(columns, &[]);
        }
        let (sent, _) = running.rows.deliver(&output_columns(columns, &[]), 0, client).await?;
        Ok(running.tag(sent))
    }

    /// Sends a utility statement's rows, if it has any; gives the tag.
    async fn deliver_outcome(
        &mut self,
        outcome: Outcome,
        client: &mut dyn Client,
    ) -> Result<String> {
        let Outcome::Rows { columns, rows, encodings, tag } = outcome else {
            return Ok(outcome.into_tag());
        };
        client.row_description(&columns, &encodings);
        self.ensure_transaction();
        let env = self.statement_env()?;
        let mut reader = RowReader::from_rows(rows, env, self.state.backend.clone());
        reader.deliver(&output_columns(&columns, &encodings), 0, client).await?;
        Ok(tag)
    }
}

/// Texts with literals are seldom the same twice.
fn has_literals(text: &str) -> bool {
    text.bytes().any(|b| b == b'\'' || b.is_ascii_digit())
}

/// The statements that a failed transaction block still accepts.
pub(super) fn is_transaction_exit(node: Node<'_>) -> bool {
    use pg_raw_parse::raw::TransactionStmtKind as Is;
    match node {
        Node::TransactionStmt(t) => matches!(
            t.kind,
            Is::TRANS_STMT_COMMIT
                | Is::TRANS_STMT_ROLLBACK
                | Is::TRANS_STMT_ROLLBACK_TO
                | Is::TRANS_STMT_PREPARE
        ),
        _ => false,
    }
}

//! BEGIN, COMMIT, ROLLBACK, SAVEPOINT, RELEASE, SET TRANSACTION, SET CONSTRAINTS.

use super::Outcome;
use crate::error::{PgError, Result, code};
use crate::session::Session;
use crate::session::settings::Scope;
use pg_raw_parse::raw::TransactionStmtKind as Is;
use pg_raw_parse::{ConstValue, Node, list, nodes};

impl Session {
    pub(super) async fn transaction_statement(
        &mut self,
        s: &nodes::TransactionStmt,
    ) -> Result<Outcome> {
        let name = s.savepoint_name().unwrap_or_default();
        let tag = match s.kind {
            Is::TRANS_STMT_BEGIN | Is::TRANS_STMT_START => {
                self.begin_block();
                self.set_transaction_modes(s.options(), "transaction")?;
                if s.kind == Is::TRANS_STMT_START { "START TRANSACTION" } else { "BEGIN" }
            }
            Is::TRANS_STMT_COMMIT => self.commit_block(s.chain).await?,
            Is::TRANS_STMT_ROLLBACK => self.rollback_block(s.chain)?,
            Is::TRANS_STMT_SAVEPOINT => {
                self.define_savepoint(name)?;
                "SAVEPOINT"
            }
            Is::TRANS_STMT_RELEASE => {
                self.release_savepoint(name)?;
                "RELEASE"
            }
            Is::TRANS_STMT_ROLLBACK_TO => {
                self.rollback_to_savepoint(name)?;
                "ROLLBACK"
            }
            _ => return Err(no_prepared_transactions()),
        };
        Ok(Outcome::done(tag))
    }

    /// Modes as they stand in BEGIN and SET TRANSACTION (`transaction`), or in SET SESSION
    /// CHARACTERISTICS (`default_transaction`).
    pub(super) fn set_transaction_modes(
        &mut self,
        options: &list::NodeList,
        prefix: &str,
    ) -> Result<()> {
        for option in options {
            let Node::DefElem(option) = option else { continue };
            let mode = option.defname().unwrap_or_default();
            let value = mode_value(option.arg());
            match prefix {
                "transaction" => self.state.set_mode(mode, Some(&value))?,
                _ => self.state.set(&format!("default_{mode}"), Some(&value), Scope::Session)?,
            }
        }
        Ok(())
    }

    /// SET CONSTRAINTS: all constraints are checked as they were declared, so only what changes
    /// nothing is possible yet.
    pub(super) fn set_constraints(&mut self, s: &nodes::ConstraintsSetStmt) -> Result<Outcome> {
        if !matches!(self.block, crate::session::transaction::Block::Explicit) {
            let message = "SET CONSTRAINTS can only be used in transaction blocks";
            self.warn(code::NO_ACTIVE_SQL_TRANSACTION, message);
            return Ok(Outcome::done("SET CONSTRAINTS"));
        }
        let _ = s;
        Err(PgError::unsupported("SET CONSTRAINTS"))
    }
}

fn mode_value(node: Node<'_>) -> String {
    match node {
        Node::A_Const(c) => match c.val() {
            Some(ConstValue::String(text)) => text.to_owned(),
            Some(ConstValue::Integer(n)) => if n != 0 { "on" } else { "off" }.to_owned(),
            _ => String::new(),
        },
        _ => String::new(),
    }
}

/// As a PostgreSQL whose `max_prepared_transactions` is 0, its default.
fn no_prepared_transactions() -> PgError {
    PgError::new(code::OBJECT_NOT_IN_PREREQUISITE_STATE, "prepared transactions are disabled")
        .hint("Set max_prepared_transactions to a nonzero value.")
}

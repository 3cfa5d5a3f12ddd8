//! BEGIN, COMMIT, ROLLBACK, SAVEPOINT, RELEASE, SET TRANSACTION, SET CONSTRAINTS.

use super::Outcome;
use crate::catalog::Catalog;
use crate::error::{PgError, Result, code};
use crate::exec::{dml, off_worker};
use crate::session::Session;
use crate::session::settings::Scope;
use crate::session::transaction::Block;
use crate::types::Oid;
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
            Is::TRANS_STMT_PREPARE if self.block != Block::Explicit => {
                self.rollback_block(false)?
            }
            Is::TRANS_STMT_COMMIT_PREPARED | Is::TRANS_STMT_ROLLBACK_PREPARED => {
                let gid = s.gid().unwrap_or_default();
                let message =
                    format!("prepared transaction with identifier \"{gid}\" does not exist");
                return Err(PgError::new(code::UNDEFINED_OBJECT, message));
            }
            _ => {
                self.rollback_all();
                return Err(no_prepared_transactions());
            }
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

    /// SET CONSTRAINTS.
    pub(super) fn set_constraints(&mut self, s: &nodes::ConstraintsSetStmt) -> Result<Outcome> {
        if !matches!(self.block, crate::session::transaction::Block::Explicit) {
            let message = "SET CONSTRAINTS can only be used in transaction blocks";
            self.warn(code::NO_ACTIVE_SQL_TRANSACTION, message);
            return Ok(Outcome::done("SET CONSTRAINTS"));
        }
        let named = self.deferrable_constraints(s)?;
        let transaction = self.state.transaction()?;
        let env = self.statement_env()?;
        let view = transaction.txn.begin_statement()?;
        let context = self.statement_context(&env, &transaction, view);
        off_worker(|| dml::set_constraints(&context, named.as_deref(), s.deferred))?;
        transaction.txn.end_statement()?;
        Ok(Outcome::done("SET CONSTRAINTS"))
    }

    /// The constraints that the statement names; `None`: ALL. A name without a schema means those
    /// of the first schema in the search path that has one.
    fn deferrable_constraints(
        &mut self,
        s: &nodes::ConstraintsSetStmt,
    ) -> Result<Option<Vec<Oid>>> {
        if s.constraints().is_empty() {
            return Ok(None);
        }
        let env = self.statement_env()?;
        let mut oids = Vec::new();
        for node in s.constraints() {
            let Node::RangeVar(name) = node else { continue };
            let constraint = name.relname().unwrap_or_default();
            let path = match name.schemaname() {
                Some(schema) => {
                    env.catalog.namespace_named(schema).map(|n| n.oid).into_iter().collect()
                }
                None => env.search_path.to_vec(),
            };
            let found = path.iter().map(|n| constraints_named(&env.catalog, *n, constraint));
            let found = found.into_iter().find(|found| !found.is_empty()).unwrap_or_default();
            if found.is_empty() {
                let message = format!("constraint \"{constraint}\" does not exist");
                return Err(PgError::new(code::UNDEFINED_OBJECT, message));
            }
            if found.iter().any(|(_, deferrable)| !deferrable) {
                let message = format!("constraint \"{constraint}\" is not deferrable");
                return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
            }
            oids.extend(found.iter().map(|(oid, _)| *oid));
        }
        Ok(Some(oids))
    }
}

/// Constraints of a name on the tables of a schema: OID, and whether deferrable.
fn constraints_named(catalog: &Catalog, namespace: Oid, name: &str) -> Vec<(Oid, bool)> {
    catalog.constraints_named(namespace, name).map(|(_, c)| (c.oid, c.deferrable)).collect()
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

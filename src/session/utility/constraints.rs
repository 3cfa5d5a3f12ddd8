//! SET CONSTRAINTS: when deferrable constraints are checked in this transaction.

use super::Outcome;
use crate::catalog::{Catalog, Constraint};
use crate::error::{PgError, Result, code};
use crate::exec::dml;
use crate::session::Session;
use crate::session::transaction::Block;
use crate::types::Oid;
use pg_raw_parse::{Node, nodes};

impl Session {
    pub(super) fn set_constraints(&mut self, s: &nodes::ConstraintsSetStmt) -> Result<Outcome> {
        if self.block == Block::None {
            let message = "SET CONSTRAINTS can only be used in transaction blocks";
            self.warn(code::NO_ACTIVE_SQL_TRANSACTION, message);
        }
        let transaction = self.state.transaction()?;
        let env = self.statement_env()?;
        let mut named = Vec::new();
        for node in s.constraints() {
            if let Node::RangeVar(name) = node {
                named.extend(deferrable(&env.catalog, &env.search_path, name)?);
            }
        }
        let constraints = (!s.constraints().is_empty()).then_some(named.as_slice());
        let token = self.state.token.lock().clone();
        let view = transaction.txn.begin_statement()?;
        let context = self.statement_context(&env, &transaction, &token, view)?;
        dml::set_constraints(&context, constraints, s.deferred)?;
        transaction.txn.end_statement()?;
        Ok(Outcome::done("SET CONSTRAINTS"))
    }
}

/// The constraints that a name means: all of that name in the first schema of the path (or the
/// schema named) that has one.
fn deferrable(catalog: &Catalog, path: &[Oid], name: &nodes::RangeVar) -> Result<Vec<Oid>> {
    let relname = name.relname().unwrap_or_default();
    let schemas = match name.schemaname() {
        None => path.to_vec(),
        Some(schema) => match catalog.namespace_named(schema) {
            Some(namespace) => vec![namespace.oid],
            None => {
                let message = format!("schema \"{schema}\" does not exist");
                return Err(PgError::new(code::INVALID_SCHEMA_NAME, message));
            }
        },
    };
    for schema in schemas {
        let relations = catalog.relations().filter(|r| r.namespace == schema);
        let constraints = relations.flat_map(|r| &r.constraints);
        let found: Vec<&Constraint> = constraints.filter(|c| c.name == relname).collect();
        if found.is_empty() {
            continue;
        }
        if found.iter().all(|c| !c.deferrable) {
            let message = format!("constraint \"{relname}\" is not deferrable");
            return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
        }
        return Ok(found.iter().filter(|c| c.deferrable).map(|c| c.oid).collect());
    }
    let message = format!("constraint \"{relname}\" does not exist");
    Err(PgError::new(code::UNDEFINED_OBJECT, message))
}

//! LOCK TABLE.

use super::Outcome;
use crate::catalog::depend::relations_of_query;
use crate::catalog::{Catalog, Relation, RelationKind};
use crate::error::{PgError, Result, code};
use crate::functions::privileges::require_any;
use crate::nodes::LockWait;
use crate::session::Session;
use crate::session::state::Transaction;
use crate::storage::TableLockMode;
use crate::types::Oid;
use pg_raw_parse::{Node, nodes};
use std::collections::BTreeSet;
use std::sync::Arc;

/// By PostgreSQL's lock numbers, from 1.
const MODES: [TableLockMode; 8] = [
    TableLockMode::AccessShare,
    TableLockMode::RowShare,
    TableLockMode::RowExclusive,
    TableLockMode::ShareUpdateExclusive,
    TableLockMode::Share,
    TableLockMode::ShareRowExclusive,
    TableLockMode::Exclusive,
    TableLockMode::AccessExclusive,
];

/// The privileges of which one allows to take a lock (`LockTableAclCheck`).
fn privileges(mode: TableLockMode) -> &'static str {
    match mode {
        TableLockMode::AccessShare => "r",
        TableLockMode::RowExclusive => "awdD",
        _ => "wdD",
    }
}

impl Session {
    pub(super) async fn lock_tables(&mut self, s: &nodes::LockStmt) -> Result<Outcome> {
        self.require_block("LOCK TABLE")?;
        let mode = usize::try_from(s.mode - 1).ok().and_then(|i| MODES.get(i).copied());
        let mode = mode.ok_or_else(|| PgError::internal("unknown lock mode"))?;
        let transaction = self.state.transaction()?;
        if mode > TableLockMode::RowExclusive {
            transaction.check_may_write("LOCK TABLE")?;
        }
        let env = self.statement_env()?;
        self.apply_lock_timeouts(&transaction);
        let wait = if s.nowait { LockWait::NoWait } else { LockWait::Block };
        let names = s.relations().iter().filter_map(|node| match node {
            Node::RangeVar(name) => Some(name),
            _ => None,
        });
        for name in names.collect::<Vec<_>>() {
            let mut relation = self.find_relation(name, &env.catalog, &env.search_path)?;
            // Whoever held the lock may have dropped or renamed it.
            let role = env.current_role;
            loop {
                self.lock_relation(&relation, &transaction, role, mode, wait).await?;
                let catalog = transaction.catalog.current();
                let again = self.find_relation(name, &catalog, &env.search_path)?;
                if again.oid == relation.oid {
                    break;
                }
                relation = again;
            }
            if name.inh {
                let catalog = transaction.catalog.current();
                for member in catalog.family(&relation).iter().skip(1) {
                    self.lock_member(member, &transaction, mode, wait).await?;
                }
            }
            self.lock_below(relation, &transaction, role, mode, wait).await?;
        }
        Ok(Outcome::done("LOCK TABLE"))
    }

    /// The tables and views that a view reads are locked, too, as far as its owner may, or whoever asks
    /// where it is a `security_invoker` (`LockViewRecurse`).
    async fn lock_below(
        &mut self,
        relation: Arc<Relation>,
        transaction: &Transaction,
        role: Oid,
        mode: TableLockMode,
        wait: LockWait,
    ) -> Result<()> {
        let mut above = vec![(relation, role)];
        let mut seen = BTreeSet::new();
        while let Some((view, role)) = above.pop() {
            let Some(info) = &view.view else { continue };
            let role = if view.is_security_invoker() { role } else { view.owner };
            let catalog = transaction.catalog.current();
            for (oid, _) in relations_of_query(&info.query) {
                let Some(below) = catalog.relation(oid).cloned() else { continue };
                let kind = matches!(below.kind, RelationKind::Table | RelationKind::View);
                if kind && !Catalog::is_system(oid) && seen.insert(oid) {
                    self.lock_relation(&below, transaction, role, mode, wait).await?;
                    above.push((below, role));
                }
            }
        }
        Ok(())
    }

    async fn lock_relation(
        &mut self,
        relation: &Relation,
        transaction: &Transaction,
        role: Oid,
        mode: TableLockMode,
        wait: LockWait,
    ) -> Result<()> {
        if !matches!(relation.kind, RelationKind::Table | RelationKind::View) {
            let kinds = match relation.kind {
                RelationKind::Index => "indexes",
                RelationKind::MaterializedView => "materialized views",
                RelationKind::Composite => "composite types",
                _ => "sequences",
            };
            let message = format!("cannot lock relation \"{}\"", relation.name);
            return Err(PgError::new(code::WRONG_OBJECT_TYPE, message)
                .detail(format!("This operation is not supported for {kinds}.")));
        }
        require_any(&transaction.catalog.current(), role, relation.oid, privileges(mode))?;
        self.lock_member(relation, transaction, mode, wait).await
    }

    /// Locks a relation without asking for privileges, as those of one it inherits from suffice.
    async fn lock_member(
        &mut self,
        relation: &Relation,
        transaction: &Transaction,
        mode: TableLockMode,
        wait: LockWait,
    ) -> Result<()> {
        let lock = async { Ok(transaction.txn.lock_table(relation.oid, mode, wait).await?) };
        match self.state.backend.or_cancelled(lock).await? {
            true => Ok(()),
            false => {
                let message = format!("could not obtain lock on relation \"{}\"", relation.name);
                Err(PgError::new(code::LOCK_NOT_AVAILABLE, message))
            }
        }
    }

    /// The relation that a name in a utility statement means.
    pub(in crate::session) fn find_relation(
        &self,
        name: &nodes::RangeVar,
        catalog: &crate::catalog::Catalog,
        search_path: &[crate::types::Oid],
    ) -> Result<Arc<Relation>> {
        let relname = name.relname().unwrap_or_default();
        self.relation_in(name.schemaname(), relname, catalog, search_path)
    }

    /// The same, of a name's parts.
    pub(super) fn relation_in(
        &self,
        schema: Option<&str>,
        relname: &str,
        catalog: &crate::catalog::Catalog,
        search_path: &[crate::types::Oid],
    ) -> Result<Arc<Relation>> {
        let found = match schema {
            Some(schema) => {
                let temporary = format!("pg_temp_{}", self.state.backend.pid);
                let schema = if schema == "pg_temp" { &temporary } else { schema };
                let Some(namespace) = catalog.namespace_named(schema) else {
                    let message = format!("schema \"{schema}\" does not exist");
                    return Err(PgError::new(code::INVALID_SCHEMA_NAME, message));
                };
                catalog.relation_named(namespace.oid, relname)
            }
            None => catalog.relation_in_path(search_path, relname),
        };
        found.cloned().ok_or_else(|| {
            let qualified = match schema {
                Some(schema) => format!("{schema}.{relname}"),
                None => relname.to_owned(),
            };
            let message = format!("relation \"{qualified}\" does not exist");
            PgError::new(code::UNDEFINED_TABLE, message)
        })
    }
}

//! CHECKPOINT, VACUUM, ANALYZE.

use super::Outcome;
use crate::catalog::{Relation, RelationKind};
use crate::error::{PgError, Result};
use crate::session::Session;
use crate::storage::Space;
use pg_raw_parse::nodes;
use std::sync::Arc;

impl Session {
    /// Every commit is synced before it is acknowledged, so what CHECKPOINT promises is so.
    pub(super) fn checkpoint(&mut self) -> Result<Outcome> {
        Ok(Outcome::done("CHECKPOINT"))
    }

    pub(super) async fn vacuum(&mut self, s: &nodes::VacuumStmt) -> Result<Outcome> {
        let command = if s.is_vacuumcmd { "VACUUM" } else { "ANALYZE" };
        if s.is_vacuumcmd {
            self.prevent_in_block("VACUUM")?;
        }
        let tables = self.tables_of(s)?;
        if s.is_vacuumcmd {
            let store = self.state.instance.store.clone();
            let work =
                move || tables.iter().for_each(|table| store.compact(Space::Rows, table.storage));
            let done = tokio::task::spawn_blocking(work).await;
            done.map_err(|_| PgError::internal("compaction panicked"))?;
        }
        Ok(Outcome::done(command))
    }

    /// The tables that VACUUM or ANALYZE names; without names, all of the database.
    fn tables_of(&mut self, s: &nodes::VacuumStmt) -> Result<Vec<Arc<Relation>>> {
        let env = self.statement_env()?;
        if s.rels().is_empty() {
            let tables = env.catalog.relations().filter(|r| r.kind == RelationKind::Table);
            return Ok(tables.cloned().collect());
        }
        let names = s.rels().iter().filter_map(|r| r.relation());
        names.map(|name| self.find_relation(name, &env.catalog, &env.search_path)).collect()
    }
}

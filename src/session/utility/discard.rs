//! DISCARD, and what a session leaves behind at its end.

use super::Outcome;
use crate::catalog::{Change, ObjectKey};
use crate::error::Result;
use crate::functions::SessionFunctions;
use crate::session::Session;
use pg_raw_parse::nodes;
use pg_raw_parse::raw::DiscardMode as Is;

impl Session {
    pub(super) async fn discard(&mut self, s: &nodes::DiscardStmt) -> Result<Outcome> {
        let tag = match s.target {
            Is::DISCARD_PLANS => {
                self.derived = None;
                "DISCARD PLANS"
            }
            Is::DISCARD_SEQUENCES => {
                self.state.forget_sequences();
                "DISCARD SEQUENCES"
            }
            Is::DISCARD_TEMP => {
                self.remove_temporary_objects()?;
                "DISCARD TEMP"
            }
            _ => {
                self.discard_all()?;
                "DISCARD ALL"
            }
        };
        Ok(Outcome::done(tag))
    }

    fn discard_all(&mut self) -> Result<()> {
        self.prevent_in_block("DISCARD ALL")?;
        self.portals.clear();
        self.state.prepared.lock().clear();
        self.state.set("session_authorization", None, crate::session::settings::Scope::Session)?;
        self.state.settings.lock().reset_all();
        self.state.listening.lock().clear();
        self.state.advisory_unlock_all();
        self.state.forget_sequences();
        self.remove_temporary_objects()
    }

    /// Removes the session's temporary relations, in the open transaction.
    fn remove_temporary_objects(&mut self) -> Result<()> {
        let Some(schema) = self.state.temp_schema() else { return Ok(()) };
        let transaction = self.state.transaction()?;
        let catalog = transaction.catalog.current();
        for relation in catalog.relations_in(schema) {
            transaction.catalog.remove_relation(relation, &transaction.txn);
        }
        let database = transaction.catalog.database();
        let key = ObjectKey::Namespace(database, schema);
        transaction.catalog.push(Change::Remove(key), &transaction.txn);
        Ok(())
    }

    /// At the session's end, in a transaction of its own.
    pub(in crate::session) async fn drop_temporary_objects(&mut self) -> Result<()> {
        if self.state.temp_schema().is_none() {
            return Ok(());
        }
        self.ensure_transaction();
        self.remove_temporary_objects()?;
        self.commit().await
    }
}

//! EXECUTE AS USER: one statement as another role.
//!
//! While a statement of another role is bound and started, that role is the current one
//! ([`super::state::SessionState::roles`]); what is started keeps it in its environment. Nothing of
//! the session's own settings changes. Only superusers may, and the log has who did what as whom.

use super::Session;
use super::client::Client;
use crate::error::{PgError, Result, code};
use crate::sql::Statement;
use crate::types::Oid;

impl Session {
    /// Runs the statement in a simple query's EXECUTE AS USER; gives its tag.
    pub(super) async fn execute_as(
        &mut self,
        user: &str,
        statement: &Statement,
        client: &mut dyn Client,
    ) -> Result<String> {
        let role = self.role_to_act_as(user)?;
        self.audit(user, statement.text());
        self.act_as(Some(role));
        let outcome = self.run_query_text(statement, client).await;
        self.act_as(None);
        outcome
    }

    /// Runs `work` as `user`, or as who the session is.
    pub(super) fn as_user<T>(
        &mut self,
        user: Option<&str>,
        work: impl FnOnce(&mut Session) -> Result<T>,
    ) -> Result<T> {
        let Some(user) = user else { return work(self) };
        let role = self.role_to_act_as(user)?;
        self.act_as(Some(role));
        let outcome = work(self);
        self.act_as(None);
        outcome
    }

    /// The role of this name, if the current role may act for others.
    pub(super) fn role_to_act_as(&self, user: &str) -> Result<Oid> {
        if !self.state.is_superuser() {
            let message = "permission denied to execute as another user";
            return Err(
                PgError::new(code::INSUFFICIENT_PRIVILEGE, message).hint("Must be superuser.")
            );
        }
        self.state.catalog().role_named(user).map(|role| role.oid).ok_or_else(|| {
            PgError::new(code::UNDEFINED_OBJECT, format!("role \"{user}\" does not exist"))
        })
    }

    /// Makes a role the current one, or gives up that.
    pub(super) fn act_as(&mut self, role: Option<Oid>) {
        *self.state.acting.lock() = role;
        self.derived = None;
        self.env = None;
    }

    /// Who did what as whom.
    pub(super) fn audit(&self, user: &str, statement: &str) {
        let superuser = &self.state.backend.role_name;
        tracing::info!(target: "kalamdb::audit", superuser, acting_as = user, statement);
    }
}

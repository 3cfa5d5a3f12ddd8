//! The session's first and last moments.

use super::backend::{Gone, Identity};
use super::frequent::Frequent;
use super::parameters::Parameters;
use super::settings::{Scope, Settings, Source};
use super::state::SessionState;
use super::transaction::Block;
use super::{Encryption, Instance, Session};
use crate::catalog::{Database, Role};
use crate::error::{PgError, Result, code};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

/// What the client's startup packet asked for; the server has authenticated `user`.
pub struct SessionOptions {
    pub user: String,
    pub database: String,
    pub settings: Vec<(String, String)>,
    /// `None`: over a Unix socket.
    pub client_address: Option<SocketAddr>,
    /// `None`: in clear.
    pub encryption: Option<Encryption>,
    pub gone: Gone,
}

impl Session {
    /// Opens a session; every error here is FATAL to the connection.
    pub fn start(instance: Arc<Instance>, options: SessionOptions) -> Result<Session> {
        let (role, database) = admit(&instance, &options)?;
        let settings = initial_settings(&instance, &role, &database, &options.settings)?;
        let frequent = Frequent::read(&settings);
        let backend = instance.backends.add(Identity {
            database: database.oid,
            database_name: database.name.clone(),
            role: role.oid,
            role_name: role.name.clone(),
            client_address: options.client_address,
            encryption: options.encryption,
            gone: options.gone,
        });
        let session = Session {
            state: Arc::new(SessionState::new(instance, backend, settings)),
            block: Block::None,
            parameters: Parameters::default(),
            savepoints: Vec::new(),
            portals: HashMap::new(),
            portals_made: 0,
            statement_text: "".into(),
            statement_time: 0,
            timer: None,
            registered: Vec::new(),
            derived: None,
            env: None,
            frequent,
            reported: Vec::new(),
            reported_version: 0,
        };
        Ok(session)
    }

    /// Ends the session: its transaction rolls back, its locks and temporary objects go.
    pub async fn end(&mut self) {
        self.rollback_all();
        if let Err(error) = self.drop_temporary_objects().await {
            tracing::warn!(%error, "cannot drop a session's temporary objects");
        }
    }
}

/// However a session ends, nobody waits for it or sees it any more.
impl Drop for Session {
    fn drop(&mut self) {
        self.rollback_all();
        self.portals.clear();
        self.unlisten_all();
        self.state.instance.store.unlock_session(self.state.lock_owner());
        self.state.instance.backends.remove(self.state.backend.pid);
    }
}

fn admit(instance: &Instance, options: &SessionOptions) -> Result<(Arc<Role>, Arc<Database>)> {
    let latest = instance.catalog.latest();
    let SessionOptions { user, database, .. } = options;
    let role = latest.role_named(user).cloned().ok_or_else(|| {
        let message = format!("role \"{user}\" does not exist");
        PgError::new(code::INVALID_AUTHORIZATION_SPECIFICATION, message)
    })?;
    if !role.login {
        let message = format!("role \"{user}\" is not permitted to log in");
        return Err(PgError::new(code::INVALID_AUTHORIZATION_SPECIFICATION, message));
    }
    let found = latest.database_named(database).cloned().ok_or_else(|| {
        let message = format!("database \"{database}\" does not exist");
        PgError::new(code::INVALID_CATALOG_NAME, message)
    })?;
    if !found.allow_connections {
        let message = format!("database \"{database}\" is not currently accepting connections");
        return Err(PgError::new(code::OBJECT_NOT_IN_PREREQUISITE_STATE, message));
    }
    check_limits(instance, &role, &found)?;
    Ok((role, found))
}

/// CONNECTION LIMIT of the database and the role; superusers are let through.
fn check_limits(instance: &Instance, role: &Role, database: &Database) -> Result<()> {
    if role.superuser || (database.connection_limit < 0 && role.connection_limit < 0) {
        return Ok(());
    }
    let sessions = instance.backends.all();
    let reached = |limit: i32, used: usize| usize::try_from(limit).is_ok_and(|limit| used >= limit);
    let in_database = sessions.iter().filter(|b| b.database == database.oid).count();
    if reached(database.connection_limit, in_database) {
        let message = format!("too many connections for database \"{}\"", database.name);
        return Err(PgError::new(code::TOO_MANY_CONNECTIONS, message));
    }
    if reached(role.connection_limit, sessions.iter().filter(|b| b.role == role.oid).count()) {
        let message = format!("too many connections for role \"{}\"", role.name);
        return Err(PgError::new(code::TOO_MANY_CONNECTIONS, message));
    }
    Ok(())
}

/// Defaults, the configuration, then ALTER DATABASE … SET, ALTER ROLE … SET, then the startup packet.
fn initial_settings(
    instance: &Instance,
    role: &Role,
    database: &Database,
    given: &[(String, String)],
) -> Result<Settings> {
    let mut settings = Settings::new();
    let superuser = Source::Startup { superuser: true };
    for (name, value) in &instance.settings {
        settings.store(name, Some(value.as_str().into()), Scope::Session, superuser);
    }
    for (name, value) in database.settings.iter().chain(&role.settings) {
        settings.set(name, Some(value), Scope::Session, superuser)?;
    }
    let client = Source::Startup { superuser: role.superuser };
    for (name, value) in given {
        settings.set(name, Some(value), Scope::Session, client)?;
    }
    let name = role.name.as_str().into();
    settings.store("session_authorization", Some(name), Scope::Session, superuser);
    Ok(settings)
}

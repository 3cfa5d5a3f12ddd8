//! The server's edge: sockets, encryption, authentication, the protocol's messages.
//!
//! ```text
//! listen ─ accept ─ startup (TLS, cancel, packet) ─ auth ─ connection (message loop) ─► session
//!                    wire: framed input, buffered output   codec: bytes ↔ messages
//! ```
//!
//! A connection is one task. Stopping (SIGTERM, SIGINT): no more connections; idle sessions are told
//! 57P01 and closed; running statements get a bounded time to finish, then are cancelled; the store
//! is closed in order.

pub mod auth;
mod client;
mod codec;
mod connection;
mod descriptors;
mod listen;
mod presence;
mod recode;
mod startup;
mod tls;
mod wire;

use crate::catalog;
use crate::config::Config;
use crate::session::Instance;
use crate::storage::{Fault, StoreOptions};
use connection::Peer;
use startup::{Opening, Refused};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tracing::{debug, info, warn};
use wire::{Transport, Wire};

/// `superuser_reserved_connections`: a superuser can come in and see what the others do.
const SUPERUSER_RESERVED_CONNECTIONS: usize = 3;
/// After statements were cancelled at shutdown, they get this long to notice.
const CANCEL_GRACE: Duration = Duration::from_secs(2);

/// What all connections share.
pub struct Server {
    config: Config,
    instance: Arc<Instance>,
    tls: Option<tls::Acceptor>,
    /// Makes up salts for users that do not exist ([`auth::scram`]).
    mock_secret: [u8; 32],
    /// One permit per session.
    slots: Arc<Semaphore>,
    stopping: AtomicBool,
}

impl Server {
    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Whether only the superusers' slots are left. Where there are fewer slots than those, all but
    /// one are theirs.
    fn is_nearly_full(&self) -> bool {
        let reserved = SUPERUSER_RESERVED_CONNECTIONS.min(self.config.max_connections - 1);
        self.slots.available_permits() < reserved
    }
}

/// Opens the data directory and serves until a signal asks to stop; a sentence on failure.
pub async fn run(config: Config) -> Result<(), String> {
    descriptors::raise_limit();
    let tls = match &config.tls {
        Some((certificate, key)) => Some(tls::Acceptor::new(certificate, key)?),
        None => None,
    };
    catalog::schema::configure_cache(config.schema_cache_entries, config.schema_cache_ttl);
    let password = config.password.as_deref().map(auth::scram::Verifier::from_password);
    let options = StoreOptions {
        fault: Fault::from_environment()?,
        credentials_key: config.credentials_key.clone(),
        column_cache_bytes: config.column_cache_bytes,
        ..StoreOptions::default()
    };
    let password = password.map(|v| v.to_string());
    let instance =
        Instance::open(&config.data_dir, &options, config.jobs, config.answers, password)
            .await
            .map_err(|e| format!("cannot open {}: {e}", config.data_dir.display()))?;
    // Before anybody can connect: from then on a signal means an orderly stop.
    let signals = install_signals()?;
    let listeners = listen::bind(&config, instance.requires_password()).await?;
    let mut mock_secret = [0; 32];
    auth::scram::fill_random(&mut mock_secret);
    let slots = Arc::new(Semaphore::new(config.max_connections));
    let stopping = AtomicBool::new(false);
    let server = Arc::new(Server { config, instance, tls, mock_secret, slots, stopping });
    let accepting = tokio::spawn(listen::accept(listeners, server.clone()));
    let watch = tokio::spawn(server.instance.clone().watch_clients());
    let jobs = tokio::spawn(server.instance.jobs.clone().run());
    let signal = wait_for(signals).await;
    info!(signal, "stopping");
    accepting.abort();
    watch.abort();
    jobs.abort();
    server.stop().await;
    Ok(())
}

/// SIGTERM and SIGINT.
fn install_signals() -> Result<(Signal, Signal), String> {
    let install = |kind| signal(kind).map_err(|e| format!("cannot handle signals: {e}"));
    Ok((install(SignalKind::terminate())?, install(SignalKind::interrupt())?))
}

/// Waits for a signal, also one that came since they were installed; its name.
async fn wait_for((mut term, mut int): (Signal, Signal)) -> &'static str {
    tokio::select! {
        _ = term.recv() => "SIGTERM",
        _ = int.recv() => "SIGINT",
    }
}

impl Server {
    /// Ends all sessions, then closes the store.
    async fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.instance.stop_idle_sessions();
        self.instance.jobs.stop().await;
        let all = u32::try_from(self.config.max_connections).unwrap_or(u32::MAX);
        let everyone_left = self.slots.acquire_many(all);
        tokio::pin!(everyone_left);
        if tokio::time::timeout(self.config.shutdown_timeout, &mut everyone_left).await.is_err() {
            warn!("statements still run; cancelling them");
            self.instance.cancel_all();
            if tokio::time::timeout(CANCEL_GRACE, &mut everyone_left).await.is_err() {
                warn!("statements did not stop; leaving them");
            }
        }
        self.instance.close();
        info!("stopped");
    }
}

/// Serves one accepted socket from start to end.
async fn serve(server: Arc<Server>, transport: Box<dyn Transport>, mut peer: Peer) {
    let wire = Wire::new(transport);
    let deadline = Instant::now() + server.config.authentication_timeout;
    let opening = startup::open(wire, server.tls.as_ref());
    let opening = match tokio::time::timeout_at(deadline, opening).await {
        Ok(opening) => opening,
        Err(_) => return debug!("no startup packet in time"),
    };
    match opening {
        Ok(Opening::Session { wire, parameters, tls }) => {
            peer.tls = tls;
            peer.deadline = deadline;
            admit(server, wire, parameters, peer).await;
        }
        Ok(Opening::Cancel { wire, pid, secret }) => {
            server.instance.cancel(pid, secret);
            wire.close().await;
        }
        Ok(Opening::Closed) => {}
        Err(Refused { wire, error }) => {
            debug!(reason = %error, "connection refused");
            if let Some(mut wire) = wire {
                connection::append_error(&mut wire, &error.fatal(), None);
                wire.close().await;
            }
        }
    }
}

/// Lets a session in while there is room.
async fn admit(
    server: Arc<Server>,
    mut wire: Wire,
    parameters: startup::StartupParameters,
    peer: Peer,
) {
    use crate::error::{PgError, code};
    let slot = match server.slots.clone().try_acquire_owned() {
        Ok(slot) if !server.is_stopping() => slot,
        refused => {
            let error = match refused {
                Ok(_) => {
                    PgError::new(code::CANNOT_CONNECT_NOW, "the database system is shutting down")
                }
                Err(_) => {
                    PgError::new(code::TOO_MANY_CONNECTIONS, "sorry, too many clients already")
                }
            };
            connection::append_error(&mut wire, &error.fatal(), None);
            return wire.close().await;
        }
    };
    connection::serve(server, wire, parameters, peer).await;
    drop(slot);
}

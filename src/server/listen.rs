//! Listening sockets: TCP, and a Unix socket where asked for.

use super::presence::Shared;
use super::{Peer, Server, serve};
use crate::config::Config;
use socket2::{SockRef, TcpKeepalive};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tracing::{info, warn};

/// A peer that vanished is noticed after about this idle time.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);
/// Pause after a failed accept (out of file descriptors), so that the loop does not spin.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

pub struct Listeners {
    tcp: Vec<TcpListener>,
    unix: Option<UnixSocket>,
}

/// A Unix socket, removed from the file system when dropped.
struct UnixSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl Drop for UnixSocket {
    fn drop(&mut self) {
        // Gone already, or not ours to worry about any more.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Binds all sockets. Without a password only loopback addresses are accepted.
pub async fn bind(config: &Config, has_password: bool) -> Result<Listeners, String> {
    let addresses = resolve(&config.listen).await?;
    if let Some(open) = addresses.iter().find(|a| !a.ip().is_loopback())
        && !has_password
    {
        return Err(format!(
            "refusing to listen on {open}: without a password everyone who can reach it would be \
             superuser. Set KALAMDB_PASSWORD, or listen on 127.0.0.1"
        ));
    }
    let mut tcp = Vec::new();
    for address in &addresses {
        let listener = TcpListener::bind(address)
            .await
            .map_err(|e| format!("cannot listen on {address}: {e}"))?;
        info!(address = %listener.local_addr().unwrap_or(*address), "listening");
        tcp.push(listener);
    }
    let port = tcp.first().and_then(|l| l.local_addr().ok()).map_or(5432, |a| a.port());
    let unix = match &config.unix_socket {
        Some(directory) => Some(bind_unix(directory, port)?),
        None => None,
    };
    Ok(Listeners { tcp, unix })
}

async fn resolve(listen: &str) -> Result<Vec<SocketAddr>, String> {
    let listen = match listen.strip_prefix("*:") {
        Some(port) => format!("0.0.0.0:{port}"),
        None => listen.to_owned(),
    };
    let addresses: Vec<SocketAddr> = tokio::net::lookup_host(&listen)
        .await
        .map_err(|e| format!("cannot resolve {listen}: {e}"))?
        .collect();
    // A name such as localhost gives IPv4 and IPv6; with port 0 they would get different ports.
    match addresses.first() {
        Some(first) if first.port() == 0 => Ok(vec![*first]),
        Some(_) => Ok(addresses),
        None => Err(format!("{listen} has no address")),
    }
}

/// `DIR/.s.PGSQL.PORT`, where PostgreSQL's clients look. A socket left by a server that was killed
/// is replaced; one that answers is another server's.
fn bind_unix(directory: &Path, port: u16) -> Result<UnixSocket, String> {
    let path = directory.join(format!(".s.PGSQL.{port}"));
    if std::os::unix::net::UnixStream::connect(&path).is_ok() {
        return Err(format!("another server listens on {}", path.display()));
    }
    let describe = |e: std::io::Error| format!("cannot listen on {}: {e}", path.display());
    match std::fs::remove_file(&path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(describe(e)),
        _ => {}
    }
    let listener = UnixListener::bind(&path).map_err(describe)?;
    // Only this user's processes are let in: a Unix socket is trusted like loopback.
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).map_err(describe)?;
    info!(path = %path.display(), "listening");
    Ok(UnixSocket { listener, path })
}

/// Accepts for ever; the task is aborted to stop.
pub async fn accept(listeners: Listeners, server: Arc<Server>) {
    let Listeners { tcp, unix } = listeners;
    let tcp = futures::future::join_all(tcp.into_iter().map(|l| accept_tcp(l, server.clone())));
    let unix = async {
        match unix {
            Some(socket) => accept_unix(socket, server.clone()).await,
            None => std::future::pending().await,
        }
    };
    tokio::join!(tcp, unix);
}

async fn accept_tcp(listener: TcpListener, server: Arc<Server>) {
    loop {
        match listener.accept().await {
            Ok((stream, address)) => {
                prepare(&stream);
                let own = stream.local_addr();
                let stream = Shared::<TcpStream>::new(stream);
                let gone = stream.gone();
                let peer = Peer::new(own.ok().map(|own| (address, own)), gone);
                tokio::spawn(serve(server.clone(), Box::new(stream), peer));
            }
            Err(e) => accept_failed(&e).await,
        }
    }
}

async fn accept_unix(socket: UnixSocket, server: Arc<Server>) {
    loop {
        match socket.listener.accept().await {
            Ok((stream, _)) => {
                let stream = Shared::<UnixStream>::new(stream);
                let gone = stream.gone();
                let peer = Peer::new(None, gone);
                tokio::spawn(serve(server.clone(), Box::new(stream), peer));
            }
            Err(e) => accept_failed(&e).await,
        }
    }
}

async fn accept_failed(error: &std::io::Error) {
    warn!(%error, "cannot accept a connection");
    tokio::time::sleep(ACCEPT_RETRY).await;
}

/// Small replies leave at once, and dead peers are noticed.
fn prepare(stream: &TcpStream) {
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_IDLE);
    let options =
        stream.set_nodelay(true).and_then(|()| SockRef::from(stream).set_tcp_keepalive(&keepalive));
    if let Err(error) = options {
        warn!(%error, "cannot set socket options");
    }
}

//! Who may come in.
//!
//! While the superuser has no password, every local connection (loopback or Unix socket) is trusted
//! and there are no others: the server refuses to listen elsewhere. Once it has one, everybody
//! proves a password, by SCRAM-SHA-256 or, where the configuration asks for it and the connection is
//! encrypted, in clear text.

pub mod scram;

use super::codec::{backend, frontend};
use super::wire::Wire;
use crate::error::{PgError, Result, code};
use scram::{Channel, Exchange, Verifier};

/// How a connection proves its password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    ScramSha256,
    /// Clear text, over TLS only: for clients without SCRAM.
    Cleartext,
}

/// PostgreSQL's `PG_MAX_AUTH_TOKEN_LENGTH`: who has proved nothing gets no more memory than that.
const PASSWORD_BYTES_MAX: usize = 65_535;

/// Codes of AuthenticationRequest messages.
const OK: i32 = 0;
const CLEARTEXT_PASSWORD: i32 = 3;
const SASL: i32 = 10;
const SASL_CONTINUE: i32 = 11;
const SASL_FINAL: i32 = 12;

/// What a client must prove.
pub struct Challenge<'a> {
    pub user: &'a str,
    /// `None`: no such role, or a role without a password; the client is not told which.
    pub verifier: Option<Verifier>,
    /// The server's secret for made-up salts.
    pub mock_secret: &'a [u8; 32],
    /// What a proof over this connection can be bound to ([`super::tls::Tls::end_point`]).
    pub channel: Option<&'a [u8]>,
}

/// Asks for the user's password and checks it.
pub async fn authenticate(wire: &mut Wire, method: Method, challenge: Challenge<'_>) -> Result<()> {
    let user = challenge.user;
    let right = match method {
        Method::ScramSha256 => sasl(wire, challenge).await?,
        Method::Cleartext => cleartext(wire, challenge.verifier).await?,
    };
    match right {
        true => Ok(()),
        false => Err(PgError::new(
            code::INVALID_PASSWORD,
            format!("password authentication failed for user \"{user}\""),
        )
        .fatal()),
    }
}

/// AuthenticationOk.
pub fn accept(wire: &mut Wire) {
    backend::authentication(&mut wire.out, OK, &[]);
}

async fn cleartext(wire: &mut Wire, verifier: Option<Verifier>) -> Result<bool> {
    backend::authentication(&mut wire.out, CLEARTEXT_PASSWORD, &[]);
    let body = password_message(wire).await?;
    let mut reader = frontend::Reader { rest: &body };
    let password = reader.string()?;
    if password.is_empty() {
        return Err(
            PgError::new(code::INVALID_PASSWORD, "empty password returned by client").fatal()
        );
    }
    Ok(verifier.is_some_and(|v| v.matches(password)))
}

async fn sasl(wire: &mut Wire, challenge: Challenge<'_>) -> Result<bool> {
    let mut mechanisms = vec![scram::MECHANISM, ""];
    if challenge.channel.is_some() {
        mechanisms.insert(0, scram::MECHANISM_PLUS);
    }
    let list: String = mechanisms.iter().flat_map(|name| [name, "\0"]).collect();
    backend::authentication(&mut wire.out, SASL, list.as_bytes());
    let body = password_message(wire).await?;
    let (mechanism, client_first) = initial_response(&body)?;
    let channel = match (challenge.channel, mechanism) {
        (Some(end_point), scram::MECHANISM_PLUS) => Channel::Bound(end_point),
        (Some(_), scram::MECHANISM) => Channel::Unbound,
        (None, scram::MECHANISM) => Channel::Unbindable,
        _ => {
            let message = "client selected an invalid SASL authentication mechanism";
            return Err(frontend::violation(message).fatal());
        }
    };
    let Challenge { user, verifier, mock_secret, .. } = challenge;
    let exchange = Exchange::start(client_first, verifier, user, mock_secret, channel)
        .map_err(PgError::fatal)?;
    backend::authentication(&mut wire.out, SASL_CONTINUE, exchange.server_first().as_bytes());
    let body = password_message(wire).await?;
    let client_final = frontend::utf8(&body).map_err(PgError::fatal)?;
    match exchange.finish(client_final).map_err(PgError::fatal)? {
        Some(server_final) => {
            backend::authentication(&mut wire.out, SASL_FINAL, server_final.as_bytes());
            Ok(true)
        }
        None => Ok(false),
    }
}

/// A SASLInitialResponse: the mechanism and the client-first message.
fn initial_response(body: &[u8]) -> Result<(&str, &str)> {
    let mut reader = frontend::Reader { rest: body };
    let mechanism = reader.string().map_err(PgError::fatal)?;
    let length = usize::try_from(reader.i32().map_err(PgError::fatal)?).unwrap_or(0);
    let message = reader.bytes(length).and_then(frontend::utf8).map_err(PgError::fatal)?;
    Ok((mechanism, message))
}

async fn password_message(wire: &mut Wire) -> Result<bytes::Bytes> {
    wire.flush().await.map_err(super::wire::disconnected)?;
    match wire.read_at_most(PASSWORD_BYTES_MAX).await.map_err(super::wire::disconnected)? {
        Some(frame) if frame.tag == b'p' => Ok(frame.body),
        Some(frame) => {
            let message = format!("expected password response, got message type {}", frame.tag);
            Err(frontend::violation(message).fatal())
        }
        None => Err(frontend::violation("the client closed the connection").fatal()),
    }
}

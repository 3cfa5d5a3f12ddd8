//! The start of a connection, before its first message: encryption requests, cancel requests and the
//! startup packet (manual, 55.2.1 and 55.7).

use super::codec::{backend, frontend};
use super::tls::{Acceptor, Tls};
use super::wire::{Wire, disconnected};
use crate::error::{PgError, Result, code};
use tokio::io::AsyncWriteExt;

/// PostgreSQL's limit on a startup packet, in bytes.
const STARTUP_PACKET_MAX: usize = 10_000;

const CANCEL_REQUEST: i32 = 80_877_102;
const SSL_REQUEST: i32 = 80_877_103;
const GSSENC_REQUEST: i32 = 80_877_104;
const PROTOCOL_MAJOR: i32 = 3;

/// What a connection turned out to want.
pub enum Opening {
    Session {
        wire: Wire,
        parameters: StartupParameters,
        tls: Option<Tls>,
    },
    Cancel {
        /// To be closed in order when it is done: over TLS the client waits for the closing message.
        wire: Wire,
        pid: i32,
        secret: i32,
    },
    /// Closed without a word, as load balancers' probes do.
    Closed,
}

/// The startup packet's parameters.
#[derive(Clone, Debug, Default)]
pub struct StartupParameters {
    pub user: String,
    pub database: String,
    /// Settings in the order they are applied: those of `options` first, then the packet's own.
    pub settings: Vec<(String, String)>,
}

/// A connection that failed before it had a session, with the wire to report it on.
pub struct Refused {
    pub wire: Option<Wire>,
    pub error: PgError,
}

/// Reads packets until the startup packet itself; answers SSLRequest and GSSENCRequest.
pub async fn open(mut wire: Wire, acceptor: Option<&Acceptor>) -> Result<Opening, Refused> {
    let mut tls = None;
    loop {
        let body = match wire.read_startup(STARTUP_PACKET_MAX).await {
            Ok(Some(body)) => body,
            Ok(None) => return Ok(Opening::Closed),
            Err(e) => return Err(Refused { wire: Some(wire), error: disconnected(e) }),
        };
        let mut packet = frontend::Reader { rest: &body };
        let request = match packet.i32() {
            Ok(request) => request,
            Err(error) => return Err(Refused { wire: Some(wire), error }),
        };
        match request {
            SSL_REQUEST if tls.is_none() => {
                (wire, tls) = answer_ssl_request(wire, acceptor).await?;
            }
            GSSENC_REQUEST => answer_byte(&mut wire, b'N').await?,
            CANCEL_REQUEST => return Ok(cancel_request(wire, packet)),
            version => {
                return match parameters(&mut wire, version, packet.rest) {
                    Ok(parameters) => Ok(Opening::Session { wire, parameters, tls }),
                    Err(error) => Err(Refused { wire: Some(wire), error: error.fatal() }),
                };
            }
        }
    }
}

fn cancel_request(wire: Wire, mut packet: frontend::Reader<'_>) -> Opening {
    match (packet.i32(), packet.i32()) {
        (Ok(pid), Ok(secret)) => Opening::Cancel { wire, pid, secret },
        _ => Opening::Closed,
    }
}

async fn answer_byte(wire: &mut Wire, answer: u8) -> Result<(), Refused> {
    wire.out.push(answer);
    wire.flush().await.map_err(|e| Refused { wire: None, error: disconnected(e) })
}

async fn answer_ssl_request(
    mut wire: Wire,
    acceptor: Option<&Acceptor>,
) -> Result<(Wire, Option<Tls>), Refused> {
    let Some(acceptor) = acceptor else {
        answer_byte(&mut wire, b'N').await?;
        return Ok((wire, None));
    };
    answer_byte(&mut wire, b'S').await?;
    let plain = wire.replace_transport().map_err(|error| Refused { wire: None, error })?;
    match acceptor.accept(plain).await {
        Ok((mut stream, tls)) => {
            // TLS 1.3 tickets must leave even if the client never speaks.
            let _ = stream.flush().await;
            Ok((Wire::new(Box::new(stream)), Some(tls)))
        }
        Err(e) => {
            let message = format!("could not accept SSL connection: {e}");
            Err(Refused { wire: None, error: PgError::new(code::PROTOCOL_VIOLATION, message) })
        }
    }
}

fn parameters(wire: &mut Wire, version: i32, body: &[u8]) -> Result<StartupParameters> {
    let (major, minor) = (version >> 16, version & 0xffff);
    if major != PROTOCOL_MAJOR {
        let message = format!(
            "unsupported frontend protocol {}.{minor}: server supports 3.0 to 3.0",
            major & 0xffff
        );
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    let pairs = pairs(body)?;
    let extensions: Vec<&str> =
        pairs.iter().map(|(name, _)| *name).filter(|name| name.starts_with("_pq_.")).collect();
    if minor > 0 || !extensions.is_empty() {
        backend::negotiate_protocol_version(&mut wire.out, &extensions);
    }
    collect(&pairs)
}

/// The packet's name/value pairs, up to the empty name that ends them.
fn pairs(body: &[u8]) -> Result<Vec<(&str, &str)>> {
    let mut reader = frontend::Reader { rest: body };
    let mut pairs = Vec::new();
    loop {
        let name = reader.string()?;
        if name.is_empty() {
            break;
        }
        pairs.push((name, reader.string()?));
    }
    match reader.rest {
        [] => Ok(pairs),
        _ => {
            let message = "invalid startup packet layout: expected terminator as last byte";
            Err(frontend::violation(message))
        }
    }
}

fn collect(pairs: &[(&str, &str)]) -> Result<StartupParameters> {
    let mut parameters = StartupParameters::default();
    let mut own = Vec::new();
    for (name, value) in pairs {
        match *name {
            "user" => parameters.user = (*value).to_owned(),
            "database" => parameters.database = (*value).to_owned(),
            "options" => parameters.settings = command_line_settings(value)?,
            "replication" => refuse_replication(value)?,
            name if name.starts_with("_pq_.") => {}
            name => own.push((name.to_owned(), (*value).to_owned())),
        }
    }
    if parameters.user.is_empty() {
        let message = "no PostgreSQL user name specified in startup packet";
        return Err(PgError::new(code::INVALID_AUTHORIZATION_SPECIFICATION, message));
    }
    if parameters.database.is_empty() {
        parameters.database = parameters.user.clone();
    }
    parameters.settings.extend(own);
    Ok(parameters)
}

fn refuse_replication(value: &str) -> Result<()> {
    match value {
        "false" | "off" | "no" | "0" | "f" | "n" => Ok(()),
        _ => Err(PgError::unsupported("replication protocol")),
    }
}

/// Settings in `options`: `-c name=value`, `-cname=value`, `--name=value`. A backslash keeps a blank
/// in a word.
fn command_line_settings(options: &str) -> Result<Vec<(String, String)>> {
    let words = split_words(options);
    let mut words = words.iter();
    let mut settings = Vec::new();
    while let Some(word) = words.next() {
        let refused = || {
            let message = format!("invalid command-line argument for server process: {word}");
            PgError::new(code::SYNTAX_ERROR, message)
        };
        let assignment = match word.strip_prefix("--").or_else(|| word.strip_prefix("-c")) {
            Some("") => words.next().ok_or_else(refused)?,
            Some(assignment) => assignment,
            None => return Err(refused()),
        };
        let (name, value) = assignment.split_once('=').ok_or_else(|| {
            PgError::new(code::SYNTAX_ERROR, format!("-c {assignment} requires a value"))
        })?;
        settings.push((name.replace('-', "_"), value.to_owned()));
    }
    Ok(settings)
}

fn split_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_ascii_whitespace() => words.extend(word.take()),
            '\\' => word.get_or_insert_default().extend(chars.next()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_split_as_words() {
        let settings =
            command_line_settings(r"-c a=b --lock-timeout=5s -csearch_path=x\ y").unwrap();
        let expected = [("a", "b"), ("lock_timeout", "5s"), ("search_path", "x y")];
        assert_eq!(settings, expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
        assert!(command_line_settings("-x").is_err());
        assert!(command_line_settings("-c").is_err());
        assert!(command_line_settings("-c a").is_err());
    }

    #[test]
    fn packets_must_end_with_their_terminator() {
        assert!(pairs(b"user\0me\0").is_err());
        assert!(pairs(b"user\0me").is_err());
        assert!(pairs(b"user\0me\0\0x").is_err());
        assert_eq!(pairs(b"user\0me\0\0").unwrap(), [("user", "me")]);
    }

    #[test]
    fn database_defaults_to_the_user() {
        let parameters = collect(&[("user", "me"), ("DateStyle", "ISO")]).unwrap();
        assert_eq!(parameters.database, "me");
        assert_eq!(parameters.settings, [("DateStyle".to_owned(), "ISO".to_owned())]);
        assert!(collect(&[("user", "me"), ("replication", "true")]).is_err());
        assert!(collect(&[("database", "d")]).is_err());
    }
}

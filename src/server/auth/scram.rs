//! SCRAM-SHA-256 (RFC 5802, RFC 7677) as PostgreSQL speaks it (manual, chapter 55.3).
//!
//! The server keeps a *verifier*, never the password ([`Verifier`]). An exchange is two round trips: client-first → server-first (nonce, salt, iterations), client-final
//! (proof) → server-final (the server's signature). An unknown user gets the same two round trips
//! with a salt made up for the name, so that a stranger does not learn which roles exist.
//!
//! Over TLS the proof can be bound to the server's certificate (SCRAM-SHA-256-PLUS), so that nobody
//! in the middle can pass it on ([`Channel`]).

use crate::catalog::verifier::{Key, constant_time_eq, hmac_sha256, sha256};
pub use crate::catalog::verifier::{MECHANISM, Verifier, fill_random};
use crate::error::{PgError, Result, code};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

/// The mechanism with channel binding.
pub const MECHANISM_PLUS: &str = "SCRAM-SHA-256-PLUS";
/// The only kind of binding, as in PostgreSQL.
const BINDING: &str = "tls-server-end-point";

const NONCE_BYTES: usize = 18;

/// What the connection and the chosen mechanism say of channel binding.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Channel<'a> {
    /// The connection has nothing to bind to; it was not offered.
    Unbindable,
    /// It was offered, and the client chose the mechanism without it.
    Unbound,
    /// The client chose to bind to this hash of the certificate.
    Bound(&'a [u8]),
}

/// One exchange, from the server's side.
pub struct Exchange {
    verifier: Verifier,
    /// The user has no usable verifier: the exchange runs, and fails at its end.
    doomed: bool,
    nonce: String,
    client_first_bare: String,
    server_first: String,
    /// What the proof's `c=` must be: the GS2 header and what the proof is bound to, in base64.
    channel: String,
    is_bound: bool,
}

impl Exchange {
    /// Answers client-first; returns the exchange and the server-first message. `mock_secret` is the
    /// server's secret for made-up salts.
    pub fn start(
        client_first: &str,
        verifier: Option<Verifier>,
        user: &str,
        mock_secret: &Key,
        channel: Channel<'_>,
    ) -> Result<Exchange> {
        let (gs2_header, bare) = split_gs2_header(client_first, channel)?;
        let bound: &[u8] = match channel {
            Channel::Bound(end_point) => end_point,
            Channel::Unbound | Channel::Unbindable => &[],
        };
        let client_nonce = bare
            .split(',')
            .find_map(|attribute| attribute.strip_prefix("r="))
            .filter(|nonce| !nonce.is_empty() && nonce.bytes().all(|b| b.is_ascii_graphic()))
            .ok_or_else(|| malformed("The message has no valid nonce."))?;
        let mut random = [0; NONCE_BYTES];
        fill_random(&mut random);
        let nonce = format!("{client_nonce}{}", BASE64.encode(random));
        let doomed = verifier.is_none();
        let verifier = verifier.unwrap_or_else(|| Verifier::mock(user, mock_secret));
        let salt = BASE64.encode(&verifier.salt);
        Ok(Exchange {
            server_first: format!("r={nonce},s={salt},i={}", verifier.iterations),
            verifier,
            doomed,
            nonce,
            client_first_bare: bare.to_owned(),
            channel: BASE64.encode([gs2_header.as_bytes(), bound].concat()),
            is_bound: matches!(channel, Channel::Bound(_)),
        })
    }

    /// The server-first message.
    pub fn server_first(&self) -> &str {
        &self.server_first
    }

    /// Checks client-final; returns server-final where the proof is right, `None` where it is not.
    pub fn finish(&self, client_final: &str) -> Result<Option<String>> {
        let (without_proof, proof) = client_final
            .rsplit_once(",p=")
            .ok_or_else(|| malformed("The message has no proof."))?;
        let proof: Key = BASE64
            .decode(proof)
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| malformed("Malformed proof in client-final-message."))?;
        self.check_attributes(without_proof)?;
        let auth_message =
            format!("{},{},{without_proof}", self.client_first_bare, self.server_first);
        let signature = hmac_sha256(&self.verifier.stored_key, auth_message.as_bytes());
        let client_key: Key = std::array::from_fn(|i| proof[i] ^ signature[i]);
        let right = constant_time_eq(&sha256(&client_key), &self.verifier.stored_key);
        if self.doomed || !right {
            return Ok(None);
        }
        let server_signature = hmac_sha256(&self.verifier.server_key, auth_message.as_bytes());
        Ok(Some(format!("v={}", BASE64.encode(server_signature))))
    }

    /// `c=` must repeat the GS2 header (and the binding), `r=` the whole nonce.
    fn check_attributes(&self, without_proof: &str) -> Result<()> {
        let mut attributes = without_proof.split(',');
        let channel = attributes.next().and_then(|a| a.strip_prefix("c="));
        if channel != Some(self.channel.as_str()) {
            let message = match self.is_bound {
                true => "SCRAM channel binding check failed",
                false => "unexpected SCRAM channel-binding attribute in client-final-message",
            };
            return Err(PgError::new(code::INVALID_AUTHORIZATION_SPECIFICATION, message));
        }
        match attributes.next().and_then(|a| a.strip_prefix("r=")) {
            Some(nonce) if nonce == self.nonce => Ok(()),
            _ => Err(malformed("Nonce does not match.")),
        }
    }
}

/// Splits the GS2 header off client-first: `n,,`, `y,,` or `p=<binding>,,`. Its flag must fit the
/// chosen mechanism: a client that could bind (`y`) and was not offered it, though it was, has met
/// somebody in the middle.
fn split_gs2_header<'m>(client_first: &'m str, channel: Channel<'_>) -> Result<(&'m str, &'m str)> {
    let Some((flag, after_flag)) = client_first.split_once(',') else {
        return Err(malformed("The message is too short."));
    };
    match (flag, channel) {
        ("n" | "y", Channel::Bound(_)) => {
            let detail = "The client selected SCRAM-SHA-256-PLUS, but the SCRAM message does not \
                          include channel binding data.";
            return Err(malformed(detail));
        }
        ("n", _) | ("y", Channel::Unbindable) => {}
        ("y", Channel::Unbound) => {
            let message = "SCRAM channel binding negotiation error";
            let detail = "The client supports SCRAM channel binding but thinks the server does \
                          not.  However, this server does support channel binding.";
            let error = PgError::new(code::INVALID_AUTHORIZATION_SPECIFICATION, message);
            return Err(error.detail(detail));
        }
        (flag, _) => check_binding(flag, channel)?,
    }
    let Some((identity, bare)) = after_flag.split_once(',') else {
        return Err(malformed("The message is too short."));
    };
    if !identity.is_empty() {
        let feature = "client uses authorization identity, but it is not supported";
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, feature));
    }
    if bare.starts_with("m=") {
        let feature = "client requires an unsupported SCRAM extension";
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, feature));
    }
    Ok((&client_first[..client_first.len() - bare.len()], bare))
}

/// A flag that must be `p=tls-server-end-point`, of a client that chose to bind.
fn check_binding(flag: &str, channel: Channel<'_>) -> Result<()> {
    let Some(binding) = flag.strip_prefix("p=") else {
        return Err(malformed("Unexpected channel-binding flag."));
    };
    if !matches!(channel, Channel::Bound(_)) {
        let detail = "The client selected SCRAM-SHA-256 without channel binding, but the SCRAM \
                      message includes channel binding data.";
        return Err(malformed(detail));
    }
    match binding {
        BINDING => Ok(()),
        other => {
            let message = format!("unsupported SCRAM channel-binding type \"{other}\"");
            Err(PgError::new(code::PROTOCOL_VIOLATION, message))
        }
    }
}

fn malformed(detail: &str) -> PgError {
    PgError::new(code::PROTOCOL_VIOLATION, "malformed SCRAM message").detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::pbkdf2;

    /// The client's side, from the RFC.
    fn client_final(password: &str, exchange: &Exchange, bare: &str) -> String {
        client_final_over(password, exchange, bare, b"n,,")
    }

    fn client_final_over(
        password: &str,
        exchange: &Exchange,
        bare: &str,
        channel: &[u8],
    ) -> String {
        let v = &exchange.verifier;
        let mut salted = [0; 32];
        let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
        pbkdf2::derive(algorithm, v.iterations, &v.salt, password.as_bytes(), &mut salted);
        let client_key = hmac_sha256(&salted, b"Client Key");
        let without_proof = format!("c={},r={}", BASE64.encode(channel), exchange.nonce);
        let message = format!("{bare},{},{without_proof}", exchange.server_first());
        let signature = hmac_sha256(&sha256(&client_key), message.as_bytes());
        let proof: Key = std::array::from_fn(|i| client_key[i] ^ signature[i]);
        format!("{without_proof},p={}", BASE64.encode(proof))
    }

    fn exchange(verifier: Option<Verifier>) -> Exchange {
        Exchange::start("n,,n=,r=abc", verifier, "u", &[7; 32], Channel::Unbindable).unwrap()
    }

    #[test]
    fn proofs_are_bound_to_the_certificate() {
        let start = |first: &str, channel| {
            let verifier = Some(Verifier::from_password("secret"));
            Exchange::start(first, verifier, "u", &[7; 32], channel)
        };
        let bound = Channel::Bound(b"hash");
        let e = start("p=tls-server-end-point,,n=,r=abc", bound).unwrap();
        let right = b"p=tls-server-end-point,,hash";
        let proof = client_final_over("secret", &e, "n=,r=abc", right);
        assert!(e.finish(&proof).unwrap().is_some());
        let passed_on =
            client_final_over("secret", &e, "n=,r=abc", b"p=tls-server-end-point,,hush");
        assert!(e.finish(&passed_on).is_err());
        assert!(start("p=tls-unique,,n=,r=abc", bound).is_err());
        assert!(start("n,,n=,r=abc", bound).is_err());
        assert!(start("p=tls-server-end-point,,n=,r=abc", Channel::Unbound).is_err());
        assert!(start("y,,n=,r=abc", Channel::Unbound).is_err());
        assert!(start("y,,n=,r=abc", Channel::Unbindable).is_ok());
    }

    #[test]
    fn right_password_is_let_in() {
        let stored = Verifier::from_password("secret").to_string();
        let e = exchange(Verifier::parse(&stored));
        let answer = e.finish(&client_final("secret", &e, "n=,r=abc")).unwrap();
        assert!(answer.unwrap().starts_with("v="));
    }

    #[test]
    fn wrong_password_and_unknown_user_look_alike() {
        let e = exchange(Some(Verifier::from_password("secret")));
        assert_eq!(e.finish(&client_final("Secret", &e, "n=,r=abc")).unwrap(), None);
        let e = exchange(None);
        assert_eq!(e.finish(&client_final("secret", &e, "n=,r=abc")).unwrap(), None);
        assert_eq!(exchange(None).verifier.salt, exchange(None).verifier.salt);
    }

    #[test]
    fn malformed_messages_are_errors() {
        for first in ["", "n", "n,", "x,,r=a", "n,a=b,r=a", "p=tls-unique,,r=a", "n,,n=u", "y,,m=1"]
        {
            assert!(
                Exchange::start(first, None, "u", &[0; 32], Channel::Unbindable).is_err(),
                "{first}"
            );
        }
        let e = exchange(None);
        for last in ["", "c=biws", "c=biws,r=x,p=AAAA", "c=eSws,r=abc,p=", ",p=", "é,p=é"] {
            assert!(e.finish(last).is_err(), "{last}");
        }
    }

    #[test]
    fn verifier_made_by_postgres_is_read() {
        let text = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
        let verifier = Verifier::parse(text).unwrap();
        assert_eq!(verifier.to_string(), text);
        assert!(verifier.matches("pencil"));
        assert!(!verifier.matches("pencils"));
    }
}

//! SCRAM-SHA-256 (RFC 5802, RFC 7677) as PostgreSQL speaks it (manual, chapter 55.3).
//!
//! The server keeps a *verifier*, never the password ([`Verifier`]). An exchange is two round trips: client-first → server-first (nonce, salt, iterations), client-final
//! (proof) → server-final (the server's signature). An unknown user gets the same two round trips
//! with a salt made up for the name, so that a stranger does not learn which roles exist.

use crate::catalog::verifier::{Key, constant_time_eq, hmac_sha256, sha256};
pub use crate::catalog::verifier::{MECHANISM, Verifier, fill_random};
use crate::error::{PgError, Result, code};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

const NONCE_BYTES: usize = 18;

/// One exchange, from the server's side.
pub struct Exchange {
    verifier: Verifier,
    /// The user has no usable verifier: the exchange runs, and fails at its end.
    doomed: bool,
    nonce: String,
    client_first_bare: String,
    server_first: String,
    gs2_header: String,
}

impl Exchange {
    /// Answers client-first; returns the exchange and the server-first message. `mock_secret` is the
    /// server's secret for made-up salts.
    pub fn start(
        client_first: &str,
        verifier: Option<Verifier>,
        user: &str,
        mock_secret: &Key,
    ) -> Result<Exchange> {
        let (gs2_header, bare) = split_gs2_header(client_first)?;
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
            gs2_header: gs2_header.to_owned(),
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

    /// `c=` must repeat the GS2 header, `r=` the whole nonce.
    fn check_attributes(&self, without_proof: &str) -> Result<()> {
        let mut attributes = without_proof.split(',');
        let channel = attributes.next().and_then(|a| a.strip_prefix("c="));
        if channel != Some(BASE64.encode(&self.gs2_header).as_str()) {
            return Err(PgError::new(
                code::INVALID_AUTHORIZATION_SPECIFICATION,
                "unexpected SCRAM channel-binding attribute in client-final-message",
            ));
        }
        match attributes.next().and_then(|a| a.strip_prefix("r=")) {
            Some(nonce) if nonce == self.nonce => Ok(()),
            _ => Err(malformed("Nonce does not match.")),
        }
    }
}

/// Splits `n,,` or `y,,` off client-first. Channel binding (`p=`) is not offered, so a client that
/// insists on it is refused, as by a PostgreSQL without TLS.
fn split_gs2_header(client_first: &str) -> Result<(&str, &str)> {
    let after_flag = match client_first.as_bytes() {
        [b'n' | b'y', b',', ..] => &client_first[2..],
        [b'p', ..] => {
            return Err(PgError::new(
                code::PROTOCOL_VIOLATION,
                "client requires SCRAM channel binding, but it is not supported",
            ));
        }
        _ => return Err(malformed("Unexpected channel-binding flag.")),
    };
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

fn malformed(detail: &str) -> PgError {
    PgError::new(code::PROTOCOL_VIOLATION, "malformed SCRAM message").detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::pbkdf2;

    /// The client's side, from the RFC.
    fn client_final(password: &str, exchange: &Exchange, bare: &str) -> String {
        let v = &exchange.verifier;
        let mut salted = [0; 32];
        let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
        pbkdf2::derive(algorithm, v.iterations, &v.salt, password.as_bytes(), &mut salted);
        let client_key = hmac_sha256(&salted, b"Client Key");
        let without_proof = format!("c=biws,r={}", exchange.nonce);
        let message = format!("{bare},{},{without_proof}", exchange.server_first());
        let signature = hmac_sha256(&sha256(&client_key), message.as_bytes());
        let proof: Key = std::array::from_fn(|i| client_key[i] ^ signature[i]);
        format!("{without_proof},p={}", BASE64.encode(proof))
    }

    fn exchange(verifier: Option<Verifier>) -> Exchange {
        Exchange::start("n,,n=,r=abc", verifier, "u", &[7; 32]).unwrap()
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
            assert!(Exchange::start(first, None, "u", &[0; 32]).is_err(), "{first}");
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

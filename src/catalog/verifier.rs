//! SCRAM-SHA-256 verifiers: what `pg_authid.rolpassword` holds in place of a password.
//!
//! The format is `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`, the last three in
//! base64 (RFC 5802, RFC 7677; manual, chapter 53.8). CREATE ROLE makes them, the server's
//! authentication checks passwords against them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::rand::SecureRandom;
use ring::{digest, hmac, pbkdf2, rand};
use std::num::NonZeroU32;

/// The mechanism's name, which verifiers begin with.
pub const MECHANISM: &str = "SCRAM-SHA-256";
/// PostgreSQL 15's iteration count.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(4096).expect("not zero");
const SALT_BYTES: usize = 16;

/// A SHA-256 digest.
pub type Key = [u8; 32];

/// What the server must know to check a password.
#[derive(Clone, Debug, PartialEq)]
pub struct Verifier {
    pub iterations: NonZeroU32,
    pub salt: Vec<u8>,
    pub stored_key: Key,
    pub server_key: Key,
}

impl Verifier {
    /// A verifier for a new password, with a random salt.
    pub fn from_password(password: &str) -> Verifier {
        let mut salt = vec![0; SALT_BYTES];
        fill_random(&mut salt);
        Verifier::derive(password, salt, ITERATIONS)
    }

    fn derive(password: &str, salt: Vec<u8>, iterations: NonZeroU32) -> Verifier {
        // As PostgreSQL: a password that SASLprep refuses is used as it is.
        let prepared = stringprep::saslprep(password).unwrap_or(password.into());
        let mut salted = [0; 32];
        let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
        pbkdf2::derive(algorithm, iterations, &salt, prepared.as_bytes(), &mut salted);
        let client_key = hmac_sha256(&salted, b"Client Key");
        Verifier {
            iterations,
            salt,
            stored_key: sha256(&client_key),
            server_key: hmac_sha256(&salted, b"Server Key"),
        }
    }

    /// Reads `pg_authid`'s format; `None` for anything else.
    pub fn parse(text: &str) -> Option<Verifier> {
        let (mechanism, rest) = text.split_once('$')?;
        let (parameters, keys) = rest.split_once('$')?;
        let (iterations, salt) = parameters.split_once(':')?;
        let (stored_key, server_key) = keys.split_once(':')?;
        (mechanism == MECHANISM).then_some(())?;
        Some(Verifier {
            iterations: iterations.parse().ok()?,
            salt: BASE64.decode(salt).ok()?,
            stored_key: BASE64.decode(stored_key).ok()?.try_into().ok()?,
            server_key: BASE64.decode(server_key).ok()?.try_into().ok()?,
        })
    }

    /// Whether this is the password, for cleartext authentication.
    pub fn matches(&self, password: &str) -> bool {
        let given = Verifier::derive(password, self.salt.clone(), self.iterations);
        constant_time_eq(&given.stored_key, &self.stored_key)
    }

    /// A verifier that no password matches, the same each time for one user name.
    pub fn mock(user: &str, secret: &Key) -> Verifier {
        let salt = hmac_sha256(secret, user.as_bytes())[..SALT_BYTES].to_vec();
        let mut stored_key = [0; 32];
        fill_random(&mut stored_key);
        Verifier { iterations: ITERATIONS, salt, stored_key, server_key: stored_key }
    }
}

impl std::fmt::Display for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{MECHANISM}${}:{}${}:{}",
            self.iterations,
            BASE64.encode(&self.salt),
            BASE64.encode(self.stored_key),
            BASE64.encode(self.server_key)
        )
    }
}

/// SHA-256.
pub fn sha256(data: &[u8]) -> Key {
    let digest = digest::digest(&digest::SHA256, data);
    digest.as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// HMAC-SHA-256.
pub fn hmac_sha256(key: &[u8], data: &[u8]) -> Key {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), data);
    tag.as_ref().try_into().expect("HMAC-SHA-256 has 32 bytes")
}

/// Compares without telling by its time where the first difference is.
pub fn constant_time_eq(a: &Key, b: &Key) -> bool {
    a.iter().zip(b).fold(0, |difference, (x, y)| difference | (x ^ y)) == 0
}

/// Fills with bytes that nobody can guess.
pub fn fill_random(bytes: &mut [u8]) {
    rand::SystemRandom::new().fill(bytes).expect("the system has a random source");
}

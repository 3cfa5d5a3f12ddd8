//! Credentials of storages, sealed with a key that is not in the data directory.
//!
//! AES-256-GCM under the server's `credentials_key`. A sealed value is `v1:` and base64 of the nonce
//! and the ciphertext; which storage and option it is for is authenticated with it, so that nobody
//! can have a value used for another.

use crate::error::{PgError, Result, code};
use crate::types::Oid;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use std::sync::Arc;

const KEY_BYTES: usize = 32;
const PREFIX: &str = "v1:";

/// The server's key for credentials.
#[derive(Clone)]
pub struct CredentialsKey(Arc<LessSafeKey>);

/// Never shows the key.
impl std::fmt::Debug for CredentialsKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CredentialsKey(***)")
    }
}

impl CredentialsKey {
    /// Reads a key as configurations have it; a sentence where it is none.
    pub fn parse(text: &str) -> Result<CredentialsKey, String> {
        let bytes = BASE64.decode(text.trim()).ok().filter(|bytes| bytes.len() == KEY_BYTES);
        let key = bytes.and_then(|bytes| UnboundKey::new(&AES_256_GCM, &bytes).ok());
        let key = key.ok_or(
            "credentials_key must be 32 random bytes in base64, as `openssl rand -base64 32` \
             prints them",
        )?;
        Ok(CredentialsKey(Arc::new(LessSafeKey::new(key))))
    }

    /// Seals the value of a storage's option.
    pub fn seal(&self, storage: Oid, option: &str, value: &str) -> Result<String> {
        let failed = |_| PgError::internal("a credential cannot be sealed");
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(failed)?;
        let mut sealed = value.as_bytes().to_vec();
        let use_of = Aad::from(purpose(storage, option));
        let nonce_used = Nonce::assume_unique_for_key(nonce);
        self.0.seal_in_place_append_tag(nonce_used, use_of, &mut sealed).map_err(failed)?;
        Ok(format!("{PREFIX}{}", BASE64.encode([&nonce[..], &sealed].concat())))
    }

    /// The value again; 55000 where it was sealed with another key or for something else.
    pub fn open(&self, storage: Oid, option: &str, sealed: &str) -> Result<String> {
        self.try_open(storage, option, sealed).ok_or_else(|| {
            let message = "the credentials of the storage were sealed with another key";
            PgError::new(code::OBJECT_NOT_IN_PREREQUISITE_STATE, message).hint(
                "Start the server with the credentials_key that it had, or use ALTER STORAGE.",
            )
        })
    }

    fn try_open(&self, storage: Oid, option: &str, sealed: &str) -> Option<String> {
        let bytes = BASE64.decode(sealed.strip_prefix(PREFIX)?).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>()?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let mut sealed = sealed.to_vec();
        let use_of = Aad::from(purpose(storage, option));
        let value = self.0.open_in_place(nonce, use_of, &mut sealed).ok()?;
        String::from_utf8(value.to_vec()).ok()
    }
}

fn purpose(storage: Oid, option: &str) -> Vec<u8> {
    [&storage.to_be_bytes()[..], option.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> CredentialsKey {
        CredentialsKey::parse(&BASE64.encode([byte; KEY_BYTES])).unwrap()
    }

    #[test]
    fn sealed_values_open_with_their_key_for_their_purpose_only() {
        let sealed = key(1).seal(7, "secret_access_key", "hush").unwrap();
        assert!(!sealed.contains("hush"));
        assert_ne!(sealed, key(1).seal(7, "secret_access_key", "hush").unwrap());
        assert_eq!(key(1).open(7, "secret_access_key", &sealed).unwrap(), "hush");
        assert!(key(2).open(7, "secret_access_key", &sealed).is_err());
        assert!(key(1).open(8, "secret_access_key", &sealed).is_err());
        assert!(key(1).open(7, "session_token", &sealed).is_err());
        assert!(key(1).open(7, "secret_access_key", "v1:AAAA").is_err());
    }

    #[test]
    fn short_keys_are_refused() {
        for text in ["", "secret", "c2VjcmV0"] {
            assert!(CredentialsKey::parse(text).is_err());
        }
    }
}

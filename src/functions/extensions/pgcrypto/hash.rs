//! `digest` and `hmac`.

use super::invalid;
use crate::error::{PgError, Result};
use md5::Md5;
use ring::digest::SHA1_FOR_LEGACY_USE_ONLY;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};

/// A hash and the length of the blocks that it works on, which HMAC pads keys to.
struct Hash {
    hash: HashFn,
    block_bytes: usize,
}

type HashFn = fn(&[u8]) -> Vec<u8>;

fn named(written: &str) -> Result<Hash> {
    let name = written.to_ascii_lowercase();
    let (hash, block_bytes): (HashFn, usize) = match name.as_str() {
        "md5" => (|data| Md5::digest(data).to_vec(), 64),
        "sha1" | "sha-1" => (sha1, 64),
        "sha224" | "sha-224" | "sha2-224" => (|data| Sha224::digest(data).to_vec(), 64),
        "sha256" | "sha-256" | "sha2-256" => (|data| Sha256::digest(data).to_vec(), 64),
        "sha384" | "sha-384" | "sha2-384" => (|data| Sha384::digest(data).to_vec(), 128),
        "sha512" | "sha-512" | "sha2-512" => (|data| Sha512::digest(data).to_vec(), 128),
        "sha512-224" | "sha-512/224" => (|data| Sha512_224::digest(data).to_vec(), 128),
        "sha512-256" | "sha-512/256" => (|data| Sha512_256::digest(data).to_vec(), 128),
        // OpenSSL, which PostgreSQL asks, has them too.
        _ if ["sha3-", "blake2", "shake", "ripemd", "rmd160", "sm3"]
            .iter()
            .any(|prefix| name.starts_with(prefix)) =>
        {
            return Err(PgError::unsupported(format!("hash algorithm \"{name}\"")));
        }
        _ => return Err(invalid(format!("Cannot use \"{name}\": No such hash algorithm"))),
    };
    Ok(Hash { hash, block_bytes })
}

fn sha1(data: &[u8]) -> Vec<u8> {
    ring::digest::digest(&SHA1_FOR_LEGACY_USE_ONLY, data).as_ref().to_vec()
}

pub(super) fn digest(data: &[u8], name: &str) -> Result<Vec<u8>> {
    Ok((named(name)?.hash)(data))
}

/// RFC 2104.
pub(super) fn hmac(data: &[u8], key: &[u8], name: &str) -> Result<Vec<u8>> {
    let Hash { hash, block_bytes } = named(name)?;
    let mut block = if key.len() > block_bytes { hash(key) } else { key.to_vec() };
    block.resize(block_bytes, 0);
    let padded = |pad: u8| block.iter().map(|byte| byte ^ pad).collect::<Vec<u8>>();
    let inner = hash(&[padded(0x36), data.to_vec()].concat());
    Ok(hash(&[padded(0x5c), inner].concat()))
}

//! pgcrypto: hashes, passwords and random bytes. What encrypts is refused.

mod crypt;
mod des;
mod hash;

use super::super::Ctx;
use super::super::Implementation::{self, Scalar};
use crate::error::{PgError, Result, code};
use crate::types::Datum;
use rand::Rng;

/// `px_strerror(PXE_…)` with the words before it.
fn invalid(message: impl Into<String>) -> PgError {
    PgError::new(code::INVALID_PARAMETER_VALUE, message.into())
}

/// The bytes of an argument that may be `text` or `bytea`.
fn bytes(value: &Datum) -> &[u8] {
    match value {
        Datum::Text(text) => text.as_bytes(),
        other => other.as_bytea(),
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

/// The most that one call of `gen_random_bytes` gives.
const RANDOM_BYTES_MAX: i32 = 1024;

fn random_bytes(count: i32) -> Result<Datum> {
    if !(1..=RANDOM_BYTES_MAX).contains(&count) {
        let message = "Length not in range";
        return Err(PgError::new(code::EXTERNAL_ROUTINE_INVOCATION_EXCEPTION, message));
    }
    let mut bytes = vec![0; usize::try_from(count).unwrap_or_default()];
    rand::rng().fill_bytes(&mut bytes);
    Ok(Datum::bytea(bytes))
}

fn refuse(ctx: &Ctx<'_>, _: &[Datum]) -> Result<Datum> {
    let name = ctx.env.catalog().proc(ctx.func).map_or_else(String::new, |p| p.name.to_string());
    Err(PgError::unsupported(format!("{name}() of pgcrypto")))
}

pub(in super::super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("pg_digest", Scalar(|_, a| hash::digest(bytes(&a[0]), a[1].as_text()).map(Datum::bytea))),
    (
        "pg_hmac",
        Scalar(|_, a| hash::hmac(bytes(&a[0]), bytes(&a[1]), a[2].as_text()).map(Datum::bytea)),
    ),
    ("pg_crypt", Scalar(|c, a| crypt::crypt(c, a[0].as_text(), a[1].as_text()).map(Datum::text))),
    ("pg_gen_salt", Scalar(|_, a| crypt::gen_salt(a[0].as_text(), 0).map(Datum::text))),
    (
        "pg_gen_salt_rounds",
        Scalar(|_, a| crypt::gen_salt(a[0].as_text(), a[1].as_int4()).map(Datum::text)),
    ),
    ("pg_random_bytes", Scalar(|_, a| random_bytes(a[0].as_int4()))),
    (
        "pg_random_uuid",
        Scalar(|_, _| Ok(Datum::Uuid(std::sync::Arc::new(uuid::Uuid::new_v4().into_bytes())))),
    ),
    ("pg_encrypt", Scalar(refuse)),
    ("pg_decrypt", Scalar(refuse)),
    ("pg_encrypt_iv", Scalar(refuse)),
    ("pg_decrypt_iv", Scalar(refuse)),
    ("pgp_sym_encrypt_text", Scalar(refuse)),
    ("pgp_sym_encrypt_bytea", Scalar(refuse)),
    ("pgp_sym_decrypt_text", Scalar(refuse)),
    ("pgp_sym_decrypt_bytea", Scalar(refuse)),
    ("pgp_pub_encrypt_text", Scalar(refuse)),
    ("pgp_pub_encrypt_bytea", Scalar(refuse)),
    ("pgp_pub_decrypt_text", Scalar(refuse)),
    ("pgp_pub_decrypt_bytea", Scalar(refuse)),
    ("pgp_key_id_w", Scalar(refuse)),
    ("pg_armor", Scalar(refuse)),
    ("pg_dearmor", Scalar(refuse)),
    ("pgp_armor_headers", Scalar(refuse)),
];

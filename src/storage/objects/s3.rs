//! `TYPE 's3'`: Amazon S3, and servers that speak its protocol (`endpoint`).
//!
//! Without credentials those of the server's environment are used: `AWS_…` variables, or the role
//! that the machine has.

use super::remote::{client, refused, retry, target};
use super::{Definition, invalid};
use crate::error::Result;
use crate::storage::cold::Place;
use object_store::aws::AmazonS3Builder;

pub(super) const OPTIONS: &[&str] =
    &["url", "region", "endpoint", "allow_http", "virtual_hosted_style"];
pub(super) const CREDENTIALS: &[&str] = &["access_key_id", "secret_access_key", "session_token"];

pub(super) fn place(definition: &Definition<'_>) -> Result<Place> {
    let target = target(definition, "s3")?;
    // Credentials that are given are not mixed with those of the environment.
    let base = match definition.credentials.is_empty() {
        true => AmazonS3Builder::from_env(),
        false => AmazonS3Builder::new(),
    };
    let mut builder = base
        .with_bucket_name(&target.bucket)
        .with_client_options(client(definition)?)
        .with_retry(retry())
        .with_virtual_hosted_style_request(definition.flag("virtual_hosted_style")?);
    if let Some(region) = definition.option("region") {
        builder = builder.with_region(region);
    }
    if let Some(endpoint) = definition.option("endpoint") {
        builder = builder.with_endpoint(endpoint);
    }
    let credential = |name: &str| definition.credentials.get(name);
    match (credential("access_key_id"), credential("secret_access_key")) {
        (Some(id), Some(secret)) => {
            builder = builder.with_access_key_id(id).with_secret_access_key(secret);
        }
        (None, None) => {}
        _ => {
            let hint = "Give both of access_key_id and secret_access_key, or neither.";
            return Err(invalid("access_key_id", "", hint));
        }
    }
    if let Some(token) = credential("session_token") {
        builder = builder.with_token(token);
    }
    Ok(target.place(builder.build().map_err(|e| refused(definition, &e))?))
}

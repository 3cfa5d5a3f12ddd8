//! `TYPE 'gcs'`: Google Cloud Storage.
//!
//! Without credentials those of the server's environment are used: `GOOGLE_…` variables, or the
//! service account that the machine has.

use super::Definition;
use super::remote::{client, refused, retry, target};
use crate::error::Result;
use crate::storage::cold::Place;
use object_store::gcp::GoogleCloudStorageBuilder;

pub(super) const OPTIONS: &[&str] = &["url", "endpoint", "allow_http"];
/// The key of a service account, as JSON.
pub(super) const CREDENTIALS: &[&str] = &["service_account_key"];

pub(super) fn place(definition: &Definition<'_>) -> Result<Place> {
    let target = target(definition, "gs")?;
    // Credentials that are given are not mixed with those of the environment.
    let base = match definition.credentials.is_empty() {
        true => GoogleCloudStorageBuilder::from_env(),
        false => GoogleCloudStorageBuilder::new(),
    };
    let mut builder = base
        .with_bucket_name(&target.bucket)
        .with_client_options(client(definition)?)
        .with_retry(retry());
    if let Some(endpoint) = definition.option("endpoint") {
        builder = builder.with_base_url(endpoint);
    }
    if let Some(key) = definition.credentials.get("service_account_key") {
        builder = builder.with_service_account_key(key);
    }
    Ok(target.place(builder.build().map_err(|e| refused(definition, &e))?))
}

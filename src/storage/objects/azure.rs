//! `TYPE 'azure'`: Azure Blob Storage.
//!
//! Without credentials those of the server's environment are used: `AZURE_…` variables, or the
//! identity that the machine has.

use super::Definition;
use super::remote::{client, refused, retry, target};
use crate::error::Result;
use crate::storage::cold::Place;
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};

pub(super) const OPTIONS: &[&str] = &["url", "account", "endpoint", "allow_http"];
pub(super) const CREDENTIALS: &[&str] = &["access_key", "sas_token"];

pub(super) fn place(definition: &Definition<'_>) -> Result<Place> {
    let target = target(definition, "az")?;
    // Credentials that are given are not mixed with those of the environment.
    let base = match definition.credentials.is_empty() {
        true => MicrosoftAzureBuilder::from_env(),
        false => MicrosoftAzureBuilder::new(),
    };
    let mut builder = base
        .with_container_name(&target.bucket)
        .with_client_options(client(definition)?)
        .with_allow_http(definition.flag("allow_http")?)
        .with_retry(retry());
    if let Some(account) = definition.option("account") {
        builder = builder.with_account(account);
    }
    if let Some(endpoint) = definition.option("endpoint") {
        builder = builder.with_endpoint(endpoint.to_owned());
    }
    if let Some(key) = definition.credentials.get("access_key") {
        builder = builder.with_access_key(key);
    }
    if let Some(token) = definition.credentials.get("sas_token") {
        builder = builder.with_config(AzureConfigKey::SasKey, token);
    }
    Ok(target.place(builder.build().map_err(|e| refused(definition, &e))?))
}

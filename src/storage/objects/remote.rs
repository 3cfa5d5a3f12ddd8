//! What all object stores have in common: URLs, patience, the prefix below a bucket.

use super::{Definition, invalid};
use crate::error::{PgError, Result, code};
use crate::storage::cold::Place;
use object_store::path::Path as ObjectPath;
use object_store::prefix::PrefixStore;
use object_store::{ClientOptions, ObjectStore, RetryConfig};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// A bucket or container, and the path below it that all objects get.
pub(super) struct Target {
    pub bucket: String,
    prefix: ObjectPath,
}

/// Takes `scheme://bucket/prefix` apart.
pub(super) fn target(definition: &Definition<'_>, scheme: &str) -> Result<Target> {
    let text = definition.url();
    let hint = format!("It is written as {scheme}://bucket or {scheme}://bucket/prefix.");
    let wrong = || invalid("url", text, &hint);
    let goes_up = text.split('/').any(|part| part == "..");
    let url = Url::parse(text).map_err(|_| wrong())?;
    let bucket = url.host_str().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.port().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if url.scheme() != scheme || !plain || goes_up {
        return Err(wrong());
    }
    let prefix = ObjectPath::from_url_path(url.path()).map_err(|_| wrong())?;
    Ok(Target { bucket: bucket.to_owned(), prefix })
}

impl Target {
    pub fn place<T: ObjectStore>(self, store: T) -> Place {
        match self.prefix.as_ref().is_empty() {
            true => Place::Objects(Arc::new(store)),
            false => Place::Objects(Arc::new(PrefixStore::new(store, self.prefix))),
        }
    }
}

/// A request that has no answer by then is taken for lost.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) fn client(definition: &Definition<'_>) -> Result<ClientOptions> {
    Ok(ClientOptions::new()
        .with_timeout(REQUEST_TIMEOUT)
        .with_connect_timeout(CONNECT_TIMEOUT)
        .with_allow_http(definition.flag("allow_http")?))
}

/// A few quick attempts: jobs try again themselves, after longer pauses.
pub(super) fn retry() -> RetryConfig {
    RetryConfig { max_retries: 3, retry_timeout: Duration::from_secs(20), ..RetryConfig::default() }
}

/// The error of a builder that does not take the options.
pub(super) fn refused(definition: &Definition<'_>, error: &object_store::Error) -> PgError {
    let reason = definition.without_credentials(&error.to_string());
    PgError::new(code::INVALID_PARAMETER_VALUE, format!("invalid storage options: {reason}"))
}

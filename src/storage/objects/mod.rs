//! Storages: the places that CREATE STORAGE names, made from their definitions.
//!
//! A definition is a type, options that anybody may see, and credentials. [`place`] makes of it what
//! cold storage writes to; [`template`](PathTemplate) says where below it a table's files lie;
//! [`credentials`](CredentialsKey) keeps secrets unreadable in the data directory.

mod azure;
mod credentials;
mod filesystem;
mod gcs;
mod remote;
mod s3;
mod template;

pub use credentials::CredentialsKey;
pub use template::PathTemplate;

use super::cold::Place;
use crate::error::{PgError, Result, code};
use std::collections::BTreeMap;

/// `TYPE` of CREATE STORAGE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageKind {
    Filesystem,
    S3,
    Gcs,
    Azure,
}

impl StorageKind {
    pub const ALL: [StorageKind; 4] =
        [StorageKind::Filesystem, StorageKind::S3, StorageKind::Gcs, StorageKind::Azure];

    pub fn name(self) -> &'static str {
        match self {
            StorageKind::Filesystem => "filesystem",
            StorageKind::S3 => "s3",
            StorageKind::Gcs => "gcs",
            StorageKind::Azure => "azure",
        }
    }

    /// The type of this name; 22023.
    pub fn named(name: &str) -> Result<StorageKind> {
        let found = StorageKind::ALL.into_iter().find(|k| k.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| {
            let message = format!("unknown storage type \"{name}\"");
            let names = StorageKind::ALL.map(StorageKind::name).join(", ");
            PgError::new(code::INVALID_PARAMETER_VALUE, message)
                .hint(format!("Available types: {names}."))
        })
    }

    /// Its options that anybody may see.
    fn options(self) -> &'static [&'static str] {
        match self {
            StorageKind::Filesystem => filesystem::OPTIONS,
            StorageKind::S3 => s3::OPTIONS,
            StorageKind::Gcs => gcs::OPTIONS,
            StorageKind::Azure => azure::OPTIONS,
        }
    }

    /// Its options that nobody may.
    fn credentials(self) -> &'static [&'static str] {
        match self {
            StorageKind::Filesystem => &[],
            StorageKind::S3 => s3::CREDENTIALS,
            StorageKind::Gcs => gcs::CREDENTIALS,
            StorageKind::Azure => azure::CREDENTIALS,
        }
    }

    pub fn is_credential(self, option: &str) -> bool {
        self.credentials().contains(&option)
    }

    /// 22023 unless the type has this option.
    pub fn check_option(self, option: &str) -> Result<()> {
        if self.options().contains(&option) || self.is_credential(option) {
            return Ok(());
        }
        let message = format!("unrecognized option \"{option}\" for storage type {}", self.name());
        let known = [&[PATH_TEMPLATE], self.options(), self.credentials()].concat().join(", ");
        Err(PgError::new(code::INVALID_PARAMETER_VALUE, message)
            .hint(format!("Available options: {known}.")))
    }
}

/// The option that every type has.
pub const PATH_TEMPLATE: &str = "path_template";

/// What a storage is made from.
pub struct Definition<'a> {
    pub kind: StorageKind,
    pub options: &'a BTreeMap<String, String>,
    /// As given, not sealed.
    pub credentials: &'a BTreeMap<String, String>,
}

impl Definition<'_> {
    fn option(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    fn flag(&self, name: &str) -> Result<bool> {
        match self.option(name).map(str::to_ascii_lowercase).as_deref() {
            None | Some("false" | "off" | "0" | "no") => Ok(false),
            Some("true" | "on" | "1" | "yes") => Ok(true),
            Some(other) => Err(invalid(name, other, "It is true or false.")),
        }
    }

    /// The URL that errors name.
    pub fn url(&self) -> &str {
        self.option("url").unwrap_or_default()
    }

    /// The same text without any of the credentials.
    pub fn without_credentials(&self, text: &str) -> String {
        let secrets = self.credentials.values().filter(|secret| !secret.is_empty());
        secrets.fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "***"))
    }
}

/// Makes the place that a definition describes. Nothing is asked of it yet.
pub fn place(definition: &Definition<'_>) -> Result<Place> {
    match definition.kind {
        StorageKind::Filesystem => filesystem::place(definition),
        StorageKind::S3 => s3::place(definition),
        StorageKind::Gcs => gcs::place(definition),
        StorageKind::Azure => azure::place(definition),
    }
}

/// 22023 for an option's value.
fn invalid(option: &str, value: &str, hint: &str) -> PgError {
    let message = format!("invalid value for option \"{option}\": \"{value}\"");
    PgError::new(code::INVALID_PARAMETER_VALUE, message).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place_of(kind: &str, options: &[(&str, &str)]) -> Result<Place> {
        let options = options.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let kind = StorageKind::named(kind)?;
        place(&Definition { kind, options: &options, credentials: &BTreeMap::new() })
    }

    #[test]
    fn urls_fit_their_type() {
        assert!(place_of("S3", &[("url", "s3://bucket/a/b"), ("region", "eu-west-1")]).is_ok());
        assert!(place_of("filesystem", &[("url", "file:///var/lib/cold")]).is_ok());
        for (kind, url) in [
            ("s3", "gs://bucket"),
            ("s3", "bucket"),
            ("s3", "s3://"),
            ("s3", "s3://key:secret@bucket"),
            ("s3", "s3://bucket/a/../b"),
            ("gcs", "s3://bucket"),
            ("azure", "az://"),
            ("filesystem", "cold"),
            ("filesystem", "file://host/cold"),
            ("filesystem", "/var/../etc"),
        ] {
            let error = place_of(kind, &[("url", url)]).unwrap_err();
            assert_eq!(error.code(), code::INVALID_PARAMETER_VALUE, "{kind} {url}");
        }
        assert!(place_of("ftp", &[]).is_err());
    }

    #[test]
    fn errors_show_no_credentials() {
        let credentials = BTreeMap::from([("secret_access_key".to_owned(), "hush".to_owned())]);
        let definition = Definition {
            kind: StorageKind::S3,
            options: &BTreeMap::new(),
            credentials: &credentials,
        };
        assert_eq!(definition.without_credentials("403: key hush"), "403: key ***");
    }
}

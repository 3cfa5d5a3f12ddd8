//! The storages of the catalog, made reachable when the server starts.

use crate::catalog::{Catalog, ColdStorage};
use crate::error::{PgError, Result, code};
use crate::storage::Store;
use crate::storage::cold::Place;
use crate::storage::objects::{Definition, StorageKind, place};
use std::collections::BTreeMap;

/// Makes all storages reachable. One that cannot be is reported: its tables' cold rows cannot be read,
/// everything else can.
pub fn open(store: &Store, catalog: &Catalog) {
    for storage in catalog.storages() {
        match place_of(storage, store) {
            Ok(place) => store.set_place(storage.oid, Some(place)),
            Err(error) => {
                tracing::error!(storage = storage.name, %error, "a storage cannot be used");
            }
        }
    }
}

fn place_of(storage: &ColdStorage, store: &Store) -> Result<Place> {
    let mut credentials = BTreeMap::new();
    for (option, sealed) in &storage.credentials {
        let key = store.credentials_key().ok_or_else(|| {
            let message = "the server was started without the key of its credentials";
            PgError::new(code::OBJECT_NOT_IN_PREREQUISITE_STATE, message)
        })?;
        credentials.insert(option.clone(), key.open(storage.oid, option, sealed)?);
    }
    let kind = StorageKind::named(&storage.kind)?;
    place(&Definition { kind, options: &storage.options, credentials: &credentials })
}

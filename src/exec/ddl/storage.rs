//! CREATE STORAGE, ALTER STORAGE, DROP STORAGE.
//!
//! A storage belongs to the server, as a tablespace does, and superusers make it. Before one is made
//! or changed, an object is written to it, read back and deleted. Sessions and jobs reach a storage
//! from the commit on.

use super::{DdlContext, lock, privileges};
use crate::catalog::{Change, ColdStorage, DEFAULT_STORAGE, ObjectKey, TableOptions};
use crate::error::{PgError, Result, code};
use crate::sql::own::{CreateStorage, Own, StorageOption};
use crate::storage::cold::{Place, Work};
use crate::storage::objects::{
    CredentialsKey, Definition, PATH_TEMPLATE, PathTemplate, StorageKind, place,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Runs one of these statements; gives its tag.
pub(super) async fn execute(own: &Own, cx: &DdlContext<'_>) -> Result<String> {
    if !privileges::is_superuser(cx) {
        let command = own.command().to_ascii_lowercase();
        let message = format!("permission denied to {command}");
        return Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message)
            .hint("Must be superuser: storages belong to the server."));
    }
    match own {
        Own::CreateStorage(statement) => create(statement, cx).await?,
        Own::AlterStorage { name, set } => alter(name, set, cx).await?,
        Own::DropStorage { name, if_exists, cascade } => {
            drop(name, *if_exists, *cascade, cx).await?;
        }
        _ => return Err(PgError::internal("this statement defines nothing")),
    }
    Ok(own.command().to_owned())
}

async fn create(statement: &CreateStorage, cx: &DdlContext<'_>) -> Result<()> {
    let name = &statement.name;
    if name == DEFAULT_STORAGE {
        let message = format!("storage name \"{name}\" is reserved");
        return Err(PgError::new(code::RESERVED_NAME, message)
            .hint("It is the directory below the server's data directory."));
    }
    let (kind, location) = &statement.kind;
    let kind = StorageKind::named(kind).map_err(|e| e.at(*location))?;
    lock::storage(name, false, cx).await?;
    if cx.catalog().storage_named(name).is_some() {
        let message = format!("storage \"{name}\" already exists");
        if statement.if_not_exists {
            (cx.notice)(PgError::new(code::DUPLICATE_OBJECT, format!("{message}, skipping")));
            return Ok(());
        }
        return Err(PgError::new(code::DUPLICATE_OBJECT, message));
    }
    let storage = ColdStorage {
        oid: cx.catalog.new_oid()?,
        name: name.clone(),
        kind: kind.name().to_owned(),
        path_template: PathTemplate::DEFAULT.to_owned(),
        options: BTreeMap::new(),
        credentials: BTreeMap::new(),
    };
    put(storage, BTreeMap::new(), &statement.options, cx)
}

async fn alter(name: &str, set: &[StorageOption], cx: &DdlContext<'_>) -> Result<()> {
    lock::storage(name, false, cx).await?;
    let catalog = cx.catalog();
    let storage = catalog.storage_named(name).ok_or_else(|| missing(name))?;
    let moves = |option: &&StorageOption| {
        option.name == "url" && storage.options.get("url") != Some(&option.value)
    };
    if let Some(option) = set.iter().find(moves)
        && cx.txn.store().segments(None)?.iter().any(|s| s.file.file.storage == storage.oid)
    {
        let message = format!("cannot change the url of storage \"{name}\" because it is in use");
        return Err(PgError::new(code::DEPENDENT_OBJECTS_STILL_EXIST, message)
            .hint("Segments lie there. Create another storage for new ones.")
            .at(option.location));
    }
    let replaced: Vec<&str> = set.iter().map(|option| option.name.as_str()).collect();
    // Credentials that are replaced need not be readable.
    let kept = storage.credentials.iter().filter(|(name, _)| !replaced.contains(&name.as_str()));
    let open = |(option, sealed): (&String, &String)| {
        let value = key(cx)?.open(storage.oid, option, sealed)?;
        Ok((option.clone(), value))
    };
    let credentials = kept.map(open).collect::<Result<_>>()?;
    put(storage.as_ref().clone(), credentials, set, cx)
}

async fn drop(name: &str, if_exists: bool, cascade: bool, cx: &DdlContext<'_>) -> Result<()> {
    lock::storage(name, false, cx).await?;
    let catalog = cx.catalog();
    let Some(storage) = catalog.storage_named(name) else {
        if if_exists {
            cx.notice(format!("storage \"{name}\" does not exist, skipping"));
            return Ok(());
        }
        return Err(missing(name));
    };
    check_unused(storage, cx)?;
    let (store, oid) = (cx.txn.store().clone(), storage.oid);
    if !cascade {
        delete_garbage(storage, cx)?;
    }
    cx.catalog.push(Change::Remove(ObjectKey::Storage(oid)), cx.txn);
    cx.txn.on_commit(move |_| {
        store.set_place(oid, None);
        if let Err(error) = store.forget_garbage_in(oid) {
            tracing::warn!(%error, "files of a dropped storage are still recorded");
        }
    });
    Ok(())
}

/// 42704 for a storage.
pub(super) fn missing(name: &str) -> PgError {
    PgError::new(code::UNDEFINED_OBJECT, format!("storage \"{name}\" does not exist"))
}

/// Gives a storage options, tries it, and puts it into the catalog.
fn put(
    mut storage: ColdStorage,
    mut credentials: BTreeMap<String, String>,
    set: &[StorageOption],
    cx: &DdlContext<'_>,
) -> Result<()> {
    let kind = StorageKind::named(&storage.kind)?;
    for StorageOption { name, value, location } in set {
        if name == PATH_TEMPLATE {
            PathTemplate::parse(value).map_err(|e| e.at(*location))?;
            storage.path_template.clone_from(value);
            continue;
        }
        kind.check_option(name).map_err(|e| e.at(*location))?;
        match kind.is_credential(name) {
            true => credentials.insert(name.clone(), value.clone()),
            false => storage.options.insert(name.clone(), value.clone()),
        };
    }
    storage.credentials = BTreeMap::new();
    for (option, value) in &credentials {
        let sealed = key(cx)?.seal(storage.oid, option, value)?;
        storage.credentials.insert(option.clone(), sealed);
    }
    let definition = Definition { kind, options: &storage.options, credentials: &credentials };
    let place = place(&definition)?;
    probe(&storage.name, &place, &definition)?;
    let (store, oid) = (cx.txn.store().clone(), storage.oid);
    cx.catalog.push(Change::PutStorage(Arc::new(storage)), cx.txn);
    cx.txn.on_commit(move |_| store.set_place(oid, Some(place)));
    Ok(())
}

/// Writes to the place, reads and deletes; 58030 where it cannot be used.
fn probe(name: &str, place: &Place, definition: &Definition<'_>) -> Result<()> {
    let path = format!("kalamdb-probe-{:016x}", rand::random::<u64>());
    place.probe(&path).map_err(|error| {
        let url = definition.url();
        let message = format!("storage \"{name}\" cannot be used at {url}");
        let reason = definition.without_credentials(&error.to_string());
        PgError::new(code::IO_ERROR, message)
            .detail(reason)
            .hint("An object is written, read and deleted before a storage is accepted.")
    })
}

fn key<'a>(cx: &'a DdlContext<'_>) -> Result<&'a CredentialsKey> {
    cx.txn.store().credentials_key().ok_or_else(|| {
        let message = "credentials cannot be kept without a key";
        PgError::new(code::OBJECT_NOT_IN_PREREQUISITE_STATE, message).hint(
            "Start the server with credentials_key (KALAMDB_CREDENTIALS_KEY), or leave the \
             credentials to the server's environment.",
        )
    })
}

/// 2BP01 where a table's options name the storage, or segments lie in it.
fn check_unused(storage: &ColdStorage, cx: &DdlContext<'_>) -> Result<()> {
    let in_use = |detail: String| {
        let message = format!("cannot drop storage \"{}\" because it is in use", storage.name);
        Err(PgError::new(code::DEPENDENT_OBJECTS_STILL_EXIST, message).detail(detail))
    };
    let catalog = cx.catalog();
    let segments = cx.txn.store().segments(None)?;
    let here: Vec<_> = segments.iter().filter(|s| s.file.file.storage == storage.oid).collect();
    for database in catalog.databases() {
        let local = catalog.for_database(database.oid);
        for table in local.relations() {
            let names_it = TableOptions::of(table).storage == Some(storage.name.as_str());
            if names_it || here.iter().any(|s| s.table == table.storage) {
                let namespace = local.namespace(table.namespace).map_or("", |n| n.name.as_str());
                return in_use(format!(
                    "Table {namespace}.{} of database {} has its segments there.",
                    table.name, database.name
                ));
            }
        }
    }
    match here.is_empty() {
        true => Ok(()),
        false => in_use("Segments of tables that this transaction drops are there.".to_owned()),
    }
}

/// Deletes the files of dropped tables; 55006 where some must stay for now.
fn delete_garbage(storage: &ColdStorage, cx: &DdlContext<'_>) -> Result<()> {
    let store = cx.txn.store();
    let count = || Ok::<usize, PgError>(store.garbage_in(storage.oid)?);
    if count()? == 0 {
        return Ok(());
    }
    let swept = store.sweep_segments(&Work::default());
    match count()? {
        0 => Ok(()),
        left => {
            let message =
                format!("{left} files in storage \"{}\" are still to be deleted", storage.name);
            let error = PgError::new(code::OBJECT_IN_USE, message).hint(
                "Files are deleted when no transaction needs them any more. DROP STORAGE … CASCADE \
                 leaves them behind.",
            );
            Err(match swept {
                Err(reason) => error.detail(reason.to_string()),
                Ok(_) => error,
            })
        }
    }
}

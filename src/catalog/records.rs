//! How objects are stored: one record per object in the `meta` column family.
//!
//! ```text
//! key    "catalog/" kind database(u32 BE) oid(u32 BE)        kind: d, r, s, n, c, t, a, f, x, k, o, l
//!        "catalog/" v database(u32 BE) oid(u32 BE) version(u32 BE)    a version of a table
//! value  format version (1 byte), then the object as JSON
//! ```
//!
//! Shared objects have database 0. JSON, because records are few, must be readable by later
//! versions whose structures have grown, and are worth reading when something went wrong.

use super::{
    Change, ColdStorage, Database, DefaultAcl, Extension, Function, Namespace, ObjectKey, Relation,
    Role, SchemaVersion, UserCast, UserCollation, UserOperator, UserType,
};
use crate::error::{PgError, Result, code};
use crate::types::Oid;
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// All catalog records start with this.
pub(super) const PREFIX: &[u8] = b"catalog/";

/// The first byte of a value.
const FORMAT_VERSION: u8 = 1;

/// The record's key.
pub(super) fn key(object: &ObjectKey) -> Bytes {
    let (kind, database, oid) = match *object {
        ObjectKey::Database(oid) => (b'd', 0, oid),
        ObjectKey::Role(oid) => (b'r', 0, oid),
        ObjectKey::Storage(oid) => (b's', 0, oid),
        ObjectKey::Namespace(database, oid) => (b'n', database, oid),
        ObjectKey::Relation(database, oid) => (b'c', database, oid),
        ObjectKey::Type(database, oid) => (b't', database, oid),
        ObjectKey::DefaultAcl(database, oid) => (b'a', database, oid),
        ObjectKey::Function(database, oid) => (b'f', database, oid),
        ObjectKey::Extension(database, oid) => (b'x', database, oid),
        ObjectKey::Operator(database, oid) => (b'o', database, oid),
        ObjectKey::Collation(database, oid) => (b'l', database, oid),
        ObjectKey::Cast(database, oid) => (b'k', database, oid),
        ObjectKey::Version(database, oid, _) => (b'v', database, oid),
    };
    let mut key = PREFIX.to_vec();
    key.push(kind);
    key.extend_from_slice(&database.to_be_bytes());
    key.extend_from_slice(&oid.to_be_bytes());
    if let ObjectKey::Version(_, _, version) = object {
        key.extend_from_slice(&version.to_be_bytes());
    }
    key.into()
}

/// The record's value; `None` where the change removes the object.
pub(super) fn value(change: &Change) -> Result<Option<Bytes>> {
    Ok(Some(match change {
        Change::PutDatabase(d) => encode(&**d)?,
        Change::PutRole(r) => encode(&**r)?,
        Change::PutStorage(s) => encode(&**s)?,
        Change::PutNamespace(_, n) => encode(&**n)?,
        Change::PutRelation(_, r) => encode(&**r)?,
        Change::PutType(_, t) => encode(&**t)?,
        Change::PutDefaultAcl(_, d) => encode(&**d)?,
        Change::PutFunction(_, f) => encode(&**f)?,
        Change::PutExtension(_, e) => encode(&**e)?,
        Change::PutCast(_, c) => encode(&**c)?,
        Change::PutOperator(_, o) => encode(&**o)?,
        Change::PutCollation(_, c) => encode(&**c)?,
        Change::PutVersion(_, v) => encode(&**v)?,
        Change::Remove(_) => return Ok(None),
    }))
}

/// Reads a record back as the change that puts the object.
pub(super) fn read(key: &[u8], value: &[u8]) -> Result<Change> {
    let damaged = || damaged("an unknown record");
    let (kind, ids) = key.strip_prefix(PREFIX).and_then(|k| k.split_first()).ok_or_else(damaged)?;
    let database = ids.first_chunk().map(|b| Oid::from_be_bytes(*b)).ok_or_else(damaged)?;
    Ok(match kind {
        b'd' => Change::PutDatabase(Arc::new(decode::<Database>(value)?)),
        b'r' => Change::PutRole(Arc::new(decode::<Role>(value)?)),
        b's' => Change::PutStorage(Arc::new(decode::<ColdStorage>(value)?)),
        b'n' => Change::PutNamespace(database, Arc::new(decode::<Namespace>(value)?)),
        b'c' => Change::PutRelation(database, Arc::new(decode::<Relation>(value)?)),
        b't' => Change::PutType(database, Arc::new(decode::<UserType>(value)?)),
        b'a' => Change::PutDefaultAcl(database, Arc::new(decode::<DefaultAcl>(value)?)),
        b'f' => Change::PutFunction(database, Arc::new(decode::<Function>(value)?)),
        b'x' => Change::PutExtension(database, Arc::new(extension(value)?)),
        b'o' => Change::PutOperator(database, Arc::new(decode::<UserOperator>(value)?)),
        b'l' => Change::PutCollation(database, Arc::new(decode::<UserCollation>(value)?)),
        b'k' => Change::PutCast(database, Arc::new(decode::<UserCast>(value)?)),
        b'v' => Change::PutVersion(database, Arc::new(decode::<SchemaVersion>(value)?)),
        _ => return Err(damaged()),
    })
}

/// One that only another version of the program has is an error.
fn extension(value: &[u8]) -> Result<Extension> {
    let read = decode::<Extension>(value)?;
    match super::builtin::extension_named(&read.name) {
        Some(_) => Ok(read),
        None => Err(damaged(&format!("extension \"{}\" is not available", read.name))),
    }
}

fn encode(object: &impl Serialize) -> Result<Bytes> {
    let mut out = vec![FORMAT_VERSION];
    let json = crate::nodes::json::write(object)
        .map_err(|e| PgError::internal(format!("a catalog object does not serialise: {e}")))?;
    out.extend_from_slice(&json);
    Ok(out.into())
}

fn decode<T: DeserializeOwned>(value: &[u8]) -> Result<T> {
    match value.split_first() {
        Some((&FORMAT_VERSION, json)) => {
            crate::nodes::json::read(json).map_err(|e| damaged(&e.to_string()))
        }
        Some((other, _)) => Err(damaged(&format!("format {other}, not {FORMAT_VERSION}"))),
        None => Err(damaged("an empty record")),
    }
}

fn damaged(what: &str) -> PgError {
    PgError::new(code::DATA_CORRUPTED, format!("the catalog cannot be read: {what}"))
}

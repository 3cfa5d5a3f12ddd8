//! Locks of DDL: relations, and names that are about to be taken.

use super::DdlContext;
use super::names::RelationName;
use crate::catalog::Relation;
use crate::error::{PgError, Result, code};
use crate::nodes::LockWait;
use crate::storage::{AdvisoryKey, LockScope, TableLockMode};
use crate::types::Oid;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// Lock space of names: PostgreSQL's advisory locks use kinds 1 and 2.
const NAME_LOCK_KIND: u16 = 100;
const STORAGE_LOCK_KIND: u16 = 101;
const TYPE_LOCK_KIND: u16 = 102;

/// Finds a relation by name and locks it. Whoever held the lock may have renamed or dropped it, so
/// the name is looked up again until the same relation answers (`RangeVarGetRelidExtended`).
pub(super) async fn named(
    name: &RelationName,
    mode: TableLockMode,
    cx: &DdlContext<'_>,
) -> Result<Option<Arc<Relation>>> {
    loop {
        let catalog = cx.catalog();
        let Some(found) = name.find(&catalog, cx)?.cloned() else { return Ok(None) };
        relation(found.oid, mode, cx).await?;
        let again = name.find(&cx.catalog(), cx)?.cloned();
        if again.as_ref().is_some_and(|again| again.oid == found.oid) {
            return Ok(again);
        }
    }
}

/// [`named`], or 42P01.
pub(super) async fn get_named(
    name: &RelationName,
    mode: TableLockMode,
    cx: &DdlContext<'_>,
) -> Result<Arc<Relation>> {
    named(name, mode, cx).await?.ok_or_else(|| name.missing())
}

/// Locks a relation by OID.
pub(super) async fn relation(oid: Oid, mode: TableLockMode, cx: &DdlContext<'_>) -> Result<()> {
    cx.txn.lock_table(oid, mode, LockWait::Block).await?;
    Ok(())
}

/// 55006 where an open cursor of the session reads a relation that a statement changes
/// (`CheckTableNotInUse`).
pub(super) fn check_unused(
    relation: &Relation,
    statement: &str,
    cx: &DdlContext<'_>,
) -> Result<()> {
    if !relation.kind.has_rows() || !cx.in_use.contains(&relation.oid) {
        return Ok(());
    }
    let message = format!(
        "cannot {statement} \"{}\" because it is being used by active queries in this session",
        relation.name
    );
    Err(PgError::new(code::OBJECT_IN_USE, message))
}

/// Keeps others from taking the same name in a schema (0: the names of schemas themselves, of
/// databases and of roles) until the transaction ends: they wait, and then find it taken.
pub(super) async fn name(namespace: Oid, name: &str, cx: &DdlContext<'_>) -> Result<()> {
    let database = if namespace == 0 { 0 } else { cx.catalog.database() };
    let key = AdvisoryKey { database, high: namespace, low: hash(name), kind: NAME_LOCK_KIND };
    cx.txn.lock_advisory(key, false, LockScope::Transaction, LockWait::Block).await?;
    Ok(())
}

/// Keeps others from changing a type until the transaction ends: they wait.
pub(super) async fn type_(oid: Oid, cx: &DdlContext<'_>) -> Result<()> {
    let database = cx.catalog.database();
    let key = AdvisoryKey { database, high: oid, low: 0, kind: TYPE_LOCK_KIND };
    cx.txn.lock_advisory(key, false, LockScope::Transaction, LockWait::Block).await?;
    Ok(())
}

/// Keeps the storage of a name from changing (`shared`), or from being used, until the transaction
/// ends.
pub(super) async fn storage(name: &str, shared: bool, cx: &DdlContext<'_>) -> Result<()> {
    let key = storage_key(name);
    cx.txn.lock_advisory(key, shared, LockScope::Transaction, LockWait::Block).await?;
    Ok(())
}

/// What the lock of a storage is named; jobs that write to the storage hold it, too.
pub fn storage_key(name: &str) -> AdvisoryKey {
    AdvisoryKey { database: 0, high: 0, low: hash(name), kind: STORAGE_LOCK_KIND }
}

fn hash(name: &str) -> u32 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    u32::try_from(hasher.finish() >> 32).unwrap_or(u32::MAX)
}

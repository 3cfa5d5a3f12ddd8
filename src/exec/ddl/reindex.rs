//! REINDEX: builds indexes anew from their tables' rows.

use super::names::RelationName;
use super::{DdlContext, lock, privileges, rows};
use crate::catalog::{Catalog, Relation, RelationKind};
use crate::error::{PgError, Result, code};
use crate::storage::TableLockMode;
use pg_raw_parse::nodes::ReindexStmt;
use pg_raw_parse::raw::ReindexObjectType as Kind;
use std::sync::Arc;

pub(super) async fn execute(statement: &ReindexStmt, cx: &DdlContext<'_>) -> Result<String> {
    let concurrently = statement.params().iter().any(|p| p.defname() == Some("concurrently"));
    let whole = !matches!(statement.kind, Kind::REINDEX_OBJECT_INDEX | Kind::REINDEX_OBJECT_TABLE);
    if cx.in_block && (concurrently || whole) {
        let what = match statement.kind {
            _ if concurrently && !whole => "REINDEX CONCURRENTLY",
            Kind::REINDEX_OBJECT_SCHEMA => "REINDEX SCHEMA",
            Kind::REINDEX_OBJECT_SYSTEM => "REINDEX SYSTEM",
            _ => "REINDEX DATABASE",
        };
        let message = format!("{what} cannot run inside a transaction block");
        return Err(PgError::new(code::ACTIVE_SQL_TRANSACTION, message));
    }
    let named = match statement.kind {
        Kind::REINDEX_OBJECT_INDEX => Some(index(statement, cx)?.oid),
        _ => None,
    };
    for table in tables(statement, cx).await? {
        lock::relation(table.oid, TableLockMode::Share, cx).await?;
        let catalog = cx.catalog();
        let meant = |index: &&u32| named.is_none_or(|of| is_below(&catalog, **index, of));
        let indexes: Vec<u32> = table.indexes.iter().filter(meant).copied().collect();
        for index in indexes {
            rebuild(&table, index, cx).await?;
        }
    }
    Ok("REINDEX".to_owned())
}

/// The tables whose indexes are meant.
async fn tables(statement: &ReindexStmt, cx: &DdlContext<'_>) -> Result<Vec<Arc<Relation>>> {
    let catalog = cx.catalog();
    let is_table = |r: &&Arc<Relation>| r.kind.has_rows();
    match statement.kind {
        Kind::REINDEX_OBJECT_INDEX => {
            let index = index(statement, cx)?;
            let table = index.index.as_ref().and_then(|i| catalog.relation(i.table));
            let Some(table) = table.cloned() else { return Ok(Vec::new()) };
            check_block(&table, &index, "index", cx)?;
            Ok(stored(table, &catalog))
        }
        Kind::REINDEX_OBJECT_TABLE => {
            let range = statement.relation().expect("REINDEX TABLE names a table");
            let name = RelationName::of_range(range, cx)?;
            let found = lock::get_named(&name, TableLockMode::Share, cx).await?;
            if !found.kind.has_rows() {
                let message = format!("\"{}\" is not a table or materialized view", found.name);
                return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
            }
            privileges::relation_owner(&found, cx)?;
            check_block(&found, &found, "table", cx)?;
            Ok(stored(found, &catalog))
        }
        Kind::REINDEX_OBJECT_SCHEMA => {
            let name = statement.name().unwrap_or_default();
            let namespace = super::names::get_namespace(&catalog, name, cx)?;
            Ok(catalog.relations_in(namespace.oid).filter(is_table).cloned().collect())
        }
        // The system's own relations have no indexes to rebuild.
        _ if !is_connected(statement.name().unwrap_or_default(), cx) => {
            let message = "can only reindex the currently open database";
            Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message))
        }
        Kind::REINDEX_OBJECT_SYSTEM => Ok(Vec::new()),
        _ => Ok(catalog.relations().filter(is_table).cloned().collect()),
    }
}

/// Whether this is the name of the database that the session is connected to.
fn is_connected(name: &str, cx: &DdlContext<'_>) -> bool {
    let named = cx.catalog().database_named(name).map(|database| database.oid);
    named == Some(cx.catalog.database())
}

/// 25001 in a block for what stands for several: their indexes are rebuilt in transactions of their own
/// (`ReindexPartitions`).
fn check_block(table: &Relation, named: &Relation, kind: &str, cx: &DdlContext<'_>) -> Result<()> {
    if !cx.in_block || !table.is_partitioned() {
        return Ok(());
    }
    let catalog = cx.catalog();
    let schema = catalog.namespace(named.namespace).map_or("", |schema| &schema.name);
    let command = kind.to_uppercase();
    let message = format!("REINDEX {command} cannot run inside a transaction block");
    let context = format!("while reindexing partitioned {kind} \"{schema}.{}\"", named.name);
    Err(PgError::new(code::ACTIVE_SQL_TRANSACTION, message).context(context))
}

/// The table, or the partitions whose indexes have the entries.
fn stored(table: Arc<Relation>, catalog: &Catalog) -> Vec<Arc<Relation>> {
    match table.is_partitioned() {
        true => catalog.leaves(&table),
        false => vec![table],
    }
}

/// Whether an index is another one, or belongs to it.
fn is_below(catalog: &Catalog, index: u32, of: u32) -> bool {
    let mut at = Some(index);
    while let Some(oid) = at.filter(|oid| *oid != of) {
        at = catalog.relation(oid).and_then(|index| index.lineage.parents.first().copied());
    }
    at.is_some()
}

fn index(statement: &ReindexStmt, cx: &DdlContext<'_>) -> Result<Arc<Relation>> {
    let range = statement.relation().expect("REINDEX INDEX names an index");
    let name = RelationName::of_range(range, cx)?;
    let catalog = cx.catalog();
    let found = name.get(&catalog, cx)?;
    if found.kind != RelationKind::Index {
        let message = format!("\"{}\" is not an index", found.name);
        return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
    }
    privileges::relation_owner(found, cx)?;
    Ok(found.clone())
}

async fn rebuild(table: &Relation, index: u32, cx: &DdlContext<'_>) -> Result<()> {
    lock::relation(index, TableLockMode::AccessExclusive, cx).await?;
    let catalog = cx.catalog();
    let Some(found) = catalog.relation(index) else { return Ok(()) };
    let storage = cx.catalog.new_storage(cx.txn)?;
    let mut renewed = Relation { storage, ..(**found).clone() };
    if let Some(info) = &mut renewed.index {
        info.collation_versions = catalog.versions_of(&info.columns[..info.key_count])?;
    }
    cx.catalog.put_relation(renewed, cx.txn);
    rows::build_index(table.oid, index, cx)
}

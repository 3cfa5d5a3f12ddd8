//! A table as cold storage sees it.

use super::Jobs;
use crate::catalog::schema::table_schema;
use crate::catalog::{Catalog, Persistence, Relation, RelationKind, TableKind, TableOptions};
use crate::error::{PgError, Result, code};
use crate::storage::cold::ColdTable;
use crate::storage::objects::PathTemplate;
use crate::types::Oid;
use std::sync::Arc;

/// What cold storage must know of a table; `None`: there is no such table any more.
///
/// Nothing is locked: a flush leaves rows of a newer version alone, and cannot bring back what was
/// dropped meanwhile ([`crate::storage::cold`]).
pub(super) fn find(jobs: &Jobs, (database, oid): (Oid, Oid)) -> Result<Option<ColdTable>> {
    let catalog = jobs.catalog.latest().for_database(database);
    match catalog.relation(oid).filter(|r| is_flushable(r)) {
        Some(relation) => describe(relation, &catalog).map(Some),
        None => Ok(None),
    }
}

/// Whether rows of a relation may become cold.
pub fn is_flushable(relation: &Relation) -> bool {
    relation.kind == RelationKind::Table
        && relation.persistence != Persistence::Temporary
        && !Catalog::is_system(relation.oid)
        && TableOptions::of(relation).kind != TableKind::Stream
}

/// Where a table's files lie in its storage.
pub fn path_of(relation: &Relation, catalog: &Catalog) -> Result<String> {
    let storage = storage_of(relation, catalog)?;
    let written = storage.and_then(|oid| catalog.storage(oid)).map(|s| s.path_template.as_str());
    let template = match written {
        Some(template) => PathTemplate::parse(template)?,
        None => PathTemplate::default(),
    };
    let namespace = catalog.namespace(relation.namespace).map_or("", |n| n.name.as_str());
    Ok(template.expand(namespace, &relation.name))
}

/// The storage that a table's options name; `None`: the data directory.
fn storage_of(relation: &Relation, catalog: &Catalog) -> Result<Option<Oid>> {
    let options = TableOptions::of(relation);
    let Some(name) = options.storage else { return Ok(None) };
    match catalog.storage_named(name) {
        Some(storage) => Ok(Some(storage.oid)),
        None => {
            let message = format!("storage \"{name}\" does not exist");
            Err(PgError::new(code::UNDEFINED_OBJECT, message))
        }
    }
}

/// What cold storage must know of a table.
pub(super) fn describe(relation: &Arc<Relation>, catalog: &Catalog) -> Result<ColdTable> {
    let storage = storage_of(relation, catalog)?.unwrap_or(0);
    Ok(table_schema(catalog, relation).cold_table(storage, path_of(relation, catalog)?))
}

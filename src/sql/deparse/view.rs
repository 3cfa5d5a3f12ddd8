//! `pg_get_viewdef`.

use super::names::Names;
use super::query::Columns;
use super::writer::Writer;
use crate::error::Result;
use crate::types::Oid;

/// The view's query as CREATE VIEW takes it, ending with a semicolon.
pub(super) fn definition(names: &Names<'_>, oid: Oid, pretty: bool) -> Result<Option<String>> {
    let Some(relation) = names.catalog.relation(oid) else { return Ok(None) };
    let Some(query) = relation.query() else { return Ok(None) };
    let columns: Vec<String> = relation.columns.iter().map(|c| c.name.clone()).collect();
    let mut writer = Writer::of_query(names, pretty);
    writer.query(query, Columns::of_view(&columns))?;
    writer.push(";");
    Ok(Some(writer.out))
}

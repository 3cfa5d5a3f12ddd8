//! `pg_get_viewdef`.

use super::names::Names;
use super::query::Columns;
use super::writer::Writer;
use crate::catalog::builtin;
use crate::error::Result;
use crate::types::Oid;

/// The view's query as CREATE VIEW takes it, ending with a semicolon.
pub(super) fn definition(names: &Names<'_>, oid: Oid, pretty: bool) -> Result<Option<String>> {
    let Some(relation) = names.catalog.relation(oid) else { return Ok(None) };
    let Some(query) = relation.query() else {
        // PostgreSQL's own views have PostgreSQL's text.
        return Ok(builtin::view_definition(oid).map(str::to_owned));
    };
    let columns: Vec<String> = relation.columns.iter().map(|c| c.name.clone()).collect();
    let mut writer = Writer::of_query(names, pretty);
    writer.query(query, Columns::of_view(&columns))?;
    writer.push(";");
    Ok(Some(writer.out))
}

//! The relations of information_schema (manual, chapter 37) that code makes, one file each. The others
//! are run as PostgreSQL defines them ([`super::builtin::view_query`]).

mod columns;
mod tables;

use super::builtin::SystemRelation;
use super::pg_catalog::{Context, Row, builtin_rows, values};
use super::{Catalog, Relation, acl};
use crate::error::Result;
use crate::types::Datum;
use values::text;

/// Makes all rows of a view.
type Make = fn(&Context<'_>) -> Result<Vec<Row>>;

/// What makes the rows of the views that clients read most; the others are run as views.
fn maker(name: &str) -> Option<Make> {
    match name {
        "columns" => Some(columns::rows),
        "tables" => Some(|cx| Ok(tables::rows(cx))),
        _ => None,
    }
}

/// Whether code makes the rows of a view.
pub(super) fn is_made(name: &str) -> bool {
    maker(name).is_some()
}

/// The rows of an information_schema relation; a table has those of the export.
pub(super) fn rows(relation: &SystemRelation, cx: &Context<'_>) -> Result<Vec<Row>> {
    match maker(relation.name) {
        Some(make) => make(cx),
        None => Ok(builtin_rows::rows(relation).to_vec()),
    }
}

/// The name of the database, which these relations call the catalog.
fn catalog_name(cx: &Context<'_>) -> Datum {
    let database = cx.catalog.database(cx.catalog.database_oid());
    text(database.map_or("", |d| d.name.as_str()))
}

/// `YES` or `NO`.
fn yes_no(value: bool) -> Datum {
    text(if value { "YES" } else { "NO" })
}

/// The relations show what the current role owns or has some privilege on.
fn is_visible(relation: &Relation, cx: &Context<'_>) -> bool {
    let owns = |catalog: &Catalog| acl::has_privileges_of(catalog, cx.role, relation.owner);
    let granted = |items: &Vec<String>| {
        "arwdDxt".chars().any(|privilege| acl::allows(cx.catalog, items, cx.role, privilege))
    };
    Catalog::is_system(relation.oid)
        || owns(cx.catalog)
        || relation.acl.iter().chain(relation.columns.iter().flat_map(|c| &c.acl)).any(granted)
}

/// Relations that a role may see in these relations, users' and system's.
fn visible_relations<'a>(cx: &'a Context<'_>) -> impl Iterator<Item = &'a Relation> {
    let system = super::builtin::system_relations().iter();
    let system = system.filter_map(|r| cx.catalog.relation(r.oid));
    let all = cx.catalog.relations().chain(system).map(|r| &**r);
    all.filter(|r| is_visible(r, cx))
}

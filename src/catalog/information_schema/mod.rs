//! The relations of information_schema (manual, chapter 37), one file each.

mod checks;
mod columns;
mod constraints;
mod domains;
mod key_columns;
mod privileges;
mod schemata;
mod sequences;
mod tables;
mod views;

use super::builtin::SystemRelation;
use super::pg_catalog::{Context, Row, builtin_rows, values};
use super::{Catalog, Relation, acl};
use crate::error::Result;
use crate::types::Datum;
use values::text;

/// The rows of an information_schema relation; those without a file show only what the export has.
pub(super) fn rows(relation: &SystemRelation, cx: &Context<'_>) -> Result<Vec<Row>> {
    match relation.name {
        "check_constraints" => checks::rows(cx),
        "column_domain_usage" => Ok(domains::usage(cx)),
        "character_sets" => Ok(schemata::character_sets(cx)),
        "column_privileges" => Ok(privileges::of_columns(cx, false)),
        "columns" => columns::rows(cx),
        "constraint_column_usage" => Ok(key_columns::usage(cx)),
        "domain_constraints" => Ok(domains::constraints(cx)),
        "domains" => domains::rows(cx),
        "enabled_roles" | "information_schema_catalog_name" => Ok(schemata::names(relation, cx)),
        "key_column_usage" => Ok(key_columns::rows(cx)),
        "referential_constraints" => Ok(constraints::referential(cx)),
        "role_column_grants" => Ok(privileges::of_columns(cx, true)),
        "role_table_grants" => Ok(privileges::of_tables(cx, true)),
        "schemata" => Ok(schemata::rows(cx)),
        "sequences" => Ok(sequences::rows(cx)),
        "table_constraints" => Ok(constraints::rows(cx)),
        "table_privileges" => Ok(privileges::of_tables(cx, false)),
        "tables" => Ok(tables::rows(cx)),
        "views" => views::rows(cx),
        _ => Ok(builtin_rows::rows(relation).to_vec()),
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

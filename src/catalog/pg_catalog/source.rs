//! How the rows of a relation of pg_catalog come to be, and by which columns they are found.
//!
//! ```text
//! pg_class      the export's rows, then a row of each of the database's relations
//!               oid = 16401      → the relation 16401
//!               relname = 'a'    → the relations called a, in any schema
//! pg_proc       the export's rows alone
//!               proname = 'abs'  → a hash of the export's rows by proname, made on first use
//! pg_roles      rows made all at once
//! ```
//!
//! The columns are those that PostgreSQL's own indexes begin with (`pg_index` of the export), where a
//! [`Finder`] knows which relations may have rows with a value. It may name too many: whoever scans
//! tests the condition again.

use super::*;
use std::sync::Arc;

/// Adds the relations whose rows may have a value in a column.
pub(super) type Finder = fn(&Catalog, &Datum, &mut Vec<Arc<Relation>>);

/// Makes a relation's rows of a catalog.
pub(super) type OfRelation = fn(&Relation, &Context<'_>, Columns, &mut Vec<Row>);

/// Where a relation's rows come from.
pub(super) enum Source {
    /// The export alone.
    Export,
    /// The export, then rows of the database's relations, then rows of other objects.
    Objects {
        of_relation: OfRelation,
        finders: &'static [(&'static str, Finder)],
        /// Rows of what is no relation.
        others: Option<fn(&Context<'_>) -> Vec<Row>>,
        /// How many rows a relation has, about.
        per_relation: f64,
    },
    /// Code makes all rows at once.
    Made(fn(&Context<'_>) -> Result<Vec<Row>>),
}

const fn objects(
    of_relation: OfRelation,
    per_relation: f64,
    finders: &'static [(&'static str, Finder)],
) -> Source {
    Source::Objects { of_relation, finders, others: None, per_relation }
}

/// The source of a relation of pg_catalog.
pub(super) fn source(name: &str) -> Source {
    match name {
        "pg_attrdef" => objects(pg_attrdef::rows, 1.0, &[("adrelid", by_oid), ("oid", by_default)]),
        "pg_attribute" => objects(pg_attribute::rows, 10.0, &[("attrelid", by_oid)]),
        "pg_class" => objects(pg_class::rows, 1.0, &[("oid", by_oid), ("relname", by_name)]),
        "pg_constraint" => objects(
            pg_constraint::rows,
            0.5,
            &[("oid", by_constraint), ("conrelid", by_oid), ("confrelid", by_referenced)],
        ),
        "pg_depend" => objects(pg_depend::rows, 4.0, &[("objid", by_part)]),
        "pg_description" => Source::Objects {
            of_relation: pg_description::rows,
            finders: &[("objoid", by_part)],
            others: Some(pg_description::of_namespaces),
            per_relation: 0.1,
        },
        "pg_index" => {
            objects(pg_index::rows, 0.5, &[("indexrelid", by_oid), ("indrelid", by_table)])
        }
        "pg_rewrite" => objects(pg_rewrite::rows, 0.1, &[("oid", by_rule), ("ev_class", by_oid)]),
        "pg_sequence" => objects(pg_sequence::rows, 0.2, &[("seqrelid", by_oid)]),
        "pg_type" => objects(
            pg_type::rows,
            1.0,
            &[("oid", by_row_type), ("typname", by_type_name), ("typrelid", by_oid)],
        ),
        "pg_auth_members" => Source::Made(|cx| Ok(pg_auth_members::rows(cx))),
        "pg_authid" => Source::Made(|cx| Ok(pg_authid::rows(cx))),
        "pg_cursors" => Source::Made(|cx| Ok(pg_cursors::rows(cx))),
        "pg_database" => Source::Made(|cx| Ok(pg_database::rows(cx))),
        "pg_db_role_setting" => Source::Made(|cx| Ok(pg_db_role_setting::rows(cx))),
        "pg_locks" => Source::Made(|cx| Ok(pg_locks::rows(cx))),
        "pg_namespace" => Source::Made(|cx| Ok(pg_namespace::rows(cx))),
        "pg_prepared_statements" => Source::Made(|cx| Ok(pg_prepared_statements::rows(cx))),
        "pg_roles" => Source::Made(|cx| Ok(pg_roles::roles(cx))),
        "pg_user" => Source::Made(|cx| Ok(pg_roles::users(cx))),
        "pg_shadow" => Source::Made(|cx| Ok(pg_roles::shadow(cx))),
        "pg_group" => Source::Made(|cx| Ok(pg_roles::groups(cx))),
        "pg_settings" => Source::Made(|cx| Ok(pg_settings::rows(cx))),
        "pg_shdescription" => Source::Made(|cx| Ok(pg_shdescription::rows(cx))),
        "pg_stat_activity" => Source::Made(|cx| Ok(pg_stat_activity::rows(cx))),
        "pg_stat_gssapi" => Source::Made(|cx| Ok(pg_stat_gssapi::rows(cx))),
        "pg_stat_ssl" => Source::Made(|cx| Ok(pg_stat_ssl::rows(cx))),
        "pg_timezone_abbrevs" => Source::Made(|_| Ok(pg_timezone::abbreviations(now()))),
        "pg_timezone_names" => Source::Made(|_| Ok(pg_timezone::names(now()))),
        _ => Source::Export,
    }
}

fn by_oid(catalog: &Catalog, value: &Datum, found: &mut Vec<Arc<Relation>>) {
    if let Datum::Oid(oid) = value
        && !Catalog::is_system(*oid)
    {
        found.extend(catalog.relation(*oid).cloned());
    }
}

fn by_name(catalog: &Catalog, value: &Datum, found: &mut Vec<Arc<Relation>>) {
    let Datum::Text(name) = value else { return };
    let of = |n: &Arc<crate::catalog::Namespace>| catalog.relation_named(n.oid, name).cloned();
    found.extend(catalog.namespaces().filter_map(of).filter(|r| !Catalog::is_system(r.oid)));
}

/// Indexes of a table.
fn by_table(catalog: &Catalog, value: &Datum, found: &mut Vec<Arc<Relation>>) {
    if let Datum::Oid(table) = value
        && let Some(table) = catalog.relation(*table)
    {
        found.extend(catalog.indexes_of(table).cloned());
    }
}

/// The table of a constraint.
fn by_constraint(catalog: &Catalog, value: &Datum, found: &mut Vec<Arc<Relation>>) {
    if let Datum::Oid(oid) = value
        && let Some((table, _)) = catalog.constraint(*oid)
    {
        found.push(table.clone());
    }
}

/// The tables that refer to a table.
fn by_referenced(catalog: &Catalog, value: &Datum, found: &mut Vec<Arc<Relation>>) {
    if let Datum::Oid(oid) = value {
        let mut tables: Vec<_> =
            catalog.foreign_keys_on(*oid).into_iter().map(|(table, _)| table.clone()).collect();
        tables.dedup_by_key(|table| table.oid);
        found.append(&mut tables);
    }
}

fn by_default(catalog: &Catalog, value: &Datum, found: &mut Vec<Arc<Relation>>) {
    let has = |r: &&Arc<Relation>| {
        let of = |c: &crate::catalog::Column| Datum::Oid(pg_attrdef::oid(r.oid, c.attno)) == *value;
        r.live_columns().filter(|c| c.default.is_some()).any(of)
    };
    found.extend(catalog.relations().find(has).cloned());
}

fn by_rule(catalog: &Catalog, value: &Datum, found: &mut Vec<Arc<Relation>>) {
    if let Datum::Oid(oid) = value
        && let Some(view) = view_of_rule(*oid)
    {
        found.extend(catalog.relation(view).cloned());
    }
}

/// The relation of an OID, or the one that the OID's object is part of.
fn by_part(catalog: &Catalog, value: &Datum, found: &mut Vec<Arc<Relation>>) {
    by_oid(catalog, value, found);
    by_constraint(catalog, value, found);
    if let Datum::Oid(oid) = value
        && *oid >= pg_rewrite::RULE_BIT
    {
        by_rule(catalog, value, found);
        by_default(catalog, value, found);
    }
}

fn by_row_type(catalog: &Catalog, value: &Datum, found: &mut Vec<Arc<Relation>>) {
    let Datum::Oid(oid) = value else { return };
    let array = || catalog.row_type_relation(oid.checked_sub(1)?);
    let relation = catalog.row_type_relation(*oid).or_else(array);
    found.extend(relation.filter(|r| !Catalog::is_system(r.oid)).cloned());
}

fn by_type_name(catalog: &Catalog, value: &Datum, found: &mut Vec<Arc<Relation>>) {
    by_name(catalog, value, found);
    if let Datum::Text(name) = value
        && let Some(element) = name.strip_prefix('_')
    {
        by_name(catalog, &Datum::text(element), found);
    }
}

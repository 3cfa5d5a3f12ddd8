//! The relations of the schema `system`: what KalamDB has and PostgreSQL has not.
//!
//! They are read as pg_catalog's are, by name. pg_namespace, pg_class and information_schema do not
//! list them: what clients find there they dump, compare and copy, and none of this is a user's.
//! Superusers see all; others what they own.

mod jobs;
mod namespaces;
mod schemas;
mod segments;
mod stats;
mod storages;
mod tables;
mod users;

pub use jobs::JobRow;
pub use segments::SegmentRow;
pub use tables::TierSizes;

use super::builtin::{SystemColumn, SystemRelation, oid, type_};
use super::pg_catalog::{Context, Row};
use super::{Namespace, Relation, acl};
use crate::error::Result;
use crate::types::{Datum, Oid};
use std::sync::{Arc, LazyLock};

/// `text[]`.
const TEXT_ARRAY: Oid = 1009;

/// A relation's name and its columns' names and types.
struct Shape {
    name: &'static str,
    columns: &'static [(&'static str, Oid)],
}

/// In OID order, from the OID after the schema's.
const SHAPES: [Shape; 8] = [
    Shape { name: "namespaces", columns: namespaces::COLUMNS },
    Shape { name: "tables", columns: tables::COLUMNS },
    Shape { name: "schemas", columns: schemas::COLUMNS },
    Shape { name: "storages", columns: storages::COLUMNS },
    Shape { name: "segments", columns: segments::COLUMNS },
    Shape { name: "jobs", columns: jobs::COLUMNS },
    Shape { name: "users", columns: users::COLUMNS },
    Shape { name: "stats", columns: stats::COLUMNS },
];

/// The schema itself.
pub(super) fn namespace() -> &'static Arc<Namespace> {
    static NAMESPACE: LazyLock<Arc<Namespace>> = LazyLock::new(|| {
        let acl = ["postgres=UC/postgres", "=U/postgres"].map(str::to_owned).to_vec();
        Arc::new(Namespace {
            oid: oid::SYSTEM,
            name: "system".to_owned(),
            owner: oid::SUPERUSER,
            comment: None,
            acl: Some(acl),
        })
    });
    &NAMESPACE
}

/// The shapes of all its relations.
pub(super) fn relations() -> impl Iterator<Item = SystemRelation> {
    (oid::SYSTEM + 1..).zip(&SHAPES).map(|(oid, shape)| {
        let columns = (1..).zip(shape.columns).map(|(attno, (name, type_oid))| SystemColumn {
            attno,
            name,
            type_oid: *type_oid,
            typmod: -1,
            declared_type: *type_oid,
            not_null: false,
            collation: type_(*type_oid).map_or(0, |t| t.collation),
        });
        SystemRelation {
            oid,
            name: shape.name,
            namespace: oid::SYSTEM,
            kind: b'v',
            shared: false,
            row_type: 0,
            columns: columns.collect(),
        }
    })
}

/// The rows of one of its relations.
pub(super) fn rows(relation: &SystemRelation, cx: &Context<'_>) -> Result<Vec<Row>> {
    match relation.name {
        "namespaces" => Ok(namespaces::rows(cx)),
        "tables" => tables::rows(cx),
        "schemas" => Ok(schemas::rows(cx)),
        "storages" => storages::rows(cx),
        "segments" => segments::rows(cx),
        "jobs" => Ok(jobs::rows(cx)),
        "users" => Ok(users::rows(cx)),
        _ => Ok(stats::rows()),
    }
}

/// Whether the current role owns the relation, or all of them.
fn is_mine(relation: &Relation, cx: &Context<'_>) -> bool {
    acl::has_privileges_of(cx.catalog, cx.role, relation.owner)
}

fn is_superuser(cx: &Context<'_>) -> bool {
    cx.catalog.role(cx.role).is_some_and(|role| role.superuser)
}

/// The user's tables that the current role owns.
fn my_tables<'a>(cx: &'a Context<'_>) -> impl Iterator<Item = &'a Arc<Relation>> {
    let tables = cx.catalog.relations().filter(|r| r.kind.has_rows());
    tables.filter(|table| is_mine(table, cx))
}

/// A count as a bigint.
fn int8(count: u64) -> Datum {
    Datum::Int8(i64::try_from(count).unwrap_or(i64::MAX))
}

//! pg_stat_*_tables, pg_statio_*_tables and their kin: a row per table, index or sequence, with
//! counters that stand at 0: nothing is counted yet, and there are no blocks of PostgreSQL's.
//!
//! ```text
//! pg_stat[io]_all_tables    = pg_stat[io]_sys_tables + pg_stat[io]_user_tables
//!             all   sys   user            whose objects
//!             tables indexes sequences    of what kind
//! ```
//!
//! As in PostgreSQL, what sums over a table's indexes is NULL where it has none.

use super::values::text;
use super::{Context, Row};
use crate::catalog::builtin::{self, SystemRelation};
use crate::catalog::{Catalog, RelationKind};
use crate::types::{Datum, Oid, oids};

/// The rows of one of these relations; `None` for others.
pub(super) fn rows(relation: &SystemRelation, cx: &Context<'_>) -> Option<Vec<Row>> {
    let name =
        relation.name.strip_prefix("pg_statio_").or(relation.name.strip_prefix("pg_stat_"))?;
    let (whose, kind) = name.split_once('_')?;
    let (system, user) = match whose {
        "all" => (true, true),
        "sys" => (true, false),
        "user" => (false, true),
        _ => return None,
    };
    let mut subjects = match kind {
        "tables" => tables(cx),
        "indexes" => indexes(cx),
        "sequences" => sequences(cx),
        _ => return None,
    };
    subjects.retain(|subject| if subject.system { system } else { user });
    Some(subjects.into_iter().map(|subject| subject.row(relation)).collect())
}

/// What a row is about.
struct Subject {
    system: bool,
    /// The columns that name it.
    names: Row,
    has_indexes: bool,
}

impl Subject {
    fn row(self, relation: &SystemRelation) -> Row {
        let named = self.names.len();
        let mut row = self.names;
        row.extend(relation.columns[named..].iter().map(|column| {
            let of_indexes = named == 3 && column.name.starts_with("idx_");
            // No table has a TOAST table.
            let of_toast = column.name.starts_with("toast_") || column.name.starts_with("tidx_");
            match column.type_oid {
                oids::INT8 if !of_toast && (self.has_indexes || !of_indexes) => Datum::Int8(0),
                // Never: the times of the last maintenance.
                _ => Datum::Null,
            }
        }));
        row
    }
}

fn tables(cx: &Context<'_>) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for relation in builtin::system_relations().iter().filter(|r| r.kind == b'r') {
        let has_index = |(_, index): (Oid, &builtin::SystemIndex)| index.table == relation.oid;
        subjects.push(Subject {
            system: true,
            names: named(relation.oid, namespace(relation.namespace, cx), relation.name),
            has_indexes: builtin::system_indexes().any(has_index),
        });
    }
    for table in cx.catalog.relations().filter(|r| r.kind.has_rows()) {
        subjects.push(Subject {
            system: Catalog::is_system(table.oid),
            names: named(table.oid, cx.schema_of(table), &table.name),
            has_indexes: !table.indexes.is_empty(),
        });
    }
    subjects
}

fn indexes(cx: &Context<'_>) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for (oid, index) in builtin::system_indexes() {
        // Of the tables that are shown, which TOAST tables are not.
        if builtin::system_relation(index.table).is_none() {
            continue;
        }
        let schema = namespace(index.table_namespace, cx);
        let ids = [Datum::Oid(index.table), Datum::Oid(oid)];
        let names = [text(schema), text(index.table_name), text(index.name)];
        let names = ids.into_iter().chain(names).collect();
        subjects.push(Subject { system: true, names, has_indexes: true });
    }
    for index in cx.catalog.relations() {
        let table = index.index.as_ref().and_then(|i| cx.catalog.relation(i.table));
        let Some(table) = table else { continue };
        let ids = [Datum::Oid(table.oid), Datum::Oid(index.oid)];
        let names = [text(cx.schema_of(table)), text(&table.name), text(&index.name)];
        let names = ids.into_iter().chain(names).collect();
        subjects.push(Subject { system: false, names, has_indexes: true });
    }
    subjects
}

fn sequences(cx: &Context<'_>) -> Vec<Subject> {
    let all = cx.catalog.relations().filter(|r| r.kind == RelationKind::Sequence);
    let subject = |r: &super::Relation| Subject {
        system: false,
        names: named(r.oid, cx.schema_of(r), &r.name),
        has_indexes: false,
    };
    all.map(|r| subject(r)).collect()
}

fn named(oid: Oid, schema: &str, name: &str) -> Row {
    vec![Datum::Oid(oid), text(schema), text(name)]
}

fn namespace<'a>(oid: Oid, cx: &'a Context<'_>) -> &'a str {
    cx.catalog.namespace(oid).map_or("", |n| n.name.as_str())
}

//! The rows that installed extensions have in relations of pg_catalog: PostgreSQL's own, from the
//! extension's file, with the schema and the owner that they have in this database.

use super::{Columns, Context, KeyValues, Row, builtin_rows};
use crate::catalog::Extension;
use crate::catalog::builtin::{self, SystemRelation};
use crate::types::{Datum, Oid};
use dashmap::DashMap;
use std::sync::{Arc, LazyLock};

/// The wanted columns of the rows of all that is installed, of those at least that have one of the key's
/// values.
pub(super) fn rows(
    relation: &SystemRelation,
    columns: Columns,
    key: Option<&KeyValues>,
    cx: &Context<'_>,
) -> Vec<Row> {
    let mut rows = Vec::new();
    for extension in cx.catalog.extensions() {
        let facts = extension.facts();
        for row in parsed(relation, facts).iter() {
            let mut row = row.clone();
            place(&mut row, relation, facts, extension);
            if key.is_none_or(|key| key.values.contains(&row[key.column])) {
                rows.push(columns.project(&row));
            }
        }
    }
    rows
}

/// Rows by relation and extension.
type Parsed = DashMap<(Oid, Oid), Arc<Vec<Row>>>;

/// The rows of the file, parsed once.
fn parsed(relation: &SystemRelation, facts: &'static builtin::Extension) -> Arc<Vec<Row>> {
    static PARSED: LazyLock<Parsed> = LazyLock::new(DashMap::new);
    let parse = || {
        let reader = builtin::raw_rows_of_extension(relation.name, facts);
        Arc::new(reader.map_or_else(Vec::new, |reader| builtin_rows::parse(relation, reader)))
    };
    PARSED.entry((relation.oid, facts.oid)).or_insert_with(parse).clone()
}

/// Puts the database's own OIDs in the place of what stands for them.
fn place(
    row: &mut Row,
    relation: &SystemRelation,
    facts: &builtin::Extension,
    extension: &Extension,
) {
    for (value, column) in row.iter_mut().zip(&relation.columns) {
        let Datum::Oid(oid) = value else { continue };
        if *oid == facts.oid {
            *oid = extension.oid;
        } else if *oid == facts.schema() {
            *oid = extension.namespace;
        } else if column.name.ends_with("owner") {
            *oid = extension.members_owner;
        }
    }
}

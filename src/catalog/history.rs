//! The schema history: what each version of a table changed.
//!
//! ```text
//!   CREATE TABLE t (a int)           version 1   "CREATE TABLE"               1 column
//!   ALTER TABLE t ADD b text         version 2   "ADD COLUMN b text"          2 columns
//!   ALTER TABLE t ALTER a TYPE int8  version 3   "ALTER COLUMN a TYPE bigint" 2 columns
//! ```
//!
//! No statement says what it changes: every definition that is put into the catalog is compared with
//! the one before ([`changes`]), so that no path is forgotten, CASCADE and GRANT included. A version
//! is one catalog record, written by the transaction that makes the version; it goes with the table.

use super::depend::describe::quote;
use super::{Catalog, Column, Constraint, ConstraintKind, Persistence, Relation};
use crate::types::{Oid, format_type};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Bytes of [`SchemaVersion::changes`]: a record must stay small whatever a statement does.
const CHANGES_BYTES_MAX: usize = 1000;

/// One version of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaVersion {
    pub table: Oid,
    pub version: u32,
    /// When the statement ran, microseconds since 2000-01-01 UTC.
    pub created_at_us: i64,
    /// What changed, as ALTER TABLE would say it; several changes are separated by commas.
    pub changes: String,
    /// Columns, without dropped ones.
    pub column_count: u32,
}

impl SchemaVersion {
    /// The version that `new` is, where `old` was the definition before.
    pub(super) fn of(
        catalog: &Catalog,
        old: Option<&Relation>,
        new: &Relation,
        created_at_us: i64,
    ) -> SchemaVersion {
        let mut changes = match old {
            None => "CREATE TABLE".to_owned(),
            Some(old) => changes(catalog, old, new),
        };
        if changes.len() > CHANGES_BYTES_MAX {
            changes.truncate(changes.floor_char_boundary(CHANGES_BYTES_MAX - "…".len()));
            changes.push('…');
        }
        let column_count = u32::try_from(new.live_columns().count()).unwrap_or(u32::MAX);
        SchemaVersion { table: new.oid, version: new.version, created_at_us, changes, column_count }
    }
}

/// What differs between two definitions of a table.
fn changes(catalog: &Catalog, old: &Relation, new: &Relation) -> String {
    let mut found = Vec::new();
    of_table(catalog, old, new, &mut found);
    for (at, column) in new.columns.iter().enumerate() {
        match old.columns.get(at) {
            None => {
                let shown = type_name(catalog, column);
                found.push(format!("ADD COLUMN {} {shown}", quote(&column.name)));
            }
            Some(before) => of_column(catalog, before, column, &mut found),
        }
    }
    of_constraints(old, new, &mut found);
    match found.is_empty() {
        true => "ALTER TABLE".to_owned(),
        false => found.join(", "),
    }
}

fn of_table(catalog: &Catalog, old: &Relation, new: &Relation, found: &mut Vec<String>) {
    if old.name != new.name {
        found.push(format!("RENAME TO {}", quote(&new.name)));
    }
    if old.namespace != new.namespace {
        let schema = catalog.namespace(new.namespace).map_or("", |n| &n.name);
        found.push(format!("SET SCHEMA {}", quote(schema)));
    }
    if old.owner != new.owner {
        let role = catalog.role(new.owner).map_or("", |role| &role.name);
        found.push(format!("OWNER TO {}", quote(role)));
    }
    if old.persistence != new.persistence {
        let logged = if new.persistence == Persistence::Unlogged { "UNLOGGED" } else { "LOGGED" };
        found.push(format!("SET {logged}"));
    }
    for (option, value) in &new.options {
        if old.options.get(option) != Some(value) {
            found.push(format!("SET ({option} = '{}')", value.replace('\'', "''")));
        }
    }
    for option in old.options.keys().filter(|option| !new.options.contains_key(*option)) {
        found.push(format!("RESET ({option})"));
    }
    if old.comment != new.comment {
        found.push("COMMENT ON TABLE".to_owned());
    }
    if old.acl != new.acl && old.owner == new.owner {
        found.push("GRANT ON TABLE".to_owned());
    }
}

fn of_column(catalog: &Catalog, old: &Column, new: &Column, found: &mut Vec<String>) {
    if old.dropped {
        return;
    }
    let name = quote(&new.name);
    if new.dropped {
        return found.push(format!("DROP COLUMN {}", quote(&old.name)));
    }
    if old.name != new.name {
        found.push(format!("RENAME COLUMN {} TO {name}", quote(&old.name)));
    }
    let of_type = |c: &Column| (c.type_oid, c.typmod, c.collation);
    let same_type = of_type(old) == of_type(new);
    let mut alter = |what: String| found.push(format!("ALTER COLUMN {name} {what}"));
    if !same_type {
        alter(format!("TYPE {}", type_name(catalog, new)));
    }
    // A new type brings its storage, and the default as a value of it.
    if same_type && old.storage != new.storage {
        alter("SET STORAGE".to_owned());
    }
    if old.generated && !new.generated {
        alter("DROP EXPRESSION".to_owned());
    } else if old.default.is_some() && new.default.is_none() {
        alter("DROP DEFAULT".to_owned());
    } else if same_type && old.default != new.default {
        alter("SET DEFAULT".to_owned());
    }
    match (old.not_null, new.not_null) {
        (false, true) => alter("SET NOT NULL".to_owned()),
        (true, false) => alter("DROP NOT NULL".to_owned()),
        _ => {}
    }
    match (old.identity, new.identity) {
        (None, Some(_)) => alter("ADD GENERATED AS IDENTITY".to_owned()),
        (Some(_), None) => alter("DROP IDENTITY".to_owned()),
        (before, after) if before != after => alter("SET GENERATED".to_owned()),
        _ => {}
    }
    if old.statistics_target != new.statistics_target {
        alter(format!("SET STATISTICS {}", new.statistics_target));
    }
    if old.comment != new.comment {
        found.push(format!("COMMENT ON COLUMN {name}"));
    }
    if old.acl != new.acl {
        found.push(format!("GRANT ON COLUMN {name}"));
    }
}

fn of_constraints(old: &Relation, new: &Relation, found: &mut Vec<String>) {
    let kept: HashSet<Oid> = new.constraints.iter().map(|c| c.oid).collect();
    for gone in old.constraints.iter().filter(|c| !kept.contains(&c.oid)) {
        found.push(format!("DROP CONSTRAINT {}", quote(&gone.name)));
    }
    for constraint in &new.constraints {
        let name = quote(&constraint.name);
        let Some(before) = old.constraints.iter().find(|c| c.oid == constraint.oid) else {
            found.push(format!("ADD CONSTRAINT {name} {}", kind(constraint)));
            continue;
        };
        if before.name != constraint.name {
            found.push(format!("RENAME CONSTRAINT {} TO {name}", quote(&before.name)));
        }
        if !before.validated && constraint.validated {
            found.push(format!("VALIDATE CONSTRAINT {name}"));
        }
        let when = |c: &Constraint| (c.deferrable, c.initially_deferred);
        // A constraint bound again on a column's new type says nothing new.
        if when(before) != when(constraint) {
            found.push(format!("ALTER CONSTRAINT {name}"));
        }
        if before.comment != constraint.comment {
            found.push(format!("COMMENT ON CONSTRAINT {name}"));
        }
    }
}

fn kind(constraint: &Constraint) -> &'static str {
    match constraint.kind {
        ConstraintKind::PrimaryKey { .. } => "PRIMARY KEY",
        ConstraintKind::Unique { .. } => "UNIQUE",
        ConstraintKind::Check { .. } => "CHECK",
        ConstraintKind::ForeignKey(_) => "FOREIGN KEY",
    }
}

fn type_name(catalog: &Catalog, column: &Column) -> String {
    let built_in = format_type(column.type_oid, column.typmod);
    built_in.unwrap_or_else(|| {
        catalog.type_(column.type_oid).map_or_else(String::new, |found| quote(&found.name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::builtin;
    use crate::types::oids;

    /// Any relation will do as a pattern for a user's.
    fn table() -> Relation {
        let catalog = Catalog::empty();
        let pattern = catalog.relation_named(builtin::oid::PG_CATALOG, "pg_am").unwrap();
        Relation { oid: 20_000, version: 1, ..(**pattern).clone() }
    }

    fn changed(change: impl FnOnce(&mut Relation)) -> String {
        let mut new = table();
        change(&mut new);
        changes(&Catalog::empty(), &table(), &new)
    }

    #[test]
    fn a_version_says_what_changed() {
        let first = SchemaVersion::of(&Catalog::empty(), None, &table(), 5);
        assert_eq!((first.version, first.created_at_us, first.column_count), (1, 5, 4));
        assert_eq!(first.changes, "CREATE TABLE");
        assert_eq!(changed(|t| t.name = "New".into()), "RENAME TO \"New\"");
        let widened = changed(|t| {
            t.columns[0].type_oid = oids::INT8;
            t.columns[0].storage = b'x';
        });
        assert_eq!(widened, "ALTER COLUMN oid TYPE bigint");
        let added = changed(|t| {
            let column = Column { attno: 5, name: "v".into(), typmod: 14, ..t.columns[0].clone() };
            t.columns.push(Column { type_oid: oids::VARCHAR, ..column });
            t.columns[1].dropped = true;
        });
        assert_eq!(added, "DROP COLUMN amname, ADD COLUMN v character varying(10)");
        let options = changed(|t| drop(t.options.insert("fillfactor".into(), "70".into())));
        assert_eq!(options, "SET (fillfactor = '70')");
        assert_eq!(changed(|_| {}), "ALTER TABLE");
    }

    #[test]
    fn long_changes_are_cut() {
        let mut new = table();
        for column in &mut new.columns {
            column.name = "ü".repeat(300);
        }
        let version = SchemaVersion::of(&Catalog::empty(), Some(&table()), &new, 0);
        assert!(version.changes.len() <= CHANGES_BYTES_MAX && version.changes.ends_with('…'));
    }
}

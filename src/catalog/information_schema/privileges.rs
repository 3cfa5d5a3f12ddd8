//! table_privileges and column_privileges, and the same as the current role's grants
//! (role_table_grants, role_column_grants): access lists taken apart, a privilege a row.
//!
//! ```text
//! {postgres=ar/postgres,joe=r*/postgres}  → postgres INSERT, postgres SELECT, joe SELECT grantable
//! ```
//!
//! A privilege on a table is one on each of its columns, too.

use super::{Context, Row, catalog_name, text, yes_no};
use crate::catalog::builtin::{self, oid::class};
use crate::catalog::{Catalog, Relation, RelationKind, acl};
use crate::types::{Datum, Oid};
use std::collections::BTreeSet;

const ON_TABLES: [(char, &str); 7] = [
    ('a', "INSERT"),
    ('r', "SELECT"),
    ('w', "UPDATE"),
    ('d', "DELETE"),
    ('D', "TRUNCATE"),
    ('x', "REFERENCES"),
    ('t', "TRIGGER"),
];
/// Those of the above that columns can have.
const ON_COLUMNS: &str = "arwx";

/// One privilege that somebody was given.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Grant {
    grantor: String,
    /// `None`: PUBLIC.
    grantee: Option<String>,
    letter: char,
    grantable: bool,
}

/// table_privileges; `own`: role_table_grants.
pub(super) fn of_tables(cx: &Context<'_>, own: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    for relation in relations(cx) {
        for grant in grants(&list(relation, cx), relation.owner, cx) {
            if grant.is_shown(own, cx) {
                let names = [text(cx.schema_of(relation)), text(&relation.name)];
                let with_hierarchy = yes_no(grant.letter == 'r');
                rows.push(grant.row(names.into(), with_hierarchy, cx));
            }
        }
    }
    rows
}

/// column_privileges; `own`: role_column_grants.
pub(super) fn of_columns(cx: &Context<'_>, own: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    for relation in relations(cx) {
        let of_table = grants(&list(relation, cx), relation.owner, cx);
        for column in relation.live_columns().filter(|c| c.attno > 0) {
            let of_column = grants(column.acl.as_deref().unwrap_or(&[]), relation.owner, cx);
            let all = of_table.iter().cloned().chain(of_column);
            // What is granted on both is one row.
            let all: BTreeSet<Grant> =
                all.filter(|grant| ON_COLUMNS.contains(grant.letter)).collect();
            for grant in all.into_iter().filter(|grant| grant.is_shown(own, cx)) {
                let names = [cx.schema_of(relation), &relation.name, &column.name].map(text);
                let mut row = grant.row(names.into(), Datum::Null, cx);
                row.truncate(row.len() - 1);
                rows.push(row);
            }
        }
    }
    rows
}

/// Tables and views, users' and the system's.
fn relations<'a>(cx: &'a Context<'_>) -> impl Iterator<Item = &'a Relation> {
    let system = builtin::system_relations().iter();
    let system = system.filter_map(|r| cx.catalog.relation(r.oid));
    let all = cx.catalog.relations().chain(system).map(|r| &**r);
    all.filter(|r| matches!(r.kind, RelationKind::Table | RelationKind::View))
}

/// A relation's access list, the default one where it has none.
fn list(relation: &Relation, cx: &Context<'_>) -> Vec<String> {
    let initial = match Catalog::is_system(relation.oid) {
        true => builtin::initial_privileges(relation.oid, class::CLASS).map(acl::items),
        false => None,
    };
    initial.or_else(|| relation.acl.clone()).unwrap_or_else(|| {
        let owner = cx.role_name(relation.owner);
        let letters: String = ON_TABLES.iter().map(|(letter, _)| letter).collect();
        vec![acl::item(Some(&owner), &letters, &owner)]
    })
}

/// The privileges of an access list of a relation with this owner.
fn grants(items: &[String], owner: Oid, cx: &Context<'_>) -> Vec<Grant> {
    let mut all = Vec::new();
    for item in items {
        let (grantee, letters, grantor) = acl::parts(item);
        let role = grantee.as_deref().and_then(|name| cx.catalog.role_named(name));
        let owns = role.is_some_and(|role| acl::has_privileges_of(cx.catalog, role.oid, owner));
        for (at, letter) in letters.char_indices().filter(|(_, letter)| *letter != '*') {
            all.push(Grant {
                grantor: grantor.clone().into_owned(),
                grantee: grantee.as_deref().map(str::to_owned),
                letter,
                grantable: owns || letters[at + 1..].starts_with('*'),
            });
        }
    }
    all
}

impl Grant {
    /// Whether the current role sees it: it gave or has it, or everybody does. `own`: only the
    /// former two.
    fn is_shown(&self, own: bool, cx: &Context<'_>) -> bool {
        let is_own = |name: &str| {
            let role = cx.catalog.role_named(name);
            role.is_some_and(|role| acl::has_privileges_of(cx.catalog, cx.role, role.oid))
        };
        is_own(&self.grantor) || self.grantee.as_deref().map_or(!own, is_own)
    }

    fn row(&self, object: Vec<Datum>, with_hierarchy: Datum, cx: &Context<'_>) -> Row {
        let kind = ON_TABLES.iter().find(|(letter, _)| *letter == self.letter);
        let grantee = self.grantee.as_deref().unwrap_or("PUBLIC");
        let mut row = vec![text(&self.grantor), text(grantee), catalog_name(cx)];
        row.extend(object);
        row.push(text(kind.map_or("", |(_, name)| name)));
        row.extend([yes_no(self.grantable), with_hierarchy]);
        row
    }
}

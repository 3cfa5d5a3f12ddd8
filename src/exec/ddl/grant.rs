//! GRANT and REVOKE on tables and their columns, sequences, schemas and databases.
//!
//! An object without an access list has the default one: everything for its owner, and for PUBLIC
//! what the kind of object gives. The first GRANT or REVOKE writes it down and changes it.

use super::grantor::{Subject, without_orphans};
use super::names::{RelationName, get_namespace};
use super::{DdlContext, database, large_object, lock, role_spec};
use crate::catalog::{Catalog, Change, Database, Namespace, Relation, RelationKind, acl, builtin};
use crate::error::{PgError, Result, code};
use crate::storage::TableLockMode;
use pg_raw_parse::Node;
use pg_raw_parse::list::CastNodeList;
use pg_raw_parse::nodes::{GrantStmt, RangeVar};
use pg_raw_parse::raw::{GrantTargetType, ObjectType, RoleSpecType};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Privilege names and letters (manual, table 5.1).
const PRIVILEGES: [(&str, char); 12] = [
    ("insert", 'a'),
    ("select", 'r'),
    ("update", 'w'),
    ("delete", 'd'),
    ("truncate", 'D'),
    ("references", 'x'),
    ("trigger", 't'),
    ("usage", 'U'),
    ("create", 'C'),
    ("temporary", 'T'),
    ("connect", 'c'),
    ("execute", 'X'),
];

const TABLE_PRIVILEGES: &str = "arwdDxt";
const COLUMN_PRIVILEGES: &str = "arwx";
const SEQUENCE_PRIVILEGES: &str = "rwU";
const SCHEMA_PRIVILEGES: &str = "UC";

pub(super) async fn execute(statement: &GrantStmt, cx: &DdlContext<'_>) -> Result<String> {
    let tag = if statement.is_grant { "GRANT" } else { "REVOKE" };
    let change = Grant::read(statement, cx)?;
    match (statement.targtype, statement.objtype) {
        (
            GrantTargetType::ACL_TARGET_ALL_IN_SCHEMA,
            kind @ (ObjectType::OBJECT_FUNCTION
            | ObjectType::OBJECT_PROCEDURE
            | ObjectType::OBJECT_ROUTINE),
        ) => {
            for schema in names(statement.objects()) {
                let found = get_namespace(&cx.catalog(), schema, cx)?.oid;
                if Catalog::is_system(found) && found != builtin::oid::PUBLIC {
                    return Err(PgError::unsupported(format!("{tag} on functions")));
                }
                super::routine::grant_in_schema(found, kind, &change, cx)?;
            }
        }
        (GrantTargetType::ACL_TARGET_ALL_IN_SCHEMA, kind) => {
            for schema in names(statement.objects()) {
                all_in_schema(schema, kind, &change, cx)?;
            }
        }
        (_, ObjectType::OBJECT_TABLE | ObjectType::OBJECT_SEQUENCE) => {
            let ranges: Vec<&RangeVar> = statement.objects().iter().collect();
            for range in ranges {
                let name = RelationName::of_range(range, cx)?;
                let found = lock::get_named(&name, TableLockMode::AccessShare, cx).await?;
                on_relation(&found, statement.objtype, &change, cx)?;
            }
        }
        (_, ObjectType::OBJECT_SCHEMA) => {
            for name in names(statement.objects()) {
                on_schema(name, &change, cx)?;
            }
        }
        (_, kind @ (ObjectType::OBJECT_TYPE | ObjectType::OBJECT_DOMAIN)) => {
            for object in super::untyped_list::untyped(statement.objects()).iter() {
                super::types::grant(object, kind, &change, cx)?;
            }
        }
        (
            _,
            kind @ (ObjectType::OBJECT_FUNCTION
            | ObjectType::OBJECT_PROCEDURE
            | ObjectType::OBJECT_ROUTINE),
        ) => {
            for object in super::untyped_list::untyped(statement.objects()).iter() {
                super::routine::grant(object, kind, &change, cx)?;
            }
        }
        (_, ObjectType::OBJECT_LARGEOBJECT) => {
            let objects = super::untyped_list::untyped(statement.objects()).iter();
            let objects: Vec<_> = objects.map(large_object::oid).collect::<Result<_>>()?;
            for object in objects {
                large_object::grant(object, &change, cx).await?;
            }
        }
        (_, ObjectType::OBJECT_DATABASE) => {
            for name in names(statement.objects()) {
                on_database(name, &change, cx)?;
            }
        }
        _ => return Err(PgError::unsupported(format!("{tag} on this kind of object"))),
    }
    Ok(tag.to_owned())
}

/// The strings of an object list. The parser's view types it as relations for all kinds of objects,
/// though schemas and databases are strings.
fn names(list: &CastNodeList<RangeVar>) -> Vec<&str> {
    super::untyped_list::untyped(list).iter().filter_map(Node::as_str).collect()
}

/// What a statement changes in each access list.
pub(super) struct Grant {
    pub(super) is_grant: bool,
    /// CASCADE of REVOKE.
    cascade: bool,
    /// Letters, with the grant option's `*` apart; empty: ALL, unless it is about columns only.
    letters: Vec<char>,
    /// Privileges on columns: a letter, or `None` for ALL, and the columns' names.
    on_columns: Vec<(Option<char>, Vec<String>)>,
    /// WITH GRANT OPTION, or GRANT OPTION FOR.
    grant_option: bool,
    /// `None`: PUBLIC.
    grantees: Vec<Option<String>>,
}

impl Grant {
    pub(super) fn read(statement: &GrantStmt, cx: &DdlContext<'_>) -> Result<Grant> {
        let mut letters = Vec::new();
        let mut on_columns = Vec::new();
        for privilege in statement.privileges() {
            let letter = privilege.priv_name().map(letter).transpose()?;
            let columns = privilege.cols().iter().filter_map(|name| name.sval());
            let columns: Vec<String> = columns.map(str::to_owned).collect();
            match letter {
                Some(letter) if columns.is_empty() => letters.push(letter),
                _ => on_columns.push((letter, columns)),
            }
        }
        if !on_columns.is_empty() && statement.objtype != ObjectType::OBJECT_TABLE {
            let message = "column privileges are only valid for relations";
            return Err(PgError::new(code::INVALID_GRANT_OPERATION, message));
        }
        let catalog = cx.catalog();
        let mut grantees = Vec::new();
        for spec in statement.grantees() {
            grantees.push(match spec.roletype {
                RoleSpecType::ROLESPEC_PUBLIC => None,
                _ => Some(acl::role_name(&catalog, role_spec::get(spec, cx)?)),
            });
        }
        if statement.is_grant && statement.grant_option && grantees.contains(&None) {
            let message = "grant options can only be granted to roles";
            return Err(PgError::new(code::INVALID_GRANT_OPERATION, message));
        }
        let (is_grant, grant_option) = (statement.is_grant, statement.grant_option);
        let cascade = super::drop::cascade(statement.behavior);
        Ok(Grant { is_grant, cascade, letters, on_columns, grant_option, grantees })
    }

    /// ALL PRIVILEGES.
    pub(super) fn is_everything(&self) -> bool {
        self.letters.is_empty() && self.on_columns.is_empty()
    }

    /// The letters for a kind of object, in the order that access lists show them.
    pub(super) fn letters_for(&self, all: &str, kind: &str) -> Result<Vec<char>> {
        if let Some(wrong) = self.letters.iter().find(|l| !all.contains(**l)) {
            let name = PRIVILEGES.iter().find(|(_, l)| l == wrong).map_or("", |(n, _)| n);
            let name = name.to_ascii_uppercase();
            let message = format!("invalid privilege type {name} for {kind}");
            return Err(PgError::new(code::INVALID_GRANT_OPERATION, message));
        }
        let wanted = |l: &char| self.is_everything() || self.letters.contains(l);
        Ok(all.chars().filter(wanted).collect())
    }

    /// The access list after the change of what a grantor gives. 2BP01 where others have granted what is
    /// revoked on, and CASCADE was not said.
    pub(super) fn apply(
        &self,
        mut items: Vec<String>,
        grantor: &str,
        owner: &str,
        letters: &[char],
        all: &str,
    ) -> Result<Vec<String>> {
        let mut lost = false;
        for grantee in &self.grantees {
            let at = items.iter().position(|item| {
                let (who, _, by) = acl::parts(item);
                who.as_deref() == grantee.as_deref() && by == grantor
            });
            let before = at.map_or("", |at| acl::parts(&items[at]).1).to_owned();
            let after = self.change(&before, letters, all);
            lost |= before.matches('*').count() > after.matches('*').count();
            let item = acl::item(grantee.as_deref(), &after, grantor);
            match (at, after.is_empty()) {
                (Some(at), true) => {
                    items.remove(at);
                }
                (Some(at), false) => items[at] = item,
                (None, true) => {}
                (None, false) => items.push(item),
            }
        }
        match lost {
            true => without_orphans(items, owner, self.cascade),
            false => Ok(items),
        }
    }

    /// One grantee's privileges after the change.
    fn change(&self, before: &str, letters: &[char], all: &str) -> String {
        let mut out = String::new();
        for letter in all.chars() {
            let mut has = before.contains(letter);
            let mut option = before.contains(&format!("{letter}*"));
            if letters.contains(&letter) {
                match (self.is_grant, self.grant_option) {
                    (true, grants_option) => {
                        has = true;
                        option |= grants_option;
                    }
                    (false, true) => option = false,
                    (false, false) => (has, option) = (false, false),
                }
            }
            if has {
                out.push(letter);
                if option {
                    out.push('*');
                }
            }
        }
        out
    }
}

fn letter(name: &str) -> Result<char> {
    let name = if name == "temp" { "temporary" } else { name };
    PRIVILEGES.iter().find(|(n, _)| *n == name).map(|(_, l)| *l).ok_or_else(|| {
        PgError::new(code::SYNTAX_ERROR, format!("unrecognized privilege type \"{name}\""))
    })
}

fn all_in_schema(
    schema: &str,
    kind: ObjectType::Type,
    change: &Grant,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let catalog = cx.catalog();
    let namespace = get_namespace(&catalog, schema, cx)?;
    let wanted = |r: &&Arc<Relation>| match kind {
        ObjectType::OBJECT_TABLE => r.kind.has_rows() || r.kind == RelationKind::View,
        ObjectType::OBJECT_SEQUENCE => r.kind == RelationKind::Sequence,
        _ => false,
    };
    for relation in catalog.relations_in(namespace.oid).filter(wanted) {
        on_relation(relation, kind, change, cx)?;
    }
    Ok(())
}

fn on_relation(
    relation: &Relation,
    kind: ObjectType::Type,
    change: &Grant,
    cx: &DdlContext<'_>,
) -> Result<()> {
    if relation.kind == RelationKind::Index {
        let message = format!("\"{}\" is an index", relation.name);
        return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
    }
    if kind == ObjectType::OBJECT_SEQUENCE && relation.kind != RelationKind::Sequence {
        let message = format!("\"{}\" is not a sequence", relation.name);
        return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
    }
    if Catalog::is_system(relation.oid) {
        return Err(PgError::unsupported("privileges on a system catalog"));
    }
    let catalog = cx.catalog();
    let (all, name) = match relation.kind {
        RelationKind::Sequence => (SEQUENCE_PRIVILEGES, "sequence"),
        _ => (TABLE_PRIVILEGES, "relation"),
    };
    // USAGE is known for relations, as sequences have it, but tables do not.
    let usage = change.letters.first() == Some(&'U') && name == "relation";
    let letters = change.letters_for(all, if usage { "table" } else { name })?;
    let owner = acl::role_name(&catalog, relation.owner);
    let default = || vec![acl::item(Some(&owner), all, &owner)];
    let items = relation.acl.clone().unwrap_or_else(default);
    let kind = if relation.kind == RelationKind::Sequence { "sequence" } else { "table" };
    let subject =
        Subject { kind, name: &relation.name, owner: relation.owner, items: items.clone(), all };
    let mut changed = relation.clone();
    if !letters.is_empty() {
        let (grantor, letters) = subject.grantor(change, &letters, cx)?;
        if !change.is_grant {
            check_columns(relation, &subject, cx)?;
        }
        changed.acl = Some(change.apply(items, &grantor, &owner, &letters, all)?);
    }
    on_columns(&mut changed, change, &subject, &letters, cx)?;
    cx.catalog.put_relation(changed, cx.txn);
    Ok(())
}

/// Who revokes a table's privileges revokes them on its columns, too, and must have some privilege on
/// each; the first is `tableoid`, where there is one.
fn check_columns(relation: &Relation, table: &Subject<'_>, cx: &DdlContext<'_>) -> Result<()> {
    let role = cx.env.current_role();
    let denied = |items: Vec<String>| {
        let column = Subject { items, all: COLUMN_PRIVILEGES, ..*table };
        !column.has_any(role, cx)
    };
    let name = match relation.kind {
        RelationKind::Sequence => return Ok(()),
        RelationKind::View => relation.live_columns().find(|column| {
            let own = column.acl.iter().flatten();
            denied(table.items.iter().chain(own).cloned().collect())
        }),
        _ if denied(table.items.clone()) => None,
        _ => return Ok(()),
    };
    let name = match (name, relation.kind) {
        (Some(column), _) => column.name.as_str(),
        (None, RelationKind::View) => return Ok(()),
        (None, _) => "tableoid",
    };
    let message =
        format!("permission denied for column \"{name}\" of relation \"{}\"", relation.name);
    Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message))
}

/// Privileges on columns. A table's REVOKE takes them from each column, too.
fn on_columns(
    relation: &mut Relation,
    change: &Grant,
    table: &Subject<'_>,
    of_table: &[char],
    cx: &DdlContext<'_>,
) -> Result<()> {
    let owner = acl::role_name(&cx.catalog(), relation.owner);
    let mut by_column: BTreeMap<usize, Vec<char>> = BTreeMap::new();
    if !change.is_grant {
        let letters = of_table.iter().copied().filter(|l| COLUMN_PRIVILEGES.contains(*l));
        let letters: Vec<char> = letters.collect();
        for (at, column) in relation.columns.iter().enumerate() {
            if column.acl.is_some() && !letters.is_empty() {
                by_column.insert(at, letters.clone());
            }
        }
    }
    for (letter, names) in &change.on_columns {
        if let Some(wrong) = letter.filter(|l| !COLUMN_PRIVILEGES.contains(*l)) {
            let name = PRIVILEGES.iter().find(|(_, l)| *l == wrong).map_or("", |(n, _)| n);
            let name = name.to_ascii_uppercase();
            let message = format!("invalid privilege type {name} for column");
            return Err(PgError::new(code::INVALID_GRANT_OPERATION, message));
        }
        for name in names {
            let at = relation.columns.iter().position(|c| c.name == *name && !c.dropped);
            let at = at.ok_or_else(|| no_column(name, relation))?;
            let letters = by_column.entry(at).or_default();
            match letter {
                Some(letter) => letters.push(*letter),
                None => letters.extend(COLUMN_PRIVILEGES.chars()),
            }
        }
    }
    for (at, letters) in by_column {
        let column = &mut relation.columns[at];
        let items = column.acl.take().unwrap_or_default();
        // Who may grant on the table may grant on its columns.
        let both = table.items.iter().chain(&items).cloned().collect();
        let subject = Subject { items: both, all: COLUMN_PRIVILEGES, ..*table };
        let (grantor, letters) = subject.grantor(change, &letters, cx)?;
        let acl = &mut column.acl;
        let items = change.apply(items, &grantor, &owner, &letters, COLUMN_PRIVILEGES)?;
        *acl = (!items.is_empty()).then_some(items);
    }
    Ok(())
}

fn no_column(name: &str, relation: &Relation) -> PgError {
    let message = format!("column \"{name}\" of relation \"{}\" does not exist", relation.name);
    PgError::new(code::UNDEFINED_COLUMN, message)
}

fn on_schema(name: &str, change: &Grant, cx: &DdlContext<'_>) -> Result<()> {
    let catalog = cx.catalog();
    let found = get_namespace(&catalog, name, cx)?;
    let letters = change.letters_for(SCHEMA_PRIVILEGES, "schema")?;
    let owner = acl::role_name(&catalog, found.owner);
    let all = SCHEMA_PRIVILEGES;
    let default = || vec![acl::item(Some(&owner), all, &owner)];
    let items = found.acl.clone().unwrap_or_else(default);
    let subject = Subject { kind: "schema", name, owner: found.owner, items: items.clone(), all };
    let (grantor, letters) = subject.grantor(change, &letters, cx)?;
    let items = change.apply(items, &grantor, &owner, &letters, all)?;
    super::rename::put_namespace(Namespace { acl: Some(items), ..(**found).clone() }, cx);
    Ok(())
}

fn on_database(name: &str, change: &Grant, cx: &DdlContext<'_>) -> Result<()> {
    let found = database::get(name, cx)?;
    let letters = change.letters_for(database::PRIVILEGES, "database")?;
    let owner = acl::role_name(&cx.catalog(), found.owner);
    let all = database::PRIVILEGES;
    let items = found.acl.clone().unwrap_or_else(|| database::default_acl(&found, cx));
    let subject = Subject { kind: "database", name, owner: found.owner, items: items.clone(), all };
    let (grantor, letters) = subject.grantor(change, &letters, cx)?;
    let items = change.apply(items, &grantor, &owner, &letters, all)?;
    let changed = Database { acl: Some(items), ..(*found).clone() };
    cx.catalog.push(Change::PutDatabase(Arc::new(changed)), cx.txn);
    Ok(())
}

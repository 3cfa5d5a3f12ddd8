//! Access privileges: who may do what (manual, 5.7), and the `has_*_privilege` functions.
//!
//! An access list is a list of `grantee=letters/grantor` items, where a `*` after a letter is its
//! grant option and an empty grantee is PUBLIC. An object without one has its kind's default: all to
//! the owner, and for some kinds something to PUBLIC. A role holds what is granted to it, to PUBLIC,
//! and to roles it is a member of, as far as it inherits; a superuser holds everything.

use super::Env;
use crate::catalog::builtin::{self, oid::class};
use crate::catalog::{Catalog, Column, Function, Namespace, Relation, RelationKind, acl};
use crate::error::{PgError, Result, code};
use crate::nodes::AttrNumber;
use crate::types::Oid;
use std::collections::{BTreeSet, HashSet};

/// The pseudo-role that everyone belongs to.
pub const PUBLIC: Oid = 0;

/// The predefined role that the database's owner is a member of.
const PG_DATABASE_OWNER: Oid = 6171;

/// One kind of privilege wanted: its letter, and whether with grant option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub letter: char,
    pub grant_option: bool,
}

/// What an object's privileges depend on.
pub struct Object {
    pub owner: Oid,
    /// `None`: the default list.
    pub acl: Option<Vec<String>>,
    /// Letters that the default list gives to PUBLIC.
    pub public_default: &'static str,
}

/// Whether a role is a member of another, directly or not, or the same. `inherited`: only by
/// memberships whose privileges are inherited.
pub fn is_member(catalog: &Catalog, role: Oid, of: Oid, inherited: bool) -> bool {
    if role == of {
        return true;
    }
    let (mut seen, mut waiting) = (HashSet::from([role]), vec![role]);
    while let Some(oid) = waiting.pop() {
        let Some(role) = catalog.role(oid) else { continue };
        if inherited && !role.inherit {
            continue;
        }
        let owns = catalog.database(catalog.database_oid()).is_some_and(|d| d.owner == oid);
        let implied = owns.then_some(PG_DATABASE_OWNER);
        for group in role.member_of.keys().copied().chain(implied) {
            if group == of {
                return true;
            }
            if seen.insert(group) {
                waiting.push(group);
            }
        }
    }
    false
}

fn is_superuser(catalog: &Catalog, role: Oid) -> bool {
    catalog.role(role).is_some_and(|role| role.superuser)
}

fn letters_grant(letters: &str, wanted: Wanted) -> bool {
    match letters.split_once(wanted.letter) {
        Some((_, after)) => !wanted.grant_option || after.starts_with('*'),
        None => false,
    }
}

/// Whether `role` holds the privilege on the object.
pub fn holds(catalog: &Catalog, role: Oid, object: &Object, wanted: Wanted) -> bool {
    if is_superuser(catalog, role) {
        return true;
    }
    let inherits = |grantee: Oid| role != PUBLIC && is_member(catalog, role, grantee, true);
    // An owner can always grant its rights, even those it revoked from itself.
    if (wanted.grant_option || object.acl.is_none()) && inherits(object.owner) {
        return true;
    }
    let Some(items) = &object.acl else {
        return letters_grant(object.public_default, wanted);
    };
    items.iter().map(|item| acl::parts(item)).any(|(grantee, letters, _)| {
        let applies = grantee.is_none_or(|grantee| {
            catalog.role_named(&grantee).is_some_and(|grantee| inherits(grantee.oid))
        });
        applies && letters_grant(letters, wanted)
    })
}

/// 42501 unless the current role may look into a schema.
pub fn require_usage(env: &dyn Env, catalog: &Catalog, schema: Oid) -> Result<()> {
    match catalog.namespace(schema) {
        Some(found) if !may_use(catalog, env.current_role(), found) => {
            Err(denied("schema", &found.name))
        }
        _ => Ok(()),
    }
}

/// Whether a role has USAGE on a schema.
pub fn may_use(catalog: &Catalog, role: Oid, schema: &Namespace) -> bool {
    let object = Object { owner: schema.owner, acl: schema.acl.clone(), public_default: "" };
    holds(catalog, role, &object, Wanted { letter: 'U', grant_option: false })
}

/// 42501 unless a role has all of the privileges on a table, view or sequence.
pub fn require_relation(catalog: &Catalog, role: Oid, oid: Oid, letters: &str) -> Result<()> {
    let Some(relation) = catalog.relation(oid) else { return Ok(()) };
    let object = object_of(relation);
    let has = |letter| holds(catalog, role, &object, Wanted { letter, grant_option: false });
    match letters.chars().all(has) {
        true => Ok(()),
        false => Err(relation_denied(relation)),
    }
}

/// 42501 unless a role has one of the privileges on a table, view or sequence.
pub fn require_any(catalog: &Catalog, role: Oid, oid: Oid, letters: &str) -> Result<()> {
    let Some(relation) = catalog.relation(oid) else { return Ok(()) };
    let object = object_of(relation);
    let has = |letter| holds(catalog, role, &object, Wanted { letter, grant_option: false });
    match letters.chars().any(has) {
        true => Ok(()),
        false => Err(relation_denied(relation)),
    }
}

/// 42501 unless a role has the privilege on the relation or on each of the columns; where none are
/// named, one of the relation's columns is enough (manual, GRANT, "Notes").
pub fn require_columns(
    catalog: &Catalog,
    role: Oid,
    oid: Oid,
    letter: char,
    columns: &BTreeSet<AttrNumber>,
) -> Result<()> {
    let Some(relation) = catalog.relation(oid) else { return Ok(()) };
    let wanted = Wanted { letter, grant_option: false };
    if holds(catalog, role, &object_of(relation), wanted) {
        return Ok(());
    }
    let granted = |column: &Column| holds(catalog, role, &column_object(relation, column), wanted);
    let mut live = relation.live_columns();
    let allowed = if columns.is_empty() {
        live.any(granted)
    } else if columns.contains(&0) {
        live.all(granted)
    } else {
        columns.iter().all(|attno| live_column(relation, *attno).is_some_and(granted))
    };
    if allowed { Ok(()) } else { Err(relation_denied(relation)) }
}

/// A column by number.
pub fn live_column(relation: &Relation, attno: AttrNumber) -> Option<&Column> {
    let at = usize::try_from(attno).ok()?.checked_sub(1)?;
    relation.columns.get(at).filter(|column| !column.dropped)
}

/// What is granted on a column alone.
pub fn column_object(relation: &Relation, column: &Column) -> Object {
    let acl = Some(column.acl.clone().unwrap_or_default());
    Object { owner: relation.owner, acl, public_default: "" }
}

fn relation_denied(relation: &Relation) -> PgError {
    let kind = match relation.kind {
        RelationKind::Table => "table",
        RelationKind::View => "view",
        RelationKind::Composite => "type",
        RelationKind::Sequence => "sequence",
        RelationKind::Index => "index",
        RelationKind::MaterializedView => "materialized view",
    };
    denied(kind, &relation.name)
}

fn denied(kind: &str, name: &str) -> PgError {
    let message = format!("permission denied for {kind} {name}");
    PgError::new(code::INSUFFICIENT_PRIVILEGE, message)
}

/// The access list that a built-in object was born with.
fn initial(object: Oid, catalog_class: Oid) -> Option<Vec<String>> {
    let text = builtin::initial_privileges(object, catalog_class)?;
    let items = text.trim_start_matches('{').trim_end_matches('}').split(',');
    Some(items.filter(|item| !item.is_empty()).map(str::to_owned).collect())
}

fn builtin_object(oid: Oid, catalog_class: Oid, public_default: &'static str) -> Object {
    let acl = initial(oid, catalog_class);
    Object { owner: builtin::oid::SUPERUSER, acl, public_default }
}

/// A table, view or sequence. `None`: there is no such relation.
pub fn relation(env: &dyn Env, oid: Oid) -> Option<Object> {
    env.catalog().relation(oid).map(|relation| object_of(relation))
}

fn object_of(relation: &Relation) -> Object {
    let acl = match Catalog::is_system(relation.oid) {
        true => initial(relation.oid, class::CLASS).or_else(|| relation.acl.clone()),
        false => relation.acl.clone(),
    };
    Object { owner: relation.owner, acl, public_default: "" }
}

pub(super) fn sequence(env: &dyn Env, oid: Oid) -> Option<Object> {
    let found = env.catalog().relation(oid)?;
    (found.kind == RelationKind::Sequence).then(|| relation(env, oid)).flatten()
}

pub fn schema(env: &dyn Env, oid: Oid) -> Option<Object> {
    let found = env.catalog().namespace(oid)?;
    Some(Object { owner: found.owner, acl: found.acl.clone(), public_default: "" })
}

pub fn database(env: &dyn Env, oid: Oid) -> Option<Object> {
    let found = env.catalog().database(oid)?;
    Some(Object { owner: found.owner, acl: found.acl.clone(), public_default: "Tc" })
}

pub fn function(env: &dyn Env, oid: Oid) -> Option<Object> {
    if let Some(made) = env.catalog().function(oid) {
        return Some(object_of_function(made));
    }
    builtin::proc(oid)?;
    Some(builtin_object(oid, class::PROC, "X"))
}

fn object_of_function(function: &Function) -> Object {
    Object { owner: function.owner, acl: function.acl.clone(), public_default: "X" }
}

/// 42501 unless a role may call a function that users have made.
pub fn require_function(catalog: &Catalog, role: Oid, oid: Oid) -> Result<()> {
    let Some(function) = catalog.function(oid) else { return Ok(()) };
    let wanted = Wanted { letter: 'X', grant_option: false };
    match holds(catalog, role, &object_of_function(function), wanted) {
        true => Ok(()),
        false => Err(denied(function.kind_name(), &function.proc.name)),
    }
}

pub(super) fn language(_env: &dyn Env, oid: Oid) -> Option<Object> {
    let found = builtin::language(oid)?;
    // Anyone may use a trusted language; an untrusted one only superusers.
    Some(builtin_object(oid, PG_LANGUAGE, if found.trusted { "U" } else { "" }))
}

const PG_LANGUAGE: Oid = 2612;

pub(super) fn type_(env: &dyn Env, oid: Oid) -> Option<Object> {
    let catalog = env.catalog();
    let found = catalog.type_(oid)?;
    // An array type has its element type's privileges.
    if let Some(element) = found.array_element() {
        return type_(env, element);
    }
    if let Some(made) = catalog.user_type(oid) {
        let (owner, acl) = (made.owner, made.acl.clone());
        return Some(Object { owner, acl, public_default: "U" });
    }
    let owner = catalog.relation(found.relation).map(|r| r.owner);
    let owner = owner.unwrap_or(builtin::oid::SUPERUSER);
    Some(Object { owner, acl: None, public_default: "U" })
}

/// 42501 unless the current role may make columns of a type.
pub fn require_type(env: &dyn Env, oid: Oid) -> Result<()> {
    let wanted = Wanted { letter: 'U', grant_option: false };
    match type_(env, oid) {
        Some(object) if !holds(env.catalog(), env.current_role(), &object, wanted) => {
            let catalog = env.catalog();
            let shown = catalog.type_(oid).and_then(|t| t.array_element()).unwrap_or(oid);
            let shown = super::reg::output(env, crate::types::oids::REGTYPE, shown);
            Err(denied("type", &shown))
        }
        _ => Ok(()),
    }
}

pub(super) fn tablespace(_env: &dyn Env, oid: Oid) -> Option<Object> {
    let known = [builtin::oid::DEFAULT_TABLESPACE, builtin::oid::GLOBAL_TABLESPACE];
    let owner = builtin::oid::SUPERUSER;
    known.contains(&oid).then_some(Object { owner, acl: None, public_default: "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grant_options_follow_their_letter() {
        let wanted = |letter, grant_option| Wanted { letter, grant_option };
        assert!(letters_grant("r*w", wanted('w', false)));
        assert!(letters_grant("r*w", wanted('r', true)));
        assert!(!letters_grant("r*w", wanted('w', true)));
    }
}

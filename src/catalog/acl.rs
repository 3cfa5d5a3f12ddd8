//! Access lists: `aclitem`s such as `alice=arwd/postgres`, and what memberships give.
//!
//! An item is `grantee=privileges/grantor`; no grantee is PUBLIC, `*` after a privilege is its
//! grant option (manual, section 5.7). A name with other characters than letters, digits and
//! underscores is in double quotes (`putid` in `acl.c`).

use super::Catalog;
use crate::types::Oid;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The items of an `aclitem[]` in text form whose items need no quotes.
pub fn items(text: &str) -> Vec<String> {
    let inner = text.trim_start_matches('{').trim_end_matches('}');
    inner.split(',').filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// An item; a grantee of `None` is PUBLIC.
pub fn item(grantee: Option<&str>, privileges: &str, grantor: &str) -> String {
    let grantee = grantee.map_or(Cow::Borrowed(""), quoted);
    format!("{grantee}={privileges}/{}", quoted(grantor))
}

fn quoted(name: &str) -> Cow<'_, str> {
    // As for PostgreSQL's isalnum() in a multi-byte encoding, no byte beyond ASCII is a letter.
    match name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        true => Cow::Borrowed(name),
        false => Cow::Owned(format!("\"{}\"", name.replace('"', "\"\""))),
    }
}

/// Grantee (`None`: PUBLIC), privileges and grantor of an item.
pub fn parts(item: &str) -> (Option<Cow<'_, str>>, &str, Cow<'_, str>) {
    let (grantee, rest) = name(item, '=');
    let (privileges, grantor) = rest.split_once('/').unwrap_or((rest, ""));
    (Some(grantee).filter(|g| !g.is_empty()), privileges, name(grantor, '\0').0)
}

/// The name that ends at `end`, and what follows.
fn name(text: &str, end: char) -> (Cow<'_, str>, &str) {
    let Some(inner) = text.strip_prefix('"') else {
        let (name, rest) = text.split_once(end).unwrap_or((text, ""));
        return (Cow::Borrowed(name), rest);
    };
    let mut name = String::new();
    let mut rest = inner;
    while let Some((before, after)) = rest.split_once('"') {
        name.push_str(before);
        let Some(more) = after.strip_prefix('"') else {
            return (Cow::Owned(name), after.strip_prefix(end).unwrap_or(after));
        };
        name.push('"');
        rest = more;
    }
    (Cow::Owned(name + rest), "")
}

/// An access list after its object changed owner: the new one stands in for the old, both as
/// grantee and as grantor, and what becomes the same entry is one (`aclnewowner`).
pub fn with_owner(items: &[String], old: &str, new: &str) -> Vec<String> {
    let swap = |name: Cow<'_, str>| if name == old { new.to_owned() } else { name.into_owned() };
    let mut merged: Vec<(Option<String>, String, String)> = Vec::new();
    for item in items {
        let (grantee, privileges, grantor) = parts(item);
        let (grantee, grantor) = (grantee.map(swap), swap(grantor));
        match merged.iter_mut().find(|(g, _, by)| *g == grantee && *by == grantor) {
            Some((_, had, _)) if had.len() < privileges.len() => *had = privileges.to_owned(),
            Some(_) => {}
            None => merged.push((grantee, privileges.to_owned(), grantor)),
        }
    }
    merged.iter().map(|(g, privileges, by)| item(g.as_deref(), privileges, by)).collect()
}

/// Whether a role may do what a privilege letter stands for, itself, by membership or as PUBLIC.
pub fn allows(catalog: &Catalog, items: &[String], role: Oid, privilege: char) -> bool {
    let is_superuser = catalog.role(role).is_some_and(|r| r.superuser);
    is_superuser
        || items.iter().any(|item| {
            let (grantee, privileges, _) = parts(item);
            let reaches = match grantee {
                None => true,
                Some(name) => catalog
                    .role_named(&name)
                    .is_some_and(|g| has_privileges_of(catalog, role, g.oid)),
            };
            reaches && privileges.contains(privilege)
        })
}

/// Whether `role` is `other`, a superuser, or inherits from it (`has_privs_of_role`).
pub fn has_privileges_of(catalog: &Catalog, role: Oid, other: Oid) -> bool {
    let is_superuser = catalog.role(role).is_some_and(|r| r.superuser);
    is_superuser || reachable(catalog, role, true).contains(&other)
}

/// Whether `role` is a member of `other`, inheriting or not (`is_member_of_role`).
pub fn is_member_of(catalog: &Catalog, role: Oid, other: Oid) -> bool {
    let is_superuser = catalog.role(role).is_some_and(|r| r.superuser);
    is_superuser || reachable(catalog, role, false).contains(&other)
}

/// A role and all it is a member of. The database's owner is a member of `pg_database_owner`.
fn reachable(catalog: &Catalog, role: Oid, inheriting: bool) -> BTreeSet<Oid> {
    let mut seen = BTreeSet::from([role]);
    let mut queue = vec![role];
    while let Some(next) = queue.pop() {
        let Some(role) = catalog.role(next) else { continue };
        if inheriting && !role.inherit {
            continue;
        }
        let owner = catalog.database(catalog.database_oid()).is_some_and(|d| d.owner == next);
        let implied = owner.then_some(DATABASE_OWNER);
        let found = role.member_of.keys().copied().chain(implied);
        queue.extend(found.filter(|oid| seen.insert(*oid)));
    }
    seen
}

/// `pg_database_owner`.
pub const DATABASE_OWNER: Oid = 6171;

/// A role's name; its OID where it is gone.
pub fn role_name(catalog: &Catalog, role: Oid) -> String {
    catalog.role(role).map_or_else(|| role.to_string(), |r| r.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_owner_stands_in_for_the_old() {
        let before = ["postgres=arwdDxt/postgres", "joe=r/postgres", "=r/postgres"];
        let before: Vec<String> = before.map(str::to_owned).to_vec();
        let after = with_owner(&before, "postgres", "joe");
        assert_eq!(after, ["joe=arwdDxt/joe", "=r/joe"]);
    }

    #[test]
    fn items_come_apart() {
        let assert_parts = |text: &str, grantee: Option<&str>, privileges: &str, grantor: &str| {
            assert_eq!(parts(text), (grantee.map(Cow::Borrowed), privileges, grantor.into()));
            assert_eq!(item(grantee, privileges, grantor), text);
        };
        assert_parts("alice=r*w/bob", Some("alice"), "r*w", "bob");
        assert_parts("=U/postgres", None, "U", "postgres");
        assert_parts("\"a\"\"b=c\"=r/\"d-e\"", Some("a\"b=c"), "r", "d-e");
        assert_eq!(parts("d-e=r/d-e"), (Some("d-e".into()), "r", "d-e".into()));
    }
}

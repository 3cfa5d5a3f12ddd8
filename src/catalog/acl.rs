//! Access lists: `aclitem`s such as `alice=arwd/postgres`, and what memberships give.
//!
//! An item is `grantee=privileges/grantor`; no grantee is PUBLIC, `*` after a privilege is its
//! grant option (manual, section 5.7).

use super::Catalog;
use crate::types::Oid;
use std::collections::BTreeSet;

/// The items of an `aclitem[]` in text form whose items need no quotes.
pub fn items(text: &str) -> Vec<String> {
    let inner = text.trim_start_matches('{').trim_end_matches('}');
    inner.split(',').filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// Grantee (`None`: PUBLIC), privileges and grantor of an item.
pub fn parts(item: &str) -> (Option<&str>, &str, &str) {
    let (grantee, rest) = item.rsplit_once('=').unwrap_or(("", item));
    let (privileges, grantor) = rest.split_once('/').unwrap_or((rest, ""));
    let grantee = grantee.trim_matches('"');
    (Some(grantee).filter(|g| !g.is_empty()), privileges, grantor.trim_matches('"'))
}

/// An access list after its object changed owner: the new one stands in for the old, both as
/// grantee and as grantor, and what becomes the same entry is one (`aclnewowner`).
pub fn with_owner(items: &[String], old: &str, new: &str) -> Vec<String> {
    let swap = |name: &str| if name == old { new.to_owned() } else { name.to_owned() };
    let mut merged: Vec<(String, String, String)> = Vec::new();
    for item in items {
        let (grantee, privileges, grantor) = parts(item);
        let (grantee, grantor) = (grantee.map(swap).unwrap_or_default(), swap(grantor));
        match merged.iter_mut().find(|(g, _, by)| *g == grantee && *by == grantor) {
            Some((_, had, _)) if had.len() < privileges.len() => *had = privileges.to_owned(),
            Some(_) => {}
            None => merged.push((grantee, privileges.to_owned(), grantor)),
        }
    }
    merged.into_iter().map(|(g, privileges, by)| format!("{g}={privileges}/{by}")).collect()
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
                    .role_named(name)
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
        assert_eq!(parts("alice=r*w/bob"), (Some("alice"), "r*w", "bob"));
        assert_eq!(parts("=U/postgres"), (None, "U", "postgres"));
    }
}

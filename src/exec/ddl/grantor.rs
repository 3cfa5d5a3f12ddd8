//! Who a privilege comes from, and how much of it they can give (`select_best_grantor`,
//! `restrict_and_check_grant` in `aclchk.c`).
//!
//! The owner, and superusers in its name, may grant and revoke everything; others what they hold with
//! grant option, themselves or by a role they inherit from, which then is the grantor.

use super::DdlContext;
use super::grant::Grant;
use crate::catalog::acl;
use crate::error::{PgError, Result, code};
use crate::functions::privileges::{Object, Wanted, holds};
use crate::types::Oid;

/// What privileges are granted on.
pub(super) struct Subject<'a> {
    /// `table`, `sequence`, `schema`, … in errors.
    pub kind: &'static str,
    pub name: &'a str,
    pub owner: Oid,
    /// The access list, what is implied written out.
    pub items: Vec<String>,
    /// All privileges of the kind.
    pub all: &'static str,
}

impl Subject<'_> {
    /// The grantor, and which of the letters it can grant or revoke; a WARNING where that is not all
    /// of them, 42501 where the current role has no privilege at all.
    pub fn grantor(
        &self,
        change: &Grant,
        letters: &[char],
        cx: &DdlContext<'_>,
    ) -> Result<(String, Vec<char>)> {
        let catalog = cx.catalog();
        let role = cx.env.current_role();
        if acl::has_privileges_of(&catalog, role, self.owner) {
            return Ok((acl::role_name(&catalog, self.owner), letters.to_vec()));
        }
        let mut best = (acl::role_name(&catalog, role), Vec::new());
        for item in &self.items {
            let (Some(grantee), held, _) = acl::parts(item) else { continue };
            let reaches = catalog
                .role_named(&grantee)
                .is_some_and(|grantee| acl::has_privileges_of(&catalog, role, grantee.oid));
            let can = |letter: &&char| held.contains(&format!("{letter}*"));
            let can: Vec<char> = letters.iter().filter(can).copied().collect();
            if reaches && can.len() > best.1.len() {
                best = (grantee.into_owned(), can);
            }
        }
        if best.1.is_empty() && !self.has_any(role, cx) {
            let message = format!("permission denied for {} {}", self.kind, self.name);
            return Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message));
        }
        self.warn(change, letters, &best.1, cx);
        Ok(best)
    }

    /// Whether a role owns it or has a privilege on it.
    pub fn has_any(&self, role: Oid, cx: &DdlContext<'_>) -> bool {
        if acl::has_privileges_of(&cx.catalog(), role, self.owner) {
            return true;
        }
        let object =
            Object { owner: self.owner, acl: Some(self.items.clone()), public_default: "" };
        let has =
            |letter| holds(&cx.catalog(), role, &object, Wanted { letter, grant_option: false });
        self.all.chars().any(has)
    }

    fn warn(&self, change: &Grant, wanted: &[char], can: &[char], cx: &DdlContext<'_>) {
        let (code, done) = match change.is_grant {
            true => (code::WARNING_PRIVILEGE_NOT_GRANTED, "were granted"),
            false => (code::WARNING_PRIVILEGE_NOT_REVOKED, "could be revoked"),
        };
        let how_many = match can.len() {
            0 => "no privileges",
            some if some < wanted.len() && !change.is_everything() => "not all privileges",
            _ => return,
        };
        (cx.notice)(PgError::new(code, format!("{how_many} {done} for \"{}\"", self.name)));
    }
}

/// Takes out of a list what was granted by those who may not grant it any more; without CASCADE that is
/// an error (`recursive_revoke`).
pub(super) fn without_orphans(
    mut items: Vec<String>,
    owner: &str,
    cascade: bool,
) -> Result<Vec<String>> {
    loop {
        let may_grant = |by: &str, letter: char| {
            by == owner
                || items.iter().any(|item| {
                    let (grantee, letters, _) = acl::parts(item);
                    grantee.as_deref() == Some(by) && letters.contains(&format!("{letter}*"))
                })
        };
        let orphan = items.iter().enumerate().find_map(|(at, item)| {
            let (_, letters, by) = acl::parts(item);
            let lost = letters.chars().find(|l| *l != '*' && !may_grant(&by, *l))?;
            Some((at, lost))
        });
        let Some((at, letter)) = orphan else { return Ok(items) };
        if !cascade {
            let message = "dependent privileges exist";
            return Err(PgError::new(code::DEPENDENT_OBJECTS_STILL_EXIST, message)
                .hint("Use CASCADE to revoke them too."));
        }
        let (grantee, letters, by) = acl::parts(&items[at]);
        let rest = letters.replacen(&format!("{letter}*"), "", 1).replacen(letter, "", 1);
        let item = acl::item(grantee.as_deref(), &rest, &by);
        match rest.is_empty() {
            true => drop(items.remove(at)),
            false => items[at] = item,
        }
    }
}

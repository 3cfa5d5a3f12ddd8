//! What ALTER DEFAULT PRIVILEGES says: the access lists that new objects get (pg_default_acl).
//!
//! A list is of one role's new objects of one kind, everywhere or in one schema. The former takes the
//! place of the kind's own default, the latter adds to that (`get_user_default_acl`).

use super::acl::{item, parts, role_name};
use super::{Catalog, acl};
use crate::types::Oid;
use serde::{Deserialize, Serialize};

/// A row of pg_default_acl.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DefaultAcl {
    pub oid: Oid,
    /// Whose objects.
    pub role: Oid,
    /// Where they are made; 0: anywhere.
    pub namespace: Oid,
    pub kind: DefaultAclKind,
    pub acl: Vec<String>,
}

/// `defaclobjtype`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DefaultAclKind {
    /// Tables, views and materialized views.
    Relation,
    Sequence,
    Function,
    Type,
    Schema,
}

impl DefaultAclKind {
    pub fn letter(self) -> u8 {
        match self {
            DefaultAclKind::Relation => b'r',
            DefaultAclKind::Sequence => b'S',
            DefaultAclKind::Function => b'f',
            DefaultAclKind::Type => b'T',
            DefaultAclKind::Schema => b'n',
        }
    }

    /// All privileges of the kind, in the order that access lists show them.
    pub fn all(self) -> &'static str {
        match self {
            DefaultAclKind::Relation => "arwdDxt",
            DefaultAclKind::Sequence => "rwU",
            DefaultAclKind::Function => "X",
            DefaultAclKind::Type => "U",
            DefaultAclKind::Schema => "UC",
        }
    }

    /// The kind's plural in messages: "default privileges on new relations …".
    pub fn plural(self) -> &'static str {
        match self {
            DefaultAclKind::Relation => "relations",
            DefaultAclKind::Sequence => "sequences",
            DefaultAclKind::Function => "functions",
            DefaultAclKind::Type => "types",
            DefaultAclKind::Schema => "schemas",
        }
    }

    /// The access list of an object that has none (`acldefault`).
    pub fn implied(self, owner: &str) -> Vec<String> {
        let all = self.all();
        let own = item(Some(owner), all, owner);
        match self {
            DefaultAclKind::Function | DefaultAclKind::Type => vec![item(None, all, owner), own],
            _ => vec![own],
        }
    }
}

impl Catalog {
    /// The access list of a role's new object; `None`: what the kind of object implies.
    pub fn default_acl(
        &self,
        kind: DefaultAclKind,
        owner: Oid,
        namespace: Oid,
    ) -> Option<Vec<String>> {
        let of = |namespace| {
            self.default_acls()
                .find(|d| (d.role, d.namespace, d.kind) == (owner, namespace, kind))
                .map(|found| found.acl.clone())
        };
        let in_schema = (namespace != 0).then(|| of(namespace)).flatten();
        let everywhere = of(0);
        if everywhere.is_none() && in_schema.is_none() {
            return None;
        }
        let implied = kind.implied(&role_name(self, owner));
        let mut items = everywhere.unwrap_or_else(|| implied.clone());
        for more in in_schema.iter().flatten() {
            add(&mut items, more, kind.all());
        }
        let items = self.sorted_acl(items);
        (items != self.sorted_acl(implied)).then_some(items)
    }

    /// By grantee, PUBLIC first, then by grantor, as `aclitemsort` has them.
    pub fn sorted_acl(&self, mut items: Vec<String>) -> Vec<String> {
        let oid = |name: &str| self.role_named(name).map_or(0, |role| role.oid);
        items.sort_by_key(|item| {
            let (grantee, _, grantor) = parts(item);
            (grantee.map_or(0, |name| oid(&name)), oid(&grantor))
        });
        items
    }
}

/// Adds an item's privileges to a list.
fn add(items: &mut Vec<String>, more: &str, all: &str) {
    let (grantee, letters, grantor) = parts(more);
    let same = |has: &&mut String| {
        let (who, _, by) = parts(has);
        (who, by) == (grantee.clone(), grantor.clone())
    };
    let Some(found) = items.iter_mut().find(same) else {
        items.push(more.to_owned());
        return;
    };
    let (_, had, _) = parts(found);
    let mut both = String::new();
    for letter in all.chars() {
        if had.contains(letter) || letters.contains(letter) {
            both.push(letter);
        }
        let option = format!("{letter}*");
        if had.contains(&option) || letters.contains(&option) {
            both.push('*');
        }
    }
    *found = acl::item(grantee.as_deref(), &both, &grantor);
}

//! Extensions that are installed in a database.
//!
//! What an extension is made of are rows of the program ([`builtin::extensions`]); installed means that the
//! catalog has a record of it, which says in which schema its members are. Rows name the schema by the
//! extension's own number for it, and [`Catalog::schema_of`] tells which one that is:
//!
//! ```text
//! CREATE EXTENSION hstore SCHEMA s    record: hstore, OID 16400, in s
//!   builtin::type_(2000000002)        hstore, in 2000000001
//!   schema_of(2000000001)             s; 0 where it is not installed
//!   type_named(s, "hstore")           2000000002, in s
//! ```
//!
//! So names find members only where the extension is installed, and only in its schema.

use super::Catalog;
use super::builtin::{self, OpClass, Type};
use crate::types::Oid;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;

/// A row of pg_extension.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extension {
    pub oid: Oid,
    pub name: String,
    pub owner: Oid,
    /// Whose its members are: its owner's, or the first superuser's where that is not one.
    pub members_owner: Oid,
    pub namespace: Oid,
    pub version: String,
    pub comment: Option<String>,
}

impl Extension {
    /// What it is made of.
    pub fn facts(&self) -> &'static builtin::Extension {
        builtin::extension_named(&self.name).expect("only what there is gets installed")
    }
}

impl Catalog {
    pub fn extension(&self, oid: Oid) -> Option<&Arc<Extension>> {
        self.extensions().find(|extension| extension.oid == oid)
    }

    pub fn extension_named(&self, name: &str) -> Option<&Arc<Extension>> {
        self.extensions().find(|extension| extension.name == name)
    }

    /// The installed extension that an object of this OID is a member of.
    pub fn extension_of_member(&self, oid: Oid) -> Option<&Arc<Extension>> {
        let facts = builtin::extension_of(oid)?;
        self.extensions().find(|extension| extension.name == facts.name)
    }

    /// Whether one of PostgreSQL's own objects is in this database: extensions' are where they are
    /// installed.
    pub(super) fn is_there(&self, oid: Oid) -> bool {
        !builtin::is_member(oid) || self.extension_of_member(oid).is_some()
    }

    /// The schema that a row of the program names; 0 for that of an extension that is not installed.
    pub fn schema_of(&self, namespace: Oid) -> Oid {
        match builtin::is_member(namespace) {
            true => self.extension_of_member(namespace).map_or(0, |e| e.namespace),
            false => namespace,
        }
    }

    /// Whether nothing that happens in a database takes away an object: it is PostgreSQL's own and no
    /// extension's.
    pub fn is_pinned(oid: Oid) -> bool {
        Catalog::is_system(oid) && !builtin::is_member(oid)
    }

    /// A type of the program as it is in this database.
    pub(super) fn placed(&self, found: &'static Type) -> Option<Cow<'static, Type>> {
        match (builtin::is_member(found.oid), self.schema_of(found.namespace)) {
            (false, _) => Some(Cow::Borrowed(found)),
            (true, 0) => None,
            (true, namespace) => Some(Cow::Owned(Type { namespace, ..found.clone() })),
        }
    }

    fn extensions_in(&self, namespace: Oid) -> impl Iterator<Item = &'static builtin::Extension> {
        self.extensions().filter(move |e| e.namespace == namespace).map(|e| e.facts())
    }

    pub(super) fn member_type_named(&self, namespace: Oid, name: &str) -> Option<&'static Type> {
        self.extensions_in(namespace).find_map(|e| builtin::member_type_named(e, name))
    }

    /// An extension's operator class of this name in one of these schemas.
    pub fn member_opclass_named(
        &self,
        schemas: &[Oid],
        method: Oid,
        name: &str,
    ) -> Option<&'static OpClass> {
        let mut extensions = schemas.iter().flat_map(|schema| self.extensions_in(*schema));
        extensions.find_map(|e| builtin::member_opclass_named(e, method, name))
    }
}

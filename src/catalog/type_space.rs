//! The types that users made in one database.

use super::space::HashMap;
use super::user_type::UserType;
use crate::types::Oid;
use imbl::OrdMap;
use std::sync::Arc;

/// Types by OID, by name, by their array types' OIDs and names, and by their CHECKs.
#[derive(Clone, Debug, Default)]
pub(super) struct TypeSpace {
    types: OrdMap<Oid, Arc<UserType>>,
    /// Array type to element type.
    arrays: HashMap<Oid, Oid>,
    /// CHECK of a domain to the domain.
    checks: HashMap<Oid, Oid>,
    /// Namespace, then name, of types and of array types.
    names: HashMap<Oid, HashMap<Arc<str>, Oid>>,
}

impl TypeSpace {
    pub fn get(&self, oid: Oid) -> Option<&Arc<UserType>> {
        self.types.get(&oid)
    }

    /// The type that an array type is over.
    pub fn element(&self, array: Oid) -> Option<&Arc<UserType>> {
        self.get(*self.arrays.get(&array)?)
    }

    /// The domain that has a CHECK.
    pub fn of_check(&self, check: Oid) -> Option<&Arc<UserType>> {
        self.get(*self.checks.get(&check)?)
    }

    /// The OID of the type, or array type, of this name.
    pub fn named(&self, namespace: Oid, name: &str) -> Option<Oid> {
        self.names.get(&namespace)?.get(name).copied()
    }

    /// In OID order.
    pub fn all(&self) -> impl Iterator<Item = &Arc<UserType>> {
        self.types.values()
    }

    /// Adds or replaces a type.
    pub fn put(&mut self, found: Arc<UserType>) {
        self.remove(found.oid);
        let names = self.names.entry(found.namespace).or_default();
        names.insert(found.name.as_str().into(), found.oid);
        names.insert(found.array_name.as_str().into(), found.array);
        self.arrays.insert(found.array, found.oid);
        self.checks.extend(checks(&found).map(|check| (check, found.oid)));
        self.types.insert(found.oid, found);
    }

    /// Takes a type out; gives it.
    pub fn remove(&mut self, oid: Oid) -> Option<Arc<UserType>> {
        let old = self.types.remove(&oid)?;
        self.arrays.remove(&old.array);
        for check in checks(&old) {
            self.checks.remove(&check);
        }
        if let Some(names) = self.names.get_mut(&old.namespace) {
            for (name, oid) in [(&old.name, old.oid), (&old.array_name, old.array)] {
                if names.get(name.as_str()) == Some(&oid) {
                    names.remove(name.as_str());
                }
            }
            if names.is_empty() {
                self.names.remove(&old.namespace);
            }
        }
        Some(old)
    }
}

fn checks(found: &UserType) -> impl Iterator<Item = Oid> {
    found.domain().into_iter().flat_map(|domain| domain.checks.iter().map(|check| check.oid))
}

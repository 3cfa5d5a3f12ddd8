//! The types that users made in one database.

use super::user_type::UserType;
use crate::types::Oid;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Types by OID, by name, and by their array types' OIDs and names.
#[derive(Clone, Debug, Default)]
pub(super) struct TypeSpace {
    types: BTreeMap<Oid, Arc<UserType>>,
    /// Array type to element type.
    arrays: HashMap<Oid, Oid>,
    /// Namespace, then name, of types and of array types.
    names: HashMap<Oid, HashMap<String, Oid>>,
}

impl TypeSpace {
    pub fn get(&self, oid: Oid) -> Option<&Arc<UserType>> {
        self.types.get(&oid)
    }

    /// The type that an array type is over.
    pub fn element(&self, array: Oid) -> Option<&Arc<UserType>> {
        self.get(*self.arrays.get(&array)?)
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
        names.insert(found.name.clone(), found.oid);
        names.insert(found.array_name.clone(), found.array);
        self.arrays.insert(found.array, found.oid);
        self.types.insert(found.oid, found);
    }

    pub fn remove(&mut self, oid: Oid) {
        let Some(old) = self.types.remove(&oid) else { return };
        self.arrays.remove(&old.array);
        let Some(names) = self.names.get_mut(&old.namespace) else { return };
        for (name, oid) in [(&old.name, old.oid), (&old.array_name, old.array)] {
            if names.get(name) == Some(&oid) {
                names.remove(name);
            }
        }
    }
}

//! Plans by statement text.
//!
//! A plan depends on the text and on everything that binding and planning looked at: parameter
//! types, search path, role, and the catalog's version. All are in the key, so nothing is ever
//! invalidated; stale entries age out.

use crate::types::Oid;
use quick_cache::sync::Cache;
use std::sync::Arc;

/// What a plan was made from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PlanKey {
    pub text: Arc<str>,
    pub param_types: Arc<[Oid]>,
    pub search_path: Arc<[Oid]>,
    pub role: Oid,
    /// The connected database: the catalog is shared by all.
    pub database: Oid,
    pub catalog_version: u64,
    /// [`Catalog::names_version`](crate::catalog::Catalog::names_version).
    pub names_version: u64,
    /// Settings by which values are read and written, and the search path as written, where they are
    /// not the defaults.
    pub formats: Arc<str>,
    /// The parameters stand for numbers that the client wrote into the text.
    pub template: bool,
}

impl PlanKey {
    /// The key of a plan of system relations, which outlasts most versions of the catalog.
    pub fn of_system(&self) -> PlanKey {
        PlanKey { catalog_version: self.names_version, ..self.clone() }
    }
}

/// A server-wide cache of plans, with what the session knows about each.
pub struct PlanCache<T>(Cache<PlanKey, T>);

impl<T: Clone> PlanCache<T> {
    /// A cache of at most about `plans_max` plans.
    pub fn new(plans_max: usize) -> PlanCache<T> {
        PlanCache(Cache::new(plans_max))
    }

    pub fn get(&self, key: &PlanKey) -> Option<T> {
        self.0.get(key)
    }

    pub fn insert(&self, key: PlanKey, plan: T) {
        self.0.insert(key, plan);
    }
}

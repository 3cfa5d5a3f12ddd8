//! Casts that users make, and those that come with range types.

use super::Catalog;
use super::builtin::{self, Cast};
use serde::{Deserialize, Serialize};

/// A row of pg_cast with what hangs on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserCast {
    #[serde(flatten)]
    pub cast: Cast,
    pub comment: Option<String>,
}

impl UserCast {
    /// Whether it came with a range type, to its multirange type, and goes with it only.
    pub fn is_of_range(&self, catalog: &Catalog) -> bool {
        catalog.multirange_of(self.cast.source) == Some(self.cast.target)
    }
}

impl Catalog {
    /// The pg_cast row from one type to another, PostgreSQL's own or a user's.
    pub fn cast(&self, source: u32, target: u32) -> Option<&Cast> {
        let made = || self.user_cast(source, target).map(|made| &made.cast);
        builtin::cast(source, target).or_else(made)
    }
}

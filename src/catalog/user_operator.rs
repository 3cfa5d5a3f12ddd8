//! Operators that users make.

use super::Catalog;
use super::builtin::{self, Operator};
use crate::types::Oid;
use serde::{Deserialize, Serialize};

/// A row of pg_operator with what hangs on it.
///
/// An operator that another one names as its commutator or negator before it exists is a *shell*: it has
/// a name and operand types, and neither function nor result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserOperator {
    #[serde(flatten)]
    pub operator: Operator,
    pub owner: Oid,
    /// Selectivity estimators, which are shown.
    pub restrict: Oid,
    pub join: Oid,
    pub comment: Option<String>,
}

impl UserOperator {
    pub fn is_shell(&self) -> bool {
        self.operator.proc == 0
    }
}

impl Catalog {
    /// The operator with this OID, PostgreSQL's own, an extension's or a user's.
    pub fn operator(&self, oid: Oid) -> Option<&Operator> {
        match Catalog::is_system(oid) {
            true => builtin::operator(oid),
            false => self.user_operator(oid).map(|made| &made.operator),
        }
    }

    /// All operators of this name, in any schema.
    pub fn operators_named<'c>(
        &'c self,
        name: &str,
    ) -> impl Iterator<Item = &'c Operator> + use<'c> {
        let mut found: Vec<&Operator> = builtin::operators_named(name).collect();
        for extension in self.extensions() {
            found.extend(builtin::member_operators_named(extension.facts(), name));
        }
        let made = self.user_operators().map(|made| &made.operator);
        let made: Vec<&Operator> = made.filter(|operator| operator.name == name).collect();
        found.into_iter().chain(made)
    }

    /// The operator of this name with exactly these operand types that comes first in a search path;
    /// `left` 0 for a prefix operator.
    pub fn operator_in_path(
        &self,
        path: &[Oid],
        name: &str,
        left: Oid,
        right: Oid,
    ) -> Option<&Operator> {
        let place = |o: &&Operator| {
            let namespace = self.schema_of(o.namespace);
            path.iter().position(|schema| *schema == namespace)
        };
        let same = self.operators_named(name).filter(|o| o.left == left && o.right == right);
        same.filter(|operator| place(operator).is_some()).min_by_key(place)
    }
}

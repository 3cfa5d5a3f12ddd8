//! `pg_operator`.

use super::data::Reader;
use super::extensions::Extension;
use super::table::{Row, Table};
use crate::types::Oid;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::LazyLock;

/// A row of pg_operator; of an operator that users make, too. Of those in the program, what is not an
/// extension's is in pg_catalog.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operator {
    pub oid: Oid,
    /// Embedded in the program, or a user's.
    pub name: Cow<'static, str>,
    pub namespace: Oid,
    /// 0 for a prefix operator.
    pub left: Oid,
    pub right: Oid,
    pub result: Oid,
    /// The pg_proc row that computes it.
    pub proc: Oid,
    /// `b OP' a` equals `a OP b`; 0 if there is none.
    pub commutator: Oid,
    /// `NOT (a OP b)`; 0 if there is none.
    pub negator: Oid,
    pub can_merge: bool,
    pub can_hash: bool,
}

impl Row for Operator {
    const FILE: &'static str = "pg_operator";

    fn read(r: &Reader) -> Operator {
        Operator {
            oid: r.oid("oid"),
            name: Cow::Borrowed(r.text("oprname")),
            namespace: r.oid("oprnamespace"),
            left: r.oid("oprleft"),
            right: r.oid("oprright"),
            result: r.oid("oprresult"),
            proc: r.oid("oprcode"),
            commutator: r.oid("oprcom"),
            negator: r.oid("oprnegate"),
            can_merge: r.bool("oprcanmerge"),
            can_hash: r.bool("oprcanhash"),
        }
    }

    fn oid(&self) -> Oid {
        self.oid
    }

    fn name(&self) -> &str {
        &self.name
    }
}

static OPERATORS: LazyLock<Table<Operator>> = LazyLock::new(Table::load);

/// The operator with this OID.
pub fn operator(oid: Oid) -> Option<&'static Operator> {
    OPERATORS.get(oid)
}

/// PostgreSQL's own operators of this name, prefix ones (`left == 0`) among them, in OID order.
pub fn operators_named(name: &str) -> impl Iterator<Item = &'static Operator> {
    OPERATORS.named(name)
}

/// An extension's operators of this name.
pub fn member_operators_named(
    extension: &'static Extension,
    name: &str,
) -> impl Iterator<Item = &'static Operator> {
    OPERATORS.members_named(extension, name)
}

/// The operator of PostgreSQL's own with exactly these operand types; `left` 0 for a prefix operator.
pub fn operator_by_signature(name: &str, left: Oid, right: Oid) -> Option<&'static Operator> {
    operators_named(name).find(|o| o.left == left && o.right == right)
}

/// All operators.
pub fn operators() -> &'static [Operator] {
    &OPERATORS.rows
}

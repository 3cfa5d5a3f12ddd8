//! Row security of a table: its policies, and whom they concern (manual, 5.8).
//!
//! A policy says which rows roles may see or change (USING), and which rows they may write (WITH
//! CHECK). They bind nobody until the table has row security enabled, then all but superusers, roles
//! with BYPASSRLS and, unless it is forced, the table's owner. What they say is made part of each
//! query when it is planned (`exec/plan/policy.rs`).

use super::{Catalog, Relation, acl};
use crate::nodes::{CommandType, Expr, FromItem, Query, RangeEntry, RangeSource, TargetEntry};
use crate::types::Oid;
use serde::{Deserialize, Serialize};

/// `relrowsecurity`, `relforcerowsecurity`, and the policies, in OID order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RowSecurity {
    pub enabled: bool,
    /// The owner is bound, too.
    pub forced: bool,
    pub policies: Vec<Policy>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    pub oid: Oid,
    pub name: String,
    pub command: PolicyCommand,
    /// One permissive policy must let a row pass, and all that are restrictive.
    pub permissive: bool,
    /// 0: PUBLIC, alone then.
    pub roles: Vec<Oid>,
    /// Conditions on the table's row as range table entry 1.
    pub using: Option<Expr>,
    pub check: Option<Expr>,
    pub comment: Option<String>,
}

/// What a policy is FOR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PolicyCommand {
    All,
    Select,
    Insert,
    Update,
    Delete,
}

impl PolicyCommand {
    /// `polcmd`.
    pub fn letter(self) -> u8 {
        match self {
            PolicyCommand::All => b'*',
            PolicyCommand::Select => b'r',
            PolicyCommand::Insert => b'a',
            PolicyCommand::Update => b'w',
            PolicyCommand::Delete => b'd',
        }
    }
}

impl RowSecurity {
    pub fn is_default(&self) -> bool {
        *self == RowSecurity::default()
    }
}

impl Policy {
    /// Whether it is about a command and speaks to a role.
    pub fn concerns(&self, catalog: &Catalog, command: PolicyCommand, role: Oid) -> bool {
        let to = |granted: &Oid| *granted == 0 || acl::has_privileges_of(catalog, role, *granted);
        (self.command == PolicyCommand::All || self.command == command) && self.roles.iter().any(to)
    }

    /// Its conditions as a query over its table, for what looks at queries: dependencies.
    pub fn as_query(&self, table: Oid) -> Query {
        let mut query = Query::new(CommandType::Select);
        query.range_table.push(RangeEntry {
            source: RangeSource::Relation { oid: table },
            name: String::new(),
            aliased: false,
            column_aliases: 0,
            columns: Vec::new(),
            lateral: false,
            in_from: true,
            with_deleted: false,
            only: false,
            security: Vec::new(),
        });
        query.from.items.push(FromItem::Range(1));
        let conditions = self.using.iter().chain(&self.check).zip(1..);
        query.targets = conditions.map(|(e, resno)| TargetEntry::of(e.clone(), resno)).collect();
        query
    }
}

impl Relation {
    /// Whether its policies bind a role (`check_enable_rls`, the setting `row_security` aside).
    pub fn polices(&self, catalog: &Catalog, role: Oid) -> bool {
        let security = &self.row_security;
        security.enabled
            && !catalog.role(role).is_some_and(|r| r.superuser || r.bypass_rls)
            && (security.forced || !acl::has_privileges_of(catalog, role, self.owner))
    }

    /// The policy of this name.
    pub fn policy_named(&self, name: &str) -> Option<&Policy> {
        self.row_security.policies.iter().find(|policy| policy.name == name)
    }
}

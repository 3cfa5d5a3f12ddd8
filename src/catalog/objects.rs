//! The user's objects, as the catalog holds them.
//!
//! Every object has a PostgreSQL OID (from 16384 for objects users make), given once and stable
//! across restarts. Expressions are stored bound ([`crate::nodes`]), so that renames do not touch
//! them. Objects are immutable and shared; a change makes a new one.

use super::lineage::{Lineage, Origin};
use super::{RowSecurity, Rule};
use crate::nodes::{AttrNumber, Expr, Query};
use crate::storage::row::{self, PastType};
use crate::types::Oid;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Names rows of a table or index in storage. A rewrite or TRUNCATE gives the relation a new one,
/// as PostgreSQL's relfilenode; so both are transactional and cost nothing.
pub type StorageId = u32;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Database {
    pub oid: Oid,
    pub name: String,
    pub owner: Oid,
    pub allow_connections: bool,
    pub connection_limit: i32,
    pub is_template: bool,
    /// ALTER DATABASE … SET.
    pub settings: BTreeMap<String, String>,
    pub comment: Option<String>,
    /// `datacl`; `None` is the default.
    pub acl: Option<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Role {
    pub oid: Oid,
    pub name: String,
    pub superuser: bool,
    pub inherit: bool,
    pub create_role: bool,
    pub create_db: bool,
    pub login: bool,
    pub replication: bool,
    pub bypass_rls: bool,
    pub connection_limit: i32,
    /// SCRAM-SHA-256 verifier in PostgreSQL's format; never the password itself.
    pub password: Option<String>,
    /// Microseconds since 2000-01-01 UTC.
    pub valid_until: Option<i64>,
    /// Roles this one is a member of, with admin option.
    pub member_of: BTreeMap<Oid, bool>,
    pub settings: BTreeMap<String, String>,
    pub comment: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Namespace {
    pub oid: Oid,
    pub name: String,
    pub owner: Oid,
    pub comment: Option<String>,
    /// `nspacl`; `None` is the default.
    pub acl: Option<Vec<String>>,
}

/// Where segments of tables lie: a directory, or a place in an object store. All databases share it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColdStorage {
    pub oid: Oid,
    pub name: String,
    /// `filesystem`, `s3`, `gcs` or `azure`.
    pub kind: String,
    pub path_template: String,
    /// What anybody may see: url, region, endpoint.
    pub options: BTreeMap<String, String>,
    /// Credentials, sealed with the server's key.
    pub credentials: BTreeMap<String, String>,
}

/// `pg_class.relkind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RelationKind {
    Table,
    Index,
    Sequence,
    View,
    /// A composite type: columns without rows.
    Composite,
    MaterializedView,
}

impl RelationKind {
    /// Whether relations of this kind have rows in the two tiers, and may have indexes.
    pub fn has_rows(self) -> bool {
        matches!(self, RelationKind::Table | RelationKind::MaterializedView)
    }
}

/// `pg_class.relpersistence`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Persistence {
    Permanent,
    Unlogged,
    Temporary,
}

/// What becomes of a temporary table at the end of the transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnCommit {
    PreserveRows,
    DeleteRows,
    Drop,
}

/// A row of pg_class with what hangs on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Relation {
    pub oid: Oid,
    pub name: String,
    pub namespace: Oid,
    pub owner: Oid,
    pub kind: RelationKind,
    pub persistence: Persistence,
    pub on_commit: OnCommit,
    /// Counts schema changes; with namespace and name the schema cache's key.
    pub version: u32,
    /// By attribute number from 1; dropped columns stay, as in pg_attribute.
    pub columns: Vec<Column>,
    pub storage: StorageId,
    /// The row type's pg_type OID (tables, views); 0 otherwise.
    pub row_type: Oid,
    /// WITH (…) as given.
    pub options: BTreeMap<String, String>,
    pub comment: Option<String>,
    /// `relacl`; `None` is the default.
    pub acl: Option<Vec<String>>,
    /// Indexes of a table, in OID order.
    pub indexes: Vec<Oid>,
    /// Constraints of a table: PRIMARY KEY, UNIQUE, CHECK and FOREIGN KEY, in OID order.
    pub constraints: Vec<Constraint>,
    pub index: Option<IndexInfo>,
    pub sequence: Option<SequenceInfo>,
    pub view: Option<ViewInfo>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub materialized: Option<MaterializedInfo>,
    #[serde(default, skip_serializing_if = "RowSecurity::is_default")]
    pub row_security: RowSecurity,
    /// In the order they were made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    #[serde(default, skip_serializing_if = "Lineage::is_none")]
    pub lineage: Lineage,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Attribute number, from 1. It is also the column's identity in stored rows and segments.
    pub attno: AttrNumber,
    pub name: String,
    pub type_oid: Oid,
    pub typmod: i32,
    pub collation: Oid,
    pub not_null: bool,
    pub default: Option<Expr>,
    /// The value that rows stored before ADD COLUMN have.
    pub missing_value: Option<crate::types::Datum>,
    /// Types it had in rows that are still stored, in the order of schema versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub past_types: Vec<PastType>,
    pub identity: Option<Identity>,
    /// GENERATED ALWAYS AS (expr) STORED: `default` is the expression.
    pub generated: bool,
    pub dropped: bool,
    pub comment: Option<String>,
    /// `attstattarget`, `-1` default.
    pub statistics_target: i32,
    /// `attstorage`: `p`, `e`, `m` or `x`.
    pub storage: u8,
    /// `attacl`: what is granted on this column alone.
    #[serde(default)]
    pub acl: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Origin::is_local_only")]
    pub origin: Origin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Identity {
    Always,
    ByDefault,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Constraint {
    pub oid: Oid,
    pub name: String,
    pub kind: ConstraintKind,
    pub deferrable: bool,
    pub initially_deferred: bool,
    pub validated: bool,
    pub no_inherit: bool,
    pub comment: Option<String>,
    #[serde(default, skip_serializing_if = "Origin::is_local_only")]
    pub origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ConstraintKind {
    PrimaryKey { index: Oid, columns: Vec<AttrNumber> },
    Unique { index: Oid, columns: Vec<AttrNumber> },
    Check { expr: Expr },
    ForeignKey(ForeignKey),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForeignKey {
    pub columns: Vec<AttrNumber>,
    pub references: Oid,
    pub referenced_columns: Vec<AttrNumber>,
    /// The unique index of the referenced table.
    pub referenced_index: Oid,
    pub on_update: ForeignKeyAction,
    pub on_delete: ForeignKeyAction,
    /// ON DELETE SET NULL / SET DEFAULT (columns); empty: all.
    pub set_columns: Vec<AttrNumber>,
    pub match_full: bool,
    /// Equality operators: referenced = referencing, per column.
    pub eq_ops: Vec<Oid>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ForeignKeyAction {
    NoAction,
    Restrict,
    Cascade,
    SetNull,
    SetDefault,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IndexInfo {
    pub table: Oid,
    /// Key columns, then INCLUDE columns.
    pub columns: Vec<IndexColumn>,
    pub key_count: usize,
    pub unique: bool,
    pub nulls_not_distinct: bool,
    pub primary: bool,
    /// Checked at once, not at the end of the statement or transaction.
    pub immediate: bool,
    pub predicate: Option<Expr>,
    /// `pg_am` row: how entries are made and found (`catalog::schema::Method`).
    pub access_method: Oid,
    /// By collation, the version of ICU's rules that entries were made by.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub collation_versions: BTreeMap<Oid, String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IndexColumn {
    /// Of the table; 0 for an expression.
    pub attno: AttrNumber,
    pub expr: Option<Expr>,
    pub type_oid: Oid,
    pub collation: Oid,
    pub opclass: Oid,
    pub descending: bool,
    pub nulls_first: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SequenceInfo {
    pub type_oid: Oid,
    pub start: i64,
    pub increment: i64,
    pub min: i64,
    pub max: i64,
    pub cache: i64,
    pub cycle: bool,
    /// OWNED BY: table and column; `internal` for identity columns.
    pub owned_by: Option<(Oid, AttrNumber)>,
    pub internal: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ViewInfo {
    pub query: Query,
    pub check_option: Option<CheckOption>,
}

/// What REFRESH MATERIALIZED VIEW fills it with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MaterializedInfo {
    pub query: Query,
    /// `relispopulated`: it has been filled, if only with no rows.
    pub populated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CheckOption {
    Local,
    Cascaded,
}

impl Column {
    /// The type and typmod it had at a schema version of its table.
    pub fn type_at(&self, version: u32) -> (Oid, i32) {
        row::type_at(&self.past_types, (self.type_oid, self.typmod), version)
    }
}

impl Relation {
    /// Columns that are not dropped.
    pub fn live_columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|c| !c.dropped)
    }

    /// Whether a view reads with the rights of whoever asks, not with its owner's.
    pub fn is_security_invoker(&self) -> bool {
        let option = self.options.get("security_invoker");
        option.is_some_and(|value| value == "true" || value == "on")
    }

    /// Whether a view's own conditions come before those of whoever reads it.
    pub fn is_security_barrier(&self) -> bool {
        let option = self.options.get("security_barrier");
        option.is_some_and(|value| value == "true" || value == "on")
    }

    /// The query of a view or materialized view.
    pub fn query(&self) -> Option<&Query> {
        let view = self.view.as_ref().map(|view| &view.query);
        view.or_else(|| self.materialized.as_ref().map(|m| &m.query))
    }

    /// The rule of this name; not a view's own.
    pub fn rule_named(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.name == name)
    }

    /// The live column of this name.
    pub fn column_by_name(&self, name: &str) -> Option<&Column> {
        self.live_columns().find(|c| c.name == name)
    }

    /// The column with this attribute number (from 1), dropped or not.
    pub fn column(&self, attno: AttrNumber) -> &Column {
        &self.columns[attno as usize - 1]
    }

    /// The PRIMARY KEY's columns, if the table has one.
    pub fn primary_key(&self) -> Option<&[AttrNumber]> {
        self.constraints.iter().find_map(|c| match &c.kind {
            ConstraintKind::PrimaryKey { columns, .. } => Some(columns.as_slice()),
            _ => None,
        })
    }
}

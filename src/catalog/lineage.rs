//! Inheritance and partitioning: what tables and indexes descend from.
//!
//! A child names its parents; the parents' lists of children are derived from that
//! ([`Catalog::children`]), so a new child changes no record but its own. A partitioned table is a
//! table whose storage stays empty: rows are in its leaves. An index of a partitioned table has no
//! entries either; its partitions' indexes have it as their parent.
//!
//! ```text
//! log (partitioned by range of at)          log_at_idx
//!  ├─ log_2024  bound [2024-01-01, 2025)     ├─ log_2024_at_idx
//!  └─ log_other bound DEFAULT                └─ log_other_at_idx
//! ```
//!
//! Columns of parent and child are the same where they have the same name ([`ColumnMap`]).

use super::{Catalog, Constraint, Relation};
use crate::nodes::{AttrNumber, Expr, Var};
use crate::types::{Datum, Oid};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::Arc;

/// What a relation has to do with others by inheritance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lineage {
    /// In the order of `inhseqno`; a partition, or a partition's index, has one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<Oid>,
    /// Of a partitioned table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<PartitionKey>,
    /// Of a partition: its part of the parent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<PartitionBound>,
    /// An index on a partitioned table that some partition has no index for yet
    /// (CREATE INDEX ON ONLY).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_incomplete: bool,
}

impl Lineage {
    pub fn is_none(&self) -> bool {
        *self == Lineage::default()
    }
}

/// Where a column or constraint comes from: from parents (how many), from its own definition, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// `attinhcount`, `coninhcount`.
    pub inherited: i32,
    /// `attislocal`, `conislocal`.
    pub is_local: bool,
    /// `conparentid`: of a partition's key or foreign key, the parent's.
    pub parent: Oid,
}

impl Origin {
    /// Defined on the table itself.
    pub const LOCAL: Origin = Origin { inherited: 0, is_local: true, parent: 0 };
    /// From one parent alone.
    pub const INHERITED: Origin = Origin { inherited: 1, is_local: false, parent: 0 };

    pub fn is_local_only(&self) -> bool {
        *self == Origin::LOCAL
    }
}

impl Default for Origin {
    fn default() -> Origin {
        Origin::LOCAL
    }
}

/// `partstrat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Strategy {
    List,
    Range,
    Hash,
}

impl Strategy {
    pub fn name(self) -> &'static str {
        match self {
            Strategy::List => "list",
            Strategy::Range => "range",
            Strategy::Hash => "hash",
        }
    }
}

/// PARTITION BY.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartitionKey {
    pub strategy: Strategy,
    pub columns: Vec<PartitionColumn>,
}

/// A column or expression of a partition key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartitionColumn {
    /// 0 for an expression.
    pub attno: AttrNumber,
    pub expr: Option<Expr>,
    pub type_oid: Oid,
    pub typmod: i32,
    pub collation: Oid,
    pub opclass: Oid,
}

impl PartitionColumn {
    /// It as an expression over its table's row.
    pub fn as_expr(&self) -> Expr {
        match &self.expr {
            Some(expr) => expr.clone(),
            None => Expr::Var(Var {
                rel: 1,
                attno: self.attno,
                type_oid: self.type_oid,
                typmod: self.typmod,
                collation: self.collation,
                level: 0,
                location: -1,
            }),
        }
    }
}

impl PartitionKey {
    /// The columns that the key names or whose values its expressions use.
    pub fn attnos(&self) -> Vec<AttrNumber> {
        let mut attnos = Vec::new();
        for column in &self.columns {
            match &column.expr {
                Some(expr) => attnos.extend(super::depend::columns_of(expr)),
                None => attnos.push(column.attno),
            }
        }
        attnos
    }
}

/// FOR VALUES …. Values are of the key columns' types.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum PartitionBound {
    Default,
    /// A NULL among them is a value like others.
    List(Vec<Datum>),
    /// From the first, without the second.
    Range(Vec<RangeEdge>, Vec<RangeEdge>),
    Hash {
        modulus: i32,
        remainder: i32,
    },
}

/// A part of a range's end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum RangeEdge {
    MinValue,
    Value(Datum),
    MaxValue,
}

/// Which columns of a child are which of a parent.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnMap {
    /// By the parent's attribute number from 1; 0 for what is dropped in the parent.
    to: Vec<AttrNumber>,
    is_identity: bool,
}

impl ColumnMap {
    /// By name. A parent's column is never missing in a child.
    pub fn new(parent: &Relation, child: &Relation) -> ColumnMap {
        let number = |name: &str| child.column_by_name(name).map_or(0, |c| c.attno);
        let columns = parent.columns.iter();
        let to = columns.map(|c| if c.dropped { 0 } else { number(&c.name) });
        let to: Vec<AttrNumber> = to.collect();
        let is_identity = parent.live_columns().all(|c| to[c.attno as usize - 1] == c.attno);
        ColumnMap { to, is_identity }
    }

    /// Whether every column has the same number in both.
    pub fn is_identity(&self) -> bool {
        self.is_identity
    }

    /// The child's number of a parent's column; system columns are the same everywhere.
    pub fn of(&self, attno: AttrNumber) -> AttrNumber {
        match usize::try_from(attno - 1) {
            Ok(at) => self.to.get(at).copied().unwrap_or(0),
            Err(_) => attno,
        }
    }

    /// The position (from 0) of a child's value that is a parent's at another; no live column of the
    /// parent is without one.
    pub fn position(&self, at: usize) -> usize {
        self.positions().nth(at).flatten().unwrap_or(at)
    }

    /// The positions (from 0) of a child's values that a parent's columns are; `None` for those
    /// dropped in the parent.
    pub fn positions(&self) -> impl Iterator<Item = Option<usize>> + '_ {
        self.to.iter().map(|attno| usize::try_from(*attno - 1).ok())
    }

    /// A child's row as a row of the parent.
    pub fn to_parent(&self, row: &[Datum]) -> Vec<Datum> {
        let value = |at: Option<usize>| at.map_or(Datum::Null, |at| row[at].clone());
        self.positions().map(value).collect()
    }

    /// A parent's row as one of a child with so many columns; what the parent lacks is NULL.
    pub fn to_child(&self, row: &[Datum], width: usize) -> Vec<Datum> {
        let mut out = vec![Datum::Null; width];
        for (value, at) in row.iter().zip(self.positions()) {
            if let Some(at) = at {
                out[at] = value.clone();
            }
        }
        out
    }

    /// An expression over the parent's row, as definitions have it, as one over the child's.
    pub fn translate(&self, mut expr: Expr) -> Expr {
        fn walk(expr: &mut Expr, map: &ColumnMap) {
            if let Expr::Var(var) = expr {
                var.attno = map.of(var.attno);
            }
            stacker::maybe_grow(64 << 10, 1 << 20, || {
                expr.for_each_child_mut(&mut |child| walk(child, map));
            });
        }
        if !self.is_identity {
            walk(&mut expr, self);
        }
        expr
    }
}

impl Relation {
    /// Whether rows of this table are in its partitions.
    pub fn is_partitioned(&self) -> bool {
        self.lineage.key.is_some()
    }

    /// Whether a constraint is derived from another of this very table: a foreign key on a partition,
    /// from the one on the partitioned table. Only the other one is checked for rows of this table.
    pub fn derives(&self, constraint: &Constraint) -> bool {
        let of = constraint.origin.parent;
        of != 0 && self.constraints.iter().any(|own| own.oid == of)
    }

    /// Whether this is a partition of a table.
    pub fn is_partition(&self) -> bool {
        self.lineage.bound.is_some()
    }
}

impl Catalog {
    /// The tables that inherit from a table directly, or its partitions, in the order in which
    /// PostgreSQL reads them: partitions by their bounds, others by OID.
    pub fn children_of(&self, parent: &Relation) -> Vec<&Arc<Relation>> {
        let children = self.children(parent.oid).iter();
        let mut children: Vec<_> = children.filter_map(|oid| self.relation(*oid)).collect();
        if let Some(key) = &parent.lineage.key {
            super::partition::sort(self, key, &mut children);
        }
        children
    }

    /// A table and all that descend from it, each once, parents before children
    /// (`find_all_inheritors`).
    pub fn family(&self, table: &Arc<Relation>) -> Vec<Arc<Relation>> {
        let mut found = vec![table.clone()];
        let mut seen = HashSet::from([table.oid]);
        let mut at = 0;
        while at < found.len() {
            let children = self.children_of(&found[at]).into_iter().cloned().collect::<Vec<_>>();
            found.extend(children.into_iter().filter(|child| seen.insert(child.oid)));
            at += 1;
        }
        found
    }

    /// The family's tables that have rows.
    pub fn leaves(&self, table: &Arc<Relation>) -> Vec<Arc<Relation>> {
        let mut family = self.family(table);
        family.retain(|member| !member.is_partitioned());
        family
    }

    /// The index of a partition that belongs to a parent's; the index itself where there is none.
    pub fn index_below(&self, index: Oid, partition: &Relation) -> Oid {
        let below = partition.indexes.iter().find(|own| {
            self.relation(**own).is_some_and(|own| own.lineage.parents.contains(&index))
        });
        below.copied().unwrap_or(index)
    }

    /// The table that a partition belongs to.
    pub fn partition_parent(&self, partition: &Relation) -> Option<&Arc<Relation>> {
        partition.lineage.bound.as_ref()?;
        self.relation(*partition.lineage.parents.first()?)
    }

    /// The tables above a partition, the nearest first.
    pub fn partition_ancestors(&self, partition: &Relation) -> Vec<&Arc<Relation>> {
        let mut found = Vec::new();
        let mut above = self.partition_parent(partition);
        while let Some(parent) = above {
            found.push(parent);
            above = self.partition_parent(parent);
        }
        found
    }
}

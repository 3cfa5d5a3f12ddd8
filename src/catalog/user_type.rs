//! Types that users make: enums, domains and ranges. Composite types are relations without rows. A range
//! type's multirange type is a type of its own, as in PostgreSQL: it may have another schema and owner.
//!
//! # An enum's value is its rank
//!
//! A label gets a *rank* when it is made, and keeps it: a number whose order among the type's ranks is
//! the label's place. A value is stored, compared, hashed and put into keys as this number, so that
//! only reading and writing text needs the catalog, and neither rows nor indexes, segments or their
//! statistics change when labels are added or renamed.
//!
//! ```text
//! CREATE TYPE t AS ENUM ('a', 'c')      a: 0                   c: 2^46
//! ALTER TYPE t ADD VALUE 'b' BEFORE 'c'           b: 2^45
//! ALTER TYPE t RENAME VALUE 'b' TO 'x'            x: 2^45
//! ```
//!
//! Between two neighbours there is room for 46 labels that halve what is left; after that ADD VALUE
//! there is an error. PostgreSQL, which keeps the order in a float4, numbers its labels anew; the
//! numbers that pg_enum shows are PostgreSQL's.

use crate::nodes::Expr;
use crate::types::Oid;
use serde::{Deserialize, Serialize};

/// What lies between the ranks of labels that are made one after the other.
const RANK_STEP: i64 = 1 << 46;

/// A row of pg_type with what hangs on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserType {
    pub oid: Oid,
    pub name: String,
    pub namespace: Oid,
    pub owner: Oid,
    /// The array type over it, and its name, which gives way to other types.
    pub array: Oid,
    pub array_name: String,
    pub comment: Option<String>,
    /// `typacl`; `None` is the default.
    pub acl: Option<Vec<String>>,
    pub kind: UserTypeKind,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum UserTypeKind {
    /// Labels in their order.
    Enum(Vec<EnumLabel>),
    Domain(Domain),
    Range(RangeType),
    /// Over the range type with this OID.
    Multirange(Oid),
}

/// A row of pg_range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RangeType {
    pub subtype: Oid,
    pub multirange: Oid,
    pub collation: Oid,
    /// The btree operator class that orders the bounds.
    pub opclass: Oid,
    /// How far apart two bounds are; 0: nobody knows.
    pub subtype_diff: Oid,
}

/// A row of pg_enum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnumLabel {
    pub oid: Oid,
    pub name: String,
    /// What a value with this label is.
    pub rank: i64,
    /// `enumsortorder`.
    pub sort_order: f32,
    /// By ADD VALUE: a transaction that has added it cannot use it.
    pub is_added: bool,
}

/// What a domain allows of its base type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Domain {
    /// The type it was made of, which may be a domain too.
    pub base: Oid,
    pub typmod: i32,
    pub collation: Oid,
    pub not_null: bool,
    pub default: Option<Expr>,
    /// In OID order.
    pub checks: Vec<DomainCheck>,
}

/// A CHECK of a domain: an expression over a row of one column, the value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DomainCheck {
    pub oid: Oid,
    pub name: String,
    pub expr: Expr,
    pub validated: bool,
    pub comment: Option<String>,
}

/// Where ADD VALUE puts a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelPlace {
    /// Before the label at this place in the order.
    Before(usize),
    End,
}

impl UserType {
    /// An enum's labels in their order; `None` for other types.
    pub fn labels(&self) -> Option<&[EnumLabel]> {
        match &self.kind {
            UserTypeKind::Enum(labels) => Some(labels),
            _ => None,
        }
    }

    /// What a domain is; `None` for other types.
    pub fn domain(&self) -> Option<&Domain> {
        match &self.kind {
            UserTypeKind::Domain(domain) => Some(domain),
            _ => None,
        }
    }

    /// What a range type is; `None` for other types.
    pub fn range(&self) -> Option<&RangeType> {
        match &self.kind {
            UserTypeKind::Range(range) => Some(range),
            _ => None,
        }
    }

    /// The range type that a multirange type is over; `None` for other types.
    pub fn multirange_over(&self) -> Option<Oid> {
        match &self.kind {
            UserTypeKind::Multirange(range) => Some(*range),
            _ => None,
        }
    }

    /// The label of this text.
    pub fn label_named(&self, name: &str) -> Option<&EnumLabel> {
        self.labels()?.iter().find(|label| label.name == name)
    }

    /// The label that a value has.
    pub fn label_of(&self, rank: i64) -> Option<&EnumLabel> {
        let labels = self.labels()?;
        labels.binary_search_by_key(&rank, |label| label.rank).ok().map(|at| &labels[at])
    }
}

/// The labels of a new enum.
pub fn new_labels(labels: impl IntoIterator<Item = (Oid, String)>) -> Vec<EnumLabel> {
    let mut made: Vec<EnumLabel> = Vec::new();
    for (oid, name) in labels {
        // The end always has room for a new type's labels.
        let _room = add_label(&mut made, oid, name, LabelPlace::End);
    }
    made.iter_mut().for_each(|label| label.is_added = false);
    made
}

/// Adds a label; `false`: there is no room between its neighbours.
#[must_use]
pub fn add_label(labels: &mut Vec<EnumLabel>, oid: Oid, name: String, place: LabelPlace) -> bool {
    let at = match place {
        LabelPlace::Before(at) => at,
        LabelPlace::End => labels.len(),
    };
    let (before, after) = (at.checked_sub(1).map(|at| &labels[at]), labels.get(at));
    let Some(rank) = rank_between(before.map(|l| l.rank), after.map(|l| l.rank)) else {
        return false;
    };
    let order = |labels: &[EnumLabel]| {
        let before = at.checked_sub(1).map(|at| labels[at].sort_order);
        order_between(before, labels.get(at).map(|l| l.sort_order))
    };
    let sort_order = order(labels).or_else(|| {
        let numbered = (1u16..).map(f32::from);
        labels.iter_mut().zip(numbered).for_each(|(label, number)| label.sort_order = number);
        order(labels)
    });
    let Some(sort_order) = sort_order else { return false };
    labels.insert(at, EnumLabel { oid, name, rank, sort_order, is_added: true });
    true
}

/// A rank between two neighbours; `None`: there is none.
fn rank_between(before: Option<i64>, after: Option<i64>) -> Option<i64> {
    match (before, after) {
        (None, None) => Some(0),
        (Some(before), None) => before.checked_add(RANK_STEP),
        (None, Some(after)) => after.checked_sub(RANK_STEP),
        (Some(before), Some(after)) => {
            let rank = i64::midpoint(before, after);
            (before < rank && rank < after).then_some(rank)
        }
    }
}

/// PostgreSQL's `enumsortorder` between two neighbours; `None`: a float4 has none.
fn order_between(before: Option<f32>, after: Option<f32>) -> Option<f32> {
    match (before, after) {
        (None, None) => Some(1.0),
        (Some(before), None) => Some(before + 1.0),
        (None, Some(after)) => Some(after - 1.0),
        (Some(before), Some(after)) => {
            let order = f32::midpoint(before, after);
            (before < order && order < after).then_some(order)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(labels: &[EnumLabel]) -> Vec<(&str, f32)> {
        labels.iter().map(|label| (label.name.as_str(), label.sort_order)).collect()
    }

    #[test]
    fn labels_keep_their_ranks() {
        let mut labels = new_labels([(1, "a".to_owned()), (2, "c".to_owned())]);
        let before: Vec<i64> = labels.iter().map(|l| l.rank).collect();
        assert!(add_label(&mut labels, 3, "b".to_owned(), LabelPlace::Before(1)));
        assert!(add_label(&mut labels, 4, "z".to_owned(), LabelPlace::End));
        assert!(add_label(&mut labels, 5, "0".to_owned(), LabelPlace::Before(0)));
        assert_eq!(order(&labels), [("0", 0.0), ("a", 1.0), ("b", 1.5), ("c", 2.0), ("z", 3.0)]);
        assert_eq!([labels[1].rank, labels[3].rank], before[..]);
        assert!(labels.is_sorted_by_key(|l| l.rank));
    }

    #[test]
    fn a_float_without_room_numbers_anew_and_a_rank_refuses() {
        let mut labels = new_labels([(1, "a".to_owned()), (2, "z".to_owned())]);
        let added = (0..60).take_while(|n| {
            let at = labels.len() - 1;
            add_label(&mut labels, 10 + n, format!("{n}"), LabelPlace::Before(at))
        });
        assert_eq!(added.count(), 46);
        assert!(labels.is_sorted_by_key(|l| l.rank));
        assert!(labels.is_sorted_by(|a, b| a.sort_order < b.sort_order));
    }
}

//! Bounds of partitions: their order, and which rows they take.
//!
//! ```text
//! range   [from, to)      compared column by column; MINVALUE and MAXVALUE end the comparison
//! list    {1, 2, NULL}    a value belongs to one partition only
//! hash    modulus, remainder
//! default what no other partition takes
//! ```

use super::lineage::{PartitionBound, PartitionColumn, PartitionKey, RangeEdge, Strategy};
use super::{Catalog, Relation};
use crate::error::Result;
use crate::types::{Datum, Oid, compare};
use std::cmp::Ordering;
use std::sync::Arc;

/// What the values of a partition key are compared by, by the columns' types and collations. Where ICU is
/// gone, whoever routes rows finds out ([`check_key`]).
pub fn key_types(catalog: &Catalog, key: &PartitionKey) -> Vec<Oid> {
    let compared = |column: &PartitionColumn| {
        let found = catalog.comparison_type(column.type_oid, column.collation);
        found.unwrap_or_else(|_| catalog.stand_in(column.type_oid))
    };
    key.columns.iter().map(compared).collect()
}

/// Fails where a partition key's values cannot be compared.
pub fn check_key(catalog: &Catalog, key: &PartitionKey) -> Result<()> {
    let mut columns = key.columns.iter();
    columns.try_for_each(|c| catalog.comparison_type(c.type_oid, c.collation).map(drop))
}

/// Puts partitions in the order of their bounds, the default one last.
pub(super) fn sort(catalog: &Catalog, key: &PartitionKey, partitions: &mut [&Arc<Relation>]) {
    let types = key_types(catalog, key);
    partitions.sort_by(|a, b| match (&a.lineage.bound, &b.lineage.bound) {
        (Some(a), Some(b)) => order(&types, a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    });
}

fn order(types: &[Oid], a: &PartitionBound, b: &PartitionBound) -> Ordering {
    use PartitionBound::{Default, Hash, List, Range};
    match (a, b) {
        (Default, Default) => Ordering::Equal,
        (Default, _) => Ordering::Greater,
        (_, Default) => Ordering::Less,
        (Range(a, _), Range(b, _)) => compare_edges(types, a, b),
        (List(a), List(b)) => compare_values(types, least(types, a), least(types, b)),
        (Hash { modulus: m, remainder: r }, Hash { modulus: n, remainder: s }) => {
            (m, r).cmp(&(n, s))
        }
        _ => Ordering::Equal,
    }
}

/// The smallest value of a list; NULL where it has no other.
fn least<'v>(types: &[Oid], values: &'v [Datum]) -> &'v Datum {
    let least = values.iter().min_by(|a, b| compare_values(types, a, b));
    least.unwrap_or(&Datum::Null)
}

/// NULL after all others.
fn compare_values(types: &[Oid], a: &Datum, b: &Datum) -> Ordering {
    match (a.is_null(), b.is_null()) {
        (false, false) => compare(types.first().copied().unwrap_or(0), a, b),
        (a, b) => a.cmp(&b),
    }
}

/// Two ends of ranges. MINVALUE equals itself, and so does MAXVALUE, whatever follows.
pub fn compare_edges(types: &[Oid], a: &[RangeEdge], b: &[RangeEdge]) -> Ordering {
    use RangeEdge::{MaxValue, MinValue, Value};
    for ((a, b), type_oid) in a.iter().zip(b).zip(types) {
        let ordering = match (a, b) {
            (Value(a), Value(b)) => compare(*type_oid, a, b),
            (MinValue, MinValue) | (MaxValue, MaxValue) => return Ordering::Equal,
            (MinValue, _) | (_, MaxValue) => Ordering::Less,
            (MaxValue, _) | (_, MinValue) => Ordering::Greater,
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
    Ordering::Equal
}

/// A row's key, or its leading columns, against an end of a range.
pub fn compare_to_edge(types: &[Oid], values: &[Datum], edge: &[RangeEdge]) -> Ordering {
    for ((value, edge), type_oid) in values.iter().zip(edge).zip(types) {
        let ordering = match edge {
            RangeEdge::MinValue => Ordering::Greater,
            RangeEdge::MaxValue => Ordering::Less,
            RangeEdge::Value(edge) => compare(*type_oid, value, edge),
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
    Ordering::Equal
}

impl PartitionBound {
    /// Whether a row with this key belongs to the bound; of DEFAULT others know. `hash` is the
    /// key's hash where the table is partitioned by it.
    pub fn takes(&self, types: &[Oid], values: &[Datum], hash: u64) -> bool {
        match self {
            PartitionBound::Default => false,
            PartitionBound::List(list) => list.iter().any(|listed| match &values[0] {
                Datum::Null => listed.is_null(),
                value => !listed.is_null() && compare(types[0], value, listed).is_eq(),
            }),
            PartitionBound::Range(from, to) => {
                !values.iter().any(Datum::is_null)
                    && compare_to_edge(types, values, from).is_ge()
                    && compare_to_edge(types, values, to).is_lt()
            }
            PartitionBound::Hash { modulus, remainder } => {
                let modulus = u64::from(modulus.unsigned_abs()).max(1);
                hash % modulus == u64::from(remainder.unsigned_abs())
            }
        }
    }

    /// Whether some row could belong to both; of two hashes, by their common divisor.
    pub fn overlaps(&self, types: &[Oid], other: &PartitionBound) -> bool {
        use PartitionBound::{Hash, List, Range};
        match (self, other) {
            (Range(from, to), Range(other_from, other_to)) => {
                compare_edges(types, from, other_to).is_lt()
                    && compare_edges(types, other_from, to).is_lt()
            }
            (List(list), List(_)) => {
                list.iter().any(|value| other.takes(types, std::slice::from_ref(value), 0))
            }
            (Hash { modulus: m, remainder: r }, Hash { modulus: n, remainder: s }) => {
                let common = (*m).min(*n).max(1);
                r % common == s % common
            }
            _ => false,
        }
    }
}

/// The partition that takes a row with this key, by position; the default one if no other does.
pub fn find(
    types: &[Oid],
    strategy: Strategy,
    bounds: &[PartitionBound],
    values: &[Datum],
    hash: u64,
) -> Option<usize> {
    let found = match strategy {
        // Bounds are in order and do not overlap.
        Strategy::Range if !values.iter().any(Datum::is_null) => {
            let is_before = |bound: &PartitionBound| match bound {
                PartitionBound::Range(from, _) => compare_to_edge(types, values, from).is_ge(),
                _ => false,
            };
            let after = bounds.partition_point(is_before);
            after.checked_sub(1).filter(|at| bounds[*at].takes(types, values, hash))
        }
        Strategy::Range => None,
        Strategy::List | Strategy::Hash => {
            bounds.iter().position(|bound| bound.takes(types, values, hash))
        }
    };
    let is_default = |bound: &PartitionBound| matches!(bound, PartitionBound::Default);
    found.or_else(|| bounds.iter().position(is_default))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::oids::INT4;
    use RangeEdge::{MaxValue, MinValue, Value};

    fn range(from: RangeEdge, to: RangeEdge) -> PartitionBound {
        PartitionBound::Range(vec![from], vec![to])
    }

    fn int(value: i32) -> RangeEdge {
        Value(Datum::Int4(value))
    }

    #[test]
    fn a_range_takes_its_lower_end_and_not_its_upper_one() {
        let bounds = [range(MinValue, int(1)), range(int(1), int(5)), range(int(9), MaxValue)];
        let find = |value| find(&[INT4], Strategy::Range, &bounds, &[Datum::Int4(value)], 0);
        assert_eq!(
            [find(0), find(1), find(4), find(5), find(9)],
            [Some(0), Some(1), Some(1), None, Some(2)]
        );
    }

    #[test]
    fn what_no_partition_takes_is_the_defaults() {
        let bounds =
            [PartitionBound::List(vec![Datum::Int4(1), Datum::Null]), PartitionBound::Default];
        let find = |value| find(&[INT4], Strategy::List, &bounds, &[value], 0);
        assert_eq!(find(Datum::Int4(1)), Some(0));
        assert_eq!(find(Datum::Null), Some(0));
        assert_eq!(find(Datum::Int4(2)), Some(1));
    }

    #[test]
    fn ranges_that_meet_do_not_overlap() {
        let (a, b) = (range(int(1), int(5)), range(int(5), int(9)));
        assert!(!a.overlaps(&[INT4], &b));
        assert!(a.overlaps(&[INT4], &range(int(4), int(5))));
        assert!(a.overlaps(&[INT4], &range(MinValue, MaxValue)));
    }

    #[test]
    fn columns_after_an_unbounded_one_do_not_count() {
        let types = [INT4, INT4];
        let edge = |a, b| vec![a, b];
        let (low, high) = (edge(int(1), MinValue), edge(int(1), MaxValue));
        assert_eq!(compare_edges(&types, &low, &high), Ordering::Less);
        let row = [Datum::Int4(1), Datum::Int4(7)];
        assert!(PartitionBound::Range(low, high).takes(&types, &row, 0));
    }
}

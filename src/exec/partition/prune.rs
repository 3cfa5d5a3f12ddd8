//! Which partitions can have rows that satisfy conditions on the key.
//!
//! Conditions compare columns of the key with values that are known before the scan: constants when
//! the statement is planned, parameters and outer rows when it runs. They narrow the key to an
//! interval of its leading columns, or to some values of the first:
//!
//! ```text
//! key (a, b)    a = 1 AND b >= 5          from (1, 5) up to (1)
//!               a = ANY ('{1,7}')         (1), (7)
//!               a < 3                     up to (3), without it
//! ```

use super::Router;
use crate::catalog::partition::compare_to_edge;
use crate::catalog::{PartitionBound, RangeEdge, Strategy};
use crate::error::Result;
use crate::exec::ExecState;
use crate::exec::expr::Program;
use crate::types::{Datum, Oid, compare};
use std::cmp::Ordering;
use std::sync::Arc;

/// How a condition compares a column of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::exec) enum Compares {
    Equal,
    /// `= ANY`: the value is an array.
    Any,
    /// `>`, or `>=`.
    Above {
        inclusive: bool,
    },
    Below {
        inclusive: bool,
    },
    IsNull,
}

/// A condition on a column of the key.
#[derive(Clone)]
pub(in crate::exec) struct KeyCondition {
    /// Position in the key.
    pub column: usize,
    pub compares: Compares,
    /// Over no row; of the key column's type, or an array of it.
    pub value: Program,
}

/// The conditions on a partitioned table's key.
pub(in crate::exec) struct Pruning {
    pub router: Arc<Router>,
    pub strategy: Strategy,
    pub conditions: Vec<KeyCondition>,
}

/// What is known of one column of the key.
#[derive(Default)]
struct Known {
    /// One of these values.
    values: Option<Vec<Datum>>,
    above: Option<(Datum, bool)>,
    below: Option<(Datum, bool)>,
    is_null: bool,
    /// A comparison with NULL is never true.
    is_never: bool,
}

/// An end of an interval: values of the key's leading columns, and whether keys that begin with them
/// are inside.
struct End {
    values: Vec<Datum>,
    inclusive: bool,
}

impl Pruning {
    /// Whether all values are constants.
    pub fn is_constant(&self) -> bool {
        self.conditions.iter().all(|condition| condition.value.as_const().is_some())
    }

    /// For each partition, in the order of bounds, whether it can have rows.
    pub fn survivors(&self, state: &ExecState) -> Result<Vec<bool>> {
        let types = self.router.types();
        let mut known: Vec<Known> = types.iter().map(|_| Known::default()).collect();
        for condition in &self.conditions {
            let value = condition.value.eval(state, &[])?;
            known[condition.column].add(condition.compares, value, types[condition.column]);
        }
        let bounds = self.router.bounds();
        if known.iter().any(|column| column.is_never) {
            return Ok(vec![false; bounds.len()]);
        }
        // A key that is known as a whole belongs to one partition.
        if let Some(keys) = whole_keys(&known) {
            let mut found = vec![false; bounds.len()];
            for key in keys {
                if let Some(at) = self.router.position(state, &key)? {
                    found[at] = true;
                }
            }
            return Ok(found);
        }
        Ok(match self.strategy {
            Strategy::Hash => vec![true; bounds.len()],
            Strategy::List => bounds.iter().map(|b| may_be_in_list(b, &known[0], types)).collect(),
            Strategy::Range => bounds.iter().map(|b| may_be_in_range(b, &known, types)).collect(),
        })
    }
}

impl Known {
    fn add(&mut self, compares: Compares, value: Datum, type_oid: Oid) {
        if value.is_null() && compares != Compares::IsNull {
            self.is_never = true;
            return;
        }
        match compares {
            Compares::Equal => self.only(vec![value], type_oid),
            Compares::Any => {
                if let Datum::Array(array) = &value {
                    let elements = array.elements.iter().filter(|e| !e.is_null());
                    self.only(elements.cloned().collect(), type_oid);
                }
            }
            Compares::Above { inclusive } => {
                let higher = |(old, _): &(Datum, bool)| compare(type_oid, &value, old).is_gt();
                if self.above.as_ref().is_none_or(higher) {
                    self.above = Some((value, inclusive));
                }
            }
            Compares::Below { inclusive } => {
                let lower = |(old, _): &(Datum, bool)| compare(type_oid, &value, old).is_lt();
                if self.below.as_ref().is_none_or(lower) {
                    self.below = Some((value, inclusive));
                }
            }
            Compares::IsNull => self.is_null = true,
        }
    }

    fn only(&mut self, values: Vec<Datum>, type_oid: Oid) {
        let kept = match self.values.take() {
            None => values,
            Some(old) => {
                let both = |v: &Datum| old.iter().any(|o| compare(type_oid, v, o).is_eq());
                values.into_iter().filter(|value| both(value)).collect()
            }
        };
        self.values = Some(kept);
    }

    /// Whether a value satisfies what is known.
    fn allows(&self, value: &Datum, type_oid: Oid) -> bool {
        let compared = self.values.is_some() || self.above.is_some() || self.below.is_some();
        if value.is_null() {
            return !compared;
        }
        let equals = |v: &Datum| compare(type_oid, v, value).is_eq();
        let above = |(edge, inclusive): &(Datum, bool)| {
            let ordering = compare(type_oid, value, edge);
            ordering.is_gt() || (*inclusive && ordering.is_eq())
        };
        let below = |(edge, inclusive): &(Datum, bool)| {
            let ordering = compare(type_oid, value, edge);
            ordering.is_lt() || (*inclusive && ordering.is_eq())
        };
        !self.is_null
            && self.values.as_ref().is_none_or(|values| values.iter().any(equals))
            && self.above.as_ref().is_none_or(above)
            && self.below.as_ref().is_none_or(below)
    }
}

/// All possible keys where every column has known values; at most some hundreds are tried.
fn whole_keys(known: &[Known]) -> Option<Vec<Vec<Datum>>> {
    const KEYS_MAX: usize = 256;
    let mut keys = vec![Vec::new()];
    for column in known {
        let null = [Datum::Null];
        let values = match &column.values {
            Some(values) => values.as_slice(),
            None if column.is_null => &null,
            None => return None,
        };
        if keys.len() * values.len() > KEYS_MAX {
            return None;
        }
        let longer = |key: &Vec<Datum>| {
            let key = key.clone();
            values.iter().map(move |value| [key.as_slice(), std::slice::from_ref(value)].concat())
        };
        keys = keys.iter().flat_map(longer).collect();
    }
    Some(keys)
}

fn may_be_in_list(bound: &PartitionBound, known: &Known, types: &[Oid]) -> bool {
    match bound {
        PartitionBound::List(values) => values.iter().any(|value| known.allows(value, types[0])),
        _ => true,
    }
}

fn may_be_in_range(bound: &PartitionBound, known: &[Known], types: &[Oid]) -> bool {
    let PartitionBound::Range(from, to) = bound else { return true };
    // Rows with a NULL in the key are in the default partition.
    if known.iter().any(|column| column.is_null) {
        return false;
    }
    if let [Known { values: Some(values), .. }, ..] = known {
        return values.iter().any(|value| {
            let lead = vec![value.clone()];
            let (low, high) = interval(lead, &known[1..]);
            meets(&low, &high, (from, to), types)
        });
    }
    let (low, high) = interval(Vec::new(), known);
    meets(&low, &high, (from, to), types)
}

/// The interval of keys that begin with `lead`, narrowed by what is known of the columns after it:
/// single values as far as they go, then one column's limits.
fn interval(mut lead: Vec<Datum>, columns: &[Known]) -> (End, End) {
    let mut columns = columns.iter();
    let mut limits = columns.next();
    while let Some(Known { values: Some(values), .. }) = limits {
        let [value] = values.as_slice() else { break };
        lead.push(value.clone());
        limits = columns.next();
    }
    let end = |limit: Option<&(Datum, bool)>| match limit {
        Some((value, inclusive)) => {
            let values = [lead.as_slice(), std::slice::from_ref(value)].concat();
            End { values, inclusive: *inclusive }
        }
        None => End { values: lead.clone(), inclusive: true },
    };
    let above = limits.and_then(|column| column.above.as_ref());
    let below = limits.and_then(|column| column.below.as_ref());
    (end(above), end(below))
}

/// Whether an interval and a range have keys in common.
fn meets(low: &End, high: &End, (from, to): (&[RangeEdge], &[RangeEdge]), types: &[Oid]) -> bool {
    let begins = match compare_to_edge(types, &high.values, from) {
        Ordering::Less => false,
        Ordering::Equal => high.inclusive || high.values.is_empty(),
        Ordering::Greater => true,
    };
    let ends = match compare_to_edge(types, &low.values, to) {
        Ordering::Less => true,
        // The upper end itself is outside; keys that only begin like it may be inside.
        Ordering::Equal => low.values.is_empty() || (low.inclusive && low.values.len() < to.len()),
        Ordering::Greater => false,
    };
    begins && ends
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::oids::INT4;

    fn int(value: i32) -> Datum {
        Datum::Int4(value)
    }

    fn range(from: i32, to: i32) -> PartitionBound {
        let edge = |value| vec![RangeEdge::Value(int(value))];
        PartitionBound::Range(edge(from), edge(to))
    }

    fn known(conditions: &[(Compares, i32)]) -> [Known; 1] {
        let mut known = Known::default();
        conditions.iter().for_each(|(compares, value)| known.add(*compares, int(*value), INT4));
        [known]
    }

    #[test]
    fn limits_leave_out_ranges_beyond_them() {
        let may = |conditions: &[(Compares, i32)]| {
            may_be_in_range(&range(10, 20), &known(conditions), &[INT4])
        };
        assert!(!may(&[(Compares::Below { inclusive: false }, 10)]));
        assert!(may(&[(Compares::Below { inclusive: true }, 10)]));
        assert!(!may(&[(Compares::Above { inclusive: true }, 20)]));
        assert!(may(&[(Compares::Above { inclusive: false }, 19)]));
        assert!(may(&[]));
        assert!(!may(&[(Compares::Equal, 20)]));
        assert!(may(&[(Compares::Equal, 10)]));
    }

    #[test]
    fn a_list_is_read_for_its_values() {
        let bound = PartitionBound::List(vec![int(1), Datum::Null]);
        let may = |known: [Known; 1]| may_be_in_list(&bound, &known[0], &[INT4]);
        assert!(may(known(&[])));
        assert!(may(known(&[(Compares::Below { inclusive: true }, 1)])));
        assert!(!may(known(&[(Compares::Above { inclusive: false }, 1)])));
    }

    #[test]
    fn the_first_columns_of_a_key_decide_alone() {
        let edge = |a, b| vec![RangeEdge::Value(int(a)), RangeEdge::Value(int(b))];
        let bound = PartitionBound::Range(edge(1, 5), edge(2, 5));
        let types = [INT4, INT4];
        let may = |a: Known| may_be_in_range(&bound, &[a, Known::default()], &types);
        let [one] = known(&[(Compares::Equal, 1)]);
        let [two] = known(&[(Compares::Equal, 2)]);
        let [three] = known(&[(Compares::Equal, 3)]);
        assert!(may(one) && may(two) && !may(three));
        let [above] = known(&[(Compares::Above { inclusive: false }, 2)]);
        assert!(!may(above));
    }
}

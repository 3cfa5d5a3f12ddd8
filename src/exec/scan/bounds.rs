//! Which part of a key's order a scan reads: equal leading columns, then at most one range.

use crate::error::Result;
use crate::exec::ExecState;
use crate::exec::expr::Program;
use crate::storage::keys::successor;
use crate::types::{Datum, Oid, key, oids};

/// A key column compared with a value known before the scan.
pub(in crate::exec) struct KeyValue {
    pub value: Program,
    /// The key column.
    pub type_oid: Oid,
    pub descending: bool,
    pub nulls_first: bool,
}

/// A range of keys.
#[derive(Default)]
pub(in crate::exec) struct Bounds {
    /// Leading columns with one value each.
    pub equal: Vec<KeyValue>,
    /// The next column is one of an array's elements; the scan visits each in order.
    pub any: Option<KeyValue>,
    /// Limits of the column after that, in the order of the *key* (a descending column's lower limit
    /// is its greatest value); inclusive or not.
    pub low: Option<(KeyValue, bool)>,
    pub high: Option<(KeyValue, bool)>,
}

/// A key column compared with a value.
pub(in crate::exec) struct KeyCondition {
    /// Position in the key.
    pub column: usize,
    pub ordering: KeyOrdering,
    pub value: Datum,
}

/// How a key column's value relates to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::exec) enum KeyOrdering {
    Equal,
    Above { inclusive: bool },
    Below { inclusive: bool },
}

/// Keys from `start` to before `end` (`None`: unlimited).
pub(in crate::exec) struct ByteRange {
    pub start: Vec<u8>,
    pub end: Option<Vec<u8>>,
}

impl KeyValue {
    /// Appends the key of `value`; `false` where no stored value can equal it: NULL, or an integer
    /// that the column's type does not reach.
    fn encode(&self, value: Datum, out: &mut Vec<u8>) -> bool {
        let Some(value) = fit(value, self.type_oid) else { return false };
        key::encode(self.type_oid, &value, self.descending, self.nulls_first, out);
        true
    }
}

/// An integer as the key column's type.
fn fit(value: Datum, type_oid: Oid) -> Option<Datum> {
    let wide = match value {
        Datum::Null => return None,
        Datum::Int2(v) => i64::from(v),
        Datum::Int4(v) => i64::from(v),
        Datum::Int8(v) => v,
        other => return Some(other),
    };
    match type_oid {
        oids::INT2 => wide.try_into().ok().map(Datum::Int2),
        oids::INT4 => wide.try_into().ok().map(Datum::Int4),
        oids::INT8 => Some(Datum::Int8(wide)),
        _ => Some(value),
    }
}

impl Bounds {
    /// Whether every key column has one value.
    pub fn is_point(&self, key_columns: usize) -> bool {
        self.equal.len() == key_columns && self.any.is_none()
    }

    /// Whether nothing restricts the scan.
    pub fn is_whole(&self) -> bool {
        let limits = [&self.low, &self.high];
        self.equal.is_empty() && self.any.is_none() && limits.into_iter().all(Option::is_none)
    }

    /// The bounds as conditions on the columns of an ascending key that some row may satisfy; `None`:
    /// they are not of this form.
    pub fn conditions(&self, state: &ExecState) -> Result<Option<Vec<KeyCondition>>> {
        if self.any.is_some() {
            return Ok(None);
        }
        let limited = self.equal.len();
        let equal = self.equal.iter().enumerate().map(|(n, c)| (n, c, KeyOrdering::Equal));
        let low = self
            .low
            .iter()
            .map(|(c, inclusive)| (limited, c, KeyOrdering::Above { inclusive: *inclusive }));
        let high = self
            .high
            .iter()
            .map(|(c, inclusive)| (limited, c, KeyOrdering::Below { inclusive: *inclusive }));
        let mut conditions = Vec::new();
        for (column, compared, ordering) in equal.chain(low).chain(high) {
            match fit(compared.value.eval(state, &[])?, compared.type_oid) {
                Some(value) => conditions.push(KeyCondition { column, ordering, value }),
                None => return Ok(None),
            }
        }
        Ok(Some(conditions))
    }

    /// The bytes of the leading columns; `None`: nothing can match.
    pub fn prefix(&self, state: &ExecState, out: &mut Vec<u8>) -> Result<bool> {
        for column in &self.equal {
            let value = column.value.eval(state, &[])?;
            if !column.encode(value, out) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The ranges to read of keys that begin with `within` (the storage id, and in a user table whose
    /// rows), in key order, apart.
    pub fn ranges(&self, within: &[u8], state: &ExecState) -> Result<Vec<ByteRange>> {
        let mut prefix = within.to_vec();
        if !self.prefix(state, &mut prefix)? {
            return Ok(Vec::new());
        }
        let Some(any) = &self.any else {
            return Ok(self.range(&prefix, state)?.into_iter().collect());
        };
        let Datum::Array(array) = any.value.eval(state, &[])? else { return Ok(Vec::new()) };
        let mut prefixes: Vec<Vec<u8>> = Vec::with_capacity(array.elements.len());
        for element in &array.elements {
            let mut with = prefix.clone();
            if any.encode(element.clone(), &mut with) {
                prefixes.push(with);
            }
        }
        prefixes.sort_unstable();
        prefixes.dedup();
        let ranges = prefixes.iter().map(|p| self.range(p, state)).collect::<Result<Vec<_>>>()?;
        Ok(ranges.into_iter().flatten().collect())
    }

    fn range(&self, prefix: &[u8], state: &ExecState) -> Result<Option<ByteRange>> {
        let mut start = prefix.to_vec();
        if let Some((low, inclusive)) = &self.low {
            if !low.encode(low.value.eval(state, &[])?, &mut start) {
                return Ok(None);
            }
            if !inclusive {
                match successor(&start) {
                    Some(after) => start = after,
                    None => return Ok(None),
                }
            }
        }
        let end = match &self.high {
            None => successor(prefix),
            Some((high, inclusive)) => {
                let mut end = prefix.to_vec();
                if !high.encode(high.value.eval(state, &[])?, &mut end) {
                    return Ok(None);
                }
                if *inclusive { successor(&end) } else { Some(end) }
            }
        };
        let empty = end.as_ref().is_some_and(|end| *end <= start);
        Ok((!empty).then_some(ByteRange { start, end }))
    }
}

//! A random sample of a table's rows, and what it tells of their columns.
//!
//! Reservoir sampling (Vitter's algorithm R): the n-th row replaces one of the kept with the chance
//! that it belongs to them. As many rows are kept as ANALYZE looks at in PostgreSQL with its default
//! statistics target, fewer where rows are long.

use super::{ColumnStatistics, Result};
use crate::storage::RowLayout;
use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// PostgreSQL's 300 rows per unit of `default_statistics_target`.
const ROWS_MAX: usize = 30_000;
/// Bytes that the sample may hold before it is thinned.
const BYTES_MAX: usize = 64 << 20;
/// Rows and bytes of the part that is remembered.
const KEPT_ROWS_MAX: usize = 500;
const KEPT_BYTES_MAX: usize = 1 << 20;

pub(super) struct Sample {
    rows: Vec<Vec<u8>>,
    rows_max: usize,
    bytes: usize,
    /// Rows offered so far.
    seen: u64,
    /// Always seeded alike: the same table gives the same plans.
    random: StdRng,
}

impl Default for Sample {
    fn default() -> Sample {
        let random = StdRng::seed_from_u64(0);
        Sample { rows: Vec::new(), rows_max: ROWS_MAX, bytes: 0, seen: 0, random }
    }
}

impl Sample {
    pub(super) fn offer(&mut self, row: &[u8]) {
        self.seen += 1;
        if self.rows.len() < self.rows_max {
            self.bytes += row.len();
            self.rows.push(row.to_vec());
        } else {
            let at = self.random.random_range(0..self.seen);
            let Some(kept) = usize::try_from(at).ok().and_then(|at| self.rows.get_mut(at)) else {
                return;
            };
            self.bytes = self.bytes + row.len() - kept.len();
            kept.clear();
            kept.extend_from_slice(row);
        }
        if self.bytes > BYTES_MAX {
            self.thin();
        }
    }

    /// Drops a random half.
    fn thin(&mut self) {
        self.rows_max = (self.rows.len() / 2).max(1);
        self.keep_random(self.rows_max);
        self.bytes = self.rows.iter().map(Vec::len).sum();
    }

    fn keep_random(&mut self, count: usize) {
        for at in 0..count.min(self.rows.len()) {
            let other = self.random.random_range(at..self.rows.len());
            self.rows.swap(at, other);
        }
        self.rows.truncate(count);
    }

    /// The rows to remember.
    pub(super) fn into_kept(mut self) -> Vec<Bytes> {
        self.keep_random(KEPT_ROWS_MAX);
        let mut bytes = 0;
        let short = |row: &Vec<u8>| {
            bytes += row.len();
            bytes <= KEPT_BYTES_MAX
        };
        self.rows.into_iter().take_while(short).map(Bytes::from).collect()
    }

    /// Statistics of each column. Values are told apart by their stored bytes: the few that are
    /// equal in spite of them (1.0 and 1.00) do not matter to an estimate.
    pub(super) fn columns(&self, layout: &RowLayout) -> Result<Vec<ColumnStatistics>> {
        let mut values: Vec<HashMap<u64, u64>> = vec![HashMap::new(); layout.len()];
        for row in &self.rows {
            let row = layout.row(row)?;
            for (column, values) in values.iter_mut().enumerate() {
                if !row.is_null(column) {
                    *values.entry(hash(row.stored_bytes(column).as_deref())).or_default() += 1;
                }
            }
        }
        Ok(values.iter().map(|values| self.column(values)).collect())
    }

    /// Of one column, from how often the sample has each value.
    fn column(&self, values: &HashMap<u64, u64>) -> ColumnStatistics {
        let sampled = self.rows.len().max(1) as f64;
        let present = values.values().sum::<u64>() as f64;
        let null_fraction = 1.0 - present / sampled;
        let total = self.seen as f64 * (1.0 - null_fraction);
        let once = values.values().filter(|count| **count == 1).count() as f64;
        ColumnStatistics {
            distinct: distinct(values.len() as f64, once, present, total),
            null_fraction,
        }
    }
}

fn hash(value: Option<&[u8]>) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Haas and Stokes' estimator Duj1, which PostgreSQL uses too: `n d / (n - f1 + f1 n / N)` for `d`
/// distinct values among `n` of `N`, `f1` of which occur once.
fn distinct(found: f64, once: f64, sampled: f64, total: f64) -> f64 {
    if sampled == 0.0 || total == 0.0 {
        return 0.0;
    }
    let estimate = sampled * found / (sampled - once + once * sampled / total);
    estimate.clamp(found, total.max(found)).round()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::row::LayoutColumn;
    use crate::types::{Datum, oids};

    fn rows(count: i32) -> (RowLayout, Sample) {
        let column = |type_oid| LayoutColumn { type_oid, missing: Datum::Null, past: Vec::new() };
        let layout = RowLayout::new(&[oids::INT4, oids::INT4, oids::TEXT].map(column), 1);
        let mut sample = Sample::default();
        for n in 0..count {
            let text = if n % 4 == 0 { Datum::Null } else { Datum::text("same") };
            let mut row = Vec::new();
            let values = [Datum::Int4(n), Datum::Int4(n % 50), text];
            layout.encode(&values, 0, &mut row).unwrap();
            sample.offer(&row);
        }
        (layout, sample)
    }

    #[test]
    fn a_whole_table_is_counted_exactly() {
        let (layout, sample) = rows(1000);
        let found = sample.columns(&layout).unwrap();
        let distinct: Vec<_> = found.iter().map(|c| c.distinct).collect();
        assert_eq!(distinct, [1000.0, 50.0, 1.0]);
        assert_eq!(found[2].null_fraction, 0.25);
        assert_eq!(sample.into_kept().len(), KEPT_ROWS_MAX);
    }

    #[test]
    fn a_sample_tells_keys_from_repeated_values() {
        let (layout, sample) = rows(100_000);
        let found = sample.columns(&layout).unwrap();
        assert!((90_000.0..=100_000.0).contains(&found[0].distinct), "{found:?}");
        assert_eq!(found[1].distinct, 50.0);
        assert!((0.24..0.26).contains(&found[2].null_fraction), "{found:?}");
    }

    #[test]
    fn long_rows_thin_the_sample() {
        let mut sample = Sample::default();
        let row = vec![0; 1 << 20];
        (0..200).for_each(|_| sample.offer(&row));
        assert!(sample.bytes <= BYTES_MAX + row.len());
        assert!(sample.into_kept().len() <= 1);
    }
}

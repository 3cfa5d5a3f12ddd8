//! What plans are estimated to cost, in microseconds of one core, roughly: only ratios matter.

/// A stored row read in key order.
pub(super) const SCAN: f64 = 0.5;
/// Finding the first row of a key range.
pub(super) const SEARCH: f64 = 6.0;
/// A row found through a secondary index: its entry, and a search for the row itself.
pub(super) const INDEX_FETCH: f64 = SEARCH;
/// What a row found by key costs more where it is cold: a page of each column is read and decoded.
pub(super) const COLD_FETCH: f64 = 600.0;
/// The same of a row that follows one in key order.
pub(super) const COLD_NEXT: f64 = 4.0;
/// Reading cold rows from a table's beginning to its end: enough for DataFusion to do it, which reads
/// them as they are.
pub(super) const COLD_START: f64 = 25_000.0;
/// Cold rows that make it worthwhile.
pub(super) const COLD_ROWS_MIN: f64 = 1000.0;
/// A row put into a hash table, and one looked up in it.
pub(super) const BUILD: f64 = 1.0;
pub(super) const PROBE: f64 = 0.5;
/// A pair of rows compared, where no equality joins them.
pub(super) const PAIR: f64 = 0.2;
/// The same where nothing joins them: an estimate that is too low does the most harm there.
pub(super) const CROSS_PAIR: f64 = 2.0;
/// A joined row.
pub(super) const OUTPUT: f64 = 0.3;
/// A row aggregated, or made distinct.
pub(super) const AGGREGATE: f64 = 1.0;
/// A row sorted, per halving of its input.
pub(super) const SORT: f64 = 0.1;
/// A row of a subquery, function or list.
pub(super) const ROW: f64 = 0.2;

/// Sorting this many rows.
pub(super) fn sort(rows: f64) -> f64 {
    rows * rows.max(2.0).log2() * SORT
}

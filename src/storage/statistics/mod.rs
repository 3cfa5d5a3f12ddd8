//! What ANALYZE finds out about a relation: how many entries it has, how many distinct values its
//! columns have, and a sample of its rows, on which the planner tries conditions.
//!
//! A count is kept with the relation's size at that time; what the planner uses is the count times
//! what the size has grown by since, as in PostgreSQL. Like PostgreSQL's `pg_statistic`, statistics
//! are not part of a transaction: a rollback leaves them. They go with their storage id, so TRUNCATE
//! and rewrites forget them.
//!
//! A record is `entries u64 │ bytes u64 │ columns u16 │ per column: distinct f64, null fraction f64 │
//! rows u16 │ per row: length u32, the stored row`, all little endian. That of an index, which has
//! entries to count only, ends after `bytes`.

mod sample;

use super::cold::TierScan;
use super::{Key, KeyRange, Result, RowLayout, Snapshot, Space, StorageError, StorageId, Store};
use bytes::Bytes;
use sample::Sample;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Entries counted between two looks at whether to go on.
const LOOK_EVERY: u64 = 4096;
/// Entries read to estimate how many a relation has that nobody has counted.
const PROBE_ENTRIES: u64 = 1000;
/// Bytes that may be written before the estimate of a small relation is made again.
const ESTIMATE_SLACK_BYTES: u64 = 32 << 10;

/// What ANALYZE found.
#[derive(Debug, Default)]
pub struct Statistics {
    /// Entries counted.
    pub entries: u64,
    /// Bytes on disk, then.
    bytes: u64,
    /// By attribute number, from the first; columns added since are missing.
    pub columns: Vec<ColumnStatistics>,
    /// Stored rows, drawn at random.
    pub sample: Vec<Bytes>,
}

/// What a sample tells of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColumnStatistics {
    /// Estimated number of distinct values that are not NULL.
    pub distinct: f64,
    /// Part of the rows in which it is NULL, from 0 to 1.
    pub null_fraction: f64,
}

/// Rows that a relation is thought to have, and how much was written in all before that was found.
pub(super) struct Estimate {
    rows: f64,
    bytes: u64,
    written_before: u64,
}

impl Store {
    /// Counts an index's entries as of now and remembers how many; `None` where `go_on` said no.
    pub fn count_entries(&self, id: StorageId, go_on: impl Fn() -> bool) -> Result<Option<()>> {
        let Some(entries) = self.each_entry(Space::Index, id, go_on, |_| {})? else {
            return Ok(None);
        };
        self.keep_count(Space::Index, id, entries).map(Some)
    }

    /// Remembers a count that was taken otherwise.
    pub fn keep_count(&self, space: Space, id: StorageId, entries: u64) -> Result<()> {
        let bytes = self.approximate_size(space, id);
        self.keep(id, Statistics { entries, bytes, ..Statistics::default() })
    }

    /// Counts and samples a table's rows as of now, and remembers what it found. Gives the number of
    /// rows; `None` where `go_on` said no.
    pub fn analyze(
        &self,
        id: StorageId,
        layout: &RowLayout,
        go_on: impl Fn() -> bool,
    ) -> Result<Option<u64>> {
        let mut sample = Sample::default();
        let Some(entries) = self.each_entry(Space::Rows, id, go_on, |row| sample.offer(row))?
        else {
            return Ok(None);
        };
        let bytes = self.approximate_size(Space::Rows, id);
        let (columns, sample) = (sample.columns(layout)?, sample.into_kept());
        self.keep(id, Statistics { entries, bytes, columns, sample })?;
        Ok(Some(entries))
    }

    /// Changes whenever what ANALYZE found does.
    pub fn statistics_changed(&self) {
        self.statistics_version.fetch_add(1, Ordering::Relaxed);
    }

    pub fn statistics_version(&self) -> u64 {
        self.statistics_version.load(Ordering::Relaxed)
    }

    /// What ANALYZE last found; `None` where it never ran.
    pub fn statistics(&self, id: StorageId) -> Result<Option<Arc<Statistics>>> {
        if let Some(known) = self.statistics.get(&id) {
            return Ok(known.clone());
        }
        let key = Key::Statistics { relation: id }.encode();
        let record = self.db.rocks.get_pinned_cf(self.db.family(Space::Meta), key)?;
        let found = record.map(|record| Statistics::decode(&record)).transpose()?.map(Arc::new);
        // Whoever analyzed meanwhile knows better.
        Ok(self.statistics.entry(id).or_insert(found).clone())
    }

    /// About how many entries a relation has. Planners ask for every statement, so an estimate is
    /// kept while all commits since wrote too little to change it much.
    pub fn estimated_rows(&self, space: Space, id: StorageId) -> Result<f64> {
        let written = self.sequencer.written_bytes();
        if let Some(kept) = self.estimates.get(&(space, id))
            && written.saturating_sub(kept.written_before)
                <= (kept.bytes / 8).max(ESTIMATE_SLACK_BYTES)
        {
            return Ok(kept.rows);
        }
        let (rows, bytes) = self.estimate(space, id)?;
        self.estimates.insert((space, id), Estimate { rows, bytes, written_before: written });
        Ok(rows)
    }

    /// About how many graves a range of them has. Those that are still in memtables are counted as if all
    /// were the range's.
    pub fn graves_within(&self, range: &KeyRange) -> Result<f64> {
        let counted = self.entries_within(Space::Graves, range)?;
        if counted < (PROBE_ENTRIES / 10) as f64 {
            return Ok(counted);
        }
        Ok(counted + self.db.memtable_entries(Space::Graves) as f64)
    }

    /// About how many rows a range of a table has, hot and cold.
    pub fn rows_within(&self, range: &KeyRange) -> Result<f64> {
        Ok(self.entries_within(Space::Rows, range)?
            + self.entries_within(Space::Locators, range)?)
    }

    /// About how many entries a range has: exact for few, else the range's bytes by the size of the
    /// first.
    fn entries_within(&self, space: Space, range: &KeyRange) -> Result<f64> {
        let snapshot = self.snapshot();
        let (entries, bytes) = probe(&snapshot, space, range, PROBE_ENTRIES / 10)?;
        if entries < PROBE_ENTRIES / 10 {
            return Ok(entries as f64);
        }
        let Some(end) = &range.end else { return Ok(entries as f64) };
        let size: u64 = snapshot.sizes(space, &[range.start.to_vec(), end.to_vec()]).iter().sum();
        Ok((size as f64 * entries as f64 / bytes.max(1) as f64).max(entries as f64))
    }

    /// Rows and bytes of a relation: exact for a small one, else what was counted, grown as the size
    /// has, else the size by that of the first entries. What is still in memtables has no size: it
    /// is missing from the growth.
    fn estimate(&self, space: Space, id: StorageId) -> Result<(f64, u64)> {
        let (cold_rows, cold_bytes) = match space {
            Space::Rows => self.cold_size(id)?,
            _ => (0, 0),
        };
        let (rows, bytes) = self.estimate_hot(space, id, cold_rows > 0)?;
        Ok((rows + cold_rows as f64, bytes + cold_bytes))
    }

    /// The same of the hot rows alone. A count is of all rows: it helps where no row is cold.
    fn estimate_hot(&self, space: Space, id: StorageId, any_cold: bool) -> Result<(f64, u64)> {
        let range = KeyRange::storage(id);
        let (entries, bytes) = probe(&self.snapshot(), space, &range, PROBE_ENTRIES)?;
        if entries < PROBE_ENTRIES {
            return Ok((entries as f64, bytes));
        }
        let size = self.approximate_size(space, id);
        let (counted, counted_bytes) = match self.statistics(id)? {
            Some(found) if !any_cold => (found.entries, found.bytes),
            _ => (entries, bytes),
        };
        let grown = size.max(counted_bytes) as f64 / counted_bytes.max(1) as f64;
        let rows = if counted_bytes == 0 { counted as f64 } else { counted as f64 * grown };
        Ok((rows.max(entries as f64), size.max(bytes)))
    }

    /// About how many hot rows a table has.
    pub fn hot_rows(&self, id: StorageId) -> Result<f64> {
        let cold = self.cold_size(id)?.0 as f64;
        Ok((self.estimated_rows(Space::Rows, id)? - cold).max(0.0))
    }

    /// How many hot rows a table has, counted as far as `most`.
    pub fn count_hot_rows(&self, id: StorageId, most: u64) -> Result<u64> {
        let mut scan = self.snapshot().scan(Space::Rows, &KeyRange::storage(id), false);
        let mut rows = 0;
        while rows < most && scan.valid()? {
            rows += 1;
            scan.advance();
        }
        Ok(rows)
    }

    /// Calls `f` with each entry's value; gives how many there were.
    fn each_entry(
        &self,
        space: Space,
        id: StorageId,
        go_on: impl Fn() -> bool,
        mut f: impl FnMut(&[u8]),
    ) -> Result<Option<u64>> {
        let (snapshot, range) = (self.snapshot(), KeyRange::storage(id));
        let mut scan = match space {
            Space::Rows => snapshot.scan_rows(&range, false),
            _ => TierScan::of_one(snapshot.scan(space, &range, false), false),
        };
        let mut entries = 0;
        while scan.settle()? {
            entries += 1;
            if entries % LOOK_EVERY == 0 && !go_on() {
                return Ok(None);
            }
            if let Some((_, value)) = scan.entry() {
                f(value);
            }
            scan.advance();
        }
        Ok(Some(entries))
    }

    fn keep(&self, id: StorageId, found: Statistics) -> Result<()> {
        let key = Key::Statistics { relation: id }.encode();
        self.db.rocks.put_cf(self.db.family(Space::Meta), key, found.encode())?;
        self.statistics.insert(id, Some(Arc::new(found)));
        self.statistics_version.fetch_add(1, Ordering::Relaxed);
        for space in Space::ALL {
            self.estimates.remove(&(space, id));
        }
        Ok(())
    }
}

/// How many entries a range has, up to a number of them, and their bytes.
fn probe(
    snapshot: &Arc<Snapshot>,
    space: Space,
    range: &KeyRange,
    entries_max: u64,
) -> Result<(u64, u64)> {
    let mut scan = snapshot.scan(space, range, false);
    let (mut entries, mut bytes) = (0, 0);
    while entries < entries_max && scan.valid()? {
        bytes += scan.entry().map_or(0, |(key, value)| (key.len() + value.len()) as u64);
        entries += 1;
        scan.advance();
    }
    Ok((entries, bytes))
}

impl Statistics {
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(&self.entries.to_le_bytes());
        out.extend_from_slice(&self.bytes.to_le_bytes());
        if self.columns.is_empty() && self.sample.is_empty() {
            return out;
        }
        let short = |n: usize| u16::try_from(n).expect("columns and samples are few").to_le_bytes();
        out.extend_from_slice(&short(self.columns.len()));
        for column in &self.columns {
            out.extend_from_slice(&column.distinct.to_le_bytes());
            out.extend_from_slice(&column.null_fraction.to_le_bytes());
        }
        out.extend_from_slice(&short(self.sample.len()));
        for row in &self.sample {
            let length = u32::try_from(row.len()).expect("a sampled row is short");
            out.extend_from_slice(&length.to_le_bytes());
            out.extend_from_slice(row);
        }
        out
    }

    fn decode(record: &[u8]) -> Result<Statistics> {
        Statistics::read(&mut Reader(record))
            .ok_or_else(|| StorageError::Corrupt("a relation's statistics are damaged".into()))
    }

    fn read(record: &mut Reader<'_>) -> Option<Statistics> {
        let mut found = Statistics {
            entries: u64::from_le_bytes(record.chunk()?),
            bytes: u64::from_le_bytes(record.chunk()?),
            ..Statistics::default()
        };
        if record.0.is_empty() {
            return Some(found);
        }
        for _ in 0..u16::from_le_bytes(record.chunk()?) {
            found.columns.push(ColumnStatistics {
                distinct: f64::from_le_bytes(record.chunk()?),
                null_fraction: f64::from_le_bytes(record.chunk()?),
            });
        }
        for _ in 0..u16::from_le_bytes(record.chunk()?) {
            let length = u32::from_le_bytes(record.chunk()?) as usize;
            found.sample.push(Bytes::copy_from_slice(record.bytes(length)?));
        }
        record.0.is_empty().then_some(found)
    }
}

/// What of a record is not read yet.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.first_chunk().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_as_they_were_written() {
        let found = Statistics {
            entries: 3,
            bytes: 40,
            columns: vec![ColumnStatistics { distinct: 2.0, null_fraction: 0.25 }],
            sample: vec![Bytes::from_static(b"row"), Bytes::new()],
        };
        let read = Statistics::decode(&found.encode()).unwrap();
        assert_eq!((read.entries, read.bytes), (3, 40));
        assert_eq!((read.columns, read.sample), (found.columns.clone(), found.sample.clone()));
        let record = found.encode();
        assert!(Statistics::decode(&record[..record.len() - 1]).is_err());
        assert!(Statistics::decode(&[record, vec![0]].concat()).is_err());
    }
}

//! How many rows a relation has, as ANALYZE or VACUUM counted them.
//!
//! The count is kept with the relation's size at that time. What the planner uses is the count times
//! what the size has grown by since, as in PostgreSQL. Like PostgreSQL's `pg_class.reltuples`, a
//! count is not part of a transaction: a rollback leaves it. It goes with its storage id, so TRUNCATE
//! and rewrites forget it.

use super::{Key, KeyRange, Result, Space, StorageError, StorageId, Store};

/// Entries counted between two looks at whether to go on.
const LOOK_EVERY: u64 = 4096;

/// A count that was taken.
struct Count {
    entries: u64,
    /// Bytes on disk, then.
    bytes: u64,
}

impl Count {
    fn encode(&self) -> Vec<u8> {
        [self.entries.to_le_bytes(), self.bytes.to_le_bytes()].concat()
    }

    fn decode(record: &[u8]) -> Result<Count> {
        match record.as_chunks::<8>() {
            ([entries, bytes], []) => {
                let (entries, bytes) = (u64::from_le_bytes(*entries), u64::from_le_bytes(*bytes));
                Ok(Count { entries, bytes })
            }
            _ => Err(StorageError::Corrupt("a relation's statistics are damaged".into())),
        }
    }
}

impl Store {
    /// Counts a relation's entries as of now; `None` where `go_on` said no.
    pub fn count_entries(
        &self,
        space: Space,
        id: StorageId,
        go_on: impl Fn() -> bool,
    ) -> Result<Option<u64>> {
        let mut scan = self.snapshot().scan(space, &KeyRange::storage(id), false);
        let mut entries = 0;
        while scan.valid()? {
            entries += 1;
            if entries % LOOK_EVERY == 0 && !go_on() {
                return Ok(None);
            }
            scan.advance();
        }
        Ok(Some(entries))
    }

    /// Remembers a count.
    pub fn keep_count(&self, space: Space, id: StorageId, entries: u64) -> Result<()> {
        let count = Count { entries, bytes: self.approximate_size(space, id) };
        let key = Key::Statistics { relation: id }.encode();
        Ok(self.db.rocks.put_cf(self.db.family(Space::Meta), key, count.encode())?)
    }

    /// The entries last counted.
    pub fn counted_entries(&self, id: StorageId) -> Result<Option<u64>> {
        Ok(self.count(id)?.map(|count| count.entries))
    }

    /// About how many entries a relation has: its count, grown as its size has, or, where nobody
    /// has counted, [`Store::approximate_rows`].
    pub fn estimated_rows(&self, space: Space, id: StorageId) -> Result<f64> {
        let Some(count) = self.count(id)? else {
            return Ok(self.approximate_rows(space, id)? as f64);
        };
        let grown = match count.bytes {
            // All of it was in memory.
            0 => 1.0,
            then => self.approximate_size(space, id) as f64 / then as f64,
        };
        Ok(count.entries as f64 * grown.max(1.0))
    }

    fn count(&self, id: StorageId) -> Result<Option<Count>> {
        let key = Key::Statistics { relation: id }.encode();
        let record = self.db.rocks.get_pinned_cf(self.db.family(Space::Meta), key)?;
        record.map(|record| Count::decode(&record)).transpose()
    }
}

//! What a statement reads: a snapshot with the transaction's own writes over it.

use super::cold::{ColdPart, TierScan};
use super::write_set::WriteScan;
use super::{KeyRange, Result, Snapshot, Space, StorageId, WriteSet, split, ssi::SerializableTxn};
use bytes::Bytes;
use std::cmp::Ordering;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Forward,
    Backward,
}

/// A consistent view of the store: one snapshot, and over it what the transaction had written when
/// the view was made. Cheap to clone, usable on any thread, outlives the statement if it must.
///
/// In a SERIALIZABLE transaction every read is recorded, so that rw-conflicts are found.
#[derive(Clone)]
pub struct ReadView {
    snapshot: Arc<Snapshot>,
    own: WriteSet,
    reader: Option<Arc<SerializableTxn>>,
}

impl ReadView {
    pub(super) fn new(
        snapshot: Arc<Snapshot>,
        own: WriteSet,
        reader: Option<Arc<SerializableTxn>>,
    ) -> ReadView {
        ReadView { snapshot, own, reader }
    }

    /// The value of `key`.
    pub fn get(&self, space: Space, key: &[u8]) -> Result<Option<Bytes>> {
        if let Some(reader) = &self.reader {
            reader.read_key(space, key);
        }
        match self.own.get(space, key) {
            Some(written) => Ok(written),
            None if space == Space::Rows => self.snapshot.row(key),
            None => self.snapshot.get(space, key),
        }
    }

    /// Whether there is a row under a key; a cold one is not read.
    pub fn has_row(&self, key: &[u8]) -> Result<bool> {
        if let Some(reader) = &self.reader {
            reader.read_key(Space::Rows, key);
        }
        match self.own.get(Space::Rows, key) {
            Some(written) => Ok(written.is_some()),
            None => Ok(self.snapshot.get(Space::Rows, key)?.is_some()
                || self.snapshot.get(Space::Locators, key)?.is_some()),
        }
    }

    /// The entries of `range` in key order, or against it.
    pub fn scan(&self, space: Space, range: KeyRange, direction: Direction) -> Scan {
        if let Some(reader) = &self.reader {
            reader.read_range(space, &range);
        }
        let backward = direction == Direction::Backward;
        let own = (!self.own.is_empty()).then(|| self.own.scan(space, &range, backward));
        let base = match space {
            Space::Rows => self.snapshot.scan_rows(&range, backward),
            _ => TierScan::of_one(self.snapshot.scan(space, &range, backward), backward),
        };
        Scan { base, own, backward, lent: Source::Neither }
    }

    /// The entries of a range of rows that are hot; [`ReadView::cold_parts`] has the others.
    pub fn scan_hot(&self, range: KeyRange) -> Scan {
        if let Some(reader) = &self.reader {
            reader.read_range(Space::Rows, &range);
        }
        let own = (!self.own.is_empty()).then(|| self.own.scan(Space::Rows, &range, false));
        let base = TierScan::of_one(self.snapshot.scan(Space::Rows, &range, false), false);
        Scan { base, own, backward: false, lent: Source::Neither }
    }

    /// The segments with a table's cold rows.
    pub fn cold_parts(&self, table: StorageId) -> Result<Vec<ColdPart>> {
        self.snapshot.cold_parts(table, &self.own)
    }

    /// Cuts `range` into at most `parts` ranges of about equal size, in key order, for parallel
    /// scans. Small ranges stay whole.
    pub fn split(&self, space: Space, range: &KeyRange, parts: usize) -> Result<Vec<KeyRange>> {
        split::split(&self.snapshot, space, range, parts)
    }
}

/// A lazy scan. Entries are lent, not copied: each is valid until the next call.
pub struct Scan {
    base: TierScan,
    own: Option<WriteScan>,
    backward: bool,
    /// Which cursors the entry lent last came from: they are advanced by the next call.
    lent: Source,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Neither,
    Base,
    Own,
    Both,
}

impl Scan {
    /// The next entry's key and value.
    // Not an `Iterator`: entries borrow from the scan.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<(&[u8], &[u8])>> {
        loop {
            self.advance();
            self.lent = self.smallest()?;
            let deleted = |own: &Option<WriteScan>| {
                own.as_ref().and_then(WriteScan::peek).is_none_or(|(_, value)| value.is_none())
            };
            match self.lent {
                Source::Neither | Source::Base => break,
                Source::Own | Source::Both if deleted(&self.own) => {}
                Source::Own | Source::Both => break,
            }
        }
        Ok(match self.lent {
            Source::Neither => None,
            Source::Base => self.base.entry(),
            Source::Own | Source::Both => {
                let entry = self.own.as_ref().and_then(WriteScan::peek);
                entry.and_then(|(key, value)| Some((key, value?)))
            }
        })
    }

    fn advance(&mut self) {
        if matches!(self.lent, Source::Base | Source::Both) {
            self.base.advance();
        }
        if let (Source::Own | Source::Both, Some(own)) = (self.lent, &mut self.own) {
            own.advance();
        }
    }

    /// The cursors on the key that comes first.
    fn smallest(&mut self) -> Result<Source> {
        let base = if self.base.settle()? { self.base.key() } else { None };
        let own = self.own.as_ref().and_then(WriteScan::peek).map(|(key, _)| key);
        Ok(match (base, own) {
            (None, None) => Source::Neither,
            (Some(_), None) => Source::Base,
            (None, Some(_)) => Source::Own,
            (Some(base), Some(own)) => match (base.cmp(own), self.backward) {
                (Ordering::Equal, _) => Source::Both,
                (Ordering::Less, false) | (Ordering::Greater, true) => Source::Base,
                _ => Source::Own,
            },
        })
    }
}

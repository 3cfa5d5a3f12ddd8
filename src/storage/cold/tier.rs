//! Reading rows wherever they are, under one snapshot.

use super::manifest::Locator;
use super::segment::{Caching, OpenSegment, RowCursor};
use crate::storage::keys::{self, SegmentId};
use crate::storage::snapshot::SnapshotScan;
use crate::storage::{KeyRange, Result, Snapshot, Space, StorageError, StorageId};
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::Arc;

impl Snapshot {
    /// The stored row of a key, hot or cold.
    pub(in crate::storage) fn row(&self, key: &[u8]) -> Result<Option<Bytes>> {
        if let Some(row) = self.get(Space::Rows, key)? {
            return Ok(Some(row));
        }
        match self.cold().has_table_of(key) {
            true => self.cold_row(key),
            false => Ok(None),
        }
    }

    fn cold_row(&self, key: &[u8]) -> Result<Option<Bytes>> {
        let Some(locator) = self.get(Space::Locators, key)? else { return Ok(None) };
        let Locator { segment, position } = Locator::decode(&locator)?;
        Ok(Some(self.open_segment(table_of(key)?, segment)?.row(position)?.into()))
    }

    fn open_segment(&self, table: StorageId, segment: SegmentId) -> Result<Arc<OpenSegment>> {
        self.cold().open(segment, || self.manifest_entry(table, segment)?.file())
    }

    /// The stored rows of a range of keys, which is of one table, in key order or against it.
    pub(in crate::storage) fn scan_rows(
        self: &Arc<Self>,
        range: &KeyRange,
        backward: bool,
    ) -> TierScan {
        let hot = self.scan(Space::Rows, range, backward);
        let cold = self.cold().has_table_of(&range.start).then(|| {
            let locators = self.scan(Space::Locators, range, backward);
            let (snapshot, cursors) = (Arc::clone(self), HashMap::new());
            Box::new(ColdScan { snapshot, locators, cursors, current: None })
        });
        TierScan { hot, cold, backward, settled: false }
    }
}

fn table_of(key: &[u8]) -> Result<StorageId> {
    keys::storage_id(key).ok_or_else(|| StorageError::Corrupt("a row's key is damaged".into()))
}

/// A cursor over entries of both tiers; a key is in one of them only.
pub(in crate::storage) struct TierScan {
    hot: SnapshotScan,
    cold: Option<Box<ColdScan>>,
    backward: bool,
    /// The current entry has been found.
    settled: bool,
}

struct ColdScan {
    snapshot: Arc<Snapshot>,
    locators: SnapshotScan,
    cursors: HashMap<SegmentId, RowCursor>,
    /// The segment whose cursor has the current row.
    current: Option<SegmentId>,
}

impl TierScan {
    /// Entries of a space that has one tier.
    pub fn of_one(hot: SnapshotScan, backward: bool) -> TierScan {
        TierScan { hot, cold: None, backward, settled: false }
    }

    /// Finds the current entry; `false`: the scan has ended. To be called before
    /// [`TierScan::key`] and [`TierScan::entry`].
    pub fn settle(&mut self) -> Result<bool> {
        let hot = self.hot.valid()?;
        let Some(cold) = &mut self.cold else { return Ok(hot) };
        if self.settled {
            return Ok(true);
        }
        if !cold.locators.valid()? {
            self.cold = None;
            return Ok(hot);
        }
        let is_cold = !hot || {
            let (hot, cold) = (self.hot.key(), cold.locators.key());
            if self.backward { cold > hot } else { cold < hot }
        };
        match is_cold {
            true => cold.read()?,
            false => cold.current = None,
        }
        self.settled = true;
        Ok(true)
    }

    pub fn key(&self) -> Option<&[u8]> {
        match &self.cold {
            Some(cold) if cold.current.is_some() => cold.locators.key(),
            _ => self.hot.key(),
        }
    }

    pub fn entry(&self) -> Option<(&[u8], &[u8])> {
        match &self.cold {
            Some(cold) => match cold.current {
                Some(segment) => Some((cold.locators.key()?, cold.cursors.get(&segment)?.row())),
                None => self.hot.entry(),
            },
            None => self.hot.entry(),
        }
    }

    pub fn advance(&mut self) {
        self.settled = false;
        match &mut self.cold {
            Some(cold) if cold.current.is_some() => cold.locators.advance(),
            _ => self.hot.advance(),
        }
    }
}

impl ColdScan {
    /// Reads the row that the current locator names.
    fn read(&mut self) -> Result<()> {
        let Some((key, value)) = self.locators.entry() else { return Ok(()) };
        let Locator { segment, position } = Locator::decode(value)?;
        let cursor = match self.cursors.get_mut(&segment) {
            Some(cursor) => cursor,
            None => {
                let opened = self.snapshot.open_segment(table_of(key)?, segment)?;
                self.cursors.entry(segment).or_insert(RowCursor::new(opened, Caching::Keep))
            }
        };
        cursor.read(position)?;
        self.current = Some(segment);
        Ok(())
    }
}

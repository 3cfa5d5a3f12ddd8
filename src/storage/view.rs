//! What a statement reads: a snapshot with the transaction's own writes over it.

use super::{KeyRange, Result, Snapshot, Space, WriteSet, ssi::SerializableTxn};
use bytes::Bytes;
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
        todo!()
    }

    /// The values of `keys`, in their order.
    pub fn multi_get(&self, space: Space, keys: &[&[u8]]) -> Result<Vec<Option<Bytes>>> {
        todo!()
    }

    /// The entries of `range` in key order, or against it.
    pub fn scan(&self, space: Space, range: KeyRange, direction: Direction) -> Scan {
        todo!()
    }

    /// Cuts `range` into at most `parts` ranges of about equal size, in key order, for parallel
    /// scans. Small ranges stay whole.
    pub fn split(&self, space: Space, range: &KeyRange, parts: usize) -> Vec<KeyRange> {
        todo!()
    }
}

/// A lazy scan. Entries are lent, not copied: each is valid until the next call.
pub struct Scan {}

impl Scan {
    /// The next entry's key and value.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<(&[u8], &[u8])>> {
        todo!()
    }
}

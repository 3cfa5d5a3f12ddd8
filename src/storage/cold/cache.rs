//! Decoded columns, kept.
//!
//! Segments do not change, so what was decoded once stays true: the rows of a block in one column, as
//! an Arrow array. Point reads and scans share them. What is asked for often stays, by bytes; a scan of
//! a table that is larger than the cache does not push everything else out.

use crate::storage::keys::SegmentId;
use datafusion::arrow::array::{Array, ArrayRef};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

/// A block of one column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct BlockKey {
    pub segment: SegmentId,
    pub field: u16,
    pub block: u32,
}

pub(super) struct ColumnCache(Cache<BlockKey, ArrayRef, ByMemory>);

/// Bytes of a usual block: how many entries to expect.
const USUAL_BYTES: u64 = 32 << 10;
/// What an entry costs besides its values.
const ENTRY_BYTES: usize = 256;

#[derive(Clone)]
struct ByMemory;

impl Weighter<BlockKey, ArrayRef> for ByMemory {
    fn weight(&self, _key: &BlockKey, array: &ArrayRef) -> u64 {
        (array.get_array_memory_size() + ENTRY_BYTES) as u64
    }
}

impl ColumnCache {
    pub fn new(bytes: u64) -> ColumnCache {
        let entries = usize::try_from(bytes / USUAL_BYTES).unwrap_or(usize::MAX).max(64);
        ColumnCache(Cache::with_weighter(entries, bytes, ByMemory))
    }

    pub fn get(&self, key: &BlockKey) -> Option<ArrayRef> {
        self.0.get(key)
    }

    pub fn insert(&self, key: BlockKey, array: ArrayRef) {
        self.0.insert(key, array);
    }
}

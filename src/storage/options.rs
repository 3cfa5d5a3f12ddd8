//! How RocksDB is set up.

/// Sizes that a server's configuration may change.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Bytes of RocksDB's cache of uncompressed blocks.
    pub block_cache_bytes: usize,
    /// Bytes of memtables over all column families.
    pub memtable_bytes: usize,
    /// Bytes one transaction may write.
    pub transaction_bytes_max: usize,
}

impl Default for StoreOptions {
    fn default() -> StoreOptions {
        StoreOptions {
            block_cache_bytes: 256 << 20,
            memtable_bytes: 128 << 20,
            transaction_bytes_max: 2 << 30,
        }
    }
}

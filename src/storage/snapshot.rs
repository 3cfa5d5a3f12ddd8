//! A RocksDB snapshot.
pub struct Snapshot {}

//! Hot storage: RocksDB, transactions, locks, one commit sequencer.

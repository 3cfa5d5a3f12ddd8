//! How RocksDB is set up: for point reads, and for commits that share a sync.

use super::objects::CredentialsKey;
use super::{Fault, Space};
use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBCompressionType,
    DBRecoveryMode, DataBlockIndexType, Env, LogLevel, Options,
};

/// Sizes that a server's configuration may change.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Bytes of RocksDB's cache of uncompressed blocks.
    pub block_cache_bytes: usize,
    /// Bytes of decoded columns of cold rows that are kept.
    pub column_cache_bytes: u64,
    /// Bytes of memtables over all column families.
    pub memtable_bytes: usize,
    /// Bytes one transaction may write: it is held in memory, and committed in one batch, which
    /// RocksDB limits to 4 GiB.
    pub transaction_bytes_max: usize,
    /// Seals the credentials of storages; without it they cannot be given in SQL.
    pub credentials_key: Option<CredentialsKey>,
    /// For crash tests.
    pub fault: Option<Fault>,
}

impl Default for StoreOptions {
    fn default() -> StoreOptions {
        StoreOptions {
            block_cache_bytes: 256 << 20,
            column_cache_bytes: 512 << 20,
            memtable_bytes: 128 << 20,
            transaction_bytes_max: 3 << 30,
            credentials_key: None,
            fault: None,
        }
    }
}

/// Bits of bloom filter per key: 1 % of the lookups of absent keys read a block.
const BLOOM_BITS: f64 = 10.0;
/// The share of a memtable given to a bloom filter, so that absent keys cost no skip list search.
const MEMTABLE_BLOOM_SHARE: f64 = 0.02;
/// WAL bytes before RocksDB flushes to drop old logs: bounds recovery to a few seconds.
const WAL_BYTES_MAX: u64 = 512 << 20;

/// WAL bytes after which the system is asked to write them back, so that a large commit's sync does
/// not find all of them still to be written.
const WAL_WRITE_BACK_BYTES: u64 = 4 << 20;

/// Graves are a queue: written at the end, deleted at the front. Files of which so many entries in a
/// row, or such a share of all, are deletions are compacted, or whoever looks for the first grave would
/// step over all that were there.
const QUEUE_WINDOW: usize = 4096;
const QUEUE_DELETIONS: usize = 2048;
const QUEUE_DELETED_SHARE: f64 = 0.5;

/// Bytes of a part of a file's index or filter.
const METADATA_BLOCK_BYTES: usize = 8 << 10;
/// RocksDB's default number of levels.
const LEVELS: usize = 7;

/// Options of the whole database; `create` allows a new one.
pub(super) fn database(options: &StoreOptions, create: bool) -> Result<Options, rocksdb::Error> {
    let mut db = Options::default();
    // Compactions take what sessions leave.
    let mut env = Env::new()?;
    env.lower_thread_pool_cpu_priority();
    db.set_env(&env);
    db.create_if_missing(create);
    // A directory of format 1 has no families for cold rows, and one of before there were graves
    // none for them.
    db.create_missing_column_families(true);
    // Forgives a record cut off at the end of the last log, which nobody was told is committed.
    // Damage before that fails the start instead of dropping acknowledged commits, as
    // point-in-time recovery would.
    db.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    db.set_paranoid_checks(true);
    db.set_manual_wal_flush(options.fault == Some(Fault::NoWalSync));
    db.set_max_total_wal_size(WAL_BYTES_MAX);
    db.set_db_write_buffer_size(options.memtable_bytes);
    db.set_max_background_jobs(2);
    db.set_bytes_per_sync(1 << 20);
    db.set_wal_bytes_per_sync(WAL_WRITE_BACK_BYTES);
    db.set_stats_dump_period_sec(0);
    db.set_log_level(LogLevel::Warn);
    db.set_keep_log_file_num(4);
    db.set_max_log_file_size(16 << 20);
    Ok(db)
}

/// The column families, RocksDB's obligatory `default` (unused) first.
pub(super) fn families(options: &StoreOptions) -> Vec<ColumnFamilyDescriptor> {
    let cache = Cache::new_lru_cache(options.block_cache_bytes);
    let described = |name, family| ColumnFamilyDescriptor::new(name, family);
    let spaces = Space::ALL.map(|space| {
        let mut family = family(options, &cache);
        if space == Space::Graves {
            family.add_compact_on_deletion_collector_factory(
                QUEUE_WINDOW,
                QUEUE_DELETIONS,
                QUEUE_DELETED_SHARE,
            );
        }
        described(space.name(), family)
    });
    std::iter::once(described("default", family(options, &cache))).chain(spaces).collect()
}

fn family(options: &StoreOptions, cache: &Cache) -> Options {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(cache);
    table.set_bloom_filter(BLOOM_BITS, false);
    table.set_optimize_filters_for_memory(true);
    table.set_cache_index_and_filter_blocks(true);
    table.set_cache_index_and_filter_blocks_with_high_priority(true);
    // In one piece they are megabytes a file, of which a shard of the cache holds few: point reads
    // would read them from the file again and again.
    table.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
    table.set_partition_filters(true);
    table.set_metadata_block_size(METADATA_BLOCK_BYTES);
    table.set_pin_top_level_index_and_filter(true);
    table.set_data_block_index_type(DataBlockIndexType::BinaryAndHash);
    table.set_format_version(6);
    let mut family = Options::default();
    family.set_block_based_table_factory(&table);
    // What memtables become is soon written again.
    let mut compression = [DBCompressionType::Lz4; LEVELS];
    compression[0] = DBCompressionType::None;
    family.set_compression_per_level(&compression);
    family.set_level_compaction_dynamic_level_bytes(true);
    family.set_write_buffer_size((options.memtable_bytes / 2).max(1 << 20));
    family.set_max_write_buffer_number(4);
    family.set_memtable_prefix_bloom_ratio(MEMTABLE_BLOOM_SHARE);
    family.set_memtable_whole_key_filtering(true);
    family
}

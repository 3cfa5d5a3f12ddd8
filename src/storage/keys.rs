//! Keys: which column family, which relation, which row.
//!
//! Every key of [`Space::Rows`] and [`Space::Index`] starts with the relation's [`StorageId`], big
//! endian, so that a relation is one contiguous range. What follows is order preserving
//! ([`crate::types::key`] encodes values), so scanning keys in byte order is scanning in the
//! relation's order:
//!
//! | key | bytes after the storage id | value |
//! |---|---|---|
//! | [`Key::Row`] | primary key columns, encoded | the row |
//! | [`Key::RowId`] | hidden row id, u64 big endian | the row |
//! | [`Key::Index`] | index columns, encoded, then the row's key suffix | the row's key suffix |
//! | [`Key::Unique`] | index columns, encoded | the row's key suffix |
//! | [`Key::Locator`] | the row's key suffix | the segment and the position of a cold row |
//!
//! Where a row is cold ([`super::cold`]) its key is in [`Space::Locators`] instead of
//! [`Space::Rows`], never in both. [`Space::Deletes`] names rows of segments that are dead: the
//! segment, then the position in it, big endian. A *grave* is what is kept of a deleted row: its last
//! version, with `_seq` and `_updated` of its deletion, in [`Space::Graves`]:
//!
//! ```text
//! storage id │ owner u32 │ _seq of the deletion u64 │ the row's key suffix     all big endian
//! ```
//!
//! So the graves of a table, and of each user of a user table, are in the order of deletion. Their
//! `_seq` is [`UNCOMMITTED`] until the sequencer knows it.
//!
//! [`Space::Meta`] has no storage ids. A first byte of [`INTERNAL`] marks storage's own records;
//! every other name is the catalog's.
//!
//! A *row key suffix* is a row's key without the storage id. A unique index stores an entry with a
//! NULL column as [`Key::Index`] (NULLs are distinct), unless declared NULLS NOT DISTINCT.
//! Encoded columns are self-delimiting, so a prefix of the columns is a prefix of the key.

use bytes::Bytes;

/// Names the rows of a table, or the entries of an index; the catalog gives them out.
pub type StorageId = u32;

/// Names a segment, in all tables and for ever.
pub type SegmentId = u64;

/// Bytes of the storage id that starts a key of a relation.
pub const STORAGE_ID_LEN: usize = 4;

/// A column family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Space {
    Rows,
    Index,
    Meta,
    Locators,
    Deletes,
    Graves,
}

impl Space {
    pub const ALL: [Space; 6] =
        [Space::Rows, Space::Index, Space::Meta, Space::Locators, Space::Deletes, Space::Graves];
    /// The spaces whose keys start with a storage id.
    pub const OF_RELATIONS: [Space; 4] =
        [Space::Rows, Space::Index, Space::Locators, Space::Graves];

    /// The column family's name on disk.
    pub fn name(self) -> &'static str {
        match self {
            Space::Rows => "rows",
            Space::Index => "index",
            Space::Meta => "meta",
            Space::Locators => "locators",
            Space::Deletes => "deletes",
            Space::Graves => "graves",
        }
    }
}

/// A key, before encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    Row {
        table: StorageId,
        primary_key: &'a [u8],
    },
    RowId {
        table: StorageId,
        row_id: u64,
    },
    Index {
        index: StorageId,
        columns: &'a [u8],
        row: &'a [u8],
    },
    Unique {
        index: StorageId,
        columns: &'a [u8],
    },
    /// A record of the catalog's; the name does not start with [`INTERNAL`].
    Meta {
        name: &'a [u8],
    },
    /// The newest commit's number and time.
    LastCommit,
    /// The state of a sequence.
    Sequence {
        sequence: StorageId,
    },
    /// What ANALYZE found out about a relation.
    Statistics {
        relation: StorageId,
    },
    /// Where a row is cold.
    Locator {
        table: StorageId,
        row: &'a [u8],
    },
    /// A row of a segment that is no row of the table any more.
    Delete {
        segment: SegmentId,
        position: u32,
    },
    /// What is kept of a deleted row. `owner`: the role whose row it was; 0 where the table's rows are
    /// everybody's.
    Grave {
        table: StorageId,
        owner: u32,
        seq: u64,
        row: &'a [u8],
    },
    /// A segment of a table's manifest.
    Segment {
        table: StorageId,
        segment: SegmentId,
    },
    /// A file of segments that no manifest names: not yet, or no longer.
    Garbage {
        segment: SegmentId,
    },
    /// What is known of a large object besides its bytes.
    LargeObject {
        database: u32,
        oid: u32,
    },
    LargeObjectPage {
        database: u32,
        oid: u32,
        page: u32,
    },
    /// The first number of a kind (or of a table's row ids) that may not be given out yet.
    Counter {
        kind: u8,
        id: StorageId,
    },
}

/// First byte of the names that storage keeps for itself in [`Space::Meta`].
pub const INTERNAL: u8 = 0;

impl Key<'_> {
    /// The column family the key lives in.
    pub fn space(&self) -> Space {
        match self {
            Key::Row { .. } | Key::RowId { .. } => Space::Rows,
            Key::Index { .. } | Key::Unique { .. } => Space::Index,
            Key::Locator { .. } => Space::Locators,
            Key::Delete { .. } => Space::Deletes,
            Key::Grave { .. } => Space::Graves,
            Key::Meta { .. }
            | Key::Segment { .. }
            | Key::Garbage { .. }
            | Key::LastCommit
            | Key::Sequence { .. }
            | Key::Statistics { .. }
            | Key::LargeObject { .. }
            | Key::LargeObjectPage { .. }
            | Key::Counter { .. } => Space::Meta,
        }
    }

    /// Appends the encoding to `out`.
    pub fn encode_to(&self, out: &mut Vec<u8>) {
        match *self {
            Key::Row { table, primary_key } | Key::Locator { table, row: primary_key } => {
                out.extend_from_slice(&table.to_be_bytes());
                out.extend_from_slice(primary_key);
            }
            Key::RowId { table, row_id } => {
                out.extend_from_slice(&table.to_be_bytes());
                out.extend_from_slice(&row_id.to_be_bytes());
            }
            Key::Index { index, columns, row } => {
                out.extend_from_slice(&index.to_be_bytes());
                out.extend_from_slice(columns);
                out.extend_from_slice(row);
            }
            Key::Unique { index, columns } => {
                out.extend_from_slice(&index.to_be_bytes());
                out.extend_from_slice(columns);
            }
            Key::Meta { name } => out.extend_from_slice(name),
            Key::LastCommit => out.extend_from_slice(&[INTERNAL, b'c']),
            Key::Sequence { sequence } => {
                out.extend_from_slice(&[INTERNAL, b's']);
                out.extend_from_slice(&sequence.to_be_bytes());
            }
            Key::Statistics { relation } => {
                out.extend_from_slice(&[INTERNAL, b'a']);
                out.extend_from_slice(&relation.to_be_bytes());
            }
            Key::Delete { segment, position } => {
                out.extend_from_slice(&segment.to_be_bytes());
                out.extend_from_slice(&position.to_be_bytes());
            }
            Key::Grave { table, owner, seq, row } => {
                out.extend_from_slice(&table.to_be_bytes());
                out.extend_from_slice(&owner.to_be_bytes());
                out.extend_from_slice(&seq.to_be_bytes());
                out.extend_from_slice(row);
            }
            Key::Segment { table, segment } => {
                out.extend_from_slice(&segments_prefix(table));
                out.extend_from_slice(&segment.to_be_bytes());
            }
            Key::Garbage { segment } => {
                out.extend_from_slice(&GARBAGE);
                out.extend_from_slice(&segment.to_be_bytes());
            }
            Key::LargeObject { database, oid } => {
                out.extend_from_slice(&[INTERNAL, b'o']);
                out.extend_from_slice(&database.to_be_bytes());
                out.extend_from_slice(&oid.to_be_bytes());
            }
            Key::LargeObjectPage { database, oid, page } => {
                out.extend_from_slice(&[INTERNAL, b'p']);
                out.extend_from_slice(&database.to_be_bytes());
                out.extend_from_slice(&oid.to_be_bytes());
                out.extend_from_slice(&page.to_be_bytes());
            }
            Key::Counter { kind, id } => {
                out.extend_from_slice(&[INTERNAL, b'n', kind]);
                out.extend_from_slice(&id.to_be_bytes());
            }
        }
    }

    /// The encoding in a buffer of its own.
    pub fn encode(&self) -> Bytes {
        let mut out = Vec::with_capacity(32);
        self.encode_to(&mut out);
        out.into()
    }
}

/// What the names of garbage records, and of all manifests' records, start with.
pub(super) const GARBAGE: [u8; 2] = [INTERNAL, b'g'];
pub(super) const SEGMENTS: [u8; 2] = [INTERNAL, b'm'];

/// What the names of a table's manifest start with.
pub(super) fn segments_prefix(table: StorageId) -> [u8; 6] {
    let [a, b, c, d] = table.to_be_bytes();
    let [first, second] = SEGMENTS;
    [first, second, a, b, c, d]
}

/// The relation a row or index key belongs to.
pub fn storage_id(key: &[u8]) -> Option<StorageId> {
    key.first_chunk::<STORAGE_ID_LEN>().map(|id| StorageId::from_be_bytes(*id))
}

/// A row or index key without its storage id.
pub fn suffix(key: &[u8]) -> &[u8] {
    key.get(STORAGE_ID_LEN..).unwrap_or_default()
}

/// `_seq` in the keys of graves whose transaction has not committed: they are the newest.
pub const UNCOMMITTED: u64 = u64::MAX;

/// Where `_seq` is in a grave's key.
const GRAVE_SEQ: std::ops::Range<usize> = 8..16;

/// A grave's key, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GraveKey<'a> {
    pub owner: u32,
    /// The commit that deleted the row, or [`UNCOMMITTED`].
    pub seq: u64,
    /// The row's key suffix.
    pub row: &'a [u8],
}

impl GraveKey<'_> {
    /// `None`: it is not a grave's key.
    pub fn decode(key: &[u8]) -> Option<GraveKey<'_>> {
        let (owner, rest) = suffix(key).split_first_chunk()?;
        let (seq, row) = rest.split_first_chunk()?;
        let (owner, seq) = (u32::from_be_bytes(*owner), u64::from_be_bytes(*seq));
        Some(GraveKey { owner, seq, row })
    }
}

/// What the keys of an owner's graves start with.
pub fn graves_prefix(table: StorageId, owner: u32) -> [u8; 8] {
    let mut prefix = [0; 8];
    prefix[..STORAGE_ID_LEN].copy_from_slice(&table.to_be_bytes());
    prefix[STORAGE_ID_LEN..].copy_from_slice(&owner.to_be_bytes());
    prefix
}

/// Fills the commit's number into a grave's key that has none yet.
pub(super) fn stamp_grave(key: &mut [u8], commit_seq: u64) {
    if let Some(seq) = key.get_mut(GRAVE_SEQ)
        && *seq == UNCOMMITTED.to_be_bytes()
    {
        seq.copy_from_slice(&commit_seq.to_be_bytes());
    }
}

/// Keys from `start` (inclusive) to `end` (exclusive; `None`: to the end of the column family).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    pub start: Bytes,
    pub end: Option<Bytes>,
}

impl KeyRange {
    pub fn new(start: impl Into<Bytes>, end: impl Into<Bytes>) -> KeyRange {
        KeyRange { start: start.into(), end: Some(end.into()) }
    }

    /// All keys that start with `prefix`.
    pub fn prefix(prefix: &[u8]) -> KeyRange {
        KeyRange { start: Bytes::copy_from_slice(prefix), end: successor(prefix).map(Bytes::from) }
    }

    /// All keys of a relation.
    pub fn storage(id: StorageId) -> KeyRange {
        KeyRange::prefix(&id.to_be_bytes())
    }

    pub fn contains(&self, key: &[u8]) -> bool {
        key >= &self.start[..] && self.end.as_ref().is_none_or(|end| key < &end[..])
    }

    pub fn is_empty(&self) -> bool {
        self.end.as_ref().is_some_and(|end| end <= &self.start)
    }
}

/// The smallest byte string above every string that starts with `prefix`; `None` if there is none.
pub fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|&b| b != 0xff)?;
    let mut next = prefix[..=last].to_vec();
    next[last] += 1;
    Some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_prefixes() {
        let whole = Key::Index { index: 7, columns: b"ab", row: b"\x01" }.encode();
        for prefix in [
            Key::Unique { index: 7, columns: b"" }.encode(),
            Key::Unique { index: 7, columns: b"a" }.encode(),
            Key::Unique { index: 7, columns: b"ab" }.encode(),
        ] {
            assert!(whole.starts_with(&prefix));
            assert!(KeyRange::prefix(&prefix).contains(&whole));
        }
        assert!(!KeyRange::prefix(b"\0\0\0\x07b").contains(&whole));
    }

    #[test]
    fn relations_are_contiguous_and_apart() {
        let table = KeyRange::storage(0x00ff_ffff);
        let inside = Key::RowId { table: 0x00ff_ffff, row_id: u64::MAX }.encode();
        let outside = Key::RowId { table: 0x0100_0000, row_id: 0 }.encode();
        assert!(table.contains(&inside));
        assert!(!table.contains(&outside));
        assert_eq!(table.end.as_deref(), Some(&[1u8][..]));
        assert_eq!(KeyRange::storage(u32::MAX).end, None);
    }

    #[test]
    fn row_ids_sort_as_numbers() {
        let ids = [0u64, 1, 255, 256, u64::from(u32::MAX), u64::MAX];
        let keys: Vec<_> =
            ids.iter().map(|&id| Key::RowId { table: 1, row_id: id }.encode()).collect();
        assert!(keys.is_sorted());
    }

    #[test]
    fn graves_sort_by_owner_and_deletion_and_the_uncommitted_last() {
        let grave = |owner, seq, row: &'static [u8]| Key::Grave { table: 9, owner, seq, row };
        let keys = [
            grave(0, 1, b"z").encode(),
            grave(0, 256, b"a").encode(),
            grave(0, UNCOMMITTED, b"a").encode(),
            grave(16_384, 1, b"a").encode(),
        ];
        assert!(keys.is_sorted());
        assert!(keys[2].starts_with(&graves_prefix(9, 0)));
        assert!(keys[3].starts_with(&graves_prefix(9, 16_384)));
        let decoded = GraveKey { owner: 0, seq: 256, row: b"a" };
        assert_eq!(GraveKey::decode(&keys[1]), Some(decoded));
        assert_eq!(GraveKey::decode(&keys[1][..15]), None);
        for (key, seq) in [(&keys[1], 256), (&keys[2], 300)] {
            let mut stamped = key.to_vec();
            stamp_grave(&mut stamped, 300);
            assert_eq!(GraveKey::decode(&stamped).map(|key| key.seq), Some(seq));
        }
    }

    #[test]
    fn successor_skips_trailing_ff() {
        assert_eq!(successor(b"a\xff\xff"), Some(b"b".to_vec()));
        assert_eq!(successor(b"\xff\xff"), None);
        assert_eq!(successor(b""), None);
    }

    #[test]
    fn a_key_splits_into_relation_and_suffix() {
        let key = Key::Row { table: 9, primary_key: b"pk" }.encode();
        assert_eq!((storage_id(&key), suffix(&key)), (Some(9), &b"pk"[..]));
        assert_eq!((storage_id(b"ab"), suffix(b"ab")), (None, &b""[..]));
    }
}

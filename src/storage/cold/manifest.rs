//! The manifest: which segments a table has, as one snapshot shows it.
//!
//! A record per segment lies in [`Space::Meta`]: `from u32 │ to u32`, little endian, then the file's
//! description as JSON. Only the rows at the positions from `from` to before `to`, dead ones aside,
//! are the table's: a flush moves rows into its segment piece by piece, and a compaction out of one,
//! so these bounds move while that goes on. The description never changes.
//!
//! A file that no manifest names has a *garbage* record instead, from before its first byte is
//! written until after it is deleted. So a crash at any moment leaves no file that nobody knows of.

use super::place::Place;
use crate::storage::keys::{GARBAGE, SEGMENTS, SegmentId, segments_prefix};
use crate::storage::{Key, KeyRange, Result, Snapshot, Space, StorageError, StorageId};
use crate::types::Oid;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A file in a storage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePath {
    /// The storage's OID; 0: the data directory.
    pub storage: Oid,
    /// Relative to the storage.
    pub path: String,
}

/// What never changes of a segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentFile {
    #[serde(flatten)]
    pub file: FilePath,
    pub bytes: u64,
    pub rows: u32,
    /// The table's schema version that its rows were written in.
    pub version: u32,
    /// CRC-32 of each block ([`super::blocks`]).
    pub(super) checksums: Vec<u32>,
}

/// A segment of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub table: StorageId,
    pub segment: SegmentId,
    /// The table's rows in it, dead ones among them.
    pub from: u32,
    pub to: u32,
    /// [`SegmentFile`] as JSON.
    description: Vec<u8>,
}

impl Entry {
    pub fn new(table: StorageId, segment: SegmentId, file: &SegmentFile) -> Entry {
        let description = serde_json::to_vec(file).expect("a description is plain data");
        Entry { table, segment, from: 0, to: 0, description }
    }

    pub fn file(&self) -> Result<SegmentFile> {
        serde_json::from_slice(&self.description).map_err(|_| damaged())
    }

    pub fn key(&self) -> bytes::Bytes {
        Key::Segment { table: self.table, segment: self.segment }.encode()
    }

    pub fn encode(&self) -> Vec<u8> {
        let bounds = [self.from.to_le_bytes(), self.to.to_le_bytes()].concat();
        [&bounds[..], &self.description].concat()
    }

    fn decode(key: &[u8], value: &[u8]) -> Result<Entry> {
        let read = || {
            let name = key.strip_prefix(&SEGMENTS)?;
            let (table, segment) = name.split_first_chunk::<4>()?;
            let (from, rest) = value.split_first_chunk::<4>()?;
            let (to, description) = rest.split_first_chunk::<4>()?;
            Some(Entry {
                table: StorageId::from_be_bytes(*table),
                segment: SegmentId::from_be_bytes(segment.try_into().ok()?),
                from: u32::from_le_bytes(*from),
                to: u32::from_le_bytes(*to),
                description: description.to_vec(),
            })
        };
        read().ok_or_else(damaged)
    }
}

impl Snapshot {
    /// A table's segments (`None`: of all tables), oldest first.
    pub(super) fn manifest(self: &Arc<Self>, table: Option<StorageId>) -> Result<Vec<Entry>> {
        let range = match table {
            Some(table) => KeyRange::prefix(&segments_prefix(table)),
            None => KeyRange::prefix(&SEGMENTS),
        };
        let mut scan = self.scan(Space::Meta, &range, false);
        let mut entries = Vec::new();
        while scan.valid()? {
            if let Some((key, value)) = scan.entry() {
                entries.push(Entry::decode(key, value)?);
            }
            scan.advance();
        }
        Ok(entries)
    }

    /// One segment of a table.
    pub(super) fn manifest_entry(&self, table: StorageId, segment: SegmentId) -> Result<Entry> {
        let key = Key::Segment { table, segment }.encode();
        match self.get(Space::Meta, &key)? {
            Some(value) => Entry::decode(&key, &value),
            None => Err(StorageError::Corrupt(format!("segment {segment} is not in the manifest"))),
        }
    }

    /// The positions of a segment's dead rows from `from` to before `to`, ascending.
    pub(super) fn dead(
        self: &Arc<Self>,
        segment: SegmentId,
        from: u32,
        to: u32,
    ) -> Result<Vec<u32>> {
        let mut scan = self.scan(Space::Deletes, &positions(segment, from, to), false);
        let mut dead = Vec::new();
        while scan.valid()? {
            dead.extend(scan.key().and_then(position));
            scan.advance();
        }
        Ok(dead)
    }

    /// Files that no manifest names.
    pub(super) fn garbage(self: &Arc<Self>) -> Result<Vec<(SegmentId, FilePath)>> {
        let mut scan = self.scan(Space::Meta, &KeyRange::prefix(&GARBAGE), false);
        let mut found = Vec::new();
        while scan.valid()? {
            if let Some((key, value)) = scan.entry() {
                let segment = key.last_chunk::<8>().ok_or_else(damaged)?;
                let file = serde_json::from_slice(value).map_err(|_| damaged())?;
                found.push((SegmentId::from_be_bytes(*segment), file));
            }
            scan.advance();
        }
        Ok(found)
    }
}

impl FilePath {
    /// The value of a garbage record.
    pub(in crate::storage) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a path is plain data")
    }
}

/// Where a row is cold: `segment │ position`, each LEB128.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::storage) struct Locator {
    pub segment: SegmentId,
    pub position: u32,
}

impl Locator {
    pub fn encode_to(self, out: &mut Vec<u8>) {
        for mut rest in [self.segment, u64::from(self.position)] {
            while rest >= 0x80 {
                out.push((rest as u8) | 0x80);
                rest >>= 7;
            }
            out.push(rest as u8);
        }
    }

    pub fn decode(bytes: &[u8]) -> Result<Locator> {
        let mut bytes = bytes.iter();
        let mut number = || {
            let mut value = 0_u64;
            for shift in (0..64).step_by(7) {
                let byte = *bytes.next()?;
                value |= u64::from(byte & 0x7f) << shift;
                if byte < 0x80 {
                    return Some(value);
                }
            }
            None
        };
        let read = number().zip(number().and_then(|n| u32::try_from(n).ok()));
        let (segment, position) = read.ok_or_else(damaged)?;
        Ok(Locator { segment, position })
    }
}

/// The keys of a segment's dead rows from `from` to before `to`.
pub(super) fn positions(segment: SegmentId, from: u32, to: u32) -> KeyRange {
    let bound = |position| Key::Delete { segment, position }.encode();
    KeyRange { start: bound(from), end: Some(bound(to)) }
}

/// The position that a dead row's key names.
pub(super) fn position(key: &[u8]) -> Option<u32> {
    key.last_chunk::<4>().map(|position| u32::from_be_bytes(*position))
}

/// The storages that can be reached.
pub(super) type Places = dashmap::DashMap<Oid, Place>;

fn damaged() -> StorageError {
    StorageError::Corrupt("a record of cold rows is damaged".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_as_they_were_written() {
        let file = SegmentFile {
            file: FilePath { storage: 0, path: "public/t/1.parquet".into() },
            bytes: 1000,
            rows: 10,
            version: 3,
            checksums: vec![1, u32::MAX],
        };
        let mut entry = Entry::new(7, 9, &file);
        (entry.from, entry.to) = (2, 10);
        let read = Entry::decode(&entry.key(), &entry.encode()).unwrap();
        assert_eq!((&read, read.file().unwrap()), (&entry, file));
        assert!(Entry::decode(&entry.key(), &[0; 7]).is_err());
    }

    #[test]
    fn locators_are_read_as_they_were_written() {
        for (segment, position) in [(0, 0), (127, 128), (1 << 40, u32::MAX), (u64::MAX, 1)] {
            let locator = Locator { segment, position };
            let mut encoded = Vec::new();
            locator.encode_to(&mut encoded);
            assert_eq!(Locator::decode(&encoded).unwrap(), locator);
        }
        assert!(Locator::decode(&[0x80]).is_err());
        assert!(Locator::decode(&[1, 0xff, 0xff, 0xff, 0xff, 0x7f]).is_err());
    }
}

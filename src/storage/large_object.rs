//! Large objects: bytes that are read and written in parts (manual, chapter 35).
//!
//! As in PostgreSQL an object is a record (`pg_largeobject_metadata`) and pages of [`PAGE_BYTES`]
//! (`pg_largeobject`), the last one as long as its bytes. Pages that were never written are missing and
//! read as zeros:
//!
//! ```text
//! write 3 bytes at 0, then 2 at 5000:   page 0: 3 bytes    page 2: 906 bytes     length 5002
//! ```
//!
//! Both are versioned like everything else in the store: a view shows the object as of its snapshot,
//! with the transaction's own writes. Functions write past the statement's buffer
//! ([`Txn::write_at_once`]): a SELECT's functions run while its rows are read, when the statement's
//! writes have been merged already. Who writes holds the object's lock ([`lock`]).

use super::{Direction, Key, KeyRange, ReadView, Result, Space, StorageError, StorageId, Txn};
use crate::nodes::{LockWait, RowLockMode};
use crate::types::Oid;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Bytes of a page (`LOBLKSIZE`).
pub const PAGE_BYTES: u64 = 2048;
/// Greatest length of an object (`MAX_LARGE_OBJECT_SIZE`).
pub const BYTES_MAX: u64 = i32::MAX as u64 * PAGE_BYTES;

/// Stands for all large objects where locks name a table. No relation has it: ids count up from 1.
const LOCKED_AS: StorageId = StorageId::MAX;

/// What is known of an object besides its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LargeObject {
    pub oid: Oid,
    pub owner: Oid,
    /// `None`: the default, everything for the owner.
    pub acl: Option<Vec<String>>,
    pub comment: Option<String>,
}

/// A page, as pg_largeobject shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub object: Oid,
    pub number: u32,
    pub bytes: Bytes,
}

/// The large objects of a database as a view shows them.
pub struct LargeObjects<'v> {
    pub database: Oid,
    pub view: &'v ReadView,
}

/// Waits until no other transaction writes the object, and keeps others from it until this one's end.
pub async fn lock(txn: &Txn, oid: Oid) -> Result<()> {
    let mut name = txn.database().to_be_bytes().to_vec();
    name.extend_from_slice(&oid.to_be_bytes());
    txn.lock_row(LOCKED_AS, &name, RowLockMode::Update, LockWait::Block).await?;
    Ok(())
}

impl LargeObjects<'_> {
    pub fn find(&self, oid: Oid) -> Result<Option<LargeObject>> {
        let key = Key::LargeObject { database: self.database, oid }.encode();
        self.view.get(Space::Meta, &key)?.map(|record| decode(&record)).transpose()
    }

    /// Whether there are any.
    pub fn exist(&self) -> Result<bool> {
        Ok(self.scan_all().next()?.is_some())
    }

    pub fn all(&self) -> Result<Vec<LargeObject>> {
        let mut scan = self.scan_all();
        let mut found = Vec::new();
        while let Some((_, record)) = scan.next()? {
            found.push(decode(record)?);
        }
        Ok(found)
    }

    /// The pages of all objects.
    pub fn pages(&self) -> Result<Vec<Page>> {
        let mut scan = self.scan(self.page(0, 0), OID_BYTES + PAGE_NUMBER_BYTES);
        let mut pages = Vec::new();
        while let Some((key, bytes)) = scan.next()? {
            let (rest, number) = key.split_last_chunk().ok_or_else(damaged)?;
            let (_, object) = rest.split_last_chunk().ok_or_else(damaged)?;
            let (object, number) = (u32::from_be_bytes(*object), u32::from_be_bytes(*number));
            pages.push(Page { object, number, bytes: Bytes::copy_from_slice(bytes) });
        }
        Ok(pages)
    }

    pub fn length(&self, oid: Oid) -> Result<u64> {
        let range = self.range(self.page(oid, 0), PAGE_NUMBER_BYTES);
        let mut scan = self.view.scan(Space::Meta, range, Direction::Backward);
        let Some((key, bytes)) = scan.next()? else { return Ok(0) };
        Ok(u64::from(page_number(key)?) * PAGE_BYTES + bytes.len() as u64)
    }

    /// At most `length` bytes from `offset` on; fewer at the object's end.
    pub fn read(&self, oid: Oid, offset: u64, length: usize) -> Result<Vec<u8>> {
        let end = self.length(oid)?.min(offset.saturating_add(length as u64));
        let mut out = Vec::new();
        let mut at = offset;
        while at < end {
            let number = page_at(at)?;
            let page = self.get(oid, number)?.unwrap_or_default();
            let start = (at % PAGE_BYTES) as usize;
            let upto = (end - u64::from(number) * PAGE_BYTES).min(PAGE_BYTES) as usize;
            let present = page.get(start..upto.min(page.len())).unwrap_or_default();
            out.extend_from_slice(present);
            out.resize(out.len() + (upto - start) - present.len(), 0);
            at += (upto - start) as u64;
        }
        Ok(out)
    }

    fn page(&self, oid: Oid, page: u32) -> Key<'static> {
        Key::LargeObjectPage { database: self.database, oid, page }
    }

    fn get(&self, oid: Oid, page: u32) -> Result<Option<Bytes>> {
        self.view.get(Space::Meta, &self.page(oid, page).encode())
    }

    fn scan_all(&self) -> super::Scan {
        self.scan(Key::LargeObject { database: self.database, oid: 0 }, OID_BYTES)
    }

    fn scan(&self, first: Key<'_>, varying: usize) -> super::Scan {
        self.view.scan(Space::Meta, self.range(first, varying), Direction::Forward)
    }

    /// The keys that begin like one, its last `varying` bytes aside.
    fn range(&self, key: Key<'_>, varying: usize) -> KeyRange {
        let key = key.encode();
        KeyRange::prefix(&key[..key.len() - varying])
    }
}

/// Changes of objects. No view is open meanwhile: it would make each write a copy of the write set.
impl Txn {
    /// An object as this transaction would change it.
    pub fn large_object(&self, oid: Oid) -> Result<Option<LargeObject>> {
        let key = Key::LargeObject { database: self.database(), oid }.encode();
        self.get_latest(Space::Meta, &key)?.map(|record| decode(&record)).transpose()
    }

    /// Makes or changes an object's record.
    pub fn put_large_object(&self, object: &LargeObject) -> Result<()> {
        let key = Key::LargeObject { database: self.database(), oid: object.oid };
        self.check_unchanged(key)?;
        let mut record = vec![FORMAT_VERSION];
        serde_json::to_writer(&mut record, object).map_err(|e| StorageError::Io(e.to_string()))?;
        self.write_at_once(key, Some(record.into()))
    }

    /// Drops an object with all its pages.
    pub fn drop_large_object(&self, object: &LargeObject) -> Result<()> {
        for number in self.page_numbers(object.oid)? {
            self.write_at_once(self.page(object.oid, number), None)?;
        }
        if object.comment.is_some() {
            // Answers about comments are kept for as long as nothing that they show changes.
            let store = Arc::clone(self.store());
            self.on_commit(move |_| store.statistics_changed());
        }
        let key = Key::LargeObject { database: self.database(), oid: object.oid };
        self.check_unchanged(key)?;
        self.write_at_once(key, None)
    }

    /// Drops all objects of a database.
    pub fn drop_large_objects_of(&self, database: Oid) -> Result<()> {
        let view = self.read_view()?;
        let objects = LargeObjects { database, view: &view };
        let pages = objects.scan(objects.page(0, 0), OID_BYTES + PAGE_NUMBER_BYTES);
        let records = objects.scan(Key::LargeObject { database, oid: 0 }, OID_BYTES);
        for mut scan in [pages, records] {
            while let Some((key, _)) = scan.next()? {
                self.delete(Space::Meta, Bytes::copy_from_slice(key))?;
            }
        }
        Ok(())
    }

    /// Puts bytes at an offset.
    pub fn write_large_object(&self, oid: Oid, offset: u64, bytes: &[u8]) -> Result<()> {
        let mut at = offset;
        let mut rest = bytes;
        while !rest.is_empty() {
            let number = page_at(at)?;
            let start = (at % PAGE_BYTES) as usize;
            let (now, later) = rest.split_at(rest.len().min(PAGE_BYTES as usize - start));
            let mut page = self.page_to_change(oid, number)?;
            page.resize(page.len().max(start + now.len()), 0);
            page[start..start + now.len()].copy_from_slice(now);
            self.write_at_once(self.page(oid, number), Some(page.into()))?;
            at += now.len() as u64;
            rest = later;
        }
        Ok(())
    }

    /// Makes an object so long: the rest goes, or zeros come.
    pub fn truncate_large_object(&self, oid: Oid, length: u64) -> Result<()> {
        let last = page_at(length)?;
        let mut page = self.page_to_change(oid, last)?;
        page.resize((length % PAGE_BYTES) as usize, 0);
        for number in self.page_numbers(oid)?.into_iter().filter(|number| *number > last) {
            self.write_at_once(self.page(oid, number), None)?;
        }
        self.write_at_once(self.page(oid, last), Some(page.into()))
    }

    fn page(&self, oid: Oid, page: u32) -> Key<'static> {
        Key::LargeObjectPage { database: self.database(), oid, page }
    }

    fn page_numbers(&self, oid: Oid) -> Result<Vec<u32>> {
        let view = self.read_view()?;
        let objects = LargeObjects { database: self.database(), view: &view };
        let mut scan = objects.scan(self.page(oid, 0), PAGE_NUMBER_BYTES);
        let mut numbers = Vec::new();
        while let Some((key, _)) = scan.next()? {
            numbers.push(page_number(key)?);
        }
        Ok(numbers)
    }

    fn page_to_change(&self, oid: Oid, page: u32) -> Result<Vec<u8>> {
        let key = self.page(oid, page);
        self.check_unchanged(key)?;
        let bytes = self.get_latest(Space::Meta, &key.encode())?;
        Ok(bytes.map_or_else(Vec::new, |bytes| bytes.to_vec()))
    }

    /// 40001 where another transaction has changed it since this one's snapshot.
    fn check_unchanged(&self, key: Key<'_>) -> Result<()> {
        let key = key.encode();
        match self.snapshot_get(Space::Meta, &key)? {
            Some(seen) if !self.wrote(Space::Meta, &key) => {
                match self.get_committed(Space::Meta, &key)? == seen {
                    true => Ok(()),
                    false => Err(StorageError::ConcurrentUpdate),
                }
            }
            _ => Ok(()),
        }
    }
}

/// The first byte of a record.
const FORMAT_VERSION: u8 = 1;
const OID_BYTES: usize = 4;
const PAGE_NUMBER_BYTES: usize = 4;

fn decode(record: &[u8]) -> Result<LargeObject> {
    match record.split_first() {
        Some((&FORMAT_VERSION, json)) => serde_json::from_slice(json).map_err(|_| damaged()),
        _ => Err(damaged()),
    }
}

fn page_number(key: &[u8]) -> Result<u32> {
    key.last_chunk().map(|number| u32::from_be_bytes(*number)).ok_or_else(damaged)
}

/// The page that a byte is on. Callers keep to [`BYTES_MAX`].
fn page_at(offset: u64) -> Result<u32> {
    u32::try_from(offset / PAGE_BYTES).map_err(|_| damaged())
}

fn damaged() -> StorageError {
    StorageError::Corrupt("a large object cannot be read".to_owned())
}

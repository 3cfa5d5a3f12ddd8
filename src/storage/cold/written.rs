//! Which rows were written since a flush of their table began.
//!
//! A flush moves rows that are as they were when it copied them. To look each of them up would cost
//! more than moving it; so commits to a table that is being flushed leave the hashes of the keys that
//! they write, before they are visible, and only rows whose hash is there are looked up.

use crate::storage::{StorageId, keys};
use parking_lot::{Mutex, RwLock};
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Default)]
pub(in crate::storage) struct Written {
    /// How many tables are watched: commits ask for every statement.
    watched: AtomicUsize,
    tables: RwLock<HashMap<StorageId, Mutex<HashSet<u64>>>>,
    hasher: RandomState,
}

/// Watches a table until it is dropped. One at a time may watch the same.
pub(super) struct Watch<'a>(&'a Written, StorageId);

impl Written {
    pub(super) fn watch(&self, table: StorageId) -> Watch<'_> {
        self.tables.write().insert(table, Mutex::default());
        self.watched.fetch_add(1, Ordering::SeqCst);
        Watch(self, table)
    }

    /// Whether anybody wants to know.
    pub fn is_watching(&self) -> bool {
        self.watched.load(Ordering::SeqCst) > 0
    }

    /// A row's key is in a batch that is going to be written.
    pub fn note(&self, key: &[u8]) {
        let tables = self.tables.read();
        if let Some(hashes) = keys::storage_id(key).and_then(|table| tables.get(&table)) {
            hashes.lock().insert(self.hasher.hash_one(key));
        }
    }
}

impl Watch<'_> {
    /// Which of these rows may have been written, by their keys, since the watch began.
    pub fn may_have_written<'k>(&self, keys: impl Iterator<Item = &'k [u8]>) -> Vec<bool> {
        let tables = self.0.tables.read();
        let Some(hashes) = tables.get(&self.1) else { return keys.map(|_| true).collect() };
        let hashes = hashes.lock();
        keys.map(|key| hashes.contains(&self.0.hasher.hash_one(key))).collect()
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.0.watched.fetch_sub(1, Ordering::SeqCst);
        self.0.tables.write().remove(&self.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rows_of_watched_tables_are_noted() {
        let written = Written::default();
        let (mine, other) = (&b"\0\0\0\x07a"[..], &b"\0\0\0\x08a"[..]);
        written.note(mine);
        assert!(!written.is_watching());
        let watch = written.watch(7);
        assert!(written.is_watching());
        written.note(other);
        assert_eq!(watch.may_have_written([mine, other].into_iter()), [false, false]);
        written.note(mine);
        assert_eq!(watch.may_have_written([mine, other].into_iter()), [true, false]);
        drop(watch);
        assert!(!written.is_watching());
    }
}

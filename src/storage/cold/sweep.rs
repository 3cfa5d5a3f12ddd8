//! Sweep: files that no manifest names, and no snapshot needs, are deleted, and so is what is left of
//! hot rows that have moved.
//!
//! Their records go after them, so that a crash between only means that a file is deleted twice. The
//! dead rows of a segment go with its file.

use super::flush::Outcome;
use super::manifest::{Entry, FilePath};
use super::{StorageId, Work};
use crate::storage::fault::CrashPoint;
use crate::storage::keys::SegmentId;
use crate::storage::open::Db;
use crate::storage::{Key, Result, Snapshot, Space, StorageError, Store};
use crate::types::Oid;
use bytes::Bytes;
use std::path::Path;
use std::sync::Arc;

/// What a store that is being opened does about cold rows: nobody has a snapshot yet, so all garbage
/// may go.
pub(in crate::storage) fn start(db: &Arc<Db>, dir: &Path) -> Result<()> {
    db.cold
        .clear_scratch()
        .map_err(|e| StorageError::BadDirectory { path: dir.to_owned(), reason: e.to_string() })?;
    let snapshot = Snapshot::new(db);
    for entry in snapshot.manifest(None)? {
        db.cold.add_table(entry.table);
    }
    for (segment, _) in snapshot.garbage()? {
        db.cold.retired.insert(segment, 0);
    }
    Ok(())
}

/// The manifest of a table that is dropped: each record's key, the segment, its file.
pub(in crate::storage) fn segments_to_drop(
    db: &Arc<Db>,
    table: StorageId,
) -> Vec<(Bytes, SegmentId, FilePath)> {
    if !db.cold.has(table) {
        return Vec::new();
    }
    let described = |entry: Entry| match entry.file() {
        Ok(file) => Some((entry.key(), entry.segment, file.file)),
        Err(error) => {
            tracing::error!(%error, segment = entry.segment, "a dropped segment's file stays");
            None
        }
    };
    match Snapshot::new(db).manifest(Some(table)) {
        Ok(entries) => entries.into_iter().filter_map(described).collect(),
        Err(error) => {
            tracing::error!(%error, table, "the files of a dropped table stay");
            Vec::new()
        }
    }
}

impl Store {
    /// Deletes the files that nobody needs any more; those that cannot be deleted now are left to the
    /// next sweep, and the first error is given. To be called on a thread that may wait.
    pub fn sweep_segments(&self, work: &Work) -> Result<Outcome> {
        let cold = &self.db.cold;
        // The snapshot kept for sharing would keep files for ever.
        *self.newest.lock() = None;
        let garbage = Snapshot::new(&self.db).garbage()?;
        let now = self.db.rocks.latest_sequence_number();
        let oldest = self.db.oldest_snapshot();
        let (mut outcome, mut failed) = (Outcome::default(), Ok(()));
        for (segment, file) in garbage {
            work.check()?;
            // Whoever made a segment of it since has let go of it after that.
            let key = Key::Garbage { segment }.encode();
            if cold.writing.lock().contains(&segment) || self.get(Space::Meta, &key)?.is_none() {
                continue;
            }
            // Garbage that was not known as such is a dropped table's, or of a flush that failed.
            let since = *cold.retired.entry(segment).or_insert(now);
            if since > oldest {
                continue;
            }
            match self.delete_garbage(segment, &file) {
                Ok(()) => outcome.segments += 1,
                Err(error) => failed = failed.and(Err(error)),
            }
        }
        let emptied = std::mem::take(&mut *cold.emptied.lock());
        for table in emptied {
            work.check()?;
            self.compact(Space::Rows, table);
        }
        failed.map(|()| outcome)
    }

    /// Whether there is something for a sweep that should not wait.
    pub fn has_emptied(&self) -> bool {
        !self.db.cold.emptied.lock().is_empty()
    }

    fn delete_garbage(&self, segment: SegmentId, file: &FilePath) -> Result<()> {
        self.db.cold.place(file.storage)?.delete(&file.path)?;
        self.reach(CrashPoint::FileDeleted);
        self.forget_file(segment)
    }

    /// How many files of a storage are still to be deleted.
    pub fn garbage_in(&self, storage: Oid) -> Result<usize> {
        let garbage = Snapshot::new(&self.db).garbage()?;
        Ok(garbage.iter().filter(|(_, file)| file.storage == storage).count())
    }

    /// Leaves the files of a storage that are still to be deleted where they are: the storage is given
    /// up.
    pub fn forget_garbage_in(&self, storage: Oid) -> Result<()> {
        let garbage = Snapshot::new(&self.db).garbage()?;
        let mut of_storage = garbage.iter().filter(|(_, file)| file.storage == storage);
        of_storage.try_for_each(|(segment, _)| self.forget_file(*segment))
    }

    /// Removes what is recorded of a file that is no more.
    fn forget_file(&self, segment: SegmentId) -> Result<()> {
        let cold = &self.db.cold;
        let bound = |segment| Key::Delete { segment, position: 0 }.encode();
        let deletes = self.db.family(Space::Deletes);
        self.db.rocks.delete_range_cf(deletes, bound(segment), bound(segment + 1))?;
        self.db.rocks.delete_cf(self.db.family(Space::Meta), Key::Garbage { segment }.encode())?;
        cold.open.remove(&segment);
        cold.retired.remove(&segment);
        Ok(())
    }
}

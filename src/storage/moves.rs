//! Where rows went whose key changed, for statements that still look for them under the old one.
//!
//! A row lies under its primary key, so an update of the key takes the row away from where a
//! statement with an older snapshot has seen it. PostgreSQL finds the new version by a link in the
//! old one; here every move is remembered in memory until no snapshot is older than its commit.
//! Snapshots do not outlive the server, so moves need not either.
//!
//! ```text
//!   snapshot of S │ T: 1 → 2, commit 8 │ U: 2 → 5, commit 9 │ S wants row 1, seen with _seq 3:
//!                                                             1 ─▶ 2 (8 > 3) ─▶ 5 (9 > 8)
//! ```
//!
//! A key may be given up and taken by another row many times. So a step goes on from the place in
//! the order of moves where the one before ended, and who arrives compares births
//! ([`row::born`](super::row::born)).

use super::{StorageId, open::Db};
use bytes::Bytes;
use parking_lot::RwLock;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// A row's step from one key of a table to another; keys are without the storage id.
#[derive(Clone)]
pub(super) struct Move {
    pub(super) table: StorageId,
    pub(super) from: Bytes,
    pub(super) to: Bytes,
}

/// A place in the order of all moves: after the commit `seq`, and after `number` moves.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MovePlace {
    seq: u64,
    number: u64,
}

impl MovePlace {
    /// After everything that commit `seq` did.
    pub fn after(seq: u64) -> MovePlace {
        MovePlace { seq, number: u64::MAX }
    }
}

pub(super) struct Moves {
    db: Arc<Db>,
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    /// By the key left, oldest first.
    by_key: HashMap<(StorageId, Bytes), VecDeque<(MovePlace, Bytes)>>,
    /// The same in the order of commits, each with RocksDB's number after its commit: older
    /// snapshots need it.
    by_age: VecDeque<(u64, (StorageId, Bytes))>,
    numbers: u64,
}

impl Moves {
    pub(super) fn new(db: Arc<Db>) -> Moves {
        Moves { db, known: RwLock::default() }
    }

    /// Remembers the moves of commit `seq`, which is written and holds its locks still.
    pub(super) fn record(&self, seq: u64, moves: Vec<Move>) {
        if moves.is_empty() {
            return;
        }
        let now = self.db.rocks.latest_sequence_number();
        let mut known = self.known.write();
        for Move { table, from, to } in moves {
            known.numbers += 1;
            let place = MovePlace { seq, number: known.numbers };
            known.by_key.entry((table, from.clone())).or_default().push_back((place, to));
            known.by_age.push_back((now, (table, from)));
        }
    }

    /// Forgets the moves that every snapshot shows.
    pub(super) fn forget_shown(&self) {
        if self.known.read().by_age.is_empty() {
            return;
        }
        let oldest = self.db.oldest_snapshot();
        self.known.write().forget_before(oldest);
    }

    /// Where the row went that left `key` first after `place`.
    pub(super) fn next(
        &self,
        table: StorageId,
        key: &Bytes,
        place: MovePlace,
    ) -> Option<(Bytes, MovePlace)> {
        let known = self.known.read();
        if known.by_key.is_empty() {
            return None;
        }
        let moves = known.by_key.get(&(table, key.clone()))?;
        moves.iter().find(|(at, _)| *at > place).map(|(at, to)| (to.clone(), *at))
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.known.read().by_age.len()
    }
}

impl Known {
    /// Forgets moves that every snapshot from `oldest` on shows.
    fn forget_before(&mut self, oldest: u64) {
        while let Some((_, key)) = self.by_age.pop_front_if(|(visible, _)| *visible <= oldest) {
            let std::collections::hash_map::Entry::Occupied(mut left) = self.by_key.entry(key)
            else {
                continue;
            };
            left.get_mut().pop_front();
            if left.get().is_empty() {
                left.remove();
            }
        }
    }
}

//! A transaction's own writes, in key order, in little memory.
//!
//! A write set is a small log-structured tree. Writes go to a sorted map; when that holds about a
//! megabyte it is frozen into a *run*, one buffer with an index of twelve bytes an entry, and
//! [`FANOUT`] runs of a tier are merged into one of the next. Loading a million rows therefore costs
//! the rows' bytes and little more, and a lookup asks a handful of runs.
//!
//! Everything frozen is shared, and the map is copied only when it changes while somebody else holds
//! it. So a clone is cheap, and clones are how statements, cursors and savepoints keep the state
//! they started from: a savepoint's rollback puts its clone back.
//!
//! ```text
//!   mem (newest)   b=2
//!   run 1          a=9  c=∅          get(a) = 9   get(b) = 2   get(c) = deleted
//!   run 0 (oldest) a=1  b=1  c=1
//! ```

use super::{KeyRange, Result, Space};
use bytes::Bytes;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

/// Bytes in the map before it is frozen.
const MEM_BYTES_MAX: usize = 1 << 20;
/// Runs of one tier before they are merged.
const FANOUT: usize = 8;
/// A merge may not produce more than this: offsets in a run are 32 bits wide.
const RUN_BYTES_MAX: usize = 1 << 30;
/// Bytes of bookkeeping charged for an entry of the map.
const ENTRY_OVERHEAD: usize = 64;
/// A copy to go back to freezes a map of at least this many bytes; a smaller one is copied when it
/// changes next.
const COPIED_BYTES_MAX: usize = 1 << 10;
/// The length that marks a deletion in a run.
const DELETED: u32 = u32::MAX;

/// `Some(value)` for a put, `None` for a deletion.
pub(super) type Written = Option<Bytes>;

type Map = BTreeMap<Bytes, Written>;

/// Ordered writes per [`Space`]; the newest write of a key counts.
#[derive(Clone, Default)]
pub struct WriteSet {
    mem: Arc<Mem>,
    /// Oldest first.
    runs: Vec<Arc<Run>>,
    run_bytes: usize,
}

#[derive(Clone, Default)]
struct Mem {
    maps: [Map; Space::ALL.len()],
    bytes: usize,
}

impl WriteSet {
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.mem.maps.iter().all(Map::is_empty)
    }

    /// Bytes held, for the limit on a transaction's size.
    pub fn bytes(&self) -> usize {
        self.mem.bytes + self.run_bytes
    }

    /// Calls `visit` for every write, oldest run first, so that applying them in this order ends in
    /// the newest state. A key may come more than once.
    pub fn for_each(&self, mut visit: impl FnMut(Space, &[u8], Option<&[u8]>)) {
        for run in &self.runs {
            for space in Space::ALL {
                let part = run.part(space);
                for at in 0..part.len() {
                    visit(space, part.key(at), part.value(at));
                }
            }
        }
        for space in Space::ALL {
            for (key, value) in &self.mem.maps[space as usize] {
                visit(space, key, value.as_deref());
            }
        }
    }

    pub(super) fn insert(&mut self, space: Space, key: Bytes, value: Written) {
        let mem = Arc::make_mut(&mut self.mem);
        mem.bytes += key.len() + value.as_ref().map_or(0, Bytes::len) + ENTRY_OVERHEAD;
        mem.maps[space as usize].insert(key, value);
        if mem.bytes >= MEM_BYTES_MAX {
            self.freeze();
        }
    }

    /// The newest write of `key`; the outer `None`: there is none.
    pub(super) fn get(&self, space: Space, key: &[u8]) -> Option<Written> {
        if let Some(written) = self.mem.maps[space as usize].get(key) {
            return Some(written.clone());
        }
        self.runs.iter().rev().find_map(|run| run.part(space).get(key))
    }

    /// Adds `newer`'s writes over these.
    pub(super) fn merge(&mut self, newer: WriteSet) {
        if self.is_empty() {
            *self = newer;
            return;
        }
        if !newer.runs.is_empty() {
            self.freeze();
            for run in newer.runs {
                self.push_run(run);
            }
        }
        let mem = Arc::unwrap_or_clone(newer.mem);
        for (space, map) in Space::ALL.into_iter().zip(mem.maps) {
            for (key, value) in map {
                self.insert(space, key, value);
            }
        }
    }

    /// A copy to go back to. However many are kept, together they are little larger than one.
    pub(super) fn checkpoint(&mut self) -> WriteSet {
        if self.mem.bytes >= COPIED_BYTES_MAX {
            self.freeze();
        }
        self.clone()
    }

    /// These writes with `newer`'s over them, for reading. Neither is copied.
    pub(super) fn overlaid(&mut self, newer: &WriteSet) -> WriteSet {
        if newer.is_empty() {
            return self.clone();
        }
        self.freeze();
        let mut both = self.clone();
        both.runs.extend(newer.runs.iter().cloned());
        both.run_bytes += newer.run_bytes;
        both.mem = Arc::clone(&newer.mem);
        both
    }

    /// Adds puts over these writes.
    pub(super) fn append(&mut self, puts: SortedPuts) {
        self.freeze();
        let mut run = Run { tier: 0, parts: Default::default() };
        run.parts[puts.space as usize] = puts.part.finish();
        self.push_run(Arc::new(run));
    }

    /// Whether any key from `first` to `last`, both included, was written.
    pub(super) fn touches(&self, space: Space, first: &[u8], last: &[u8]) -> bool {
        let between = (Bound::Included(first), Bound::Included(last));
        let in_run = |run: &Arc<Run>| {
            let part = run.part(space);
            let at = part.lower_bound(first);
            at < part.len() && part.key(at) <= last
        };
        self.mem.maps[space as usize].range::<[u8], _>(between).next().is_some()
            || self.runs.iter().any(in_run)
    }

    /// The writes in `range`, ordered, one per key.
    pub(super) fn scan(&self, space: Space, range: &KeyRange, backward: bool) -> WriteScan {
        WriteScan::new(self.clone(), space, range, backward)
    }

    fn freeze(&mut self) {
        if self.mem.maps.iter().all(Map::is_empty) {
            return;
        }
        let mem = std::mem::take(&mut self.mem);
        self.push_run(Arc::new(Run::from_mem(&mem)));
    }

    fn push_run(&mut self, run: Arc<Run>) {
        self.run_bytes += run.bytes();
        self.runs.push(run);
        while let Some(merged) = self.merge_last_tier() {
            self.runs.truncate(self.runs.len() - FANOUT);
            self.runs.push(Arc::new(merged));
            self.run_bytes = self.runs.iter().map(|run| run.bytes()).sum();
        }
    }

    /// The merge of the last [`FANOUT`] runs, if they are of one tier and small enough.
    fn merge_last_tier(&self) -> Option<Run> {
        let first = self.runs.len().checked_sub(FANOUT)?;
        let last = &self.runs[first..];
        let bytes: usize = last.iter().map(|run| run.bytes()).sum();
        let one_tier = last.iter().all(|run| run.tier == last[0].tier);
        (one_tier && bytes <= RUN_BYTES_MAX).then(|| Run::merge(last))
    }
}

/// A frozen part of a write set.
struct Run {
    tier: u32,
    parts: [Part; Space::ALL.len()],
}

impl Run {
    fn from_mem(mem: &Mem) -> Run {
        let part = |map: &Map| {
            let size =
                |(key, value): (&Bytes, &Written)| key.len() + value.as_ref().map_or(0, Bytes::len);
            let mut part = PartBuilder::sized(map.iter().map(size).sum(), map.len());
            for (key, value) in map {
                part.push(key, value.as_deref());
            }
            part.finish()
        };
        Run { tier: 0, parts: Space::ALL.map(|space| part(&mem.maps[space as usize])) }
    }

    fn merge(runs: &[Arc<Run>]) -> Run {
        let part = |space: Space| {
            if follow_each_other(runs, space) {
                return concatenate(runs, space);
            }
            let set = WriteSet { mem: Arc::default(), runs: runs.to_vec(), run_bytes: 0 };
            let all = KeyRange { start: Bytes::new(), end: None };
            let mut scan = set.scan(space, &all, false);
            let mut part = PartBuilder::for_all(runs, space);
            while let Some((key, value)) = scan.peek() {
                part.push(key, value);
                scan.advance();
            }
            part.finish()
        };
        let tier = runs[0].tier + 1;
        Run { tier, parts: Space::ALL.map(part) }
    }

    fn part(&self, space: Space) -> &Part {
        &self.parts[space as usize]
    }

    fn bytes(&self) -> usize {
        self.parts.iter().map(|p| p.data.len() + p.entries.len() * size_of::<Entry>()).sum()
    }
}

/// Whether each run's keys are above those of the run before, as loads in key order make them.
fn follow_each_other(runs: &[Arc<Run>], space: Space) -> bool {
    let parts = runs.iter().map(|run| run.part(space)).filter(|part| part.len() > 0);
    parts.clone().zip(parts.skip(1)).all(|(a, b)| a.key(a.len() - 1) < b.key(0))
}

/// The merge of runs that follow each other.
fn concatenate(runs: &[Arc<Run>], space: Space) -> Part {
    let mut whole = PartBuilder::for_all(runs, space);
    for run in runs {
        whole.append(run.part(space));
    }
    whole.finish()
}

/// Puts of one space in ascending key order, to join a write set as a run of their own: a load in
/// key order needs no map.
pub struct SortedPuts {
    space: Space,
    part: PartBuilder,
}

impl SortedPuts {
    pub fn new(space: Space) -> SortedPuts {
        SortedPuts { space, part: PartBuilder::sized(0, 0) }
    }

    pub fn is_empty(&self) -> bool {
        self.part.entries.is_empty()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.part.data.len() + self.part.entries.len() * size_of::<Entry>()
    }

    /// The greatest key so far.
    pub fn last_key(&self) -> Option<&[u8]> {
        let entry = self.part.entries.last()?;
        let start = entry.offset as usize;
        self.part.data.get(start..start + entry.key_len as usize)
    }

    /// Deletes a key above all so far.
    pub(super) fn push_deletion(&mut self, key: &[u8]) {
        debug_assert!(self.last_key().is_none_or(|last| last < key));
        self.part.push(key, None);
    }

    /// Adds a key above all so far; `value` appends its value.
    pub fn push(
        &mut self,
        key: &[u8],
        value: impl FnOnce(&mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        debug_assert!(self.last_key().is_none_or(|last| last < key));
        self.part.push_with(key, value)
    }
}

/// One space of a run: keys and values back to back, in key order.
#[derive(Default)]
struct Part {
    data: Bytes,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy)]
struct Entry {
    offset: u32,
    key_len: u32,
    /// [`DELETED`] for a deletion.
    value_len: u32,
}

impl Part {
    fn len(&self) -> usize {
        self.entries.len()
    }

    fn key(&self, at: usize) -> &[u8] {
        let entry = self.entries[at];
        let start = entry.offset as usize;
        &self.data[start..start + entry.key_len as usize]
    }

    fn value(&self, at: usize) -> Option<&[u8]> {
        let entry = self.entries[at];
        let start = entry.offset as usize + entry.key_len as usize;
        (entry.value_len != DELETED).then(|| &self.data[start..start + entry.value_len as usize])
    }

    fn get(&self, key: &[u8]) -> Option<Written> {
        let last = self.len().checked_sub(1)?;
        // Loads in key order ask for keys beyond most runs; that is decided by one comparison.
        if key < self.key(0) || key > self.key(last) {
            return None;
        }
        let at = self.lower_bound(key);
        (at < self.len() && self.key(at) == key)
            .then(|| self.value(at).map(|value| self.data.slice_ref(value)))
    }

    /// The first position whose key is not below `key`.
    fn lower_bound(&self, key: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.key(middle) < key {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low
    }
}

fn length(n: usize) -> u32 {
    u32::try_from(n).expect("a run is smaller than 4 GiB")
}

struct PartBuilder {
    data: Vec<u8>,
    entries: Vec<Entry>,
}

impl PartBuilder {
    /// Room for all that will be pushed: a buffer that grows is copied, and its pages are touched,
    /// several times over.
    fn sized(bytes: usize, entries: usize) -> PartBuilder {
        PartBuilder { data: Vec::with_capacity(bytes), entries: Vec::with_capacity(entries) }
    }

    /// Room for what these runs hold together.
    fn for_all(runs: &[Arc<Run>], space: Space) -> PartBuilder {
        let parts = || runs.iter().map(|run| run.part(space));
        PartBuilder::sized(parts().map(|p| p.data.len()).sum(), parts().map(Part::len).sum())
    }

    fn push(&mut self, key: &[u8], value: Option<&[u8]>) {
        self.entries.push(Entry {
            offset: length(self.data.len()),
            key_len: length(key.len()),
            value_len: value.map_or(DELETED, |v| length(v.len())),
        });
        self.data.extend_from_slice(key);
        self.data.extend_from_slice(value.unwrap_or_default());
    }

    fn push_with(
        &mut self,
        key: &[u8],
        value: impl FnOnce(&mut Vec<u8>) -> Result<()>,
    ) -> Result<()> {
        let offset = self.data.len();
        self.data.extend_from_slice(key);
        value(&mut self.data)?;
        self.entries.push(Entry {
            offset: length(offset),
            key_len: length(key.len()),
            value_len: length(self.data.len() - offset - key.len()),
        });
        Ok(())
    }

    /// Adds a part whose keys are above all so far.
    fn append(&mut self, part: &Part) {
        let base = length(self.data.len());
        self.data.extend_from_slice(&part.data);
        let moved = |entry: &Entry| Entry { offset: entry.offset + base, ..*entry };
        self.entries.extend(part.entries.iter().map(moved));
    }

    fn finish(mut self) -> Part {
        self.entries.shrink_to_fit();
        self.data.shrink_to_fit();
        Part { data: self.data.into(), entries: self.entries }
    }
}

/// A merging cursor over a write set: one entry per key, the newest.
pub(super) struct WriteScan {
    set: WriteSet,
    space: Space,
    backward: bool,
    /// Unread positions of each run: `start..end`.
    unread: Vec<(usize, usize)>,
    /// What the map still has to give, and its first entry.
    mem_bounds: (Bound<Bytes>, Bound<Bytes>),
    mem_next: Option<(Bytes, Written)>,
    current: Option<(Bytes, Written)>,
}

impl WriteScan {
    fn new(set: WriteSet, space: Space, range: &KeyRange, backward: bool) -> WriteScan {
        let unread = (set.runs.iter().map(|run| run.part(space)))
            .map(|part| {
                let start = part.lower_bound(&range.start);
                let end = range.end.as_ref().map_or(part.len(), |end| part.lower_bound(end));
                (start, end.max(start))
            })
            .collect();
        let end = range.end.clone().map_or(Bound::Unbounded, Bound::Excluded);
        let mem_bounds = (Bound::Included(range.start.clone()), end);
        let mut scan =
            WriteScan { set, space, backward, unread, mem_bounds, mem_next: None, current: None };
        if !range.is_empty() {
            scan.read_mem();
        }
        scan.advance();
        scan
    }

    /// The entry the cursor is on.
    pub(super) fn peek(&self) -> Option<(&[u8], Option<&[u8]>)> {
        self.current.as_ref().map(|(key, value)| (&key[..], value.as_deref()))
    }

    /// Moves to the next key.
    pub(super) fn advance(&mut self) {
        let mut best = self.mem_next.as_ref().map(|(key, _)| key.clone());
        for run in (0..self.unread.len()).rev() {
            let Some(key) = self.run_key(run) else { continue };
            if best.as_ref().is_none_or(|b| self.order(key, b) == Ordering::Less) {
                best = Some(self.set.runs[run].part(self.space).data.slice_ref(key));
            }
        }
        self.current = best.map(|key| {
            let value = self.consume(&key);
            (key, value)
        });
    }

    /// Steps every source that is on `key`, and gives the newest value.
    fn consume(&mut self, key: &[u8]) -> Written {
        let mut newest = None;
        if self.mem_next.as_ref().is_some_and(|(k, _)| k == key) {
            newest = self.mem_next.take().map(|(_, value)| value);
            self.read_mem();
        }
        for run in (0..self.unread.len()).rev() {
            if self.run_key(run) != Some(key) {
                continue;
            }
            let part = self.set.runs[run].part(self.space);
            let (start, end) = self.unread[run];
            let at = if self.backward { end - 1 } else { start };
            newest.get_or_insert_with(|| part.value(at).map(|v| part.data.slice_ref(v)));
            self.unread[run] = if self.backward { (start, end - 1) } else { (start + 1, end) };
        }
        newest.flatten()
    }

    fn run_key(&self, run: usize) -> Option<&[u8]> {
        let (start, end) = self.unread[run];
        let at = if self.backward { end.checked_sub(1)? } else { start };
        (start < end).then(|| self.set.runs[run].part(self.space).key(at))
    }

    fn read_mem(&mut self) {
        let map = &self.set.mem.maps[self.space as usize];
        let mut range =
            map.range::<Bytes, _>((self.mem_bounds.0.as_ref(), self.mem_bounds.1.as_ref()));
        let next = if self.backward { range.next_back() } else { range.next() };
        self.mem_next = next.map(|(key, value)| (key.clone(), value.clone()));
        if let Some((key, _)) = &self.mem_next {
            match self.backward {
                true => self.mem_bounds.1 = Bound::Excluded(key.clone()),
                // `(x, y)` with x = y both excluded panics in BTreeMap; the successor of a key is
                // the key with a zero byte.
                false => {
                    let mut after = key.to_vec();
                    after.push(0);
                    self.mem_bounds.0 = Bound::Included(after.into());
                }
            }
        }
    }

    fn order(&self, a: &[u8], b: &[u8]) -> Ordering {
        if self.backward { b.cmp(a) } else { a.cmp(b) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u32) -> Bytes {
        Bytes::copy_from_slice(&n.to_be_bytes())
    }

    fn listed(set: &WriteSet, range: &KeyRange, backward: bool) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        let mut scan = set.scan(Space::Rows, range, backward);
        let mut found = Vec::new();
        while let Some((key, value)) = scan.peek() {
            found.push((key.to_vec(), value.map(<[u8]>::to_vec)));
            scan.advance();
        }
        found
    }

    /// Enough writes to freeze and merge runs, compared with a plain map.
    #[test]
    fn agrees_with_a_map_through_freezes_and_merges() {
        let mut set = WriteSet::default();
        let mut model = BTreeMap::new();
        let mut x = 1u32;
        for i in 0..200_000u32 {
            x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let k = key(x >> 15);
            let value = (!x.is_multiple_of(7))
                .then(|| Bytes::from(format!("value {i} {}", "x".repeat(40))));
            model.insert(k.to_vec(), value.as_ref().map(|v| v.to_vec()));
            set.insert(Space::Rows, k, value);
        }
        assert!(set.runs.len() > 1 && set.runs.iter().any(|run| run.tier > 0));
        let all = KeyRange { start: Bytes::new(), end: None };
        let expected: Vec<_> = model.clone().into_iter().collect();
        assert!(listed(&set, &all, false) == expected);
        let part = KeyRange::new(key(1000), key(50_000));
        let mut expected: Vec<_> = (model.range(key(1000).to_vec()..key(50_000).to_vec()))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        assert!(listed(&set, &part, false) == expected);
        expected.reverse();
        assert!(listed(&set, &part, true) == expected);
        for (k, v) in model.iter().step_by(97) {
            assert_eq!(set.get(Space::Rows, k).map(|w| w.map(|b| b.to_vec())), Some(v.clone()));
        }
        assert_eq!(set.get(Space::Rows, &key(u32::MAX)), None);
    }

    #[test]
    fn a_clone_keeps_its_state() {
        let mut set = WriteSet::default();
        set.insert(Space::Rows, key(1), Some(Bytes::from("a")));
        let before = set.clone();
        set.insert(Space::Rows, key(1), None);
        assert_eq!(before.get(Space::Rows, &key(1)), Some(Some(Bytes::from("a"))));
        assert_eq!(set.get(Space::Rows, &key(1)), Some(None));
    }

    /// A transaction with a savepoint for each row must not hold a copy of all rows for each.
    #[test]
    fn checkpoints_share_what_they_hold() {
        let mut set = WriteSet::default();
        let mut kept = Vec::new();
        for n in 0..20_000 {
            set.insert(Space::Rows, key(n), Some(Bytes::from(vec![0; 100])));
            kept.push(set.checkpoint());
        }
        let mut parts = BTreeMap::new();
        for set in &kept {
            parts.insert(Arc::as_ptr(&set.mem).addr(), set.mem.bytes);
            parts.extend(set.runs.iter().map(|run| (Arc::as_ptr(run).addr(), run.bytes())));
        }
        assert!(parts.values().sum::<usize>() < 10 * set.bytes());
        for (n, set) in (0..).zip(&kept).step_by(997) {
            assert!(set.get(Space::Rows, &key(n)).is_some());
            assert!(set.get(Space::Rows, &key(n + 1)).is_none());
        }
    }

    #[test]
    fn an_overlay_reads_as_a_merge() {
        let (mut old, mut new) = (WriteSet::default(), WriteSet::default());
        for n in 0..20_000 {
            old.insert(Space::Rows, key(n), Some(Bytes::from(vec![1; 40])));
        }
        for n in 10_000..30_000 {
            let value = (n % 3 > 0).then(|| Bytes::from(vec![2; 40]));
            new.insert(Space::Rows, key(n), value);
        }
        let all = KeyRange { start: Bytes::new(), end: None };
        let overlaid = listed(&old.overlaid(&new), &all, false);
        old.merge(new);
        assert!(overlaid == listed(&old, &all, false));
    }

    #[test]
    fn merging_lets_the_newer_win() {
        let (mut old, mut new) = (WriteSet::default(), WriteSet::default());
        old.insert(Space::Rows, key(1), Some(Bytes::from("old")));
        old.insert(Space::Rows, key(2), Some(Bytes::from("old")));
        for n in 1..40_000 {
            new.insert(Space::Rows, key(n * 2 - 1), Some(Bytes::from("new")));
        }
        assert!(!new.runs.is_empty());
        old.merge(new);
        assert_eq!(old.get(Space::Rows, &key(1)), Some(Some(Bytes::from("new"))));
        assert_eq!(old.get(Space::Rows, &key(2)), Some(Some(Bytes::from("old"))));
    }

    #[test]
    fn sorted_puts_lie_over_older_writes_and_under_newer() {
        let mut set = WriteSet::default();
        set.insert(Space::Rows, key(1), Some(Bytes::from("old")));
        let mut puts = SortedPuts::new(Space::Rows);
        for n in 1..4 {
            let append = |out: &mut Vec<u8>| {
                out.extend_from_slice(b"sorted");
                Ok(())
            };
            puts.push(&key(n), append).unwrap();
        }
        assert_eq!(puts.last_key(), Some(&key(3)[..]));
        set.append(puts);
        set.insert(Space::Rows, key(3), None);
        assert_eq!(set.get(Space::Rows, &key(1)), Some(Some(Bytes::from("sorted"))));
        assert_eq!(set.get(Space::Rows, &key(3)), Some(None));
        assert!(set.touches(Space::Rows, &key(3), &key(9)));
        assert!(!set.touches(Space::Rows, &key(4), &key(9)));
        assert!(!set.touches(Space::Index, &key(1), &key(9)));
    }

    #[test]
    fn empty_and_inverted_ranges_give_nothing() {
        let mut set = WriteSet::default();
        set.insert(Space::Rows, key(1), Some(Bytes::from("a")));
        for range in [KeyRange::new(key(1), key(1)), KeyRange::new(key(2), key(1))] {
            assert!(listed(&set, &range, false).is_empty());
            assert!(listed(&set, &range, true).is_empty());
        }
    }
}

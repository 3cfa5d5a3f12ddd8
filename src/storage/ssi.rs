//! SERIALIZABLE: serializable snapshot isolation, as PostgreSQL's (Cahill, Röhm, Fekete, 2008;
//! Ports and Grittner, 2012).
//!
//! Under snapshot isolation a non-serializable outcome needs a *dangerous structure*: concurrent
//! transactions `T1 →rw T2 →rw T3`, where `A →rw B` means that A read something B changed without
//! seeing the change, and T3 committed first. (A declared read-only T1 is only in danger if T3
//! committed before T1's snapshot.) So reads of serializable transactions are remembered, edges are
//! drawn when a statement ends and at commit, and whoever would complete a structure is aborted:
//! the pivot T2 where it still can be, else the transaction that found it.
//!
//! ```text
//!   write skew:  T1 reads x,y writes x;  T2 reads x,y writes y;  T1 commits
//!                T1 →rw T2 →rw T1, T1 committed first: T2 is the pivot, and fails
//! ```
//!
//! A committed transaction is kept while a transaction that overlapped it runs. What it leaves
//! behind is the commit of its earliest out-neighbour, on the nodes that point at it.

use super::{KeyRange, Result, Space, StorageError, StorageId, WriteSet, keys};
use bytes::Bytes;
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Keys remembered one by one before a transaction's reads of a relation count as reads of all of
/// it (PostgreSQL's `max_pred_locks_per_relation` does the same).
const KEYS_PER_RELATION_MAX: usize = 4096;

const PIVOT_WRITE: &str = "Canceled on identification as a pivot, during write";
const PIVOT_COMMIT: &str = "Canceled on identification as a pivot, during commit attempt";
const CONFLICT_OUT: &str = "Canceled on conflict out to a pivot, during read";

/// What one serializable transaction has read.
pub(super) struct SerializableTxn {
    id: u64,
    reads: Mutex<Reads>,
}

#[derive(Default)]
struct Reads {
    keys: BTreeSet<(Space, Bytes)>,
    /// Keys per relation, to know when to give up on single keys.
    counts: HashMap<(Space, StorageId), usize>,
    /// By space and start; overlaps are allowed, ends only grow.
    ranges: BTreeMap<(Space, Bytes), Option<Bytes>>,
}

impl Reads {
    fn add_range(&mut self, space: Space, range: &KeyRange) {
        let end =
            self.ranges.entry((space, range.start.clone())).or_insert_with(|| range.end.clone());
        if let (Some(old), Some(new)) = (end.as_ref(), range.end.as_ref()) {
            *end = Some(old.max(new).clone());
        } else {
            *end = None;
        }
    }

    fn add_key(&mut self, space: Space, key: &[u8]) {
        let relation = keys::storage_id(key).unwrap_or(0);
        let count = self.counts.entry((space, relation)).or_insert(0);
        if *count > KEYS_PER_RELATION_MAX {
            return;
        }
        *count += 1;
        if *count > KEYS_PER_RELATION_MAX {
            let whole = KeyRange::storage(relation);
            self.keys.retain(|(s, k)| *s != space || !whole.contains(k));
            self.add_range(space, &whole);
        } else {
            self.keys.insert((space, Bytes::copy_from_slice(key)));
        }
    }

    fn contains(&self, space: Space, key: &[u8]) -> bool {
        // Ranges may nest, so every range that starts at or before the key is asked. There are as
        // many as the transaction ran scans.
        let key = Bytes::copy_from_slice(key);
        let before = self.ranges.range((space, Bytes::new())..=(space, key.clone()));
        let in_range = |end: &Option<Bytes>| end.as_ref().is_none_or(|end| key < *end);
        before.into_iter().any(|(_, end)| in_range(end)) || self.keys.contains(&(space, key))
    }

    fn intersects(&self, writes: &WriteSet) -> bool {
        if self.keys.is_empty() && self.ranges.is_empty() {
            return false;
        }
        let mut found = false;
        writes.for_each(|space, key, _| found = found || self.contains(space, key));
        found
    }
}

impl SerializableTxn {
    pub(super) fn read_key(&self, space: Space, key: &[u8]) {
        self.reads.lock().add_key(space, key);
    }

    pub(super) fn read_range(&self, space: Space, range: &KeyRange) {
        self.reads.lock().add_range(space, range);
    }
}

/// When a transaction committed.
#[derive(Clone, Copy)]
struct Committed {
    /// Place among serializable commits.
    order: u64,
    /// `_seq`; `u64::MAX` until the sequencer has given it, which is later than any snapshot.
    seq: u64,
}

struct Node {
    txn: Arc<SerializableTxn>,
    snapshot_seq: u64,
    read_only: bool,
    writes: WriteSet,
    committed: Option<Committed>,
    /// Aborted by another's finding; told at its next statement or commit.
    doomed: bool,
    /// `other →rw this` and `this →rw other`.
    in_edges: BTreeSet<u64>,
    out_edges: BTreeSet<u64>,
    /// The earliest commit among out-neighbours that are forgotten.
    forgotten_out: Option<Committed>,
}

#[derive(Default)]
struct Graph {
    nodes: BTreeMap<u64, Node>,
    next_id: u64,
    next_order: u64,
}

/// All serializable transactions that matter still.
#[derive(Default)]
pub(super) struct Ssi {
    graph: Mutex<Graph>,
    /// Held from a transaction's last check until its commit is queued.
    pub(super) commit_order: Mutex<()>,
}

impl Ssi {
    /// Registers a transaction whose snapshot sees commits up to `snapshot_seq`. The caller takes
    /// the snapshot after reading that number, so it sees at least those: an edge too many may be
    /// drawn, never one too few.
    pub(super) fn begin(&self, snapshot_seq: u64, read_only: bool) -> Arc<SerializableTxn> {
        let mut graph = self.graph.lock();
        graph.next_id += 1;
        let id = graph.next_id;
        let txn = Arc::new(SerializableTxn { id, reads: Mutex::default() });
        let node = Node {
            txn: Arc::clone(&txn),
            snapshot_seq,
            read_only,
            writes: WriteSet::default(),
            committed: None,
            doomed: false,
            in_edges: BTreeSet::new(),
            out_edges: BTreeSet::new(),
            forgotten_out: None,
        };
        graph.nodes.insert(id, node);
        txn
    }

    /// Draws the edges that `txn`'s reads and `writes` (all of them) make, and fails if that, or
    /// somebody else's finding, condemns it.
    pub(super) fn check(&self, txn: &SerializableTxn, writes: &WriteSet) -> Result<()> {
        let mut graph = self.graph.lock();
        graph.draw_edges(txn, writes);
        graph.judge(txn.id, PIVOT_WRITE)
    }

    /// The last check; afterwards `txn` counts as committed, before all that commit later.
    pub(super) fn prepare_commit(&self, txn: &SerializableTxn, writes: &WriteSet) -> Result<()> {
        let mut graph = self.graph.lock();
        graph.draw_edges(txn, writes);
        graph.judge(txn.id, PIVOT_COMMIT)?;
        graph.next_order += 1;
        let order = graph.next_order;
        if let Some(node) = graph.nodes.get_mut(&txn.id) {
            node.committed = Some(Committed { order, seq: u64::MAX });
        }
        // Now it may be the T3 of a structure whose pivot still runs: that one will fail.
        graph.judge(txn.id, PIVOT_COMMIT)
    }

    pub(super) fn committed(&self, txn: &SerializableTxn, seq: u64) {
        let mut graph = self.graph.lock();
        if let Some(Node { committed: Some(committed), .. }) = graph.nodes.get_mut(&txn.id) {
            committed.seq = seq;
        }
        graph.forget_finished();
    }

    pub(super) fn aborted(&self, txn: &SerializableTxn) {
        let mut graph = self.graph.lock();
        graph.remove(txn.id);
        graph.forget_finished();
    }
}

impl Graph {
    fn draw_edges(&mut self, txn: &SerializableTxn, writes: &WriteSet) {
        let Some(node) = self.nodes.get_mut(&txn.id) else { return };
        node.writes = writes.clone();
        let snapshot_seq = node.snapshot_seq;
        let (mut readers, mut writers) = (Vec::new(), Vec::new());
        for (&id, other) in &self.nodes {
            let concurrent = other.committed.is_none_or(|c| c.seq > snapshot_seq);
            if id == txn.id || !concurrent {
                continue;
            }
            if !writes.is_empty() && other.txn.reads.lock().intersects(writes) {
                readers.push(id);
            }
            if !other.writes.is_empty() && txn.reads.lock().intersects(&other.writes) {
                writers.push(id);
            }
        }
        readers.into_iter().for_each(|reader| self.add_edge(reader, txn.id));
        writers.into_iter().for_each(|writer| self.add_edge(txn.id, writer));
    }

    fn add_edge(&mut self, reader: u64, writer: u64) {
        if let Some(node) = self.nodes.get_mut(&reader) {
            node.out_edges.insert(writer);
        }
        if let Some(node) = self.nodes.get_mut(&writer) {
            node.in_edges.insert(reader);
        }
    }

    /// Finds dangerous structures around `me`; fails it or dooms a pivot.
    fn judge(&mut self, me: u64, pivot_reason: &'static str) -> Result<()> {
        let Some(node) = self.nodes.get(&me) else { return Ok(()) };
        if node.doomed {
            return Err(StorageError::Serialization(pivot_reason));
        }
        if node.committed.is_none() && self.is_dangerous_pivot(me) {
            return Err(StorageError::Serialization(pivot_reason));
        }
        let neighbours: Vec<u64> = node.in_edges.iter().chain(&node.out_edges).copied().collect();
        let running = node.committed.is_none();
        for pivot in neighbours {
            if !self.is_dangerous_pivot(pivot) {
                continue;
            }
            match self.nodes.get_mut(&pivot) {
                Some(pivot) if pivot.committed.is_none() => pivot.doomed = true,
                Some(_) if running => return Err(StorageError::Serialization(CONFLICT_OUT)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether `T1 →rw pivot →rw T3` exists with T3 committed first.
    fn is_dangerous_pivot(&self, pivot: u64) -> bool {
        let Some(node) = self.nodes.get(&pivot).filter(|node| !node.doomed) else { return false };
        let outs = node.out_edges.iter().filter_map(|id| self.nodes.get(id)?.committed);
        let first = |t3: &Committed| node.committed.is_none_or(|own| t3.order < own.order);
        let outs: Vec<Committed> = outs.chain(node.forgotten_out).filter(first).collect();
        let ins = node.in_edges.iter().filter_map(|id| self.nodes.get(id));
        ins.filter(|t1| !t1.doomed).any(|t1| outs.iter().any(|t3| endangers(t1, t3)))
    }

    fn remove(&mut self, id: u64) -> Option<Node> {
        let node = self.nodes.remove(&id)?;
        for other in node.in_edges.iter().chain(&node.out_edges) {
            if let Some(other) = self.nodes.get_mut(other) {
                other.in_edges.remove(&id);
                other.out_edges.remove(&id);
            }
        }
        Some(node)
    }

    /// Forgets committed transactions that no running one overlaps.
    fn forget_finished(&mut self) {
        let running = self.nodes.values().filter(|node| node.committed.is_none());
        let oldest = running.map(|node| node.snapshot_seq).min().unwrap_or(u64::MAX);
        let finished =
            |node: &Node| node.committed.is_some_and(|c| c.seq <= oldest && c.seq != u64::MAX);
        let gone: Vec<u64> =
            self.nodes.iter().filter(|(_, node)| finished(node)).map(|(&id, _)| id).collect();
        for id in gone {
            let Some(node) = self.remove(id) else { continue };
            let Some(commit) = node.committed else { continue };
            for reader in &node.in_edges {
                if let Some(reader) = self.nodes.get_mut(reader) {
                    let known = reader.forgotten_out.filter(|known| known.order < commit.order);
                    reader.forgotten_out = Some(known.unwrap_or(commit));
                }
            }
        }
    }
}

/// Whether T1 is in danger from a pivot whose out-neighbour committed at `t3`.
fn endangers(t1: &Node, t3: &Committed) -> bool {
    let before_t1 = t1.committed.is_none_or(|own| t3.order <= own.order);
    let seen_by_reader = !t1.read_only || t3.seq <= t1.snapshot_seq;
    before_t1 && seen_by_reader
}

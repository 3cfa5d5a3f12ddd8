//! Finding a cycle of waiting sessions, as PostgreSQL's deadlock detector reports it.
//!
//! The graph is read while it changes: a session that looks sees each entry at a slightly different
//! time. A cycle of sleepers cannot dissolve by itself, so a real one is always found; one that was
//! never whole is ruled out by looking twice. Sessions look one at a time, so of a cycle's members
//! exactly the first to look fails.

use super::manager::{Class, LockManager, Tag, Waiting};
use parking_lot::Mutex;
use std::collections::HashSet;

static LOOKING: Mutex<()> = Mutex::new(());

/// One edge of the cycle: a session, what it waits for, who blocks it.
type Edge = (u32, Waiting, u32);

impl LockManager {
    /// PostgreSQL's DETAIL, if `session` is part of a cycle.
    pub(super) fn find_deadlock(&self, session: u32) -> Option<String> {
        let _one_at_a_time = LOOKING.lock();
        let first = self.find_cycle(session)?;
        let again = self.find_cycle(session)?;
        let sessions = |cycle: &[Edge]| cycle.iter().map(|edge| edge.0).collect::<Vec<_>>();
        if sessions(&first) != sessions(&again) {
            return None;
        }
        // It fails, so it waits no more: the next to look finds no cycle.
        self.waiting.lock().remove(&session);
        let lines: Vec<_> = again.iter().map(|edge| self.describe(edge, &again)).collect();
        Some(lines.join("\n"))
    }

    /// Sessions that `session` waits for.
    pub(in crate::storage) fn blockers(&self, session: u32) -> Vec<u32> {
        let waiting = self.waiting.lock().get(&session).copied();
        waiting.map(|w| self.blockers_of(session, &w)).unwrap_or_default()
    }

    fn blockers_of(&self, session: u32, waiting: &Waiting) -> Vec<u32> {
        let Some(entry) = self.table.get(&waiting.tag) else { return Vec::new() };
        let conflicts = waiting.mode.conflicts(waiting.tag.is_row());
        let holders = entry.holders.iter().filter(|h| h.modes() & conflicts != 0);
        let mut blockers: Vec<u32> = holders.map(|h| h.session).collect();
        let holds = entry.holders.iter().any(|h| h.session == session);
        if !waiting.tag.is_row() && !holds {
            let queue = entry.queue.as_deref().into_iter().flatten();
            let ahead = queue.take_while(|w| w.session != session);
            blockers.extend(ahead.filter(|w| w.mode.bit() & conflicts != 0).map(|w| w.session));
        }
        blockers.retain(|&blocker| blocker != session);
        blockers
    }

    /// Depth first search from `start` back to it.
    fn find_cycle(&self, start: u32) -> Option<Vec<Edge>> {
        let mut visited = HashSet::new();
        let mut path: Vec<Edge> = Vec::new();
        let mut pending = vec![(start, 0)];
        while let Some((session, depth)) = pending.pop() {
            path.truncate(depth);
            if let Some(last) = path.last_mut() {
                last.2 = session;
            }
            if session == start && depth > 0 {
                return Some(path);
            }
            let Some(waiting) = self.waiting.lock().get(&session).copied() else { continue };
            if !visited.insert(session) {
                continue;
            }
            path.push((session, waiting, session));
            let blockers = self.blockers_of(session, &waiting);
            pending.extend(blockers.into_iter().rev().map(|blocker| (blocker, depth + 1)));
        }
        None
    }

    fn describe(&self, edge: &Edge, cycle: &[Edge]) -> String {
        let (session, waiting, blocker) = edge;
        let Tag { class, space, name } = waiting.tag;
        let mode = waiting.mode.name(waiting.tag.is_row());
        let what = match class {
            Class::Relation => format!("{mode} on relation {name} of database {space}"),
            Class::Advisory(kind) => {
                let (high, low) = (name >> 32, name & u64::from(u32::MAX));
                format!("{mode} on advisory lock [{space},{high},{low},{kind}]")
            }
            // PostgreSQL waits for the transaction that locked a row, not for the row.
            Class::Row | Class::UniqueKey => {
                let holder = cycle.iter().find(|other| other.0 == *blocker);
                let transaction = holder.map_or(0, |other| other.1.transaction);
                format!("ShareLock on transaction {transaction}")
            }
        };
        format!("Process {session} waits for {what}; blocked by process {blocker}.")
    }
}

//! Which job runs next.

use super::Task;
use super::record::{Job, JobStatus};
use crate::error::Result;
use crate::storage::cold::{Outcome, Work};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// A job of this run of the server.
pub(super) struct Entry {
    pub job: Job,
    /// Not before this moment.
    pub due: Instant,
    pub work: Arc<Work>,
    /// When it ended, in this run of the server.
    pub ended_at: Option<Instant>,
    /// What those who wait are told when the job has ended.
    pub ended: watch::Sender<Option<Result<Outcome>>>,
}

/// All jobs that are known, by number.
#[derive(Default)]
pub(super) struct Queue {
    pub entries: BTreeMap<i64, Entry>,
    pub last_id: i64,
}

impl Queue {
    /// The job that is waiting to do the same; jobs that run may have looked already.
    pub fn waiting(&self, task: Task) -> Option<&Entry> {
        self.entries.values().rev().find(|e| {
            matches!(e.job.status, JobStatus::Queued | JobStatus::Retrying) && e.task() == task
        })
    }

    /// Whether a job does this, or waits to.
    pub fn has(&self, task: Task) -> bool {
        self.entries.values().rev().any(|e| !e.job.status.has_ended() && e.task() == task)
    }

    /// Whether policies are to leave a task alone: it was cancelled lately, or failed for good.
    pub fn rests(&self, task: Task) -> bool {
        let gave_up = |e: &&Entry| match e.job.status {
            JobStatus::Cancelled => true,
            JobStatus::Failed => e.job.role.is_none(),
            _ => false,
        };
        let recent = |e: &Entry| e.ended_at.is_some_and(|at| at.elapsed() < LONGEST_PAUSE);
        self.entries.values().rev().filter(gave_up).any(|e| e.task() == task && recent(e))
    }

    pub fn running(&self) -> usize {
        self.entries.values().filter(|e| e.job.status == JobStatus::Running).count()
    }

    /// The most urgent job that is due and whose table nothing else works on: persons before
    /// policies, then by kind, then by age.
    pub fn next(&self, now: Instant) -> Option<i64> {
        let running = |e: &&Entry| e.job.status == JobStatus::Running;
        let busy: Vec<Task> = self.entries.values().filter(running).map(Entry::task).collect();
        let free = |e: &&Entry| match e.job.table {
            Some(_) => busy.iter().all(|other| other.table != e.job.table),
            None => busy.iter().all(|other| *other != e.task()),
        };
        let waiting = self.entries.values().filter(|e| {
            matches!(e.job.status, JobStatus::Queued | JobStatus::Retrying) && e.due <= now
        });
        let urgency = |e: &&Entry| (e.job.role.is_none(), e.job.kind, e.job.id);
        waiting.filter(free).min_by_key(urgency).map(|e| e.job.id)
    }

    /// How long until a job that waits for its time is due.
    pub fn next_due(&self, now: Instant) -> Option<Duration> {
        let waiting = self.entries.values().filter(|e| e.job.status == JobStatus::Retrying);
        waiting.map(|e| e.due.saturating_duration_since(now)).filter(|d| !d.is_zero()).min()
    }

    /// Forgets the oldest ended jobs beyond a limit; their numbers.
    pub fn forget(&mut self, kept: usize) -> Vec<i64> {
        let ended = |e: &&Entry| e.job.status.has_ended();
        let surplus = self.entries.values().filter(ended).count().saturating_sub(kept);
        let oldest: Vec<i64> =
            self.entries.values().filter(ended).take(surplus).map(|e| e.job.id).collect();
        oldest.iter().for_each(|id| drop(self.entries.remove(id)));
        oldest
    }
}

impl Entry {
    pub fn new(job: Job) -> Entry {
        Entry {
            due: Instant::now(),
            work: Arc::new(Work {
                rows: job.rows.into(),
                bytes: job.bytes.into(),
                ..Work::default()
            }),
            ended_at: None,
            ended: watch::Sender::new(None),
            job,
        }
    }

    pub fn task(&self) -> Task {
        Task { kind: self.job.kind, table: self.job.table }
    }
}

const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// The pause before the given attempt (from 2) of a job that fails.
pub(super) fn pause(attempt: u32) -> Duration {
    const FIRST: Duration = Duration::from_secs(1);
    FIRST.saturating_mul(1 << attempt.saturating_sub(2).min(20)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::super::JobKind;
    use super::*;

    fn add(queue: &mut Queue, kind: JobKind, table: u32, role: Option<u32>) -> i64 {
        queue.last_id += 1;
        let id = queue.last_id;
        let job = Job {
            id,
            kind,
            status: JobStatus::Queued,
            table: (table > 0).then_some((5, table)),
            table_name: None,
            role,
            created_at: 0,
            started_at: None,
            finished_at: None,
            rows: 0,
            bytes: 0,
            attempts: 0,
            message: None,
        };
        queue.entries.insert(id, Entry::new(job));
        id
    }

    fn set(queue: &mut Queue, id: i64, status: JobStatus) {
        queue.entries.get_mut(&id).unwrap().job.status = status;
    }

    #[test]
    fn persons_come_before_policies_and_flushes_before_compactions() {
        let mut queue = Queue::default();
        let compaction = add(&mut queue, JobKind::Compact, 1, None);
        let flush = add(&mut queue, JobKind::Flush, 2, None);
        let asked_for = add(&mut queue, JobKind::Compact, 3, Some(10));
        for expected in [asked_for, flush, compaction] {
            assert_eq!(queue.next(Instant::now()), Some(expected));
            set(&mut queue, expected, JobStatus::Running);
        }
        assert_eq!(queue.next(Instant::now()), None);
    }

    #[test]
    fn one_job_of_a_table_runs_at_a_time() {
        let mut queue = Queue::default();
        let first = add(&mut queue, JobKind::Flush, 1, None);
        set(&mut queue, first, JobStatus::Running);
        let second = add(&mut queue, JobKind::Compact, 1, None);
        let server = add(&mut queue, JobKind::Sweep, 0, None);
        assert_eq!(queue.next(Instant::now()), Some(server));
        set(&mut queue, server, JobStatus::Running);
        assert_eq!(queue.next(Instant::now()), None);
        set(&mut queue, first, JobStatus::Completed);
        assert_eq!(queue.next(Instant::now()), Some(second));
    }

    #[test]
    fn policies_leave_alone_what_was_cancelled() {
        let mut queue = Queue::default();
        let id = add(&mut queue, JobKind::Flush, 1, None);
        let task = queue.entries[&id].task();
        for (status, rests) in [
            (JobStatus::Queued, false),
            (JobStatus::Completed, false),
            (JobStatus::Cancelled, true),
            (JobStatus::Failed, true),
        ] {
            set(&mut queue, id, status);
            queue.entries.get_mut(&id).unwrap().ended_at = Some(Instant::now());
            assert_eq!(queue.rests(task), rests, "{status:?}");
        }
        queue.entries.get_mut(&id).unwrap().ended_at = None;
        assert!(!queue.rests(task), "another run of the server");
    }

    #[test]
    fn pauses_double_up_to_a_limit() {
        let seconds: Vec<u64> = (2..13).map(|n| pause(n).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    }

    #[test]
    fn the_oldest_ended_jobs_are_forgotten() {
        let mut queue = Queue::default();
        let ids: Vec<i64> = (1..=4).map(|t| add(&mut queue, JobKind::Flush, t, None)).collect();
        [0, 2, 3].iter().for_each(|i| set(&mut queue, ids[*i], JobStatus::Completed));
        assert_eq!(queue.forget(1), [ids[0], ids[2]]);
        assert_eq!(queue.forget(1), Vec::<i64>::new());
    }
}

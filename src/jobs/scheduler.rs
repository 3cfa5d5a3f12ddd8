//! Starts jobs when they are due, ends them, and tells who waits.

use super::policy::{Defaults, JobOptions, Policies};
use super::queue::{Entry, Queue, pause};
use super::record::{self, Job, JobStatus, KEPT_JOBS};
use super::{Origin, Task, work};
use crate::catalog::CatalogStore;
use crate::counters;
use crate::error::{PgError, Result, code};
use crate::storage::Store;
use crate::storage::cold::Outcome;
use parking_lot::Mutex;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};

/// How often policies look at the tables.
const POLICY_INTERVAL: Duration = Duration::from_secs(1);

/// A job of a policy that has failed so often ends as failed; the policy asks again.
const ATTEMPTS_MAX: u32 = 10;

/// Running jobs get this long to notice that the server stops.
const STOP_GRACE: Duration = Duration::from_secs(10);

/// The jobs of a server.
pub struct Jobs {
    pub(super) store: Arc<Store>,
    pub(super) catalog: Arc<CatalogStore>,
    pub(super) defaults: Defaults,
    pub(super) runtime: tokio::runtime::Handle,
    /// Jobs that run at one time.
    running_max: usize,
    queue: Mutex<Queue>,
    /// Something was submitted or has ended.
    changed: Notify,
    stopping: AtomicBool,
}

/// Who waits for a job.
pub struct Ticket {
    pub id: i64,
    /// Nobody had asked for it before.
    pub is_new: bool,
    ended: watch::Receiver<Option<Result<Outcome>>>,
}

impl Ticket {
    /// Waits for the job's end: what it did, or why it failed.
    pub async fn wait(mut self) -> Result<Outcome> {
        match self.ended.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().unwrap_or_else(|| Err(stopped())),
            Err(_) => Err(stopped()),
        }
    }
}

impl Jobs {
    /// Reads the records of earlier jobs. Nothing runs until [`Jobs::run`] does.
    pub async fn open(
        store: Arc<Store>,
        catalog: Arc<CatalogStore>,
        options: JobOptions,
    ) -> Result<Arc<Jobs>> {
        let mut queue = Queue::default();
        for job in record::load(&store, now()).await? {
            queue.last_id = queue.last_id.max(job.id);
            queue.entries.insert(job.id, Entry::new(job));
        }
        Ok(Arc::new(Jobs {
            store,
            catalog,
            defaults: options.defaults,
            runtime: tokio::runtime::Handle::current(),
            running_max: options.running_max,
            queue: Mutex::new(queue),
            changed: Notify::new(),
            stopping: AtomicBool::new(false),
        }))
    }

    /// Runs jobs and policies as long as the server does.
    pub async fn run(self: Arc<Self>) {
        let policies = Arc::new(Mutex::new(Policies::default()));
        let mut ticks = tokio::time::interval(POLICY_INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            self.start_due();
            let due = self.queue.lock().next_due(Instant::now());
            tokio::select! {
                () = self.changed.notified() => {}
                () = sleep_or_never(due) => {}
                _ = ticks.tick() => {
                    let (jobs, policies) = (self.clone(), policies.clone());
                    let check = move || policies.lock().check(&jobs);
                    if let Err(error) = tokio::task::spawn_blocking(check).await {
                        tracing::error!(%error, "the policies of tables cannot be checked");
                    }
                }
            }
        }
    }

    /// Asks for a job; joins one that waits to do the same.
    pub fn submit(&self, task: Task, table_name: Option<String>, origin: Origin) -> Ticket {
        let role = match origin {
            Origin::Policy => None,
            Origin::Role(role) => Some(role),
        };
        let mut queue = self.queue.lock();
        let waiting = queue.waiting(task).map(|entry| entry.job.id);
        let id = waiting.unwrap_or(queue.last_id + 1);
        queue.last_id = queue.last_id.max(id);
        let entry = queue.entries.entry(id).or_insert_with(|| {
            Entry::new(Job {
                id,
                kind: task.kind,
                status: JobStatus::Queued,
                table: task.table,
                table_name,
                role,
                created_at: now(),
                started_at: None,
                finished_at: None,
                rows: 0,
                bytes: 0,
                attempts: 0,
                message: None,
            })
        });
        if role.is_some() {
            // A person does not wait for a policy's pauses.
            (entry.job.role, entry.due) = (role, Instant::now());
        }
        let ended = entry.ended.subscribe();
        drop(queue);
        self.changed.notify_one();
        Ticket { id, is_new: waiting.is_none(), ended }
    }

    /// Asks for a job in the name of a policy, where none does this already and none was cancelled
    /// or has failed lately.
    pub(super) fn submit_for_policy(&self, task: Task, table_name: Option<String>) {
        let queue = self.queue.lock();
        let is_wanted = !queue.has(task) && !queue.rests(task);
        drop(queue);
        if is_wanted {
            self.submit(task, table_name, Origin::Policy);
        }
    }

    /// Whether a job does this, or waits to.
    pub(super) fn has(&self, task: Task) -> bool {
        self.queue.lock().has(task)
    }

    /// All jobs, oldest first.
    pub fn list(&self) -> Vec<Job> {
        let queue = self.queue.lock();
        let shown = |entry: &Entry| Job {
            rows: entry.work.rows.load(Ordering::Relaxed),
            bytes: entry.work.bytes.load(Ordering::Relaxed),
            ..entry.job.clone()
        };
        queue.entries.values().map(shown).collect()
    }

    pub fn get(&self, id: i64) -> Option<Job> {
        self.queue.lock().entries.get(&id).map(|entry| entry.job.clone())
    }

    /// Stops a job; `false`: there is none that has not ended.
    pub fn kill(self: &Arc<Self>, id: i64) -> bool {
        let mut queue = self.queue.lock();
        let Some(entry) = queue.entries.get_mut(&id) else { return false };
        if entry.job.status.has_ended() {
            return false;
        }
        entry.work.cancel.store(true, Ordering::Relaxed);
        if entry.job.status != JobStatus::Running {
            let saved = end(entry, JobStatus::Cancelled, Err(cancelled(id)));
            drop(queue);
            let jobs = self.clone();
            self.runtime.spawn(async move { jobs.save(&[saved], &[]).await });
        }
        true
    }

    /// Has running jobs stop, and waits for them a while.
    pub async fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        let waiting: Vec<_> = {
            let mut queue = self.queue.lock();
            let open = queue.entries.values_mut().filter(|e| !e.job.status.has_ended());
            open.map(|entry| {
                entry.work.cancel.store(true, Ordering::Relaxed);
                entry.ended.clone()
            })
            .collect()
        };
        let all_ended = async {
            while self.queue.lock().running() > 0 {
                self.changed.notified().await;
            }
        };
        if tokio::time::timeout(STOP_GRACE, all_ended).await.is_err() {
            tracing::warn!("jobs did not stop; leaving them");
        }
        waiting.iter().for_each(|ended| drop(ended.send_replace(Some(Err(stopped())))));
    }

    fn start_due(self: &Arc<Self>) {
        while !self.stopping.load(Ordering::SeqCst) {
            let mut queue = self.queue.lock();
            if queue.running() >= self.running_max {
                return;
            }
            let Some(id) = queue.next(Instant::now()) else { return };
            let Some(entry) = queue.entries.get_mut(&id) else { return };
            entry.job.status = JobStatus::Running;
            entry.job.started_at = Some(now());
            entry.job.attempts += 1;
            drop(queue);
            let jobs = self.clone();
            // Not one of the runtime's threads: a server that stops would wait for it, however long
            // a storage takes to answer.
            let thread = std::thread::Builder::new().name(format!("job {id}"));
            if let Err(error) = thread.spawn(move || jobs.execute(id)) {
                let message = format!("cannot start a thread: {error}");
                let failed = PgError::new(code::INSUFFICIENT_RESOURCES, message);
                let jobs = self.clone();
                tokio::task::spawn_blocking(move || jobs.finish(id, Err(failed)));
            }
        }
    }

    /// Runs a job that has been marked running, on this thread.
    fn execute(&self, id: i64) {
        let (job, task, work) = {
            let queue = self.queue.lock();
            let Some(entry) = queue.entries.get(&id) else { return };
            (entry.job.clone(), entry.task(), entry.work.clone())
        };
        self.runtime.block_on(self.save(&[job], &[]));
        // Whoever waits for a lock needs the runtime's timers.
        let _entered = self.runtime.enter();
        let outcome = catch_unwind(AssertUnwindSafe(|| work::run(self, task, &work)));
        let outcome = outcome.unwrap_or_else(|_| Err(PgError::internal("the job panicked")));
        self.finish(id, outcome);
    }

    fn finish(&self, id: i64, outcome: Result<Outcome>) {
        let mut queue = self.queue.lock();
        let Some(entry) = queue.entries.get_mut(&id) else { return };
        let by_policy = entry.job.origin() == Origin::Policy;
        // A policy's job that found nothing to do is no news.
        let is_news = !by_policy || outcome != Ok(Outcome::default());
        let job = self.conclude(entry, outcome);
        if !is_news {
            queue.entries.remove(&id);
        }
        let mut forgotten = queue.forget(KEPT_JOBS);
        drop(queue);
        let saved = if is_news { vec![job] } else { Vec::new() };
        forgotten.extend((!is_news).then_some(id));
        self.runtime.block_on(self.save(&saved, &forgotten));
        self.changed.notify_one();
    }

    /// What becomes of a job that has stopped running.
    fn conclude(&self, entry: &mut Entry, outcome: Result<Outcome>) -> Job {
        let Job { id, kind, .. } = entry.job;
        let (kind, table) = (kind.name(), entry.job.table_name.clone());
        let by_policy = entry.job.origin() == Origin::Policy;
        match outcome {
            Ok(outcome) => {
                tracing::debug!(id, kind, table, rows = outcome.rows, "job completed");
                counters::named("jobs_completed").add(1);
                end(entry, JobStatus::Completed, Ok(outcome))
            }
            Err(_) if self.stopping.load(Ordering::SeqCst) => {
                end(entry, JobStatus::Failed, Err(stopped()))
            }
            Err(_) if entry.work.cancel.load(Ordering::Relaxed) => {
                end(entry, JobStatus::Cancelled, Err(cancelled(id)))
            }
            Err(error) if by_policy && entry.job.attempts < ATTEMPTS_MAX => {
                tracing::warn!(id, kind, table, %error, "job failed, to be tried again");
                counters::named("jobs_retried").add(1);
                let pause = pause(entry.job.attempts + 1);
                entry.due = Instant::now() + pause;
                entry.job.status = JobStatus::Retrying;
                entry.job.message =
                    Some(format!("{error} (next attempt in {} s)", pause.as_secs()));
                entry.job.clone()
            }
            Err(error) => {
                tracing::warn!(id, kind, table, %error, "job failed");
                counters::named("jobs_failed").add(1);
                end(entry, JobStatus::Failed, Err(error))
            }
        }
    }

    /// A record that cannot be written is no reason to do the work again.
    async fn save(&self, jobs: &[Job], forgotten: &[i64]) {
        if let Err(error) = record::save(&self.store, jobs, forgotten).await {
            tracing::warn!(%error, "cannot write the record of a job");
        }
    }
}

/// Ends a job and tells who waits for it.
fn end(entry: &mut Entry, status: JobStatus, outcome: Result<Outcome>) -> Job {
    entry.job.status = status;
    entry.job.finished_at = Some(now());
    entry.ended_at = Some(Instant::now());
    match &outcome {
        Ok(done) => {
            entry.work.rows.store(done.rows, Ordering::Relaxed);
            entry.work.bytes.store(done.bytes, Ordering::Relaxed);
            entry.job.message = None;
        }
        Err(error) => entry.job.message = Some(error.to_string()),
    }
    entry.job.rows = entry.work.rows.load(Ordering::Relaxed);
    entry.job.bytes = entry.work.bytes.load(Ordering::Relaxed);
    entry.ended.send_replace(Some(outcome));
    entry.job.clone()
}

fn cancelled(id: i64) -> PgError {
    PgError::new(code::QUERY_CANCELED, format!("job {id} was cancelled"))
}

fn stopped() -> PgError {
    PgError::new(code::ADMIN_SHUTDOWN, "the server stopped")
}

async fn sleep_or_never(limit: Option<Duration>) {
    match limit {
        Some(limit) => tokio::time::sleep(limit).await,
        None => std::future::pending().await,
    }
}

/// Microseconds since 2000-01-01 UTC.
fn now() -> i64 {
    const EPOCH_2000_US: i64 = 946_684_800_000_000;
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX)) - EPOCH_2000_US
}

//! What is known of a job, and how that is kept.
//!
//! ```text
//! key    "jobs/" id(u64 BE)
//! value  format version (1 byte), then the job as JSON
//! ```
//!
//! A job is written when it starts and when it ends. The newest [`KEPT_JOBS`] stay.

use super::Origin;
use crate::error::{PgError, Result, code};
use crate::storage::{Direction, IsolationLevel, KeyRange, Space, Store, Txn, TxnOptions};
use crate::types::Oid;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const PREFIX: &[u8] = b"jobs/";

/// The first byte of a value.
const FORMAT_VERSION: u8 = 1;

/// Ended jobs that system.jobs shows.
pub(super) const KEPT_JOBS: usize = 1000;

/// Why a job that was running has not ended.
const SERVER_STOPPED: &str = "the server stopped";

/// A job. Times are microseconds since 2000-01-01 UTC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    pub id: i64,
    pub kind: JobKind,
    pub status: JobStatus,
    /// The database, and the table's OID and qualified name; `None`: the whole server.
    pub table: Option<(Oid, Oid)>,
    pub table_name: Option<String>,
    /// Who asked for it; `None`: a policy.
    pub role: Option<Oid>,
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub finished_at: Option<i64>,
    pub rows: u64,
    pub bytes: u64,
    /// Times that it was started.
    pub attempts: u32,
    pub message: Option<String>,
}

/// Declared from the most to the least urgent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Moves rows of a table from the hot tier to a segment.
    Flush,
    /// Rewrites small and much-deleted segments of a table.
    Compact,
    /// Deletes rows of a stream table that are too old or too many.
    Expire,
    /// Removes deleted rows of a table that are kept no longer.
    Retention,
    /// Deletes files that no segment is made of any more.
    Sweep,
}

impl JobKind {
    pub fn name(self) -> &'static str {
        match self {
            JobKind::Flush => "flush",
            JobKind::Compact => "compact",
            JobKind::Expire => "expire",
            JobKind::Retention => "retention",
            JobKind::Sweep => "sweep",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    Queued,
    Running,
    /// Failed, and will be tried again.
    Retrying,
    Completed,
    Failed,
    Cancelled,
}

impl JobStatus {
    pub fn name(self) -> &'static str {
        match self {
            JobStatus::Queued => "queued",
            JobStatus::Running => "running",
            JobStatus::Retrying => "retrying",
            JobStatus::Completed => "completed",
            JobStatus::Failed => "failed",
            JobStatus::Cancelled => "cancelled",
        }
    }

    pub fn has_ended(self) -> bool {
        matches!(self, JobStatus::Completed | JobStatus::Failed | JobStatus::Cancelled)
    }
}

impl Job {
    pub(super) fn origin(&self) -> Origin {
        self.role.map_or(Origin::Policy, Origin::Role)
    }
}

/// The jobs of earlier runs of the server, oldest first. Those that had not ended have now.
pub(super) async fn load(store: &Arc<Store>, now: i64) -> Result<Vec<Job>> {
    let mut jobs = read_all(store)?;
    let mut cut_off = Vec::new();
    for job in jobs.iter_mut().filter(|job| !job.status.has_ended()) {
        job.status = JobStatus::Failed;
        job.finished_at = Some(now);
        job.message = Some(SERVER_STOPPED.to_owned());
        cut_off.push(job.clone());
    }
    save(store, &cut_off, &[]).await?;
    Ok(jobs)
}

fn read_all(store: &Arc<Store>) -> Result<Vec<Job>> {
    let view = transaction(store).read_view()?;
    let mut records = view.scan(Space::Meta, KeyRange::prefix(PREFIX), Direction::Forward);
    let mut jobs = Vec::new();
    while let Some((_, value)) = records.next()? {
        match value.split_first() {
            Some((&FORMAT_VERSION, json)) => {
                jobs.push(serde_json::from_slice(json).map_err(|_| damaged())?);
            }
            _ => return Err(damaged()),
        }
    }
    Ok(jobs)
}

/// Writes jobs, and forgets others. Nobody waits for the disk: a lost record is no lost work.
pub(super) async fn save(store: &Arc<Store>, jobs: &[Job], forgotten: &[i64]) -> Result<()> {
    if jobs.is_empty() && forgotten.is_empty() {
        return Ok(());
    }
    let txn = transaction(store);
    txn.begin_statement()?;
    for job in jobs {
        let mut value = vec![FORMAT_VERSION];
        serde_json::to_writer(&mut value, job)
            .map_err(|e| PgError::internal(format!("a job does not serialise: {e}")))?;
        txn.put(Space::Meta, key(job.id), value.into())?;
    }
    for id in forgotten {
        txn.delete(Space::Meta, key(*id))?;
    }
    txn.end_statement()?;
    txn.commit(false).await?;
    Ok(())
}

fn transaction(store: &Arc<Store>) -> Arc<Txn> {
    let isolation = IsolationLevel::ReadCommitted;
    store.begin(TxnOptions { session: 0, database: 0, isolation, read_only: false })
}

fn key(id: i64) -> Bytes {
    [PREFIX, &id.to_be_bytes()].concat().into()
}

fn damaged() -> PgError {
    PgError::new(code::DATA_CORRUPTED, "the record of a job cannot be read")
}

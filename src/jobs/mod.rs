//! Work in the background: moving rows to segments, rewriting segments, removing files, rows of streams,
//! and deleted rows.
//!
//! ```text
//! STORAGE FLUSH, storage_flush()  ─┐
//! policy.rs   every second         ─┼─► submit ─► queue ─► scheduler.rs ─► a thread: work.rs
//! a failed job, after a while      ─┘                          │
//!                                          record.rs: what system.jobs shows, kept in the store
//! ```
//!
//! A job is of one kind and, most of them, of one table. No two jobs of a table run at a time, and a
//! job that waits already is not submitted again. Jobs run on threads of their own, never on those
//! that serve sessions. What a policy asked for is tried again when it fails, after a pause that
//! doubles; what a person asked for fails at once, with the reason.
//!
//! Invariant: a job is a hint that work may be due, not the work. Each looks at the table as it is
//! when it runs, and each commits its own progress; so a job may be lost, repeated or cut off at any
//! moment, and the next one goes on. That is why jobs found running at start are only marked failed:
//! the policies ask for what is still due.

mod policy;
mod queue;
mod record;
mod scheduler;
pub mod storages;
mod table;
mod work;

pub use policy::{Defaults, JobOptions};
pub use record::{Job, JobKind, JobStatus};
pub use scheduler::{Jobs, Ticket};
pub use table::is_flushable;

use crate::types::Oid;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Task {
    pub kind: JobKind,
    /// The database and the table; `None`: the whole server.
    pub table: Option<(Oid, Oid)>,
}

/// Who asked for a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Policy,
    /// A person, in this role.
    Role(Oid),
}

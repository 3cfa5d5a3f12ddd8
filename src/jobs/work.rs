//! What a job of each kind does.

use super::{JobKind, Jobs, Task, table};
use crate::error::{PgError, Result};
use crate::exec::background;
use crate::storage::cold::{ColdTable, Outcome, Work};
use crate::storage::{self, StorageError};
use crate::types::Oid;

/// Does a task as far as there is anything to do.
pub(super) fn run(jobs: &Jobs, task: Task, work: &Work) -> Result<Outcome> {
    match (task.kind, task.table) {
        (JobKind::Flush, Some(table)) => {
            with_table(jobs, table, |table| jobs.store.flush(table, None, work))
        }
        (JobKind::Compact, Some(table)) => {
            let done = with_table(jobs, table, |table| jobs.store.compact_segments(table, work))?;
            // Nobody may need the old segments any more. If somebody does, a later sweep has them.
            if let Err(error) = jobs.store.sweep_segments(work) {
                tracing::warn!(%error, "files of compacted segments are left to the next sweep");
            }
            Ok(done)
        }
        (JobKind::Expire, Some((database, table))) => {
            let rows = background::remove_expired(&jobs.catalog, database, table, work)?;
            Ok(Outcome { rows, ..Outcome::default() })
        }
        (JobKind::Retention, Some((database, table))) => {
            let rows = background::remove_deleted(&jobs.catalog, database, table, work)?;
            Ok(Outcome { rows, ..Outcome::default() })
        }
        (JobKind::Sweep, _) => Ok(jobs.store.sweep_segments(work)?),
        (_, None) => Err(PgError::internal("a job of a table without its table")),
    }
}

/// Does something with a table; nothing where it is gone, or goes meanwhile.
fn with_table(
    jobs: &Jobs,
    table: (Oid, Oid),
    action: impl FnOnce(&ColdTable) -> storage::Result<Outcome>,
) -> Result<Outcome> {
    let Some(found) = table::find(jobs, table)? else { return Ok(Outcome::default()) };
    match action(&found.table) {
        Err(StorageError::Gone) => Ok(Outcome::default()),
        done => Ok(done?),
    }
}

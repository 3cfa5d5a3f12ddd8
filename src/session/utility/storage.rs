//! STORAGE FLUSH, STORAGE COMPACT, KILL JOB; and the functions that do the same.
//!
//! Each table is a job of its own, run in the background like those of policies; the statement waits
//! for it and fails with its error. They are no part of the session's transaction, so a transaction
//! that has written cannot ask for them: it might wait for a job that waits for its locks.

use super::Outcome;
use crate::catalog::{Catalog, Relation, acl};
use crate::error::{PgError, Result, code};
use crate::jobs::{JobKind, Origin, Task, Ticket, is_flushable};
use crate::session::Session;
use crate::session::state::SessionState;
use crate::sql::own::{Own, Target};
use crate::types::Oid;
use std::sync::Arc;

impl Session {
    pub(super) async fn storage_flush(&mut self, own: &Own, target: &Target) -> Result<Outcome> {
        self.run_jobs(own, target, JobKind::Flush).await
    }

    pub(super) async fn storage_compact(&mut self, own: &Own, target: &Target) -> Result<Outcome> {
        self.run_jobs(own, target, JobKind::Compact).await
    }

    async fn run_jobs(&mut self, own: &Own, target: &Target, kind: JobKind) -> Result<Outcome> {
        self.prevent_in_block(own.command())?;
        let env = self.statement_env()?;
        let tables = match target {
            Target::All => self.state.own_tables(&env.catalog),
            Target::Table(name) => {
                let table = self.relation_of(name, &env.catalog, &env.search_path)?;
                let checked = self.state.check_flushable(&table, &env.catalog);
                checked.map_err(|error| error.at(name.location))?;
                with_rows(&table, &env.catalog)
            }
        };
        let tickets = self.state.submit(&tables, kind, &env.catalog);
        let state = self.state.clone();
        state.backend.or_cancelled(wait_for(tickets, &state)).await?;
        Ok(Outcome::done(own.command()))
    }

    pub(super) fn kill_job_statement(&mut self, id: i64) -> Result<Outcome> {
        match self.state.kill(id)? {
            true => Ok(Outcome::done("KILL JOB")),
            false => Err(no_such_job(id)),
        }
    }
}

/// What the statements and the functions share.
impl SessionState {
    /// `storage_flush(regclass)` and its like: the rows that changed their place.
    pub(in crate::session) fn run_jobs(&self, table: Option<Oid>, kind: JobKind) -> Result<i64> {
        let transaction = self.transaction()?;
        if transaction.txn.has_writes() || !transaction.catalog.is_empty() {
            let message =
                format!("storage_{} cannot run in a transaction that has written", kind.name());
            return Err(PgError::new(code::ACTIVE_SQL_TRANSACTION, message));
        }
        let catalog = self.catalog();
        let tables = match table {
            None => self.own_tables(&catalog),
            Some(oid) => {
                let table = catalog.relation(oid).cloned().ok_or_else(|| {
                    let message = format!("relation with OID {oid} does not exist");
                    PgError::new(code::UNDEFINED_TABLE, message)
                })?;
                self.check_flushable(&table, &catalog)?;
                with_rows(&table, &catalog)
            }
        };
        let tickets = self.submit(&tables, kind, &catalog);
        let rows = self.wait(wait_for(tickets, self))?;
        Ok(i64::try_from(rows).unwrap_or(i64::MAX))
    }

    /// Stops a job; `false`: there is none that has not ended.
    pub(in crate::session) fn kill(&self, id: i64) -> Result<bool> {
        let jobs = &self.instance.jobs;
        let Some(job) = jobs.get(id) else { return Ok(false) };
        let latest = self.instance.catalog.latest();
        let (_, role) = self.roles(&latest);
        let owner = job.table.and_then(|(database, table)| {
            latest.for_database(database).relation(table).map(|table| table.owner)
        });
        let is_mine = |of: Oid| acl::has_privileges_of(&latest, role, of);
        if !self.is_superuser() && !owner.into_iter().chain(job.role).any(is_mine) {
            let message = format!("permission denied for job {id}");
            return Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message)
                .hint("Must be superuser, owner of its table, or who asked for it."));
        }
        Ok(jobs.kill(id))
    }

    /// The tables of the database that the current role owns and that may have cold rows.
    fn own_tables(&self, catalog: &Catalog) -> Vec<Arc<Relation>> {
        let (_, role) = self.roles(catalog);
        let mine = |r: &&Arc<Relation>| acl::has_privileges_of(catalog, role, r.owner);
        catalog.relations().filter(|r| is_flushable(r)).filter(mine).cloned().collect()
    }

    /// 42501 for who does not own the table, 42809 for what has no cold rows.
    fn check_flushable(&self, relation: &Relation, catalog: &Catalog) -> Result<()> {
        let (_, role) = self.roles(catalog);
        if !acl::has_privileges_of(catalog, role, relation.owner) {
            let message = format!("must be owner of table {}", relation.name);
            return Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message));
        }
        match is_flushable(relation) {
            true => Ok(()),
            false => {
                let message = format!("\"{}\" has no cold rows", relation.name);
                Err(PgError::new(code::WRONG_OBJECT_TYPE, message)
                    .detail("Only permanent tables have them, and of those no streams."))
            }
        }
    }

    fn submit(&self, tables: &[Arc<Relation>], kind: JobKind, catalog: &Catalog) -> Vec<Ticket> {
        let (_, role) = self.roles(catalog);
        let submit = |table: &Arc<Relation>| {
            let task = Task { kind, table: Some((self.backend.database, table.oid)) };
            let namespace = catalog.namespace(table.namespace).map_or("", |n| n.name.as_str());
            let name = format!("{namespace}.{}", table.name);
            self.instance.jobs.submit(task, Some(name), Origin::Role(role))
        };
        tables.iter().map(submit).collect()
    }
}

/// The table, or of a partitioned one the leaves that have its rows.
fn with_rows(table: &Arc<Relation>, catalog: &Catalog) -> Vec<Arc<Relation>> {
    match table.is_partitioned() {
        true => catalog.leaves(table),
        false => vec![table.clone()],
    }
}

/// Waits for jobs; the rows that they moved, or the first error. Jobs that nobody else had asked for
/// end with the wait, where it is cut off.
async fn wait_for(tickets: Vec<Ticket>, state: &SessionState) -> Result<u64> {
    let own = tickets.iter().filter(|ticket| ticket.is_new).map(|ticket| ticket.id).collect();
    let mut unfinished = Unfinished { jobs: own, state };
    let (mut rows, mut failed) = (0, Ok(()));
    for ticket in tickets {
        match ticket.wait().await {
            Ok(outcome) => rows += outcome.rows,
            Err(error) => failed = failed.and(Err(error)),
        }
    }
    unfinished.jobs.clear();
    failed.map(|()| rows)
}

/// Jobs of a statement that has not seen their end.
struct Unfinished<'a> {
    jobs: Vec<i64>,
    state: &'a SessionState,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        for id in &self.jobs {
            self.state.instance.jobs.kill(*id);
        }
    }
}

fn no_such_job(id: i64) -> PgError {
    PgError::new(code::UNDEFINED_OBJECT, format!("job {id} does not exist or has ended"))
}

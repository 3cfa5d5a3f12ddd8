//! CHECKPOINT, VACUUM, ANALYZE.
//!
//! VACUUM rewrites the ranges of a table and its indexes without what no snapshot needs, and takes
//! their statistics; ANALYZE does that only. The planner and `pg_class.reltuples` use them.

use super::{Outcome, options};
use crate::catalog::schema::table_schema;
use crate::catalog::{Catalog, Relation, TableKind, acl};
use crate::error::{PgError, Result, code};
use crate::exec::{CancelToken, off_worker};
use crate::session::Session;
use crate::storage::{Space, Store};
use crate::types::Oid;
use pg_raw_parse::{Node, nodes};
use std::collections::HashSet;
use std::sync::Arc;

/// Most workers that VACUUM (PARALLEL n) may ask for.
const PARALLEL_WORKERS_MAX: i32 = 1024;

impl Session {
    /// Every commit is synced before it is acknowledged, so what CHECKPOINT promises is so.
    pub(super) fn checkpoint(&mut self) -> Result<Outcome> {
        Ok(Outcome::done("CHECKPOINT"))
    }

    pub(super) fn vacuum(&mut self, s: &nodes::VacuumStmt) -> Result<Outcome> {
        let command = if s.is_vacuumcmd { "VACUUM" } else { "ANALYZE" };
        check_options(s, command)?;
        if s.is_vacuumcmd {
            self.prevent_in_block("VACUUM")?;
        }
        let env = self.statement_env()?;
        let database = self.state.backend.database;
        let mut tables = self.tables_of(s, &env.catalog, &env.search_path, env.current_role)?;
        tables.retain(|table| may_maintain(table, &env.catalog, database, env.current_role));
        let store = self.state.instance.store.clone();
        let cancel = self.state.backend.token.clone();
        off_worker(|| {
            tables.iter().try_for_each(|table| {
                let indexes = indexes(table, &env.catalog);
                if s.is_vacuumcmd {
                    compact(&store, table, &indexes, &cancel)?;
                }
                analyze(&store, table, &indexes, &env.catalog, &cancel)
            })
        })?;
        Ok(Outcome::done(command))
    }

    /// The tables that VACUUM or ANALYZE names; without names, all of the database.
    fn tables_of(
        &mut self,
        s: &nodes::VacuumStmt,
        catalog: &Catalog,
        search_path: &[Oid],
        role: Oid,
    ) -> Result<Vec<Arc<Relation>>> {
        if s.rels().is_empty() {
            let tables = catalog.relations().filter(|r| is_stored_table(r));
            return Ok(tables.cloned().collect());
        }
        let verb = if s.is_vacuumcmd { "vacuum" } else { "analyze" };
        let mut tables = Vec::new();
        for target in s.rels().iter() {
            let Some(name) = target.relation() else { continue };
            let relation = self.find_relation(name, catalog, search_path)?;
            if !is_stored_table(&relation) {
                self.state.notice(crate::session::Notice::warning(
                    code::WARNING,
                    format!(
                        "skipping \"{}\" --- cannot {verb} non-tables or special system tables",
                        relation.name
                    ),
                ));
                continue;
            }
            if !may_maintain(&relation, catalog, self.state.backend.database, role) {
                self.state.notice(crate::session::Notice::warning(
                    code::WARNING,
                    format!(
                        "skipping \"{}\" --- only table or database owner can {verb} it",
                        relation.name
                    ),
                ));
                continue;
            }
            check_columns(&relation, target.va_cols().iter().filter_map(Node::as_str))?;
            // A partitioned table has no rows but its partitions'.
            match relation.is_partitioned() {
                true => tables.extend(catalog.leaves(&relation)),
                false => tables.push(relation),
            }
        }
        Ok(tables)
    }
}

/// Whether a role may VACUUM and ANALYZE a table: as its owner, or the database's.
fn may_maintain(table: &Relation, catalog: &Catalog, database: Oid, role: Oid) -> bool {
    let database = catalog.database(database).map(|database| database.owner);
    let owners = [Some(table.owner), database];
    owners.into_iter().flatten().any(|owner| acl::has_privileges_of(catalog, role, owner))
}

/// A table of the catalog itself keeps no rows of its own.
fn is_stored_table(relation: &Relation) -> bool {
    relation.kind.has_rows() && !Catalog::is_system(relation.oid)
}

/// The options that PostgreSQL has. They choose among its ways of doing the same.
fn check_options(s: &nodes::VacuumStmt, command: &str) -> Result<()> {
    let (mut full, mut analyze, mut parallel) = (false, !s.is_vacuumcmd, 0);
    let (mut skipping, mut toast) = (false, true);
    for option in s.options() {
        match option.defname().unwrap_or_default() {
            "verbose" | "skip_locked" => drop(options::boolean(option)?),
            _ if !s.is_vacuumcmd => return Err(options::unrecognized(command, option)),
            "analyze" => analyze = options::boolean(option)?,
            "full" => full = options::boolean(option)?,
            "disable_page_skipping" => skipping = options::boolean(option)?,
            "process_toast" => toast = options::boolean(option)?,
            "freeze" | "truncate" => drop(options::boolean(option)?),
            "index_cleanup" => match options::word(option).as_deref() {
                Some("auto") => {}
                _ => drop(options::boolean(option)?),
            },
            "parallel" => parallel = parallel_workers(option)?,
            _ => return Err(options::unrecognized(command, option)),
        }
    }
    let refused = |message: &'static str| Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    if full && parallel > 0 {
        return refused("VACUUM FULL cannot be performed in parallel");
    }
    if !analyze && s.rels().iter().any(|r| !r.va_cols().is_empty()) {
        return refused("ANALYZE option must be specified when a column list is provided");
    }
    if full && skipping {
        return refused("VACUUM option DISABLE_PAGE_SKIPPING cannot be used with FULL");
    }
    if full && !toast {
        return refused("PROCESS_TOAST required with VACUUM FULL");
    }
    Ok(())
}

fn parallel_workers(option: &nodes::DefElem) -> Result<i32> {
    let error = |message: String| PgError::new(code::SYNTAX_ERROR, message).at(option.location);
    let Some(value) = options::word(option) else {
        let most = PARALLEL_WORKERS_MAX;
        return Err(error(format!("parallel option requires a value between 0 and {most}")));
    };
    match value.parse() {
        Ok(workers) if (0..=PARALLEL_WORKERS_MAX).contains(&workers) => Ok(workers),
        _ => Err(error(format!(
            "parallel workers for vacuum must be between 0 and {PARALLEL_WORKERS_MAX}"
        ))),
    }
}

fn check_columns<'n>(table: &Relation, names: impl Iterator<Item = &'n str>) -> Result<()> {
    let mut seen = HashSet::new();
    for name in names {
        if table.column_by_name(name).is_none() {
            let message =
                format!("column \"{name}\" of relation \"{}\" does not exist", table.name);
            return Err(PgError::new(code::UNDEFINED_COLUMN, message));
        }
        if !seen.insert(name) {
            let message =
                format!("column \"{name}\" of relation \"{}\" appears more than once", table.name);
            return Err(PgError::new(code::DUPLICATE_COLUMN, message));
        }
    }
    Ok(())
}

/// A table's indexes; the primary key's has no storage but the table's.
fn indexes(table: &Relation, catalog: &Catalog) -> Vec<Arc<Relation>> {
    table.indexes.iter().filter_map(|oid| catalog.relation(*oid)).cloned().collect()
}

fn compact(
    store: &Store,
    table: &Relation,
    indexes: &[Arc<Relation>],
    cancel: &CancelToken,
) -> Result<()> {
    store.compact(Space::Rows, table.storage);
    store.compact(Space::Locators, table.storage);
    store.compact(Space::Graves, table.storage);
    for index in indexes {
        cancel.check()?;
        store.compact(Space::Index, index.storage);
    }
    Ok(())
}

/// Takes the statistics of a table and counts the entries of its indexes.
fn analyze(
    store: &Store,
    table: &Arc<Relation>,
    indexes: &[Arc<Relation>],
    catalog: &Catalog,
    cancel: &CancelToken,
) -> Result<()> {
    let go_on = || cancel.check().is_ok();
    let schema = table_schema(catalog, table);
    // A sample, and even a count, would tell of other users' rows.
    if schema.kind == TableKind::User {
        return Ok(());
    }
    let rows = store.analyze(table.storage, &schema.layout, go_on)?;
    cancel.check()?;
    schema.activity.note_analyzed(crate::session::clock::now());
    for index in indexes {
        match schema.key.is_index(index.oid) {
            true => store.keep_count(Space::Index, index.storage, rows.unwrap_or(0))?,
            false => drop(store.count_entries(index.storage, go_on)?),
        }
        cancel.check()?;
    }
    Ok(())
}

//! From a bound query to a plan.
//!
//! | file | plans |
//! |---|---|
//! | `prepare` | join columns replaced by what they stand for, and simpler forms |
//! | `outer_to_inner`, `averages` | outer joins that are inner ones, averages that are quotients of sums |
//! | `pull_up` | sub-queries in FROM that are part of the query around them |
//! | `needless_joins` | left joins that nothing looks at |
//! | `exists`, `told_apart` | EXISTS without a select list; volatile calls that are equal and not one |
//! | `query` | a SELECT, clause by clause |
//! | `inherit` | a table with descendants: the tables to read, and without which partitions |
//! | `from`, `access` | FROM and WHERE: what each item reads, by which key or index |
//! | `units`, `join_order`, `join` | joins: in which order, and how |
//! | `estimate`, `cost` | how many rows there will be, and what they cost |
//! | `push_down` | conditions on subqueries moved into them |
//! | `membership` | IN over few rows, whose relation is looked up |
//! | `sub_link` | subqueries in expressions: joins, lookups, subplans |
//! | `aggregate`, `window`, `set_operation`, `cte`, `locks` | what their names say |
//! | `modify` | the rows that INSERT, UPDATE and DELETE work on |
//! | `relations`, `catalog_read` | which tables to lock; whether only the catalog is read |
//! | `privileges` | what its roles must be allowed to do |
//! | `rules` | commands that rules make nothing of |
//! | `policy`, `barrier` | what row security adds, and which conditions must wait for it |
//! | `notes` | what EXPLAIN says of conditions and keys |
//! | `planner` | what all of these share |

mod absent_rows;
mod access;
mod aggregate;
mod averages;
mod barrier;
mod catalog_read;
mod cost;
mod cte;
mod deleted;
mod estimate;
mod exists;
mod from;
mod implied;
mod inherit;
mod join;
mod join_order;
mod lateral;
mod locks;
mod membership;
mod modify;
mod needless_joins;
mod notes;
mod outer_to_inner;
mod planner;
mod policy;
mod prepare;
mod privileges;
mod pull_up;
mod push_down;
mod quals;
mod query;
mod relations;
mod rules;
mod set_operation;
mod sub_link;
mod system;
mod told_apart;
mod units;
mod unused_outputs;
pub(in crate::exec) mod walk;
mod window;

pub(in crate::exec) use modify::{ModifySource, prepared};
pub(in crate::exec) use planner::Planner;

pub use catalog_read::CatalogRead;

use super::op::NodeRef;
use super::{CancelToken, ExecState, StatementContext, dml};
use crate::catalog::depend::functions_of_query;
use crate::catalog::{Catalog, Persistence, Relation};
use crate::error::{PgError, Result, code};
use crate::functions::privileges::require_function;
use crate::nodes::{AttrNumber, CommandType, LockWait, Query};
use crate::storage::{TableLockMode, Txn};
use crate::types::{Datum, Oid};
use rules::Ruled;
use std::sync::Arc;

/// A column of a statement's result, as RowDescription shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct ResultColumn {
    pub name: String,
    pub type_oid: Oid,
    /// `typlen`.
    pub type_length: i16,
    pub typmod: i32,
    /// The table's OID and the column's number where it is a table's column; 0 where computed.
    pub table: Oid,
    pub attno: AttrNumber,
}

/// A statement, ready to run any number of times.
pub struct Plan {
    command: CommandType,
    columns: Vec<ResultColumn>,
    pub(in crate::exec) root: Root,
    /// Data-modifying WITH queries, run before the rest, and the slots for their rows.
    pub(in crate::exec) modifying: Vec<(usize, dml::Modify)>,
    outer_count: usize,
    shared_count: usize,
    /// Relations to lock before it runs.
    locks: Vec<(Oid, TableLockMode)>,
    required: Vec<privileges::Required>,
    /// The users' functions that it calls.
    functions: Vec<Oid>,
    /// It reads or makes an unknown number of rows: anything but values and lookups by whole keys.
    pub(in crate::exec) long: bool,
    catalog_read: Option<CatalogRead>,
    /// The role, and the setting `row_security`, that it was made for; `None`: for all.
    made_for: Option<(Oid, bool)>,
}

/// What a statement does.
pub(in crate::exec) enum Root {
    Rows(NodeRef),
    Modify(dml::Modify),
    /// A rule has made nothing of it.
    Nothing,
}

impl Plan {
    /// The result's columns; empty for DML without RETURNING.
    pub fn columns(&self) -> &[ResultColumn] {
        &self.columns
    }

    pub fn command(&self) -> CommandType {
        self.command
    }

    /// Whether it reads or makes an unknown number of rows, so that sizes of tables decided about it.
    pub fn is_long(&self) -> bool {
        self.long
    }

    /// Whether it changes rows, itself or in WITH.
    pub fn writes(&self) -> bool {
        self.command != CommandType::Select || !self.modifying.is_empty()
    }

    /// Its command, as messages have it.
    pub fn command_name(&self) -> &'static str {
        match self.command {
            CommandType::Select => "SELECT",
            CommandType::Insert => "INSERT",
            CommandType::Update => "UPDATE",
            CommandType::Delete => "DELETE",
            CommandType::Merge => "MERGE",
        }
    }

    /// What it reads of the catalog, where it reads nothing else.
    pub fn catalog_read(&self) -> Option<CatalogRead> {
        self.catalog_read
    }

    /// Whether it reads nothing but the catalog and its text names nothing that users made: DDL on their
    /// tables leaves it as it is.
    pub fn is_of_system(&self, text: &str, catalog: &Catalog) -> bool {
        self.catalog_read.is_some_and(|read| read.is_of_system(text, catalog))
    }

    /// Whether it may run for a role under the setting `row_security`: row security decided about it.
    pub fn fits(&self, current_role: Oid, row_security: bool) -> bool {
        self.made_for.is_none_or(|made_for| made_for == (current_role, row_security))
    }

    /// The command tag after `rows` rows were returned or affected.
    pub fn tag(&self, rows: u64) -> String {
        match self.command {
            CommandType::Select => format!("SELECT {rows}"),
            CommandType::Insert => format!("INSERT 0 {rows}"),
            CommandType::Update => format!("UPDATE {rows}"),
            CommandType::Delete => format!("DELETE {rows}"),
            CommandType::Merge => format!("MERGE {rows}"),
        }
    }

    /// Locks the plan's relations, for the rest of the transaction. Whoever waited must look whether
    /// the catalog is still the one that the plan was made for.
    pub fn lock(&self, txn: &Txn, cancel: &CancelToken) -> Result<()> {
        for (relation, mode) in &self.locks {
            dml::wait(cancel, txn.lock_table(*relation, *mode, LockWait::Block))?;
        }
        Ok(())
    }

    /// The relations that it uses.
    pub fn relations(&self) -> impl Iterator<Item = Oid> {
        self.locks.iter().map(|(oid, _)| *oid)
    }

    /// Relations to lock before it runs.
    pub(in crate::exec) fn locks(&self) -> &[(Oid, TableLockMode)] {
        &self.locks
    }

    /// 42501 where the current role, or the owner of a view, may not do what the plan does.
    pub fn check_privileges(&self, catalog: &Catalog, current_role: Oid) -> Result<()> {
        self.required.iter().try_for_each(|required| required.check(catalog, current_role))?;
        self.functions.iter().try_for_each(|oid| require_function(catalog, current_role, *oid))
    }

    /// 42809 where it changes or locks rows of a materialized view.
    pub fn check_targets(&self, catalog: &Catalog) -> Result<()> {
        for (oid, mode) in &self.locks {
            let Some(found) = catalog.relation(*oid) else { continue };
            let what = match mode {
                TableLockMode::RowExclusive => "change",
                TableLockMode::RowShare => "lock rows in",
                _ => continue,
            };
            if found.materialized.is_some() {
                let message = format!("cannot {what} materialized view \"{}\"", found.name);
                return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
            }
        }
        Ok(())
    }

    /// 55000 where it reads a materialized view that has never been filled.
    pub fn check_populated(&self, catalog: &Catalog) -> Result<()> {
        let read = self.required.iter().filter_map(|required| required.relation(catalog));
        let empty = |r: &&Relation| r.materialized.as_ref().is_some_and(|m| !m.populated);
        match read.into_iter().find(empty) {
            Some(view) => {
                let message = format!("materialized view \"{}\" has not been populated", view.name);
                Err(PgError::new(code::OBJECT_NOT_IN_PREREQUISITE_STATE, message)
                    .hint("Use the REFRESH MATERIALIZED VIEW command."))
            }
            None => Ok(()),
        }
    }

    /// 55000 where it reads or changes a view that is not the system's
    /// (`restrict_nonsystem_relation_kind`).
    pub fn check_uses_no_views(&self, catalog: &Catalog) -> Result<()> {
        let views = self.required.iter().filter_map(|required| required.view(catalog));
        match views.into_iter().find(|view| !Catalog::is_system(view.oid)) {
            Some(view) => {
                let message = format!("access to non-system view \"{}\" is restricted", view.name);
                Err(PgError::new(code::OBJECT_NOT_IN_PREREQUISITE_STATE, message))
            }
            None => Ok(()),
        }
    }

    /// Whether it changes or locks rows of a table that is not temporary.
    pub fn changes_permanent(&self, catalog: &Catalog) -> bool {
        self.locks.iter().any(|(oid, mode)| {
            let relation = catalog.relation(*oid);
            *mode > TableLockMode::AccessShare
                && relation.is_none_or(|r| r.persistence != Persistence::Temporary)
        })
    }

    /// The plan of a statement that rules have made nothing of.
    fn of_nothing(query: &Query, columns: Vec<ResultColumn>, catalog: &Catalog) -> Plan {
        Plan {
            command: query.command,
            columns,
            root: Root::Nothing,
            modifying: Vec::new(),
            outer_count: 0,
            shared_count: 0,
            locks: relations::relation_locks(query, catalog),
            required: Vec::new(),
            functions: Vec::new(),
            long: false,
            catalog_read: None,
            made_for: None,
        }
    }

    /// State for one execution.
    pub(in crate::exec) fn state(
        &self,
        cx: Arc<StatementContext>,
        params: Arc<[Datum]>,
    ) -> ExecState {
        ExecState::sized(cx, params, self.outer_count, self.shared_count)
    }
}

/// Plans a query.
pub fn plan(query: &Query, cx: &Arc<StatementContext>) -> Result<Arc<Plan>> {
    plan_with(query, Planner::new(cx))
}

/// Plans a query for EXPLAIN, which wants to know conditions and keys besides.
pub fn plan_explained(query: &Query, cx: &Arc<StatementContext>) -> Result<Arc<Plan>> {
    let mut planner = Planner::new(cx);
    planner.explained = true;
    plan_with(query, planner)
}

/// The columns that a query's plan gives, where it cannot be planned.
pub fn result_columns(query: &Query, catalog: &Catalog) -> Vec<ResultColumn> {
    query.output().map(|t| result_column(t, catalog)).collect()
}

fn plan_with(query: &Query, mut planner: Planner) -> Result<Arc<Plan>> {
    let cx = planner.cx.clone();
    let columns = result_columns(query, &cx.catalog);
    let ruled = rules::apply(query, &cx.catalog)?;
    if let Ruled::Nothing = ruled {
        return Ok(Arc::new(Plan::of_nothing(query, columns, &cx.catalog)));
    }
    let mut query = prepared(query, &cx.catalog);
    let mut required = privileges::required(&query, &cx.catalog);
    // What a rule's condition reads is the table's owner's business.
    if let Ruled::Changed(changed) = ruled {
        query = prepared(&changed, &cx.catalog);
    }
    let policies = policy::apply(&mut query, &cx)?;
    required.extend(policies.required);
    planner.simplify_exists(&mut query);
    // These know views, which are no more than what they select afterwards.
    let locks = relations::relation_locks(&query, &cx.catalog);
    let catalog_read = catalog_read::of(&query);
    pull_up::pull_up(&mut query, &cx.catalog);
    needless_joins::drop_joins(&mut query, &cx.catalog);
    let root = match query.command {
        CommandType::Select => Root::Rows(planner.plan_below(&query)?.node),
        _ => Root::Modify(dml::plan(&mut planner, &query)?),
    };
    Ok(Arc::new(Plan {
        command: query.command,
        columns,
        root,
        modifying: std::mem::take(&mut planner.modifying),
        locks,
        required,
        functions: functions_of_query(&query).into_iter().collect(),
        outer_count: planner.outer_count,
        shared_count: planner.shared_count,
        long: planner.long,
        catalog_read: catalog_read
            .map(|read| CatalogRead { single_objects: !planner.whole_catalog, ..read }),
        made_for: policies.any.then(|| (cx.env.current_role(), policy::is_on(&cx))),
    }))
}

/// Clients see a domain as its base type.
fn result_column(target: &crate::nodes::TargetEntry, catalog: &Catalog) -> ResultColumn {
    let (type_oid, typmod) = catalog.base_type(target.expr.type_oid(), target.expr.typmod());
    ResultColumn {
        name: target.name.clone(),
        type_oid,
        type_length: catalog.type_(type_oid).map_or(-1, |t| t.len),
        typmod,
        table: target.origin.0,
        attno: target.origin.1,
    }
}

//! The tables that a statement on a table with descendants writes.
//!
//! A statement names one table; rows are of it and of those below it. The named table's numbers are
//! what expressions go by, and each member's write path ([`Target`]) knows which of its own columns
//! these are. Write paths are compiled when the first row asks for them.
//!
//! ```text
//! INSERT INTO log      row ─▶ key of log ─▶ log_2024 ─▶ its write path
//! UPDATE log           row of log_2024 ─▶ still within its bound? ──yes──▶ updated there
//!                                             └─no─▶ deleted there, routed from log, inserted
//! ```

use super::Target;
use super::describe;
use super::policy::PolicyChecks;
use super::target::Stored;
use crate::catalog::{Catalog, ColumnMap, PartitionColumn, Relation};
use crate::error::{PgError, Result, code};
use crate::exec::partition::Router;
use crate::exec::{ExecState, Row};
use crate::functions::privileges::{require_columns, require_relation};
use crate::functions::{self, Deparse};
use crate::nodes::{AttrNumber, Expr, PolicyCheckKind};
use crate::types::{Datum, Oid};
use parking_lot::RwLock;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What the members' write paths need of the statement.
#[derive(Clone, Default)]
pub(super) struct StatementParts {
    /// Columns of the named table that the statement gives values.
    pub(super) assigned: Vec<AttrNumber>,
    pub(super) view_checks: Vec<(String, Expr)>,
    pub(super) policies: Arc<PolicyChecks>,
}

pub(super) struct Family {
    named: Arc<Relation>,
    parts: StatementParts,
    members: RwLock<HashMap<Oid, Arc<Target>>>,
    /// Of the partitioned tables, the named one's included; each with how its columns are the named
    /// one's.
    routers: RwLock<HashMap<Oid, Arc<(Router, ColumnMap)>>>,
}

impl Family {
    /// `None`: no table inherits from this one.
    pub(super) fn of(
        catalog: &Catalog,
        named: &Arc<Relation>,
        parts: StatementParts,
    ) -> Option<Arc<Family>> {
        let alone = catalog.children(named.oid).is_empty() && !named.is_partitioned();
        let (members, routers) = Default::default();
        (!alone).then(|| Arc::new(Family { named: named.clone(), parts, members, routers }))
    }

    /// The write path of a member.
    pub(super) fn member(&self, state: &ExecState, oid: Oid) -> Result<Arc<Target>> {
        if let Some(known) = self.members.read().get(&oid) {
            return Ok(known.clone());
        }
        let catalog = &state.cx.catalog;
        let table = catalog.relation(oid).ok_or_else(|| PgError::internal("no such member"))?;
        let mut target = Target::compile_member(catalog, &self.named, table)?;
        target.check_views(catalog, &self.parts.view_checks)?;
        target.policies = self.parts.policies.clone();
        let map = ColumnMap::new(&self.named, table);
        target.assigned = self.parts.assigned.iter().map(|attno| map.of(*attno)).collect();
        let target = Arc::new(target);
        self.members.write().insert(oid, target.clone());
        Ok(target)
    }

    /// The write path of the leaf that a row of the named table belongs to.
    pub(super) fn route(&self, state: &ExecState, row: &Row) -> Result<Arc<Target>> {
        let mut table = self.named.clone();
        loop {
            let found = self.router(state, &table)?;
            let (router, map) = &*found;
            let alike = map.is_identity() && row.len() == table.columns.len();
            let shaped = (!alike).then(|| map.to_child(row, table.columns.len()));
            let shaped = shaped.as_ref().unwrap_or(row);
            let Some(partition) = router.partition(state, shaped)? else {
                return Err(no_partition(state, router, shaped)?);
            };
            if !partition.is_partitioned() {
                return self.member(state, partition.oid);
            }
            table = partition.clone();
        }
    }

    fn router(&self, state: &ExecState, table: &Arc<Relation>) -> Result<Arc<(Router, ColumnMap)>> {
        if let Some(known) = self.routers.read().get(&table.oid) {
            return Ok(known.clone());
        }
        let router = Router::compile(&state.cx.catalog, table)?;
        let found = Arc::new((router, ColumnMap::new(&self.named, table)));
        self.routers.write().insert(table.oid, found.clone());
        Ok(found)
    }

    /// Whether rows may move between members.
    pub(super) fn is_partitioned(&self) -> bool {
        self.named.is_partitioned()
    }
}

/// Replaces a locked row by another, whose generated columns are still to be computed, and gives the
/// new one with its write path: another member's where the row has moved.
pub(super) fn replace(
    family: Option<&Family>,
    target: &Arc<Target>,
    named: &Target,
    state: &ExecState,
    old: &Stored,
    mut new: Row,
) -> Result<(Stored, Arc<Target>)> {
    target.generate(state, &mut new)?;
    let routes = family.filter(|family| family.is_partitioned());
    let Some(family) = routes.filter(|_| target.partition.is_some()) else {
        target.check(state, &new, PolicyCheckKind::Update)?;
        return Ok((target.update(state, old, new)?, target.clone()));
    };
    if target.takes(state, &new)? {
        target.check(state, &new, PolicyCheckKind::Update)?;
        return Ok((target.update(state, old, new)?, target.clone()));
    }
    let row = target.named_row(new.clone());
    if !named.takes(state, &row)? {
        return Err(named.bound_violation(state, &row));
    }
    target.give_away(state, old, &new)?;
    let to = family.route(state, &row)?;
    let mut row = to.own_row(row);
    to.complete(state, &mut row, PolicyCheckKind::Update)?;
    Ok((to.insert(state, row)?, to))
}

/// The same for a referential action, whose statement does not name the table: a partition's row moves
/// by way of the topmost table.
pub(super) fn replace_by_action(
    target: &Target,
    state: &ExecState,
    old: &Stored,
    mut new: Row,
) -> Result<()> {
    target.generate(state, &mut new)?;
    if target.takes(state, &new)? {
        target.check(state, &new, PolicyCheckKind::Update)?;
        return target.update(state, old, new).map(drop);
    }
    let catalog = &state.cx.catalog;
    let ancestors = catalog.partition_ancestors(target.relation());
    let root = ancestors.last().ok_or_else(|| PgError::internal("a partition of no table"))?;
    let family = Family::of(catalog, root, StatementParts::default());
    let family = family.ok_or_else(|| PgError::internal("a partition of no table"))?;
    let row = ColumnMap::new(root, target.relation()).to_parent(&new);
    target.give_away(state, old, &new)?;
    let to = family.route(state, &row)?;
    let mut row = to.own_row(row);
    to.complete(state, &mut row, PolicyCheckKind::Update)?;
    to.insert(state, row).map(drop)
}

/// 23514: the row fits no partition.
fn no_partition(state: &ExecState, router: &Router, row: &[Datum]) -> Result<PgError> {
    let table = router.table();
    let message = format!("no partition of relation \"{}\" found for row", table.name);
    let error = PgError::new(code::CHECK_VIOLATION, message).table(&*table.name);
    let error = match state.cx.catalog.namespace(table.namespace) {
        Some(namespace) => error.schema(&*namespace.name),
        None => error,
    };
    let columns = table.lineage.key.iter().flat_map(|key| &key.columns);
    let columns: Vec<&PartitionColumn> = columns.collect();
    if !may_read(state, table, &columns) {
        return Ok(error);
    }
    let key = router.key(state, row)?;
    let names = columns.iter().enumerate();
    let names: Vec<String> = names.map(|(at, column)| name(state, table, column, at)).collect();
    let values = columns.iter().zip(&key).map(|(column, value)| {
        if value.is_null() {
            return "null".to_owned();
        }
        let mut out = Vec::new();
        functions::text_out(state.env(), column.type_oid, value, &mut out);
        describe::clipped(String::from_utf8_lossy(&out).into_owned())
    });
    let values = values.collect::<Vec<_>>().join(", ");
    let detail = "Partition key of the failing row contains";
    Ok(error.detail(format!("{detail} ({}) = ({values}).", names.join(", "))))
}

/// Whether the current role may see a row's key: no policies bind it, and it may read the table, or all of
/// the key's columns.
fn may_read(state: &ExecState, table: &Relation, columns: &[&PartitionColumn]) -> bool {
    let (catalog, role) = (&state.cx.catalog, state.env().current_role());
    if table.polices(catalog, role) {
        return false;
    }
    if require_relation(catalog, role, table.oid, "r").is_ok() {
        return true;
    }
    columns.iter().all(|column| {
        let own = BTreeSet::from([column.attno]);
        column.attno > 0 && require_columns(catalog, role, table.oid, 'r', &own).is_ok()
    })
}

/// A key's column as `pg_get_partkeydef` shows it.
fn name(state: &ExecState, table: &Relation, column: &PartitionColumn, at: usize) -> String {
    match column.attno {
        1.. => describe::quoted(&table.column(column.attno).name),
        _ => {
            let what = Deparse::PartitionColumn { table: table.oid, at };
            let text = state.env().session().deparse(what, false);
            text.ok().flatten().unwrap_or_else(|| "expr".into())
        }
    }
}

/// A partition's bound, with those of the tables above it: at each of these, rows must be routed to
/// the next one below.
pub(in crate::exec) struct PartitionCheck {
    steps: Vec<Step>,
}

struct Step {
    router: Router,
    /// Which of the partition's columns are the router's table's.
    columns: ColumnMap,
    /// Where the way down to the partition goes.
    to: Oid,
}

impl PartitionCheck {
    /// `None`: the table is no partition.
    pub(in crate::exec) fn compile(
        catalog: &Catalog,
        table: &Arc<Relation>,
    ) -> Result<Option<PartitionCheck>> {
        let mut steps = Vec::new();
        let mut below = table.oid;
        let mut above = catalog.partition_parent(table).cloned();
        while let Some(parent) = above {
            let columns = ColumnMap::new(&parent, table);
            steps.push(Step { router: Router::compile(catalog, &parent)?, columns, to: below });
            below = parent.oid;
            above = catalog.partition_parent(&parent).cloned();
        }
        Ok((!steps.is_empty()).then_some(PartitionCheck { steps }))
    }

    /// Whether the partition takes a row of its own shape.
    pub(in crate::exec) fn takes(&self, state: &ExecState, row: &[Datum]) -> Result<bool> {
        for step in &self.steps {
            let table = step.router.table();
            let alike = step.columns.is_identity() && row.len() == table.columns.len();
            let shaped = (!alike).then(|| step.columns.to_parent(row));
            let found = step.router.partition(state, shaped.as_deref().unwrap_or(row))?;
            if found.is_none_or(|found| found.oid != step.to) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

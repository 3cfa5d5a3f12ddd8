//! Planning INSERT, UPDATE, DELETE and MERGE: the target's write path, and programs for what is assigned
//! and returned. The binder has filled in defaults; a column that INSERT does not assign is NULL.

use super::family::{Family, StatementParts};
use super::matched::Matched;
use super::merge::{Merge, WhenClause};
use super::modify::{Action, Modify, Verbose};
use super::on_conflict::{ConflictUpdate, OnConflict};
use super::policy::PolicyChecks;
use super::{Delete, Insert, Target, Update};
use crate::catalog::{Catalog, Relation, RelationKind};
use crate::error::{PgError, Result, code};
use crate::exec::Layout;
use crate::exec::expr::Program;
use crate::exec::plan::{ModifySource, Planner, walk};
use crate::nodes::{
    self, CommandType, Expr, MergeAction, Query, RangeIndex, RangeSource, TargetEntry,
};
use crate::nodes::{
    AttrNumber, DELETED_COLUMN, SEQ_COLUMN, UPDATED_COLUMN, XMAX_COLUMN, XMIN_COLUMN,
};
use crate::types::Oid;
use std::sync::Arc;

/// The system columns that follow INSERT's rows: `tableoid`, ours, and PostgreSQL's of row versions:
/// `xmin`, `cmin`, `xmax`, `cmax`.
pub(super) const SYSTEM_COLUMNS: [AttrNumber; 8] =
    [-6, SEQ_COLUMN, UPDATED_COLUMN, DELETED_COLUMN, XMIN_COLUMN, -3, XMAX_COLUMN, -5];

/// Plans a statement that [`prepared`](crate::exec::plan::prepared) was applied to.
pub(in crate::exec) fn plan(planner: &mut Planner, query: &Query) -> Result<Modify> {
    planner.enter();
    let planned = plan_entered(planner, query);
    planner.leave();
    planned
}

fn plan_entered(planner: &mut Planner, query: &Query) -> Result<Modify> {
    let catalog = planner.catalog();
    let rel = query.result_relation.ok_or_else(|| PgError::internal("no result relation"))?;
    let table = result_table(&catalog, query, rel)?;
    let mut target = Target::compile(&catalog, table)?;
    target.check_views(&catalog, &query.view_checks)?;
    let row = Arc::new(whole_row(table, rel));
    target.policies = Arc::new(PolicyChecks::plan(planner, table, &query.policy_checks, &row)?);
    let of_merge = query.merge.iter().flat_map(|action| &action.assigned);
    target.assigned = query.assigned.iter().chain(of_merge).copied().collect();
    let parts = StatementParts {
        assigned: target.assigned.clone(),
        view_checks: query.view_checks.clone(),
        policies: target.policies.clone(),
    };
    let only = query.range(rel).only && query.command != CommandType::Insert;
    let family = Family::of(&catalog, table, parts).filter(|_| !only);
    let target = Arc::new(target);
    let (action, layout) = match query.command {
        CommandType::Insert => plan_insert(planner, table, query, rel)?,
        CommandType::Update => {
            let source = planner.modify_source(query)?;
            let layout = source.layout.clone();
            let values = assignments(planner, &query.targets, &layout)?;
            let rows = Matched::new(source, &target, rel)?;
            (Action::Update(Update { rows, values }), layout)
        }
        CommandType::Delete => {
            let source = planner.modify_source(query)?;
            let layout = source.layout.clone();
            let rows = Matched::new(source, &target, rel)?;
            (Action::Delete(Delete { rows }), layout)
        }
        CommandType::Merge => {
            let source = planner.modify_source(query)?;
            let layout = source.layout.clone();
            let clauses = query.merge.iter().map(|action| plan_when(planner, action, &layout));
            let clauses = clauses.collect::<Result<Vec<_>>>()?;
            let rows = Matched::new(source, &target, rel)?;
            (Action::Merge(Merge { rows, clauses }), layout)
        }
        CommandType::Select => return Err(PgError::internal("SELECT modifies nothing")),
    };
    let returns_xid = returns_xid(query, rel);
    let output = planner.target_texts(query.returning.iter());
    let returning = returning(planner, &query.returning, &layout)?;
    let schema = catalog.namespace(table.namespace).map_or_else(String::new, |n| n.name.clone());
    let verbose = Box::new(Verbose { schema, output });
    Ok(Modify { target, family, action, returning, returns_xid, verbose })
}

fn result_table<'c>(
    catalog: &'c Catalog,
    query: &Query,
    rel: RangeIndex,
) -> Result<&'c Arc<Relation>> {
    let RangeSource::Relation { oid } = query.range(rel).source else {
        return Err(PgError::unsupported("modifying a view"));
    };
    let name = &query.range(rel).name;
    if Catalog::is_system(oid) {
        let message = format!("permission denied: \"{name}\" is a system catalog");
        return Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message));
    }
    let table = catalog.relation(oid).ok_or_else(|| PgError::internal("no such relation"))?;
    match table.kind {
        // A materialized view is refused when the plan starts, after privileges.
        RelationKind::Table | RelationKind::MaterializedView => Ok(table),
        RelationKind::View => Err(PgError::unsupported("modifying a view")),
        RelationKind::Sequence => {
            let message = format!("cannot change sequence \"{}\"", table.name);
            Err(PgError::new(code::WRONG_OBJECT_TYPE, message))
        }
        RelationKind::Composite => {
            let message = format!("\"{}\" is a composite type", table.name);
            Err(PgError::new(code::WRONG_OBJECT_TYPE, message))
        }
        RelationKind::Index => {
            let message = format!("\"{}\" is an index", table.name);
            Err(PgError::new(code::WRONG_OBJECT_TYPE, message))
        }
    }
}

fn plan_insert(
    planner: &mut Planner,
    table: &Relation,
    query: &Query,
    rel: RangeIndex,
) -> Result<(Action, Arc<Layout>)> {
    let ModifySource { node, layout, .. } = planner.modify_source(query)?;
    let values = assignments(planner, &query.targets, &layout)?;
    let on_conflict = match &query.on_conflict {
        Some(conflict) => Some(plan_on_conflict(planner, table, conflict, rel)?),
        None => None,
    };
    let mut returned = whole_row(table, rel);
    for attno in SYSTEM_COLUMNS {
        returned.push(rel, attno);
    }
    let insert = Insert { node, values, on_conflict };
    Ok((Action::Insert(insert), Arc::new(returned)))
}

fn plan_on_conflict(
    planner: &mut Planner,
    table: &Relation,
    conflict: &nodes::OnConflict,
    rel: RangeIndex,
) -> Result<OnConflict> {
    let arbiters = with_descendants(&planner.catalog(), &conflict.arbiters);
    let Some(update) = &conflict.update else { return Ok(OnConflict { arbiters, update: None }) };
    let mut layout = whole_row(table, rel).join(&whole_row(table, update.excluded));
    for attno in SYSTEM_COLUMNS {
        layout.push(rel, attno);
    }
    let layout = Arc::new(layout);
    let values = assignments(planner, &update.targets, &layout)?;
    let filter = update.filter.as_ref().map(|f| planner.compile(f, &layout)).transpose()?;
    Ok(OnConflict { arbiters, update: Some(ConflictUpdate { values, filter }) })
}

/// Indexes, and the partitions' indexes that are theirs.
fn with_descendants(catalog: &Catalog, indexes: &[Oid]) -> Vec<Oid> {
    let mut all = indexes.to_vec();
    let mut at = 0;
    while let Some(index) = all.get(at).copied() {
        all.extend(catalog.children(index));
        at += 1;
    }
    all
}

fn plan_when(
    planner: &mut Planner,
    action: &MergeAction,
    layout: &Arc<Layout>,
) -> Result<WhenClause> {
    let filter = action.filter.as_ref().map(|f| planner.compile(f, layout)).transpose()?;
    let values = assignments(planner, &action.targets, layout)?;
    Ok(WhenClause { matched: action.matched, filter, kind: action.kind, values })
}

/// All columns of a table's row, under a range table entry.
fn whole_row(table: &Relation, rel: RangeIndex) -> Layout {
    let mut layout = Layout::relation(rel, table.columns.len());
    let columns: Vec<_> = table.live_columns().map(|c| (c.type_oid, c.attno)).collect();
    layout.set_whole_row(rel, &columns);
    layout
}

/// Assigned columns: position in the row, and the value over rows of `layout`.
fn assignments(
    planner: &mut Planner,
    targets: &[TargetEntry],
    layout: &Arc<Layout>,
) -> Result<Vec<(usize, Program)>> {
    let assigned = targets.iter().filter(|t| !t.resjunk);
    let position = |t: &TargetEntry| usize::try_from(t.resno - 1);
    let value = |target: &TargetEntry| {
        let at = position(target).map_err(|_| PgError::internal("an assignment to no column"))?;
        Ok((at, planner.compile(&target.expr, layout)?))
    };
    assigned.map(value).collect()
}

/// Whether RETURNING shows the target's `xmin` or `xmax`.
fn returns_xid(query: &Query, rel: RangeIndex) -> bool {
    let mut found = false;
    for target in &query.returning {
        walk::deep(&target.expr, 0, &mut |expr, depth| {
            found |= matches!(expr, Expr::Var(var) if var.rel == rel && var.level == depth
                && matches!(var.attno, XMIN_COLUMN | XMAX_COLUMN));
        });
    }
    found
}

fn returning(
    planner: &mut Planner,
    targets: &[TargetEntry],
    layout: &Arc<Layout>,
) -> Result<Option<Vec<Program>>> {
    let programs = targets.iter().map(|target| planner.compile(&target.expr, layout));
    let programs = programs.collect::<Result<Vec<_>>>()?;
    Ok((!programs.is_empty()).then_some(programs))
}

//! FOR UPDATE and its kin (`transformLockingClause`).

use super::state::Binder;
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use pg_raw_parse::{Node, nodes};

impl<'n> Binder<'_, 'n> {
    /// The row marks of a finished SELECT.
    pub fn bind_locking(&mut self, node: &'n nodes::SelectStmt, query: &mut Query) -> Result<()> {
        for lock in node.locking_clause() {
            check_lockable(query, strength_name(lock.strength))?;
            let (mode, wait) = (lock_mode(lock.strength), lock_wait(lock.wait_policy));
            if lock.locked_rels().is_empty() {
                lock_all(query, mode, wait, false, strength_name(lock.strength))?;
                continue;
            }
            for rel in lock.locked_rels() {
                if let Node::RangeVar(var) = rel {
                    lock_named(query, var, mode, wait, strength_name(lock.strength))?;
                }
            }
        }
        match node.locking_clause().first() {
            Some(lock) => refuse_nullable(query, strength_name(lock.strength)),
            None => Ok(()),
        }
    }
}

/// The nullable side of an outer join has rows that are no table's. A condition on them may make the
/// join an inner one (`reduce_outer_joins`), so only joins without one are refused.
fn refuse_nullable(query: &Query, strength: &str) -> Result<()> {
    let mut nullable = Vec::new();
    query.from.items.iter().for_each(|item| nullable_rels(item, false, &mut nullable));
    let marked = |rel: &RangeIndex| query.row_marks.iter().any(|mark| mark.rel == *rel);
    let mut conditioned = Vec::new();
    if let Some(filter) = &query.from.filter {
        filter.any(&mut |e| {
            match e {
                Expr::Var(var) if var.level == 0 && var.rel != SUBLINK_RANGE => {
                    conditioned.push(var.rel);
                }
                // What a sub-query says about a column is not looked into.
                Expr::SubLink(_) => conditioned.extend(&nullable),
                _ => {}
            }
            false
        });
    }
    let joins = |rel: &RangeIndex| matches!(query.range(*rel).source, RangeSource::Join { .. });
    if conditioned.iter().any(joins) {
        return Ok(());
    }
    match nullable.iter().any(|rel| marked(rel) && !conditioned.contains(rel)) {
        true => {
            let message =
                format!("{strength} cannot be applied to the nullable side of an outer join");
            Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message))
        }
        false => Ok(()),
    }
}

fn nullable_rels(item: &FromItem, nullable: bool, out: &mut Vec<RangeIndex>) {
    match item {
        FromItem::Range(rel) if nullable => out.push(*rel),
        FromItem::Range(_) => {}
        FromItem::Join(join) => {
            let (left, right) = match join.kind {
                JoinKind::Left => (false, true),
                JoinKind::Right => (true, false),
                JoinKind::Full => (true, true),
                _ => (false, false),
            };
            nullable_rels(&join.left, nullable || left, out);
            nullable_rels(&join.right, nullable || right, out);
        }
    }
}

/// Queries whose rows are not rows of a table cannot be locked (`CheckSelectLocking`).
pub(super) fn check_lockable(query: &Query, strength: &str) -> Result<()> {
    let with = if query.set_operation.is_some() {
        "UNION/INTERSECT/EXCEPT"
    } else if !query.distinct.is_empty() {
        "DISTINCT clause"
    } else if !query.group_by.is_empty() || !query.grouping_sets.is_empty() {
        "GROUP BY clause"
    } else if query.having.is_some() {
        "HAVING clause"
    } else if query.has_aggregates {
        "aggregate functions"
    } else if query.has_window_functions {
        "window functions"
    } else if query.has_target_srfs {
        "set-returning functions in the target list"
    } else {
        return Ok(());
    };
    let message = format!("{strength} is not allowed with {with}");
    Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message))
}

/// Locks all tables of a query and of its sub-queries in FROM.
fn lock_all(
    query: &mut Query,
    mode: RowLockMode,
    wait: LockWait,
    pushed_down: bool,
    strength: &str,
) -> Result<()> {
    for at in 0..query.range_table.len() {
        if query.range_table[at].in_from {
            lock_entry(query, at, mode, wait, pushed_down, strength)?;
        }
    }
    Ok(())
}

fn lock_entry(
    query: &mut Query,
    at: usize,
    mode: RowLockMode,
    wait: LockWait,
    pushed: bool,
    strength: &str,
) -> Result<()> {
    let rel = RangeIndex::try_from(at + 1).expect("range tables are short");
    match &mut query.range_table[at].source {
        RangeSource::Relation { .. } => add_mark(query, rel, mode, wait, pushed),
        RangeSource::Subquery { query: inner, .. } => {
            check_lockable(inner, strength)?;
            lock_all(inner, mode, wait, true, strength)?;
            add_mark(query, rel, mode, wait, pushed);
        }
        _ => {}
    }
    Ok(())
}

/// The strongest of several locks counts; NOWAIT beats SKIP LOCKED beats waiting.
fn add_mark(query: &mut Query, rel: RangeIndex, mode: RowLockMode, wait: LockWait, pushed: bool) {
    match query.row_marks.iter_mut().find(|m| m.rel == rel) {
        Some(mark) => {
            mark.mode = mark.mode.max(mode);
            mark.wait = mark.wait.max(wait);
            mark.pushed_down &= pushed;
        }
        None => query.row_marks.push(RowMark { rel, mode, wait, pushed_down: pushed }),
    }
}

fn lock_named(
    query: &mut Query,
    var: &nodes::RangeVar,
    mode: RowLockMode,
    wait: LockWait,
    strength: &str,
) -> Result<()> {
    if var.schemaname().is_some() || var.catalogname().is_some() {
        let message = format!("{strength} must specify unqualified relation names");
        return Err(PgError::new(code::SYNTAX_ERROR, message).at(var.location));
    }
    let name = var.relname().unwrap_or("");
    let found = query.range_table.iter().position(|e| {
        let unnamed_join = matches!(e.source, RangeSource::Join { .. }) && !e.aliased;
        e.in_from && e.name == name && !unnamed_join
    });
    let Some(at) = found else {
        let message = format!("relation \"{name}\" in {strength} clause not found in FROM clause");
        return Err(PgError::new(code::UNDEFINED_TABLE, message).at(var.location));
    };
    let refused = match query.range_table[at].source {
        RangeSource::Relation { .. } | RangeSource::Subquery { .. } => None,
        RangeSource::Join { .. } => Some("a join"),
        RangeSource::Function { .. } => Some("a function"),
        RangeSource::Values { .. } => Some("VALUES"),
        RangeSource::Cte { .. } => Some("a WITH query"),
    };
    if let Some(what) = refused {
        let message = format!("{strength} cannot be applied to {what}");
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).at(var.location));
    }
    lock_entry(query, at, mode, wait, false, strength)
}

pub(super) fn strength_name(strength: nodes::LockClauseStrength::Type) -> &'static str {
    match strength {
        nodes::LockClauseStrength::LCS_FORKEYSHARE => "FOR KEY SHARE",
        nodes::LockClauseStrength::LCS_FORSHARE => "FOR SHARE",
        nodes::LockClauseStrength::LCS_FORNOKEYUPDATE => "FOR NO KEY UPDATE",
        _ => "FOR UPDATE",
    }
}

fn lock_mode(strength: nodes::LockClauseStrength::Type) -> RowLockMode {
    match strength {
        nodes::LockClauseStrength::LCS_FORKEYSHARE => RowLockMode::KeyShare,
        nodes::LockClauseStrength::LCS_FORSHARE => RowLockMode::Share,
        nodes::LockClauseStrength::LCS_FORNOKEYUPDATE => RowLockMode::NoKeyUpdate,
        _ => RowLockMode::Update,
    }
}

fn lock_wait(policy: nodes::LockWaitPolicy::Type) -> LockWait {
    match policy {
        nodes::LockWaitPolicy::LockWaitSkip => LockWait::SkipLocked,
        nodes::LockWaitPolicy::LockWaitError => LockWait::NoWait,
        _ => LockWait::Block,
    }
}

//! INSERT, UPDATE and DELETE through views (`rewriteTargetView`).
//!
//! The statement is bound as if the view were a table; then, view by view down to the table, the
//! target becomes what the view selects from: assigned columns are renamed, references to the
//! view's columns become the view's expressions, and the view's WHERE joins the statement's.
//!
//! ```text
//! view v: SELECT a AS x, a + b AS s FROM t WHERE a > 0
//! UPDATE v SET x = 1 WHERE s = 3   →   UPDATE t SET a = 1 WHERE a > 0 AND a + b = 3
//! ```

use super::insert::assigned_target;
use super::state::Binder;
use crate::catalog::{CheckOption, Column, Relation, Rule, RuleEvent, ViewInfo, view_update};
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use std::sync::Arc;

impl Binder<'_, '_> {
    /// The view as a table to assign to. For INSERT its columns have the defaults of the table's
    /// unless they have their own; UPDATE's DEFAULT is the view's, as in PostgreSQL.
    pub fn view_as_table(&self, view: &Arc<Relation>, command: CommandType) -> Arc<Relation> {
        let mut table = Relation::clone(view);
        for column in &mut table.columns {
            if let Some((base, of)) = self.base_column(view, column.attno) {
                column.generated = base.generated;
                column.identity = base.identity;
                if command == CommandType::Insert {
                    column.default =
                        column.default.take().or_else(|| self.column_default(&of, &base));
                }
            }
        }
        Arc::new(table)
    }

    /// What messages call a column that may not be assigned: behind a view, the table's.
    pub fn assigned_name(&self, relation: &Relation, column: &Column) -> String {
        let base = self.base_column(relation, column.attno);
        base.map_or_else(|| column.name.clone(), |(base, _)| base.name)
    }

    /// The table's column under a view's column.
    fn base_column(&self, view: &Relation, attno: AttrNumber) -> Option<(Column, Arc<Relation>)> {
        let info = view.view.as_ref()?;
        let target = info.query.output().nth(usize::try_from(attno).ok()?.checked_sub(1)?)?;
        let (rel, oid) = view_update::base(info)?;
        let attno = view_update::base_column(target, rel).ok()?;
        let base = self.context.catalog.relation(oid)?;
        match base.view {
            Some(_) => stacker::maybe_grow(64 << 10, 1 << 20, || self.base_column(base, attno)),
            None => {
                Some((base.columns.get(usize::try_from(attno).ok()? - 1)?.clone(), base.clone()))
            }
        }
    }

    /// Turns a bound statement whose target is a view into one on its table.
    pub fn rewrite_view_target(&self, query: &mut Query) -> Result<()> {
        let Some(rel) = query.result_relation else { return Ok(()) };
        let mut cascaded = false;
        if let RangeSource::Subquery { view: Some(_), .. } = query.range(rel).source {
            let update = query.on_conflict.as_ref().and_then(|c| c.update.as_ref());
            let excluded = update.map(|update| update.excluded);
            query.target_view_reads = columns_read(query, rel, excluded);
        }
        while let RangeSource::Subquery { view: Some(oid), .. } = query.range(rel).source {
            let Some(relation) = self.context.catalog.relation(oid) else { break };
            let Some(view) = &relation.view else { break };
            if rules_out(query, relation) {
                break;
            }
            self.check_view_target(query, relation, view)?;
            let checked = cascaded || view.check_option.is_some();
            cascaded |= view.check_option == Some(CheckOption::Cascaded);
            let update = query.on_conflict.as_ref().and_then(|c| c.update.as_ref());
            let updated = update.iter().flat_map(|u| u.targets.iter().map(|t| t.resno)).collect();
            let assigned = query.assigned.clone();
            query.target_views.push(TargetView { view: oid, assigned, updated });
            self.replace_target(query, rel, relation, view, checked)?;
        }
        if !query.target_views.is_empty() && query.command == CommandType::Insert {
            self.add_base_defaults(query, rel);
        }
        Ok(())
    }

    fn check_view_target(&self, query: &Query, relation: &Relation, view: &ViewInfo) -> Result<()> {
        let (verb, to, trigger) = match query.command {
            CommandType::Insert => ("insert into", "inserting into the view", "INSERT"),
            CommandType::Update => ("update", "updating the view", "UPDATE"),
            _ => ("delete from", "deleting from the view", "DELETE"),
        };
        let assigns = query.command != CommandType::Delete;
        let rel = view_update::base(view).map_or(0, |(rel, _)| rel);
        let updatable = |t: &TargetEntry| view_update::base_column(t, rel).is_ok();
        let event = RuleEvent::of(query.command);
        let ruled = relation.rules.iter().any(|rule| event.is_some_and(|e| rule.replaces(e)));
        let conditional =
            "Views with conditional DO INSTEAD rules are not automatically updatable.";
        let refusal = ruled.then_some(conditional);
        let refusal = refusal.or_else(|| view_update::refusal(self.context.catalog, view));
        let refusal = refusal.or_else(|| {
            let none = assigns && !view.query.output().any(updatable);
            none.then_some("Views that have no updatable columns are not automatically updatable.")
        });
        if let Some(detail) = refusal {
            let message = format!("cannot {verb} view \"{}\"", relation.name);
            let hint = format!(
                "To enable {to}, provide an INSTEAD OF {trigger} trigger or an unconditional ON \
                 {trigger} DO INSTEAD rule."
            );
            let state = code::OBJECT_NOT_IN_PREREQUISITE_STATE;
            return Err(PgError::new(state, message).detail(detail).hint(hint));
        }
        if matches!(query.from.filter, Some(Expr::CurrentOf { .. })) {
            let message = "WHERE CURRENT OF on a view is not implemented";
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
        }
        let update = query.on_conflict.as_ref().and_then(|c| c.update.as_ref());
        for target in query.targets.iter().chain(update.iter().flat_map(|u| &u.targets)) {
            let of_view = usize::try_from(target.resno).ok().and_then(|r| r.checked_sub(1));
            let of_view = of_view.and_then(|at| view.query.output().nth(at));
            if let Some(Err(detail)) = of_view.map(|t| view_update::base_column(t, rel)) {
                let name = &relation.column(target.resno).name;
                let message =
                    format!("cannot {verb} column \"{name}\" of view \"{}\"", relation.name);
                return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).detail(detail));
            }
        }
        Ok(())
    }

    /// One step down: from a view to what it selects from.
    fn replace_target(
        &self,
        query: &mut Query,
        rel: RangeIndex,
        relation: &Relation,
        view: &ViewInfo,
        checked: bool,
    ) -> Result<()> {
        let Some((base, _)) = view_update::base(view) else { return Ok(()) };
        let columns: Vec<Expr> = view.query.output().map(|t| moved(&t.expr, base, rel)).collect();
        let excluded = query.on_conflict.as_ref().and_then(|c| c.update.as_ref());
        let excluded = excluded.map(|update| update.excluded);
        // EXCLUDED is a row of the view at first, too.
        let proposed: Vec<Expr> = match excluded {
            Some(to) => view.query.output().map(|t| moved(&t.expr, base, to)).collect(),
            None => Vec::new(),
        };
        let under = view.query.range(base);
        for replaced in [Some(rel), excluded].into_iter().flatten() {
            let entry = &mut query.range_table[replaced as usize - 1];
            entry.source = under.source.clone();
            entry.only = under.only;
            entry.columns.clone_from(&under.columns);
        }
        let of_view = |var: &Var| {
            let columns = if var.rel == rel {
                &columns
            } else if Some(var.rel) == excluded {
                &proposed
            } else {
                return None;
            };
            match usize::try_from(var.attno) {
                Ok(0) => Some(whole_row(columns, relation, var.type_oid)),
                Ok(attno) => columns.get(attno - 1).cloned(),
                Err(_) => None,
            }
        };
        query.map_vars(0, &of_view);
        for (_, check) in &mut query.view_checks {
            check.map_vars(0, &of_view);
        }
        rename_targets(&mut query.targets, &columns);
        if let Some(pair) = query.targets.windows(2).find(|pair| pair[0].resno == pair[1].resno)
            && let Some(column) = usize::try_from(pair[0].resno).ok().and_then(|r| r.checked_sub(1))
        {
            let name = under.columns.get(column).map_or("", String::as_str);
            let message = format!("multiple assignments to same column \"{name}\"");
            return Err(PgError::new(code::SYNTAX_ERROR, message));
        }
        query.assigned = query.assigned.iter().filter_map(|a| base_number(*a, &columns)).collect();
        if let Some(update) = query.on_conflict.as_mut().and_then(|c| c.update.as_mut()) {
            rename_targets(&mut update.targets, &columns);
        }
        query.has_sublinks |= view.query.has_sublinks;
        let filter = view.query.from.filter.as_ref();
        let Some(filter) = filter.map(|f| moved(f, base, rel)) else { return Ok(()) };
        if checked && query.command != CommandType::Delete {
            query.view_checks.insert(0, (relation.name.clone(), filter.clone()));
        }
        if relation.is_security_barrier() && query.command != CommandType::Insert {
            query.range_table[rel as usize - 1].security.insert(0, filter);
        } else if query.command != CommandType::Insert {
            query.from.filter = Some(match query.from.filter.take() {
                Some(own) => Expr::Bool(BoolOp::And, vec![filter, own]),
                None => filter,
            });
        }
        Ok(())
    }

    /// Columns that the views do not show get their defaults.
    fn add_base_defaults(&self, query: &mut Query, rel: RangeIndex) {
        let RangeSource::Relation { oid } = query.range(rel).source else { return };
        let Some(table) = self.context.catalog.relation(oid) else { return };
        for column in table.live_columns() {
            if query.targets.iter().any(|t| t.resno == column.attno) {
                continue;
            }
            if let Some(default) = self.column_default(table, column) {
                query.targets.push(assigned_target(column, default));
            }
        }
        query.targets.sort_by_key(|t| t.resno);
    }
}

/// Whether a rule makes nothing of a command on a view; the planner then does.
fn rules_out(query: &Query, view: &Relation) -> bool {
    let event = RuleEvent::of(query.command);
    let replaces = |rule: &Rule| event.is_some_and(|event| rule.replaces(event));
    view.rules.iter().any(|rule| replaces(rule) && rule.condition.is_none())
}

/// The target's columns that a query, or a query in it, refers to; EXCLUDED's are the same.
fn columns_read(
    query: &mut Query,
    rel: RangeIndex,
    excluded: Option<RangeIndex>,
) -> Vec<AttrNumber> {
    let read = std::cell::RefCell::new(std::collections::BTreeSet::new());
    query.map_vars(0, &|var| {
        if var.rel == rel || Some(var.rel) == excluded {
            read.borrow_mut().insert(var.attno);
        }
        None
    });
    read.into_inner().into_iter().collect()
}

/// Assignments to a view's columns as assignments to the columns that these are.
fn rename_targets(targets: &mut [TargetEntry], columns: &[Expr]) {
    for target in &mut *targets {
        target.resno = base_number(target.resno, columns).unwrap_or(target.resno);
    }
    targets.sort_by_key(|t| t.resno);
}

/// The number of the column that a view's column is.
fn base_number(attno: AttrNumber, columns: &[Expr]) -> Option<AttrNumber> {
    match columns.get(usize::try_from(attno).ok()?.checked_sub(1)?)? {
        Expr::Var(var) => Some(var.attno),
        _ => None,
    }
}

/// An expression of the view's query with its range table entry `from` as the statement's `to`.
fn moved(expr: &Expr, from: RangeIndex, to: RangeIndex) -> Expr {
    let mut expr = expr.clone();
    expr.map_vars(0, &|var| (var.rel == from).then(|| Expr::Var(Var { rel: to, ..var.clone() })));
    expr
}

fn whole_row(columns: &[Expr], view: &Relation, type_oid: u32) -> Expr {
    Expr::Row(Box::new(RowExpr {
        args: columns.to_vec(),
        type_oid,
        column_names: view.columns.iter().map(|c| c.name.clone()).collect(),
        form: CoercionForm::Implicit,
        location: -1,
    }))
}

//! Row security: what the policies of the tables in a query add to it (`rowsecurity.c`).
//!
//! Which rows there are to see, change or lock is said by USING: it becomes security conditions of the
//! table's range table entry, which are tested before the query's own ([`super::barrier`]). Which rows
//! may be written is said by WITH CHECK, else by USING: that becomes checks, whose failure is an error.
//!
//! ```text
//! policies of t, FOR ALL:   p USING (owner = current_user)      r AS RESTRICTIVE USING (NOT secret)
//! SELECT … FROM t           t: NOT secret; owner = current_user
//! INSERT INTO t …           check owner = current_user; check "r" NOT secret
//! ```
//!
//! Whose policies count is a matter of roles: the current one, or, behind a view, the view's owner's. So
//! a plan that was asked this question belongs to the role it was made for ([`Applied::any`]).

use super::privileges::{self, Required};
use super::{prepared, quals, walk};
use crate::catalog::{Catalog, Policy, PolicyCommand, Relation};
use crate::error::{PgError, Result, code};
use crate::exec::StatementContext;
use crate::nodes::*;
use crate::sql::bind::renewed;
use crate::types::{Datum, Oid, oids};
use std::sync::Arc;

/// What was added.
#[derive(Default)]
pub(super) struct Applied {
    /// What the policies' subqueries read.
    pub required: Vec<Required>,
    /// Some table has row security enabled, whether for this role or not.
    pub any: bool,
}

/// Makes policies part of a query that is ready for planning.
pub(super) fn apply(query: &mut Query, cx: &StatementContext) -> Result<Applied> {
    let mut applier = Applier { cx, applied: Applied::default(), within: Vec::new() };
    applier.query(query, None, false)?;
    Ok(applier.applied)
}

/// Whether the setting `row_security` lets policies do their work; else a query that they would touch
/// fails.
pub(super) fn is_on(cx: &StatementContext) -> bool {
    cx.env.setting("row_security").as_deref() != Some("off")
}

struct Applier<'a> {
    cx: &'a StatementContext,
    applied: Applied,
    /// Tables whose policies' subqueries are being looked through.
    within: Vec<Oid>,
}

impl Applier<'_> {
    /// A query and everything below it. `role`: a view's owner; `locked`: a view's query under FOR
    /// UPDATE.
    fn query(&mut self, query: &mut Query, role: Option<Oid>, locked: bool) -> Result<()> {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
            for (rel, entry) in (1..).zip(&mut query.range_table) {
                let RangeSource::Subquery { query: below, view } = &mut entry.source else {
                    continue;
                };
                match view.and_then(|oid| self.cx.catalog.relation(oid)) {
                    Some(view) => {
                        let invoker = view.is_security_invoker();
                        let role = if invoker { role } else { Some(view.owner) };
                        let marked = query.row_marks.iter().any(|mark| mark.rel == rel);
                        self.query(below, role, locked || marked)?;
                    }
                    None => self.query(below, role, false)?,
                }
            }
            query.ctes.iter_mut().try_for_each(|cte| self.query(&mut cte.query, role, false))?;
            let mut done = Ok(());
            query.for_each_expr_mut(&mut |expr| {
                if done.is_ok() {
                    done = self.links(expr, &mut |this, query| this.query(query, role, false));
                }
            });
            done?;
            let entries = RangeIndex::try_from(query.range_table.len()).unwrap_or(0);
            (1..=entries).try_for_each(|rel| self.entry(query, rel, role, locked))
        })
    }

    /// Calls `f` on each subquery in an expression.
    fn links(
        &mut self,
        expr: &mut Expr,
        f: &mut dyn FnMut(&mut Self, &mut Query) -> Result<()>,
    ) -> Result<()> {
        let mut done = Ok(());
        expr.for_each_child_mut(&mut |child| {
            if done.is_ok() {
                done = self.links(child, f);
            }
        });
        done?;
        match expr {
            Expr::SubLink(link) => f(self, &mut link.query),
            _ => Ok(()),
        }
    }

    /// The policies of a table in the query.
    fn entry(
        &mut self,
        query: &mut Query,
        rel: RangeIndex,
        role: Option<Oid>,
        locked: bool,
    ) -> Result<()> {
        let RangeSource::Relation { oid } = query.range(rel).source else { return Ok(()) };
        let Some(table) = self.cx.catalog.relation(oid).cloned() else { return Ok(()) };
        let update = query.on_conflict.as_ref().and_then(|c| c.update.as_ref());
        // EXCLUDED is no row of the table.
        if !table.row_security.enabled || update.is_some_and(|update| update.excluded == rel) {
            return Ok(());
        }
        self.applied.any = true;
        let target = query.result_relation == Some(rel);
        let views = if target { query.target_views.as_slice() } else { &[] };
        let role = privileges::role_behind(&self.cx.catalog, views, role);
        let user = role.unwrap_or(self.cx.env.current_role());
        if !table.polices(&self.cx.catalog, user) {
            return Ok(());
        }
        if !is_on(self.cx) {
            return Err(affected(&table, &self.cx.catalog, user));
        }
        let policies = Policies { catalog: &self.cx.catalog, table: &table, user };
        let mut quals = match target {
            true => policies.of_target(query, rel),
            false => {
                let marked = locked || query.row_marks.iter().any(|mark| mark.rel == rel);
                let update = if marked { policies.using(PolicyCommand::Update) } else { vec![] };
                [update, policies.using(PolicyCommand::Select)].concat()
            }
        };
        let mut checks = match target {
            true => policies.checks(query, rel),
            false => Vec::new(),
        };
        for condition in quals.iter_mut().chain(checks.iter_mut().map(|c| &mut c.condition)) {
            self.place(condition, rel, &table, role)?;
            query.has_sublinks |= quals::has_sub_link(condition);
        }
        let entry = &mut query.range_table[rel as usize - 1];
        // Those of views are over rows that the table shows.
        entry.security.splice(0..0, quals);
        query.policy_checks.append(&mut checks);
        Ok(())
    }

    /// Makes a policy's condition one on a range table entry, its subqueries ready for planning and
    /// under the policies of their own tables.
    fn place(
        &mut self,
        condition: &mut Expr,
        rel: RangeIndex,
        table: &Relation,
        role: Option<Oid>,
    ) -> Result<()> {
        walk::deep_mut(condition, 0, &mut |e, depth| {
            if let Expr::Var(var) = e
                && var.level == depth
                && var.rel != SUBLINK_RANGE
            {
                var.rel = rel;
            }
        });
        if !quals::has_sub_link(condition) {
            return Ok(());
        }
        if self.within.contains(&table.oid) {
            let message =
                format!("infinite recursion detected in policy for relation \"{}\"", table.name);
            return Err(PgError::new(code::INVALID_OBJECT_DEFINITION, message));
        }
        self.within.push(table.oid);
        let placed = self.links(condition, &mut |this, query| {
            let catalog: &Arc<Catalog> = &this.cx.catalog;
            *query = prepared(&renewed(query, catalog), catalog);
            this.applied.required.extend(privileges::required_of(query, catalog, role));
            this.query(query, role, false)
        });
        self.within.pop();
        placed
    }
}

/// 42501 where `row_security` is off.
fn affected(table: &Relation, catalog: &Catalog, user: Oid) -> PgError {
    let message = format!(
        "query would be affected by row-level security policy for table \"{}\"",
        table.name
    );
    let error = PgError::new(code::INSUFFICIENT_PRIVILEGE, message);
    match crate::catalog::acl::has_privileges_of(catalog, user, table.owner) {
        true => error.hint(
            "To disable the policy for the table's owner, use ALTER TABLE NO FORCE ROW LEVEL \
             SECURITY.",
        ),
        false => error,
    }
}

/// The policies of a table that concern a role.
struct Policies<'a> {
    catalog: &'a Catalog,
    table: &'a Relation,
    user: Oid,
}

impl Policies<'_> {
    /// Those for a command: the permissive ones, and the restrictive ones by name.
    fn of(&self, command: PolicyCommand) -> (Vec<&Policy>, Vec<&Policy>) {
        let all = self.table.row_security.policies.iter();
        let mut found: Vec<&Policy> =
            all.filter(|policy| policy.concerns(self.catalog, command, self.user)).collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found.into_iter().partition(|policy| policy.permissive)
    }

    /// Which existing rows a command may see (`add_security_quals`): none where no permissive policy
    /// says which.
    fn using(&self, command: PolicyCommand) -> Vec<Expr> {
        let (permissive, restrictive) = self.of(command);
        let any: Vec<Expr> = permissive.iter().filter_map(|policy| policy.using.clone()).collect();
        if any.is_empty() {
            return vec![never()];
        }
        let mut all: Vec<Expr> = restrictive.iter().filter_map(|p| p.using.clone()).collect();
        all.push(one_of(any));
        all
    }

    /// Conditions on rows of UPDATE's, DELETE's and MERGE's target, before they are changed. A
    /// statement that reads the target sees no more of it than SELECT does.
    fn of_target(&self, query: &Query, rel: RangeIndex) -> Vec<Expr> {
        let own = match query.command {
            CommandType::Update => self.using(PolicyCommand::Update),
            CommandType::Delete => self.using(PolicyCommand::Delete),
            // What MERGE does with a row shows in its clauses; until then it is looked at.
            CommandType::Merge => Vec::new(),
            CommandType::Insert | CommandType::Select => return Vec::new(),
        };
        let read = match privileges::reads_target(query, rel) {
            true => self.using(PolicyCommand::Select),
            false => Vec::new(),
        };
        [own, read].concat()
    }

    /// What rows of a command must satisfy (`add_with_check_options`); `using`: by USING even where there
    /// is WITH CHECK.
    fn check(
        &self,
        kind: PolicyCheckKind,
        command: PolicyCommand,
        using: bool,
    ) -> Vec<PolicyCheck> {
        let (permissive, restrictive) = self.of(command);
        let condition = |policy: &&Policy| {
            let check = policy.check.clone().filter(|_| !using);
            check.or_else(|| policy.using.clone())
        };
        let any: Vec<Expr> = permissive.iter().filter_map(condition).collect();
        if any.is_empty() {
            return vec![PolicyCheck { kind, policy: None, condition: never() }];
        }
        let mut checks = vec![PolicyCheck { kind, policy: None, condition: one_of(any) }];
        for policy in &restrictive {
            if let Some(condition) = condition(policy) {
                checks.push(PolicyCheck { kind, policy: Some(policy.name.clone()), condition });
            }
        }
        checks
    }

    /// The checks of rows that a statement writes. What it may read of them, in RETURNING say, must be
    /// what SELECT would show.
    fn checks(&self, query: &Query, rel: RangeIndex) -> Vec<PolicyCheck> {
        use PolicyCheckKind as Kind;
        use PolicyCommand as For;
        let reads = privileges::reads_target(query, rel);
        let shown = |kind| match reads {
            true => self.check(kind, For::Select, true),
            false => Vec::new(),
        };
        match query.command {
            CommandType::Insert => {
                let mut checks = self.check(Kind::Insert, For::Insert, false);
                checks.extend(shown(Kind::Insert));
                if query.on_conflict.as_ref().is_some_and(|conflict| conflict.update.is_some()) {
                    checks.extend(self.check(Kind::Conflict, For::Update, true));
                    checks.extend(shown(Kind::Conflict));
                    checks.extend(self.check(Kind::Update, For::Update, false));
                    checks.extend(shown(Kind::Update));
                }
                checks
            }
            CommandType::Update => {
                let checks = self.check(Kind::Update, For::Update, false);
                [checks, shown(Kind::Update)].concat()
            }
            CommandType::Merge => [
                self.check(Kind::MergeUpdate, For::Update, true),
                self.check(Kind::Update, For::Update, false),
                shown(Kind::Update),
                self.check(Kind::MergeDelete, For::Delete, true),
                self.check(Kind::Insert, For::Insert, false),
            ]
            .concat(),
            CommandType::Delete | CommandType::Select => Vec::new(),
        }
    }
}

fn never() -> Expr {
    Expr::constant(Datum::Bool(false), oids::BOOL)
}

fn one_of(mut conditions: Vec<Expr>) -> Expr {
    match conditions.len() {
        1 => conditions.remove(0),
        _ => Expr::Bool(BoolOp::Or, conditions),
    }
}

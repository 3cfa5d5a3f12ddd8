//! The rule of GROUP BY (`parseCheckAggregates`): outside aggregates, a grouped query may use only
//! what it groups by, and columns that a grouped primary key decides.

use super::state::Binder;
use crate::catalog::ConstraintKind;
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use crate::types::Oid;
use std::collections::BTreeSet;

/// What a query groups by.
struct Groups<'q> {
    exprs: Vec<&'q Expr>,
    /// The same with their references, for GROUPING.
    refs: Vec<(u32, &'q Expr)>,
    /// Grouping by something else than columns: whole expressions are compared, too.
    complex: bool,
    /// Relations whose whole row follows from a grouped primary key, and that key.
    dependent: Vec<(RangeIndex, Oid)>,
}

impl Binder<'_, '_> {
    /// Checks targets and HAVING, and fills in what GROUPING refers to.
    pub fn check_grouping(&self, query: &mut Query) -> Result<()> {
        let grouped_targets: Vec<(u32, Expr)> = query
            .group_by
            .iter()
            .filter_map(|g| {
                let target = query.targets.iter().find(|t| t.sort_group_ref == g.target_ref)?;
                Some((g.target_ref, target.expr.clone()))
            })
            .collect();
        // With grouping sets, only what all sets have is always there.
        let always = |r: u32| {
            query.grouping_sets.is_empty() || query.grouping_sets.iter().all(|s| s.contains(&r))
        };
        let key_columns: Vec<&Expr> =
            grouped_targets.iter().filter(|(r, _)| always(*r)).map(|(_, e)| e).collect();
        let groups = Groups {
            exprs: grouped_targets.iter().map(|(_, e)| e).collect(),
            refs: grouped_targets.iter().map(|(r, e)| (*r, e)).collect(),
            complex: grouped_targets.iter().any(|(_, e)| !matches!(e, Expr::Var(_))),
            dependent: self.dependent_relations(&key_columns),
        };
        let (range_table, keys) = (&query.range_table, BTreeSet::new());
        let mut checker = Checker { groups: &groups, range_table, keys };
        for target in &mut query.targets {
            checker.check(&mut target.expr, 0)?;
        }
        if let Some(having) = &mut query.having {
            checker.check(having, 0)?;
        }
        query.constraint_deps = checker.keys.into_iter().collect();
        Ok(())
    }

    /// Relations whose primary key is among the grouped columns (`check_functional_grouping`).
    fn dependent_relations(&self, grouped: &[&Expr]) -> Vec<(RangeIndex, Oid)> {
        let mut found = Vec::new();
        for (at, entry) in self.scope_ref().range_table.iter().enumerate() {
            let rel = RangeIndex::try_from(at + 1).expect("range tables are short");
            let RangeSource::Relation { oid } = entry.source else { continue };
            let Some(relation) = self.context.catalog.relation(oid) else { continue };
            let is_grouped = |attno: &AttrNumber| {
                let is = |e: &&&Expr| matches!(e, Expr::Var(v) if v.level == 0 && v.rel == rel && v.attno == *attno);
                grouped.iter().any(|e| is(&e))
            };
            let key = relation.constraints.iter().find(|c| match &c.kind {
                ConstraintKind::PrimaryKey { columns, .. } => {
                    !c.deferrable && columns.iter().all(is_grouped)
                }
                _ => false,
            });
            found.extend(key.map(|key| (rel, key.oid)));
        }
        found
    }
}

struct Checker<'c> {
    groups: &'c Groups<'c>,
    range_table: &'c [RangeEntry],
    /// The keys of dependent relations whose columns were met.
    keys: BTreeSet<Oid>,
}

impl Checker<'_> {
    /// Walks an expression `depth` sub-queries below the grouped query.
    fn check(&mut self, expr: &mut Expr, depth: u32) -> Result<()> {
        stacker::maybe_grow(64 << 10, 1 << 20, || self.check_here(expr, depth))
    }

    fn check_here(&mut self, expr: &mut Expr, depth: u32) -> Result<()> {
        match expr {
            Expr::Aggregate(a) if a.level == depth => {
                for direct in &mut a.direct_args {
                    self.check(direct, depth)?;
                }
                return Ok(());
            }
            // An outer query's aggregate: nothing inside can be ours.
            Expr::Aggregate(a) if a.level > depth => return Ok(()),
            Expr::Grouping { args, group_refs, level, .. } if *level == depth => {
                *group_refs = self.grouping_refs(args)?;
                return Ok(());
            }
            Expr::Const(_) | Expr::Param(_) => return Ok(()),
            _ => {}
        }
        if self.groups.complex && depth == 0 && self.groups.exprs.iter().any(|g| g.same(expr)) {
            return Ok(());
        }
        match expr {
            Expr::Var(var) if var.rel != SUBLINK_RANGE && var.level == depth => {
                return self.check_var(var, depth);
            }
            Expr::SubLink(sub) => self.check_query(&mut sub.query, depth + 1)?,
            _ => {}
        }
        let mut result = Ok(());
        expr.for_each_child_mut(&mut |child| {
            if result.is_ok() {
                result = self.check(child, depth);
            }
        });
        result
    }

    fn check_query(&mut self, query: &mut Query, depth: u32) -> Result<()> {
        let mut result = Ok(());
        query.for_each_expr_mut(&mut |e| {
            if result.is_ok() {
                result = self.check(e, depth);
            }
        });
        result?;
        let mut result = Ok(());
        query.for_each_subquery_mut(&mut |q| {
            if result.is_ok() {
                result = self.check_query(q, depth + 1);
            }
        });
        result
    }

    fn check_var(&mut self, var: &Var, depth: u32) -> Result<()> {
        let grouped = |g: &&&Expr| matches!(g, Expr::Var(v) if v.rel == var.rel && v.attno == var.attno && v.level == 0);
        if self.groups.exprs.iter().any(|g| grouped(&g)) {
            return Ok(());
        }
        if let Some((_, key)) = self.groups.dependent.iter().find(|(rel, _)| *rel == var.rel) {
            self.keys.insert(*key);
            return Ok(());
        }
        let entry = &self.range_table[var.rel as usize - 1];
        let column = match usize::try_from(var.attno) {
            Ok(0) => "*",
            Ok(attno) => entry.columns.get(attno - 1).map_or("", String::as_str),
            Err(_) => super::columns::system_column_name(var.attno),
        };
        let message = match depth {
            0 => format!(
                "column \"{}.{column}\" must appear in the GROUP BY clause or be used in an \
                 aggregate function",
                entry.name
            ),
            _ => format!(
                "subquery uses ungrouped column \"{}.{column}\" from outer query",
                entry.name
            ),
        };
        Err(PgError::new(code::GROUPING_ERROR, message).at(var.location))
    }

    /// The GROUP BY items that GROUPING's arguments are.
    fn grouping_refs(&self, args: &[Expr]) -> Result<Vec<u32>> {
        let find = |arg: &Expr| {
            let found = self.groups.refs.iter().find(|(_, g)| g.same(arg));
            found.map(|(r, _)| *r).ok_or_else(|| {
                let message = "arguments to GROUPING must be grouping expressions of the \
                               associated query level";
                PgError::new(code::GROUPING_ERROR, message).at(arg.location())
            })
        };
        args.iter().map(find).collect()
    }
}

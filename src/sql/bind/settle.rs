//! What PostgreSQL's rewriter makes of a change before it is planned: DEFAULT becomes what it stands for,
//! columns that are left out get their defaults (`rewriteTargetListIU`), a view becomes its table.
//!
//! The targets are then the assigned columns in order of attribute number. Columns without a default are
//! left out (NULL), as are generated columns, which the executor computes from the new row.
//!
//! A body in the SQL standard's form is stored without this, and settled by the catalog of when it runs: it
//! follows changes of defaults, views and rules.

use super::insert::assigned_target;
use super::state::Binder;
use crate::catalog::{Catalog, Column, Identity, Relation};
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use std::sync::Arc;

impl Binder<'_, '_> {
    /// Settles a change that was just bound, unless it is to be stored.
    pub fn settle(&self, query: &mut Query) -> Result<()> {
        if self.stored { Ok(()) } else { self.settle_change(query) }
    }

    /// Settles a stored query and those in its WITH.
    pub fn settle_stored(&self, query: &mut Query) -> Result<()> {
        query.ctes.iter_mut().try_for_each(|cte| self.settle_stored(&mut cte.query))?;
        self.settle_change(query)
    }

    fn settle_change(&self, query: &mut Query) -> Result<()> {
        let Some(target) = self.target_as_table(query) else { return Ok(()) };
        match query.command {
            CommandType::Insert => self.settle_insert(query, &target)?,
            CommandType::Update => self.settle_set_list(&mut query.targets, &target)?,
            // MERGE cannot be stored and is settled clause by clause.
            _ => {}
        }
        if let Some(update) = query.on_conflict.as_mut().and_then(|c| c.update.as_mut()) {
            self.settle_set_list(&mut update.targets, &target)?;
        }
        self.rewrite_view_target(query)?;
        self.find_arbiters(query)
    }

    fn target_as_table(&self, query: &Query) -> Option<Arc<Relation>> {
        let catalog = self.context.catalog;
        match query.range(query.result_relation?).source {
            RangeSource::Relation { oid } => catalog.relation(oid).cloned(),
            RangeSource::Subquery { view: Some(oid), .. } => {
                Some(self.view_as_table(catalog.relation(oid)?, query.command))
            }
            _ => None,
        }
    }

    fn settle_insert(&self, query: &mut Query, relation: &Relation) -> Result<()> {
        if let [FromItem::Range(rel)] = query.from.items[..]
            && let RangeSource::Values { rows, .. } =
                &mut query.range_table[rel as usize - 1].source
        {
            let attnos = &query.assigned;
            let forced = self.force_value_defaults(rows, attnos, relation, query.overriding)?;
            query.targets.retain(|target| !forced.contains(&target.resno));
        }
        let row = query.targets.drain(..).map(|target| (target.resno, target.expr)).collect();
        query.targets = self.insert_targets(relation, row, query.overriding)?;
        Ok(())
    }

    /// Replaces DEFAULT in rows of VALUES. Gives the columns whose values do not count: generated
    /// ones, identity ones where the user's values are overridden or all are DEFAULT.
    fn force_value_defaults(
        &self,
        rows: &mut [Vec<Expr>],
        attnos: &[AttrNumber],
        relation: &Relation,
        overriding: Overriding,
    ) -> Result<Vec<AttrNumber>> {
        let mut forced = Vec::new();
        for (at, attno) in attnos.iter().enumerate() {
            let column = relation.column(*attno);
            let is_default = |r: &Vec<Expr>| matches!(r[at], Expr::SetToDefault { .. });
            let all_default = rows.iter().all(is_default);
            let name = || self.assigned_name(relation, column);
            let is_forced = check_override(column, name, all_default, overriding)?;
            if is_forced {
                forced.push(*attno);
            }
            for row in rows.iter_mut().filter(|row| is_default(row)) {
                // A value that does not count must not draw from a sequence.
                row[at] = match is_forced {
                    true => null_of(column),
                    false => self.default_or_null(relation, column),
                };
            }
        }
        Ok(forced)
    }

    /// The final targets: DEFAULT replaced, missing defaults added, by attribute number.
    pub fn insert_targets(
        &self,
        relation: &Relation,
        mut row: Vec<(AttrNumber, Expr)>,
        overriding: Overriding,
    ) -> Result<Vec<TargetEntry>> {
        let mut targets = Vec::new();
        for column in relation.live_columns() {
            let given = row.iter().position(|(attno, _)| *attno == column.attno);
            let given = given.map(|at| row.remove(at).1);
            let is_default = matches!(given, None | Some(Expr::SetToDefault { .. }));
            let name = || self.assigned_name(relation, column);
            let forced = given.is_some() && check_override(column, name, is_default, overriding)?;
            let expr = match given {
                Some(expr) if !is_default && !forced => Some(expr),
                _ => self.column_default(relation, column),
            };
            if let Some(expr) = expr {
                targets.push(assigned_target(column, expr));
            }
        }
        Ok(targets)
    }

    /// A column's default: identity's next value, or DEFAULT's expression. None: NULL, or a
    /// generated column.
    pub fn column_default(&self, relation: &Relation, column: &Column) -> Option<Expr> {
        if column.generated {
            return None;
        }
        // A view's column has its table's identity as a default already.
        if column.identity.is_some() && column.default.is_none() {
            let sequence = self.context.catalog.identity_sequence(relation.oid, column.attno)?;
            return Some(Expr::NextValue { sequence: sequence.oid, type_oid: column.type_oid });
        }
        if column.default.is_none() && !Catalog::is_system(column.type_oid) {
            return self.context.catalog.default_by_type(column);
        }
        column.default.clone()
    }

    pub fn default_or_null(&self, relation: &Relation, column: &Column) -> Expr {
        self.column_default(relation, column).unwrap_or_else(|| null_of(column))
    }

    /// SET's assignments, DEFAULT replaced.
    pub fn settle_set_list(
        &self,
        targets: &mut Vec<TargetEntry>,
        relation: &Relation,
    ) -> Result<()> {
        for target in std::mem::take(targets) {
            let expr = self.settle_default(target.expr, relation, target.resno)?;
            // Generated columns follow from the others; the executor computes them.
            if !relation.column(target.resno).generated {
                targets.push(TargetEntry { expr, ..target });
            }
        }
        Ok(())
    }

    fn settle_default(&self, expr: Expr, relation: &Relation, attno: AttrNumber) -> Result<Expr> {
        let column = relation.column(attno);
        let is_default = matches!(expr, Expr::SetToDefault { .. });
        let what = if column.generated {
            Some("a generated column")
        } else if column.identity == Some(Identity::Always) {
            Some("an identity column defined as GENERATED ALWAYS")
        } else {
            None
        };
        // A view's DEFAULT is NULL, not the next value of the table's identity.
        let of_identity = relation.view.is_none() || column.generated;
        if let Some(what) = what
            && !(is_default && of_identity)
        {
            let name = self.assigned_name(relation, column);
            let message = format!("column \"{name}\" can only be updated to DEFAULT");
            let detail = format!("Column \"{name}\" is {what}.");
            return Err(PgError::new(code::GENERATED_ALWAYS, message).detail(detail));
        }
        Ok(if is_default { self.default_or_null(relation, column) } else { expr })
    }
}

/// A column's NULL.
fn null_of(column: &Column) -> Expr {
    Expr::Const(Const {
        value: crate::types::Datum::Null,
        type_oid: column.type_oid,
        typmod: column.typmod,
        collation: column.collation,
        location: -1,
    })
}

/// Whether the given value is dropped for the default; an error where it may not be given
/// (`rewriteTargetListIU`).
fn check_override(
    column: &Column,
    name: impl FnOnce() -> String,
    is_default: bool,
    overriding: Overriding,
) -> Result<bool> {
    let what = if column.generated {
        "a generated column"
    } else {
        match (column.identity, overriding) {
            (None, _) => return Ok(false),
            (Some(_), Overriding::User) => return Ok(true),
            (Some(Identity::ByDefault), _) | (_, Overriding::System) => return Ok(false),
            (Some(Identity::Always), Overriding::None) => {
                "an identity column defined as GENERATED ALWAYS"
            }
        }
    };
    if is_default {
        return Ok(true);
    }
    let name = name();
    let message = format!("cannot insert a non-DEFAULT value into column \"{name}\"");
    let detail = format!("Column \"{name}\" is {what}.");
    let error = PgError::new(code::GENERATED_ALWAYS, message).detail(detail);
    Err(match column.generated {
        true => error,
        false => error.hint("Use OVERRIDING SYSTEM VALUE to override."),
    })
}

//! ON CONFLICT (`transformOnConflictClause`, `infer_arbiter_indexes`).

use super::place::Place;
use super::state::{Binder, NsItem};
use crate::catalog::{ConstraintKind, IndexInfo, Relation};
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use crate::types::Oid;
use pg_raw_parse::{Node, nodes};

impl<'n> Binder<'_, 'n> {
    pub fn bind_on_conflict(
        &mut self,
        clause: &'n nodes::OnConflictClause,
        relation: &Relation,
        item: &NsItem,
    ) -> Result<Box<OnConflict>> {
        let update = clause.action == nodes::OnConflictAction::ONCONFLICT_UPDATE;
        let (target, arbiters) = match clause.infer() {
            None if update => {
                let message =
                    "ON CONFLICT DO UPDATE requires inference specification or constraint name";
                return Err(PgError::new(code::SYNTAX_ERROR, message)
                    .hint("For example, ON CONFLICT (column_name).")
                    .at(clause.location));
            }
            None => (None, Vec::new()),
            Some(infer) => match infer.conname() {
                Some(name) => (None, constraint_index(name, relation)?),
                None => (Some(self.conflict_target(infer)?), Vec::new()),
            },
        };
        if !update {
            return Ok(Box::new(OnConflict { target, arbiters, update: None }));
        }
        let excluded = self.add_excluded(relation)?;
        let rel = excluded.rel;
        self.scope().namespace = vec![item.clone(), excluded];
        let targets =
            self.bind_set_list(&clause.target_list().iter().collect::<Vec<_>>(), relation)?;
        let filter = self.bind_where_opt(clause.where_clause(), Place::Where, "WHERE")?;
        let update = Some(OnConflictUpdate { targets, filter, excluded: rel });
        Ok(Box::new(OnConflict { target, arbiters, update }))
    }

    /// The row proposed for insertion, under the name `excluded`.
    fn add_excluded(&mut self, relation: &Relation) -> Result<NsItem> {
        let mut item = self.add_relation(relation, None, false)?;
        let entry = &mut self.scope().range_table[item.rel as usize - 1];
        entry.name = "excluded".into();
        entry.aliased = true;
        item.name = Some("excluded".into());
        // It is no stored row: it has no system columns.
        item.relation = None;
        Ok(item)
    }

    fn conflict_target(&mut self, infer: &'n nodes::InferClause) -> Result<ConflictTarget> {
        let mut elements = Vec::new();
        for node in infer.index_elems() {
            let Node::IndexElem(element) = node else { continue };
            let mut element = self.inferred_element(element, infer.location)?;
            // As the indexes' own expressions, which these are compared with.
            self.assign_expr_collations(&mut element)?;
            elements.push(element);
        }
        let mut filter =
            self.bind_where_opt(infer.where_clause(), Place::IndexPredicate, "WHERE")?;
        if let Some(filter) = &mut filter {
            self.assign_expr_collations(filter)?;
        }
        Ok(ConflictTarget { elements, filter })
    }

    /// The unique indexes that the statement's conflict target means, once its target is a table.
    pub fn find_arbiters(&self, query: &mut Query) -> Result<()> {
        let (Some(rel), Some(conflict)) = (query.result_relation, &query.on_conflict) else {
            return Ok(());
        };
        let RangeSource::Relation { oid } = query.range(rel).source else { return Ok(()) };
        let (Some(relation), Some(target)) =
            (self.context.catalog.relation(oid), conflict.target.clone())
        else {
            return Ok(());
        };
        let arbiters = self.arbiters(target, relation)?;
        if let Some(conflict) = &mut query.on_conflict {
            conflict.arbiters = arbiters;
            conflict.target = None;
        }
        Ok(())
    }

    fn arbiters(&self, target: ConflictTarget, relation: &Relation) -> Result<Vec<Oid>> {
        let (mut columns, mut exprs) = (Vec::new(), Vec::new());
        for element in target.elements {
            match element {
                Expr::Var(var) if var.attno > 0 => columns.push(var.attno),
                other => exprs.push(other),
            }
        }
        columns.sort_unstable();
        columns.dedup();
        let mut found = Vec::new();
        for index in self.context.catalog.indexes_of(relation) {
            let Some(info) = &index.index else { continue };
            if info.unique && matches_index(info, &columns, &exprs, target.filter.as_ref()) {
                found.push(index.oid);
            }
        }
        if found.is_empty() {
            let message =
                "there is no unique or exclusion constraint matching the ON CONFLICT specification";
            return Err(PgError::new(code::INVALID_COLUMN_REFERENCE, message));
        }
        Ok(found)
    }

    fn inferred_element(&mut self, element: &'n nodes::IndexElem, at: i32) -> Result<Expr> {
        let refuse = |what: &str| {
            let message = format!("{what} is not allowed in ON CONFLICT clause");
            Err(PgError::new(code::INVALID_COLUMN_REFERENCE, message).at(at))
        };
        if element.ordering != nodes::SortByDir::SORTBY_DEFAULT {
            return refuse("ASC/DESC");
        }
        if element.nulls_ordering != nodes::SortByNulls::SORTBY_NULLS_DEFAULT {
            return refuse("NULLS FIRST/LAST");
        }
        if element.collation().iter().next().is_some() {
            return Err(PgError::unsupported("COLLATE in ON CONFLICT").at(at));
        }
        match element.name() {
            None => self.bind_expr_in(element.expr(), Place::IndexExpression),
            Some(name) => {
                let outer = self.scope().place.replace(Place::IndexExpression);
                let column = self.plain_name(name, at);
                self.scope().place = outer;
                column
            }
        }
    }
}

fn constraint_index(name: &str, relation: &Relation) -> Result<Vec<Oid>> {
    let Some(constraint) = relation.constraints.iter().find(|c| c.name == name) else {
        let message =
            format!("constraint \"{name}\" for table \"{}\" does not exist", relation.name);
        return Err(PgError::new(code::UNDEFINED_OBJECT, message));
    };
    match &constraint.kind {
        ConstraintKind::PrimaryKey { index, .. } | ConstraintKind::Unique { index, .. } => {
            Ok(vec![*index])
        }
        _ => {
            let message = "constraint in ON CONFLICT clause has no associated index";
            Err(PgError::new(code::WRONG_OBJECT_TYPE, message))
        }
    }
}

/// An index arbitrates if its key columns and expressions are the inferred ones, and the given
/// WHERE implies its predicate.
fn matches_index(
    info: &IndexInfo,
    columns: &[AttrNumber],
    exprs: &[Expr],
    filter: Option<&Expr>,
) -> bool {
    let keys = info.columns.iter().take(info.key_count);
    let mut own: Vec<AttrNumber> = keys.clone().map(|c| c.attno).filter(|a| *a != 0).collect();
    own.sort_unstable();
    own.dedup();
    let own_exprs: Vec<&Expr> = keys.filter_map(|c| c.expr.as_ref()).collect();
    let all_in = exprs.iter().all(|e| own_exprs.iter().any(|o| o.same(e)));
    let all_given = own_exprs.iter().all(|o| exprs.iter().any(|e| e.same(o)));
    own == columns && all_in && all_given && implies(filter, info.predicate.as_ref())
}

/// Whether a condition implies a predicate, as far as being among its AND-ed parts shows.
fn implies(filter: Option<&Expr>, predicate: Option<&Expr>) -> bool {
    let Some(predicate) = predicate else { return true };
    let Some(filter) = filter else { return false };
    let parts = |e: &Expr| match e {
        Expr::Bool(BoolOp::And, args) => args.clone(),
        other => vec![other.clone()],
    };
    let given = parts(filter);
    parts(predicate).iter().all(|p| given.iter().any(|g| g.same(p)))
}

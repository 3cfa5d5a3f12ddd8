//! UNION, INTERSECT, EXCEPT.

use super::cost;
use super::from::numbered;
use super::planner::{Built, Planner};
use crate::error::{PgError, Result};
use crate::exec::op::{Append, Distinct, SetOp};
use crate::nodes::*;
use crate::types::Oid;
use std::sync::Arc;

impl Planner {
    /// A query's set operation. Its columns are known by the leftmost leaf's range index, as
    /// PostgreSQL's targets of a set operation refer to them.
    pub(super) fn set_operation(&mut self, query: &Query, tree: &SetOperation) -> Result<Built> {
        let built = self.set_operand(query, tree)?;
        let types = match tree {
            SetOperation::Node { types, .. } => types.iter().map(|t| t.0).collect(),
            SetOperation::Leaf(_) => Vec::new(),
        };
        let layout = Arc::new(numbered(leftmost(tree), &types));
        Ok(Built { layout, ..built })
    }

    /// A leaf or a nested operation.
    pub(super) fn set_operand(&mut self, query: &Query, tree: &SetOperation) -> Result<Built> {
        match tree {
            SetOperation::Leaf(rel) => match &query.range(*rel).source {
                RangeSource::Subquery { query: leaf, .. } => self.plan_below(leaf),
                _ => Err(PgError::internal("a set operation's leaf is not a subquery")),
            },
            SetOperation::Node { op, all, left, right, types, collations, .. } => {
                let columns = compared_columns(types, collations);
                match (op, all) {
                    (SetOperator::Union, _) => self.union(query, tree, *all, &columns),
                    _ => self.intersect_or_except(query, (*op, *all), (left, right), &columns),
                }
            }
        }
    }

    /// UNION's arms of the same kind are appended at once.
    fn union(
        &mut self,
        query: &Query,
        tree: &SetOperation,
        all: bool,
        columns: &[(Oid, Oid)],
    ) -> Result<Built> {
        let mut arms = Vec::new();
        union_arms(tree, all, &mut arms);
        let mut inputs = Vec::with_capacity(arms.len());
        let (mut rows, mut cost) = (0.0, 0.0);
        let mut layout = None;
        for arm in arms {
            let built = self.set_operand(query, arm)?;
            rows += built.rows;
            cost += built.cost;
            inputs.push(built.node);
            layout.get_or_insert(built.layout);
        }
        let layout = layout.ok_or_else(|| PgError::internal("a UNION without arms"))?;
        let appended = Built::new(Append::of(inputs), layout, rows, cost);
        if all {
            return Ok(appended);
        }
        let Built { node, layout, rows, cost } = appended;
        let distinct = Distinct { input: node, keys: Arc::new(self.all_columns(columns)?) };
        Ok(Built::new(distinct, layout, rows, cost + rows * cost::AGGREGATE))
    }

    fn intersect_or_except(
        &mut self,
        query: &Query,
        (op, all): (SetOperator, bool),
        (left, right): (&SetOperation, &SetOperation),
        columns: &[(Oid, Oid)],
    ) -> Result<Built> {
        let left = self.set_operand(query, left)?;
        let right = self.set_operand(query, right)?;
        let keys = Arc::new(self.all_columns(columns)?);
        let cost = left.cost + right.cost + (left.rows + right.rows) * cost::AGGREGATE;
        let node = SetOp { op, all, left: left.node, right: right.node, keys };
        Ok(Built::new(node, left.layout, left.rows, cost))
    }
}

/// A set operation's columns as rows of it are compared: type and collation.
pub(super) fn compared_columns(types: &[(Oid, i32)], collations: &[Oid]) -> Vec<(Oid, Oid)> {
    let collations = collations.iter().copied().chain(std::iter::repeat(0));
    types.iter().zip(collations).map(|((type_oid, _), collation)| (*type_oid, collation)).collect()
}

/// Nested UNIONs that may be one list: UNION ALL's own kind; for UNION, which drops duplicates
/// anyway, both kinds.
fn union_arms<'t>(tree: &'t SetOperation, outer_all: bool, out: &mut Vec<&'t SetOperation>) {
    match tree {
        SetOperation::Node { op: SetOperator::Union, all, left, right, .. }
            if *all || !outer_all =>
        {
            union_arms(left, outer_all, out);
            union_arms(right, outer_all, out);
        }
        other => out.push(other),
    }
}

fn leftmost(tree: &SetOperation) -> RangeIndex {
    match tree {
        SetOperation::Leaf(rel) => *rel,
        SetOperation::Node { left, .. } => leftmost(left),
    }
}

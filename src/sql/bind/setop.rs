//! UNION, INTERSECT, EXCEPT (`transformSetOperationStmt`).
//!
//! The tree's leaves are sub-queries in the range table. Where an arm's columns have to be cast to
//! the result types, the cast is put into the leaf: into its target list, or around it where its
//! own DISTINCT or ORDER BY looks at the old values.

use super::place::Place;
use super::state::{Binder, NsColumn, PendingRecursive};
use super::target::push_target;
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use crate::types::{Oid, oids};
use pg_raw_parse::{Node, nodes};

/// An arm of a set operation: its tree, column types, and where its columns are written.
struct Arm {
    tree: SetOperation,
    types: Vec<(Oid, i32)>,
    /// A column that is a literal or parameter of unknown type still.
    untyped: Vec<bool>,
    locations: Vec<i32>,
    /// Where the leftmost leaf's columns are written: the result's columns stand there.
    first_locations: Vec<i32>,
    names: Vec<String>,
}

/// Only the first SELECT of a set operation may have an INTO.
fn refuse_later_into(node: &nodes::SelectStmt) -> Result<()> {
    let first = crate::sql::first_select(node);
    let mut arms = vec![node];
    while let Some(arm) = arms.pop() {
        arms.extend(arm.larg().into_iter().chain(arm.rarg()));
        if let (Some(into), false) = (arm.into_clause(), std::ptr::eq(arm, first)) {
            let message = "INTO is only allowed on first SELECT of UNION/INTERSECT/EXCEPT";
            let at = into.rel().map_or(-1, |r| r.location);
            return Err(PgError::new(code::SYNTAX_ERROR, message).at(at));
        }
    }
    Ok(())
}

impl<'n> Binder<'_, 'n> {
    /// A set operation with its ORDER BY and LIMIT.
    pub fn bind_set_operation(&mut self, node: &'n nodes::SelectStmt) -> Result<Query> {
        let mut query = Query::new(CommandType::Select);
        if let Some(lock) = node.locking_clause().first() {
            let name = super::locking::strength_name(lock.strength);
            let message = format!("{name} is not allowed with UNION/INTERSECT/EXCEPT");
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
        }
        self.bind_with(node.with_clause(), &mut query)?;
        refuse_later_into(node)?;
        let arm = self.bind_operation(node)?;
        let leftmost = leftmost(&arm.tree);
        let columns = arm.names.iter().zip(&arm.types).enumerate();
        let columns: Vec<NsColumn> = columns
            .map(|(at, (name, (type_oid, typmod)))| NsColumn {
                name: name.clone(),
                rel: leftmost,
                attno: AttrNumber::try_from(at + 1).expect("target lists are short"),
                type_oid: *type_oid,
                typmod: *typmod,
                collation: self.collation(*type_oid),
            })
            .collect();
        for (column, location) in columns.iter().zip(&arm.first_locations) {
            push_target(&mut query.targets, column.name.clone(), column.var(0, *location));
        }
        self.bind_set_order(node, &mut query, columns, leftmost)?;
        self.bind_limits(node, &mut query)?;
        query.set_operation = Some(arm.tree);
        self.take_scope(&mut query);
        Ok(query)
    }

    /// ORDER BY of a set operation sees the result columns only.
    fn bind_set_order(
        &mut self,
        node: &'n nodes::SelectStmt,
        query: &mut Query,
        columns: Vec<NsColumn>,
        rel: RangeIndex,
    ) -> Result<()> {
        let item = super::state::NsItem {
            rel,
            name: None,
            relation: None,
            columns,
            rel_visible: false,
            cols_visible: true,
            lateral_only: false,
            lateral_ok: true,
        };
        let outer = std::mem::replace(&mut self.scope().namespace, vec![item]);
        let visible = query.targets.len();
        let sorted =
            self.bind_order_by(node.sort_clause(), &mut query.targets, Place::OrderBy, false);
        self.scope().namespace = outer;
        query.order_by = sorted?;
        match query.targets.get(visible) {
            None => Ok(()),
            Some(added) => {
                let message = "invalid UNION/INTERSECT/EXCEPT ORDER BY clause";
                Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message)
                    .detail("Only result column names can be used, not expressions or functions.")
                    .hint(
                        "Add the expression/function to every SELECT, or move the UNION into a \
                         FROM clause.",
                    )
                    .at(added.expr.location()))
            }
        }
    }

    /// One arm: a nested operation without clauses of its own, or any other query.
    fn bind_arm(&mut self, node: &'n nodes::SelectStmt) -> Result<Arm> {
        let plain = node.sort_clause().is_empty()
            && matches!(node.limit_offset(), Node::None)
            && matches!(node.limit_count(), Node::None)
            && node.locking_clause().is_empty()
            && node.with_clause().is_none();
        if node.op != nodes::SetOperation::SETOP_NONE && plain {
            return self.deeper(|b| b.bind_operation(node));
        }
        if !self.into.is_some_and(|select| std::ptr::eq(select, node)) {
            super::select::refuse_into(node)?;
        }
        // Names in an arm do not reach the items of this level, only outer queries.
        let query = self.bind_subquery(Node::SelectStmt(node), true)?;
        Ok(self.leaf(query))
    }

    /// Makes a query a leaf of the tree.
    fn leaf(&mut self, query: Query) -> Arm {
        let output: Vec<&TargetEntry> = query.output().collect();
        let types = output.iter().map(|t| (t.expr.type_oid(), t.expr.typmod())).collect();
        let untyped = output.iter().map(|t| super::select::is_unknown(&t.expr)).collect();
        let locations: Vec<i32> = output.iter().map(|t| t.expr.location()).collect();
        let first_locations = locations.clone();
        let names: Vec<String> = output.iter().map(|t| t.name.clone()).collect();
        let number = self.scope_ref().range_table.len() + 1;
        let rel = self.add_range(RangeEntry {
            source: RangeSource::Subquery { query: Box::new(query), view: None },
            name: format!("*SELECT* {number}"),
            aliased: true,
            column_aliases: 0,
            columns: names.clone(),
            lateral: false,
            in_from: false,
            with_deleted: false,
            security: Vec::new(),
            only: false,
        });
        Arm { tree: SetOperation::Leaf(rel), types, untyped, locations, first_locations, names }
    }

    fn bind_operation(&mut self, node: &'n nodes::SelectStmt) -> Result<Arm> {
        let (op, name) = match node.op {
            nodes::SetOperation::SETOP_UNION => (SetOperator::Union, "UNION"),
            nodes::SetOperation::SETOP_INTERSECT => (SetOperator::Intersect, "INTERSECT"),
            _ => (SetOperator::Except, "EXCEPT"),
        };
        let (Some(left), Some(right)) = (node.larg(), node.rarg()) else {
            return Err(PgError::internal("a set operation without two arms"));
        };
        let mut left = self.bind_arm(left)?;
        self.note_recursive_types(node, &mut left)?;
        let mut right = self.bind_arm(right)?;
        if left.types.len() != right.types.len() {
            let message = format!("each {name} query must have the same number of columns");
            let at = right.locations.first().copied().unwrap_or(-1);
            return Err(PgError::new(code::SYNTAX_ERROR, message).at(at));
        }
        let mut types = Vec::with_capacity(left.types.len());
        let mut locations = Vec::with_capacity(left.types.len());
        for column in 0..left.types.len() {
            let (type_oid, at) = self.column_type(&left, &right, column, name)?;
            let (l, r) = (left.types[column], right.types[column]);
            let typmod = if l == r && l.0 == type_oid { l.1 } else { -1 };
            types.push((type_oid, typmod));
            locations.push(at);
        }
        self.cast_arm(&mut left, &types, name)?;
        self.cast_arm(&mut right, &types, name)?;
        let group = match (op, node.all) {
            (SetOperator::Union, true) => Vec::new(),
            _ => self.set_operation_groups(&types, &locations)?,
        };
        let untyped = vec![false; types.len()];
        Ok(Arm {
            tree: SetOperation::Node {
                op,
                all: node.all,
                left: Box::new(left.tree),
                right: Box::new(right.tree),
                types: types.clone(),
                collations: Vec::new(),
                group,
            },
            types,
            untyped,
            locations,
            first_locations: left.first_locations,
            names: left.names,
        })
    }

    /// The type of a result column, and where the column that gave it is written.
    fn column_type(&self, left: &Arm, right: &Arm, at: usize, name: &str) -> Result<(Oid, i32)> {
        let (l, r) = (left.types[at].0, right.types[at].0);
        let Some(chosen) = self.try_common_type(&[l, r]) else {
            let message = format!(
                "{name} types {} and {} cannot be matched",
                self.type_name(l),
                self.type_name(r)
            );
            return Err(PgError::new(code::DATATYPE_MISMATCH, message).at(right.locations[at]));
        };
        let from_right = chosen == r && chosen != l;
        Ok((chosen, if from_right { right.locations[at] } else { left.locations[at] }))
    }

    fn set_operation_groups(
        &self,
        types: &[(Oid, i32)],
        locations: &[i32],
    ) -> Result<Vec<SortGroup>> {
        let group = |(at, (type_oid, _)): (usize, &(Oid, i32))| {
            let ops = self.require_sort_operators(*type_oid, false);
            let ops = ops.map_err(|e| e.at(locations[at]))?;
            Ok(SortGroup {
                target_ref: u32::try_from(at + 1).expect("target lists are short"),
                eq_op: ops.eq,
                sort_op: ops.lt,
                descending: false,
                nulls_first: false,
            })
        };
        types.iter().enumerate().map(group).collect()
    }

    /// Gives an arm the result types.
    fn cast_arm(&mut self, arm: &mut Arm, types: &[(Oid, i32)], name: &str) -> Result<()> {
        if arm.types.iter().zip(types).all(|(a, b)| a.0 == b.0) {
            return Ok(());
        }
        let SetOperation::Leaf(rel) = arm.tree else {
            return self.wrap_operation(arm, types, name);
        };
        let at = rel as usize - 1;
        let placeholder =
            RangeSource::Subquery { query: Box::new(Query::new(CommandType::Select)), view: None };
        let source = std::mem::replace(&mut self.scope().range_table[at].source, placeholder);
        let RangeSource::Subquery { query, view } = source else {
            return Err(PgError::internal("a leaf that is no sub-query"));
        };
        let mut query = *query;
        let ordered = query.output().any(|t| t.sort_group_ref != 0);
        if ordered || query.set_operation.is_some() || query.command != CommandType::Select {
            // Untyped literals are typed where they are; other columns are cast around the query.
            self.cast_untyped(&mut query, types, name)?;
            query = self.wrap(query, types, name)?;
        } else {
            self.cast_targets(&mut query.targets, types, name)?;
        }
        self.scope().range_table[at].source =
            RangeSource::Subquery { query: Box::new(query), view };
        arm.types = types.to_vec();
        Ok(())
    }

    fn cast_targets(
        &mut self,
        targets: &mut [TargetEntry],
        types: &[(Oid, i32)],
        name: &str,
    ) -> Result<()> {
        for (target, (to, _)) in targets.iter_mut().filter(|t| !t.resjunk).zip(types) {
            let expr = std::mem::replace(&mut target.expr, super::target::null());
            target.expr = self.coerce_to_common(expr, *to, name)?;
        }
        Ok(())
    }

    fn cast_untyped(&mut self, query: &mut Query, types: &[(Oid, i32)], name: &str) -> Result<()> {
        for (target, (to, _)) in query.targets.iter_mut().filter(|t| !t.resjunk).zip(types) {
            if target.expr.type_oid() == oids::UNKNOWN {
                let expr = std::mem::replace(&mut target.expr, super::target::null());
                target.expr = self.coerce_to_common(expr, *to, name)?;
            }
        }
        Ok(())
    }

    /// `SELECT cast(columns) FROM (query)`.
    fn wrap(&mut self, query: Query, types: &[(Oid, i32)], name: &str) -> Result<Query> {
        self.scopes.push(super::state::Scope::default());
        let wrapped = self.wrap_inside(query, types, name);
        self.scopes.pop();
        wrapped
    }

    fn wrap_inside(&mut self, query: Query, types: &[(Oid, i32)], name: &str) -> Result<Query> {
        let mut query = query;
        query.shift_levels(1);
        let mut outer = Query::new(CommandType::Select);
        let item = self.add_subquery(query, None, false)?;
        outer.from.items = vec![FromItem::Range(item.rel)];
        for (column, (to, _)) in item.columns.iter().zip(types) {
            let expr = self.coerce_to_common(column.var(0, -1), *to, name)?;
            push_target(&mut outer.targets, column.name.clone(), expr);
        }
        self.take_scope(&mut outer);
        Ok(outer)
    }

    /// A nested operation whose columns need casts becomes a leaf of its own.
    fn wrap_operation(&mut self, arm: &mut Arm, types: &[(Oid, i32)], name: &str) -> Result<()> {
        let mut inner = Query::new(CommandType::Select);
        let mut leaves = Vec::new();
        collect_leaves(&arm.tree, &mut leaves);
        let mut tree = std::mem::replace(&mut arm.tree, SetOperation::Leaf(0));
        for (at, rel) in leaves.iter().enumerate() {
            let mut entry = self.scope_ref().range_table[*rel as usize - 1].clone();
            if let RangeSource::Subquery { query, .. } = &mut entry.source {
                // The leaves move one query deeper.
                query.shift_levels(1);
            }
            inner.range_table.push(entry);
            renumber(
                &mut tree,
                *rel,
                RangeIndex::try_from(at + 1).expect("range tables are short"),
            );
        }
        let rel = leftmost(&tree);
        for (at, (column, (type_oid, typmod))) in arm.names.iter().zip(&arm.types).enumerate() {
            let var = NsColumn {
                name: column.clone(),
                rel,
                attno: AttrNumber::try_from(at + 1).expect("target lists are short"),
                type_oid: *type_oid,
                typmod: *typmod,
                collation: self.collation(*type_oid),
            };
            push_target(&mut inner.targets, column.clone(), var.var(0, -1));
        }
        inner.set_operation = Some(tree);
        let query = self.wrap(inner, types, name)?;
        let leaf = self.leaf(query);
        arm.tree = leaf.tree;
        arm.types = types.to_vec();
        Ok(())
    }

    /// The non-recursive arm fixes the columns of a recursive query, which its other arm sees.
    fn note_recursive_types(&mut self, node: &'n nodes::SelectStmt, left: &mut Arm) -> Result<()> {
        let own = self.pending_recursive.take_if(|pending| std::ptr::eq(pending.query, node));
        let Some(PendingRecursive { scope, index, .. }) = own else { return Ok(()) };
        // Untyped columns of the first arm are text from here on.
        if left.untyped.iter().any(|u| *u) {
            let types: Vec<(Oid, i32)> = left
                .types
                .iter()
                .map(|t| if t.0 == oids::UNKNOWN { (oids::TEXT, -1) } else { *t })
                .collect();
            self.cast_arm(left, &types, "UNION")?;
        }
        self.scopes[scope].ctes[index].set_columns(&left.names, &left.types)
    }
}

/// The first leaf, whose columns name the result's.
fn leftmost(tree: &SetOperation) -> RangeIndex {
    match tree {
        SetOperation::Leaf(rel) => *rel,
        SetOperation::Node { left, .. } => leftmost(left),
    }
}

fn collect_leaves(tree: &SetOperation, out: &mut Vec<RangeIndex>) {
    match tree {
        SetOperation::Leaf(rel) => out.push(*rel),
        SetOperation::Node { left, right, .. } => {
            collect_leaves(left, out);
            collect_leaves(right, out);
        }
    }
}

fn renumber(tree: &mut SetOperation, from: RangeIndex, to: RangeIndex) {
    match tree {
        SetOperation::Leaf(rel) if *rel == from => *rel = to,
        SetOperation::Leaf(_) => {}
        SetOperation::Node { left, right, .. } => {
            renumber(left, from, to);
            renumber(right, from, to);
        }
    }
}

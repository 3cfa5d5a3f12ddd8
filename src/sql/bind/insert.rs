//! INSERT (`transformInsertStmt`). Defaults are filled in by [`super::settle`].

use super::assign::AssignTarget;
use super::place::Place;
use super::select::is_unknown;
use super::state::{Binder, NsItem};
use crate::catalog::{Column, Relation};
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use pg_raw_parse::list::NodeList;
use pg_raw_parse::{Node, nodes};

impl<'n> Binder<'_, 'n> {
    pub fn bind_insert(&mut self, node: &'n nodes::InsertStmt) -> Result<Query> {
        let mut query = Query::new(CommandType::Insert);
        self.bind_with(node.with_clause(), &mut query)?;
        query.overriding = overriding(node.override_);
        let (relation, item) = self.open_target(node.relation(), CommandType::Insert)?;
        query.result_relation = Some(item.rel);
        let columns = insert_columns(node.cols(), &relation)?;
        let written = !node.cols().is_empty();
        let row = self.insert_source(node, &mut query, &relation, &columns, written)?;
        query.assigned = row.iter().map(|(attno, _)| *attno).collect();
        let target = |(attno, expr)| assigned_target(relation.column(attno), expr);
        query.targets = row.into_iter().map(target).collect();
        if node.on_conflict_clause().is_some() || node.returning_clause().is_some() {
            self.scope().namespace.clear();
            self.scope().namespace.push(item.clone());
        }
        if let Some(clause) = node.on_conflict_clause() {
            query.on_conflict = Some(self.bind_on_conflict(clause, &relation, &item)?);
            self.scope().namespace = vec![item];
        }
        query.returning = self.bind_returning(node.returning_clause())?;
        self.take_scope(&mut query);
        self.settle(&mut query)?;
        Ok(query)
    }

    /// The inserted expressions, each with its column and coerced to its type.
    fn insert_source(
        &mut self,
        node: &'n nodes::InsertStmt,
        query: &mut Query,
        relation: &Relation,
        columns: &[AssignTarget<'n>],
        written: bool,
    ) -> Result<Vec<(AttrNumber, Expr)>> {
        let select = match node.select_stmt() {
            Node::None => return Ok(Vec::new()),
            Node::SelectStmt(select) => select,
            _ => return Err(PgError::internal("an INSERT source that is no SELECT")),
        };
        let plain_values = !select.values_lists().is_empty()
            && select.sort_clause().is_empty()
            && matches!(select.limit_count(), Node::None)
            && matches!(select.limit_offset(), Node::None)
            && select.locking_clause().is_empty()
            && select.with_clause().is_none();
        if !plain_values {
            let row = self.insert_select(select, query)?;
            return self.assign_row(row, relation, columns, written);
        }
        if select.values_lists().len() == 1 {
            let mut rows = self.bind_value_rows(select, Place::ValuesSingle, true)?;
            let row = rows.pop().unwrap_or_default();
            let values = select.values_lists().first();
            let row_written = values
                .and_then(|v| v.as_node_list())
                .is_some_and(|l| l.len() == 1 && matches!(l.first(), Some(Node::RowExpr(_))));
            let row = self.assign_single(row, relation, columns, written, row_written)?;
            return self.spread_sets(row, relation, query);
        }
        self.insert_value_rows(select, query, relation, columns, written)
    }

    /// INSERT … SELECT: the sub-query's columns.
    fn insert_select(
        &mut self,
        select: &'n nodes::SelectStmt,
        query: &mut Query,
    ) -> Result<Vec<Expr>> {
        let source = self.bind_subquery(Node::SelectStmt(select), true)?;
        let untyped: Vec<Option<Expr>> = source
            .output()
            .map(|t| {
                let literal = matches!(t.expr, Expr::Const(_) | Expr::Param(_));
                (literal && is_unknown(&t.expr)).then(|| t.expr.clone())
            })
            .collect();
        let locations: Vec<i32> = source.output().map(|t| t.expr.location()).collect();
        let item = self.add_subquery(source, None, false)?;
        if let Some(entry) = self.scope().range_table.last_mut() {
            entry.name = "*SELECT*".into();
        }
        query.from.items = vec![FromItem::Range(item.rel)];
        let columns = item.columns.iter().zip(untyped).zip(locations);
        Ok(columns.map(|((c, u), at)| u.unwrap_or_else(|| c.var(0, at))).collect())
    }

    /// Several rows of VALUES: each is coerced on its own, then read through one range table entry.
    fn insert_value_rows(
        &mut self,
        select: &'n nodes::SelectStmt,
        query: &mut Query,
        relation: &Relation,
        columns: &[AssignTarget<'n>],
        written: bool,
    ) -> Result<Vec<(AttrNumber, Expr)>> {
        let rows = self.bind_value_rows(select, Place::Values, true)?;
        let mut assigned: Vec<Vec<Expr>> = Vec::with_capacity(rows.len());
        let mut attnos = Vec::new();
        for row in rows {
            let row = self.assign_row(row, relation, columns, written)?;
            attnos = row.iter().map(|(attno, _)| *attno).collect();
            assigned.push(row.into_iter().map(|(_, e)| e).collect());
        }
        let target = |attno: &AttrNumber| relation.column(*attno);
        let types = attnos.iter().map(|a| (target(a).type_oid, target(a).typmod)).collect();
        let names = (1..=attnos.len()).map(|i| format!("column{i}")).collect();
        let item = self.add_values(assigned, types, names, None)?;
        query.from.items = vec![FromItem::Range(item.rel)];
        Ok(attnos.into_iter().zip(&item.columns).map(|(attno, c)| (attno, c.var(0, -1))).collect())
    }

    fn assign_single(
        &mut self,
        row: Vec<Expr>,
        relation: &Relation,
        columns: &[AssignTarget<'n>],
        written: bool,
        row_written: bool,
    ) -> Result<Vec<(AttrNumber, Expr)>> {
        let extra_parentheses = match row.as_slice() {
            [Expr::Row(r)] => row_written && written && r.args.len() == columns.len(),
            _ => false,
        };
        self.assign_row(row, relation, columns, written).map_err(|e| {
            if extra_parentheses && e.message().starts_with("INSERT has more target") {
                return e.hint(
                    "The insertion source is a row expression containing the same number of \
                     columns expected by the INSERT. Did you accidentally use extra parentheses?",
                );
            }
            e
        })
    }

    /// A row with set-returning functions is as many rows as these return: it is read from a
    /// sub-query that has them in its select list.
    fn spread_sets(
        &mut self,
        row: Vec<(AttrNumber, Expr)>,
        relation: &Relation,
        query: &mut Query,
    ) -> Result<Vec<(AttrNumber, Expr)>> {
        let is_set = |e: &Expr| matches!(e, Expr::Func(call) if call.retset);
        if !row.iter().any(|(_, expr)| expr.any(&mut |e| is_set(e))) {
            return Ok(row);
        }
        let mut inner = Query::new(CommandType::Select);
        inner.has_target_srfs = true;
        self.scope().has_target_srfs = false;
        inner.has_sublinks = self.scope().has_sublinks;
        let (mut attnos, mut defaults) = (Vec::new(), Vec::new());
        for (attno, mut expr) in row {
            if matches!(expr, Expr::SetToDefault { .. }) {
                defaults.push((attno, expr));
                continue;
            }
            expr.shift_levels(1, 0);
            attnos.push(attno);
            super::target::push_target(
                &mut inner.targets,
                relation.column(attno).name.clone(),
                expr,
            );
        }
        let item = self.add_subquery(inner, None, false)?;
        query.from.items = vec![FromItem::Range(item.rel)];
        let vars = attnos.into_iter().zip(item.columns.iter().map(|c| c.var(0, -1)));
        Ok(vars.chain(defaults).collect())
    }

    /// Expressions coerced to their columns (`transformInsertRow`).
    pub fn assign_row(
        &mut self,
        row: Vec<Expr>,
        relation: &Relation,
        columns: &[AssignTarget<'n>],
        written: bool,
    ) -> Result<Vec<(AttrNumber, Expr)>> {
        if let Some(extra) = row.get(columns.len()) {
            let message = "INSERT has more expressions than target columns";
            return Err(PgError::new(code::SYNTAX_ERROR, message).at(extra.location()));
        }
        if let (true, Some(missing)) = (written, columns.get(row.len())) {
            let message = "INSERT has more target columns than expressions";
            return Err(PgError::new(code::SYNTAX_ERROR, message).at(missing.location));
        }
        let mut assigned: Vec<(AttrNumber, Expr)> = Vec::with_capacity(row.len());
        for (expr, target) in row.into_iter().zip(columns) {
            // Several subscripted assignments to one column build on each other.
            let earlier = assigned.iter().position(|(attno, _)| *attno == target.attno);
            let base = earlier.map(|at| assigned.remove(at).1);
            let expr = self.assign(expr, relation, target, base, Place::InsertTarget)?;
            assigned.push((target.attno, expr));
        }
        Ok(assigned)
    }

    /// The target of INSERT, UPDATE or DELETE, as range table entry 1.
    pub fn open_target(
        &mut self,
        var: Option<&'n nodes::RangeVar>,
        command: CommandType,
    ) -> Result<(std::sync::Arc<Relation>, NsItem)> {
        let var = var.ok_or_else(|| PgError::internal("a statement without a target"))?;
        let relation = self.open_relation(var)?;
        use crate::catalog::RelationKind as Kind;
        match relation.kind {
            Kind::Table if crate::catalog::Catalog::is_system(relation.oid) => {
                let message =
                    format!("permission denied: \"{}\" is a system catalog", relation.name);
                return Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message));
            }
            // What cannot be changed is refused when it is planned, after all that is wrong with the text.
            Kind::Table | Kind::MaterializedView => {}
            Kind::View => {
                let item = self.add_relation(&relation, var.alias(), false)?;
                self.scope().target = Some(item.rel);
                return Ok((self.view_as_table(&relation, command), item));
            }
            Kind::Sequence => {
                let message = format!("cannot change sequence \"{}\"", relation.name);
                return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
            }
            Kind::Composite => {
                let message = format!("\"{}\" is a composite type", relation.name);
                return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
            }
            Kind::Index => {
                let message = format!("cannot change index \"{}\"", relation.name);
                return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
            }
        }
        let item = self.add_relation(&relation, var.alias(), false)?;
        self.mark_only(var);
        self.scope().target = Some(item.rel);
        Ok((relation, item))
    }

    /// RETURNING (`transformReturningList`).
    pub fn bind_returning(
        &mut self,
        clause: Option<&'n nodes::ReturningClause>,
    ) -> Result<Vec<TargetEntry>> {
        let Some(clause) = clause else { return Ok(Vec::new()) };
        if !clause.options().is_empty() {
            return Err(PgError::unsupported("RETURNING WITH"));
        }
        let mut targets = Vec::new();
        for node in clause.exprs() {
            if let Node::ResTarget(target) = node {
                self.bind_target(target, Place::Returning, &mut targets)?;
            }
        }
        if targets.is_empty() {
            let message = "RETURNING must have at least one column";
            return Err(PgError::new(code::SYNTAX_ERROR, message));
        }
        self.mark_origins(&mut targets);
        self.resolve_unknown_targets(&mut targets)?;
        Ok(targets)
    }
}

/// A target that assigns a column.
pub(super) fn assigned_target(column: &Column, expr: Expr) -> TargetEntry {
    TargetEntry {
        expr,
        resno: column.attno,
        name: column.name.clone(),
        sort_group_ref: 0,
        origin: (0, 0),
        resjunk: false,
    }
}

pub(super) fn overriding(kind: nodes::OverridingKind::Type) -> Overriding {
    match kind {
        nodes::OverridingKind::OVERRIDING_USER_VALUE => Overriding::User,
        nodes::OverridingKind::OVERRIDING_SYSTEM_VALUE => Overriding::System,
        _ => Overriding::None,
    }
}

/// INSERT's column list, or all columns (`checkInsertTargets`).
pub(super) fn insert_columns<'n>(
    written: &'n NodeList,
    relation: &Relation,
) -> Result<Vec<AssignTarget<'n>>> {
    if written.is_empty() {
        let target = |c: &Column| AssignTarget { attno: c.attno, steps: Vec::new(), location: -1 };
        return Ok(relation.live_columns().map(target).collect());
    }
    let mut columns: Vec<AssignTarget<'n>> = Vec::new();
    for node in written {
        let Node::ResTarget(target) = node else { continue };
        let assigned = AssignTarget::new(target, relation)?;
        let clash = |c: &&AssignTarget<'_>| {
            c.attno == assigned.attno && (c.steps.is_empty() || assigned.steps.is_empty())
        };
        if columns.iter().any(|c| clash(&c)) {
            let name = target.name().unwrap_or("");
            let message = format!("column \"{name}\" specified more than once");
            return Err(PgError::new(code::DUPLICATE_COLUMN, message).at(target.location));
        }
        columns.push(assigned);
    }
    Ok(columns)
}

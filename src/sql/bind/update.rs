//! UPDATE and DELETE (`transformUpdateStmt`, `transformDeleteStmt`).

use super::assign::AssignTarget;
use super::insert::assigned_target;
use super::place::Place;
use super::state::{Binder, NsItem};
use crate::catalog::Relation;
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use crate::types::oids;
use pg_raw_parse::list::NodeList;
use pg_raw_parse::{Node, nodes};

impl<'n> Binder<'_, 'n> {
    pub fn bind_update(&mut self, node: &'n nodes::UpdateStmt) -> Result<Query> {
        let mut query = Query::new(CommandType::Update);
        self.bind_with(node.with_clause(), &mut query)?;
        let (relation, item) = self.open_target(node.relation(), CommandType::Update)?;
        query.result_relation = Some(item.rel);
        query.from.items = self.bind_other_items(item, node.from_clause())?;
        query.from.filter = self.bind_where_opt(node.where_clause(), Place::Where, "WHERE")?;
        query.returning = self.bind_returning(node.returning_clause())?;
        query.targets =
            self.bind_set_list(&node.target_list().iter().collect::<Vec<_>>(), &relation)?;
        query.assigned = query.targets.iter().map(|t| t.resno).collect();
        self.take_scope(&mut query);
        self.settle(&mut query)?;
        Ok(query)
    }

    pub fn bind_delete(&mut self, node: &'n nodes::DeleteStmt) -> Result<Query> {
        let mut query = Query::new(CommandType::Delete);
        self.bind_with(node.with_clause(), &mut query)?;
        let (_, item) = self.open_target(node.relation(), CommandType::Delete)?;
        query.result_relation = Some(item.rel);
        query.from.items = self.bind_other_items(item, node.using_clause())?;
        query.from.filter = self.bind_where_opt(node.where_clause(), Place::Where, "WHERE")?;
        query.returning = self.bind_returning(node.returning_clause())?;
        self.take_scope(&mut query);
        self.settle(&mut query)?;
        Ok(query)
    }

    /// FROM or USING beside the target, which they cannot refer to.
    fn bind_other_items(&mut self, target: NsItem, list: &'n NodeList) -> Result<Vec<FromItem>> {
        let hidden = NsItem { lateral_only: true, lateral_ok: false, ..target };
        self.scope().namespace.push(hidden);
        self.bind_from(list)
    }

    /// SET's assignments (`transformUpdateTargetList`).
    pub fn bind_set_list(
        &mut self,
        list: &[&'n nodes::ResTarget],
        relation: &Relation,
    ) -> Result<Vec<TargetEntry>> {
        // Expressions first, columns after: errors come in PostgreSQL's order.
        let mut values = Vec::with_capacity(list.len());
        let mut subquery: Option<Vec<Expr>> = None;
        for target in list {
            values.push(match target.val() {
                Node::MultiAssignRef(multi) => self.bind_multi_assign(multi, &mut subquery)?,
                Node::SetToDefault(default) => default_marker(default),
                node => self.bind_expr_in(node, Place::UpdateSource)?,
            });
        }
        let mut targets: Vec<TargetEntry> = Vec::with_capacity(list.len());
        for (node, value) in list.iter().zip(values) {
            let target = AssignTarget::new(node, relation)?;
            let earlier = targets.iter().position(|t| t.resno == target.attno);
            let base = match earlier {
                Some(at) if !target.steps.is_empty() => Some(targets.remove(at).expr),
                Some(_) => {
                    let name = node.name().unwrap_or("");
                    let message = format!("multiple assignments to same column \"{name}\"");
                    return Err(PgError::new(code::SYNTAX_ERROR, message));
                }
                None => None,
            };
            let expr = self.assign(value, relation, &target, base, Place::UpdateTarget)?;
            targets.push(assigned_target(relation.column(target.attno), expr));
        }
        targets.sort_by_key(|t| t.resno);
        Ok(targets)
    }

    /// One column of `SET (a, b) = …`.
    fn bind_multi_assign(
        &mut self,
        node: &'n nodes::MultiAssignRef,
        subquery: &mut Option<Vec<Expr>>,
    ) -> Result<Expr> {
        let index = usize::try_from(node.colno).unwrap_or(1).saturating_sub(1);
        let count = usize::try_from(node.ncolumns).unwrap_or(0);
        let mismatch = |location: i32| {
            let message = "number of columns does not match number of values";
            PgError::new(code::SYNTAX_ERROR, message).at(location)
        };
        match node.source() {
            Node::RowExpr(row) => {
                if row.args().len() != count {
                    return Err(mismatch(row.location));
                }
                match row.args().get(index).unwrap_or(Node::None) {
                    Node::SetToDefault(default) => Ok(default_marker(default)),
                    item => self.bind_expr_in(item, Place::UpdateSource),
                }
            }
            Node::SubLink(sub) if sub.sub_link_type == nodes::SubLinkType::EXPR_SUBLINK => {
                if index == 0 {
                    self.scope().has_sublinks = true;
                    let query = self.bind_subquery(sub.subselect(), false)?;
                    if query.output().count() != count {
                        return Err(mismatch(sub.location));
                    }
                    *subquery = Some(self.columns_of_row(query, sub.location)?);
                }
                let columns = subquery.as_ref();
                let column = columns.and_then(|c| c.get(index)).cloned();
                column.ok_or_else(|| PgError::internal("a column of no sub-query"))
            }
            _ => {
                let message = "source for a multiple-column UPDATE item must be a sub-SELECT or \
                               ROW() expression";
                let at = self.bind_expr_in(node.source(), Place::UpdateSource)?.location();
                Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).at(at))
            }
        }
    }

    /// A sub-query of several columns as a scalar sub-query of one row value, and its fields.
    fn columns_of_row(&mut self, query: Query, location: i32) -> Result<Vec<Expr>> {
        self.scopes.push(super::state::Scope::default());
        let wrapped = self.wrap_as_row(query);
        self.scopes.pop();
        let (query, types) = wrapped?;
        let sublink = Expr::SubLink(Box::new(SubLink {
            array_type: None,
            kind: SubLinkKind::Scalar,
            test: None,
            column_vars: 0,
            query: Box::new(query),
            location,
        }));
        let field = |(at, (type_oid, typmod)): (usize, (u32, i32))| Expr::FieldSelect {
            arg: Box::new(sublink.clone()),
            field: AttrNumber::try_from(at + 1).expect("target lists are short"),
            type_oid,
            typmod,
            collation: 0,
        };
        Ok(types.into_iter().enumerate().map(field).collect())
    }

    #[allow(clippy::type_complexity)]
    fn wrap_as_row(&mut self, mut query: Query) -> Result<(Query, Vec<(u32, i32)>)> {
        query.shift_levels(1);
        let mut outer = Query::new(CommandType::Select);
        let item = self.add_subquery(query, None, false)?;
        outer.from.items = vec![FromItem::Range(item.rel)];
        let row = Expr::Row(Box::new(RowExpr {
            args: item.columns.iter().map(|c| c.var(0, -1)).collect(),
            type_oid: oids::RECORD,
            column_names: item.columns.iter().map(|c| c.name.clone()).collect(),
            form: CoercionForm::Implicit,
            location: -1,
        }));
        super::target::push_target(&mut outer.targets, "row".into(), row);
        self.take_scope(&mut outer);
        Ok((outer, item.columns.iter().map(|c| (c.type_oid, c.typmod)).collect()))
    }
}

fn default_marker(node: &nodes::SetToDefault) -> Expr {
    Expr::SetToDefault { type_oid: oids::UNKNOWN, typmod: -1, location: node.location }
}

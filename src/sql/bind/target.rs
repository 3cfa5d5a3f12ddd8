//! Target lists (`parse_target.c`): `*`, and the names that result columns get.

use super::place::Place;
use super::state::Binder;
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use crate::types::{Datum, Oid, oids};
use pg_raw_parse::list::CastNodeList;
use pg_raw_parse::{Node, nodes};

/// `MaxTupleAttributeNumber`: columns of a target list.
const TARGETS_MAX: usize = 1664;

impl<'n> Binder<'_, 'n> {
    /// A SELECT or RETURNING list.
    pub fn bind_targets(
        &mut self,
        list: &'n CastNodeList<nodes::ResTarget>,
        place: Place,
    ) -> Result<Vec<TargetEntry>> {
        let mut targets = Vec::with_capacity(list.len());
        for target in list {
            self.bind_target(target, place, &mut targets)?;
        }
        if targets.len() > TARGETS_MAX {
            let message = format!("target lists can have at most {TARGETS_MAX} entries");
            return Err(PgError::new(code::TOO_MANY_COLUMNS, message));
        }
        Ok(targets)
    }

    /// One item of a list; `*` gives several targets.
    pub fn bind_target(
        &mut self,
        target: &'n nodes::ResTarget,
        place: Place,
        targets: &mut Vec<TargetEntry>,
    ) -> Result<()> {
        match target.val() {
            Node::ColumnRef(column) if ends_with_star(column) => {
                let columns = self.expand_star(column)?;
                columns.into_iter().for_each(|(n, e)| push_target(targets, n, e));
            }
            Node::A_Indirection(ind) if indirection_star(ind) => {
                let columns = self.expand_row_star(ind, place)?;
                columns.into_iter().for_each(|(n, e)| push_target(targets, n, e));
            }
            node => {
                let expr = self.bind_expr_in(node, place)?;
                let name = match target.name() {
                    Some(name) => name.to_owned(),
                    None => figure_name(node, &expr),
                };
                push_target(targets, name, expr);
            }
        }
        Ok(())
    }

    /// `*` and `relation.*`: names and variables.
    pub fn expand_star(&mut self, node: &nodes::ColumnRef) -> Result<Vec<(String, Expr)>> {
        let names: Vec<&str> = node.fields().iter().filter_map(|f| f.as_str()).collect();
        let location = node.location;
        let (schema, relation) = match names.as_slice() {
            [] => return self.expand_all(location),
            [relation] => (None, relation),
            [schema, relation] => (Some(*schema), relation),
            [database, schema, relation] => {
                self.check_database(database, &names, location)?;
                (Some(*schema), relation)
            }
            _ => return Err(super::columns::too_many_dots(&names, location)),
        };
        let Some((item, level)) = self.find_item(schema, relation, location)? else {
            return Err(self.missing_relation(relation, location));
        };
        let visible = item.columns.iter().filter(|c| !c.name.is_empty());
        Ok(visible.map(|c| (c.name.clone(), c.var(level, location))).collect())
    }

    fn expand_all(&mut self, location: i32) -> Result<Vec<(String, Expr)>> {
        let items = self.scope_ref().namespace.iter().filter(|i| i.cols_visible);
        let mut any = false;
        let mut columns = Vec::new();
        for item in items {
            any = true;
            let visible = item.columns.iter().filter(|c| !c.name.is_empty());
            columns.extend(visible.map(|c| (c.name.clone(), c.var(0, location))));
        }
        if any {
            return Ok(columns);
        }
        let message = "SELECT * with no tables specified is not valid";
        Err(PgError::new(code::SYNTAX_ERROR, message).at(location))
    }

    /// `(row).*`.
    pub fn expand_row_star(
        &mut self,
        node: &'n nodes::A_Indirection,
        place: Place,
    ) -> Result<Vec<(String, Expr)>> {
        let steps: Vec<Node<'n>> = node.indirection().iter().collect();
        let outer = self.scope().place.replace(place);
        let row = self.bind_expr_here(node.arg());
        let row = row.and_then(|r| self.apply_indirection(r, &steps[..steps.len() - 1]));
        self.scope().place = outer;
        let row = row?;
        let fields = self.row_fields(&row);
        if fields.is_empty() || !self.is_row_type(row.type_oid()) {
            let message = format!("type {} is not composite", self.type_name(row.type_oid()));
            return Err(PgError::new(code::WRONG_OBJECT_TYPE, message).at(row.location()));
        }
        let mut columns = Vec::with_capacity(fields.len());
        for (at, (name, type_oid, typmod)) in fields.into_iter().enumerate() {
            let field = self.select_field(row.clone(), &name);
            let attno = AttrNumber::try_from(at + 1).expect("rows have at most 1664 columns");
            let field = field.unwrap_or_else(|| Expr::FieldSelect {
                arg: Box::new(row.clone()),
                field: attno,
                type_oid,
                typmod,
                collation: 0,
            });
            columns.push((name, field));
        }
        Ok(columns)
    }

    /// Output columns that are still of unknown type become text (`resolveTargetListUnknowns`).
    pub fn resolve_unknown_targets(&mut self, targets: &mut [TargetEntry]) -> Result<()> {
        for target in targets {
            if target.expr.type_oid() == oids::UNKNOWN {
                let expr = std::mem::replace(&mut target.expr, null());
                target.expr =
                    self.coerce_type(expr, oids::TEXT, -1, super::coerce::Cast::IMPLICIT)?;
            }
        }
        Ok(())
    }

    /// Notes the table column that each target is, for RowDescription (`markTargetListOrigins`).
    pub fn mark_origins(&self, targets: &mut [TargetEntry]) {
        for target in targets {
            if let Expr::Var(var) = &target.expr {
                target.origin = self.origin(var);
            }
        }
    }

    fn origin(&self, var: &Var) -> (Oid, AttrNumber) {
        let at = self.scopes.len().checked_sub(1 + var.level as usize);
        let scope = at.and_then(|at| self.scopes.get(at));
        let Some(entry) = scope.and_then(|s| s.range_table.get(var.rel as usize - 1)) else {
            return (0, 0);
        };
        let Some(index) = usize::try_from(var.attno).ok().and_then(|a| a.checked_sub(1)) else {
            return match entry.source {
                RangeSource::Relation { oid } if var.attno != 0 => (oid, var.attno),
                _ => (0, 0),
            };
        };
        match &entry.source {
            RangeSource::Relation { oid } => (*oid, var.attno),
            RangeSource::Subquery { view: Some(view), .. } => (*view, var.attno),
            RangeSource::Subquery { query, view: None } => {
                query.output().nth(index).map_or((0, 0), |t| t.origin)
            }
            RangeSource::Join { columns, .. } => match columns.get(index) {
                Some(Expr::Var(inner)) => {
                    self.origin(&Var { level: var.level + inner.level, ..inner.clone() })
                }
                _ => (0, 0),
            },
            RangeSource::Cte { name, level, .. } => {
                let up = at.and_then(|at| at.checked_sub(*level as usize));
                let scope = up.and_then(|at| self.scopes.get(at));
                let cte = scope.and_then(|s| s.ctes.iter().find(|c| c.name == *name));
                let target = cte.and_then(|c| c.query.as_ref()?.output().nth(index));
                target.map_or((0, 0), |t| t.origin)
            }
            RangeSource::Function { .. } | RangeSource::Values { .. } => (0, 0),
        }
    }
}

/// NULL of unknown type, to stand in while an expression is rewritten.
pub(super) fn null() -> Expr {
    Expr::constant(Datum::Null, oids::UNKNOWN)
}

/// Appends a visible target.
pub(super) fn push_target(targets: &mut Vec<TargetEntry>, name: String, expr: Expr) {
    let resno = AttrNumber::try_from(targets.len() + 1).unwrap_or(AttrNumber::MAX);
    targets.push(TargetEntry {
        expr,
        resno,
        name,
        sort_group_ref: 0,
        origin: (0, 0),
        resjunk: false,
    });
}

pub(super) fn ends_with_star(column: &nodes::ColumnRef) -> bool {
    matches!(column.fields().iter().next_back(), Some(Node::A_Star(_)))
}

pub(super) fn indirection_star(node: &nodes::A_Indirection) -> bool {
    matches!(node.indirection().iter().next_back(), Some(Node::A_Star(_)))
}

/// The name of a column that has no alias (`FigureColname`).
pub(super) fn figure_name(node: Node<'_>, bound: &Expr) -> String {
    figure(node, bound).map_or_else(|| "?column?".to_owned(), |(name, _)| name)
}

/// A name and whether it is strong; casts and CASE give weak ones.
fn figure(node: Node<'_>, bound: &Expr) -> Option<(String, bool)> {
    let strong = |name: &str| Some((name.to_owned(), true));
    match node {
        Node::ColumnRef(c) => strong(c.fields().iter().filter_map(|f| f.as_str()).next_back()?),
        Node::A_Indirection(i) => {
            match i.indirection().iter().filter_map(|f| f.as_str()).next_back() {
                Some(name) => strong(name),
                None => figure(i.arg(), bound),
            }
        }
        Node::FuncCall(f) => strong(f.funcname().iter().filter_map(|n| n.as_str()).next_back()?),
        Node::A_Expr(a) if a.kind == nodes::A_Expr_Kind::AEXPR_NULLIF => strong("nullif"),
        Node::TypeCast(c) => {
            let inner = figure(c.arg(), bound);
            let type_name = || c.type_name()?.names().iter().filter_map(|s| s.sval()).next_back();
            match inner {
                Some((_, true)) => inner,
                inner => type_name().map(|n| (n.to_owned(), false)).or(inner),
            }
        }
        Node::CollateClause(c) => figure(c.arg(), bound),
        Node::GroupingFunc(_) => strong("grouping"),
        Node::SubLink(s) => figure_sublink(s, bound),
        Node::CaseExpr(c) => match figure(c.defresult(), bound) {
            Some((name, true)) => Some((name, true)),
            _ => Some(("case".to_owned(), false)),
        },
        Node::A_ArrayExpr(_) => strong("array"),
        Node::RowExpr(_) => strong("row"),
        Node::CoalesceExpr(_) => strong("coalesce"),
        Node::MinMaxExpr(m) if m.op == nodes::MinMaxOp::IS_GREATEST => strong("greatest"),
        Node::MinMaxExpr(_) => strong("least"),
        Node::XmlExpr(x) => strong(super::xml::figure(x.op)?),
        Node::XmlSerialize(_) => strong("xmlserialize"),
        Node::SQLValueFunction(f) => strong(sql_value_name(f.op)),
        _ => None,
    }
}

/// A scalar sub-query is named for its column, which is known once it is bound.
fn figure_sublink(node: &nodes::SubLink, bound: &Expr) -> Option<(String, bool)> {
    match node.sub_link_type {
        nodes::SubLinkType::EXISTS_SUBLINK => Some(("exists".to_owned(), true)),
        nodes::SubLinkType::ARRAY_SUBLINK => Some(("array".to_owned(), true)),
        nodes::SubLinkType::EXPR_SUBLINK => {
            let mut name = None;
            bound.any(&mut |e| match e {
                Expr::SubLink(s) if s.location == node.location => {
                    name = s.query.output().next().map(|t| (t.name.clone(), true));
                    true
                }
                _ => false,
            });
            name
        }
        _ => None,
    }
}

fn sql_value_name(op: nodes::SQLValueFunctionOp::Type) -> &'static str {
    use nodes::SQLValueFunctionOp as Op;
    match op {
        Op::SVFOP_CURRENT_DATE => "current_date",
        Op::SVFOP_CURRENT_TIME | Op::SVFOP_CURRENT_TIME_N => "current_time",
        Op::SVFOP_CURRENT_TIMESTAMP | Op::SVFOP_CURRENT_TIMESTAMP_N => "current_timestamp",
        Op::SVFOP_LOCALTIME | Op::SVFOP_LOCALTIME_N => "localtime",
        Op::SVFOP_LOCALTIMESTAMP | Op::SVFOP_LOCALTIMESTAMP_N => "localtimestamp",
        Op::SVFOP_CURRENT_ROLE => "current_role",
        Op::SVFOP_CURRENT_USER => "current_user",
        Op::SVFOP_USER => "user",
        Op::SVFOP_SESSION_USER => "session_user",
        Op::SVFOP_CURRENT_CATALOG => "current_catalog",
        _ => "current_schema",
    }
}

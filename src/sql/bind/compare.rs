//! Operators in expressions: comparisons of values and rows, IN, BETWEEN, IS DISTINCT, NULLIF.

use super::oper::OperatorName;
use super::place::Place;
use super::state::Binder;
use crate::catalog::builtin::{self, CastContext};
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use crate::types::{Datum, Oid, oids};
use pg_raw_parse::{Node, nodes};

/// btree strategies, and 6 for `<>`, which PostgreSQL numbers after them.
const EQUAL: i16 = 3;
const NOT_EQUAL: i16 = 6;

impl<'n> Binder<'_, 'n> {
    /// An operator expression of any kind.
    pub fn bind_a_expr(&mut self, node: &'n nodes::A_Expr) -> Result<Expr> {
        use nodes::A_Expr_Kind as Kind;
        let name = OperatorName::new(node.name());
        let (left, right, at) = (node.lexpr(), node.rexpr(), node.location);
        match node.kind {
            Kind::AEXPR_OP | Kind::AEXPR_LIKE | Kind::AEXPR_ILIKE | Kind::AEXPR_SIMILAR => {
                self.bind_op(name, left, right, at)
            }
            Kind::AEXPR_OP_ANY | Kind::AEXPR_OP_ALL => {
                let scalar = self.bind_expr_here(left)?;
                let array = self.bind_expr_here(right)?;
                let any = node.kind == Kind::AEXPR_OP_ANY;
                self.make_scalar_array_op(name, any, scalar, array, at)
            }
            Kind::AEXPR_DISTINCT => self.bind_distinct(name, left, right, at, false),
            Kind::AEXPR_NOT_DISTINCT => self.bind_distinct(name, left, right, at, true),
            Kind::AEXPR_NULLIF => self.bind_nullif(name, left, right, at),
            Kind::AEXPR_IN => self.bind_in_list(name, left, right, at),
            _ => self.bind_between(node),
        }
    }

    /// `left op right` (`transformAExprOp`).
    fn bind_op(
        &mut self,
        name: OperatorName<'_>,
        left: Node<'n>,
        right: Node<'n>,
        location: i32,
    ) -> Result<Expr> {
        if let (Node::RowExpr(row), Node::SubLink(sub)) = (left, right)
            && sub.sub_link_type == nodes::SubLinkType::EXPR_SUBLINK
        {
            return self.bind_row_sublink(Node::RowExpr(row), name, sub);
        }
        let bound_left = match left {
            Node::None => None,
            left => Some(self.bind_expr_here(left)?),
        };
        let bound_right = match right {
            Node::None => None,
            right => Some(self.bind_expr_here(right)?),
        };
        match (left, right, bound_left, bound_right) {
            (Node::RowExpr(_), Node::RowExpr(_), Some(Expr::Row(l)), Some(Expr::Row(r))) => {
                self.compare_rows(name, l.args, r.args, location)
            }
            (_, _, left, right) => self.make_op(name, left, right, location),
        }
    }

    /// Compares rows column by column (`make_row_comparison_op`).
    pub fn compare_rows(
        &mut self,
        name: OperatorName<'_>,
        left: Vec<Expr>,
        right: Vec<Expr>,
        location: i32,
    ) -> Result<Expr> {
        check_row_lengths(&left, &right, location)?;
        if left.is_empty() {
            let message = "cannot compare rows of zero length";
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).at(location));
        }
        let mut calls = Vec::with_capacity(left.len());
        for (l, r) in left.into_iter().zip(right) {
            let op = self.find_operator(name, l.type_oid(), r.type_oid(), location)?;
            let call = self.call_operator(op, vec![l, r], location)?;
            if call.type_oid != oids::BOOL {
                let message = format!(
                    "row comparison operator must yield type boolean, not type {}",
                    self.type_name(call.type_oid)
                );
                return Err(PgError::new(code::DATATYPE_MISMATCH, message).at(location));
            }
            calls.push(call);
        }
        let call = |c: FuncCall| Expr::Func(Box::new(c));
        if calls.len() == 1 {
            return Ok(call(calls.remove(0)));
        }
        match row_strategy(&calls) {
            Some(EQUAL) => Ok(Expr::Bool(BoolOp::And, calls.into_iter().map(call).collect())),
            Some(NOT_EQUAL) => Ok(Expr::Bool(BoolOp::Or, calls.into_iter().map(call).collect())),
            Some(strategy) => Ok(row_compare(strategy, calls)),
            None => {
                let message = format!(
                    "could not determine interpretation of row comparison operator {}",
                    name.name
                );
                Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).at(location).hint(
                    "Row comparison operators must be associated with btree operator families.",
                ))
            }
        }
    }

    fn bind_distinct(
        &mut self,
        name: OperatorName<'_>,
        left: Node<'n>,
        right: Node<'n>,
        location: i32,
        negate: bool,
    ) -> Result<Expr> {
        // With a literal NULL it is a null test.
        let other = match (is_null_literal(left), is_null_literal(right)) {
            (_, true) => Some(left),
            (true, _) => Some(right),
            _ => None,
        };
        if let Some(other) = other {
            let arg = Box::new(self.bind_expr_here(other)?);
            return Ok(Expr::NullTest { arg, is_null: negate, row: false, location });
        }
        let (l, r) = (self.bind_expr_here(left)?, self.bind_expr_here(right)?);
        let distinct = match (left, right, l, r) {
            (Node::RowExpr(_), Node::RowExpr(_), Expr::Row(l), Expr::Row(r)) => {
                check_row_lengths(&l.args, &r.args, location)?;
                let mut parts = Vec::new();
                for (l, r) in l.args.into_iter().zip(r.args) {
                    parts.push(self.make_distinct(name, l, r, location)?);
                }
                match parts.len() {
                    0 => Expr::constant(Datum::Bool(false), oids::BOOL),
                    1 => parts.remove(0),
                    _ => Expr::Bool(BoolOp::Or, parts),
                }
            }
            (_, _, l, r) => self.make_distinct(name, l, r, location)?,
        };
        Ok(if negate { Expr::Bool(BoolOp::Not, vec![distinct]) } else { distinct })
    }

    fn make_distinct(
        &mut self,
        name: OperatorName<'_>,
        left: Expr,
        right: Expr,
        location: i32,
    ) -> Result<Expr> {
        let call = self.equality(name, left, right, location, "IS DISTINCT FROM")?;
        Ok(Expr::Distinct(Box::new(call)))
    }

    fn bind_nullif(
        &mut self,
        name: OperatorName<'_>,
        left: Node<'n>,
        right: Node<'n>,
        location: i32,
    ) -> Result<Expr> {
        let (left, right) = (self.bind_expr_here(left)?, self.bind_expr_here(right)?);
        let call = self.equality(name, left, right, location, "NULLIF")?;
        Ok(Expr::NullIf(Box::new(call)))
    }

    /// The `=` call inside a construct.
    fn equality(
        &mut self,
        name: OperatorName<'_>,
        left: Expr,
        right: Expr,
        location: i32,
        construct: &str,
    ) -> Result<FuncCall> {
        let op = self.find_operator(name, left.type_oid(), right.type_oid(), location)?;
        let call = self.call_operator(op, vec![left, right], location)?;
        if call.type_oid != oids::BOOL {
            let message = format!("{construct} requires = operator to yield boolean");
            return Err(PgError::new(code::DATATYPE_MISMATCH, message).at(location));
        }
        Ok(call)
    }

    /// `x IN (a, b, …)`: one array comparison for the constants, and one operator for each item
    /// that has variables or does not fit (`transformAExprIn`).
    fn bind_in_list(
        &mut self,
        name: OperatorName<'_>,
        left: Node<'n>,
        right: Node<'n>,
        location: i32,
    ) -> Result<Expr> {
        let any = name.name != "<>";
        let scalar = self.bind_expr_here(left)?;
        let mut items = Vec::new();
        for node in right.as_node_list().into_iter().flat_map(|l| l.iter()) {
            items.push((matches!(node, Node::RowExpr(_)), self.bind_expr_here(node)?));
        }
        let constant = |e: &Expr| !e.any(&mut |e| matches!(e, Expr::Var(v) if v.level == 0));
        let constants = items.iter().filter(|i| constant(&i.1)).count();
        let mut result = None;
        if constants > 1 {
            let mut all = vec![scalar.type_oid()];
            all.extend(items.iter().filter(|i| constant(&i.1)).map(|i| i.1.type_oid()));
            if let Some((element_type, type_oid)) = self.in_list_type(&all) {
                let (inside, rest): (Vec<_>, Vec<_>) =
                    items.into_iter().partition(|i| constant(&i.1));
                items = rest;
                let convert = |(_, e)| self.coerce_to_common(e, element_type, "IN");
                let elements = inside.into_iter().map(convert).collect::<Result<Vec<_>>>()?;
                let array = Expr::Array(Box::new(ArrayExpr {
                    type_oid,
                    element_type,
                    collation: self.collation(type_oid),
                    elements,
                    multidims: false,
                    location: -1,
                }));
                let test = self.make_scalar_array_op(name, any, scalar.clone(), array, location)?;
                result = Some(test);
            }
        }
        let mut parts: Vec<Expr> = result.into_iter().collect();
        for (is_row, item) in items {
            let test = match (left, is_row, &scalar, item) {
                (Node::RowExpr(_), true, Expr::Row(l), Expr::Row(r)) => {
                    self.compare_rows(name, l.args.clone(), r.args, location)?
                }
                (_, _, scalar, item) => {
                    self.make_op(name, Some(scalar.clone()), Some(item), location)?
                }
            };
            parts.push(self.coerce_to_boolean(test, "IN")?);
        }
        let op = if any { BoolOp::Or } else { BoolOp::And };
        // Pairwise, as PostgreSQL builds it.
        let joined = parts.into_iter().reduce(|all, part| match all {
            Expr::Bool(o, mut args) if o == op && args.len() >= 2 => {
                args.push(part);
                Expr::Bool(op, args)
            }
            all => Expr::Bool(op, vec![all, part]),
        });
        joined.ok_or_else(|| PgError::internal("an empty IN list"))
    }

    /// The element and array type that scalar and constants share, rows excepted.
    fn in_list_type(&self, types: &[Oid]) -> Option<(Oid, Oid)> {
        let common = self.try_common_type(types)?;
        let fits = types.iter().all(|t| self.can_coerce(*t, common, CastContext::Implicit));
        if common == oids::RECORD || !fits {
            return None;
        }
        Some((common, self.array_of(common)?))
    }

    /// BETWEEN as comparisons; the operand is bound once for each, as in PostgreSQL.
    fn bind_between(&mut self, node: &'n nodes::A_Expr) -> Result<Expr> {
        use nodes::A_Expr_Kind as Kind;
        let (x, at) = (node.lexpr(), node.location);
        let bounds = node.rexpr().as_node_list();
        let bound = |i| bounds.and_then(|l| l.get(i)).unwrap_or(Node::None);
        let (low, high) = (bound(0), bound(1));
        let negated = matches!(node.kind, Kind::AEXPR_NOT_BETWEEN | Kind::AEXPR_NOT_BETWEEN_SYM);
        let symmetric = matches!(node.kind, Kind::AEXPR_BETWEEN_SYM | Kind::AEXPR_NOT_BETWEEN_SYM);
        let (above, below, inner, outer) = if negated {
            ("<", ">", BoolOp::Or, BoolOp::And)
        } else {
            (">=", "<=", BoolOp::And, BoolOp::Or)
        };
        let mut side = |low, high| -> Result<Expr> {
            let first = self.bind_op(OperatorName::plain(above), x, low, at)?;
            let second = self.bind_op(OperatorName::plain(below), x, high, at)?;
            Ok(Expr::Bool(inner, vec![first, second]))
        };
        let straight = side(low, high)?;
        if !symmetric {
            return Ok(straight);
        }
        let reversed = side(high, low)?;
        Ok(Expr::Bool(outer, vec![straight, reversed]))
    }

    /// Expressions of a list, `*` expanded; DEFAULT where VALUES allows it
    /// (`transformExpressionList`).
    pub fn bind_expr_list(
        &mut self,
        list: &'n pg_raw_parse::list::NodeList,
        place: Place,
        allow_default: bool,
    ) -> Result<Vec<Expr>> {
        let mut result = Vec::with_capacity(list.len());
        for node in list {
            match node {
                Node::ColumnRef(column) if super::target::ends_with_star(column) => {
                    let columns = self.expand_star(column)?;
                    result.extend(columns.into_iter().map(|(_, expr)| expr));
                }
                Node::A_Indirection(ind) if super::target::indirection_star(ind) => {
                    let columns = self.expand_row_star(ind, place)?;
                    result.extend(columns.into_iter().map(|(_, expr)| expr));
                }
                Node::SetToDefault(default) if allow_default => result.push(Expr::SetToDefault {
                    type_oid: oids::UNKNOWN,
                    typmod: -1,
                    location: default.location,
                }),
                node => result.push(self.bind_expr_in(node, place)?),
            }
        }
        Ok(result)
    }
}

fn is_null_literal(node: Node<'_>) -> bool {
    matches!(node, Node::A_Const(c) if c.isnull || c.val().is_none())
}

fn check_row_lengths(left: &[Expr], right: &[Expr], location: i32) -> Result<()> {
    if left.len() == right.len() {
        return Ok(());
    }
    let message = "unequal number of entries in row expressions";
    Err(PgError::new(code::SYNTAX_ERROR, message).at(location))
}

/// What all the columns' operators mean in a btree family they share.
fn row_strategy(calls: &[FuncCall]) -> Option<i16> {
    let strategies = |call: &FuncCall| -> Vec<i16> {
        let Some(op) = call.op else { return Vec::new() };
        let btree = |op: Oid| {
            let members = builtin::amops_of_operator(op).iter();
            members.filter(|m| m.method == builtin::oid::BTREE).map(|m| m.strategy)
        };
        let mut found: Vec<i16> = btree(op).collect();
        let negator = builtin::operator(op).map_or(0, |o| o.negator);
        if negator != 0 && btree(negator).any(|s| s == EQUAL) {
            found.push(NOT_EQUAL);
        }
        found
    };
    let mut common = strategies(calls.first()?);
    for call in &calls[1..] {
        let here = strategies(call);
        common.retain(|s| here.contains(s));
    }
    common.into_iter().min()
}

fn row_compare(strategy: i16, calls: Vec<FuncCall>) -> Expr {
    let kind = match strategy {
        1 => RowCompareKind::Lt,
        2 => RowCompareKind::Le,
        4 => RowCompareKind::Ge,
        _ => RowCompareKind::Gt,
    };
    let mut compare = RowCompare {
        kind,
        ops: Vec::new(),
        collations: Vec::new(),
        left: Vec::new(),
        right: Vec::new(),
    };
    for call in calls {
        compare.ops.push((call.op.unwrap_or(0), call.func));
        let mut args = call.args.into_iter();
        compare.left.extend(args.next());
        compare.right.extend(args.next());
    }
    Expr::RowCompare(Box::new(compare))
}

//! Programs as DataFusion expressions.
//!
//! Native: columns, constants, comparisons of types whose Arrow order is PostgreSQL's, IS NULL, and
//! AND, OR, NOT of these. None of them can fail, so it does not matter that DataFusion evaluates
//! both sides of an AND. Everything else is a [`RowExpr`].

use super::row_expr::{Bindings, Output, RowExpr};
use crate::catalog::builtin;
use crate::exec::ExecState;
use crate::exec::expr::{Node, Program};
use crate::exec::op::KeyColumn;
use crate::types::{Datum, Oid, arrow, oids};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{
    BinaryExpr, Column, IsNotNullExpr, IsNullExpr, Literal, NotExpr,
};
use std::sync::Arc;

/// What lowering knows: one execution's parameters and outer values are constants to it.
pub(in crate::exec) struct Lowering {
    bindings: Arc<Bindings>,
    pub view: crate::storage::ReadView,
}

impl Lowering {
    pub fn new(state: &ExecState) -> Lowering {
        let outer = state.outer.borrow().clone();
        let bindings = Bindings { cx: state.cx.clone(), params: state.params.clone(), outer };
        Lowering { bindings: Arc::new(bindings), view: state.view.clone() }
    }

    pub(super) fn bindings(&self) -> &Arc<Bindings> {
        &self.bindings
    }

    /// Where EXPLAIN ANALYZE notes what ran.
    pub fn measurements(&self) -> Option<&crate::exec::explain::Measurements> {
        self.bindings.cx.measurements.as_deref()
    }

    pub fn cancel(&self) -> crate::exec::CancelToken {
        self.bindings.cx.cancel.clone()
    }

    /// A fresh state, for evaluating key bounds.
    pub fn state(&self) -> ExecState {
        let state = ExecState::new(self.bindings.cx.clone(), self.bindings.params.clone());
        *state.outer.borrow_mut() = self.bindings.outer.clone();
        state
    }

    fn row_expr(
        &self,
        programs: Vec<Program>,
        output: Output,
        types: &Arc<Vec<Oid>>,
    ) -> Option<Arc<dyn PhysicalExpr>> {
        let mut used = Vec::new();
        for program in &programs {
            program.node().slots(&mut used)?;
        }
        used.sort_unstable();
        used.dedup();
        let (programs, bindings) = (Arc::new(programs), self.bindings.clone());
        Some(Arc::new(RowExpr { programs, output, bindings, types: types.clone(), used }))
    }
}

/// A program's value over rows of these column types; `None`: it must run on row operators.
pub(in crate::exec) fn value(
    program: &Program,
    types: &Arc<Vec<Oid>>,
    cx: &Lowering,
) -> Option<Arc<dyn PhysicalExpr>> {
    match native(program.node(), types, cx) {
        Some(native) => Some(native),
        None => cx.row_expr(vec![program.clone()], Output::Value(program.type_oid()), types),
    }
}

/// A condition, and whether it is native.
pub(in crate::exec) fn predicate(
    program: &Program,
    types: &Arc<Vec<Oid>>,
    cx: &Lowering,
) -> Option<(Arc<dyn PhysicalExpr>, bool)> {
    let is_native = native(program.node(), types, cx).is_some();
    Some((value(program, types, cx)?, is_native))
}

/// The key bytes of sort or join columns.
pub(in crate::exec) fn key(
    columns: &[KeyColumn],
    join: bool,
    types: &Arc<Vec<Oid>>,
    cx: &Lowering,
) -> Option<Arc<dyn PhysicalExpr>> {
    let programs = columns.iter().map(|c| c.value.clone()).collect();
    let shape = columns.iter().map(|c| (c.type_oid, c.descending, c.nulls_first)).collect();
    cx.row_expr(programs, Output::Key { columns: shape, join }, types)
}

fn native(node: &Node, types: &Arc<Vec<Oid>>, cx: &Lowering) -> Option<Arc<dyn PhysicalExpr>> {
    Some(match node {
        Node::Slot(slot) => Arc::new(Column::new(&format!("c{slot}"), *slot)),
        Node::NullTest(test) if !test.row => {
            let arg = native(&test.arg, types, cx)?;
            match test.is_null {
                true => Arc::new(IsNullExpr::new(arg)),
                false => Arc::new(IsNotNullExpr::new(arg)),
            }
        }
        Node::Not(arg) => Arc::new(NotExpr::new(native(arg, types, cx)?)),
        Node::And(args) => fold(args, Operator::And, types, cx)?,
        Node::Or(args) => fold(args, Operator::Or, types, cx)?,
        Node::Call(call) => {
            let (op, type_oid) = comparison(call.callee.func)?;
            let [left, right] = call.args.as_slice() else { return None };
            let left = operand(left, type_oid, types, cx)?;
            let right = operand(right, type_oid, types, cx)?;
            Arc::new(BinaryExpr::new(left, op, right))
        }
        _ => return None,
    })
}

fn fold(
    args: &[Node],
    op: Operator,
    types: &Arc<Vec<Oid>>,
    cx: &Lowering,
) -> Option<Arc<dyn PhysicalExpr>> {
    let mut args = args.iter().map(|arg| native(arg, types, cx));
    let first = args.next()??;
    args.try_fold(first, |all, arg| Some(Arc::new(BinaryExpr::new(all, op, arg?)) as _))
}

/// A comparison's operand: a column or a constant of exactly the type.
fn operand(
    node: &Node,
    type_oid: Oid,
    types: &[Oid],
    cx: &Lowering,
) -> Option<Arc<dyn PhysicalExpr>> {
    let constant = |value: &Datum| -> Option<Arc<dyn PhysicalExpr>> {
        let mut builder = arrow::Builder::new(type_oid, 1);
        builder.append(value);
        let scalar = ScalarValue::try_from_array(&builder.finish(), 0).ok()?;
        Some(Arc::new(Literal::new(scalar)))
    };
    match node {
        Node::Slot(slot) if arrow::data_type(types[*slot]) == arrow::data_type(type_oid) => {
            Some(Arc::new(Column::new(&format!("c{slot}"), *slot)))
        }
        Node::Const(value) => constant(value),
        Node::Param(index) => constant(cx.bindings.params.get(*index)?),
        Node::Outer(index) => constant(cx.bindings.outer.get(*index)?),
        _ => None,
    }
}

/// The comparison that a function is, where Arrow compares as PostgreSQL does.
fn comparison(func: Oid) -> Option<(Operator, Oid)> {
    let source: &str = &builtin::proc(func)?.src;
    let families = [
        ("int2", oids::INT2),
        ("int4", oids::INT4),
        ("int8", oids::INT8),
        ("oid", oids::OID),
        ("date_", oids::DATE),
        ("text_", oids::TEXT),
        ("text", oids::TEXT),
    ];
    let (rest, type_oid) =
        families.iter().find_map(|(prefix, t)| Some((source.strip_prefix(prefix)?, *t)))?;
    let op = match rest {
        "eq" => Operator::Eq,
        "ne" => Operator::NotEq,
        "lt" => Operator::Lt,
        "le" => Operator::LtEq,
        "gt" => Operator::Gt,
        "ge" => Operator::GtEq,
        _ => return None,
    };
    Some((op, type_oid))
}

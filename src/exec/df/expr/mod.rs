//! Programs as DataFusion expressions.
//!
//! Native is what Arrow's kernels, or ours ([`kernel`]), compute exactly as the row operators do:
//! one file per topic. Everything else is a [`RowExpr`].
//!
//! Two rules keep PostgreSQL's errors. An expression that can fail is *fallible*; it is evaluated
//! only on rows on which PostgreSQL would evaluate it: [`logic`] and [`conditional`] select them.
//! And a decimal that may not fit is computed only where the plan can start anew
//! ([`super::lowering`]).

mod arithmetic;
mod cast;
mod compare;
mod conditional;
mod constant;
mod datetime;
mod decimal;
mod kernel;
mod logic;
mod membership;
mod short_texts;
mod text;

pub(super) use kernel::{evaluates_all_children, exact};
pub(super) use short_texts::as_lists;

use super::columns::Columns;
use super::lowering::Lowering;
use super::row_expr::{Input, Output, RowExpr};
use crate::catalog::builtin;
use crate::exec::expr::{Node, Program, Reads};
use crate::exec::op::KeyColumn;
use crate::types::arrow::{ColumnType, Form, travels};
use crate::types::collation::is_collated;
use crate::types::{Datum, Oid, oids};
use datafusion::arrow::compute::SortOptions;
use datafusion::physical_expr::{PhysicalExpr, PhysicalSortExpr};
use std::sync::Arc;

type DfResult<T> = datafusion::error::Result<T>;

/// A lowered expression.
#[derive(Clone)]
pub(in crate::exec) struct Typed {
    pub expr: Arc<dyn PhysicalExpr>,
    pub ty: ColumnType,
    /// The value, where it is a constant.
    pub literal: Option<Datum>,
    /// It can raise an error: it must not see rows that PostgreSQL would not evaluate it on.
    pub fallible: bool,
    /// It runs on arrays, not row by row.
    pub native: bool,
}

/// What expressions are lowered over.
#[derive(Clone, Copy)]
struct Scope<'a> {
    cx: &'a Lowering<'a>,
    columns: &'a Columns,
    /// The operand of the CASE around.
    case_test: Option<&'a Typed>,
}

/// A program's value over rows of these columns; `None`: it must run on row operators.
pub(in crate::exec) fn value(
    program: &Program,
    columns: &Columns,
    cx: &Lowering<'_>,
) -> Option<Typed> {
    let scope = Scope { cx, columns, case_test: None };
    match scope.native(program.node(), program.type_oid()) {
        Some(native) => Some(native),
        None => {
            travels(program.type_oid()).then_some(())?;
            let output = Output::Value(program.type_oid());
            let expr = row_expr(vec![program.clone()], output, columns, cx)?;
            let ty = program.type_oid().into();
            Some(Typed { expr, ty, literal: None, fallible: true, native: false })
        }
    }
}

/// The key bytes of sort, group or join columns.
pub(in crate::exec) fn key(
    keys: &[KeyColumn],
    join: bool,
    columns: &Columns,
    cx: &Lowering<'_>,
) -> Option<Arc<dyn PhysicalExpr>> {
    let programs = keys.iter().map(|c| c.value.clone()).collect();
    let shape = keys.iter().map(|c| (c.type_oid, c.descending, c.nulls_first)).collect();
    row_expr(programs, Output::Key { columns: shape, join }, columns, cx)
}

/// A sort column: in Arrow's order where that is PostgreSQL's, else by key bytes.
pub(in crate::exec) fn sort_key(
    column: &KeyColumn,
    columns: &Columns,
    cx: &Lowering<'_>,
) -> Option<PhysicalSortExpr> {
    let found = value(&column.value, columns, cx)?;
    if is_collated(column.type_oid) {
        let key = key(std::slice::from_ref(column), false, columns, cx)?;
        return Some(PhysicalSortExpr::new_default(key));
    }
    let options = SortOptions { descending: column.descending, nulls_first: column.nulls_first };
    match compare::ordered(found) {
        Some(expr) => Some(PhysicalSortExpr::new(expr, options)),
        None => Some(PhysicalSortExpr::new_default(key(
            std::slice::from_ref(column),
            false,
            columns,
            cx,
        )?)),
    }
}

/// Both sides of a join's equality, as columns that are equal in Arrow where they are in PostgreSQL;
/// `None`: they join by key bytes.
pub(in crate::exec) fn join_keys(left: Typed, right: Typed) -> Option<[Typed; 2]> {
    let [left, right] = compare::aligned(left, right)?;
    (is_equal_as_arrow(left.ty) && left.ty.data_type() == right.ty.data_type())
        .then_some([left, right])
}

/// Whether values of a column are equal exactly where Arrow's are.
pub(in crate::exec) fn is_equal_as_arrow(ty: ColumnType) -> bool {
    match ty.form {
        Form::Decimal { .. } | Form::Padded(_) => true,
        Form::Plain => matches!(
            ty.oid,
            oids::BOOL
                | oids::CHAR
                | oids::INT2
                | oids::INT4
                | oids::INT8
                | oids::ANYENUM
                | oids::OID
                | oids::TEXT
                | oids::VARCHAR
                | oids::NAME
                | oids::BYTEA
                | oids::UUID
                | oids::INET
                | oids::CIDR
                | oids::MACADDR
                | oids::MACADDR8
                | oids::HSTORE
                | oids::BIT
                | oids::VARBIT
                | oids::MONEY
                | oids::PG_LSN
                | oids::XID8
                | oids::DATE
                | oids::TIME
                | oids::TIMESTAMP
                | oids::TIMESTAMPTZ
        ),
    }
}

/// Both or all conditions, as logic has them.
pub(in crate::exec) fn all_of(conditions: Vec<Typed>) -> Option<Typed> {
    logic::combined(conditions, true)
}

/// An argument that is evaluated only where a condition holds, and NULL elsewhere.
pub(in crate::exec) fn only_if(condition: &Typed, argument: Typed) -> Option<Typed> {
    conditional::only_if(condition, argument)
}

/// A CASE of decimals of different scales as one of the largest of them, and each row's own scale.
pub(in crate::exec) fn with_scale(
    program: &Program,
    columns: &Columns,
    cx: &Lowering<'_>,
) -> Option<[Typed; 2]> {
    let Node::Case(case) = program.node() else { return None };
    conditional::with_scale(&Scope { cx, columns, case_test: None }, case)
}

fn row_expr(
    programs: Vec<Program>,
    output: Output,
    columns: &Columns,
    cx: &Lowering<'_>,
) -> Option<Arc<dyn PhysicalExpr>> {
    let mut reads = Reads::default();
    for program in &programs {
        program.node().reads(&mut reads)?;
    }
    cx.compute(&reads)?;
    let mut slots = reads.slots;
    for lookup in &reads.lookups {
        slots.push(columns.lookup(lookup.cache)?);
    }
    slots.sort_unstable();
    slots.dedup();
    let (mut inputs, mut exprs) = (Vec::new(), Vec::new());
    for slot in slots {
        let (expr, ty) = columns.column(slot)?;
        inputs.push(Input { slot, ty });
        exprs.push(expr);
    }
    Some(Arc::new(RowExpr {
        programs: Arc::new(programs),
        output,
        bindings: cx.bindings().clone(),
        width: columns.width(),
        inputs,
        lookups: columns.lookups().to_vec(),
        columns: exprs,
    }))
}

impl Typed {
    fn native(expr: Arc<dyn PhysicalExpr>, ty: impl Into<ColumnType>, of: &[&Typed]) -> Typed {
        let fallible = of.iter().any(|arg| arg.fallible);
        Typed { expr, ty: ty.into(), literal: None, fallible, native: true }
    }

    /// The same expression as one that can raise an error itself.
    fn fallible(self) -> Typed {
        Typed { fallible: true, ..self }
    }
}

impl Scope<'_> {
    /// The native form of a node whose type is `want`.
    fn native(&self, node: &Node, want: Oid) -> Option<Typed> {
        match node {
            Node::Slot(slot) => {
                let (expr, ty) = self.columns.column(*slot)?;
                Some(Typed::native(expr, ty, &[]))
            }
            Node::Const(value) => constant::literal(value, want.into()),
            Node::Param(index) => constant::literal(self.cx.param(*index)?, want.into()),
            Node::Outer(index) => constant::literal(self.cx.outer(*index)?, want.into()),
            Node::CaseTest => self.case_test.cloned(),
            Node::Program(program) => self.native(program.node(), program.type_oid()),
            Node::SubPlan(plan) if plan.is_constant() => {
                constant::literal(&self.cx.sub_plan(plan)?, want.into())
            }
            Node::Lookup(lookup) => {
                let (expr, ty) = self.columns.column(self.columns.lookup(lookup.cache)?)?;
                Some(Typed::native(expr, ty, &[]))
            }
            Node::Call(call) => self.call(call),
            Node::Distinct(call) => compare::distinct(self, call),
            Node::NullTest(test) if !test.row => logic::null_test(self, test),
            Node::Not(arg) => logic::negation(self, arg),
            Node::And(args) => logic::combined(self.each(args, oids::BOOL)?, true),
            Node::Or(args) => logic::combined(self.each(args, oids::BOOL)?, false),
            Node::ScalarArray(s) => membership::membership(self, s),
            Node::Case(case) => conditional::case(self, case, want),
            Node::Coalesce(args) => conditional::coalesce(self.each(args, want)?, want),
            _ => None,
        }
    }

    fn each(&self, nodes: &[Node], want: Oid) -> Option<Vec<Typed>> {
        nodes.iter().map(|node| self.native(node, want)).collect()
    }

    /// A function's call, known by its C function's name.
    fn call(&self, call: &crate::exec::expr::Call) -> Option<Typed> {
        let source: &str = &builtin::proc(call.callee.func)?.src;
        compare::call(self, source, call)
            .or_else(|| arithmetic::call(self, source, call))
            .or_else(|| cast::call(self, source, &call.args))
            .or_else(|| text::call(self, source, call))
            .or_else(|| datetime::call(self, source, &call.args))
    }
}

//! Compiled expressions.
//!
//! [`nodes::Expr`](crate::nodes::Expr) names columns by range table and functions by OID. Compiling
//! resolves both once: columns to slots of the operator's input row ([`Layout`]), functions to
//! pointers, constants folded. What remains is a small tree ([`node::Node`]) that [`Program::eval`]
//! walks, with PostgreSQL's three-valued logic and evaluation order: AND, OR, CASE and COALESCE
//! evaluate no more than they need; a strict function is not called when an argument is NULL.
//!
//! The same programs run in row operators and, row by row, inside DataFusion plans.

mod array;
mod call;
mod cast;
mod compare;
mod compile;
mod domain;
pub(in crate::exec) mod eval;
mod lookup;
mod node;
mod relabel;
mod simple;
mod sqlvalue;
mod subplan;
mod subscript;
mod xml;

pub(in crate::exec) use call::{Call, Callee, signature};
pub(in crate::exec) use compile::{Compiler, NoScope, Scope};
pub use domain::check_domain;
pub(in crate::exec) use lookup::{Lookup, LookupKey};
pub(in crate::exec) use node::{Case, Node, NullTest, Reads, ScalarArray};
pub(in crate::exec) use subplan::{SubPlan, SubPlanKind};

use super::{ExecState, Layout};
use crate::catalog::Catalog;
use crate::error::Result;
use crate::nodes::Expr;
use crate::types::{Datum, Oid};
use std::sync::Arc;

/// Parameters from here on are outer values (the planner's placeholders), not the statement's.
pub(in crate::exec) const OUTER_PARAM_BASE: u32 = 1 << 30;

/// An expression ready to be evaluated on rows of one layout. Cheap to clone.
#[derive(Clone)]
pub struct Program {
    root: Arc<Node>,
    type_oid: Oid,
}

impl Program {
    /// Compiles an expression without subqueries, aggregates or outer references, over rows of
    /// `layout`.
    pub fn compile(expr: &Expr, layout: &Layout, catalog: &Catalog) -> Result<Program> {
        Compiler::new(catalog, layout, &mut NoScope).program(expr)
    }

    /// The expression's value on `row`.
    pub fn eval(&self, state: &ExecState, row: &[Datum]) -> Result<Datum> {
        self.root.eval(&eval::Eval { state, row, case_test: None })
    }

    /// Whether the expression is true: WHERE's test. NULL is not.
    pub fn is_true(&self, state: &ExecState, row: &[Datum]) -> Result<bool> {
        Ok(matches!(self.eval(state, row)?, Datum::Bool(true)))
    }

    /// The slot that the expression merely reads, if it does.
    pub(in crate::exec) fn as_slot(&self) -> Option<usize> {
        match &*self.root {
            Node::Slot(slot) => Some(*slot),
            _ => None,
        }
    }

    /// The constant that the expression is, if it is one.
    pub(in crate::exec) fn as_const(&self) -> Option<&Datum> {
        match &*self.root {
            Node::Const(value) => Some(value),
            _ => None,
        }
    }

    /// A function of another program's value.
    pub(in crate::exec) fn call(callee: Callee, arg: Program) -> Program {
        let (type_oid, arg) = (callee.result_type, Node::Program(arg));
        Program::new(Node::Call(Box::new(call::Call { callee, args: vec![arg] })), type_oid)
    }

    pub(in crate::exec) fn node(&self) -> &Node {
        &self.root
    }

    /// The type of the value.
    pub(in crate::exec) fn type_oid(&self) -> Oid {
        self.type_oid
    }

    pub(in crate::exec) fn new(root: Node, type_oid: Oid) -> Program {
        Program { root: Arc::new(root), type_oid }
    }

    /// A column of the row.
    pub(in crate::exec) fn slot(slot: usize, type_oid: Oid) -> Program {
        Program::new(Node::Slot(slot), type_oid)
    }
}

//! Big inputs on DataFusion.
//!
//! The row operators are exact for everything; DataFusion adds parallel scans and joins, vectorised
//! filters, and sorts and aggregates that spill to disk. When a subtree of a plan starts that is
//! estimated to cost much ([`columnar()`]), its nodes lower themselves
//! ([`PlanNode::lower`](crate::exec::op::PlanNode::lower)) to DataFusion's physical operators; where
//! one cannot, the subtree's first node runs on rows, and its inputs try for themselves.
//!
//! We build physical operators, not logical plans: our planner has already ordered joins and placed
//! conditions, and no optimizer rule gets to change PostgreSQL's arithmetic or evaluation order.
//! Exactness rests on two things. Expressions are lowered natively only where Arrow's result is
//! PostgreSQL's ([`expr`]), else the compiled program runs per row inside the plan. Keys of joins and
//! sorts are bytes of [`types::key`](crate::types::key) wherever Arrow's own comparison differs.

mod aggregate;
mod cold;
mod columnar;
mod expr;
mod group;
mod row_expr;
mod runtime;
mod scan;
mod table;

pub(in crate::exec) use columnar::columnar;
pub(in crate::exec) use expr::{Lowering, key, predicate, value};
pub(in crate::exec) use group::{distinct, grouped};
pub(in crate::exec) use table::table;

use crate::types::{Oid, arrow};
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::physical_plan::ExecutionPlan;
use std::sync::Arc;

/// A lowered subtree: its operator, and the PostgreSQL types of its columns.
pub(in crate::exec) struct Lowered {
    pub plan: Arc<dyn ExecutionPlan>,
    pub types: Vec<Oid>,
}

/// Columns named by position: nothing refers to them by name.
pub(in crate::exec) fn schema(types: &[Oid]) -> SchemaRef {
    let field = |(n, t): (usize, &Oid)| arrow::field(&format!("c{n}"), *t, -1);
    Arc::new(Schema::new(types.iter().enumerate().map(field).collect::<Vec<_>>()))
}

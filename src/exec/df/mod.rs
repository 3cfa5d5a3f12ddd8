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
//!
//! A node is told which of its columns something above it reads, and carries no others.

mod aggregate;
mod cold;
mod columnar;
mod columns;
mod common;
mod expr;
mod filter;
mod group;
mod lookup;
mod lowering;
mod measured;
mod pruning;
mod row_expr;
mod rows;
mod runtime;
mod scan;
mod table;

pub(in crate::exec) use columnar::columnar;
pub(in crate::exec) use columns::{Columns, Needed, Place};
pub(in crate::exec) use expr::{all_of, join_keys, key, sort_key, value};
pub(in crate::exec) use filter::{filtered, has_lookups};
pub(in crate::exec) use group::{distinct, grouped, grouping_reads};
pub(in crate::exec) use lookup::with_lookups;
pub(in crate::exec) use lowering::Lowering;
pub(in crate::exec) use pruning::Pruning;
pub(in crate::exec) use rows::gathered;
pub(in crate::exec) use table::table;

use datafusion::physical_plan::ExecutionPlan;
use std::sync::Arc;

/// A lowered node with its rows counted.
pub(in crate::exec) fn measured(lowered: Lowered) -> Lowered {
    Lowered { plan: Arc::new(measured::MeasuredExec::new(lowered.plan)), ..lowered }
}

/// A lowered subtree: its operator, and where the columns of its rows are.
pub(in crate::exec) struct Lowered {
    pub plan: Arc<dyn ExecutionPlan>,
    pub columns: Columns,
}

//! Aggregates on DataFusion.
//!
//! Each partition of the input aggregates for itself; the partial results are partitioned by group and
//! merged. Counts, sums, averages and extremes of most types are computed on arrays: by
//! DataFusion's accumulators where they give PostgreSQL's values and types, by [`sum`]'s where not.
//! Everything else that can be merged runs on the row operators' states ([`row`]).

mod float;
mod grouped;
mod row;
mod sum;

pub(super) use row::{Kind, is_mergeable, udf};

use super::expr::Typed;
use super::lowering::Lowering;
use crate::exec::expr::signature;
use crate::exec::op::AggregateCall;
use crate::types::arrow::{ColumnType, data_type};
use crate::types::oids;
use datafusion::arrow::datatypes::DataType;
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::functions_aggregate::min_max::{max_udaf, min_udaf};
use datafusion::logical_expr::AggregateUDF;
use std::sync::Arc;

/// An aggregate on arrays, and the type of its values.
pub(super) struct Native {
    pub function: Arc<AggregateUDF>,
    pub result: ColumnType,
}

/// The form on arrays of a call without DISTINCT or ORDER BY, over these arguments.
pub(super) fn native(
    call: &AggregateCall,
    args: &[Typed],
    number: usize,
    cx: &Lowering<'_>,
) -> Option<Native> {
    let plain = call.direct.is_empty() && call.order.is_empty() && !call.hypothetical;
    plain.then_some(())?;
    let signature = signature(call.func);
    let (name, _) = signature.split_once('(')?;
    match (name, args) {
        ("count", _) => Some(Native { function: count_udaf(), result: oids::INT8.into() }),
        ("min" | "max", [arg]) if is_ordered(arg.ty) => {
            let function = if name == "min" { min_udaf() } else { max_udaf() };
            Some(Native { function, result: arg.ty })
        }
        ("sum", [arg, _]) => {
            let goal = sum::Goal::Scaled { scale: arg.ty.as_decimal()?.1 };
            Some(Native { function: grouped::udf(goal, number), result: goal.result() })
        }
        ("sum", [arg]) if matches!(arg.ty.oid, oids::FLOAT4 | oids::FLOAT8) => {
            let function = grouped::udf(float::FloatSum(arg.ty.oid), number);
            Some(Native { function, result: arg.ty })
        }
        ("sum" | "avg", [arg]) => {
            let goal = sum::Goal::of(name, arg.ty, cx.may_restart())?;
            Some(Native { function: grouped::udf(goal, number), result: goal.result() })
        }
        _ => None,
    }
}

/// Types of whose values the extremes are those that Arrow's order has. Equal values of them look
/// alike: it does not matter which one is kept.
fn is_ordered(ty: ColumnType) -> bool {
    match ty.data_type() {
        DataType::Int16 | DataType::Int32 | DataType::Date32 | DataType::Decimal128(..) => true,
        DataType::Int64 => ty.oid == oids::INT8,
        text => ty.oid == oids::TEXT && text == data_type(oids::TEXT),
    }
}

/// Whether a call is a sum of numerics.
pub(super) fn is_sum(call: &AggregateCall) -> bool {
    signature(call.func) == "sum(numeric)"
}

//! Correlated scalar aggregates as joins.
//!
//! The planner makes `x < (SELECT avg(y) FROM t WHERE t.k = outer.k)` a lookup in the values of all
//! groups ([`Lookup`]). On lowered rows it is an outer join with the grouped subquery: each row gets
//! its group's value as one column more, which the condition then reads as it reads any other. Every
//! row has at most one group, so no row is multiplied. A row without a group must have NULL: that is
//! what all aggregates but `count` give without rows; others are left to the row operators.

use super::Lowered;
use super::columns::{Columns, Needed, Place};
use super::expr::{join_keys, value};
use super::lowering::Lowering;
use crate::exec::expr::{Lookup, Program, Reads};
use datafusion::common::{JoinType, NullEquality};
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::joins::{HashJoinExecBuilder, PartitionMode};
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use std::sync::Arc;

/// The input with the value of each lookup in the programs as a further column. `rows` is how many
/// rows the input is estimated to have.
pub(in crate::exec) fn with_lookups(
    mut input: Lowered,
    programs: &[&Program],
    rows: f64,
    cx: &Lowering<'_>,
) -> Option<Lowered> {
    let mut reads = Reads::default();
    programs.iter().try_for_each(|program| program.node().reads(&mut reads))?;
    for lookup in reads.lookups {
        if input.columns.lookup(lookup.cache).is_none() {
            input = joined(input, lookup, rows, cx)?;
        }
    }
    Some(input)
}

fn joined(input: Lowered, lookup: &Lookup, rows: f64, cx: &Lowering<'_>) -> Option<Lowered> {
    cx.is_null(&lookup.default).then_some(())?;
    let keys = lookup.keys.len();
    let groups = cx.below_breaker(|| lookup.groups.lower(&Needed::all(keys + 1), cx))?;
    // Rows of one partition may be in an order that somebody relies on, which probing keeps.
    let may_reorder = input.plan.output_partitioning().partition_count() > 1;
    let hash_input = may_reorder && rows < lookup.groups.estimate.rows;
    let mut on = Vec::with_capacity(keys);
    for key in &lookup.keys {
        let outer = value(&key.outer, &input.columns, cx).filter(|value| !value.fallible)?;
        let inner = value(&key.inner, &groups.columns, cx).filter(|value| !value.fallible)?;
        let [outer, inner] = join_keys(outer, inner)?;
        on.push(if hash_input { (outer.expr, inner.expr) } else { (inner.expr, outer.expr) });
    }
    let found = groups.columns.get(keys)?;
    let (input_width, groups_width) =
        (input.columns.schema().fields().len(), groups.columns.schema().fields().len());
    // Of the groups only the value is kept.
    let (kind, projection, input_at, value_at) = match hash_input {
        true => {
            let kept: Vec<usize> = (0..input_width).chain([input_width + found.at]).collect();
            (JoinType::Left, kept, 0, input_width)
        }
        false => {
            let columns = groups_width..groups_width + input_width;
            (JoinType::Right, [found.at].into_iter().chain(columns).collect(), 1, 0)
        }
    };
    let (hashed, probing) = match hash_input {
        true => (input.plan, groups.plan),
        false => (groups.plan, input.plan),
    };
    let hashed: Arc<dyn ExecutionPlan> = Arc::new(CoalescePartitionsExec::new(hashed));
    let plan = HashJoinExecBuilder::new(hashed, probing, on, kind)
        .with_projection(Some(projection))
        .with_partition_mode(PartitionMode::CollectLeft)
        .with_null_equality(NullEquality::NullEqualsNothing)
        .build()
        .ok()?;
    let plan: Arc<dyn ExecutionPlan> = Arc::new(plan);
    let moved = |place: Place| Place { at: place.at + input_at, ..place };
    let mut columns: Columns = input.columns.moved(moved, plan.schema());
    columns.add_lookup(lookup.cache, Place { at: value_at, ty: found.ty });
    Some(Lowered { plan, columns })
}

//! Hash joins as DataFusion's.
//!
//! The smaller input by estimate is hashed, whichever side it is: DataFusion hashes its left one.
//! Keys are columns where Arrow's equality is PostgreSQL's, else all of them are one column of key
//! bytes.

use super::{HashJoin, JoinType, NodeRef, Program, df};
use crate::types::collation::is_collated;
use datafusion::common::{JoinSide, JoinType as Arrow, NullEquality};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::joins::utils::{ColumnIndex, JoinFilter};
use datafusion::physical_plan::joins::{HashJoinExecBuilder, PartitionMode};
use std::sync::Arc;

type Keys = Vec<(Arc<dyn PhysicalExpr>, Arc<dyn PhysicalExpr>)>;

pub(super) fn lower(
    join: &HashJoin,
    needed: &df::Needed,
    cx: &df::Lowering<'_>,
) -> Option<df::Lowered> {
    let (looking, plain): (Vec<_>, Vec<_>) =
        join.conditions.iter().cloned().partition(df::has_lookups);
    if looking.is_empty() {
        return joined(join, &plain, needed, cx);
    }
    // A condition on each joined row, where rows without a partner are not kept.
    (join.kind == JoinType::Inner).then_some(())?;
    let mut between = needed.clone();
    looking.iter().try_for_each(|condition| between.read(condition))?;
    let joined = joined(join, &plain, &between, cx)?;
    let rows = join.left.estimate.rows.min(join.right.estimate.rows);
    df::filtered(joined, &looking, rows, needed, cx)
}

/// The join by its keys and these conditions.
fn joined(
    join: &HashJoin,
    conditions: &[Program],
    needed: &df::Needed,
    cx: &df::Lowering<'_>,
) -> Option<df::Lowered> {
    let semi = matches!(join.kind, JoinType::Semi | JoinType::Anti);
    let width = join.left_width + join.right_width;
    let mut below = needed.resized(width);
    conditions.iter().try_for_each(|condition| below.read(condition))?;
    let (mut left_needed, mut right_needed) = below.split(join.left_width);
    join.left_keys.iter().try_for_each(|key| left_needed.read(&key.value))?;
    join.right_keys.iter().try_for_each(|key| right_needed.read(&key.value))?;
    // NOT IN looks at both sides' NULLs, which DataFusion does when the outer rows are hashed.
    let hash_left = join.null_aware || join.left.estimate.rows < join.right.estimate.rows;
    let lower = |hashed: bool, side: &NodeRef, needed: &df::Needed| match hashed {
        // What is hashed is read to its end before a row is given.
        true => cx.below_breaker(|| side.lower(needed, cx)),
        false => side.lower(needed, cx),
    };
    // A key may be the value of a lookup.
    let looked_up = |side: df::Lowered, node: &NodeRef, keys: &[super::KeyColumn]| {
        let programs: Vec<&Program> = keys.iter().map(|key| &key.value).collect();
        df::with_lookups(side, &programs, node.estimate.rows, cx)
    };
    let left = lower(hash_left, &join.left, &left_needed)?;
    let left = looked_up(left, &join.left, &join.left_keys)?;
    let right = lower(!hash_left, &join.right, &right_needed)?;
    let right = looked_up(right, &join.right, &join.right_keys)?;
    let on = keys(join, &left.columns, &right.columns, hash_left, cx)?;
    // DataFusion's NOT IN is of one key.
    (!join.null_aware || on.len() == 1 && conditions.is_empty()).then_some(())?;
    let filter = match conditions.is_empty() {
        true => None,
        false => Some(join_filter(join, conditions, &left.columns, &right.columns, hash_left, cx)?),
    };
    let kind = match (join.kind, hash_left) {
        (JoinType::Inner, _) => Arrow::Inner,
        (JoinType::Full, _) => Arrow::Full,
        (JoinType::Left, true) | (JoinType::Right, false) => Arrow::Left,
        (JoinType::Left, false) | (JoinType::Right, true) => Arrow::Right,
        (JoinType::Semi, true) => Arrow::LeftSemi,
        (JoinType::Semi, false) => Arrow::RightSemi,
        (JoinType::Anti, true) => Arrow::LeftAnti,
        (JoinType::Anti, false) => Arrow::RightAnti,
    };
    let both = [&left.columns, &right.columns];
    let joined = match semi {
        true => left.columns.clone(),
        false => side_by_side(both, [join.left_width, join.right_width], hash_left),
    };
    let (kept, columns) = joined.kept(needed);
    let projects = kept.len() < joined.schema().fields().len();
    let (hashed, probing) = match hash_left {
        true => (left.plan, right.plan),
        false => (right.plan, left.plan),
    };
    let hashed: Arc<dyn ExecutionPlan> = Arc::new(CoalescePartitionsExec::new(hashed));
    let plan = HashJoinExecBuilder::new(hashed, probing, on, kind)
        .with_filter(filter)
        .with_projection(projects.then_some(kept))
        .with_partition_mode(PartitionMode::CollectLeft)
        .with_null_equality(NullEquality::NullEqualsNothing)
        .with_null_aware(join.null_aware)
        .build()
        .ok()?;
    let columns = if projects { columns } else { joined };
    Some(df::Lowered { plan: Arc::new(plan), columns })
}

/// The hashed side's keys with the probing side's.
fn keys(
    join: &HashJoin,
    left: &df::Columns,
    right: &df::Columns,
    hash_left: bool,
    cx: &df::Lowering<'_>,
) -> Option<Keys> {
    let pair = |l, r| if hash_left { (l, r) } else { (r, l) };
    let column = |(l, r): (&super::KeyColumn, &super::KeyColumn)| {
        let sides = (df::value(&l.value, left, cx)?, df::value(&r.value, right, cx)?);
        (!is_collated(l.type_oid)).then_some(())?;
        let [l, r] = df::join_keys(sides.0, sides.1)?;
        Some(pair(l.expr, r.expr))
    };
    let columns = join.left_keys.iter().zip(&*join.right_keys).map(column);
    if let Some(columns) = columns.collect::<Option<Keys>>() {
        return Some(columns);
    }
    let left = df::key(&join.left_keys, true, left, cx)?;
    let right = df::key(&join.right_keys, true, right, cx)?;
    Some(vec![pair(left, right)])
}

/// The columns of both sides, the hashed side's first, as our left and right slots.
fn side_by_side(
    [left, right]: [&df::Columns; 2],
    [left_width, right_width]: [usize; 2],
    hash_left: bool,
) -> df::Columns {
    let (first, second) = if hash_left { (left, right) } else { (right, left) };
    let offset = first.schema().fields().len();
    let moved = |columns: &df::Columns, width: usize, by: usize| -> Vec<_> {
        let place = |place: df::Place| df::Place { at: place.at + by, ..place };
        (0..width).map(|slot| columns.get(slot).map(place)).collect()
    };
    let (left_by, right_by) = if hash_left { (0, offset) } else { (offset, 0) };
    let slots = [moved(left, left_width, left_by), moved(right, right_width, right_by)].concat();
    let fields = first.schema().fields().iter().chain(second.schema().fields());
    let schema = datafusion::arrow::datatypes::Schema::new(fields.cloned().collect::<Vec<_>>());
    df::Columns::new(slots, Arc::new(schema))
}

/// The further conditions, over the columns that they read.
fn join_filter(
    join: &HashJoin,
    conditions: &[Program],
    left: &df::Columns,
    right: &df::Columns,
    hash_left: bool,
    cx: &df::Lowering<'_>,
) -> Option<JoinFilter> {
    let mut read = df::Needed::none(join.left_width + join.right_width);
    conditions.iter().try_for_each(|condition| read.read(condition))?;
    let (left_side, right_side) = match hash_left {
        true => (JoinSide::Left, JoinSide::Right),
        false => (JoinSide::Right, JoinSide::Left),
    };
    let mut slots = vec![None; join.left_width + join.right_width];
    let (mut indices, mut types) = (Vec::new(), Vec::new());
    for (slot, entry) in slots.iter_mut().enumerate().filter(|(slot, _)| read.contains(*slot)) {
        let (place, side) = match slot.checked_sub(join.left_width) {
            None => (left.get(slot)?, left_side),
            Some(slot) => (right.get(slot)?, right_side),
        };
        *entry = Some(df::Place { at: indices.len(), ty: place.ty });
        indices.push(ColumnIndex { index: place.at, side });
        types.push(place.ty);
    }
    let schema = cx.schema(&types);
    let columns = df::Columns::new(slots, schema.clone());
    let conditions = conditions.iter().map(|c| df::value(c, &columns, cx));
    let condition = df::all_of(conditions.collect::<Option<_>>()?)?;
    Some(JoinFilter::new(condition.expr, indices, schema))
}

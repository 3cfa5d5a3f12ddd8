//! A table's rows of both tiers.

use super::Lowering;
use super::scan::ScanExec;
use super::{Lowered, cold};
use crate::exec::scan::{ByteRange, KeyCondition, Source};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::union::UnionExec;
use std::sync::Arc;

/// The rows of key ranges, which are those that satisfy `conditions` on the primary key; `None`: the
/// ranges are of another form.
pub(in crate::exec) fn table(
    source: &Arc<Source>,
    ranges: Vec<ByteRange>,
    conditions: Option<Vec<KeyCondition>>,
    cx: &Lowering<'_>,
) -> Option<Lowered> {
    let parts = match &conditions {
        Some(_) => cx.view.cold_parts(source.schema.relation.storage).ok()?,
        None => Vec::new(),
    };
    if let (Some(conditions), false) = (conditions, parts.is_empty())
        && let Some(filter) = cold::KeyFilter::new(source, conditions)
    {
        let (hot, columns) = ScanExec::new(source, ranges, true, cx).ok()?;
        let hot: Arc<dyn ExecutionPlan> = Arc::new(hot);
        let types: Vec<_> = columns.places().map(|(_, place)| place.ty).collect();
        let cold = cold::scan(source, &types, &hot.schema(), parts, &filter, cx)?;
        let plan = UnionExec::try_new(vec![Arc::new(cold), hot]).ok()?;
        return Some(Lowered { plan, columns });
    }
    let (rows, columns) = ScanExec::new(source, ranges, false, cx).ok()?;
    Some(Lowered { plan: Arc::new(rows), columns })
}

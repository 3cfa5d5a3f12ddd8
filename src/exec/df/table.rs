//! A table's rows of both tiers.

use super::Lowering;
use super::scan::ScanExec;
use super::{Lowered, cold};
use crate::exec::scan::{ByteRange, Source};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::union::UnionExec;
use std::sync::Arc;

/// The rows of key ranges; `whole`: of all keys.
pub(in crate::exec) fn table(
    source: &Arc<Source>,
    ranges: Vec<ByteRange>,
    whole: bool,
    cx: &Lowering<'_>,
) -> Option<Lowered> {
    let parts = match whole {
        true => cx.view.cold_parts(source.schema.relation.storage).ok()?,
        false => Vec::new(),
    };
    let (hot, columns) = ScanExec::new(source, ranges, !parts.is_empty(), cx).ok()?;
    let hot: Arc<dyn ExecutionPlan> = Arc::new(hot);
    if parts.is_empty() {
        return Some(Lowered { plan: hot, columns });
    }
    let types: Vec<_> = columns.places().map(|(_, place)| place.ty).collect();
    let cold = cold::scan(source, &types, &hot.schema(), parts)?;
    let plan = UnionExec::try_new(vec![cold, hot]).ok()?;
    Some(Lowered { plan, columns })
}

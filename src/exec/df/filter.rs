//! Conditions on lowered rows.
//!
//! Native conditions that cannot fail are one filter, and come first. Each of the others is a filter of
//! its own on the rows that are left, so that a condition guards those after it.

use super::Lowered;
use super::columns::Needed;
use super::expr::{all_of, value};
use super::lowering::Lowering;
use crate::exec::expr::Program;
use datafusion::physical_plan::filter::FilterExecBuilder;
use std::sync::Arc;

/// A lowered input filtered, with the columns that are needed afterwards.
pub(in crate::exec) fn filtered(
    input: Lowered,
    conditions: &[Program],
    needed: &Needed,
    cx: &Lowering<'_>,
) -> Option<Lowered> {
    let (mut first, mut others) = (Vec::new(), Vec::new());
    for condition in conditions {
        let condition = value(condition, &input.columns, cx)?;
        match condition.native && !condition.fallible {
            true => first.push(condition),
            false => others.push(condition),
        }
    }
    let first = if first.is_empty() { None } else { Some(all_of(first)?) };
    let filters: Vec<_> = first.into_iter().chain(others).collect();
    let (kept, columns) = input.columns.kept(needed);
    let projects = kept.len() < input.columns.schema().fields().len();
    let Lowered { mut plan, columns: whole } = input;
    let last = filters.len().checked_sub(1);
    for (n, filter) in filters.into_iter().enumerate() {
        let projection = (projects && Some(n) == last).then(|| kept.clone());
        let filter = FilterExecBuilder::new(filter.expr, plan).apply_projection(projection);
        plan = Arc::new(filter.ok()?.build().ok()?);
    }
    let projected = projects && last.is_some();
    Some(Lowered { plan, columns: if projected { columns } else { whole } })
}

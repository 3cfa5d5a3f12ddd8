//! Conditions on lowered rows.
//!
//! Native conditions that cannot fail are one filter, and come first. Each of the others is a filter of
//! its own on the rows that are left, so that a condition guards those after it.

use super::Lowered;
use super::columns::Needed;
use super::expr::{all_of, value};
use super::lookup::with_lookups;
use super::lowering::Lowering;
use crate::exec::expr::{Program, Reads};
use datafusion::physical_plan::filter::FilterExecBuilder;
use std::sync::Arc;

/// Rows that a condition is guessed to leave.
const SELECTIVITY: f64 = 0.3;

/// A lowered input, of about so many rows, filtered; with the columns that are needed afterwards.
/// Conditions with lookups come last.
pub(in crate::exec) fn filtered(
    input: Lowered,
    conditions: &[Program],
    rows: f64,
    needed: &Needed,
    cx: &Lowering<'_>,
) -> Option<Lowered> {
    let (looking, plain): (Vec<&Program>, Vec<&Program>) =
        conditions.iter().partition(|condition| has_lookups(condition));
    if looking.is_empty() {
        return plainly(input, &plain, needed, cx);
    }
    let mut between = needed.resized(input.columns.width());
    looking.iter().try_for_each(|condition| between.read(condition))?;
    let input = plainly(input, &plain, &between, cx)?;
    let rows = rows * SELECTIVITY.powi(i32::try_from(plain.len()).unwrap_or(i32::MAX));
    plainly(with_lookups(input, &looking, rows, cx)?, &looking, needed, cx)
}

/// Whether a program reads the value of a lookup.
pub(in crate::exec) fn has_lookups(program: &Program) -> bool {
    let mut reads = Reads::default();
    program.node().reads(&mut reads).is_some() && !reads.lookups.is_empty()
}

fn plainly(
    input: Lowered,
    conditions: &[&Program],
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

//! Aggregate functions (manual, 9.21): one file per kind of state.
//!
//! A state ignores NULL inputs unless the aggregate counts or collects them, whether or not its
//! transition function is strict.

pub(super) mod array;
pub(super) mod bits;
pub(super) mod count;
pub(super) mod extreme;
pub(super) mod float;
pub(super) mod hypothetical;
pub(super) mod integer;
pub(super) mod interval;
pub(super) mod money;
pub(super) mod numeric;
pub(super) mod ordered;
pub(super) mod range;
pub(super) mod regression;
#[cfg(test)]
mod tests;
pub(super) mod text;
mod variance;

use super::AggregateState;
use crate::error::Result;

/// A new state, boxed as the registry's functions give it.
fn boxed(state: impl AggregateState + 'static) -> Result<Box<dyn AggregateState>> {
    Ok(Box::new(state))
}

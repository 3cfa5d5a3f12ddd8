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
pub(super) mod numeric;
pub(super) mod ordered;
pub(super) mod regression;
#[cfg(test)]
mod tests;
pub(super) mod text;
mod variance;

use super::AggregateState;
use crate::error::Result;
use crate::types::Datum;

/// A new state, boxed as the registry's functions give it.
fn boxed(state: impl AggregateState + 'static) -> Result<Box<dyn AggregateState>> {
    Ok(Box::new(state))
}

/// An estimate of the bytes that a collected value holds.
fn datum_size(value: &Datum) -> usize {
    let heap = match value {
        Datum::Text(s) => s.len(),
        Datum::Bytea(b) => b.len(),
        Datum::Array(array) => array.elements.iter().map(datum_size).sum(),
        Datum::Record(record) => record.fields.iter().map(|(_, value)| datum_size(value)).sum(),
        // Numerics, spans and documents: most are short.
        Datum::Numeric(_) | Datum::Interval(_) | Datum::Uuid(_) | Datum::Jsonb(_) => 32,
        _ => 0,
    };
    std::mem::size_of::<Datum>() + heap
}

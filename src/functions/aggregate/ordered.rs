//! Ordered-set aggregates: percentiles and the mode. Rows arrive in WITHIN GROUP's order.

use super::boxed;
use crate::error::{PgError, Result, code};
use crate::functions::array::element_of;
use crate::functions::datetime::interval::{add, multiply, subtract};
use crate::functions::float_text::general;
use crate::functions::{AggregateFn, AggregateState, Ctx};
use crate::types::{Array, Datum, Oid, equal, oids};
use std::sync::Arc;

pub(in crate::functions) const AGGREGATES: &[(&str, AggregateFn)] = &[
    ("percentile_disc(float8,anyelement)", |_, direct| percentile(direct, discrete)),
    ("percentile_disc(_float8,anyelement)", |_, direct| percentile(direct, discrete)),
    ("percentile_cont(float8,float8)", |_, direct| percentile(direct, continuous)),
    ("percentile_cont(_float8,float8)", |_, direct| percentile(direct, continuous)),
    ("percentile_cont(float8,interval)", |_, direct| percentile(direct, continuous)),
    ("percentile_cont(_float8,interval)", |_, direct| percentile(direct, continuous)),
    ("mode(anyelement)", |_, _| boxed(Mode::default())),
];

/// The value at a fraction of the sorted, non-empty values.
type At = fn(&[Datum], f64) -> Result<Datum>;

struct Percentile {
    /// One fraction or an array of them.
    fractions: Datum,
    at: At,
    values: Vec<Datum>,
    size: usize,
}

fn percentile(direct: &[Datum], at: At) -> Result<Box<dyn AggregateState>> {
    let fractions = direct.first().cloned().unwrap_or_default();
    boxed(Percentile { fractions, at, values: Vec::new(), size: 0 })
}

impl AggregateState for Percentile {
    fn update(&mut self, _: &Ctx<'_>, args: &[Datum]) -> Result<()> {
        if !args[0].is_null() {
            self.size += args[0].memory_bytes();
            self.values.push(args[0].clone());
        }
        Ok(())
    }

    fn finish(&self, ctx: &Ctx<'_>) -> Result<Datum> {
        if self.values.is_empty() {
            return Ok(Datum::Null);
        }
        let Datum::Array(fractions) = &self.fractions else {
            return self.value_at(&self.fractions);
        };
        let elements: Result<Vec<Datum>> =
            fractions.elements.iter().map(|fraction| self.value_at(fraction)).collect();
        Ok(Datum::Array(Arc::new(Array {
            element_type: element_of(ctx, ctx.result_type).unwrap_or(oids::FLOAT8),
            dims: fractions.dims.clone(),
            elements: elements?,
        })))
    }

    fn size(&self) -> usize {
        size_of::<Percentile>() + self.size
    }
}

impl Percentile {
    fn value_at(&self, fraction: &Datum) -> Result<Datum> {
        match fraction {
            Datum::Float8(f) if (0.0..=1.0).contains(f) => (self.at)(&self.values, *f),
            Datum::Float8(f) => Err(PgError::new(
                code::NUMERIC_VALUE_OUT_OF_RANGE,
                format!("percentile value {} is not between 0 and 1", general(*f)),
            )),
            _ => Ok(Datum::Null),
        }
    }
}

/// The first value whose position is at least the fraction.
fn discrete(values: &[Datum], fraction: f64) -> Result<Datum> {
    let position = (fraction * values.len() as f64).ceil() as usize;
    Ok(values[position.clamp(1, values.len()) - 1].clone())
}

/// Between the two nearest values, in proportion.
fn continuous(values: &[Datum], fraction: f64) -> Result<Datum> {
    let position = fraction * (values.len() - 1) as f64;
    let (low, high) = (position.floor(), position.ceil());
    let last = values.len() - 1;
    let (first, second) = (&values[(low as usize).min(last)], &values[(high as usize).min(last)]);
    if low == high {
        return Ok(first.clone());
    }
    let share = position - low;
    match (first, second) {
        (Datum::Interval(a), Datum::Interval(b)) => {
            let step = multiply(&subtract(b, a)?, share)?;
            Ok(Datum::Interval(Arc::new(add(&step, a)?)))
        }
        (a, b) => Ok(Datum::Float8(a.as_float8() + share * (b.as_float8() - a.as_float8()))),
    }
}

/// The value of the longest run; the first such where several are as long.
#[derive(Default)]
struct Mode {
    best: Option<(Datum, u64)>,
    run: Option<(Datum, u64)>,
}

impl Mode {
    fn close_run(&mut self, next: Option<(Datum, u64)>) {
        let run = std::mem::replace(&mut self.run, next);
        let best = self.best.as_ref().map_or(0, |(_, length)| *length);
        if run.as_ref().is_some_and(|(_, length)| *length > best) {
            self.best = run;
        }
    }
}

impl AggregateState for Mode {
    fn update(&mut self, ctx: &Ctx<'_>, args: &[Datum]) -> Result<()> {
        if args[0].is_null() {
            return Ok(());
        }
        let type_oid: Oid = ctx.arg_types[ctx.arg_types.len() - 1];
        match &mut self.run {
            Some((value, length)) if equal(type_oid, value, &args[0]) => *length += 1,
            _ => self.close_run(Some((args[0].clone(), 1))),
        }
        Ok(())
    }

    fn finish(&self, _: &Ctx<'_>) -> Result<Datum> {
        let length = |run: &Option<(Datum, u64)>| run.as_ref().map_or(0, |(_, length)| *length);
        let longest = if length(&self.run) > length(&self.best) { &self.run } else { &self.best };
        Ok(longest.as_ref().map_or(Datum::Null, |(value, _)| value.clone()))
    }

    fn size(&self) -> usize {
        size_of::<Mode>() + 64
    }
}

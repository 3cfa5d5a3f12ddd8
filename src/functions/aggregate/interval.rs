//! `sum` and `avg` of intervals.

use super::boxed;
use crate::error::Result;
use crate::functions::datetime::interval::{add, divide, subtract};
use crate::functions::{AggregateFn, AggregateState, Ctx};
use crate::types::Datum;
use crate::types::datetime::Interval;
use std::sync::Arc;

pub(in crate::functions) const AGGREGATES: &[(&str, AggregateFn)] = &[
    ("sum(interval)", |_, _| boxed(Spans::new(false))),
    ("avg(interval)", |_, _| boxed(Spans::new(true))),
];

struct Spans {
    average: bool,
    count: i64,
    sum: Interval,
}

impl Spans {
    fn new(average: bool) -> Spans {
        Spans { average, count: 0, sum: Interval::default() }
    }
}

impl AggregateState for Spans {
    fn update(&mut self, _: &Ctx<'_>, args: &[Datum]) -> Result<()> {
        if let Datum::Interval(span) = &args[0] {
            self.sum = add(&self.sum, span)?;
            self.count += 1;
        }
        Ok(())
    }

    fn finish(&self, _: &Ctx<'_>) -> Result<Datum> {
        let result = match self.count {
            0 => return Ok(Datum::Null),
            count if self.average => divide(&self.sum, count as f64)?,
            _ => self.sum,
        };
        Ok(Datum::Interval(Arc::new(result)))
    }

    fn retract(&mut self, _: &Ctx<'_>, args: &[Datum]) -> Result<bool> {
        if let Datum::Interval(span) = &args[0] {
            self.sum = subtract(&self.sum, span)?;
            self.count -= 1;
        }
        Ok(true)
    }

    fn size(&self) -> usize {
        size_of::<Spans>()
    }
}

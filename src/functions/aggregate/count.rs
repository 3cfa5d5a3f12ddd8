//! `count(*)` and `count(x)`.

use super::boxed;
use crate::error::Result;
use crate::functions::{AggregateFn, AggregateState, Ctx};
use crate::types::Datum;

pub(in crate::functions) const AGGREGATES: &[(&str, AggregateFn)] =
    &[("count()", |_, _| boxed(Count(0))), ("count(any)", |_, _| boxed(Count(0)))];

/// Rows, or rows whose argument is not NULL.
struct Count(i64);

impl AggregateState for Count {
    fn update(&mut self, _: &Ctx<'_>, args: &[Datum]) -> Result<()> {
        self.0 += i64::from(!args.iter().any(Datum::is_null));
        Ok(())
    }

    fn finish(&self, _: &Ctx<'_>) -> Result<Datum> {
        Ok(Datum::Int8(self.0))
    }

    fn retract(&mut self, _: &Ctx<'_>, args: &[Datum]) -> Result<bool> {
        self.0 -= i64::from(!args.iter().any(Datum::is_null));
        Ok(true)
    }

    fn size(&self) -> usize {
        size_of::<Count>()
    }
}

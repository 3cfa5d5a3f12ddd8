//! `count(*)` and `count(x)`.

use super::boxed;
use crate::error::Result;
use crate::functions::{AggregateFn, AggregateState, Ctx};
use crate::types::{Datum, Oid, oids};

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

    fn partial(&self, _: &Ctx<'_>) -> Option<Vec<(Oid, Datum)>> {
        Some(vec![(oids::INT8, Datum::Int8(self.0))])
    }

    fn merge(&mut self, _: &Ctx<'_>, partial: Vec<Datum>) -> Result<()> {
        self.0 += partial[0].as_int8();
        Ok(())
    }

    fn size(&self) -> usize {
        size_of::<Count>()
    }
}

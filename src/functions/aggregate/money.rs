//! `sum` of `money`, which fails where its addition does.

use super::boxed;
use crate::error::Result;
use crate::functions::money::out_of_range_money;
use crate::functions::{AggregateFn, AggregateState, Ctx};
use crate::types::{Datum, Oid, oids};

pub(in crate::functions) const AGGREGATES: &[(&str, AggregateFn)] =
    &[("sum(money)", |_, _| boxed(Sum::default()))];

/// Cents, and of how many values.
#[derive(Default)]
struct Sum {
    count: i64,
    cents: i64,
}

impl AggregateState for Sum {
    fn update(&mut self, _: &Ctx<'_>, args: &[Datum]) -> Result<()> {
        if let Datum::Int8(cents) = args[0] {
            self.count += 1;
            self.cents = self.cents.checked_add(cents).ok_or_else(out_of_range_money)?;
        }
        Ok(())
    }

    fn finish(&self, _: &Ctx<'_>) -> Result<Datum> {
        Ok(if self.count == 0 { Datum::Null } else { Datum::Int8(self.cents) })
    }

    fn retract(&mut self, _: &Ctx<'_>, args: &[Datum]) -> Result<bool> {
        if let Datum::Int8(cents) = args[0] {
            self.count -= 1;
            self.cents = self.cents.checked_sub(cents).ok_or_else(out_of_range_money)?;
        }
        Ok(true)
    }

    fn partial(&self, _: &Ctx<'_>) -> Option<Vec<(Oid, Datum)>> {
        Some([self.count, self.cents].map(|n| (oids::INT8, Datum::Int8(n))).to_vec())
    }

    fn merge(&mut self, _: &Ctx<'_>, partial: Vec<Datum>) -> Result<()> {
        self.count += partial[0].as_int8();
        let cents = partial[1].as_int8();
        self.cents = self.cents.checked_add(cents).ok_or_else(out_of_range_money)?;
        Ok(())
    }

    fn size(&self) -> usize {
        size_of::<Sum>()
    }
}

//! `sum`, `avg` and the variances of `numeric`.

use super::boxed;
use super::variance::Spread;
use crate::error::Result;
use crate::functions::{AggregateFn, AggregateState, Ctx};
use crate::types::{Datum, Numeric, Oid, oids};

pub(in crate::functions) const AGGREGATES: &[(&str, AggregateFn)] = &[
    ("sum(numeric)", |_, _| numerics(Goal::Sum)),
    ("avg(numeric)", |_, _| numerics(Goal::Average)),
    ("var_samp(numeric)", |_, _| numerics(Goal::Spread(Spread::VARIANCE_SAMPLE))),
    ("variance(numeric)", |_, _| numerics(Goal::Spread(Spread::VARIANCE_SAMPLE))),
    ("var_pop(numeric)", |_, _| numerics(Goal::Spread(Spread::VARIANCE_POPULATION))),
    ("stddev(numeric)", |_, _| numerics(Goal::Spread(Spread::DEVIATION_SAMPLE))),
    ("stddev_samp(numeric)", |_, _| numerics(Goal::Spread(Spread::DEVIATION_SAMPLE))),
    ("stddev_pop(numeric)", |_, _| numerics(Goal::Spread(Spread::DEVIATION_POPULATION))),
];

#[derive(Clone, Copy)]
enum Goal {
    Sum,
    Average,
    Spread(Spread),
}

fn numerics(goal: Goal) -> Result<Box<dyn AggregateState>> {
    boxed(Numerics {
        goal,
        count: 0,
        sum: Numeric::zero(),
        sum_of_squares: Numeric::zero(),
        special: None,
    })
}

struct Numerics {
    goal: Goal,
    /// Values of any kind.
    count: i64,
    /// Of the finite values. Its scale is the largest of any value, which is why values cannot be
    /// taken back.
    sum: Numeric,
    sum_of_squares: Numeric,
    /// The sum of NaNs and infinities seen: what any sum with them is.
    special: Option<Numeric>,
}

impl Numerics {
    /// Adds a NaN or infinity.
    fn add_special(&mut self, value: &Numeric) -> Result<()> {
        self.special = Some(match &self.special {
            Some(other) => other.add(value)?,
            None => value.clone(),
        });
        Ok(())
    }
}

impl AggregateState for Numerics {
    fn update(&mut self, _: &Ctx<'_>, args: &[Datum]) -> Result<()> {
        if args[0].is_null() {
            return Ok(());
        }
        let value = args[0].as_numeric();
        self.count += 1;
        if !value.is_finite() {
            return self.add_special(value);
        }
        self.sum = self.sum.add(value)?;
        if let Goal::Spread(_) = self.goal {
            self.sum_of_squares = self.sum_of_squares.add(&value.mul(value)?)?;
        }
        Ok(())
    }

    fn finish(&self, _: &Ctx<'_>) -> Result<Datum> {
        if self.count == 0 {
            return Ok(Datum::Null);
        }
        match (self.goal, &self.special) {
            (Goal::Sum | Goal::Average, Some(special)) => Ok(Datum::Numeric(special.clone())),
            (Goal::Spread(spread), Some(_)) => Ok(spread.of_special(self.count)),
            (Goal::Sum, None) => Ok(Datum::Numeric(self.sum.clone())),
            (Goal::Average, None) => {
                self.sum.div(&Numeric::from_i64(self.count)).map(Datum::Numeric)
            }
            (Goal::Spread(spread), None) => spread.of(self.count, &self.sum, &self.sum_of_squares),
        }
    }

    fn partial(&self, _: &Ctx<'_>) -> Option<Vec<(Oid, Datum)>> {
        let special = self.special.clone().map_or(Datum::Null, Datum::Numeric);
        Some(vec![
            (oids::INT8, Datum::Int8(self.count)),
            (oids::NUMERIC, Datum::Numeric(self.sum.clone())),
            (oids::NUMERIC, Datum::Numeric(self.sum_of_squares.clone())),
            (oids::NUMERIC, special),
        ])
    }

    fn merge(&mut self, _: &Ctx<'_>, partial: Vec<Datum>) -> Result<()> {
        self.count += partial[0].as_int8();
        self.sum = self.sum.add(partial[1].as_numeric())?;
        self.sum_of_squares = self.sum_of_squares.add(partial[2].as_numeric())?;
        if let Datum::Numeric(other) = &partial[3] {
            self.add_special(other)?;
        }
        Ok(())
    }

    fn size(&self) -> usize {
        size_of::<Numerics>() + 64
    }
}

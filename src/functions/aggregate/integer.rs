//! `sum`, `avg` and the variances of integers: exact, in 128 bits and more.

use super::boxed;
use super::variance::Spread;
use crate::error::{PgError, Result, code};
use crate::functions::{AggregateFn, AggregateState, Ctx};
use crate::types::{Datum, Numeric, Oid, oids};
use num_bigint::BigInt;
use num_traits::ToPrimitive;

pub(in crate::functions) const AGGREGATES: &[(&str, AggregateFn)] = &[
    ("sum(int2)", |_, _| boxed(Integers::new(Goal::SumInt8))),
    ("sum(int4)", |_, _| boxed(Integers::new(Goal::SumInt8))),
    ("sum(int8)", |_, _| boxed(Integers::new(Goal::SumNumeric))),
    ("avg(int2)", |_, _| boxed(Integers::new(Goal::Average))),
    ("avg(int4)", |_, _| boxed(Integers::new(Goal::Average))),
    ("avg(int8)", |_, _| boxed(Integers::new(Goal::Average))),
    ("var_samp(int2)", |_, _| spread(Spread::VARIANCE_SAMPLE)),
    ("var_samp(int4)", |_, _| spread(Spread::VARIANCE_SAMPLE)),
    ("var_samp(int8)", |_, _| spread(Spread::VARIANCE_SAMPLE)),
    ("variance(int2)", |_, _| spread(Spread::VARIANCE_SAMPLE)),
    ("variance(int4)", |_, _| spread(Spread::VARIANCE_SAMPLE)),
    ("variance(int8)", |_, _| spread(Spread::VARIANCE_SAMPLE)),
    ("var_pop(int2)", |_, _| spread(Spread::VARIANCE_POPULATION)),
    ("var_pop(int4)", |_, _| spread(Spread::VARIANCE_POPULATION)),
    ("var_pop(int8)", |_, _| spread(Spread::VARIANCE_POPULATION)),
    ("stddev(int2)", |_, _| spread(Spread::DEVIATION_SAMPLE)),
    ("stddev(int4)", |_, _| spread(Spread::DEVIATION_SAMPLE)),
    ("stddev(int8)", |_, _| spread(Spread::DEVIATION_SAMPLE)),
    ("stddev_samp(int2)", |_, _| spread(Spread::DEVIATION_SAMPLE)),
    ("stddev_samp(int4)", |_, _| spread(Spread::DEVIATION_SAMPLE)),
    ("stddev_samp(int8)", |_, _| spread(Spread::DEVIATION_SAMPLE)),
    ("stddev_pop(int2)", |_, _| spread(Spread::DEVIATION_POPULATION)),
    ("stddev_pop(int4)", |_, _| spread(Spread::DEVIATION_POPULATION)),
    ("stddev_pop(int8)", |_, _| spread(Spread::DEVIATION_POPULATION)),
];

fn spread(spread: Spread) -> Result<Box<dyn AggregateState>> {
    boxed(Integers::new(Goal::Spread(spread)))
}

#[derive(Clone, Copy)]
enum Goal {
    SumInt8,
    SumNumeric,
    Average,
    Spread(Spread),
}

/// Every input is exact and sums are, so any value can be taken back.
struct Integers {
    goal: Goal,
    count: i64,
    /// 2^63 values of 64 bits fit.
    sum: i128,
    /// Kept only for variances: the square of one int8 takes 126 bits.
    sum_of_squares: BigInt,
}

impl Integers {
    fn new(goal: Goal) -> Integers {
        Integers { goal, count: 0, sum: 0, sum_of_squares: BigInt::ZERO }
    }

    fn include(&mut self, value: &Datum, direction: i64) {
        let value = match value {
            Datum::Null => return,
            Datum::Int2(v) => i128::from(*v),
            Datum::Int4(v) => i128::from(*v),
            Datum::Int8(v) => i128::from(*v),
            other => unreachable!("an integer, found {other:?}"),
        };
        self.count += direction;
        self.sum += value * i128::from(direction);
        if let Goal::Spread(_) = self.goal {
            self.sum_of_squares += value * value * i128::from(direction);
        }
    }
}

impl AggregateState for Integers {
    fn update(&mut self, _: &Ctx<'_>, args: &[Datum]) -> Result<()> {
        self.include(&args[0], 1);
        Ok(())
    }

    fn finish(&self, _: &Ctx<'_>) -> Result<Datum> {
        if self.count == 0 {
            return Ok(Datum::Null);
        }
        let sum = Numeric::new(self.sum, 0);
        match self.goal {
            Goal::SumInt8 => i64::try_from(self.sum)
                .map(Datum::Int8)
                .map_err(|_| PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, "bigint out of range")),
            Goal::SumNumeric => Ok(Datum::Numeric(sum)),
            Goal::Average => sum.div(&Numeric::from_i64(self.count)).map(Datum::Numeric),
            Goal::Spread(spread) => {
                let squares = Numeric::from_bigint(self.sum_of_squares.clone(), 0)?;
                spread.of(self.count, &sum, &squares)
            }
        }
    }

    fn retract(&mut self, _: &Ctx<'_>, args: &[Datum]) -> Result<bool> {
        self.include(&args[0], -1);
        Ok(true)
    }

    fn partial(&self, _: &Ctx<'_>) -> Option<Vec<(Oid, Datum)>> {
        let squares = Numeric::from_bigint(self.sum_of_squares.clone(), 0).ok()?;
        Some(vec![
            (oids::INT8, Datum::Int8(self.count)),
            (oids::NUMERIC, Datum::Numeric(Numeric::new(self.sum, 0))),
            (oids::NUMERIC, Datum::Numeric(squares)),
        ])
    }

    fn merge(&mut self, _: &Ctx<'_>, partial: Vec<Datum>) -> Result<()> {
        let integer = |value: &Datum| value.as_numeric().coefficient().unwrap_or_default();
        self.count += partial[0].as_int8();
        self.sum += integer(&partial[1]).to_i128().expect("sums of 2^63 integers fit");
        self.sum_of_squares += integer(&partial[2]);
        Ok(())
    }

    fn size(&self) -> usize {
        size_of::<Integers>() + 16
    }
}

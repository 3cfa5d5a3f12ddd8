//! `sum`, `avg` and the variances of floats.
//!
//! Variances follow Youngs and Cramer ("Some results relevant to choice of sum and sum-of-product
//! algorithms", 1971) as PostgreSQL's do: the sum of squared deviations is updated with each value,
//! which loses no precision to a large mean. Sums depend on the order of the inputs, so nothing is
//! taken back.

use super::boxed;
use crate::error::{PgError, Result, code};
use crate::functions::{AggregateFn, AggregateState, Ctx};
use crate::types::{Datum, Oid, oids};

pub(in crate::functions) const AGGREGATES: &[(&str, AggregateFn)] = &[
    ("sum(float4)", |_, _| boxed(Sum(None))),
    ("sum(float8)", |_, _| boxed(Sum(None))),
    ("avg(float4)", |_, _| moments(|m| Some(m.sum / m.count))),
    ("avg(float8)", |_, _| moments(|m| Some(m.sum / m.count))),
    ("var_samp(float4)", |_, _| moments(Moments::sample)),
    ("var_samp(float8)", |_, _| moments(Moments::sample)),
    ("variance(float4)", |_, _| moments(Moments::sample)),
    ("variance(float8)", |_, _| moments(Moments::sample)),
    ("var_pop(float4)", |_, _| moments(Moments::population)),
    ("var_pop(float8)", |_, _| moments(Moments::population)),
    ("stddev(float4)", |_, _| moments(|m| m.sample().map(f64::sqrt))),
    ("stddev(float8)", |_, _| moments(|m| m.sample().map(f64::sqrt))),
    ("stddev_samp(float4)", |_, _| moments(|m| m.sample().map(f64::sqrt))),
    ("stddev_samp(float8)", |_, _| moments(|m| m.sample().map(f64::sqrt))),
    ("stddev_pop(float4)", |_, _| moments(|m| m.population().map(f64::sqrt))),
    ("stddev_pop(float8)", |_, _| moments(|m| m.population().map(f64::sqrt))),
];

/// 22003: finite inputs gave an infinite result.
pub(super) fn overflow() -> PgError {
    PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: overflow")
}

/// In the precision of the argument.
struct Sum(Option<Datum>);

impl AggregateState for Sum {
    fn update(&mut self, _: &Ctx<'_>, args: &[Datum]) -> Result<()> {
        let (sum, overflowed) = match (&self.0, &args[0]) {
            (_, Datum::Null) => return Ok(()),
            (Some(Datum::Float8(a)), Datum::Float8(b)) => {
                let sum = a + b;
                (Datum::Float8(sum), sum.is_infinite() && !a.is_infinite() && !b.is_infinite())
            }
            (Some(Datum::Float4(a)), Datum::Float4(b)) => {
                let sum = a + b;
                (Datum::Float4(sum), sum.is_infinite() && !a.is_infinite() && !b.is_infinite())
            }
            (_, first) => (first.clone(), false),
        };
        if overflowed {
            return Err(overflow());
        }
        self.0 = Some(sum);
        Ok(())
    }

    fn finish(&self, _: &Ctx<'_>) -> Result<Datum> {
        Ok(self.0.clone().unwrap_or_default())
    }

    fn size(&self) -> usize {
        size_of::<Sum>()
    }
}

struct Moments {
    count: f64,
    sum: f64,
    /// Sum of squared deviations from the mean.
    deviations: f64,
    result: fn(&Moments) -> Option<f64>,
}

fn moments(result: fn(&Moments) -> Option<f64>) -> Result<Box<dyn AggregateState>> {
    boxed(Moments { count: 0.0, sum: 0.0, deviations: 0.0, result })
}

impl Moments {
    fn population(&self) -> Option<f64> {
        Some(self.deviations / self.count)
    }

    fn sample(&self) -> Option<f64> {
        (self.count > 1.0).then(|| self.deviations / (self.count - 1.0))
    }

    fn include(&mut self, value: f64) -> Result<()> {
        let before = Moments { ..*self };
        self.count += 1.0;
        self.sum += value;
        if before.count > 0.0 {
            let distance = value * self.count - self.sum;
            self.deviations += distance * distance / (self.count * before.count);
            if self.sum.is_infinite() || self.deviations.is_infinite() {
                if !before.sum.is_infinite() && !value.is_infinite() {
                    return Err(overflow());
                }
                self.deviations = f64::NAN;
            }
        } else if !value.is_finite() {
            self.deviations = f64::NAN;
        }
        Ok(())
    }
}

impl Moments {
    /// Adds the moments of other values (`float8_combine`).
    fn combine(&mut self, other: &Moments) -> Result<()> {
        if other.count == 0.0 {
            return Ok(());
        }
        if self.count == 0.0 {
            (self.count, self.sum, self.deviations) = (other.count, other.sum, other.deviations);
            return Ok(());
        }
        let count = self.count + other.count;
        let sum = self.sum + other.sum;
        if sum.is_infinite() && !self.sum.is_infinite() && !other.sum.is_infinite() {
            return Err(overflow());
        }
        let distance = self.sum / self.count - other.sum / other.count;
        let between = self.count * other.count * distance * distance / count;
        let deviations = self.deviations + other.deviations + between;
        let inputs = self.deviations.is_infinite() || other.deviations.is_infinite();
        if deviations.is_infinite() && !inputs {
            return Err(overflow());
        }
        (self.count, self.sum, self.deviations) = (count, sum, deviations);
        Ok(())
    }
}

impl AggregateState for Moments {
    fn update(&mut self, _: &Ctx<'_>, args: &[Datum]) -> Result<()> {
        match &args[0] {
            Datum::Null => Ok(()),
            Datum::Float4(value) => self.include(f64::from(*value)),
            other => self.include(other.as_float8()),
        }
    }

    fn finish(&self, _: &Ctx<'_>) -> Result<Datum> {
        let value = if self.count > 0.0 { (self.result)(self) } else { None };
        Ok(value.map_or(Datum::Null, Datum::Float8))
    }

    fn partial(&self, _: &Ctx<'_>) -> Option<Vec<(Oid, Datum)>> {
        let moments = [self.count, self.sum, self.deviations];
        Some(moments.map(|moment| (oids::FLOAT8, Datum::Float8(moment))).to_vec())
    }

    fn merge(&mut self, _: &Ctx<'_>, partial: Vec<Datum>) -> Result<()> {
        let (count, sum) = (partial[0].as_float8(), partial[1].as_float8());
        let deviations = partial[2].as_float8();
        self.combine(&Moments { count, sum, deviations, result: self.result })
    }

    fn size(&self) -> usize {
        size_of::<Moments>()
    }
}

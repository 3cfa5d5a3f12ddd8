//! Covariance, correlation and linear regression, all from one state (see [`super::float`] for the
//! method). The dependent variable Y comes first.

use super::boxed;
use super::float::overflow;
use crate::error::Result;
use crate::functions::{AggregateFn, AggregateState, Ctx};
use crate::types::Datum;

pub(in crate::functions) const AGGREGATES: &[(&str, AggregateFn)] = &[
    ("corr(float8,float8)", |_, _| regression(Sums::correlation)),
    ("covar_pop(float8,float8)", |_, _| regression(|s| Some(s.sxy / s.count))),
    ("covar_samp(float8,float8)", |_, _| {
        regression(|s| (s.count > 1.0).then(|| s.sxy / (s.count - 1.0)))
    }),
    ("regr_avgx(float8,float8)", |_, _| regression(|s| Some(s.sum_x / s.count))),
    ("regr_avgy(float8,float8)", |_, _| regression(|s| Some(s.sum_y / s.count))),
    ("regr_sxx(float8,float8)", |_, _| regression(|s| Some(s.sxx))),
    ("regr_syy(float8,float8)", |_, _| regression(|s| Some(s.syy))),
    ("regr_sxy(float8,float8)", |_, _| regression(|s| Some(s.sxy))),
    ("regr_r2(float8,float8)", |_, _| regression(Sums::determination)),
    ("regr_slope(float8,float8)", |_, _| regression(|s| (s.sxx != 0.0).then(|| s.sxy / s.sxx))),
    ("regr_intercept(float8,float8)", |_, _| {
        regression(|s| (s.sxx != 0.0).then(|| (s.sum_y - s.sum_x * s.sxy / s.sxx) / s.count))
    }),
    ("regr_count(float8,float8)", |_, _| boxed(Pairs(0))),
];

fn regression(result: fn(&Sums) -> Option<f64>) -> Result<Box<dyn AggregateState>> {
    boxed(Regression { sums: Sums::default(), result })
}

/// Sums, and sums of products of deviations from the means.
#[derive(Clone, Copy, Default)]
struct Sums {
    count: f64,
    sum_x: f64,
    sxx: f64,
    sum_y: f64,
    syy: f64,
    sxy: f64,
}

impl Sums {
    /// NULL where all X or all Y are the same.
    fn correlation(&self) -> Option<f64> {
        let defined = self.sxx != 0.0 && self.syy != 0.0;
        defined.then(|| self.sxy / (self.sxx * self.syy).sqrt())
    }

    /// All Y the same: a horizontal line fits perfectly.
    fn determination(&self) -> Option<f64> {
        match (self.sxx == 0.0, self.syy == 0.0) {
            (true, _) => None,
            (false, true) => Some(1.0),
            _ => Some((self.sxy * self.sxy) / (self.sxx * self.syy)),
        }
    }

    fn include(&mut self, y: f64, x: f64) -> Result<()> {
        let before = *self;
        self.count += 1.0;
        self.sum_x += x;
        self.sum_y += y;
        if before.count == 0.0 {
            self.first(y, x);
            return Ok(());
        }
        let distance_x = x * self.count - self.sum_x;
        let distance_y = y * self.count - self.sum_y;
        let scale = 1.0 / (self.count * before.count);
        self.sxx += distance_x * distance_x * scale;
        self.syy += distance_y * distance_y * scale;
        self.sxy += distance_x * distance_y * scale;
        self.check(&before, y, x)
    }

    fn first(&mut self, y: f64, x: f64) {
        if !x.is_finite() {
            (self.sxx, self.sxy) = (f64::NAN, f64::NAN);
        }
        if !y.is_finite() {
            (self.syy, self.sxy) = (f64::NAN, f64::NAN);
        }
    }

    /// Infinite results of finite inputs are errors; of infinite inputs, NaN.
    fn check(&mut self, before: &Sums, y: f64, x: f64) -> Result<()> {
        let finite_x = !before.sum_x.is_infinite() && !x.is_infinite();
        let finite_y = !before.sum_y.is_infinite() && !y.is_infinite();
        let overflowed = (finite_x && (self.sum_x.is_infinite() || self.sxx.is_infinite()))
            || (finite_y && (self.sum_y.is_infinite() || self.syy.is_infinite()))
            || (finite_x && finite_y && self.sxy.is_infinite());
        if overflowed {
            return Err(overflow());
        }
        for sum in [&mut self.sxx, &mut self.syy, &mut self.sxy] {
            if sum.is_infinite() {
                *sum = f64::NAN;
            }
        }
        Ok(())
    }
}

struct Regression {
    sums: Sums,
    result: fn(&Sums) -> Option<f64>,
}

impl AggregateState for Regression {
    fn update(&mut self, _: &Ctx<'_>, args: &[Datum]) -> Result<()> {
        match (&args[0], &args[1]) {
            (Datum::Float8(y), Datum::Float8(x)) => self.sums.include(*y, *x),
            _ => Ok(()),
        }
    }

    fn finish(&self, _: &Ctx<'_>) -> Result<Datum> {
        let value = if self.sums.count > 0.0 { (self.result)(&self.sums) } else { None };
        Ok(value.map_or(Datum::Null, Datum::Float8))
    }

    fn size(&self) -> usize {
        size_of::<Regression>()
    }
}

/// `regr_count`: pairs without NULL.
struct Pairs(i64);

impl AggregateState for Pairs {
    fn update(&mut self, _: &Ctx<'_>, args: &[Datum]) -> Result<()> {
        self.0 += i64::from(!args.iter().any(Datum::is_null));
        Ok(())
    }

    fn finish(&self, _: &Ctx<'_>) -> Result<Datum> {
        Ok(Datum::Int8(self.0))
    }

    fn size(&self) -> usize {
        size_of::<Pairs>()
    }
}

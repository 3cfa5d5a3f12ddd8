//! Variance and standard deviation of exact numbers, from their count, sum and sum of squares.

use crate::error::Result;
use crate::types::{Datum, Numeric};
use num_bigint::BigInt;
use num_traits::Signed;

/// Which of the four.
#[derive(Clone, Copy)]
pub(super) struct Spread {
    /// Divide by n - 1, not n.
    pub sample: bool,
    /// The square root of the variance.
    pub deviation: bool,
}

impl Spread {
    pub const VARIANCE_SAMPLE: Spread = Spread { sample: true, deviation: false };
    pub const VARIANCE_POPULATION: Spread = Spread { sample: false, deviation: false };
    pub const DEVIATION_SAMPLE: Spread = Spread { sample: true, deviation: true };
    pub const DEVIATION_POPULATION: Spread = Spread { sample: false, deviation: true };

    /// `(n Σx² - (Σx)²) / (n (n - 1))`, or over `n²`. NULL where there are too few values.
    pub fn of(self, count: i64, sum: &Numeric, sum_of_squares: &Numeric) -> Result<Datum> {
        if count < 1 || (self.sample && count < 2) {
            return Ok(Datum::Null);
        }
        let n = Numeric::from_i64(count);
        let numerator = n.mul(sum_of_squares)?.sub(&sum.mul(sum)?)?;
        if numerator.signum() <= 0 {
            return Ok(Datum::Numeric(Numeric::zero()));
        }
        let divisor = if self.sample { Numeric::from_i64(count - 1) } else { n.clone() };
        let variance = numerator.div(&n.mul(&divisor)?)?;
        Ok(Datum::Numeric(if self.deviation { same_scale_root(&variance)? } else { variance }))
    }

    /// The value where some input was NaN or infinite.
    pub fn of_special(self, count: i64) -> Datum {
        let too_few = self.sample && count < 2;
        if too_few { Datum::Null } else { Datum::Numeric(Numeric::nan()) }
    }
}

/// The square root, rounded to as many digits after the point as its argument has. `sqrt()` itself
/// chooses its scale otherwise.
fn same_scale_root(value: &Numeric) -> Result<Numeric> {
    let scale = value.scale();
    let coefficient = value.coefficient().expect("a variance of finite values is finite");
    let scaled = coefficient * BigInt::from(10).pow(u32::from(scale));
    let floor = scaled.sqrt();
    let rest = &scaled - &floor * &floor;
    let rounded = if (rest - &floor).is_positive() { floor + 1 } else { floor };
    Numeric::from_bigint(rounded, scale)
}

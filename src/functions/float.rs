//! Arithmetic on `real` and `double precision`.
//!
//! IEEE arithmetic, except that a result may be infinite only if an argument was, and zero only if it
//! is exact: PostgreSQL raises 22003 for overflow and underflow. Mixed operands are `float8`.

use super::Implementation::{self, Scalar};
use super::integer::division_by_zero;
use crate::error::{PgError, Result, code};
use crate::types::Datum;
use num_traits::Float;

pub(super) fn overflow() -> PgError {
    PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: overflow")
}

pub(super) fn underflow() -> PgError {
    PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: underflow")
}

/// Sums and differences cannot underflow: gradual underflow makes them exact near zero.
fn check_sum<T: Float>(result: T, a: T, b: T) -> Result<T> {
    if result.is_infinite() && !a.is_infinite() && !b.is_infinite() {
        return Err(overflow());
    }
    Ok(result)
}

fn multiply<T: Float>(a: T, b: T) -> Result<T> {
    let result = check_sum(a * b, a, b)?;
    if result.is_zero() && !a.is_zero() && !b.is_zero() {
        return Err(underflow());
    }
    Ok(result)
}

fn divide<T: Float>(a: T, b: T) -> Result<T> {
    if b.is_zero() && !a.is_nan() {
        return Err(division_by_zero());
    }
    let result = a / b;
    if result.is_infinite() && !a.is_infinite() {
        return Err(overflow());
    }
    if result.is_zero() && !a.is_zero() && !b.is_infinite() {
        return Err(underflow());
    }
    Ok(result)
}

macro_rules! pairs {
    ($($prefix:literal: $left:ident, $right:ident => $variant:ident($ty:ty);)*) => {
        /// `+ - * /` for each pair of widths.
        pub(super) const ARITHMETIC: &[(&str, Implementation)] = &[$(
            (concat!($prefix, "pl"), Scalar(|_, a| {
                let (x, y) = (<$ty>::from(a[0].$left()), <$ty>::from(a[1].$right()));
                check_sum(x + y, x, y).map(Datum::$variant)
            })),
            (concat!($prefix, "mi"), Scalar(|_, a| {
                let (x, y) = (<$ty>::from(a[0].$left()), <$ty>::from(a[1].$right()));
                check_sum(x - y, x, y).map(Datum::$variant)
            })),
            (concat!($prefix, "mul"), Scalar(|_, a| {
                multiply(<$ty>::from(a[0].$left()), <$ty>::from(a[1].$right())).map(Datum::$variant)
            })),
            (concat!($prefix, "div"), Scalar(|_, a| {
                divide(<$ty>::from(a[0].$left()), <$ty>::from(a[1].$right())).map(Datum::$variant)
            })),
        )*];
    };
}

pairs! {
    "float4": as_float4, as_float4 => Float4(f32);
    "float48": as_float4, as_float8 => Float8(f64);
    "float84": as_float8, as_float4 => Float8(f64);
    "float8": as_float8, as_float8 => Float8(f64);
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("float4abs", Scalar(|_, a| Ok(Datum::Float4(a[0].as_float4().abs())))),
    ("float4um", Scalar(|_, a| Ok(Datum::Float4(-a[0].as_float4())))),
    ("float4up", Scalar(|_, a| Ok(a[0].clone()))),
    ("float8abs", Scalar(|_, a| Ok(Datum::Float8(a[0].as_float8().abs())))),
    ("float8um", Scalar(|_, a| Ok(Datum::Float8(-a[0].as_float8())))),
    ("float8up", Scalar(|_, a| Ok(a[0].clone()))),
];

#[cfg(test)]
mod tests {
    use crate::functions::testing::{error, value};
    use crate::types::Datum::{Float4, Float8};

    #[test]
    fn infinite_and_zero_results_need_a_reason() {
        assert_eq!(value("float8pl", &[Float8(f64::INFINITY), Float8(1.0)]), Float8(f64::INFINITY));
        let overflow = ("22003", "value out of range: overflow");
        assert_eq!(error("float8mul", &[Float8(1e200), Float8(1e200)]), overflow);
        assert_eq!(error("float4pl", &[Float4(f32::MAX), Float4(f32::MAX)]), overflow);
        let underflow = ("22003", "value out of range: underflow");
        assert_eq!(error("float8mul", &[Float8(1e-200), Float8(1e-200)]), underflow);
        assert_eq!(error("float8div", &[Float8(1.0), Float8(0.0)]), ("22012", "division by zero"));
        assert_eq!(value("float8div", &[Float8(1.0), Float8(f64::INFINITY)]), Float8(0.0));
    }
}

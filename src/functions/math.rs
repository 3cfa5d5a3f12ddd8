//! Mathematical functions of `double precision`, and its `width_bucket`.
//!
//! Domain errors have PostgreSQL's SQLSTATEs (22003 "input is out of range", 2201E for logarithms,
//! 2201F for powers), and finite arguments never give an infinite result without 22003. Degree
//! variants are in [`super::trigonometry`].

use super::Implementation::{self, Scalar};
use super::float::{overflow, underflow};
use super::integer::out_of_range;
use super::libm;
use crate::error::{PgError, Result, SqlState, code};
use crate::types::Datum;

/// 22003 for an argument outside a function's domain.
pub(super) fn input_out_of_range() -> PgError {
    PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, "input is out of range")
}

fn fail<T>(state: SqlState, message: &'static str) -> Result<T> {
    Err(PgError::new(state, message))
}

/// Overflow unless the argument was infinite already.
fn checked(result: f64, arg: f64) -> Result<f64> {
    match result.is_infinite() && !arg.is_infinite() {
        true => Err(overflow()),
        false => Ok(result),
    }
}

fn square_root(x: f64) -> Result<f64> {
    if x < 0.0 {
        return fail(
            code::INVALID_ARGUMENT_FOR_POWER_FUNCTION,
            "cannot take square root of a negative number",
        );
    }
    Ok(x.sqrt())
}

fn exponential(x: f64) -> Result<f64> {
    let result = checked(x.exp(), x)?;
    if result == 0.0 && !x.is_infinite() {
        return Err(underflow());
    }
    Ok(result)
}

fn logarithm(x: f64, log: fn(f64) -> f64) -> Result<f64> {
    if x == 0.0 {
        return fail(code::INVALID_ARGUMENT_FOR_LOGARITHM, "cannot take logarithm of zero");
    }
    if x < 0.0 {
        return fail(
            code::INVALID_ARGUMENT_FOR_LOGARITHM,
            "cannot take logarithm of a negative number",
        );
    }
    Ok(log(x))
}

/// SQL's POWER: C's `pow` with its domain and range errors raised (manual, table 9.5).
fn power(x: f64, y: f64) -> Result<f64> {
    if x.is_nan() || y.is_nan() {
        // 1 ^ NaN and NaN ^ 0 are 1, as POSIX says and `powf` knows.
        return Ok(x.powf(y));
    }
    if x == 0.0 && y < 0.0 {
        return fail(
            code::INVALID_ARGUMENT_FOR_POWER_FUNCTION,
            "zero raised to a negative power is undefined",
        );
    }
    if x < 0.0 && y.floor() != y {
        return fail(
            code::INVALID_ARGUMENT_FOR_POWER_FUNCTION,
            "a negative number raised to a non-integer power yields a complex result",
        );
    }
    let result = x.powf(y);
    if x.is_infinite() || y.is_infinite() {
        return Ok(result);
    }
    if result.is_infinite() {
        return Err(overflow());
    }
    if result == 0.0 && x != 0.0 {
        return Err(underflow());
    }
    Ok(result)
}

/// Inverse functions with a closed domain.
fn in_domain(x: f64, low: f64, high: f64, f: fn(f64) -> f64) -> Result<f64> {
    if x < low || x > high {
        return Err(input_out_of_range());
    }
    Ok(f(x))
}

fn sign(x: f64) -> f64 {
    match x {
        x if x > 0.0 => 1.0,
        x if x < 0.0 => -1.0,
        // Zero of either sign, and NaN.
        _ => 0.0,
    }
}

/// The bucket, from 1, of equal width between `low` and `high` (either may be the greater); 0 and
/// `count + 1` are outside.
fn width_bucket(operand: f64, low: f64, high: f64, count: i32) -> Result<Datum> {
    let invalid = |m| fail(code::INVALID_ARGUMENT_FOR_WIDTH_BUCKET_FUNCTION, m);
    if count <= 0 {
        return invalid("count must be greater than zero");
    }
    if operand.is_nan() || low.is_nan() || high.is_nan() {
        return invalid("operand, lower bound, and upper bound cannot be NaN");
    }
    if low.is_infinite() || high.is_infinite() {
        return invalid("lower and upper bounds must be finite");
    }
    if low == high {
        return invalid("lower bound cannot equal upper bound");
    }
    let (below, above) = if low < high {
        (operand < low, operand >= high)
    } else {
        (operand > low, operand <= high)
    };
    if below {
        return Ok(Datum::Int4(0));
    }
    if above {
        let bucket = count.checked_add(1).ok_or_else(|| out_of_range("integer"))?;
        return Ok(Datum::Int4(bucket));
    }
    // Halved where the span itself would overflow.
    let (span, distance) = match (high - low).is_infinite() {
        false => (high - low, operand - low),
        true => (high / 2.0 - low / 2.0, operand / 2.0 - low / 2.0),
    };
    let bucket = (f64::from(count) * (distance / span)) as i32;
    // Rounding may reach the end of the last bucket.
    Ok(Datum::Int4(bucket.min(count - 1) + 1))
}

macro_rules! unary {
    ($f:expr) => {
        Scalar(|_, a| ($f)(a[0].as_float8()).map(Datum::Float8))
    };
}

macro_rules! total {
    ($f:expr) => {
        Scalar(|_, a| Ok(Datum::Float8(($f)(a[0].as_float8()))))
    };
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("dceil", total!(f64::ceil)),
    ("dfloor", total!(f64::floor)),
    ("dround", total!(f64::round_ties_even)),
    ("dtrunc", total!(f64::trunc)),
    ("dsign", total!(sign)),
    ("dsqrt", unary!(square_root)),
    ("dcbrt", total!(libm::cbrt)),
    ("dexp", unary!(exponential)),
    ("dlog1", unary!(|x| logarithm(x, f64::ln))),
    ("dlog10", unary!(|x| logarithm(x, f64::log10))),
    ("dpow", Scalar(|_, a| power(a[0].as_float8(), a[1].as_float8()).map(Datum::Float8))),
    ("dpi", Scalar(|_, _| Ok(Datum::Float8(std::f64::consts::PI)))),
    ("degrees", unary!(|x: f64| checked(x / RADIANS_PER_DEGREE, x))),
    ("radians", total!(|x: f64| x * RADIANS_PER_DEGREE)),
    ("dsinh", total!(f64::sinh)),
    ("dcosh", total!(f64::cosh)),
    ("dtanh", total!(f64::tanh)),
    ("dasinh", total!(libm::asinh)),
    ("dacosh", unary!(|x| in_domain(x, 1.0, f64::INFINITY, |x| libm::acosh(x)))),
    ("datanh", unary!(|x| in_domain(x, -1.0, 1.0, |x| libm::atanh(x)))),
    ("dasin", unary!(|x| in_domain(x, -1.0, 1.0, f64::asin))),
    ("dacos", unary!(|x| in_domain(x, -1.0, 1.0, f64::acos))),
    ("datan", total!(f64::atan)),
    ("datan2", Scalar(|_, a| Ok(Datum::Float8(a[0].as_float8().atan2(a[1].as_float8()))))),
    ("dsin", unary!(|x| periodic(x, f64::sin))),
    ("dcos", unary!(|x| periodic(x, f64::cos))),
    ("dtan", unary!(|x| periodic(x, f64::tan))),
    ("dcot", unary!(|x: f64| periodic(x, |x| 1.0 / x.tan()))),
    (
        "width_bucket_float8",
        Scalar(|_, a| {
            width_bucket(a[0].as_float8(), a[1].as_float8(), a[2].as_float8(), a[3].as_int4())
        }),
    ),
];

/// As PostgreSQL's constant, so that results agree to the last bit.
pub(super) const RADIANS_PER_DEGREE: f64 = 0.017_453_292_519_943_295;

/// Trigonometric functions have no value at infinity.
fn periodic(x: f64, f: fn(f64) -> f64) -> Result<f64> {
    match x.is_infinite() {
        true => Err(input_out_of_range()),
        false => Ok(f(x)),
    }
}

#[cfg(test)]
mod tests {
    use crate::functions::testing::{error, value};
    use crate::types::Datum::{Float8, Int4};

    #[test]
    fn domain_errors_have_their_own_states() {
        assert_eq!(error("dlog1", &[Float8(0.0)]), ("2201E", "cannot take logarithm of zero"));
        assert_eq!(
            error("dpow", &[Float8(0.0), Float8(-1.0)]),
            ("2201F", "zero raised to a negative power is undefined")
        );
        assert_eq!(error("dacos", &[Float8(2.0)]), ("22003", "input is out of range"));
        assert_eq!(error("dexp", &[Float8(1000.0)]), ("22003", "value out of range: overflow"));
    }

    #[test]
    fn power_follows_posix_for_nan_and_infinity() {
        assert_eq!(value("dpow", &[Float8(1.0), Float8(f64::NAN)]), Float8(1.0));
        assert_eq!(value("dpow", &[Float8(f64::NAN), Float8(0.0)]), Float8(1.0));
        assert_eq!(value("dpow", &[Float8(-2.0), Float8(3.0)]), Float8(-8.0));
    }

    #[test]
    fn buckets_count_from_either_end() {
        let bucket = |x, low, high, n| {
            value("width_bucket_float8", &[Float8(x), Float8(low), Float8(high), Int4(n)])
        };
        assert_eq!(bucket(5.35, 0.024, 10.06, 5), Int4(3));
        assert_eq!(bucket(0.0, 10.0, 0.0, 5), Int4(6));
        assert_eq!(bucket(9.5, 10.0, 0.0, 5), Int4(1));
        assert_eq!(bucket(-1.0, 0.0, 10.0, 5), Int4(0));
    }
}

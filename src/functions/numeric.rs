//! Operators, casts and mathematical functions of `numeric`.
//!
//! The arithmetic itself, with PostgreSQL's rules for result scales, is [`Numeric`]'s.

use super::Implementation::{self, Scalar};
use super::integer::{division_by_zero, out_of_range};
use crate::error::{PgError, Result, code};
use crate::types::{Datum, Numeric};
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::ToPrimitive;

/// The largest factorial whose digits fit a numeric; beyond it PostgreSQL does not even try.
const FACTORIAL_MAX: i64 = 32_177;

fn factorial(n: i64) -> Result<Numeric> {
    if n < 0 {
        let message = "factorial of a negative number is undefined";
        return Err(PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, message));
    }
    if n > FACTORIAL_MAX {
        let message = "value overflows numeric format";
        return Err(PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, message));
    }
    Numeric::from_bigint(product(1, n), 0)
}

/// `low * … * high`, halved recursively so that factors stay of like size.
fn product(low: i64, high: i64) -> BigInt {
    match high - low {
        ..0 => BigInt::from(1),
        0 => BigInt::from(low),
        span => product(low, low + span / 2) * product(low + span / 2 + 1, high),
    }
}

/// Both values as integers of one scale, the larger; `None` unless both are finite.
fn common_scale(a: &Numeric, b: &Numeric) -> Option<(BigInt, BigInt, u16)> {
    let scale = a.scale().max(b.scale());
    let widen = |n: &Numeric| -> Option<BigInt> {
        Some(n.coefficient()? * BigInt::from(10).pow((scale - n.scale()).into()))
    };
    Some((widen(a)?, widen(b)?, scale))
}

/// NaN where either is not finite, as PostgreSQL defines both functions.
fn gcd(a: &Numeric, b: &Numeric) -> Result<Numeric> {
    match common_scale(a, b) {
        Some((x, y, scale)) => Numeric::from_bigint(x.gcd(&y), scale),
        None => Ok(Numeric::nan()),
    }
}

fn lcm(a: &Numeric, b: &Numeric) -> Result<Numeric> {
    match common_scale(a, b) {
        Some((x, y, scale)) => Numeric::from_bigint(x.lcm(&y), scale),
        None => Ok(Numeric::nan()),
    }
}

fn sign(n: &Numeric) -> Numeric {
    if n.is_nan() { Numeric::nan() } else { Numeric::from_i64(n.signum().into()) }
}

/// NULL for NaN and infinities, which have no scale.
fn scale_of(n: &Numeric, scale: fn(&Numeric) -> u16) -> Datum {
    if n.is_finite() { Datum::Int4(scale(n).into()) } else { Datum::Null }
}

/// Base-10 logarithm.
fn log10(n: &Numeric) -> Result<Numeric> {
    n.log(&Numeric::from_i64(10))
}

/// As [`super::math`]'s for floats, exact.
fn width_bucket(operand: &Numeric, low: &Numeric, high: &Numeric, count: i32) -> Result<Datum> {
    let invalid = |m| Err(PgError::new(code::INVALID_ARGUMENT_FOR_WIDTH_BUCKET_FUNCTION, m));
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
        return Ok(Datum::Int4(count.checked_add(1).ok_or_else(|| out_of_range("integer"))?));
    }
    Ok(Datum::Int4(bucket_inside(operand, low, high, count)))
}

/// The bucket of a value between the bounds: `floor(count * distance / span) + 1`.
fn bucket_inside(operand: &Numeric, low: &Numeric, high: &Numeric, count: i32) -> i32 {
    let finite = "values between finite bounds are finite";
    let (distance, span) = match (Numeric::sub(operand, low), Numeric::sub(high, low)) {
        (Ok(distance), Ok(span)) => (distance.abs(), span.abs()),
        _ => return count,
    };
    let (distance, span, _) = common_scale(&distance, &span).expect(finite);
    (distance * count / span).to_i32().map_or(count, |bucket| bucket.saturating_add(1))
}

fn rem(a: &Numeric, b: &Numeric) -> Result<Numeric> {
    if b.is_zero() && !a.is_nan() {
        return Err(division_by_zero());
    }
    a.rem(b)
}

macro_rules! unary {
    ($f:expr) => {
        Scalar(|_, a| Ok(Datum::Numeric(($f)(a[0].as_numeric()))))
    };
}

macro_rules! fallible {
    ($f:expr) => {
        Scalar(|_, a| ($f)(a[0].as_numeric()).map(Datum::Numeric))
    };
}

macro_rules! binary {
    ($f:expr) => {
        Scalar(|_, a| ($f)(a[0].as_numeric(), a[1].as_numeric()).map(Datum::Numeric))
    };
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("numeric_add", binary!(Numeric::add)),
    ("numeric_sub", binary!(Numeric::sub)),
    ("numeric_mul", binary!(Numeric::mul)),
    ("numeric_div", binary!(Numeric::div)),
    ("numeric_div_trunc", binary!(Numeric::div_trunc)),
    ("numeric_mod", binary!(rem)),
    ("numeric_power", binary!(Numeric::power)),
    ("numeric_log", binary!(|base: &Numeric, n: &Numeric| n.log(base))),
    ("numeric_gcd", binary!(gcd)),
    ("numeric_lcm", binary!(lcm)),
    ("numeric_uminus", unary!(Numeric::neg)),
    ("numeric_uplus", unary!(Numeric::clone)),
    ("numeric_abs", unary!(Numeric::abs)),
    ("numeric_sign", unary!(sign)),
    ("numeric_ceil", unary!(Numeric::ceil)),
    ("numeric_floor", unary!(Numeric::floor)),
    ("numeric_trim_scale", unary!(Numeric::trim_scale)),
    ("numeric_sqrt", fallible!(Numeric::sqrt)),
    ("numeric_exp", fallible!(Numeric::exp)),
    ("numeric_ln", fallible!(Numeric::ln)),
    ("numeric_inc", fallible!(|n: &Numeric| n.add(&Numeric::one()))),
    ("log(numeric)", fallible!(log10)),
    ("log10(numeric)", fallible!(log10)),
    ("round(numeric)", fallible!(|n: &Numeric| n.round(0))),
    ("trunc(numeric)", unary!(|n: &Numeric| n.trunc(0))),
    ("numeric_round", Scalar(|_, a| a[0].as_numeric().round(a[1].as_int4()).map(Datum::Numeric))),
    ("numeric_trunc", Scalar(|_, a| Ok(Datum::Numeric(a[0].as_numeric().trunc(a[1].as_int4()))))),
    ("numeric_fac", Scalar(|_, a| factorial(a[0].as_int8()).map(Datum::Numeric))),
    ("numeric_scale", Scalar(|_, a| Ok(scale_of(a[0].as_numeric(), Numeric::scale)))),
    ("numeric_min_scale", Scalar(|_, a| Ok(scale_of(a[0].as_numeric(), Numeric::min_scale)))),
    (
        "width_bucket_numeric",
        Scalar(|_, a| {
            width_bucket(a[0].as_numeric(), a[1].as_numeric(), a[2].as_numeric(), a[3].as_int4())
        }),
    ),
    ("numeric", Scalar(|_, a| a[0].as_numeric().apply_typmod(a[1].as_int4()).map(Datum::Numeric))),
    ("numeric_int2", Scalar(|_, a| a[0].as_numeric().to_i16().map(Datum::Int2))),
    ("numeric_int4", Scalar(|_, a| a[0].as_numeric().to_i32().map(Datum::Int4))),
    ("numeric_int8", Scalar(|_, a| a[0].as_numeric().to_i64().map(Datum::Int8))),
    ("numeric_float4", Scalar(|_, a| a[0].as_numeric().to_f32().map(Datum::Float4))),
    ("numeric_float8", Scalar(|_, a| a[0].as_numeric().to_f64().map(Datum::Float8))),
    ("int2_numeric", Scalar(|_, a| Ok(Datum::Numeric(Numeric::from_i64(a[0].as_int2().into()))))),
    ("int4_numeric", Scalar(|_, a| Ok(Datum::Numeric(Numeric::from_i64(a[0].as_int4().into()))))),
    ("int8_numeric", Scalar(|_, a| Ok(Datum::Numeric(Numeric::from_i64(a[0].as_int8()))))),
    ("float4_numeric", Scalar(|_, a| Ok(Datum::Numeric(Numeric::from_f32(a[0].as_float4()))))),
    ("float8_numeric", Scalar(|_, a| Ok(Datum::Numeric(Numeric::from_f64(a[0].as_float8()))))),
];

#[cfg(test)]
mod tests {
    use crate::functions::testing::{error, value};
    use crate::types::Datum::{self, Int4, Int8};
    use crate::types::Numeric;

    fn n(text: &str) -> Datum {
        Datum::Numeric(Numeric::parse(text).unwrap())
    }

    /// Compares the text, so that scales count.
    #[track_caller]
    fn shows(prosrc: &str, args: &[Datum], expected: &str) {
        assert_eq!(value(prosrc, args).as_numeric().to_string(), expected, "{prosrc}({args:?})");
    }

    #[test]
    fn scales_follow_postgresql() {
        shows("numeric_div", &[n("1"), n("3")], "0.33333333333333333333");
        shows("numeric_mul", &[n("1.50"), n("2.0")], "3.000");
        shows("numeric_gcd", &[n("330.3"), n("462.42")], "66.06");
        shows("numeric_lcm", &[n("330.3"), n("462.42")], "2312.10");
        shows("numeric_fac", &[Int8(20)], "2432902008176640000");
        shows("log(numeric)", &[n("100")], "2.0000000000000000");
    }

    #[test]
    fn buckets_are_exact() {
        let bucket = |x, low, high, count| {
            value("width_bucket_numeric", &[n(x), n(low), n(high), Int4(count)])
        };
        assert_eq!(bucket("5.35", "0.024", "10.06", 5), Int4(3));
        assert_eq!(bucket("0", "10", "0", 5), Int4(6));
        assert_eq!(bucket("Infinity", "0", "10", 5), Int4(6));
    }

    #[test]
    fn invalid_arguments_are_refused() {
        assert_eq!(
            error("numeric_fac", &[Int8(-1)]),
            ("22003", "factorial of a negative number is undefined")
        );
        assert_eq!(error("numeric_mod", &[n("1"), n("0")]), ("22012", "division by zero"));
    }
}

//! Arithmetic on coordinates: 22003 and 22012 as for `float8`, and comparisons that take what differs by
//! [`EPSILON`] or less for the same.

use super::EPSILON;
use crate::error::{PgError, Result, code};
use crate::types::float::compare_f64;

fn overflow() -> PgError {
    PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: overflow")
}

fn underflow() -> PgError {
    PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, "value out of range: underflow")
}

fn check(result: f64, may_be_infinite: bool, may_be_zero: bool) -> Result<f64> {
    match result {
        _ if result.is_infinite() && !may_be_infinite => Err(overflow()),
        _ if result == 0.0 && !may_be_zero => Err(underflow()),
        _ => Ok(result),
    }
}

pub fn add(a: f64, b: f64) -> Result<f64> {
    check(a + b, a.is_infinite() || b.is_infinite(), true)
}

pub fn subtract(a: f64, b: f64) -> Result<f64> {
    check(a - b, a.is_infinite() || b.is_infinite(), true)
}

pub fn multiply(a: f64, b: f64) -> Result<f64> {
    check(a * b, a.is_infinite() || b.is_infinite(), a == 0.0 || b == 0.0)
}

pub fn divide(a: f64, b: f64) -> Result<f64> {
    if b == 0.0 && !a.is_nan() {
        return Err(PgError::new(code::DIVISION_BY_ZERO, "division by zero"));
    }
    check(a / b, a.is_infinite(), a == 0.0 || b.is_infinite())
}

/// The length of the hypotenuse, without overflow on the way.
pub fn hypotenuse(x: f64, y: f64) -> Result<f64> {
    if x.is_infinite() || y.is_infinite() {
        return Ok(f64::INFINITY);
    }
    if x.is_nan() || y.is_nan() {
        return Ok(f64::NAN);
    }
    let (x, y) = (x.abs().max(y.abs()), x.abs().min(y.abs()));
    if y == 0.0 {
        return Ok(x);
    }
    let ratio = y / x;
    check(x * (1.0 + ratio * ratio).sqrt(), false, false)
}

pub fn is_zero(a: f64) -> bool {
    a.abs() <= EPSILON
}

pub fn same(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= EPSILON
}

pub fn differ(a: f64, b: f64) -> bool {
    a != b && (a - b).abs() > EPSILON
}

pub fn below(a: f64, b: f64) -> bool {
    a + EPSILON < b
}

pub fn at_most(a: f64, b: f64) -> bool {
    a <= b + EPSILON
}

pub fn above(a: f64, b: f64) -> bool {
    a > b + EPSILON
}

pub fn at_least(a: f64, b: f64) -> bool {
    a + EPSILON >= b
}

/// The order of `float8`, NaN last.
pub fn is_less(a: f64, b: f64) -> bool {
    compare_f64(a, b).is_lt()
}

pub fn least(a: f64, b: f64) -> f64 {
    if is_less(a, b) { a } else { b }
}

pub fn greatest(a: f64, b: f64) -> f64 {
    if compare_f64(a, b).is_gt() { a } else { b }
}

//! Trigonometric functions in degrees: `sind`, `acosd`, ….
//!
//! `sin(radians(30))` is not exactly 0.5; `sind(30)` must be. So each function reduces its argument
//! to the first quadrant and scales the radian result by the same expression's value at 30, 45 or 60
//! degrees: the known points come out exact, and their neighbours stay monotonic.

use super::Implementation::{self, Scalar};
use super::math::{RADIANS_PER_DEGREE, input_out_of_range};
use crate::error::Result;
use crate::types::Datum;
use std::hint::black_box;

/// `sin` of degrees. `black_box` keeps the compiler from folding reference values at another
/// precision than the library gives at run time.
fn sin_of_degrees(x: f64) -> f64 {
    black_box(x * RADIANS_PER_DEGREE).sin()
}

fn one_minus_cos_of_degrees(x: f64) -> f64 {
    1.0 - black_box(x * RADIANS_PER_DEGREE).cos()
}

/// For 0 ≤ x ≤ 30.
fn sind_below_30(x: f64) -> f64 {
    (sin_of_degrees(x) / sin_of_degrees(30.0)) / 2.0
}

/// For 0 ≤ x ≤ 60.
fn cosd_below_60(x: f64) -> f64 {
    1.0 - (one_minus_cos_of_degrees(x) / one_minus_cos_of_degrees(60.0)) / 2.0
}

/// For 0 ≤ x ≤ 90.
fn sind_first_quadrant(x: f64) -> f64 {
    if x <= 30.0 { sind_below_30(x) } else { cosd_below_60(90.0 - x) }
}

fn cosd_first_quadrant(x: f64) -> f64 {
    if x <= 60.0 { cosd_below_60(x) } else { sind_below_30(90.0 - x) }
}

/// NaN passes; infinity has no angle. The rest is reduced to (-360, 360).
fn reduce(x: f64) -> Result<f64> {
    match x.is_infinite() {
        true => Err(input_out_of_range()),
        false => Ok(x % 360.0),
    }
}

/// Folds a reduced angle to the first quadrant. `(angle, half turn crossed, quadrant crossed)`.
fn fold(x: f64) -> (f64, bool, bool) {
    let x = x.abs();
    let (x, half) = if x > 180.0 { (360.0 - x, true) } else { (x, false) };
    if x > 90.0 { (180.0 - x, half, true) } else { (x, half, false) }
}

fn signed(value: f64, negative: bool) -> f64 {
    if negative { -value } else { value }
}

fn sind(x: f64) -> Result<f64> {
    let reduced = reduce(x)?;
    let (angle, half, _) = fold(reduced);
    Ok(signed(sind_first_quadrant(angle), half != reduced.is_sign_negative()))
}

fn cosd(x: f64) -> Result<f64> {
    let (angle, _, quadrant) = fold(reduce(x)?);
    Ok(signed(cosd_first_quadrant(angle), quadrant))
}

fn tand(x: f64) -> Result<f64> {
    let reduced = reduce(x)?;
    let (angle, half, quadrant) = fold(reduced);
    let tangent = sind_first_quadrant(angle) / cosd_first_quadrant(angle);
    let tangent_45 = sind_first_quadrant(45.0) / cosd_first_quadrant(45.0);
    let negative = (half != (reduced < 0.0)) != quadrant;
    // Adding zero turns -0 into 0.
    Ok(signed(tangent / tangent_45, negative) + 0.0)
}

fn cotd(x: f64) -> Result<f64> {
    let reduced = reduce(x)?;
    let (angle, half, quadrant) = fold(reduced);
    let cotangent = cosd_first_quadrant(angle) / sind_first_quadrant(angle);
    let cotangent_45 = cosd_first_quadrant(45.0) / sind_first_quadrant(45.0);
    let negative = (half != reduced.is_sign_negative()) != quadrant;
    Ok(signed(cotangent / cotangent_45, negative) + 0.0)
}

/// For 0 ≤ x ≤ 1, in degrees.
fn asind_positive(x: f64) -> f64 {
    if x <= 0.5 {
        (x.asin() / black_box(0.5f64).asin()) * 30.0
    } else {
        90.0 - (x.acos() / black_box(0.5f64).acos()) * 60.0
    }
}

fn acosd_positive(x: f64) -> f64 {
    if x <= 0.5 {
        90.0 - (x.asin() / black_box(0.5f64).asin()) * 30.0
    } else {
        (x.acos() / black_box(0.5f64).acos()) * 60.0
    }
}

fn unit_domain(x: f64) -> Result<()> {
    if (-1.0..=1.0).contains(&x) || x.is_nan() { Ok(()) } else { Err(input_out_of_range()) }
}

fn asind(x: f64) -> Result<f64> {
    unit_domain(x)?;
    Ok(if x >= 0.0 { asind_positive(x) } else { -asind_positive(-x) })
}

fn acosd(x: f64) -> Result<f64> {
    unit_domain(x)?;
    Ok(if x >= 0.0 { acosd_positive(x) } else { 90.0 + asind_positive(-x) })
}

fn atan_scaled(radians: f64) -> f64 {
    (radians / black_box(1.0f64).atan()) * 45.0
}

macro_rules! unary {
    ($f:expr) => {
        Scalar(|_, a| ($f)(a[0].as_float8()).map(Datum::Float8))
    };
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("dsind", unary!(sind)),
    ("dcosd", unary!(cosd)),
    ("dtand", unary!(tand)),
    ("dcotd", unary!(cotd)),
    ("dasind", unary!(asind)),
    ("dacosd", unary!(acosd)),
    ("datand", Scalar(|_, a| Ok(Datum::Float8(atan_scaled(a[0].as_float8().atan()))))),
    (
        "datan2d",
        Scalar(|_, a| Ok(Datum::Float8(atan_scaled(a[0].as_float8().atan2(a[1].as_float8()))))),
    ),
];

#[cfg(test)]
mod tests {
    use crate::functions::testing::{error, value};
    use crate::types::Datum::Float8;

    #[test]
    fn known_angles_are_exact() {
        for (function, x, y) in [
            ("dsind", 30.0, 0.5),
            ("dsind", 150.0, 0.5),
            ("dsind", -90.0, -1.0),
            ("dsind", 210.0, -0.5),
            ("dcosd", 60.0, 0.5),
            ("dcosd", 120.0, -0.5),
            ("dcosd", 300.0, 0.5),
            ("dtand", 45.0, 1.0),
            ("dtand", 135.0, -1.0),
            ("dtand", 225.0, 1.0),
            ("dcotd", 45.0, 1.0),
            ("dcotd", -45.0, -1.0),
            ("dasind", 0.5, 30.0),
            ("dacosd", -0.5, 120.0),
            ("datand", 1.0, 45.0),
        ] {
            assert_eq!(value(function, &[Float8(x)]), Float8(y), "{function}({x})");
        }
    }

    #[test]
    fn infinity_is_out_of_range() {
        let expected = ("22003", "input is out of range");
        assert_eq!(error("dsind", &[Float8(f64::INFINITY)]), expected);
        assert_eq!(error("dasind", &[Float8(1.5)]), expected);
    }
}

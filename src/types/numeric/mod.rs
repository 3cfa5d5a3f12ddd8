//! `numeric`: exact decimals of any precision, with a display scale, NaN and both infinities.

use crate::error::Result;
use std::cmp::Ordering;

/// An exact decimal. Equality, order and hash are by value (1.0 equals 1.00); NaN equals NaN and is
/// the greatest value.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Numeric(std::sync::Arc<str>);

#[allow(unused_variables)]
impl Numeric {
    pub fn nan() -> Numeric {
        todo!()
    }
    pub fn infinity() -> Numeric {
        todo!()
    }
    pub fn neg_infinity() -> Numeric {
        todo!()
    }
    pub fn zero() -> Numeric {
        todo!()
    }
    pub fn one() -> Numeric {
        todo!()
    }
    /// `coefficient * 10^-scale`, displayed with `scale` digits after the point.
    pub fn new(coefficient: i128, scale: u16) -> Numeric {
        todo!()
    }
    pub fn from_bigint(coefficient: num_bigint::BigInt, scale: u16) -> Result<Numeric> {
        todo!()
    }
    pub fn from_i64(v: i64) -> Numeric {
        todo!()
    }
    /// As the cast from float8: 15 significant digits.
    pub fn from_f64(v: f64) -> Numeric {
        todo!()
    }
    /// As the cast from float4: 6 significant digits.
    pub fn from_f32(v: f32) -> Numeric {
        todo!()
    }
    /// Reads the text form (22P02, 22003).
    pub fn parse(text: &str) -> Result<Numeric> {
        todo!()
    }
    pub fn is_nan(&self) -> bool {
        todo!()
    }
    pub fn is_infinite(&self) -> bool {
        todo!()
    }
    pub fn is_finite(&self) -> bool {
        todo!()
    }
    pub fn is_zero(&self) -> bool {
        todo!()
    }
    pub fn is_integral(&self) -> bool {
        todo!()
    }
    /// -1, 0, 1; NaN: 0; infinities: their sign.
    pub fn signum(&self) -> i32 {
        todo!()
    }
    /// Digits shown after the point; 0 for NaN and infinities.
    pub fn scale(&self) -> u16 {
        todo!()
    }
    /// The exact value as an unscaled coefficient with [`Numeric::scale`]; `None` unless finite.
    pub fn coefficient(&self) -> Option<num_bigint::BigInt> {
        todo!()
    }
    pub fn add(&self, o: &Numeric) -> Result<Numeric> {
        todo!()
    }
    pub fn sub(&self, o: &Numeric) -> Result<Numeric> {
        todo!()
    }
    pub fn mul(&self, o: &Numeric) -> Result<Numeric> {
        todo!()
    }
    pub fn div(&self, o: &Numeric) -> Result<Numeric> {
        todo!()
    }
    /// The quotient truncated to an integer: `div(a, b)`.
    pub fn div_trunc(&self, o: &Numeric) -> Result<Numeric> {
        todo!()
    }
    /// The remainder, with the dividend's sign.
    pub fn rem(&self, o: &Numeric) -> Result<Numeric> {
        todo!()
    }
    pub fn neg(&self) -> Numeric {
        todo!()
    }
    pub fn abs(&self) -> Numeric {
        todo!()
    }
    /// Rounds half away from zero to `scale` digits after the point (negative: before it).
    pub fn round(&self, scale: i32) -> Result<Numeric> {
        todo!()
    }
    pub fn trunc(&self, scale: i32) -> Numeric {
        todo!()
    }
    pub fn ceil(&self) -> Numeric {
        todo!()
    }
    pub fn floor(&self) -> Numeric {
        todo!()
    }
    pub fn sqrt(&self) -> Result<Numeric> {
        todo!()
    }
    pub fn exp(&self) -> Result<Numeric> {
        todo!()
    }
    pub fn ln(&self) -> Result<Numeric> {
        todo!()
    }
    /// The logarithm of `self` in a base: `log(base, self)`.
    pub fn log(&self, base: &Numeric) -> Result<Numeric> {
        todo!()
    }
    pub fn power(&self, exponent: &Numeric) -> Result<Numeric> {
        todo!()
    }
    /// Rounds to an integer; 22003 `integer out of range` and the like, 0A000 for NaN and infinity.
    pub fn to_i16(&self) -> Result<i16> {
        todo!()
    }
    pub fn to_i32(&self) -> Result<i32> {
        todo!()
    }
    pub fn to_i64(&self) -> Result<i64> {
        todo!()
    }
    pub fn to_f64(&self) -> Result<f64> {
        todo!()
    }
    pub fn to_f32(&self) -> Result<f32> {
        todo!()
    }
    /// Minimal scale that shows the value: `trim_scale`'s.
    pub fn min_scale(&self) -> u16 {
        todo!()
    }
    pub fn trim_scale(&self) -> Numeric {
        todo!()
    }
    /// Fits to `numeric(p,s)`'s type modifier, 22003 `numeric field overflow`.
    pub fn apply_typmod(&self, typmod: i32) -> Result<Numeric> {
        todo!()
    }
}

impl std::fmt::Display for Numeric {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let _ = f;
        todo!()
    }
}
impl PartialEq for Numeric {
    fn eq(&self, o: &Numeric) -> bool {
        self.cmp(o).is_eq()
    }
}
impl Eq for Numeric {}
impl PartialOrd for Numeric {
    fn partial_cmp(&self, o: &Numeric) -> Option<Ordering> {
        Some(self.cmp(o))
    }
}
impl Ord for Numeric {
    fn cmp(&self, _o: &Numeric) -> Ordering {
        todo!()
    }
}
impl std::hash::Hash for Numeric {
    fn hash<H: std::hash::Hasher>(&self, _h: &mut H) {
        todo!()
    }
}

//! `numeric`: exact decimals of any precision, with a display scale, NaN and both infinities.
//!
//! A finite value is `coefficient * 10^-scale`; `scale` digits are shown after the point, so 1.0 and
//! 1.00 are equal but look different. The coefficient is an `i64` where it fits, which keeps common
//! arithmetic free of allocation, and a shared big integer where it does not.
//!
//! Invariant: a coefficient that fits an `i64` is never stored wide.
//!
//! Result scales follow PostgreSQL: sums take the larger scale, products the sum of both, quotients
//! and the transcendental functions at least 16 significant digits (see [`arithmetic`] and
//! [`transcendental`]).

mod arithmetic;
mod convert;
mod digits;
mod order;
mod rounding;
mod text;
mod transcendental;
mod typmod;
mod wire;

#[cfg(test)]
mod tests;

pub use arithmetic::division_by_zero;
pub use digits::POW10;
pub use typmod::{precision_and_scale, typmod_from_modifiers};

use crate::error::{PgError, Result, code};
use num_bigint::BigInt;
use num_traits::ToPrimitive;
use std::sync::Arc;

/// Most digits after the point that the format holds.
pub const SCALE_MAX: i32 = 16383;
/// Most digits before the point: 32768 groups of four.
pub const INTEGER_DIGITS_MAX: u64 = 131_072;
/// Results of division, roots and logarithms show at least this many significant digits.
const SIGNIFICANT_DIGITS_MIN: i32 = 16;
/// Functions choose no scale above this.
const RESULT_SCALE_MAX: i32 = 1000;

/// An exact decimal. Equality, order and hash are by value (1.0 equals 1.00); NaN equals NaN and is
/// the greatest value.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Numeric(Repr);

#[derive(Clone, Debug)]
enum Repr {
    Small { coefficient: i64, scale: u16 },
    Wide(Arc<Wide>),
    NaN,
    Infinity,
    NegInfinity,
}

#[derive(Debug)]
struct Wide {
    coefficient: BigInt,
    scale: u16,
}

impl From<Numeric> for String {
    fn from(value: Numeric) -> String {
        value.to_string()
    }
}

impl TryFrom<String> for Numeric {
    type Error = PgError;
    fn try_from(text: String) -> Result<Numeric> {
        Numeric::parse(&text)
    }
}

impl Numeric {
    pub const fn nan() -> Numeric {
        Numeric(Repr::NaN)
    }

    pub const fn infinity() -> Numeric {
        Numeric(Repr::Infinity)
    }

    pub const fn neg_infinity() -> Numeric {
        Numeric(Repr::NegInfinity)
    }

    pub const fn zero() -> Numeric {
        Numeric::from_i64(0)
    }

    pub const fn one() -> Numeric {
        Numeric::from_i64(1)
    }

    pub const fn from_i64(v: i64) -> Numeric {
        Numeric(Repr::Small { coefficient: v, scale: 0 })
    }

    /// `coefficient * 10^-scale`, displayed with `scale` digits after the point.
    pub fn new(coefficient: i128, scale: u16) -> Numeric {
        match i64::try_from(coefficient) {
            Ok(coefficient) => Numeric(Repr::Small { coefficient, scale }),
            Err(_) => Numeric(Repr::Wide(Arc::new(Wide {
                coefficient: BigInt::from(coefficient),
                scale,
            }))),
        }
    }

    /// As [`Numeric::new`]; 22003 where the value is too large for the format.
    pub fn from_bigint(coefficient: BigInt, scale: u16) -> Result<Numeric> {
        if let Some(coefficient) = coefficient.to_i64() {
            return Ok(Numeric(Repr::Small { coefficient, scale }));
        }
        let digits_max = INTEGER_DIGITS_MAX + u64::from(scale);
        // Each digit takes more than 3.3 bits: most values need no exact count.
        if coefficient.bits() > digits_max * 33 / 10
            && digits::count(coefficient.magnitude()) > digits_max
        {
            return Err(overflow());
        }
        Ok(Numeric(Repr::Wide(Arc::new(Wide { coefficient, scale }))))
    }

    /// Like [`Numeric::from_bigint`] for a scale computed elsewhere, which may not fit.
    fn from_parts(coefficient: BigInt, scale: i32) -> Result<Numeric> {
        match u16::try_from(scale) {
            Ok(s) if scale <= SCALE_MAX => Numeric::from_bigint(coefficient, s),
            _ => Err(overflow()),
        }
    }

    pub fn is_nan(&self) -> bool {
        matches!(self.0, Repr::NaN)
    }

    pub fn is_infinite(&self) -> bool {
        matches!(self.0, Repr::Infinity | Repr::NegInfinity)
    }

    pub fn is_finite(&self) -> bool {
        matches!(self.0, Repr::Small { .. } | Repr::Wide(_))
    }

    pub fn is_zero(&self) -> bool {
        matches!(self.0, Repr::Small { coefficient: 0, .. })
    }

    /// Finite and without a fraction.
    pub fn is_integral(&self) -> bool {
        self.is_finite() && self.min_scale() == 0
    }

    /// -1, 0, 1; NaN: 0; infinities: their sign.
    pub fn signum(&self) -> i32 {
        match &self.0 {
            Repr::Small { coefficient, .. } => coefficient.signum() as i32,
            Repr::Wide(w) if w.coefficient.sign() == num_bigint::Sign::Minus => -1,
            Repr::Wide(_) | Repr::Infinity => 1,
            Repr::NegInfinity => -1,
            Repr::NaN => 0,
        }
    }

    /// Digits shown after the point; 0 for NaN and infinities.
    pub fn scale(&self) -> u16 {
        match &self.0 {
            Repr::Small { scale, .. } => *scale,
            Repr::Wide(w) => w.scale,
            _ => 0,
        }
    }

    /// The exact value as an unscaled coefficient with [`Numeric::scale`]; `None` unless finite.
    pub fn coefficient(&self) -> Option<BigInt> {
        match &self.0 {
            Repr::Small { coefficient, .. } => Some(BigInt::from(*coefficient)),
            Repr::Wide(w) => Some(w.coefficient.clone()),
            _ => None,
        }
    }

    /// The coefficient and scale where they are small: the fast path of arithmetic.
    fn small(&self) -> Option<(i64, u16)> {
        match self.0 {
            Repr::Small { coefficient, scale } => Some((coefficient, scale)),
            _ => None,
        }
    }

    /// Coefficient and scale of a finite value whose coefficient fits.
    pub fn as_i128(&self) -> Option<(i128, u16)> {
        match &self.0 {
            Repr::Small { coefficient, scale } => Some((i128::from(*coefficient), *scale)),
            Repr::Wide(w) => Some((w.coefficient.to_i128()?, w.scale)),
            _ => None,
        }
    }

    /// Coefficient and scale of a finite value.
    fn finite(&self) -> Option<(BigInt, i32)> {
        Some((self.coefficient()?, i32::from(self.scale())))
    }
}

/// 22003, the value has more digits than the format holds.
fn overflow() -> PgError {
    PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, "value overflows numeric format")
}

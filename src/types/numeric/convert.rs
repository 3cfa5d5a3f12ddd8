//! To and from integers and floats.

use super::{Numeric, Repr};
use crate::error::{PgError, Result, code};
use num_traits::ToPrimitive;

impl Numeric {
    /// As the cast from float8: 15 significant digits.
    pub fn from_f64(v: f64) -> Numeric {
        from_float(v, 15)
    }

    /// As the cast from float4: 6 significant digits.
    pub fn from_f32(v: f32) -> Numeric {
        from_float(f64::from(v), 6)
    }

    /// Rounds to a `smallint`; 22003, or 0A000 for NaN and infinity.
    pub fn to_i16(&self) -> Result<i16> {
        self.to_integer("smallint")
    }

    /// Rounds to an `integer`.
    pub fn to_i32(&self) -> Result<i32> {
        self.to_integer("integer")
    }

    /// Rounds to a `bigint`.
    pub fn to_i64(&self) -> Result<i64> {
        self.to_integer("bigint")
    }

    fn to_integer<T: TryFrom<i64>>(&self, type_name: &str) -> Result<T> {
        let whole = match &self.0 {
            Repr::Small { coefficient, scale: 0 } => Some(*coefficient),
            Repr::Small { .. } | Repr::Wide(_) => {
                self.round_to(0)?.coefficient().and_then(|c| c.to_i64())
            }
            special => {
                let what = if matches!(special, Repr::NaN) { "NaN" } else { "infinity" };
                return Err(PgError::new(
                    code::FEATURE_NOT_SUPPORTED,
                    format!("cannot convert {what} to {type_name}"),
                ));
            }
        };
        whole.and_then(|v| T::try_from(v).ok()).ok_or_else(|| {
            PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, format!("{type_name} out of range"))
        })
    }

    /// The nearest float8; 22003 where there is none.
    pub fn to_f64(&self) -> Result<f64> {
        crate::types::float::parse_f64(&self.to_string())
    }

    /// The nearest float4; 22003 where there is none.
    pub fn to_f32(&self) -> Result<f32> {
        crate::types::float::parse_f32(&self.to_string())
    }

    /// The nearest float8, infinite or zero where out of range.
    pub fn to_f64_lossy(&self) -> f64 {
        match &self.0 {
            Repr::Small { coefficient, scale: 0 } => *coefficient as f64,
            Repr::NaN => f64::NAN,
            _ => self.to_string().parse().unwrap_or(f64::NAN),
        }
    }
}

/// The decimal that `%.{digits}g` prints: PostgreSQL's casts go through text.
fn from_float(v: f64, digits: usize) -> Numeric {
    if v.is_nan() {
        return Numeric::nan();
    }
    if v.is_infinite() {
        return if v > 0.0 { Numeric::infinity() } else { Numeric::neg_infinity() };
    }
    let text = format!("{v:.*e}", digits - 1);
    let (mantissa, exponent) = text.split_once('e').expect("{:e} prints an exponent");
    let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
    Numeric::parse(&format!("{mantissa}e{exponent}")).expect("a float is a number of few digits")
}

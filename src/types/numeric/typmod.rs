//! `numeric(precision, scale)`.
//!
//! The modifier packs precision and a signed 11-bit scale above the 4 bytes that PostgreSQL adds to
//! every variable-length type's modifier.

use super::Numeric;
use super::digits::POW10;
use crate::error::{PgError, Result, code};

const PRECISION_MAX: i32 = 1000;
const HEADER: i32 = 4;

/// Precision and scale of a type modifier; `None`: unconstrained.
pub fn precision_and_scale(typmod: i32) -> Option<(i32, i32)> {
    let packed = typmod.checked_sub(HEADER).filter(|p| *p >= 0)?;
    Some(((packed >> 16) & 0xffff, ((packed & 0x7ff) ^ 1024) - 1024))
}

/// The modifier of `numeric(p)` or `numeric(p,s)`; 22023.
pub fn typmod_from_modifiers(modifiers: &[i32]) -> Result<i32> {
    let (precision, scale) = match *modifiers {
        [precision] => (precision, 0),
        [precision, scale] => (precision, scale),
        _ => return Err(invalid_parameter("invalid NUMERIC type modifier".to_owned())),
    };
    if !(1..=PRECISION_MAX).contains(&precision) {
        return Err(invalid_parameter(format!(
            "NUMERIC precision {precision} must be between 1 and {PRECISION_MAX}"
        )));
    }
    if !(-PRECISION_MAX..=PRECISION_MAX).contains(&scale) {
        return Err(invalid_parameter(format!(
            "NUMERIC scale {scale} must be between -{PRECISION_MAX} and {PRECISION_MAX}"
        )));
    }
    Ok(((precision << 16) | (scale & 0x7ff)) + HEADER)
}

fn invalid_parameter(message: String) -> PgError {
    PgError::new(code::INVALID_PARAMETER_VALUE, message)
}

impl Numeric {
    /// Rounds to `numeric(p,s)`'s scale; 22003 `numeric field overflow` where more than `p - s`
    /// digits stand before the point.
    pub fn apply_typmod(&self, typmod: i32) -> Result<Numeric> {
        let Some((precision, scale)) = precision_and_scale(typmod) else {
            return Ok(self.clone());
        };
        if let Some(fitting) = self.fit_small(precision, scale) {
            return Ok(fitting);
        }
        if self.is_nan() {
            return Ok(Numeric::nan());
        }
        let field = || format!("A field with precision {precision}, scale {scale}");
        if self.is_infinite() {
            return Err(field_overflow(format!("{} cannot hold an infinite value.", field())));
        }
        let rounded = match self.small() {
            Some((_, s)) if i32::from(s) == scale => self.clone(),
            _ => self.round_to(scale)?,
        };
        let integer_digits_max = precision - scale;
        if rounded.decimal_exponent().is_some_and(|e| e + 1 > integer_digits_max) {
            let limit = match integer_digits_max {
                0 => "1".to_owned(),
                digits => format!("10^{digits}"),
            };
            return Err(field_overflow(format!(
                "{} must round to an absolute value less than {limit}.",
                field()
            )));
        }
        Ok(rounded)
    }
}

impl Numeric {
    /// The value at `scale` where it needs no rounding and is small before and after, and fits;
    /// `None` where that is not plain to see.
    fn fit_small(&self, precision: i32, scale: i32) -> Option<Numeric> {
        let (coefficient, current) = self.small()?;
        let added = usize::try_from(scale.checked_sub(i32::from(current))?).ok()?;
        let factor = POW10.get(added).filter(|_| added < SMALL_DIGITS)?;
        let limit = POW10.get(usize::try_from(precision).ok()?)?;
        let rescaled = i128::from(coefficient) * factor;
        let scale = u16::try_from(scale).ok()?;
        (rescaled.abs() < *limit).then(|| Numeric::new(rescaled, scale))
    }
}

/// Digits by which any `i64` can grow within an `i128`.
const SMALL_DIGITS: usize = 19;

fn field_overflow(detail: String) -> PgError {
    PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, "numeric field overflow").detail(detail)
}

//! Rounding to a scale, and the scale that shows a value in full.

use super::digits::{POW10, pow10, rescale};
use super::{Numeric, RESULT_SCALE_MAX};
use crate::error::Result;
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::Zero;

/// `round()` and `trunc()` take scales within ±2000 and clamp others.
const ARGUMENT_SCALE_MAX: i32 = 2 * RESULT_SCALE_MAX;

impl Numeric {
    /// Rounds half away from zero to `scale` digits after the point (negative: before it).
    pub fn round(&self, scale: i32) -> Result<Numeric> {
        self.round_to(scale.clamp(-ARGUMENT_SCALE_MAX, ARGUMENT_SCALE_MAX))
    }

    /// As [`Numeric::round`] for any scale of the format.
    pub fn round_to(&self, scale: i32) -> Result<Numeric> {
        let Some((coefficient, current)) = self.finite() else { return Ok(self.clone()) };
        let rounded = rescale(coefficient, current, scale);
        match scale {
            0.. => Numeric::from_parts(rounded, scale),
            _ => Numeric::from_bigint(rounded * pow10(scale.unsigned_abs()), 0),
        }
    }

    /// Drops digits beyond `scale`; negative: before the point.
    pub fn trunc(&self, scale: i32) -> Numeric {
        let scale = scale.clamp(-ARGUMENT_SCALE_MAX, ARGUMENT_SCALE_MAX);
        self.trunc_to(scale)
    }

    pub(super) fn trunc_to(&self, scale: i32) -> Numeric {
        let Some((coefficient, current)) = self.finite() else { return self.clone() };
        let kept = match scale - current {
            up @ 0.. => coefficient * pow10(up.unsigned_abs()),
            down => coefficient / pow10(down.unsigned_abs()),
        };
        let result = match scale {
            0.. => Numeric::from_parts(kept, scale),
            _ => Numeric::from_bigint(kept * pow10(scale.unsigned_abs()), 0),
        };
        result.expect("truncation adds no digits before the point")
    }

    pub fn ceil(&self) -> Numeric {
        self.to_whole(Integer::div_ceil)
    }

    pub fn floor(&self) -> Numeric {
        self.to_whole(Integer::div_floor)
    }

    fn to_whole(&self, divide: impl Fn(&BigInt, &BigInt) -> BigInt) -> Numeric {
        let Some((coefficient, scale)) = self.finite() else { return self.clone() };
        let whole = divide(&coefficient, &pow10(scale.unsigned_abs()));
        // Only 10^131072 - 0.5 and the like could grow a digit; PostgreSQL fails there too, but a
        // value that rounds to itself serves better than a panic.
        Numeric::from_bigint(whole, 0).unwrap_or_else(|_| self.clone())
    }

    /// The least scale that shows the value: `min_scale()`. 0 unless finite.
    pub fn min_scale(&self) -> u16 {
        let mut scale = self.scale();
        if let Some((mut c, _)) = self.small() {
            if c == 0 {
                return 0;
            }
            while scale > 0 && c % 10 == 0 {
                c /= 10;
                scale -= 1;
            }
            return scale;
        }
        let Some(mut c) = self.coefficient() else { return 0 };
        let ten = BigInt::from(10);
        while scale > 0 {
            let (quotient, remainder) = c.div_rem(&ten);
            if !remainder.is_zero() {
                break;
            }
            c = quotient;
            scale -= 1;
        }
        scale
    }

    /// The value without trailing zeros after the point.
    pub fn trim_scale(&self) -> Numeric {
        let scale = self.min_scale();
        match self.small() {
            Some((c, current)) if usize::from(current - scale) < POW10.len() => {
                Numeric::new(i128::from(c) / POW10[usize::from(current - scale)], scale)
            }
            _ => self.trunc_to(i32::from(scale)),
        }
    }
}

//! `+ - * / %` with PostgreSQL's result scales, exact or rounded half away from zero.

use super::digits::{POW10, div_round, pow10};
use super::{Numeric, RESULT_SCALE_MAX, Repr, SCALE_MAX, SIGNIFICANT_DIGITS_MIN};
use crate::error::{PgError, Result, code};
use num_bigint::BigInt;
use num_integer::Integer;

/// 22012.
pub fn division_by_zero() -> PgError {
    PgError::new(code::DIVISION_BY_ZERO, "division by zero")
}

/// Coefficients brought to the larger scale of the two.
fn aligned(a: &Numeric, b: &Numeric) -> Option<(BigInt, BigInt, u16)> {
    let scale = a.scale().max(b.scale());
    let up = |n: &Numeric| Some(n.coefficient()? * pow10(u32::from(scale - n.scale())));
    Some((up(a)?, up(b)?, scale))
}

/// As [`aligned`], without allocation; `None` where it does not fit.
pub(super) fn aligned_small(a: &Numeric, b: &Numeric) -> Option<(i128, i128, u16)> {
    let ((ca, sa), (cb, sb)) = (a.small()?, b.small()?);
    let scale = sa.max(sb);
    let up = |c: i64, s: u16| {
        // A power up to 10^18 times an i64 fits an i128, and so does the sum of two of them.
        (scale - s <= 18).then(|| i128::from(c) * POW10[usize::from(scale - s)])
    };
    Some((up(ca, sa)?, up(cb, sb)?, scale))
}

impl Numeric {
    /// Like [`std::ops::Neg`], which [`Numeric`] does not implement: operators are fallible here.
    pub fn neg(&self) -> Numeric {
        match &self.0 {
            Repr::Small { coefficient, scale } => Numeric::new(-i128::from(*coefficient), *scale),
            Repr::Wide(w) => Numeric::from_bigint(-&w.coefficient, w.scale)
                .expect("a value and its negation have the same digits"),
            Repr::NaN => Numeric::nan(),
            Repr::Infinity => Numeric::neg_infinity(),
            Repr::NegInfinity => Numeric::infinity(),
        }
    }

    pub fn abs(&self) -> Numeric {
        if self.signum() < 0 { self.neg() } else { self.clone() }
    }

    pub fn add(&self, o: &Numeric) -> Result<Numeric> {
        if let Some((a, b, scale)) = aligned_small(self, o) {
            return Ok(Numeric::new(a + b, scale));
        }
        match aligned(self, o) {
            Some((a, b, scale)) => Numeric::from_bigint(a + b, scale),
            None => Ok(self.add_special(o)),
        }
    }

    fn add_special(&self, o: &Numeric) -> Numeric {
        match (&self.0, &o.0) {
            (Repr::NaN, _) | (_, Repr::NaN) => Numeric::nan(),
            (Repr::Infinity, Repr::NegInfinity) | (Repr::NegInfinity, Repr::Infinity) => {
                Numeric::nan()
            }
            (Repr::Infinity | Repr::NegInfinity, _) => self.clone(),
            _ => o.clone(),
        }
    }

    pub fn sub(&self, o: &Numeric) -> Result<Numeric> {
        if let Some((a, b, scale)) = aligned_small(self, o) {
            return Ok(Numeric::new(a - b, scale));
        }
        self.add(&o.neg())
    }

    pub fn mul(&self, o: &Numeric) -> Result<Numeric> {
        let scale = i32::from(self.scale()) + i32::from(o.scale());
        if let (Some((a, _)), Some((b, _))) = (self.small(), o.small())
            && scale <= SCALE_MAX
        {
            return Ok(Numeric::new(i128::from(a) * i128::from(b), scale as u16));
        }
        match (self.coefficient(), o.coefficient()) {
            (Some(a), Some(b)) => {
                let target = scale.min(SCALE_MAX);
                Numeric::from_parts(super::digits::rescale(a * b, scale, target), target)
            }
            _ => Ok(self.mul_special(o)),
        }
    }

    fn mul_special(&self, o: &Numeric) -> Numeric {
        if self.is_nan() || o.is_nan() {
            return Numeric::nan();
        }
        match self.signum() * o.signum() {
            0 => Numeric::nan(),
            1 => Numeric::infinity(),
            _ => Numeric::neg_infinity(),
        }
    }

    /// Division with at least 16 significant digits and no fewer digits after the point than
    /// either operand.
    pub fn div(&self, o: &Numeric) -> Result<Numeric> {
        if self.is_finite() && o.is_finite() {
            if o.is_zero() {
                return Err(division_by_zero());
            }
            return self.div_to_scale(o, self.div_scale(o));
        }
        self.div_special(o)
    }

    fn div_special(&self, o: &Numeric) -> Result<Numeric> {
        if self.is_nan() || o.is_nan() {
            return Ok(Numeric::nan());
        }
        if self.is_infinite() {
            return match o.signum() {
                _ if o.is_infinite() => Ok(Numeric::nan()),
                0 => Err(division_by_zero()),
                sign if sign == self.signum() => Ok(Numeric::infinity()),
                _ => Ok(Numeric::neg_infinity()),
            };
        }
        Ok(Numeric::zero())
    }

    /// The quotient's scale, from an estimate of its first digit's place in groups of four.
    fn div_scale(&self, o: &Numeric) -> i32 {
        let mut quotient_weight = self.weight() - o.weight();
        if self.leading(1).groups <= o.leading(1).groups {
            quotient_weight -= 1;
        }
        (SIGNIFICANT_DIGITS_MIN - quotient_weight * 4)
            .max(i32::from(self.scale()))
            .max(i32::from(o.scale()))
            .clamp(0, RESULT_SCALE_MAX)
    }

    /// A quotient of finite values rounded to a scale; `o` is not zero.
    pub(super) fn div_to_scale(&self, o: &Numeric, scale: i32) -> Result<Numeric> {
        let shift = scale + i32::from(o.scale()) - i32::from(self.scale());
        if let (Some((a, _)), Some((b, _)), 0..=19) = (self.small(), o.small(), shift) {
            let (n, d) = (i128::from(a) * POW10[shift as usize], i128::from(b));
            let (quotient, remainder) = (n / d, n % d);
            let away = i128::from(remainder.abs() * 2 >= d.abs()) * n.signum() * d.signum();
            return Ok(Numeric::new(quotient + away, scale as u16));
        }
        let (mut n, _) = self.finite().expect("the dividend is finite");
        let (mut d, _) = o.finite().expect("the divisor is finite");
        match shift {
            0.. => n *= pow10(shift.unsigned_abs()),
            _ => d *= pow10(shift.unsigned_abs()),
        }
        Numeric::from_parts(div_round(&n, &d), scale)
    }

    /// The quotient truncated to an integer: `div(a, b)`.
    pub fn div_trunc(&self, o: &Numeric) -> Result<Numeric> {
        match aligned(self, o) {
            Some(_) if o.is_zero() => Err(division_by_zero()),
            Some((a, b, _)) => Numeric::from_bigint(a / b, 0),
            None => self.div_special(o),
        }
    }

    /// The remainder, with the dividend's sign.
    pub fn rem(&self, o: &Numeric) -> Result<Numeric> {
        if o.is_zero() && !self.is_nan() {
            return Err(division_by_zero());
        }
        if let Some((a, b, scale)) = aligned_small(self, o) {
            return Ok(Numeric::new(a % b, scale));
        }
        match aligned(self, o) {
            Some((a, b, scale)) => Numeric::from_bigint(a.div_rem(&b).1, scale),
            None if self.is_finite() && o.is_infinite() => Ok(self.clone()),
            None => Ok(Numeric::nan()),
        }
    }
}

//! Square root, exponential, logarithms and powers.
//!
//! PostgreSQL rounds these to a scale it chooses from an estimate of the result's magnitude; the
//! choices here are the same, so the same digits come out. The values themselves are computed in
//! binary fixed point (`v` stands for `v / 2^bits`) with guard bits to spare, then rounded once.

use super::arithmetic::division_by_zero;
use super::digits::{count, div_round, pow10};
use super::{Numeric, RESULT_SCALE_MAX, Repr, SIGNIFICANT_DIGITS_MIN, overflow};
use crate::error::{PgError, Result, code};
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};
use std::f64::consts::{LN_10, LOG10_E};

/// `exp` overflows (or underflows to zero) beyond this argument.
const EXP_ARGUMENT_MAX: f64 = 6000.0;
/// Estimated logarithms are clamped to this before they become scales.
const WEIGHT_ESTIMATE_MAX: f64 = 2000.0;
/// Powers of at most this many digits are multiplied out exactly, which is faster than to take the
/// logarithm with as many digits as the result has.
const EXACT_POWER_DIGITS_MAX: u64 = 400_000;
/// Most digits before the point of any value.
const INTEGER_DIGITS_MAX: f64 = super::INTEGER_DIGITS_MAX as f64;
/// Guard bits of fixed-point computations, for rounding errors of a few hundred operations.
const GUARD_BITS: u64 = 64;

fn clamp_scale(scale: i32, inputs: &[&Numeric]) -> i32 {
    let shown = inputs.iter().map(|n| i32::from(n.scale())).max().unwrap_or(0);
    scale.max(shown).clamp(0, RESULT_SCALE_MAX)
}

impl Numeric {
    pub fn sqrt(&self) -> Result<Numeric> {
        if self.signum() < 0 {
            return Err(PgError::new(
                code::INVALID_ARGUMENT_FOR_POWER_FUNCTION,
                "cannot take square root of a negative number",
            ));
        }
        let Some((coefficient, current)) = self.finite() else { return Ok(self.clone()) };
        // The root has about half as many groups of digits as the value.
        let root_weight = (self.weight() + 1) * 4 / 2 - 1;
        let scale = clamp_scale(SIGNIFICANT_DIGITS_MIN - root_weight, &[self]);
        let shift = 2 * (scale + 1) - current;
        let power = pow10(shift.unsigned_abs());
        let square = if shift >= 0 { coefficient * power } else { coefficient / power };
        // One digit more than wanted; no root lies exactly on a half.
        Numeric::from_parts(div_round(&square.sqrt(), &BigInt::from(10)), scale)
    }

    pub fn exp(&self) -> Result<Numeric> {
        match self.0 {
            Repr::NegInfinity => return Ok(Numeric::zero()),
            Repr::Infinity | Repr::NaN => return Ok(self.clone()),
            _ => {}
        }
        let weight =
            (self.to_f64_lossy() * LOG10_E).clamp(-WEIGHT_ESTIMATE_MAX, WEIGHT_ESTIMATE_MAX);
        let scale = clamp_scale(SIGNIFICANT_DIGITS_MIN - weight as i32, &[self]);
        exp_to_scale(self, scale)
    }

    pub fn ln(&self) -> Result<Numeric> {
        self.check_logarithm()?;
        if !self.is_finite() {
            return Ok(self.clone());
        }
        let scale = clamp_scale(SIGNIFICANT_DIGITS_MIN - self.ln_weight(), &[self]);
        let bits = bits_for(scale);
        from_fixed(&ln_fixed(self, bits), bits, scale)
    }

    /// The logarithm of `self` in a base: `log(base, self)`.
    pub fn log(&self, base: &Numeric) -> Result<Numeric> {
        if self.is_nan() || base.is_nan() {
            return Ok(Numeric::nan());
        }
        base.check_logarithm()?;
        self.check_logarithm()?;
        match (base.is_finite(), self.is_finite()) {
            (false, false) => return Ok(Numeric::nan()),
            (false, true) => return Ok(Numeric::zero()),
            (true, false) => return Ok(Numeric::infinity()),
            (true, true) => {}
        }
        let base_weight = base.ln_weight();
        let weight = self.ln_weight() - base_weight;
        let scale = clamp_scale(SIGNIFICANT_DIGITS_MIN - weight, &[self, base]);
        let bits = bits_for(scale + weight.abs() + 2 * base_weight.abs());
        let divisor = ln_fixed(base, bits);
        if divisor.is_zero() {
            return Err(division_by_zero());
        }
        let quotient = (ln_fixed(self, bits) << bits) / divisor;
        from_fixed(&quotient, bits, scale)
    }

    fn check_logarithm(&self) -> Result<()> {
        let what = match self.signum() {
            ..0 => "a negative number",
            0 if !self.is_nan() => "zero",
            _ => return Ok(()),
        };
        Err(PgError::new(
            code::INVALID_ARGUMENT_FOR_LOGARITHM,
            format!("cannot take logarithm of {what}"),
        ))
    }

    /// Estimates the decimal exponent of a positive value's natural logarithm.
    fn ln_weight(&self) -> i32 {
        let (low, high) = (Numeric::new(9, 1), Numeric::new(11, 1));
        if *self >= low && *self <= high {
            // ln(x) is nearly x - 1.
            let near = self.sub(&Numeric::one()).expect("a difference of small values");
            return near.decimal_exponent().unwrap_or(0);
        }
        let leading = self.leading(2);
        let ln = (leading.groups as f64).ln() + f64::from(leading.exponent) * LN_10;
        ln.abs().log10() as i32
    }

    /// `self ^ exponent`.
    pub fn power(&self, exponent: &Numeric) -> Result<Numeric> {
        if self.is_nan() {
            return Ok(if exponent.is_zero() { Numeric::one() } else { Numeric::nan() });
        }
        if exponent.is_nan() {
            let is_one = *self == Numeric::one();
            return Ok(if is_one { Numeric::one() } else { Numeric::nan() });
        }
        if self.is_zero() && exponent.signum() < 0 {
            return Err(power_error("zero raised to a negative power is undefined"));
        }
        if self.signum() < 0 && exponent.is_finite() && !exponent.is_integral() {
            return Err(power_error(
                "a negative number raised to a non-integer power yields a complex result",
            ));
        }
        if !self.is_finite() || !exponent.is_finite() {
            return Ok(self.power_special(exponent));
        }
        if exponent.is_integral()
            && let Ok(n) = exponent.to_i32()
        {
            return self.power_integer(n, exponent);
        }
        self.power_real(exponent)
    }

    /// At least one of the two is infinite, none is NaN.
    fn power_special(&self, exponent: &Numeric) -> Numeric {
        let one = Numeric::one();
        if *self == one || exponent.is_zero() {
            return one;
        }
        if self.is_zero() {
            return Numeric::zero();
        }
        let when = |infinite| if infinite { Numeric::infinity() } else { Numeric::zero() };
        if exponent.is_infinite() {
            return match self.abs().cmp(&one) {
                std::cmp::Ordering::Equal => one,
                order => when(order.is_gt() == (exponent.signum() > 0)),
            };
        }
        if self.signum() < 0 && exponent.signum() > 0 && exponent.is_odd() {
            return Numeric::neg_infinity();
        }
        when(exponent.signum() > 0)
    }

    fn is_odd(&self) -> bool {
        self.is_integral() && self.trim_scale().coefficient().is_some_and(|c| c.is_odd())
    }

    fn power_integer(&self, n: i32, exponent: &Numeric) -> Result<Numeric> {
        let leading = self.leading(4);
        let weight = match leading.groups {
            0 => 0.0,
            groups => f64::from(n) * ((groups as f64).log10() + f64::from(leading.exponent)),
        };
        if weight > INTEGER_DIGITS_MAX {
            return Err(overflow());
        }
        // Unlike other powers, these have 16 digits after the point, whatever their magnitude.
        let scale = clamp_scale(SIGNIFICANT_DIGITS_MIN, &[self]);
        match n {
            0 => return Numeric::one().round_to(scale),
            _ if self.is_zero() => return Numeric::from_parts(BigInt::ZERO, scale),
            // No digit of it would be shown.
            _ if weight + 1.0 < -f64::from(scale) => {
                return Numeric::from_parts(BigInt::ZERO, scale);
            }
            _ => {}
        }
        let base = self.trim_scale();
        let coefficient = base.coefficient().expect("the base is finite");
        let result_digits = count(coefficient.magnitude()) * u64::from(n.unsigned_abs());
        if result_digits > EXACT_POWER_DIGITS_MAX {
            return self.power_by_logarithm(exponent, scale, weight);
        }
        let exact = coefficient.pow(n.unsigned_abs());
        let fraction = i64::from(base.scale()) * i64::from(n.unsigned_abs());
        let unit = pow10(u32::try_from(fraction).map_err(|_| overflow())?);
        let (numerator, denominator) = if n > 0 { (exact, unit) } else { (unit, exact) };
        Numeric::from_parts(
            div_round(&(numerator * pow10(scale.unsigned_abs())), &denominator),
            scale,
        )
    }

    fn power_real(&self, exponent: &Numeric) -> Result<Numeric> {
        if self.is_zero() {
            return Numeric::from_parts(BigInt::ZERO, SIGNIFICANT_DIGITS_MIN);
        }
        let leading = self.abs().leading(4);
        let ln_base = match (leading.groups as f64).ln() + f64::from(leading.exponent) * LN_10 {
            // Too close to 1 for floating point: ln(x) is nearly x - 1.
            near if near.abs() < 0.01 => {
                let bits = bits_for(40);
                fixed_to_f64(&ln_fixed(&self.abs(), bits), bits)
            }
            far => far,
        };
        let ln_result = ln_base * exponent.to_f64_lossy();
        if ln_result.abs() > WEIGHT_ESTIMATE_MAX * 3.01 {
            if ln_result > 0.0 {
                return Err(overflow());
            }
            return Numeric::from_parts(BigInt::ZERO, RESULT_SCALE_MAX);
        }
        let weight = ln_result * LOG10_E;
        let scale = clamp_scale(SIGNIFICANT_DIGITS_MIN - weight as i32, &[self, exponent]);
        self.power_by_logarithm(exponent, scale, weight)
    }

    /// `exp(exponent * ln |self|)`, rounded once, with the sign of an odd power.
    fn power_by_logarithm(&self, exponent: &Numeric, scale: i32, weight: f64) -> Result<Numeric> {
        let exponent_digits = exponent.decimal_exponent().unwrap_or(0).max(0);
        let bits = bits_for(scale + (weight.max(0.0) as i32) + exponent_digits + 8);
        let (coefficient, fraction) = exponent.finite().expect("the exponent is finite");
        let product = ln_fixed(&self.abs(), bits) * coefficient / pow10(fraction.unsigned_abs());
        let magnitude = exp_from_fixed(&product, bits, scale)?;
        Ok(if self.signum() < 0 && exponent.is_odd() { magnitude.neg() } else { magnitude })
    }
}

fn power_error(message: &'static str) -> PgError {
    PgError::new(code::INVALID_ARGUMENT_FOR_POWER_FUNCTION, message)
}

/// Bits that hold `digits` decimal digits after the point, and some to spare.
fn bits_for(digits: i32) -> u64 {
    u64::from(digits.max(0).unsigned_abs()) * 10 / 3 + GUARD_BITS
}

fn from_fixed(value: &BigInt, bits: u64, scale: i32) -> Result<Numeric> {
    let scaled = value * pow10(scale.unsigned_abs());
    Numeric::from_parts(div_round(&scaled, &(BigInt::one() << bits)), scale)
}

fn fixed_to_f64(value: &BigInt, bits: u64) -> f64 {
    let keep = bits.min(GUARD_BITS);
    (value >> (bits - keep)).to_f64().unwrap_or(f64::NAN) / (keep as f64).exp2()
}

fn exp_to_scale(x: &Numeric, scale: i32) -> Result<Numeric> {
    let estimate = x.to_f64_lossy();
    if estimate.abs() >= EXP_ARGUMENT_MAX {
        if estimate > 0.0 {
            return Err(overflow());
        }
        return Numeric::from_parts(BigInt::ZERO, scale);
    }
    let bits = bits_for(scale + (estimate * LOG10_E).max(0.0) as i32 + 8);
    let (coefficient, fraction) = x.finite().expect("the argument is finite");
    let fixed = (coefficient << bits).div_floor(&pow10(fraction.unsigned_abs()));
    exp_from_fixed(&fixed, bits, scale)
}

/// `e^x`: `x` is split into `k ln 2 + r`, and `e^r` is the 256th power of a short Taylor series.
fn exp_from_fixed(x: &BigInt, bits: u64, scale: i32) -> Result<Numeric> {
    const HALVINGS: u64 = 8;
    let (k, rest) = x.div_mod_floor(&ln2_fixed(bits));
    let reduced = rest >> HALVINGS;
    let one = BigInt::one() << bits;
    let (mut sum, mut term, mut n) = (one.clone(), one, 1u32);
    loop {
        term = ((term * &reduced) >> bits) / n;
        if term.is_zero() {
            break;
        }
        sum += &term;
        n += 1;
    }
    for _ in 0..HALVINGS {
        sum = (&sum * &sum) >> bits;
    }
    let k = k.to_i64().ok_or_else(overflow)?;
    let scaled = sum * pow10(scale.unsigned_abs());
    // The result is scaled / 2^(bits - k).
    match u64::try_from(bits as i64 - k) {
        Ok(shift) => Numeric::from_parts(div_round(&scaled, &(BigInt::one() << shift)), scale),
        Err(_) => Numeric::from_parts(scaled << (k as u64 - bits), scale),
    }
}

/// `ln x` of a positive value: `x` is `m 2^k` with `m` in 1..2, and `ln m` is 256 times the
/// logarithm of its 256th root, by the series of the inverse hyperbolic tangent.
fn ln_fixed(x: &Numeric, bits: u64) -> BigInt {
    const ROOTS: u64 = 8;
    let inner = bits + ROOTS + 8;
    let (coefficient, scale) = x.finite().expect("the argument is finite");
    let unit = pow10(scale.unsigned_abs());
    // Chosen so that the quotient has `inner + 1` bits or one more or less.
    let shift = inner as i64 + unit.bits() as i64 - coefficient.bits() as i64;
    let mut mantissa = match u64::try_from(shift) {
        Ok(up) => (coefficient << up) / unit,
        Err(_) => coefficient / (unit << shift.unsigned_abs()),
    };
    let k = inner as i64 - shift;
    for _ in 0..ROOTS {
        mantissa = (mantissa << inner).sqrt();
    }
    let one = BigInt::one() << inner;
    let ratio = ((&mantissa - &one) << inner) / (&mantissa + &one);
    let series = atanh_fixed(&ratio, inner) << (ROOTS + 1);
    (series + ln2_fixed(inner) * k) >> (inner - bits)
}

fn ln2_fixed(bits: u64) -> BigInt {
    // k can take 20 bits; the extra precision keeps k ln 2 exact enough.
    let inner = bits + 32;
    let third = (BigInt::one() << inner) / 3;
    atanh_fixed(&third, inner) >> (inner - bits - 1)
}

/// `atanh z = z + z^3/3 + z^5/5 + ...` for |z| well below 1.
fn atanh_fixed(z: &BigInt, bits: u64) -> BigInt {
    let square = (z * z) >> bits;
    let (mut sum, mut power, mut n) = (z.clone(), z.clone(), 3u32);
    loop {
        power = (&power * &square) >> bits;
        // A negative power rounds towards -1, not 0: both are below the precision.
        if power.abs() <= BigInt::one() {
            break;
        }
        sum += &power / n;
        n += 2;
    }
    sum
}
